/** Whatever module asks for `khatm/…`, and wherever it is installed, is given the host that runs: it has one of each class, built or from source. */
const host = new URL('../package.json', import.meta.url).href

export function resolve(specifier, context, next) {
  return next(specifier, specifier.startsWith('khatm/') ? { ...context, parentURL: host } : context)
}
