/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { CompanyContext } from '../../core/access/context.js'
import { documentOf } from '../../modules/invoicing/index.js'
import { egyptianCompany, post, settle, withTill } from '../../modules/compliance-egypt/test/running-company.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { judge } from './accessibility.js'
import { logIn, noBrowser, openWindow, shows, type Window } from './browser.js'
import { openHouse, type House } from './house.js'
import { keepScreenshot } from './screenshot.js'

const person = { login: 'till@shop.example', password: 'a long password of a test' } as const

describe('selling over the counter in a browser: scan, cash, change, slip, return', function () {
  this.timeout(180_000)
  let home: House
  let window: Window
  let page: Page
  let context: CompanyContext

  before(async function () {
    if (noBrowser !== undefined) {
      console.log(`      skipped: ${noBrowser}`)
      this.skip()
    }
    home = await openHouse()
    const { running } = home
    context = await egyptianCompany(running, {
      code: 'shop-eg',
      nameAr: 'مكتبة النيل',
    })
    await withTill(running.host, context)
    await withTill(running.host, context, { name: 'Till 2', serial: 'POS-0002', presharedKey: 'trial-key-2' })
    await running.host.db.company(context.companyId, ({ knex, companyId }) =>
      knex('invoicing_product').insert([
        { company_id: companyId, id: randomUUID(), code: 'EG-900100200-PEN-1', barcode: '6221000000015', name: 'Pen', name_ar: 'قلم حبر أزرق', unit: 'PCE', price: '12.50', tax_code: 'V009', active: true }, // prettier-ignore
        { company_id: companyId, id: randomUUID(), code: 'EG-900100200-NOTE-100', barcode: null, name: 'Notebook', name_ar: 'دفتر مسطر ١٠٠ ورقة', unit: 'PCE', price: '45.00', tax_code: 'V009', active: true }, // prettier-ignore
      ]),
    )
    await running.access.createUser({ ...person, name: 'هدى', locale: 'ar' }, [{ companyId: context.companyId, groups: ['core.admin'] }])
    window = await openWindow(home.browser)
    page = window.page
    await logIn(page, home.url, person.login, person.password)
  })
  after(async () => {
    if (noBrowser === undefined) await window.context.close()
  })

  const total = () => page.locator('#till-total')
  const search = () => page.locator('#till-search')
  const invoice = async () => {
    const id = /invoice\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? ''
    return home.running.host.db.company(context.companyId, (transaction) => documentOf(transaction, id))
  }

  it('finds by barcode and by name, adds up with discount and tax, and gives the change; the keyboard alone does it', async () => {
    await page.goto(`${home.url}/app/invoicing`)
    await page.getByRole('link', { name: 'بيع سريع' }).click()
    await page.waitForURL('**/sell')
    await page.keyboard.type('6221000000015')
    await page.keyboard.press('Enter')
    await shows(total(), '14.25')
    await page.keyboard.type('3*دفتر')
    await page.getByRole('option', { name: 'دفتر مسطر' }).waitFor()
    await page.keyboard.press('Enter')
    await shows(total(), '168.15')
    // Scanned again: one line of two.
    await page.keyboard.type('6221000000015')
    await page.keyboard.press('Enter')
    await shows(total(), '182.40')
    await page.getByLabel('خصم: دفتر مسطر').fill('٥')
    await shows(total(), '176.70')
    await page.keyboard.press('F8')
    await page.keyboard.type('100')
    await shows(page.locator('#till-faults'), 'INVOICE-SELL-RECEIVED')
    assert.ok(await page.locator('#till-go').isDisabled())
    await page.locator('#till-received').fill('200')
    await shows(page.locator('#till-change'), '23.30')
    assert.deepEqual(await judgedAlone(), [])
    await keepScreenshot(page, 'quick-sale')
    await page.locator('#till-print').uncheck()
    await page.reload()
    await shows(total(), '176.70')
    await page.locator('#till-received').fill('200')
    await shows(page.locator('#till-change'), '23.30')
    await page.keyboard.press('Control+Enter')
    await shows(page.locator('#till-done-change'), '23.30')
    await keepScreenshot(page, 'quick-sale-done', { fullPage: false })
    const slip = await page.request.get(`${home.url}${(await page.locator('#till-slip').getAttribute('href')) ?? ''}`)
    await paperOf(await slip.body())
    await page.locator('#till-open').click()
    await page.waitForURL('**/invoice/**')
    const document = await invoice()
    assert.equal(document.simplified, true)
    assert.equal(document.totals.payable, '176.70')
    assert.equal(document.country?.['device'], 'POS-0001')
    assert.deepEqual(
      document.lines.map((line) => [line.quantity, line.itemCode]),
      [
        ['2', 'EG-900100200-PEN-1'],
        ['3', 'EG-900100200-NOTE-100'],
      ],
    )
    await shows(page.locator('main'), 'مدفوع')
  })

  it('takes chosen goods back from the receipt’s page by one button, each only once', async () => {
    await page.getByRole('link', { name: 'إرجاع بضاعة' }).click()
    await page.getByLabel('كمية الإرجاع').first().fill('1')
    await page.getByLabel('كمية الإرجاع').nth(1).fill('4')
    await page.getByRole('button', { name: 'إصدار المرتجع' }).click()
    await shows(page.locator('[role=alert]'), 'INVOICE-RETURN-QUANTITY')
    // Values stand in isolates, so that what is Latin keeps its order.
    await shows(page.locator('[role=alert]'), /من \u2068?0\u2069? إلى \u2068?3\u2069?/)
    await page.getByLabel('كمية الإرجاع').nth(1).fill('0')
    await keepScreenshot(page, 'take-back')
    const sale = page.url()
    await page.getByRole('button', { name: 'إصدار المرتجع' }).click()
    await page.waitForURL('**/invoice/**')
    const note = await invoice()
    assert.deepEqual([note.type, note.simplified, note.totals.payable], ['credit_note', true, '14.25'])
    await shows(page.locator('main'), 'مدفوع')
    await page.goto(sale)
    assert.equal(await page.getByLabel('كمية الإرجاع').first().inputValue(), '1', 'one of two is left')
  })

  it('remembers the till of this browser and fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(`${home.url}/app/invoicing/sell`)
    await page.locator('#till-place').selectOption('POS-0002')
    await page.reload()
    assert.equal(await page.locator('#till-place').inputValue(), 'POS-0002')
    await search().fill('قلم')
    await page.getByRole('option', { name: 'قلم حبر' }).click()
    await page.getByRole('button', { name: 'زيادة: قلم' }).click()
    await shows(total(), '28.50')
    assert.ok((await page.locator('html').evaluate((html) => html.scrollWidth)) <= 390)
    await keepScreenshot(page, 'quick-sale-phone')
    // The one refusal above is the server's answer to too many returned.
    assert.deepEqual(
      window.complaints.filter((one) => !one.includes('422')),
      [],
    )
  })

  it('shows the day on the overview, and beside the tills what was refused and why, with a button to correct it', async () => {
    const { running } = home
    await fetch(`${running.authorities?.url ?? ''}/control/eta/receipts/refuse`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ count: '1' }) }) // prettier-ignore
    const line = { description: 'قلم حبر أزرق', itemCode: 'EG-900100200-PEN-1', quantity: '1', unitPrice: '12.50', tax: 'V009' }
    const posted = await post(running.host, context, { simplified: true, country: { device: 'POS-0002' }, lines: [line] })
    await settle(running.host, context, posted)
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.goto(`${home.url}/app/invoicing`)
    const card = page.locator('.card', { hasText: 'إيصالات اليوم' })
    await shows(card, '176.70')
    await shows(card, 'مرفوضة: 1')
    await card.click()
    await page.waitForURL('**/devices')
    await keepScreenshot(page, 'points-of-sale')
    await page.getByRole('link', { name: 'تعديل: POS-0002' }).click()
    await page.locator('#device-receiptType').fill('SR')
    await page.locator('#device-signs').selectOption('yes')
    await page.getByRole('button', { name: 'حفظ' }).click()
    await page.getByRole('link', { name: 'تعديل: POS-0002' }).click()
    assert.deepEqual(
      [await page.locator('#device-receiptType').inputValue(), await page.locator('#device-signs').inputValue()],
      ['SR', 'yes'],
    )
    await page.getByRole('button', { name: `إصدار تصحيح: ${posted[0]?.number ?? ''}` }).click()
    await page.waitForURL('**/invoice/**')
    await shows(page.locator('main'), 'تصحيح')
  })

  /** 80 mm wide; its QR code, as a scanner reads it off the paper, names the portal, the total and the issuer. */
  async function paperOf(pdf: Buffer): Promise<void> {
    const folder = await temporaryFolder()
    try {
      const file = join(folder.path, 'slip.pdf')
      await writeFile(file, pdf)
      assert.match(execFileSync('pdfinfo', [file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }), /Page size: +226\.7\d* x/)
      execFileSync('pdftoppm', ['-r', '200', '-png', '-singlefile', file, join(folder.path, 'slip')])
      const read = execFileSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', join(folder.path, 'slip.png')], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      assert.match(read, /\/receipts\/search\/[0-9a-f]{64}\/share\/[0-9T:-]+Z#Total:176\.70,IssuerRIN:900100200/)
    } finally {
      await folder.remove()
    }
  }

  /** The policy of pages forbids foreign scripts: axe looks at the same page in a window that has none. */
  async function judgedAlone(): Promise<string[]> {
    const other = await openWindow(home.browser, { bypassCSP: true })
    await logIn(other.page, home.url, person.login, person.password)
    await other.page.goto(`${home.url}/app/invoicing/sell`)
    await other.page.locator('#till-search').fill('3*دفتر')
    await other.page.locator('#till-found [role=option]').first().click()
    await other.page.locator('#till-amount, .k-till-amount').first().filter({ hasText: '153.90' }).waitFor()
    const found = await judge(other.page)
    await other.context.close()
    return found
  }
})
