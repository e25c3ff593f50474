/// <reference lib="dom" />
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { judge } from './accessibility.js'
import { accepted, logIn, noBrowser, openWindow, speak, type Window } from './browser.js'
import { house, openHouse, type House } from './house.js'

/** Every page a person of the company can open, without records of its own. */
const pages = [
  '/app',
  '/app/invoicing',
  '/app/invoicing/invoice',
  '/app/invoicing/invoice/new',
  '/app/invoicing/payment',
  '/app/invoicing/product',
  '/app/invoicing/product/new',
  '/app/invoicing/tax',
  '/app/invoicing/term',
  '/app/invoicing/currency',
  '/app/contacts/contact',
  '/app/contacts/contact/new',
  '/app/contacts/import',
  '/app/seal/designs',
  '/app/seal/designs/new',
  '/app/seal/applications',
  '/app/credentials/keys',
  '/app/credentials/new',
  '/app/credentials/sources',
  '/app/credentials/approvals',
  '/app/credentials/desks',
  '/app/compliance-saudi/unit',
  '/app/settings/user',
  '/app/settings/company',
  '/app/settings/modules',
  '/app/settings/module/seal',
  '/app/preferences',
  '/verify',
] as const

/** Those of them that are judged one by one; the others are made of the same parts. */
const judged = pages.filter((path) => !/term|currency|product|payment|tax|import|applications/.test(path))

describe('all pages', function () {
  this.timeout(180_000)
  let home: House
  let draft = ''
  let posted = ''
  const open: Window[] = []

  before(async function () {
    if (noBrowser !== undefined) {
      console.log(`      skipped: ${noBrowser}`)
      this.skip()
    }
    home = await openHouse()
    const window = await start({ locale: 'ar' })
    ;[draft, posted] = await records(window.page)
  })
  after(async () => {
    for (const window of open) await window.context.close()
  })

  async function start(options: Parameters<typeof openWindow>[1]): Promise<Window> {
    const window = await openWindow(home.browser, options)
    open.push(window)
    await logIn(window.page, home.url, house.login, house.password)
    return window
  }

  /** A draft and a confirmed invoice for a walk-in customer. */
  async function records(page: Page): Promise<[string, string]> {
    const made: string[] = []
    for (const description of ['قلم', 'دفتر']) {
      await page.goto(`${home.url}/app/invoicing/invoice/new`)
      await page.locator('input[name=simplified][type=checkbox]').check()
      const row = page.locator('table[data-lines=lines] tbody tr').first()
      await row.locator('input[name$=".description"]').fill(description)
      await row.locator('input[name$=".unitPrice"]').fill('12')
      await page.locator('[data-save]').click()
      await page.waitForURL(/\/invoice\/[\w-]{36}/)
      made.push(new URL(page.url()).pathname)
    }
    await page.locator('button[formaction$="/action/confirm"]').click()
    await accepted(page)
    const [first = '', second = ''] = made
    return [first, second]
  }

  for (const locale of ['ar', 'en', 'bg'] as const) {
    it(`open under the strict policy without an error, with one heading, not wider than the window (${locale})`, async () => {
      const { page, complaints } = await start({ locale })
      await speak(page, home.url, locale)
      const faults: string[] = []
      for (const path of [...pages, draft, posted, `${posted}/preview`]) {
        const answer = await page.goto(home.url + path)
        if (answer?.status() !== 200) faults.push(`${path}: ${String(answer?.status())}`)
        const { headings, over, keys } = await page.evaluate(() => ({
          headings: document.querySelectorAll('main h1').length,
          over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          // A label without a text shows its key.
          keys: /(?:^|\s)(?:invoicing|contacts|core|views|http|access|seal|compliance|credentials|verification)\.[a-z-][.\w-]*/.exec(
            document.body.innerText,
          )?.[0],
        }))
        if (headings !== 1) faults.push(`${path}: ${String(headings)} headings`)
        if (over > 0) faults.push(`${path}: ${String(over)} px too wide`)
        if (keys !== undefined) faults.push(`${path}: shows ${keys}`)
      }
      assert.deepEqual([...faults, ...complaints], [])
    })

    it(`have no serious fault for people who use assistive technology (${locale})`, async () => {
      const window = await openWindow(home.browser, { locale, bypassCSP: true })
      open.push(window)
      const { page } = window
      const faults: string[] = []
      await page.goto(`${home.url}/login`)
      faults.push(...(await judge(page)).map((fault) => `/login ${fault}`))
      await logIn(page, home.url, house.login, house.password)
      await speak(page, home.url, locale)
      for (const path of [...judged, draft, posted]) {
        await page.goto(home.url + path)
        faults.push(...(await judge(page)).map((fault) => `${path} ${fault}`))
      }
      assert.deepEqual(faults, [])
    })
  }

  it('keep their contrast in the dark', async () => {
    const { page } = await start({ locale: 'ar', dark: true, bypassCSP: true })
    const faults: string[] = []
    for (const path of ['/app', '/app/invoicing/invoice', draft, posted, '/app/seal/designs']) {
      await page.goto(home.url + path)
      faults.push(...(await judge(page)).map((fault) => `${path} ${fault}`))
    }
    assert.deepEqual(faults, [])
  })

  it('say in plain words what is not there', async () => {
    const { page } = await start({ locale: 'ar' })
    await speak(page, home.url, 'ar')
    const answer = await page.goto(`${home.url}/app/invoicing/invoice/00000000-0000-0000-0000-000000000000`)
    assert.equal(answer?.status(), 404)
    await page.getByText('السجل غير موجود').waitFor()
  })

  it('are answered quickly once warm', async () => {
    const { page } = await start({ locale: 'ar' })
    const figures: string[] = []
    for (const path of ['/app', '/app/invoicing/invoice', '/app/invoicing/invoice/new', draft, posted, '/app/contacts/contact']) {
      const times: number[] = []
      for (let turn = 0; turn < 6; turn++) {
        const started = performance.now()
        await (await page.request.get(home.url + path)).body()
        times.push(performance.now() - started)
      }
      const [, middle = 0] = [times.length, times.sort((one, other) => one - other)[2]]
      figures.push(`${path.replace(/[\w-]{36}/, '…')} ${middle.toFixed(0)} ms`)
      // A bound for a loaded machine; the figure itself is printed.
      assert.ok(middle < 1000, `${path} takes ${middle.toFixed(0)} ms`)
    }
    console.log(`      ${figures.join(', ')}`)
  })
})
