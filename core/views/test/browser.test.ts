import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Browser, type Page } from 'playwright-core'
import { launch, noBrowser } from '../../../test/e2e/browser.js'
import { seedOrders, startViewHost, type ViewHost } from '../../../test/fixtures/view-modules/start.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Set to a folder to keep pictures of the pages. */
const pictures = process.env['KHATM_PICTURES']

interface Violation {
  id: string
  impact: string
  nodes: { html: string }[]
}

describe('pages in a browser', function () {
  this.timeout(180_000)
  let view: ViewHost
  let browser: Browser
  const opened: (() => Promise<void>)[] = []
  before(async function () {
    if (noBrowser !== undefined) this.skip()
    view = await startViewHost()
    opened.push(() => view.host.stop())
    await seedOrders(view, 120)
    browser = await launch()
    opened.push(() => browser.close())
  })
  after(async () => {
    for (const close of opened.reverse()) await close()
  })

  async function noSeriousFault(page: Page, name: string): Promise<void> {
    if (pictures !== undefined) {
      mkdirSync(pictures, { recursive: true })
      await page.screenshot({ path: join(pictures, `${name}.png`) })
    }
    // axe is run as one expression, which the page's content security policy does not concern.
    const found = await page.evaluate(`(async () => { ${axe}; return (await axe.run(document)).violations })()`)
    const serious = (found as Violation[]).filter((one) => one.impact === 'serious' || one.impact === 'critical')
    assert.deepEqual(
      serious.map((one) => `${name}: ${one.id}: ${one.nodes[0]?.html.slice(0, 120) ?? ''}`),
      [],
    )
  }

  for (const { locale, width, scheme } of [
    { locale: 'ar', width: 1280, scheme: 'light' },
    { locale: 'en', width: 1280, scheme: 'dark' },
    { locale: 'ar', width: 390, scheme: 'dark' },
    { locale: 'en', width: 390, scheme: 'light' },
  ] as const) {
    it(`login, list and form work in ${locale}, ${String(width)} px, ${scheme}, and axe finds no serious fault`, async () => {
      const context = await browser.newContext({
        viewport: { width, height: 844 },
        colorScheme: scheme,
        locale: locale === 'ar' ? 'ar-SA' : 'en-GB',
      })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('422')) complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(error.message))
      const tag = `${locale}-${String(width)}-${scheme}`
      await page.goto(`${view.url}/login`)
      await noSeriousFault(page, `${tag}-login`)
      await page.fill('#login', 'admin')
      await page.fill('#password', view.password)
      await page.keyboard.press('Enter')
      await page.waitForURL('**/app')
      await page.evaluate(
        `(() => { const form = document.querySelector('form[action="/language"]'); form.requestSubmit(form.querySelector('[value=${locale}]')) })()`,
      )
      await page.waitForSelector(`html[lang=${locale}]`)
      assert.equal(await page.getAttribute('html', 'dir'), locale === 'ar' ? 'rtl' : 'ltr')

      await page.goto(`${view.url}/app/bookshelf/order`)
      await noSeriousFault(page, `${tag}-list`)
      const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      assert.ok(Number(wide) <= 1, `the list is ${String(wide)} px too wide`)

      await page.fill('.k-searchbox input[type=search]', '00012')
      await page.keyboard.press('Enter')
      await page.waitForSelector('.k-facet-search')
      await page.click('.k-rowlink >> nth=0')
      await page.waitForSelector('#k-form')
      await noSeriousFault(page, `${tag}-form`)

      // A line by keyboard: Enter in the last row adds one, Tab moves on, the server computes while one types.
      await page.focus('table[data-lines] tbody tr:last-child input')
      await page.keyboard.press('Enter')
      await page.keyboard.type('Atlas')
      await page.keyboard.press('Tab')
      await page.keyboard.type('٣')
      await page.keyboard.press('Tab')
      await page.keyboard.type('10.5')
      await page.waitForSelector('[data-total=net]:has-text("242.50")')
      await page.keyboard.press('Control+s')
      await page.waitForSelector('.k-notice-success')
      assert.equal(await page.locator('table[data-lines] tbody tr').count(), 3)
      await page.click('table[data-lines] tbody tr:last-child [data-drop-line]')
      await page.waitForSelector('[data-total=net]:has-text("211.00")')
      await page.keyboard.press('Control+s')
      await page.waitForSelector('.k-notice-success')

      // The breadcrumb keeps the search.
      await page.click('a[data-crumb]')
      await page.waitForSelector('.k-facet-search')

      await page.goto(`${view.url}/app/bookshelf/order/new`)
      await page.click('[data-save]')
      await page.waitForSelector('#k-faults')
      await noSeriousFault(page, `${tag}-faults`)
      await page.click('#k-faults a[data-goto]')
      assert.equal(await page.evaluate('document.activeElement.id'), 'f-number')

      await page.keyboard.press('Control+k')
      await page.keyboard.type('00033')
      await page.waitForSelector('#k-palette [role=option]:has-text("00033")')
      await noSeriousFault(page, `${tag}-palette`)
      assert.deepEqual(complaints, [])
      await context.close()
    })
  }

  describe('answers that come late', () => {
    let page: Page
    /** Requests whose address holds the word wait until they are let through. */
    async function hold(word: string): Promise<{ readonly waiting: Promise<void>; letThrough(): Promise<void> }> {
      let came = (): void => undefined
      let go = (): void => undefined
      const waiting = new Promise<void>((done) => {
        came = done
      })
      const gate = new Promise<void>((done) => {
        go = done
      })
      const pattern = new RegExp(word)
      await page.route(
        pattern,
        async (route) => {
          came()
          await gate
          await route.continue()
        },
        { times: 1 },
      )
      return {
        waiting,
        letThrough: async () => {
          const answered = page.waitForResponse(pattern)
          go()
          await answered
        },
      }
    }
    before(async () => {
      page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
      await page.goto(`${view.url}/login`)
      await page.fill('#login', 'admin')
      await page.fill('#password', view.password)
      await page.keyboard.press('Enter')
      await page.waitForURL('**/app')
    })
    beforeEach(async () => {
      await page.goto(`${view.url}/app/bookshelf/order/new`)
      await page.waitForSelector('[data-total=net]')
    })
    after(() => page.context().close())

    for (const ticked of [true, false])
      it(`a box ${ticked ? 'ticked' : 'cleared'} since the question went out keeps what the person chose`, async () => {
        await page.setChecked('#f-loud', !ticked)
        const compute = await hold('/compute')
        const row = page.locator('table[data-lines] tbody tr:last-child')
        await row.locator('[name$=".quantity"]').fill('2')
        await row.locator('[name$=".price"]').fill('10.5')
        await compute.waiting
        await page.setChecked('#f-loud', ticked)
        await page.focus('#f-number')
        await compute.letThrough()
        await page.waitForSelector('[data-total=net]:has-text("21.00")')
        assert.equal(await page.isChecked('#f-loud'), ticked)
      })

    it('a click takes the option it began on, though newer offers come before the button is up', async () => {
      await page.fill('#f-customer', 'Dar')
      const offered = page.getByRole('option', { name: 'Dar Al Kutub' })
      const search = await hold('q=Sofia')
      await offered.waitFor()
      await page.fill('#f-customer', 'Sofia')
      await search.waiting
      await offered.hover()
      await page.mouse.down()
      await search.letThrough()
      await page.waitForTimeout(100)
      await page.mouse.up()
      assert.equal(await page.inputValue('#f-customer'), 'Dar Al Kutub')
      assert.notEqual(await page.inputValue('[name=customer]'), '')
      await page.waitForTimeout(300)
      assert.equal(await page.locator('.k-combo-list').count(), 0, 'the late offers stay away')
    })

    it('offers for what was typed first do not replace those for what was typed last', async () => {
      const search = await hold('q=Dar')
      await page.fill('#f-customer', 'Dar')
      await search.waiting
      await page.fill('#f-customer', 'Sofia')
      const offered = page.getByRole('option', { name: 'Sofia Books' })
      await offered.waitFor()
      await search.letThrough()
      await page.waitForTimeout(100)
      assert.deepEqual(await page.locator('.k-combo-list [role=option]').allInnerTexts(), ['Sofia Books'])
    })
  })

  it('shows the API page without the network or an inline script', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    await page.goto(`${view.url}/login?next=/api/docs`)
    await page.fill('#login', 'admin')
    await page.fill('#password', view.password)
    await page.keyboard.press('Enter')
    await page.waitForSelector('.opblock-summary-path')
    assert.ok((await page.textContent('#api-docs'))?.includes('/api/v1/shelf-orders'))
    assert.deepEqual(complaints, [])
    await context.close()
  })
})
