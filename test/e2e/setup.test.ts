import assert from 'node:assert/strict'
import type { Browser } from 'playwright-core'
import { startTestHost } from '../helpers/test-host.js'
import { launch, noBrowser, openWindow } from './browser.js'

describe('the first run', function () {
  this.timeout(180_000)
  let browser: Browser
  const closing: (() => Promise<unknown>)[] = []

  before(async function () {
    if (noBrowser !== undefined) {
      console.log(`      skipped: ${noBrowser}`)
      this.skip()
    }
    browser = await launch()
    closing.push(() => browser.close())
  })
  after(async () => {
    for (const close of closing) await close()
  })

  for (const { locale, dir, create, save, created } of [
    { locale: 'ar', dir: 'rtl', create: 'إنشاء', save: 'شركة النور للتجارة', created: 'شركة النور للتجارة' },
    { locale: 'en', dir: 'ltr', create: 'Create', save: 'شركة النور للتجارة', created: 'Al Noor Trading' },
  ] as const) {
    it(`makes the company and its administrator, and ends logged in (${locale})`, async () => {
      const running = await startTestHost({ role: { web: true } })
      const window = await openWindow(browser, { locale })
      const { page } = window
      try {
        const { port } = await running.listen()
        const url = `http://127.0.0.1:${String(port)}`
        await page.goto(url)
        await page.waitForURL('**/setup')
        assert.equal(await page.locator('html').getAttribute('dir'), dir)
        await page.locator('#nameAr').fill(save)
        await page.locator('#name').fill('Al Noor Trading')
        await page.locator('#vat').fill('٣٩٩٩٩٩٩٩٩٩٠٠٠٠٣')
        await page.locator('#crn').fill('1010010000')
        await page.locator('#street').fill('طريق الملك فهد')
        await page.locator('#building').fill('2322')
        await page.locator('#district').fill('العليا')
        await page.locator('#city').fill('الرياض')
        await page.locator('#postalCode').fill('12211')
        assert.equal(await page.locator('#currency').inputValue(), 'SAR')
        await page.locator('#userName').fill('Salma')
        await page.locator('#login').fill('salma@noor.example')
        await page.locator('#password').fill('short')
        await page.getByRole('button', { name: create }).click()
        // A short password is refused; what was typed stays.
        await page.getByRole('alert').waitFor()
        assert.equal(await page.locator('#name').inputValue(), 'Al Noor Trading')
        await page.locator('#password').fill('a password that is long')
        await page.getByRole('button', { name: create }).click()
        await page.waitForURL('**/app')
        await page.locator('h1').getByText(created).waitFor()
        const [company] = await running.access.companies()
        assert.equal(company?.identifiers.find((one) => one.scheme === 'VAT')?.value, '399999999900003')
        await page.goto(`${url}/setup`)
        assert.doesNotMatch(page.url(), /setup/)
        assert.deepEqual(
          window.complaints.filter((line) => !line.includes('422')),
          [],
        )
      } finally {
        await window.context.close()
        await running.stop()
      }
    })
  }
})
