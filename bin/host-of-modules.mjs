/** Whatever module asks for `khatm/…`, and wherever it is installed, is given the host that runs: it has one of each class, built or from source. */
const host = new URL('../package.json', import.meta.url).href

/** Module hook of Node: `khatm/…` means this installation wherever the asking module lies; every other name goes its usual way. */
export function resolve(specifier, context, next) {
  return next(specifier, specifier.startsWith('khatm/') ? { ...context, parentURL: host } : context)
}
