import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isUtf8 } from 'node:buffer'
import { gzip } from 'node:zlib'
import express, { Router, type Response } from 'express'
import { joinSheet } from './join-sheet.js'

const require = createRequire(import.meta.url)
const own = fileURLToPath(new URL('../views/assets/', import.meta.url))

function packageFolder(name: string): string {
  return dirname(require.resolve(`${name}/package.json`))
}

/** Files served under a short name; the whole list is known at start. */
function findFiles(): Map<string, string> {
  const files = new Map<string, string>()
  const addFolder = (prefix: string, folder: string, wanted: RegExp): void => {
    if (!existsSync(folder)) return
    for (const name of readdirSync(folder)) if (wanted.test(name)) files.set(`${prefix}${name}`, join(folder, name))
  }
  addFolder('', own, /\.(?:css|js|svg|png|ico)$/)
  addFolder('browser/', join(own, 'browser'), /\.js$/)
  addFolder('compliance-egypt/', join(own, 'compliance-egypt'), /\.css$/)
  addFolder('invoicing/', join(own, 'invoicing'), /\.(?:js|css)$/)
  addFolder('employment/', join(own, 'employment'), /\.css$/)
  addFolder('signatures/requests/', join(own, 'signatures', 'requests'), /\.(?:js|css)$/)
  addFolder('signatures/text/', join(own, 'signatures', 'text'), /\.(?:css|js)$/)
  addFolder('signatures/editor/', join(own, 'signatures', 'editor'), /\.(?:js|css)$/)
  addFolder('signatures/signer/', join(own, 'signatures', 'signer'), /\.(?:css|js)$/)
  files.set('signature_pad.js', join(dirname(require.resolve('signature_pad')), 'signature_pad.min.js'))
  const tabler = join(packageFolder('@tabler/core'), 'dist', 'css')
  files.set('tabler.css', join(tabler, 'tabler.min.css'))
  files.set('tabler.rtl.css', join(tabler, 'tabler.rtl.min.css'))
  files.set('htmx.js', join(packageFolder('htmx.org'), 'dist', 'htmx.min.js'))
  for (const [family, folder] of [
    ['IBMPlexSans', 'ibm-plex-sans'],
    ['IBMPlexSansArabic', 'ibm-plex-sans-arabic'],
  ] as const) {
    const base = packageFolder(`@expo-google-fonts/${folder}`)
    for (const weight of ['400Regular', '500Medium', '600SemiBold'])
      files.set(`fonts/${family}-${weight}.ttf`, join(base, weight, `${family}_${weight}.ttf`))
  }
  // Faces of typed signatures: read when somebody types his name.
  for (const [family, folder, weight] of [
    ['Caveat', 'caveat', '500Medium'],
    ['ArefRuqaa', 'aref-ruqaa', '400Regular'],
    ['MarckScript', 'marck-script', '400Regular'],
    ['Amiri', 'amiri', '400Regular_Italic'],
    ['NotoNaskhArabic', 'noto-naskh-arabic', '400Regular'],
    ['NotoSans', 'noto-sans', '400Regular'],
  ] as const)
    files.set(`fonts/${family}-${weight}.ttf`, join(packageFolder(`@expo-google-fonts/${folder}`), weight, `${family}_${weight}.ttf`))
  const pdfjs = packageFolder('pdfjs-dist')
  files.set('pdfjs/pdf.mjs', join(pdfjs, 'legacy', 'build', 'pdf.min.mjs'))
  files.set('pdfjs/pdf.worker.mjs', join(pdfjs, 'legacy', 'build', 'pdf.worker.min.mjs'))
  addFolder('pdfjs/standard_fonts/', join(pdfjs, 'standard_fonts'), /\.(?:pfb|ttf)$/)
  addFolder('pdfjs/cmaps/', join(pdfjs, 'cmaps'), /\.bcmap$/)
  addFolder('pdfjs/wasm/', join(pdfjs, 'wasm'), /\.(?:wasm|js)$/)
  const swagger = packageFolder('swagger-ui-dist')
  files.set('swagger/swagger-ui.css', join(swagger, 'swagger-ui.css'))
  files.set('swagger/swagger-ui-bundle.js', join(swagger, 'swagger-ui-bundle.js'))
  return files
}

const mediaTypes: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ttf: 'font/ttf',
  wasm: 'application/wasm',
}

/** What travels smaller when it is packed; pictures are packed already. */
const packable = /\.(?:css|m?js|svg|ttf)$/
const pack = promisify(gzip)

/** Static files under one address that changes with their content, so that browsers keep them for a year. */
export class Assets {
  /** `/assets/<hash>`, without a slash at the end. */
  readonly base: string
  readonly router: Router
  /** Sheets of our own, joined at start. */
  readonly #joined = new Map<string, Buffer>()
  /** Packed once, kept as long as the host runs: the list of files is closed. */
  readonly #packed = new Map<string, Promise<Buffer>>()

  constructor() {
    const files = findFiles()
    const hash = createHash('sha256')
    for (const [name, path] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const ours = path.startsWith(resolve(own))
      if (ours && name.endsWith('.css')) this.#joined.set(path, Buffer.from(joinSheet(path)))
      hash.update(name).update(ours ? (this.#joined.get(path) ?? readFileSync(path)) : String(statSync(path).size))
    }
    const version = hash.digest('hex').slice(0, 12)
    this.base = `/assets/${version}`
    this.router = Router()
    this.router.get('/assets/:version/*name', (request, response, next) => {
      const { name } = request.params
      const wanted = Array.isArray(name) ? name.join('/') : String(name)
      const path = files.get(wanted)
      if (path === undefined) {
        next()
        return
      }
      response.setHeader('Content-Type', mediaTypes[wanted.split('.').at(-1) ?? ''] ?? 'application/octet-stream')
      // An old version's address gets the file too (a page open during an update), but not for a year.
      response.setHeader('Cache-Control', request.params['version'] === version ? 'public, max-age=31536000, immutable' : 'no-cache')
      if (packable.test(wanted)) {
        response.setHeader('Vary', 'Accept-Encoding')
        if (request.acceptsEncodings('gzip') === 'gzip') {
          this.#send(path, response).catch(next)
          return
        }
      }
      const sheet = this.#joined.get(path)
      if (sheet === undefined) response.sendFile(path, { cacheControl: false, dotfiles: 'allow' })
      else response.end(sheet)
    })
  }

  async #send(path: string, response: Response): Promise<void> {
    let packed = this.#packed.get(path)
    if (packed === undefined) {
      packed = Promise.resolve(this.#joined.get(path) ?? readFile(path)).then((bytes) => pack(bytes, { level: 9 }))
      this.#packed.set(path, packed)
    }
    const bytes = await packed
    response.setHeader('Content-Encoding', 'gzip')
    response.end(bytes)
  }
}

/** Parsers of bodies, each with its limit. */
export const bodyLimits = { form: '2mb', json: '5mb', upload: 25 * 1024 * 1024 } as const
/** Reads forms of pages (application/x-www-form-urlencoded); names and values are texts. */
export const parseForm = express.urlencoded({ extended: false, limit: bodyLimits.form, parameterLimit: 20_000 })
/** Reads JSON bodies, objects and arrays alone. */
export const parseJson = express.json({ limit: bodyLimits.json, strict: true, verify: refuseOtherEncodings })

/**
 * JSON is UTF-8 (RFC 8259, 8.1). Arabic in the code page of an old program would be read as signs of replacement, and stored so.
 * @throws Error that `faultOfError` tells as HTTP-BODY-ENCODING
 */
function refuseOtherEncodings(_request: unknown, _response: unknown, bytes: Buffer, encoding: string): void {
  if (encoding !== 'utf-8' || !isUtf8(bytes)) throw new Error('a body in another encoding than UTF-8')
}
