import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { sameText } from '../access/secrets.js'
import { Fault } from '../i18n/fault.js'
import { isLocale, locales, type Locale } from '../i18n/locale.js'
import type { Translator } from '../i18n/translator.js'
import { describeDesk } from './page-state.js'
import { shownText } from './shown-text.js'
import type { SigningDesk } from './signing-desk.js'

const folder = join(import.meta.dirname, 'page')
const require = createRequire(import.meta.url)

/** What the desk's pages show. */
export interface PageServerOptions {
  readonly texts: Translator
  /** All texts of the page by language. */
  readonly pageTexts: (locale: Locale) => Readonly<Record<string, string>>
  readonly locale: Locale
  /** 0 takes a free port. */
  readonly port?: number
  readonly now?: () => Date
  /** How long a request for news may wait. Milliseconds. */
  readonly patienceMs?: number
}

/**
 * The local page of the desk: on the loopback address alone, for one browser that was given the secret of this start in the
 * part of the address that is never sent (the fragment). Every call carries it in a header; requests for another host name
 * (DNS rebinding) or from another site's page are refused before anything is looked at.
 */
export class PageServer {
  private readonly secret = randomBytes(24).toString('base64url')
  private readonly server: http.Server
  private readonly files: ReadonlyMap<string, { readonly path: string; readonly type: string }>
  private port = 0
  private version = 1
  private readonly waiting = new Set<() => void>()

  constructor(
    private readonly desk: SigningDesk,
    private readonly options: PageServerOptions,
  ) {
    this.files = pageFiles()
    this.server = http.createServer({ requestTimeout: 60_000, maxHeaderSize: 16_384 }, (request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        this.fail(request, response, error)
      })
    })
    desk.bell.on('change', () => {
      this.version++
      for (const wake of [...this.waiting]) wake()
    })
  }

  /** @returns the address with the secret; whoever has it can see and decide, but signs nothing without the PIN */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(this.options.port ?? 0, '127.0.0.1', resolve)
    })
    this.port = (this.server.address() as AddressInfo).port // a listening TCP server has an AddressInfo
    return `http://127.0.0.1:${String(this.port)}/#${this.secret}`
  }

  /** Ends the pages that wait for news, then the server. */
  close(): Promise<void> {
    for (const wake of [...this.waiting]) wake()
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve()
      })
      this.server.closeAllConnections()
    })
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    this.requireOwnPage(request)
    const url = new URL(request.url ?? '/', 'http://desk')
    const file = this.files.get(url.pathname)
    if (request.method === 'GET' && file !== undefined) {
      send(response, 200, file.type, readFileSync(file.path))
      return
    }
    const locale = localeOf(url.searchParams.get('lang'), this.options.locale)
    if (request.method === 'GET' && url.pathname === '/texts') {
      sendJson(response, 200, { locale, locales, texts: this.options.pageTexts(locale) })
      return
    }
    const given = request.headers['x-khatm-desk']
    if (typeof given !== 'string' || !sameText(given, this.secret)) throw new Fault('SIGN-AGENT-PAGE', { status: 403 })
    if (request.method === 'GET' && url.pathname === '/api/state') {
      await this.news(Number(url.searchParams.get('since') ?? '0'), request)
      sendJson(response, 200, {
        version: this.version,
        ...describeDesk(this.desk, this.options.texts, locale, (this.options.now ?? (() => new Date()))()),
      })
      return
    }
    if (url.pathname === '/api/document' && request.method === 'GET') {
      const text = this.desk.openDocument(url.searchParams.get('id') ?? '')
      if (text === undefined) throw new Fault('HTTP-NOT-FOUND', { status: 404 })
      sendJson(response, 200, { text: text.split('\n').map(shownText).join('\n') })
      return
    }
    if (request.method !== 'POST') throw new Fault('HTTP-NOT-FOUND', { status: 404 })
    await this.act(url.pathname, request, response, locale)
  }

  private async act(path: string, request: http.IncomingMessage, response: http.ServerResponse, locale: Locale): Promise<void> {
    switch (path) {
      case '/api/sign': {
        const { ids, finalTry, pin } = await readSigning(request)
        try {
          const results = await this.desk.sign(ids, pin, { finalTry })
          sendJson(response, 200, {
            results: results.map(({ id, state, fault }) => ({
              id,
              state,
              ...(fault === undefined ? {} : { message: this.options.texts.faultOnPage(locale, fault) }),
            })),
          })
        } finally {
          pin.fill(0)
        }
        return
      }
      case '/api/refuse': {
        const { ids, reason } = refuseShape.parse(JSON.parse((await readBody(request)).toString('utf8')))
        this.desk.refuse(ids, reason)
        sendJson(response, 200, {})
        return
      }
      case '/api/lock':
        await this.desk.lock()
        sendJson(response, 200, {})
        return
      default:
        throw new Fault('HTTP-NOT-FOUND', { status: 404 })
    }
  }

  /** Host names other than the loopback address, other origins and cross-site requests are none of the page's. */
  private requireOwnPage(request: http.IncomingMessage): void {
    const own = `127.0.0.1:${String(this.port)}`
    const { host, origin } = request.headers
    const site = request.headers['sec-fetch-site']
    // The page alone may be come to from elsewhere (open.html of the desk's folder): it shows nothing without the secret.
    const arriving = request.method === 'GET' && request.url === '/' && request.headers['sec-fetch-dest'] === 'document'
    const fits =
      host === own &&
      (origin === undefined || origin === `http://${own}`) &&
      (site === undefined || site === 'same-origin' || site === 'none' || arriving)
    if (!fits) throw new Fault('SIGN-AGENT-PAGE', { status: 403 })
  }

  /** Answers at once when there is news, else when there is some, else after a while. */
  private news(since: number, request: http.IncomingMessage): Promise<void> {
    if (since !== this.version) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, this.options.patienceMs ?? 20_000)
      this.waiting.add(done)
      request.on('close', done)
    })
  }

  private fail(request: http.IncomingMessage, response: http.ServerResponse, error: unknown): void {
    if (response.headersSent) {
      response.destroy()
      return
    }
    const fault = error instanceof Fault ? error : new Fault('HTTP-REQUEST-MALFORMED', { status: 400 })
    const locale = localeOf(new URL(request.url ?? '/', 'http://desk').searchParams.get('lang'), this.options.locale)
    sendJson(response, fault.status, {
      code: fault.code,
      message: this.options.texts.faultOnPage(locale, { code: fault.code, params: fault.params }),
    })
  }
}

const refuseShape = z.object({ ids: z.array(z.uuid()).max(5_000), reason: z.string().trim().min(1).max(500) })
const chosenShape = z.object({ ids: z.array(z.uuid()).min(1).max(5_000), finalTry: z.boolean() })
const largestBody = 512 * 1024

async function readBody(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const part = chunk as Buffer // a request without encoding gives buffers
    size += part.length
    if (size > largestBody) throw new Fault('HTTP-BODY-TOO-LARGE', { status: 413 })
    chunks.push(part)
  }
  const whole = Buffer.concat(chunks)
  for (const chunk of chunks) chunk.fill(0)
  return whole
}

/**
 * What to sign, a NUL byte, then the PIN as bytes: it never becomes text in this process, and the bytes it came in are
 * overwritten.
 */
async function readSigning(request: http.IncomingMessage): Promise<{ ids: readonly string[]; finalTry: boolean; pin: Buffer }> {
  const body = await readBody(request)
  try {
    const end = body.indexOf(0)
    if (end < 0) throw new Fault('HTTP-REQUEST-MALFORMED', { status: 400 })
    const { ids, finalTry } = chosenShape.parse(JSON.parse(body.subarray(0, end).toString('utf8')))
    const pin = Buffer.alloc(Math.min(256, body.length - end - 1))
    body.copy(pin, 0, end + 1)
    return { ids, finalTry, pin }
  } finally {
    body.fill(0)
  }
}

function localeOf(asked: string | null, usual: Locale): Locale {
  return asked !== null && isLocale(asked) ? asked : usual
}

function pageFiles(): ReadonlyMap<string, { path: string; type: string }> {
  const files = new Map([
    ['/', { path: join(folder, 'desk.html'), type: 'text/html; charset=utf-8' }],
    ['/desk.css', { path: join(folder, 'desk.css'), type: 'text/css; charset=utf-8' }],
    ...['desk', 'page', 'amounts', 'beside'].map(
      (name) => [`/${name}.js`, { path: join(folder, `${name}.js`), type: 'text/javascript; charset=utf-8' }] as const,
    ),
    ['/seal.svg', { path: join(folder, '../../views/assets/seal.svg'), type: 'image/svg+xml' }],
  ])
  for (const [family, name] of [
    ['IBMPlexSans', 'ibm-plex-sans'],
    ['IBMPlexSansArabic', 'ibm-plex-sans-arabic'],
  ] as const) {
    const base = dirname(require.resolve(`@expo-google-fonts/${name}/package.json`))
    for (const weight of ['400Regular', '600SemiBold']) {
      files.set(`/fonts/${family}-${weight}.ttf`, { path: join(base, weight, `${family}_${weight}.ttf`), type: 'font/ttf' })
    }
  }
  return files
}

function send(response: http.ServerResponse, status: number, type: string, body: Buffer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  })
  response.end(body)
}

function sendJson(response: http.ServerResponse, status: number, value: object): void {
  send(response, status, 'application/json; charset=utf-8', Buffer.from(JSON.stringify(value)))
}
