import type { Request, Router } from 'express'
import { Fault } from '../i18n/fault.js'
import { isLocale } from '../i18n/locale.js'
import { clearCookie, setCookie } from './cookies.js'
import { sendPage } from './pages.js'
import { signedInOf, stateOf } from './request-state.js'
import { languageCookie, leaveNotice, sessionCookie } from './session-guard.js'
import type { WebParts } from './web-parts.js'

function field(request: Request, name: string): string {
  const body: unknown = request.body
  if (typeof body !== 'object' || body === null) return ''
  const value: unknown = Object.getOwnPropertyDescriptor(body, name)?.value
  return typeof value === 'string' ? value : ''
}

/** Only a path of this host: `//elsewhere` and `/\elsewhere` are addresses of others. */
function localPath(text: string, otherwise = '/app'): string {
  return /^\/(?![/\\])[^\s\\]*$/.test(text) ? text : otherwise
}

/** Login, logout, language: pages that work without a session. */
export function addAccountPages(router: Router, parts: WebParts): void {
  const { access, host, https } = parts
  router.get('/login', async (request, response) => {
    if ((await access.users.count()) === 0) {
      response.redirect(303, '/setup')
      return
    }
    const next = localPath(typeof request.query['next'] === 'string' ? request.query['next'] : '')
    if (stateOf(request).signedIn !== undefined) {
      response.redirect(303, next)
      return
    }
    sendPage(parts, request, response, {
      template: 'core/login',
      title: host.i18n.text(stateOf(request).locale, 'access.login.title'),
      data: { next },
    })
  })

  router.post('/login', async (request, response) => {
    const login = field(request, 'login')
    try {
      const { secret, user } = await access.login({
        login,
        password: field(request, 'password'),
        address: request.ip ?? '',
        agent: request.get('user-agent') ?? '',
      })
      const old = stateOf(request).signedIn
      if (old !== undefined) await access.sessions.close(old.secret)
      setCookie(response, sessionCookie, secret, { https })
      setCookie(response, languageCookie, user.locale, { https, maxAge: 31_536_000_000 })
      response.redirect(303, localPath(field(request, 'next')))
    } catch (error) {
      if (!(error instanceof Fault) || error.status >= 500) throw error
      const { locale } = stateOf(request)
      if (error.status === 429) response.setHeader('Retry-After', String(error.params['seconds'] ?? 60))
      sendPage(parts, request, response, {
        template: 'core/login',
        title: host.i18n.text(locale, 'access.login.title'),
        status: error.status,
        data: { login, next: localPath(field(request, 'next')), error: host.i18n.faultOnPage(locale, error) },
      })
    }
  })

  router.post('/logout', async (request, response) => {
    const { signedIn } = stateOf(request)
    if (signedIn !== undefined) await access.sessions.close(signedIn.secret)
    clearCookie(response, sessionCookie, https)
    response.redirect(303, '/login')
  })

  router.post('/language', async (request, response) => {
    const locale = field(request, 'locale')
    if (!isLocale(locale)) throw new Fault('HTTP-REQUEST-MALFORMED', { status: 400, path: 'locale' })
    setCookie(response, languageCookie, locale, { https, maxAge: 31_536_000_000 })
    const { signedIn } = stateOf(request)
    if (signedIn !== undefined) await access.users.changePreferences(signedIn.user.id, { locale })
    response.redirect(303, localPath(field(request, 'next'), '/login'))
  })
}

/** Home, company switch and preferences of a logged-in user, below /app. */
export function addUserPages(router: Router, parts: WebParts): void {
  addHome(router, parts)
  addCompanySwitch(router, parts)
  addPreferences(router, parts)
}

function addHome(router: Router, parts: WebParts): void {
  const { host } = parts
  router.get('/', async (request, response) => {
    const { context, enabled, company } = signedInOf(request)
    const { locale } = stateOf(request)
    const text = (key: string, params?: Readonly<Record<string, string | number>>): string => host.i18n.text(locale, key, params)
    const items = parts.catalog.menu(context, enabled).filter((item) => item.parent !== true)
    const told = await host.db.company(company.id, async (transaction) => {
      const list = []
      for (const item of items) list.push({ item, news: await item.news?.(transaction, context) })
      return list
    })
    const apps = told.map(({ item, news }) => ({
      label: text(item.label),
      icon: item.icon ?? 'apps',
      href: item.href,
      news: news === undefined ? '' : text(news.text, news.params),
    }))
    const next = told.flatMap(({ item, news }) =>
      news?.next === undefined
        ? []
        : [{ app: text(item.label), text: text(news.next.text, news.next.params), action: text(news.next.action), href: news.next.href }],
    )
    const name = locale === 'ar' && company.nameAr !== null ? company.nameAr : company.name
    sendPage(parts, request, response, { template: 'core/home', title: text('http.home.title'), data: { apps, next, name } })
  })
}

function addCompanySwitch(router: Router, { access }: WebParts): void {
  router.post('/company', async (request, response) => {
    const { session, companies } = signedInOf(request)
    const wanted = field(request, 'company')
    // A company one is no member of is answered like one that is not there.
    if (!companies.some((company) => company.id === wanted))
      throw new Fault('ACCESS-COMPANY-UNKNOWN', { status: 404, params: { company: wanted } })
    await access.sessions.chooseCompany(session, wanted)
    response.redirect(303, '/app')
  })
}

type PageFaults = readonly { readonly path?: string; readonly text: string }[]

function preferencesPage({ host }: WebParts, request: Request, faults: PageFaults = []): Parameters<typeof sendPage>[3] {
  const { user } = signedInOf(request)
  const { locale } = stateOf(request)
  return {
    template: 'core/preferences',
    title: host.i18n.text(locale, 'access.preferences.title'),
    status: faults.length > 0 ? 422 : 200,
    data: {
      user,
      faults,
      themes: (['auto', 'light', 'dark'] as const).map((theme) => ({
        value: theme,
        label: host.i18n.text(locale, `access.theme.${theme}`),
        on: user.theme === theme,
      })),
      locales: [
        { value: 'ar', label: 'العربية', on: user.locale === 'ar' },
        { value: 'en', label: 'English', on: user.locale === 'en' },
        { value: 'bg', label: 'Български', on: user.locale === 'bg' },
      ],
    },
  }
}

function addPreferences(router: Router, parts: WebParts): void {
  const { access, host, https } = parts
  router.get('/preferences', (request, response) => {
    sendPage(parts, request, response, preferencesPage(parts, request))
  })
  router.post('/preferences', async (request, response) => {
    const { user, secret } = signedInOf(request)
    const locale = field(request, 'locale')
    const theme = field(request, 'theme')
    const newPassword = field(request, 'newPassword')
    try {
      const name = field(request, 'name').trim()
      if (name === '') throw new Fault('ACCESS-NAME-EMPTY', { path: 'name' })
      if (newPassword !== '') {
        await access.users.changePassword(user.id, field(request, 'oldPassword'), newPassword)
        await access.sessions.closeAll(user.id, secret)
      }
      await access.users.changePreferences(user.id, {
        name,
        ...(isLocale(locale) ? { locale } : {}),
        ...(theme === 'auto' || theme === 'light' || theme === 'dark' ? { theme } : {}),
      })
      if (isLocale(locale)) setCookie(response, languageCookie, locale, { https, maxAge: 31_536_000_000 })
      leaveNotice(response, { key: 'views.saved', level: 'success' }, https)
      response.redirect(303, '/app/preferences')
    } catch (error) {
      if (!(error instanceof Fault) || error.status >= 500) throw error
      sendPage(
        parts,
        request,
        response,
        preferencesPage(
          parts,
          request,
          error.details.map((detail) => ({ path: detail.path, text: host.i18n.faultOnPage(stateOf(request).locale, detail) })),
        ),
      )
    }
  })
}
