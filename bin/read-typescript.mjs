import { createHash, randomBytes } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Hooks of Node's module loader that read TypeScript: only files that end in `.ts`, and JSON that they import. Everything else is left to
 * Node. A file is translated once and kept by its content; every later process reads what was kept.
 */
const translation = {
  loader: 'ts',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  sourcesContent: false,
  // What of tsconfig.json bears on the translation of one file.
  tsconfigRaw: { compilerOptions: { target: 'ES2023', verbatimModuleSyntax: true } },
}
const { version } = createRequire(import.meta.url)('esbuild/package.json')
const translator = `${version} ${JSON.stringify(translation)}`
const keptMs = 7 * 24 * 3_600_000

/** `./x.js` in a TypeScript file is `./x.ts` where there is one. */
export async function resolve(specifier, context, next) {
  if (!/^(?:\.\.?)?\//.test(specifier) || context.parentURL?.endsWith('.ts') !== true) return next(specifier, context)
  const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL)
  if (!url.pathname.endsWith('.ts') || !existsSync(url)) return next(specifier, context)
  return { url: url.href, format: 'module', shortCircuit: true }
}

export async function load(url, context, next) {
  if (!url.startsWith('file:')) return next(url, context)
  if (url.endsWith('.ts')) return { format: 'module', source: await translated(fileURLToPath(url)), shortCircuit: true }
  if (url.endsWith('.json') && context.importAttributes?.type === undefined)
    return { format: 'json', source: readFileSync(fileURLToPath(url)), shortCircuit: true }
  return next(url, context)
}

async function translated(file) {
  const source = readFileSync(file, 'utf8')
  // The source map names the file by its last part, which Node reads beside the address of the module: it fits wherever the file lies.
  const sourcefile = basename(file)
  const name = createHash('sha256').update([translator, sourcefile, source].join('\0')).digest('hex')
  const kept = folder === undefined ? undefined : join(folder, `${name}.mjs`)
  const found = kept === undefined ? undefined : readKept(kept)
  if (found !== undefined) return found
  const { transform } = await import('esbuild')
  const { code } = await transform(source, { ...translation, sourcefile })
  if (kept !== undefined) keep(kept, code)
  return code
}

function readKept(kept) {
  try {
    return readFileSync(kept, 'utf8')
  } catch {
    return undefined // never translated, or just removed by another process
  }
}

/** Renamed into place: whoever reads it finds the whole. */
function keep(kept, code) {
  try {
    removeOld()
    const half = `${kept}.${randomBytes(6).toString('hex')}`
    writeFileSync(half, code, { mode: 0o600 })
    renameSync(half, kept)
  } catch {
    // The disk is full, say: the next process translates again.
  }
}

const folder = ownFolder()

/** What lies there is run as the host: a folder that is not this user's alone is not used. */
function ownFolder() {
  const user = process.getuid?.()
  const path = join(tmpdir(), `khatm-translated-${String(user ?? 'user')}`)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const found = lstatSync(path)
    const alone = user === undefined || (found.uid === user && (found.mode & 0o077) === 0)
    return found.isDirectory() && alone ? path : undefined
  } catch {
    return undefined
  }
}

let oldRemoved = false

function removeOld() {
  if (oldRemoved) return
  oldRemoved = true
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - made > keptMs) rmSync(path, { force: true })
  }
}
