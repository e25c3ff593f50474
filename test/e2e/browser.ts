import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core'

export const chromiumPath = process.env['KHATM_CHROMIUM'] ?? '/usr/bin/chromium'

/** Why browser tests are skipped; undefined when they can run. */
export const noBrowser = existsSync(chromiumPath) ? undefined : `no Chromium at ${chromiumPath} (Debian package chromium)`

/** Without the networking flags Chromium looks up its makers' hosts at every start. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, args: flags, timeout: 120_000 })
}

export interface Window {
  readonly context: BrowserContext
  readonly page: Page
  /** Console errors, uncaught errors and refusals by the content security policy, with the page they happened on. */
  readonly complaints: string[]
}

export interface WindowOptions {
  readonly locale?: string
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  /** Only to inject axe. */
  readonly bypassCSP?: boolean
}

export async function openWindow(browser: Browser, options: WindowOptions = {}): Promise<Window> {
  const width = options.width ?? 1280
  const context = await browser.newContext({
    locale: options.locale ?? 'ar',
    timezoneId: 'Asia/Riyadh',
    viewport: { width, height: options.height ?? (width < 500 ? 844 : 900) },
    colorScheme: options.dark === true ? 'dark' : 'light',
    reducedMotion: 'reduce',
    bypassCSP: options.bypassCSP ?? false,
  })
  const page = await context.newPage()
  // Ends a wait in vain only: on a machine that does much at once everything comes, but late.
  page.setDefaultTimeout(60_000)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${String(error)}`))
  return { context, page, complaints }
}

export async function logIn(page: Page, url: string, login: string, password: string): Promise<void> {
  await page.goto(`${url}/login`)
  await page.locator('input[name=login]').fill(login)
  await page.locator('input[name=password]').fill(password)
  await Promise.all([page.waitForURL('**/app**'), page.locator('input[name=password]').press('Enter')])
}

/** Types into a search field and takes the record that is offered. */
export async function choose(field: Locator, typed: string, offered: string | RegExp): Promise<void> {
  await field.fill(typed)
  await field.page().getByRole('option', { name: offered }).first().click()
}

/** Waits until a field's shown text holds what is wanted. */
export async function shows(place: Locator, text: string | RegExp): Promise<void> {
  await place.filter({ hasText: text }).first().waitFor()
}

/** Changes the language of the person who is logged in. */
export async function speak(page: Page, url: string, locale: 'ar' | 'en' | 'bg'): Promise<void> {
  const token = await page.locator('input[name=_token]').first().inputValue()
  const answer = await page.request.post(`${url}/language`, { form: { _token: token, locale, next: '/app' }, maxRedirects: 0 })
  if (answer.status() !== 303) throw new Error(`changing the language was answered with ${String(answer.status())}`)
  await page.goto(`${url}/app`)
}

/** Waits until the authority took the document on the open form; the panel follows by itself, nobody reloads. */
export async function accepted(page: Page): Promise<void> {
  const answer = page.locator('[data-step=answered][data-state=done]')
  await answer.waitFor({ timeout: 90_000 }).catch(async () => {
    throw new Error(`no answer of the authority; the page says: ${await page.locator('main').innerText()}`)
  })
}
