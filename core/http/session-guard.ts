import { randomBytes, randomUUID } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import { formToken, newSecret, sameText } from '../access/secrets.js'
import { Fault } from '../i18n/fault.js'
import { isLocale, locales, type Locale } from '../i18n/locale.js'
import { clearCookie, cookieName, readCookie, setCookie } from './cookies.js'
import { setState, stateOf, type Notice, type SignedIn } from './request-state.js'
import type { WebParts } from './web-parts.js'

/** Holds the session's secret. */
export const sessionCookie = 'khatm'
const visitorCookie = 'khatm-visitor'
const noticeCookie = 'khatm-notice'
/** Holds the language of a visitor without account. */
export const languageCookie = 'khatm-language'

/** The visitor's language: chosen before, asked by the browser, else English. */
export function languageOf(request: Request, https: boolean): Locale {
  const chosen = readCookie(request, cookieName(languageCookie, https))
  if (isLocale(chosen)) return chosen
  return askedLanguage(request) ?? 'en'
}

/** What the header wishes for. None, and one that takes any language (programs send `*`), is no wish. */
export function askedLanguage(request: Request): Locale | undefined {
  const wish = request.headers['accept-language']?.trim()
  const asked = wish === undefined || wish === '*' ? false : request.acceptsLanguages(...locales)
  return isLocale(asked) ? asked : undefined
}

/** First of all middleware: an id and a nonce for the request. The id goes out in a header and into every log line and error page. */
export function beginRequest(parts: WebParts): RequestHandler {
  return (request, response, next) => {
    const id = randomUUID()
    response.setHeader('X-Request-Id', id)
    setState(request, {
      id,
      nonce: randomBytes(16).toString('base64'),
      locale: languageOf(request, parts.https),
      token: '',
      signedIn: undefined,
      notice: undefined,
    })
    next()
  }
}

/** Finds the session behind the cookie, its user, company and rights; without one, a visitor's token for the login form. */
export function loadSession(parts: WebParts): RequestHandler {
  return async (request, response, next) => {
    const state = stateOf(request)
    const secret = readCookie(request, cookieName(sessionCookie, parts.https))
    state.signedIn = secret === undefined ? undefined : await signIn(parts, secret)
    if (state.signedIn === undefined || secret === undefined) {
      let visitor = readCookie(request, cookieName(visitorCookie, parts.https))
      if (visitor === undefined || visitor.length < 40) {
        visitor = newSecret()
        setCookie(response, visitorCookie, visitor, { https: parts.https })
      }
      state.token = formToken(visitor)
    } else {
      state.token = formToken(secret)
      state.locale = state.signedIn.user.locale
    }
    state.notice = takeNotice(request, response, parts.https)
    next()
  }
}

async function signIn(parts: WebParts, secret: string): Promise<SignedIn | undefined> {
  const { access, host } = parts
  const session = await access.sessions.find(secret)
  const user = session === undefined ? undefined : await access.users.find(session.userId)
  if (session === undefined || user === undefined) return undefined
  const companies = await access.companiesOf(user.id)
  const company = companies.find((one) => one.id === session.companyId) ?? companies[0]
  if (company === undefined) return undefined
  const context = await access.userContext(user, company.id, 'web')
  if (context === undefined) return undefined
  return { session, secret, user, companies, company, context, enabled: await host.modules.enabledFor(company.id) }
}

/** Pages of the application: without a session, off to the login and back afterwards. */
export const requireSession: RequestHandler = (request, response, next) => {
  if (stateOf(request).signedIn !== undefined) {
    response.setHeader('Cache-Control', 'no-store')
    next()
    return
  }
  if (request.headers['hx-request'] === 'true') {
    response.setHeader('HX-Redirect', '/login').status(401).end()
    return
  }
  if (request.method !== 'GET') throw new Fault('ACCESS-SESSION-ENDED', { status: 401 })
  response.redirect(303, `/login?next=${encodeURIComponent(request.originalUrl)}`)
}

/**
 * Every unsafe verb: the browser must say that the request comes from our own page (Sec-Fetch-Site, else Origin), and the form
 * or the script must carry the session's token. Runs after the body was parsed.
 * @throws Fault ACCESS-FORM-FOREIGN (403), ACCESS-FORM-STALE (403)
 */
export function requireToken(parts: WebParts): RequestHandler {
  const publicOrigin = parts.host.config.publicUrl === null ? undefined : new URL(parts.host.config.publicUrl).origin
  return (request, _response, next) => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) {
      next()
      return
    }
    const site = request.headers['sec-fetch-site']
    const { origin } = request.headers
    const sameOrigin = origin === undefined || origin === publicOrigin || origin === `${request.protocol}://${request.headers.host ?? ''}`
    if ((site !== undefined && site !== 'same-origin' && site !== 'none') || !sameOrigin)
      throw new Fault('ACCESS-FORM-FOREIGN', { status: 403 })
    const body: unknown = request.body
    const inForm = typeof body === 'object' && body !== null && '_token' in body ? body._token : undefined
    const token = request.get('x-khatm-token') ?? inForm
    if (typeof token !== 'string' || !sameText(token, stateOf(request).token)) throw new Fault('ACCESS-FORM-STALE', { status: 403 })
    next()
  }
}

/** One sentence for the next page, after a redirect. */
export function leaveNotice(response: Response, notice: Notice, https: boolean): void {
  setCookie(response, noticeCookie, JSON.stringify(notice), { https, maxAge: 60_000 })
}

function takeNotice(request: Request, response: Response, https: boolean): Notice | undefined {
  const text = readCookie(request, cookieName(noticeCookie, https))
  if (
    text === undefined ||
    request.method !== 'GET' ||
    request.headers['hx-request'] === 'true' ||
    request.get('sec-fetch-dest') === 'empty'
  )
    return undefined
  clearCookie(response, noticeCookie, https)
  try {
    const notice: unknown = JSON.parse(text)
    if (typeof notice !== 'object' || notice === null || !('key' in notice) || typeof notice.key !== 'string') return undefined
    const level = 'level' in notice && (notice.level === 'warning' || notice.level === 'danger') ? notice.level : 'success'
    const given: object = 'params' in notice && typeof notice.params === 'object' && notice.params !== null ? notice.params : {}
    const params = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, typeof value === 'number' ? value : String(value)]),
    )
    return { key: notice.key, params, level }
  } catch {
    return undefined
  }
}
