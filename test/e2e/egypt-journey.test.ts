/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { CompanyContext } from '../../core/access/context.js'
import { egyptianCompany, post, settle } from '../../modules/compliance-egypt/test/running-company.js'
import { egyptDemonstration } from '../../modules/compliance-egypt/demonstration.js'
import type { TemporaryFolder } from '../helpers/temporary-folder.js'
import { judge } from './accessibility.js'
import { accepted, choose, logIn, openWindow, shows, speak, type Window } from './browser.js'
import type { House } from './house.js'
import { journey, type Place } from './journey.js'

const person = { login: 'mona@journey.example', password: 'a long password of a test' } as const
const ours = '900100303'
const theirs = '900100304'

describe('an Egyptian company from its setup to a cancelled invoice and a rejected one, in Arabic', function () {
  this.timeout(180_000)
  let home: House
  let window: Window
  let page: Page
  let folder: TemporaryFolder
  let closing: Place['closing']
  let context: CompanyContext
  let invoice = ''
  let received = ''

  journey(async (place) => {
    ;({ home, window, page, folder, closing } = place)
    const { running } = home
    context = await running.company({
      ...egyptDemonstration().company,
      code: 'journey-eg',
      name: 'Lotus Stationery',
      nameAr: 'شركة لوتس للأدوات المكتبية',
      identifiers: [{ scheme: 'VAT', value: ours }],
    })
    await running.host.modules.enable(context, 'compliance-egypt')
    await running.access.createUser({ ...person, name: 'منى', locale: 'ar' }, [{ companyId: context.companyId, groups: ['core.admin'] }])
  })

  const stepOf = (name: string) => page.locator(`li#${name}`)
  const done = (name: string): Promise<void> => stepOf(name).locator('summary .badge').first().filter({ hasText: 'تم' }).waitFor()

  async function open(name: string): Promise<void> {
    const details = stepOf(name).locator('> details')
    if ((await details.getAttribute('open')) === null) await details.locator('> summary').click()
  }

  it('is set up by its pages; what is wrong is said beside the field and loses nothing', async () => {
    await logIn(page, home.url, person.login, person.password)
    await page.goto(`${home.url}/app/compliance-egypt/setup`)
    await shows(page.locator('.eg-count'), 'تم 0 من 6')
    await page.getByRole('button', { name: 'الشركة مسجلة على البوابة' }).click()
    await done('portal')
    // The company's own address is proposed as head office.
    assert.equal(await page.locator('#branch-code').inputValue(), '0')
    assert.equal(await page.locator('#branch-street').inputValue(), 'شارع طلعت حرب')
    await page.getByRole('button', { name: 'احفظ الفرع' }).click()
    await done('branches')
    await page.locator('#activity-code').fill('9999')
    await page.getByRole('button', { name: 'أضف النشاط' }).click()
    await shows(stepOf('activity').getByRole('alert'), '9999')
    assert.equal(await page.locator('#activity-code').inputValue(), '9999')
    await page.locator('#activity-code').fill('4761')
    await page.getByRole('button', { name: 'أضف النشاط' }).click()
    await done('activity')
    await page.getByRole('button', { name: 'أكمل من البيئة التجريبية' }).click()
    await done('credentials')
    await done('key')
    await open('signing')
    await page.getByRole('button', { name: 'وقّع نص اختبار' }).click()
    await done('signing')
    await page.getByRole('link', { name: 'أصدر فاتورة' }).waitFor()
  })

  it('types an invoice with value added tax and withholding, and the authority takes it', async () => {
    await page.goto(`${home.url}/app/contacts/contact/new`)
    const contact = {
      name: 'Delta Schools',
      nameAr: 'مدارس الدلتا',
      street: 'شارع البحر',
      building: '5',
      district: 'أول طنطا',
      city: 'طنطا',
      region: 'الغربية',
    }
    for (const [name, value] of Object.entries(contact)) await page.locator(`input[name=${name}]`).fill(value)
    const row = page.locator('table[data-lines=identifiers] tbody tr').first()
    await row.getByLabel('النوع').selectOption('VAT')
    await row.getByLabel('الرقم').fill(theirs)
    await page.getByRole('button', { name: 'حفظ' }).click()
    await page.waitForURL(/\/contact\/[\w-]{36}/)

    await page.goto(`${home.url}/app/invoicing/invoice/new`)
    await choose(page.getByRole('combobox', { name: 'العميل' }), 'الدلتا', /الدلتا/)
    const line = page.locator('table[data-lines=lines] tbody tr').first()
    await line.locator('input[name$=".description"]').fill('ورق تصوير مقاس A4')
    await line.locator('input[name$=".itemCode"]').fill(`EG-${ours}-A4`)
    await line.locator('input[name$=".quantity"]').fill('٥')
    await line.locator('input[name$=".unitPrice"]').fill('100')
    await line.locator('input[name$=".furtherTaxes"]').fill('W002 1%')
    await line.locator('input[name$=".furtherTaxes"]').press('Tab')
    // 500 + 14 % value added tax - 1 % withheld.
    await shows(page.locator('[data-total=total]'), '565.00')
    await page.getByRole('button', { name: 'حفظ' }).click()
    await page.waitForURL(/\/invoice\/[\w-]{36}/)
    invoice = new URL(page.url()).pathname
    await page.getByRole('button', { name: 'تأكيد' }).click()
    await accepted(page)
    await shows(page.locator('.k-panel .badge'), 'صحيح')
  })

  it("prints it with the QR code of the authority's page", async () => {
    await page.goto(`${home.url}${invoice}/preview`)
    await page.locator('[data-pdf][data-ready]').waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'تنزيل PDF' }).click()])
    const pdf = join(folder.path, download.suggestedFilename())
    await download.saveAs(pdf)
    const picture = join(folder.path, 'page')
    execFileSync('pdftoppm', ['-r', '200', '-png', '-f', '1', '-l', '1', '-singlefile', pdf, picture])
    const code = execFileSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', `${picture}.png`], { encoding: 'utf8' })
    assert.match(code, /\/documents\/[A-Z0-9]+\/share\/[A-Za-z0-9]+/)
  })

  it('cancels it at the authority within the time, with a reason, after a question', async () => {
    await page.goto(home.url + invoice)
    await page.locator('summary').filter({ hasText: 'إلغاء لدى المصلحة' }).click()
    await shows(page.locator('.k-panel'), /متاح حتى\s*\d{2}\/\d{2}\/\d{4}/)
    await page.locator('#eta-reason').selectOption({ label: 'بيانات الفاتورة غير صحيحة' })
    await page.locator('.k-panel button.btn-danger').click()
    await page.locator('#k-confirm [data-yes]').click()
    await shows(page.locator('.k-notice-success'), 'أُلغي المستند')
    await shows(page.locator('.k-panel .badge'), 'ملغى')
  })

  it('reads what a supplier issued, with our verdict on its signature, and rejects it', async () => {
    const { host } = home.running
    const supplier = await egyptianCompany(home.running, {
      code: 'journey-supplier',
      name: 'Delta Supplies',
      nameAr: 'الدلتا للتوريدات',
      identifiers: [{ scheme: 'VAT', value: theirs }],
    })
    const company = await host.access.company(context.companyId)
    const sent = await post(host, supplier, {
      customer: { name: company.name, nameAr: company.nameAr, identifiers: company.identifiers, address: company.address },
      currency: 'EGP',
      lines: [{ description: 'أقلام "جاف"', quantity: '3', unit: 'PCE', unitPrice: '40', tax: 'V009', itemCode: `EG-${theirs}-PEN` }],
    })
    await settle(host, supplier, sent)

    await page.goto(`${home.url}/app/compliance-egypt/received`)
    await shows(page.locator('.k-empty'), 'لم تَرِد مستندات')
    await page.getByRole('button', { name: 'تحديث من المصلحة' }).click()
    await shows(page.locator('.k-table tbody tr'), 'الدلتا للتوريدات')
    await shows(page.locator('.k-table tfoot'), '136.80')
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'تصدير CSV' }).click()])
    assert.match(file.suggestedFilename(), /^received-[\d-]+\.csv$/)
    await page.locator('a.k-rowlink').first().click()
    // The document comes by a job; nobody reloads.
    await shows(page.locator('.eg-verdict'), 'موقّع توقيعًا صحيحًا')
    await shows(page.locator('.eg-lines'), 'أقلام "جاف"')
    received = new URL(page.url()).pathname
    await page.getByRole('button', { name: 'رفض المستند' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('سبب الرفض').selectOption({ label: 'بيانات المشتري غير صحيحة' })
    await dialog.getByRole('button', { name: 'رفض المستند' }).click()
    await shows(page.locator('.k-notice-success'), 'رُفض المستند')
    await shows(page.locator('[data-field=status]'), 'رفضته شركتكم')
  })

  it('opens the contact that carries the number of the issuer', async () => {
    await page.getByRole('link', { name: 'جهة الاتصال', exact: true }).click()
    await shows(page.locator('h1'), 'مدارس الدلتا')
  })

  it('did all that without an error in the console but the refused activity', () => {
    assert.deepEqual(
      window.complaints.filter((line) => !/setup\/activity: .*40[09]|setup\/activity: .*422/.test(line)),
      [],
    )
  })

  for (const [locale, width] of [
    ['ar', 1280],
    ['ar', 390],
    ['en', 1280],
    ['bg', 390],
  ] as const) {
    it(`has pages without a serious fault, none wider than the window, no text without words (${locale}, ${String(width)} px)`, async () => {
      const own = await openWindow(home.browser, { locale, width, bypassCSP: true })
      closing.push(() => own.context.close())
      await logIn(own.page, home.url, person.login, person.password)
      await speak(own.page, home.url, locale)
      const faults: string[] = []
      const names = ['setup', 'devices', 'codes', 'packages', 'received']
      for (const path of [...names.map((name) => `/app/compliance-egypt/${name}`), received, invoice]) {
        const answer = await own.page.goto(home.url + path)
        if (answer?.status() !== 200) faults.push(`${path}: ${String(answer?.status())}`)
        const { over, key, wide } = await own.page.evaluate(() => {
          for (const details of document.querySelectorAll('main details:not(.k-menu)')) details.setAttribute('open', '')
          return {
            // What sticks out, for whoever has to mend it.
            wide: [...document.querySelectorAll('main *')]
              .filter((one) => one.getBoundingClientRect().left < -1 && one.closest('.k-tablewrap') === null)
              .slice(0, 3)
              .map((one) => `${one.tagName}.${one.className}`)
              .join(' '),
            over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            key: /(?:^|\s)(?:compliance(?:-egypt)?|event|fault|views|invoicing)\.[a-z-][.\w-]*/.exec(document.body.innerText)?.[0],
          }
        })
        if (over > 0) faults.push(`${path}: ${String(over)} px too wide: ${wide}`)
        if (key !== undefined) faults.push(`${path}: shows ${key}`)
        faults.push(...(await judge(own.page)).map((fault) => `${path} ${fault}`))
      }
      assert.deepEqual(faults, [])
    })
  }
})
