import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../core/signing/test/test-authority.js'
import { SignerHouse } from '../../modules/signatures/signing-page/test/signer-house.js'
import { said } from '../../modules/signatures/services/signing/test/signing-house.js'
import { judge } from './accessibility.js'
import { launch, noBrowser, openWindow, type Window } from './browser.js'
import { keepScreenshot } from './screenshot.js'

const phone = { width: 390, height: 844 } as const
const mails = { ar: 'salma@example.test' } as const

/** The ways beside drawing a signature: another program, somebody else, no. */
describe('ways of a signer', function () {
  this.timeout(180_000)
  let house: SignerHouse
  let browser: Browser

  before(async function () {
    if (noBrowser !== undefined) this.skip()
    house = await SignerHouse.open({ worker: true })
    browser = await launch()
  })
  after(async () => {
    if (noBrowser !== undefined) return
    await browser.close()
    await house.close()
  })

  const look = async (page: Page, name: string): Promise<void> => {
    assert.deepEqual(await judge(page), [], name)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(wide <= 0, `${name} is ${String(wide)} px wider than the phone`)
    await keepScreenshot(page, `signer-${name}`)
  }

  const enter = async ({ page }: Window, path: string, email: string): Promise<void> => {
    await page.goto(house.url + path)
    await page.locator('form[action$="/begin"] button').click()
    await page.locator('#code').fill(await house.code(email))
    await page.locator('input[name=agree]').check()
    await page.locator('form[action$="/consent"] button').click()
    await page.locator('.s-page[data-shown]').first().waitFor()
  }

  it('downloads the file, signs it with a program of his own and brings it back; a wrong file is told in words', async () => {
    const authority = issueCertificate({ commonName: 'National CA', ca: true })
    const signer = signerOf(issueCertificate({ commonName: 'سلمى العتيبي', issuer: authority }), [authority])
    const request = await house.sent({ employee: { level: 'qualified' } })
    const window = await openWindow(browser, { locale: 'ar', ...phone })
    const { page } = window
    const path = await house.link(request, 'employee')
    await enter(window, path, mails.ar)
    assert.equal(await page.locator('[data-box=sign]').count(), 0)
    await page.locator('[data-next]').click()
    await page.locator('dialog[open] input').fill('SA0380000000608010167519')
    await page.locator('dialog[open] input').press('Enter')
    await page.locator('dialog[open] input[type=date]').fill('2026-12-01')
    await page.locator('dialog[open] .s-primary').click()
    await page.locator('[data-finish]').click()
    await page.locator('#file').waitFor()
    await look(page, 'elsewhere')
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('form[data-again] button').click()])
    const taken = join(house.signing.folder, 'taken.pdf')
    await download.saveAs(taken)
    const upload = async (file: string): Promise<void> => {
      await page.locator('#file').setInputFiles(file)
      await page.locator('form[enctype] button').click()
      await page.waitForLoadState()
    }
    await upload(taken)
    assert.match(await page.locator('#fault').innerText(), /ليس هذا الملف الذي نزّلته/)
    await look(page, 'elsewhere-wrong')
    const signed = await signPdf(readFileSync(taken), { signer, signedAt: house.host.now(), fieldName: 'employee.signature' })
    const back = join(house.signing.folder, 'signed.pdf')
    writeFileSync(back, signed.pdf)
    assert.match(said('pdfsig', '-nocert', back), /Signature is Valid/)
    // A qualified signature of an authority that nobody here trusts is not taken, and nothing is lost by trying.
    await upload(back)
    assert.match(await page.locator('#fault').innerText(), /جهة تصديق موثوقة/)
    await house.signing.company(async (transaction) => {
      await transaction
        .knex('signatures_signer')
        .where({ company_id: transaction.companyId, request_id: request.id, role: 'employee' })
        .update({ level: 'simple' })
    })
    await upload(back)
    await page.locator('[data-stage]').waitFor()
    assert.equal((await house.signer(request, 'employee')).state, 'signed')
    assert.deepEqual(
      window.complaints.filter((line) => !line.includes('422')),
      [],
    )
    await window.context.close()
  })

  for (const locale of ['ar', 'en', 'bg'] as const) {
    it(`declines and passes on in ${locale}`, async () => {
      const window = await openWindow(browser, { locale, ...phone })
      const { page } = window
      const request = await house.sent({ employee: { locale, email: mails.ar } })
      const path = await house.link(request, 'employee')
      await enter(window, path, mails.ar)
      await page.locator('.s-menu summary').click()
      const menu = await page.locator('.s-menu-list').boundingBox()
      assert.ok(menu !== null && menu.x >= 0 && menu.x + menu.width <= phone.width, `menu at ${JSON.stringify(menu)}`)
      await keepScreenshot(page, `signer-menu-${locale}`, { fullPage: false })
      await page.goto(`${house.url}${path}/delegate`)
      await look(page, `delegate-${locale}`)
      await page.locator('input[name=name]').fill('Nadia Hassan')
      await page.locator('input[name=email]').fill('ivan@example.test')
      await page.locator('[name=reason]').fill('…')
      await page.locator('form[action$="/delegate"] button').click()
      await look(page, `delegate-refused-${locale}`)
      await page.goto(`${house.url}${path}/decline`)
      await look(page, `decline-${locale}`)
      await page.locator('#reason').fill('The salary is not what we agreed on.')
      await page.locator('form[action$="/decline"] button').click()
      await page.locator('[data-message=declined]').waitFor()
      await look(page, `declined-${locale}`)
      await window.context.close()
    })
  }
})
