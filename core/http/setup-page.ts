import type { Request, Router } from 'express'
import { newSecret, sameText } from '../access/secrets.js'
import { enableForCountry } from '../host/enable-for-country.js'
import { countrySuggestions as countries } from '../access/country-suggestions.js'
import { administrator } from '../access/groups.js'
import type { NewCompany } from '../access/access.js'
import { Fault } from '../i18n/fault.js'
import { isLocale, type Locale } from '../i18n/locale.js'
import { currencies } from '../money/currencies.js'
import { latinDigits } from '../views/format.js'
import { countryName } from '../views/field-control.js'
import { setCookie } from './cookies.js'
import { sendPage } from './pages.js'
import { stateOf } from './request-state.js'
import { languageCookie, sessionCookie } from './session-guard.js'
import type { WebParts } from './web-parts.js'

const loopback = new Set(['127.0.0.1', '::1', '[::1]', 'localhost'])

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address)
}

/**
 * First-run page: while no user exists it makes the first company and its administrator. Where others can reach the server it
 * asks for a token that is printed in the log of this process alone, so that nobody on the network takes the house first. A server
 * that listens to this machine alone asks for it too when the request came through a proxy, or under the name of another site (a name
 * that was made to point here lets that site's pages read and post).
 */
export function addSetupPage(router: Router, parts: WebParts): void {
  const { access, host, https } = parts
  const isGuarded = (request: Request): boolean =>
    !loopback.has(host.config.listen) || !isLoopbackAddress(request.ip ?? '') || !loopback.has(request.hostname)
  const token = newSecret()
  let told = false
  const tell = (): void => {
    if (told) return
    told = true
    parts.logger.warn({ setupToken: token }, 'no user yet: open /setup and give this set-up token')
  }
  access.users.count().then(
    (count) => {
      if (count === 0 && !loopback.has(host.config.listen)) tell()
    },
    (error: unknown) => {
      // A host that is stopped while it starts: nobody opens its page any more, and its end is no crash.
      parts.logger.warn({ err: error }, 'users were not counted')
    },
  )
  // One set-up at a time: two posted together must not make two first administrators.
  let running = false

  const page = (
    request: Request,
    values: Readonly<Record<string, string>>,
    faults: readonly { path?: string; text: string }[] = [],
  ): Parameters<typeof sendPage>[3] => {
    const { locale } = stateOf(request)
    const country = values['country'] ?? 'SA'
    const suggested = countries.find((one) => one.code === country) ?? countries[0]
    return {
      template: 'core/setup',
      title: host.i18n.text(locale, 'access.setup.title'),
      status: faults.length > 0 ? 422 : 200,
      data: {
        guarded: isGuarded(request),
        faults,
        values,
        countries: countries.map((one) => ({
          value: one.code,
          label: countryName(one.code, locale),
          currency: one.currency,
          zone: one.timeZone,
          on: one.code === country,
        })),
        currencies: currencies()
          .filter((one) => one.closed === undefined)
          .map((one) => ({
            value: one.code,
            label: `${one.code} · ${one.name[locale]}`,
            on: one.code === (values['currency'] ?? suggested?.currency),
          })),
      },
    }
  }

  router.get('/setup', async (request, response) => {
    if ((await access.users.count()) > 0) {
      response.redirect(303, '/login')
      return
    }
    if (isGuarded(request)) tell()
    sendPage(parts, request, response, page(request, {}))
  })

  router.post('/setup', async (request, response) => {
    const body: unknown = request.body
    const values: Record<string, string> = {}
    for (const [name, value] of Object.entries(typeof body === 'object' && body !== null ? body : {}))
      if (typeof value === 'string') values[name] = value.trim()
    const { locale } = stateOf(request)
    // Taken before anything is waited for, and given back by whoever took it alone.
    const mine = !running
    running = true
    try {
      if (!mine || (await access.users.count()) > 0) throw new Fault('ACCESS-SETUP-DONE', { status: 409 })
      if (isGuarded(request) && !sameText(values['setupToken'] ?? '', token))
        throw new Fault('ACCESS-SETUP-TOKEN', { path: 'setupToken', status: 403 })
      const chosen = isLocale(values['locale']) ? values['locale'] : locale
      await makeFirst(
        parts,
        values,
        typeof body === 'object' && body !== null && 'password' in body && typeof body.password === 'string' ? body.password : '',
        chosen,
      )
      const { secret } = await access.login({
        login: values['login'] ?? '',
        password: typeof body === 'object' && body !== null && 'password' in body && typeof body.password === 'string' ? body.password : '',
        address: request.ip ?? '',
        agent: request.get('user-agent') ?? '',
      })
      setCookie(response, sessionCookie, secret, { https })
      setCookie(response, languageCookie, chosen, { https, maxAge: 31_536_000_000 })
      response.redirect(303, '/app')
    } catch (error) {
      if (!(error instanceof Fault) || error.status >= 500) throw error
      sendPage(
        parts,
        request,
        response,
        page(
          request,
          values,
          error.details.map((detail) => ({ path: detail.path, text: host.i18n.faultOnPage(locale, detail) })),
        ),
      )
    } finally {
      if (mine) running = false
    }
  })
}

async function makeFirst(parts: WebParts, values: Readonly<Record<string, string>>, password: string, locale: Locale): Promise<void> {
  const { access, host } = parts
  // Checked before anything is stored, so that a short password does not leave a company without a user behind.
  if (Array.from(password).length < 10) throw new Fault('ACCESS-PASSWORD-SHORT', { path: 'password', params: { length: 10 } })
  if ((values['login'] ?? '') === '') throw new Fault('ACCESS-LOGIN-EMPTY', { path: 'login' })
  const country = values['country'] ?? ''
  const suggested = countries.find((one) => one.code === country)
  const filled = (name: string): string | null => ((values[name] ?? '') === '' ? null : (values[name] ?? null))
  const identifiers = [
    { scheme: 'VAT', value: latinDigits(values['vat'] ?? '') },
    { scheme: 'CRN', value: latinDigits(values['crn'] ?? '') },
  ].filter((one) => one.value !== '')
  const name = filled('name') ?? filled('nameAr') ?? ''
  const company: NewCompany = {
    code: codeOf(name, country),
    name,
    nameAr: filled('nameAr'),
    country,
    currency: values['currency'] ?? suggested?.currency ?? '',
    timeZone: filled('timeZone') ?? suggested?.timeZone ?? 'UTC',
    locale,
    digits: values['digits'] === 'arabic-indic' ? 'arabic-indic' : 'latin',
    sandbox: values['sandbox'] === 'true',
    identifiers,
    address: {
      country,
      ...(filled('street') === null ? {} : { street: values['street'] }),
      ...(filled('building') === null ? {} : { building: latinDigits(values['building'] ?? '') }),
      ...(filled('district') === null ? {} : { district: values['district'] }),
      ...(filled('city') === null ? {} : { city: values['city'] }),
      ...(filled('postalCode') === null ? {} : { postalCode: latinDigits(values['postalCode'] ?? '') }),
    },
    phone: filled('phone'),
    email: filled('email'),
    website: filled('website'),
  }
  // A set-up that failed after the company was made finds it again.
  const existing = (await access.companies()).find((one) => one.code === company.code)
  const { id } = existing ?? (await access.createCompany(company))
  await enableForCountry(host, await access.systemContext(id, 'web'))
  await access.createUser({ login: values['login'] ?? '', name: values['userName'] ?? values['login'] ?? '', password, locale }, [
    { companyId: id, groups: [administrator] },
  ])
}

/** `Al Noor Trading` -> `al-noor-trading`; a name without Latin letters gives the country's code and `1`. */
export function codeOf(name: string, country: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '')
    .join('-')
    .slice(0, 40)
  return slug.length >= 2 ? slug : `${country.toLowerCase()}-1`
}
