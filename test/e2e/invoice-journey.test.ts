import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { z } from 'zod'
import type { TemporaryFolder } from '../helpers/temporary-folder.js'
import { accepted, choose, logIn, shows, type Window } from './browser.js'
import { house, type House } from './house.js'
import { journey } from './journey.js'
import { keepPaper, keepScreenshot } from './screenshot.js'

const mails = z.array(
  z
    .object({ id: z.string(), to: z.array(z.string()), subject: z.string(), attachments: z.array(z.object({ name: z.string() }).loose()) })
    .loose(),
)

describe('an invoice from the first contact to the mail, in Arabic', function () {
  this.timeout(180_000)
  let home: House
  let window: Window
  let page: Page
  let folder: TemporaryFolder
  let invoice = ''
  let pdf = ''

  journey((place) => {
    ;({ home, window, page, folder } = place)
  })

  it('logs in and reads from right to left', async () => {
    await logIn(page, home.url, house.login, house.password)
    assert.equal(await page.locator('html').getAttribute('dir'), 'rtl')
    await page.getByText('هذه الشركة تعمل مع الجهات التجريبية').waitFor()
  })

  it('creates a company with its VAT number and national address', async () => {
    await page.goto(`${home.url}/app/contacts/contact/new`)
    await page.getByLabel('الاسم', { exact: false }).first().fill('Rawabi Furniture Co.')
    await page.getByLabel('الاسم بالعربية').fill('شركة روابي للأثاث')
    await page.getByLabel('البريد الإلكتروني').fill('accounts@rawabi.example')
    await page.getByLabel('الشارع', { exact: true }).fill('طريق الملك فهد')
    await page.getByLabel('رقم المبنى').fill('7421')
    await page.getByLabel('الرقم الإضافي').fill('3310')
    await page.getByLabel('الحي').fill('العليا')
    await page.getByLabel('المدينة').fill('الرياض')
    await page.getByLabel('الرمز البريدي').fill('12211')
    const row = page.locator('table[data-lines=identifiers] tbody tr').first()
    await row.getByLabel('النوع').selectOption({ label: 'رقم التسجيل الضريبي' })
    // Digits as an Arabic keyboard types them.
    await row.getByLabel('الرقم').fill('٣١٠١٢٢٣٩٣٥٠٠٠٠٣')
    await page.getByRole('button', { name: 'حفظ' }).click()
    await page.waitForURL(/\/contact\/[\w-]{36}/)
    await shows(page.locator('h1'), 'روابي')
    assert.equal(await page.locator('table[data-lines=identifiers] tbody tr').first().getByLabel('الرقم').inputValue(), '310122393500003')
  })

  it('writes an invoice of two lines with the keyboard; the server counts while typing', async () => {
    await page.goto(`${home.url}/app/invoicing/invoice/new`)
    await choose(page.getByRole('combobox', { name: 'العميل' }), 'روابي', /روابي/)
    const rows = page.locator('table[data-lines=lines] tbody tr')
    await rows.first().getByLabel('الوصف').fill('مكتب خشب زان')
    await page.keyboard.press('Tab')
    await page.keyboard.type('٢')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.type('1200')
    await shows(page.locator('[data-total=total]'), '2,760.00')
    await page.keyboard.press('Enter')
    await rows.nth(1).waitFor()
    // The focus is in the new line: product, then its description.
    await page.keyboard.press('Tab')
    await page.keyboard.type('توصيل وتركيب')
    for (const key of ['Tab', 'Tab', 'Tab']) await page.keyboard.press(key)
    await page.keyboard.type('150.50')
    await shows(page.locator('[data-total=untaxed]'), '2,550.50')
    await shows(page.locator('[data-total=tax]'), '382.58')
    await shows(page.locator('[data-total=total]'), '2,933.08')
    await page.getByRole('button', { name: 'حفظ' }).click()
    await page.waitForURL(/\/invoice\/[\w-]{36}/)
    invoice = new URL(page.url()).pathname
    await shows(page.locator('[data-total=total]'), '2,933.08')
    await shows(page.locator('[aria-current=step]'), 'مسودة')
  })

  it('confirms it and sees the authority accept', async () => {
    await page.getByRole('button', { name: 'تأكيد' }).click()
    await shows(page.locator('[aria-current=step]'), 'مرحّلة')
    await shows(page.locator('h1'), /^\s*INV\/\d{4}\/\d{5}\s*$/)
    await accepted(page)
    await shows(page.locator('[data-step=answered]'), 'قبلته الجهة الضريبية')
    await page.getByRole('button', { name: 'إرسال وطباعة' }).waitFor({ timeout: 90_000 })
    await keepScreenshot(page, 'invoice-form-ar')
  })

  it('shows the document in the browser', async () => {
    await page.getByRole('link', { name: 'معاينة' }).click()
    await page.locator('[data-pdf][data-ready]').waitFor()
    await shows(page.locator('.k-notice-success'), 'PAdES')
    const paper = page.locator('canvas[data-shown]').first()
    await paper.waitFor()
    assert.ok((await paper.screenshot()).length > 20_000, 'the first page is drawn, not blank')
  })

  it('downloads a PDF whose QR and signature other programs read', async function () {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'تنزيل PDF' }).click()])
    pdf = join(folder.path, download.suggestedFilename())
    await download.saveAs(pdf)
    assert.match(download.suggestedFilename(), /^INV-\d{4}-\d{5}\.pdf$/)
    execFileSync('qpdf', ['--check', pdf], { stdio: 'pipe' })
    const signature = execFileSync('pdfsig', ['-nocert', pdf], { encoding: 'utf8' })
    assert.match(signature, /Signature is Valid/)
    assert.match(signature, /Total document signed/)
    const picture = join(folder.path, 'page')
    execFileSync('pdftoppm', ['-r', '200', '-png', '-f', '1', '-l', '1', '-singlefile', pdf, picture])
    const code = execFileSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', `${picture}.png`], {
      encoding: 'utf8',
    }).trim()
    const bytes = Buffer.from(code, 'base64')
    assert.equal(bytes[0], 1, 'the QR begins with the seller')
    assert.match(bytes.toString('utf8'), /مؤسسة ورق للتجهيزات المكتبية/)
    assert.match(bytes.toString('latin1'), /2933\.08/)
    keepPaper(pdf, 'invoice-pdf-ar')
    const attached = execFileSync('pdfdetach', ['-list', pdf], { encoding: 'utf8' })
    assert.match(attached, /\.xml/)
  })

  it('takes a part of the money, once for a double click, then the rest', async () => {
    await page.goto(home.url + invoice)
    await shows(page.locator('[data-field=paymentState]'), 'غير مدفوعة')
    let sent = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/action/pay')) sent += 1
    })
    await pay('1000')
    assert.equal(sent, 1)
    await shows(page.locator('[data-field=paymentState]'), 'مدفوعة جزئيًا')
    await shows(page.locator('[data-total=open]'), '1,933.08')
    await pay(undefined)
    await shows(page.locator('[data-field=paymentState]'), /^\s*حالة السداد\s*مدفوعة\s*$/)
    await shows(page.locator('[data-total=open]'), '0.00')
    assert.equal(await page.getByRole('button', { name: 'تسجيل دفعة' }).count(), 0)
  })

  /** Registers a payment; without an amount, what the dialog proposes. */
  async function pay(amount: string | undefined): Promise<void> {
    await page.getByRole('button', { name: 'تسجيل دفعة' }).first().click()
    const dialog = page.getByRole('dialog')
    assert.notEqual(await dialog.getByLabel('المبلغ').inputValue(), '', 'the open amount is proposed')
    if (amount !== undefined) await dialog.getByLabel('المبلغ').fill(amount)
    await dialog.getByLabel('الطريقة').selectOption({ label: 'تحويل بنكي' })
    await Promise.all([
      page.waitForResponse((answer) => answer.request().method() === 'POST'),
      // The second press comes while the first answer is awaited.
      dialog.getByRole('button', { name: 'تسجيل دفعة' }).evaluate((button: HTMLElement) => {
        button.click()
        setTimeout(() => {
          button.click()
        }, 10)
      }),
    ])
    await page.locator('.k-notice-success').waitFor()
  }

  it('sends it by mail, with the PDF and the legal file', async () => {
    await page.getByRole('button', { name: 'إرسال وطباعة' }).first().click()
    const dialog = page.getByRole('dialog')
    assert.equal(await dialog.getByLabel('إلى').inputValue(), 'accounts@rawabi.example')
    assert.match(await dialog.getByLabel('الموضوع').inputValue(), /INV\/\d{4}\/\d{5}/)
    await dialog.getByRole('button', { name: 'إرسال وطباعة' }).click()
    await page.locator('.k-logitem-mail').getByText('أُرسل', { exact: true }).waitFor({ timeout: 90_000 })
    const box = mails.parse(await (await fetch(`${home.running.authorities?.url ?? ''}/mail/api`)).json())
    const mail = box.filter((one) => one.to.includes('accounts@rawabi.example')).at(-1)
    assert.ok(mail, 'the mail is in the mailbox')
    const names = mail.attachments.map((one) => one.name)
    assert.ok(names.some((name) => name.endsWith('.pdf')) && names.some((name) => name.endsWith('.xml')), names.join(' '))
  })

  it('did all that without an error in the console or a refusal by the security policy', () => {
    assert.deepEqual(window.complaints, [])
  })
})
