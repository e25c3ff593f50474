/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { pageSource, typstPdf } from '../../core/signing/test/typst-pdf.js'
import { temporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.js'
import { judge } from './accessibility.js'
import { noBrowser, openWindow, type Window } from './browser.js'
import { openHouse, type House } from './house.js'
import { keepScreenshot } from './screenshot.js'

describe('the public verification page', function () {
  this.timeout(180_000)
  let home: House
  let folder: TemporaryFolder
  let sealed: string
  let altered: string
  const open: Window[] = []

  before(async function () {
    if (noBrowser !== undefined) {
      console.log(`      skipped: ${noBrowser}`)
      this.skip()
    }
    home = await openHouse()
    folder = await temporaryFolder()
    const { host } = home.running
    const keys = await host.db.company(home.company.id, (transaction) => host.signing.keys(transaction))
    const key = keys.find(({ purposes }) => purposes.includes('seal-document'))
    assert.ok(key)
    const subject = { type: 'contract', id: 'c-1', label: 'عقد توريد' }
    const signer = await host.signing.open(home.context, key.id, { purpose: 'seal-document', subject })
    const { pdf } = await signPdf(typstPdf(pageSource), { signer, signedAt: new Date() })
    sealed = join(folder.path, 'عقد توريد.pdf')
    altered = join(folder.path, 'altered.pdf')
    writeFileSync(sealed, pdf)
    const at = pdf.indexOf('stream') + 12
    pdf.writeUInt8(pdf.readUInt8(at) ^ 1, at)
    writeFileSync(altered, pdf)
  })
  after(async () => {
    for (const window of open) await window.context.close()
    await folder.remove()
  })

  async function visit(options: Parameters<typeof openWindow>[1]): Promise<Window> {
    const window = await openWindow(home.browser, options)
    open.push(window)
    await window.page.goto(`${home.url}/verify`)
    return window
  }

  it('in Arabic: a file is dropped, one sentence says who sealed it and that it is practice, the report comes as PDF', async () => {
    const { page, complaints } = await visit({ locale: 'ar' })
    assert.equal(await page.locator('html').getAttribute('dir'), 'rtl')
    const base64 = readFileSync(sealed).toString('base64')
    await page.locator('.k-drop-area').evaluate(
      (area, [bytes, name]) => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name))
        area.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
      },
      [base64, basename(sealed)] as const,
    )
    const headline = page.locator('.k-verdict-good h1')
    await headline.waitFor()
    assert.match(await headline.innerText(), /^وقّعه .*مؤسسة ورق للتجهيزات المكتبية.* في .*\sUTC، ولم يتغيّر بعد ذلك\.$/)
    assert.match(await page.locator('.k-verdict-advice').innerText(), /مستند تجريبي بلا أثر قانوني/)
    await keepScreenshot(page, 'verification-ar')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'التقرير (PDF)' }).click()])
    const report = join(folder.path, 'report.pdf')
    await download.saveAs(report)
    execFileSync('qpdf', ['--check', report], { stdio: 'pipe' })
    assert.match(execFileSync('pdftotext', [report, '-'], { encoding: 'utf8' }), /TOTAL-PASSED/)
    // The verdict stays when the reader takes another language.
    await page.getByRole('button', { name: 'English' }).click()
    await page.locator('.k-verdict-good h1', { hasText: 'unchanged since' }).waitFor()
    assert.deepEqual(complaints, [])
  })

  it('on a phone, dark: an altered file is told in one sentence, nothing is cut off, assistive technology finds its way', async () => {
    const { page } = await visit({ locale: 'bg', width: 390, dark: true, bypassCSP: true })
    const faults = await judge(page)
    await page.locator('#file').setInputFiles(altered)
    await page.locator('.k-verdict-bad h1').waitFor()
    assert.match(await page.locator('.k-verdict-bad h1').innerText(), /нещо в него е променено/)
    assert.deepEqual([...faults, ...(await judge(page))], [])
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
  })

  it('by keyboard alone, and without a script', async () => {
    const { page } = await visit({ locale: 'en' })
    await page.locator('#file').focus()
    assert.notEqual(await page.locator('.k-drop-area').evaluate((area) => getComputedStyle(area).outlineStyle), 'none')
    const context = await home.browser.newContext({ locale: 'en', javaScriptEnabled: false })
    const plain = await context.newPage()
    await plain.goto(`${home.url}/verify`)
    await plain.locator('#file').setInputFiles(sealed)
    await plain.getByRole('button', { name: 'Check' }).click()
    await plain.locator('.k-verdict-good').waitFor()
    await context.close()
  })

  it('a file that is too large is told before it is sent', async () => {
    const { page } = await visit({ locale: 'en' })
    const large = join(folder.path, 'large.pdf')
    writeFileSync(large, Buffer.alloc(26 * 1024 * 1024))
    await page.locator('#file').setInputFiles(large)
    await page.getByText('larger than 25 MB').waitFor()
    assert.equal(new URL(page.url()).pathname, '/verify')
  })
})
