import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { toPem } from '../../core/signing/certificate-request.js'
import { egyptianCompany, post } from '../../modules/compliance-egypt/test/running-company.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'
import { judge } from './accessibility.js'
import { launch, logIn, noBrowser, openWindow, speak } from './browser.js'

const folder = join(import.meta.dirname, '../../modules/compliance-egypt/examples/in')

describe('Egyptian law of signatures on pages', function () {
  this.timeout(180_000)
  let browser: Browser
  let running: TestHost
  let url: string
  let invoiceId: string

  before(async function () {
    if (noBrowser !== undefined) {
      console.log(`      skipped: ${noBrowser}`)
      this.skip()
    }
    browser = await launch()
    closing.push(() => browser.close())
    running = await startTestHost({ role: { web: true, worker: true }, sandbox: true })
    closing.push(() => running.stop())
    const context = await egyptianCompany(running)
    await running.access.createUser({ login: 'law@demo.example', password: 'a long password of a test', name: 'سلمى', locale: 'ar' }, [
      { companyId: context.companyId, groups: ['core.admin', 'invoicing.manager', 'credentials.manager'] },
    ])
    const { company: _company, ...input } = JSON.parse(readFileSync(join(folder, '1-invoice.json'), 'utf8')) as Record<string, unknown> // an object
    const [posted] = await post(running.host, context, input)
    invoiceId = posted?.invoiceId ?? ''
    url = `http://127.0.0.1:${String((await running.listen()).port)}`
  })
  const closing: (() => Promise<unknown>)[] = []
  after(async () => {
    for (const close of closing) await close()
  })

  it('a mandate and an accepted foreign authority are entered, ended and taken back; the examination and the dossier are on the invoice', async () => {
    const { page, complaints, context } = await openWindow(browser, { locale: 'ar', bypassCSP: true })
    const shot = process.env['KHATM_LAW_SHOTS']
    const look = async (name: string): Promise<void> => {
      if (shot !== undefined) await page.screenshot({ path: join(shot, `${name}.png`), fullPage: true })
    }
    await logIn(page, url, 'law@demo.example', 'a long password of a test')
    await page.goto(`${url}/app/compliance-egypt/law`)
    await page.locator('#mandates details summary').last().click()
    await page.locator('#mandates-signer').fill('منى عبد الله')
    await page.locator('#mandates-capacity').fill('المدير المالي')
    await page.locator('#mandates-document').fill('توكيل رقم 1122 لسنة 2026')
    await page.locator('#mandates-until').fill('2020-01-01')
    await page.locator('#mandates form.eg-grid button').click()
    // A period that ends before it begins is refused beside its form, and what was typed stays.
    await page.getByRole('alert').waitFor()
    assert.equal(await page.locator('#mandates-signer').inputValue(), 'منى عبد الله')
    await page.locator('#mandates-until').fill('')
    await page.locator('#mandates form.eg-grid button').click()
    await page.locator('#mandates .k-badge-green').waitFor()

    const root = Buffer.from(running.host.config.sandbox.trustAnchors[0] ?? '', 'base64')
    const file = join(running.dataDir, 'root.pem')
    writeFileSync(file, toPem('CERTIFICATE', root))
    await page.locator('#authorities details summary').last().click()
    await page.locator('#authorities-certificate').setInputFiles(file)
    await page.locator('#authorities input[name=ground][value=c]').check()
    await page.locator('#authorities-decision').fill('ITIDA 44/2026')
    await page.locator('#authorities form.eg-grid button').click()
    await page.locator('#authorities .k-badge-green').waitFor()
    await look('law-ar')
    assert.deepEqual(await judge(page), [])
    const withdraw = page.locator('#authorities .eg-row details')
    await withdraw.locator('summary').click()
    await withdraw.locator('input[name=reason]').fill('قرار السحب 45/2026')
    await withdraw.locator('button').click()
    await page.locator('#authorities .k-badge-grey').waitFor()
    await page.locator('#authorities .eg-row button[value=restore]').click()
    await page.locator('#authorities .k-badge-green').waitFor()

    await page.goto(`${url}/app/invoicing/invoice/${invoiceId}`)
    const panel = page.locator('.k-panel', { has: page.locator('a[href$="/dossier"]') })
    await panel.getByText('Khatm Sandbox Time Stamps').waitFor()
    await panel.locator('details summary').last().click()
    await panel.locator('#exam-number').fill('ITIDA-EX-9')
    await panel.locator('form button').click()
    await page.locator('.k-panel').getByText('ITIDA-EX-9').waitFor()
    await look('panel-ar')
    assert.deepEqual(await judge(page), [])
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a[href$="/dossier"]').click()])
    assert.equal(
      readFileSync(await download.path())
        .subarray(0, 2)
        .toString(),
      'PK',
    )

    // The page of the key says what its certificate holds by Art. 20.
    await page.goto(`${url}/app/credentials/keys`)
    await page.locator('main a[href*="/credentials/keys/"]').first().click()
    const lint = page.locator('#section-0')
    await lint.waitFor()
    assert.equal(await page.locator('section[aria-labelledby=section-0] li').count(), 13)
    await look('key-ar')
    assert.deepEqual(await judge(page), [])

    // A mandate whose last days these are: marked in its register, and said on the page of steps with the way to renew it.
    const until = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10)
    await page.goto(`${url}/app/compliance-egypt/law`)
    await page.locator('#mandates details summary.btn').click()
    for (const [name, value] of Object.entries({
      signer: 'ليلى حسن',
      capacity: 'محاسبة',
      document: 'توكيل رقم 7',
      from: '2026-01-01',
      until,
    }))
      await page.locator(`#mandates-${name}`).fill(value)
    await page.locator('#mandates form.eg-grid button').click()
    await page.locator('#mandates .eg-row', { hasText: 'ليلى حسن' }).locator('.k-badge-orange').waitFor()
    await page.locator('#mandates .eg-row', { hasText: 'منى' }).locator('summary').click()
    await page.locator('#mandates .eg-row', { hasText: 'منى' }).locator('input[name=reason]').fill('خرجت من الشركة')
    await page.locator('#mandates .eg-row', { hasText: 'منى' }).locator('details button').click()
    await page.locator('#mandates .k-badge-grey').waitFor()
    await page.goto(`${url}/app/compliance-egypt/setup`)
    const soon = page.locator('section[aria-labelledby=soon-title]')
    await soon.getByText('ليلى حسن').waitFor()
    assert.ok((await soon.innerText()).includes(until))
    await look('soon-ar')
    assert.deepEqual(await judge(page), [])

    await page.setViewportSize({ width: 390, height: 844 })
    await speak(page, url, 'en')
    await page.goto(`${url}/app/compliance-egypt/setup`)
    await look('soon-en-390')
    assert.equal(await page.locator('html').evaluate((html) => html.scrollWidth <= html.clientWidth), true)
    await page.goto(`${url}/app/compliance-egypt/law`)
    await look('law-en-390')
    assert.equal(await page.locator('html').evaluate((html) => html.scrollWidth <= html.clientWidth), true)
    // The refused form above is the one answer that is no success.
    assert.deepEqual(
      complaints.filter((one) => !one.includes('422')),
      [],
    )
    await context.close()
  })
})
