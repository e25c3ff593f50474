import type { Request, Response } from 'express'
import { directionOf } from '../i18n/locale.js'
import type { Presentation } from '../views/format.js'
import type { TemplateFrame } from '../views/template-engine.js'
import type { MenuItem } from '../views/view.js'
import type { Locale } from '../i18n/locale.js'
import { contentDisposition } from './content-disposition.js'
import { type FileAnswer } from './routes.js'
import { stateOf } from './request-state.js'
import type { WebParts } from './web-parts.js'

/** A page inside the frame of the application. */
export interface PageContent {
  readonly template: string
  readonly title: string
  readonly data: object
  readonly breadcrumb?: readonly { readonly label: string; readonly href?: string }[]
  readonly status?: number
  readonly here?: string
  /** Further ES modules of this page, names under the assets. */
  readonly scripts?: readonly string[]
}

/** Language, digits and zone of the reader: company's digits and zone, user's language. */
export function presentationOf(request: Request): Presentation {
  const { locale, signedIn } = stateOf(request)
  return { locale, digits: signedIn?.company.digits ?? 'latin', timeZone: signedIn?.company.timeZone ?? 'UTC' }
}

/** What every template gets for this request: language, direction, theme, the form's token, the nonce of scripts. */
export function frameOf(parts: WebParts, request: Request): TemplateFrame {
  const state = stateOf(request)
  return { ...presentationOf(request), dir: directionOf(state.locale), token: state.token, nonce: state.nonce, assets: parts.assets.base }
}

/** A fragment alone, for htmx. */
export function sendFragment(parts: WebParts, request: Request, response: Response, template: string, data: object, status = 200): void {
  response
    .status(status)
    .type('html')
    .send(parts.engine.render(template, data, frameOf(parts, request)))
}

/** A whole HTML document by a template of its own; its language may be another than the reader's. */
export function sendDocument(
  parts: WebParts,
  request: Request,
  response: Response,
  page: { template: string; data: object; locale?: Locale; timeZone?: string; status?: number },
): void {
  const own = frameOf(parts, request)
  const locale = page.locale ?? own.locale
  const frame = { ...own, locale, dir: directionOf(locale), timeZone: page.timeZone ?? own.timeZone }
  response
    .status(page.status ?? 200)
    .type('html')
    .send(parts.engine.render(page.template, page.data, frame))
}

/** A whole page in the shell (logged in) or on the plain sheet (before). */
export function sendPage(parts: WebParts, request: Request, response: Response, content: PageContent): void {
  const frame = frameOf(parts, request)
  const state = stateOf(request)
  const { signedIn } = state
  const body = parts.engine.render(content.template, content.data, frame)
  const shared = {
    title: content.title,
    body,
    scripts: content.scripts ?? [],
    theme: signedIn?.user.theme ?? 'auto',
    dark: signedIn?.user.theme === 'dark',
    light: signedIn?.user.theme === 'light',
    notice:
      state.notice === undefined
        ? undefined
        : {
            text: parts.host.i18n.text(state.locale, state.notice.key, state.notice.params),
            level: state.notice.level,
            danger: state.notice.level !== 'success',
          },
    languages: [
      { locale: 'ar', label: 'العربية', on: state.locale === 'ar' },
      { locale: 'en', label: 'English', on: state.locale === 'en' },
      { locale: 'bg', label: 'Български', on: state.locale === 'bg' },
    ],
    here: content.here ?? request.originalUrl,
  }
  response.status(content.status ?? 200).type('html')
  if (signedIn === undefined) {
    response.send(parts.engine.render('core/sheet', shared, frame))
    return
  }
  response.send(parts.engine.render('core/shell', { ...shared, ...shellData(parts, request, content) }, frame))
}

function shellData(parts: WebParts, request: Request, content: PageContent): object {
  const state = stateOf(request)
  const { signedIn } = state
  if (signedIn === undefined) return {}
  const { company } = signedIn
  const text = (key: string): string => parts.host.i18n.text(state.locale, key)
  const menu = parts.catalog.menu(signedIn.context, signedIn.enabled)
  const path = request.baseUrl + request.path
  const current = longestMatch(menu, path, new URL(request.originalUrl, 'http://host').searchParams)
  const app = current?.app ?? path.split('/')[2] ?? ''
  const entry = (item: MenuItem): object => ({ label: text(item.label), icon: item.icon ?? 'apps', href: item.href, on: item === current })
  const apps = menu.filter((item) => item.parent !== true).map((item) => ({ ...entry(item), on: item.app === app }))
  const side = menu.filter((item) => item.app === app && item.parent === true).map(entry)
  const appItem = menu.find((item) => item.app === app && item.parent !== true)
  return {
    apps,
    side,
    appName: appItem === undefined ? '' : text(appItem.label),
    appHref: appItem?.href ?? '/app',
    company: { name: state.locale === 'ar' && company.nameAr !== null ? company.nameAr : company.name, sandbox: company.sandbox },
    companies: signedIn.companies.map((one) => ({
      id: one.id,
      name: state.locale === 'ar' && one.nameAr !== null ? one.nameAr : one.name,
      sandbox: one.sandbox,
      on: one.id === company.id,
    })),
    user: { name: signedIn.user.name, login: signedIn.user.login, initial: Array.from(signedIn.user.name)[0] ?? '?' },
    breadcrumb: content.breadcrumb ?? [],
    trail: (content.breadcrumb ?? []).length > 1,
    palette: menu.map((item) => {
      const owner = menu.find((one) => one.app === item.app && one.parent !== true)
      return {
        label: item.parent === true && owner !== undefined ? `${text(owner.label)} / ${text(item.label)}` : text(item.label),
        href: item.href,
      }
    }),
  }
}

/** The menu entry of an address: the longest path; of equal ones that whose filters are on, then the side menu's. */
function longestMatch(menu: readonly MenuItem[], path: string, query: URLSearchParams): MenuItem | undefined {
  let best: { readonly item: MenuItem; readonly score: number } | undefined
  for (const item of menu) {
    const [href = '', wanted = ''] = item.href.split('?')
    if (path !== href && !path.startsWith(`${href}/`)) continue
    const filtered = wanted !== '' && [...new URLSearchParams(wanted)].every(([name, value]) => query.getAll(name).includes(value))
    const score = href.length * 10 + (filtered ? 4 : 0) + (item.parent === true ? 2 : 0)
    if (best === undefined || score > best.score) best = { item, score }
  }
  return best?.item
}

/** Sends a stored file under a policy that lets nothing in it run. */
export function sendFile(response: Response, file: FileAnswer): void {
  response.setHeader('Content-Type', file.mediaType)
  response.setHeader('Content-Disposition', contentDisposition(file.disposition, file.fileName))
  // A stored document is data, never a page of ours: no scripts, whatever its bytes say. Our own pages may frame a PDF.
  response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox")
  response.setHeader('X-Frame-Options', 'SAMEORIGIN')
  response.send(file.bytes)
}
