/// <reference lib="dom" />
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import type { CompanyContext } from '../../core/access/context.js'
import { egyptianCompany } from '../../modules/compliance-egypt/test/running-company.js'
import { judge } from './accessibility.js'
import { logIn, openWindow, shows, type Window } from './browser.js'
import type { House } from './house.js'
import { journey } from './journey.js'

const person = { login: 'nadia@customer.example', password: 'a long password of a test' } as const
const number = '900100509'

describe('an invoice for somebody who is no contact yet, by the keyboard alone, in Arabic', function () {
  this.timeout(180_000)
  let home: House
  let context: CompanyContext
  let window: Window
  let page: Page
  let invoice = ''

  journey(async (place) => {
    ;({ home } = place)
    context = await egyptianCompany(home.running, { code: 'customer-eg' })
    await home.running.access.createUser({ ...person, name: 'نادية', locale: 'ar' }, [
      { companyId: context.companyId, groups: ['core.admin'] },
    ])
    window = await openWindow(home.browser, { bypassCSP: true })
    place.closing.push(() => window.context.close())
    ;({ page } = window)
    await logIn(page, home.url, person.login, person.password)
  })

  const customer = () => page.getByRole('combobox', { name: 'العميل' })
  const dialog = () => page.getByRole('dialog', { name: 'عميل جديد' })

  /** Opens the dialog from the search, which does not find what is typed. */
  async function offer(typed: string): Promise<void> {
    await customer().fill(typed)
    await page.getByRole('option', { name: `إنشاء «${typed}»`, selected: true }).waitFor()
    await page.keyboard.press('Enter')
    await dialog().waitFor()
  }

  it('makes the contact in a dialog; a wrong number is told beside its field and loses nothing', async () => {
    await page.goto(`${home.url}/app/invoicing/invoice/new`)
    await offer('مدارس النيل')
    assert.equal(await dialog().getByLabel('الاسم').inputValue(), 'مدارس النيل')
    assert.deepEqual(await judge(page), [])
    // The first empty field has the focus.
    await page.keyboard.type('123')
    await page.keyboard.press('Enter')
    await shows(dialog().locator('.k-field-error'), /9|تسع/)
    assert.equal(await dialog().getByLabel('الاسم').inputValue(), 'مدارس النيل')
    await page.keyboard.press('Control+A')
    await page.keyboard.type(number)
    for (const [label, value] of [
      ['المدينة', 'المعادي'],
      ['الشارع', 'شارع 9'],
      ['رقم المبنى', '12'],
    ] as const) {
      await dialog().getByLabel(label, { exact: true }).fill(value)
    }
    await page.keyboard.press('Enter')
    await dialog().waitFor({ state: 'detached' })
    assert.match(await customer().inputValue(), /مدارس النيل/)
    assert.equal(await customer().evaluate((input) => input === document.activeElement), true, 'the work goes on where it was')
  })

  it('goes on with the invoice, which knows the customer', async () => {
    await shows(page.locator('[data-output=customerFacts]'), /900100509.*12 شارع 9.*المعادي/)
    const line = page.locator('table[data-lines=lines] tbody tr').first()
    await line.locator('input[name$=".description"]').fill('ورق')
    await line.locator('input[name$=".unitPrice"]').fill('10')
    const { identifiers } = await home.running.host.access.company(context.companyId)
    await line.locator('input[name$=".itemCode"]').fill(`EG-${identifiers[0]?.value ?? ''}-A4`)
    await page.getByRole('button', { name: 'حفظ' }).click()
    await page.waitForURL(/\/invoice\/[\w-]{36}/)
    invoice = page.url()
    assert.match(await customer().inputValue(), /مدارس النيل/)
  })

  it('tells of somebody who is there already, before a second one is made', async () => {
    await page.goto(`${home.url}/app/invoicing/invoice/new`)
    await customer().fill('900100509')
    await page.getByRole('option', { name: 'مدارس النيل', selected: true }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await dialog().waitFor()
    // Digits are a number, not a name.
    assert.equal(await dialog().getByLabel('الرقم', { exact: true }).inputValue(), number)
    await page.keyboard.type('مدارس أخرى')
    await page.keyboard.press('Enter')
    await shows(dialog().locator('.k-notice-warning'), 'مدارس النيل')
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })
    const rows = await home.running.host.db.company(context.companyId, (transaction) =>
      transaction.knex<{ company_id: string; name: string }>('contacts_contact').where({ company_id: transaction.companyId }).pluck('name'),
    )
    assert.deepEqual(rows, ['مدارس النيل'])
  })

  it('tells of a change in another window, keeps what was typed, and takes it at the second press', async () => {
    await page.goto(invoice)
    const other = await window.context.newPage()
    await other.goto(invoice)
    await other.locator('input[name$=".unitPrice"]').fill('20')
    await other.getByRole('button', { name: 'حفظ' }).click()
    await shows(other.locator('.k-notice-success'), /./)
    await other.close()

    await page.locator('input[name$=".unitPrice"]').fill('30')
    await page.getByRole('button', { name: 'حفظ' }).click()
    await shows(page.locator('#k-faults'), 'VIEW-CHANGED-MEANWHILE')
    assert.equal(await page.locator('input[name$=".unitPrice"]').inputValue(), '30.00')
    await page.getByRole('button', { name: 'حفظ' }).click()
    await shows(page.locator('.k-notice-success'), /./)
    assert.equal(await page.locator('input[name$=".unitPrice"]').inputValue(), '30.00')
  })

  it('posts what was seen, once: not what another window made of it, and not twice for a double click', async () => {
    const other = await window.context.newPage()
    await other.goto(invoice)
    await other.locator('input[name$=".unitPrice"]').fill('40')
    await other.getByRole('button', { name: 'حفظ' }).click()
    await shows(other.locator('.k-notice-success'), /./)
    await other.close()
    await page.getByRole('button', { name: 'تأكيد' }).click()
    await shows(page.locator('#k-faults'), 'VIEW-CHANGED-SHOWN')
    await shows(page.locator('.k-step-current'), 'مسودة')
    assert.equal(await page.locator('input[name$=".unitPrice"]').inputValue(), '40.00')
    await page.getByRole('button', { name: 'تأكيد' }).dblclick()
    await shows(page.locator('.k-step-current'), 'مرحّلة')
    assert.equal(await page.locator('#k-faults').count(), 0)
    const numbers = await home.running.host.db.company(context.companyId, (transaction) =>
      transaction
        .knex<{ company_id: string; number: string }>('invoicing_invoice')
        .where({ company_id: transaction.companyId })
        .pluck('number'),
    )
    assert.equal(numbers.length, 1)
  })
})
