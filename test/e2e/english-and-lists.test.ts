/// <reference lib="dom" />
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { accepted, choose, logIn, noBrowser, openWindow, shows, speak, type Window } from './browser.js'
import { house, openHouse, type House } from './house.js'
import { keepScreenshot } from './screenshot.js'

const list = '/app/invoicing/invoice'

describe('invoices in English: form, list, phone, keyboard', function () {
  this.timeout(180_000)
  let home: House
  let window: Window
  let page: Page
  const closing: (() => Promise<unknown>)[] = []

  before(async function () {
    if (noBrowser !== undefined) {
      console.log(`      skipped: ${noBrowser}`)
      this.skip()
    }
    home = await openHouse()
    window = await openWindow(home.browser, { locale: 'en' })
    page = window.page
    closing.push(() => window.context.close())
    await logIn(page, home.url, house.login, house.password)
    await speak(page, home.url, 'en')
  })
  after(async () => {
    for (const close of closing) await close()
  })

  async function write(customer: string, description: string, price: string): Promise<void> {
    await page.goto(`${home.url}${list}/new`)
    await choose(page.getByRole('combobox', { name: 'Customer' }), customer, new RegExp(customer))
    const row = page.locator('table[data-lines=lines] tbody tr').first()
    await row.getByLabel('Description').fill(description)
    await row.getByLabel('Price').fill(price)
    await page.keyboard.press('Control+s')
    await page.waitForURL(/\/invoice\/[\w-]{36}/)
  }

  it('creates a customer and three invoices, and confirms one', async () => {
    await page.goto(`${home.url}/app/contacts/contact/new`)
    await page.getByLabel('Name', { exact: false }).first().fill('Dune Catering LLC')
    for (const [label, value] of [
      ['Street', 'Olaya Street'],
      ['Building', '1234'],
      ['District', 'Olaya'],
      ['City', 'Riyadh'],
      ['ZIP', '12244'],
    ] as const)
      await page.getByLabel(label).first().fill(value)
    const row = page.locator('table[data-lines=identifiers] tbody tr').first()
    await row.locator('select').selectOption('VAT')
    await row.locator('input[name$=".value"]').fill('310122393500003')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.waitForURL(/\/contact\/[\w-]{36}/)
    await write('Dune', 'Office chairs', '400')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await shows(page.locator('[aria-current=step]'), 'Posted')
    await accepted(page)
    await write('Dune', 'Desk lamps', '75.5')
    await write('Dune', 'Paper', '20')
  })

  it('tells what is wrong beside the field, and leads to it', async () => {
    await page.goto(`${home.url}/app/contacts/contact/new`)
    await page.getByRole('button', { name: 'Save' }).click()
    const name = page.locator('input[name=name]')
    await page.locator('#k-faults').waitFor()
    assert.equal(await name.getAttribute('aria-invalid'), 'true')
    await page.locator('#k-faults a').first().click()
    assert.ok(await name.evaluate((input) => input.matches(':focus')))
  })

  it('searches, filters, groups, sorts and chooses columns', async () => {
    await page.goto(home.url + list)
    await page.getByRole('searchbox').fill('Dune')
    await page.keyboard.press('Enter')
    await page.locator('.k-facet').getByText('Dune').waitFor()
    const rows = page.locator('tr.k-row')
    assert.equal(await rows.count(), 3)
    await shows(page.locator('tfoot'), '569.83')
    await page.locator('summary[aria-label=Filters]').click()
    await page.locator('.k-facetpop').getByRole('link', { name: 'Draft' }).click()
    await page.locator('.k-facet-filter').waitFor()
    assert.equal(await rows.count(), 2)
    // Sorted by the total, smallest first, then the other way round.
    await page.locator('thead').getByRole('link', { name: 'Total' }).click()
    await page.locator('th[aria-sort=ascending]').waitFor()
    const first = await rows.first().innerText()
    await page.locator('th[aria-sort] a').click()
    await page.locator('th[aria-sort=descending]').waitFor()
    assert.notEqual(await rows.first().innerText(), first)
    await page.goto(`${home.url}${list}?q=Dune`)
    await page.locator('summary[aria-label=Filters]').click()
    await page.locator('.k-facetpop').getByRole('link', { name: 'Status', exact: true }).click()
    await page.locator('.k-groupbutton').first().waitFor()
    assert.equal(await page.locator('.k-groupbutton').count(), 2)
    await page.locator('.k-groupbutton').first().click()
    await rows.first().waitFor()
    await page.goto(home.url + list)
    await page.locator('summary[aria-label=Columns]').click()
    await page.getByRole('checkbox', { name: 'Due Date' }).uncheck()
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.locator('thead').getByText('Due Date').waitFor({ state: 'detached' })
    await keepScreenshot(page, 'invoice-list-en')
  })

  it('confirms many at once', async () => {
    await page.goto(`${home.url}${list}?q=Dune&f=draft`)
    await page.locator('[data-tick-all]').check()
    await page.locator('#k-bulk').getByText('2', { exact: false }).first().waitFor()
    await page.locator('#k-bulk').getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Yes' }).click()
    await page.locator('.k-notice-success').waitFor()
    await page.goto(`${home.url}${list}?q=Dune&f=posted`)
    assert.equal(await page.locator('tr.k-row').count(), 3)
  })

  it('finds pages and records by Ctrl-K; Escape closes dialogs and gives the focus back', async () => {
    await page.goto(`${home.url}/app`)
    await page.keyboard.press('Control+k')
    const palette = page.locator('#k-palette')
    await palette.getByRole('combobox').fill('Dune Catering')
    await palette
      .getByRole('option', { name: /Dune Catering/ })
      .first()
      .waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/contact\/[\w-]{36}/)
    await page.goto(`${home.url}${list}?q=Dune`)
    await page.locator('.k-rowlink').first().click()
    const pay = page.getByRole('button', { name: 'Register Payment' }).first()
    await pay.click()
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    assert.ok(await pay.evaluate((button) => button.matches(':focus')))
  })

  it('goes through a form by Tab in reading order, with the focus to be seen', async () => {
    await page.goto(`${home.url}${list}/new`)
    await page.locator('select[name=type]').focus()
    const names: string[] = []
    for (let step = 0; step < 3; step++) {
      await page.keyboard.press('Tab')
      const focus = page.locator(':focus')
      names.push((await focus.getAttribute('id')) ?? '')
      const seen = await focus.evaluate((one) => {
        const style = getComputedStyle(one)
        return style.outlineStyle !== 'none' || style.boxShadow !== 'none' || style.borderColor !== ''
      })
      assert.ok(seen, `the focus on ${names.at(-1) ?? ''} cannot be seen`)
    }
    assert.deepEqual(names, ['f-contactId', 'f-simplified', 'f-issueDate'])
  })

  it('fits a phone: cards for rows, the first button at hand, nothing to scroll sideways', async () => {
    const phone = await openWindow(home.browser, { locale: 'ar', width: 390 })
    await logIn(phone.page, home.url, house.login, house.password)
    await speak(phone.page, home.url, 'ar')
    for (const path of [
      '/app',
      '/app/invoicing',
      list,
      `${list}/new`,
      '/app/contacts/contact',
      '/app/contacts/contact/new',
      '/app/seal/designs',
    ]) {
      await phone.page.goto(home.url + path)
      const over = await phone.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.ok(over <= 0, `${path} is ${String(over)} px too wide`)
    }
    await phone.page.goto(`${home.url}${list}?q=Dune`)
    await phone.page.locator('.k-rowlink').first().click()
    await accepted(phone.page)
    await keepScreenshot(phone.page, 'invoice-form-phone-ar', { fullPage: false })
    await phone.context.close()
    assert.deepEqual(phone.complaints, [])
  })

  it('did all that without an error in the console or a refusal by the security policy', () => {
    // The refused form above is answered with 422, which the browser notes.
    assert.deepEqual(
      window.complaints.filter((line) => !line.includes('422')),
      [],
    )
  })
})
