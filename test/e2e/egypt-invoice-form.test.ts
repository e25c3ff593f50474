/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { egyptianCompany } from '../../modules/compliance-egypt/test/running-company.js'
import { judge } from './accessibility.js'
import { logIn, noBrowser, openWindow, shows, type Window } from './browser.js'
import { openHouse, type House } from './house.js'

const person = { login: 'form@egypt.example', password: 'a long password of a test' } as const

describe('the form of an invoice in Egypt', function () {
  this.timeout(180_000)
  let home: House
  const windows: Window[] = []

  before(async function () {
    if (noBrowser !== undefined) {
      console.log(`      skipped: ${noBrowser}`)
      this.skip()
    }
    home = await openHouse()
    const context = await egyptianCompany(home.running, { code: 'form-eg' })
    await home.running.access.createUser({ ...person, name: 'هدى', locale: 'ar' }, [
      { companyId: context.companyId, groups: ['core.admin'] },
    ])
  })
  after(async () => {
    for (const window of windows) await window.context.close()
  })

  for (const width of [1280, 390]) {
    it(`further taxes by the keyboard, totals by kind as the engine has them, and all of it kept, ${String(width)} px`, async () => {
      const window = await openWindow(home.browser, { width, bypassCSP: true })
      windows.push(window)
      const { page } = window
      await logIn(page, home.url, person.login, person.password)
      await page.goto(`${home.url}/app/invoicing/invoice/new`)
      const line = page.locator('table[data-lines=lines] tbody tr').first()
      await line.locator('input[name$=".description"]').fill('ورق تصوير A4')
      await line.locator('input[name$=".unitPrice"]').fill('100')
      await line.locator('input[name$=".quantity"]').fill('5')
      const itemsDiscount = line.locator('input[name$=".country.itemsDiscount"]')
      assert.equal(await itemsDiscount.isVisible(), false, 'what few invoices need is folded away')
      if (width > 1000) {
        assert.equal(await page.locator('.k-tablewrap').evaluate((box) => box.scrollWidth <= box.clientWidth), true, 'no amount is cut off')
      }
      await page.getByRole('button', { name: 'أعمدة أخرى' }).click()
      await itemsDiscount.fill('5')
      const further = line.locator('input[name$=".furtherTaxes"]')
      const offered = page.locator('[data-codes] [role=option]')
      await further.focus()
      await page.keyboard.type('W00')
      await offered.nth(1).waitFor()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      assert.equal(await further.inputValue(), 'W002 ')
      await page.keyboard.type('1%; ST02')
      await offered.filter({ hasText: 'ST02' }).waitFor()
      await page.keyboard.press('Enter')
      await page.keyboard.type('60')
      await page.keyboard.press('Tab')
      // (500 + 60) × 14 %; (500 − 5) × 1 % withheld; 500 + 60 + 78.40 − 5 − 4.95.
      await shows(page.locator('[data-total=total]'), '628.45')
      await shows(page.locator('[data-total=taxGroups]'), /القيمة المضافة .*78\.40.*60\.00.*−4\.95/)

      // Main taxes alone stand in the main choice, the usual one first, in the reader's language.
      const tax = line.locator('[data-combo*="invoicing.tax"] [role=combobox]')
      await tax.click()
      await tax.fill('V0')
      await page.locator('[data-combo] [role=option]').filter({ hasText: 'V010' }).waitFor()
      const names = await page.locator('[data-combo] [role=option]').allInnerTexts()
      assert.equal(names.length, 10)
      assert.equal(names[0], 'ضريبة القيمة المضافة 14% (V009)')
      assert.ok(names.every((name) => /\(V0\d\d\)/.test(name)))
      await page.keyboard.press('Enter')

      await page.locator('#tab-other').click()
      await page.locator('input[name=discount]').fill('28.45')
      await page.locator('input[name=discount]').press('Tab')
      await shows(page.locator('[data-total=total]'), '600.00')
      await page.getByRole('button', { name: 'حفظ' }).click()
      await page.waitForURL(/\/invoice\/[\w-]{36}/)
      assert.equal(await page.locator('input[name$=".furtherTaxes"]').inputValue(), 'W002 1%; ST02 60')
      assert.equal(await page.locator('input[name$=".country.itemsDiscount"]').inputValue(), '5')
      assert.equal(await page.locator('input[name=discount]').inputValue(), '28.45')
      await shows(page.locator('[data-total=total]'), '600.00')
      await shows(page.locator('[data-total=taxGroups]'), /60\.00.*−4\.95/)
      assert.equal(
        await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth),
        true,
        'nothing sticks out',
      )
      assert.deepEqual(await judge(page), [])
      assert.deepEqual(window.complaints, [])
      if (process.env['KHATM_LOOK'] !== undefined)
        await page.screenshot({ path: `${process.env['KHATM_LOOK']}/kept-${String(width)}.png`, fullPage: true })
    })
  }
})
