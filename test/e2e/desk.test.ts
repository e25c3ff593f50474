import assert from 'node:assert/strict'
import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import http from 'node:http'
import type { Browser } from 'playwright-core'
import { createCoreTranslator } from '../../core/i18n/create-translator.js'
import { DeskHouse } from '../../core/agent/test/desk-house.js'
import { until } from '../helpers/until.js'
import { PageServer } from '../../core/agent/page-server.js'
import { pageTexts } from '../../core/agent/run-agent.js'
import type { SigningDesk } from '../../core/agent/signing-desk.js'
import type { KeyReference, SignDigestRequest } from '../../core/signing/key.js'
import { softHsmIsHere, SoftToken } from '../../core/signing/test/soft-token.js'
import { certify, issueCertificate } from '../../core/signing/test/test-authority.js'
import { launch, noBrowser, openWindow } from './browser.js'
import { keepScreenshot } from './screenshot.js'

describe("The desk's page: documents, sum, PIN, refusal", function () {
  this.timeout(180_000)
  if (!softHsmIsHere || noBrowser !== undefined) {
    it('needs the Debian packages softhsm2 and chromium')
    return
  }
  let token: SoftToken
  let house: DeskHouse
  let desk: SigningDesk
  let page: PageServer
  let url: string
  let browser: Browser
  let reference: KeyReference

  const request = (number: string, value: string, currency = 'EGP'): SignDigestRequest => {
    const document = randomBytes(40)
    // CMS signed attributes with messageDigest alone, as the desk reads them.
    const attributes = Buffer.from('3131302f06092a864886f70d01090431220420', 'hex')
    const message = Buffer.concat([attributes, createHash('sha256').update(document).digest()])
    return {
      scheme: 'rsa-pkcs1',
      digestAlgorithm: 'sha256',
      digest: createHash('sha256').update(message).digest(),
      message,
      askedBy: 'سلمى عبد الله',
      uses: [
        {
          purpose: 'stamp-e-invoice',
          subject: { type: 'invoice', id: number, label: `فاتورة INV/2026/${number}` },
          amount: { value, currency },
          documentHash: createHash('sha256').update(document).digest('hex'),
        },
      ],
    }
  }

  before(async () => {
    token = new SoftToken('EGYPT-TRUST')
    token.generate('rsa:2048', '0a', 'seal')
    house = await DeskHouse.open({ waitSeconds: 60 })
    const paired = await house.pair('مكتب المحاسب')
    desk = await house.desk(paired)
    const bare = desk.tokens.present[0]?.keys[0]
    assert.ok(bare)
    const issuer = issueCertificate({ commonName: 'Example CA', ca: true })
    const publicKey = createPublicKey({ key: Buffer.from(bare.publicKey), format: 'der', type: 'spki' })
    const notAfter = new Date(Date.now() + 30 * 86_400_000)
    const wishes = { commonName: 'شركة النيل للتجارة VATEG-113317713', issuer, notAfter }
    token.installCertificate(certify(wishes, 'rsa-2048', publicKey, issuer.privateKey).der, '0a', 'seal')
    await desk.tokens.look()
    await until('the host knows the key', async () => {
      const desks = await house.scratch.database.company(house.companyId, (transaction) => house.provider.desks.list(transaction))
      return desks[0]?.tokens[0]?.keys[0]?.certificates.length === 1
    })
    const serial = desk.tokens.present[0]?.token.serial ?? ''
    const found = await house.provider.foundKey(house.companyId, { agentId: paired.pairing.agentId, tokenSerial: serial, keyId: '0a' })
    reference = { keyId: 'seal', companyId: house.companyId, algorithm: found.algorithm, stored: found.stored }
    page = new PageServer(desk, { texts: createCoreTranslator(), pageTexts, locale: 'ar' })
    url = await page.listen()
    browser = await launch()
  })
  after(async () => {
    await browser.close()
    await page.close()
    await desk.close()
    await house.end()
    token.remove()
  })

  it('in Arabic: three invoices with their sum are signed with one PIN; one is refused with a reason', async () => {
    const { page: tab, context, complaints } = await openWindow(browser, { locale: 'ar' })
    await tab.goto(url)
    await tab.getByText('لا شيء بانتظارك').waitFor()
    assert.equal(new URL(tab.url()).hash, '', 'the secret leaves the address bar')
    const asked = [request('101', '1150.00'), request('102', '2300.50'), request('103', '99.95')]
    const waiting = asked.map((one) => house.provider.signDigest(reference, one))
    const unwanted = assert.rejects(house.provider.signDigest(reference, request('104', '20.00', 'USD')), /SIGN-AGENT-REFUSED/)
    await tab.getByText('INV/2026/104').waitFor()
    await tab.getByText('المختار: 4').waitFor()
    await tab.getByLabel('INV/2026/104').uncheck()
    await tab.getByText('المختار: 3').waitFor()
    assert.equal(await tab.locator('.sums .amount').innerText(), '3,550.45 EGP')
    await keepScreenshot(tab, 'desk-ar')
    await tab.locator('#pin').fill('000000')
    await tab.getByRole('button', { name: 'توقيع 3' }).click()
    await tab.getByText('رفض الجهاز رمز PIN').waitFor()
    await tab.getByText('أُدخل رمز خاطئ من قبل').waitFor()
    assert.equal(desk.pending.length, 4, 'nothing was signed and nothing was tried again')
    await tab.locator('#pin').fill(token.pin)
    await tab.getByRole('button', { name: 'توقيع 3' }).click()
    await tab.getByText('وُقّع 3 من 3').waitFor()
    await Promise.all(waiting)
    await tab.getByLabel('INV/2026/104').check()
    await tab.getByRole('button', { name: 'رفض المختار' }).click()
    await tab.locator('#reason').fill('العميل غير صحيح')
    await tab.getByRole('button', { name: 'تأكيد الرفض' }).click()
    await unwanted
    await tab.getByText('لا شيء بانتظارك').waitFor()
    assert.deepEqual(
      complaints.filter((one) => !one.includes('status of 503')),
      [],
    )
    await context.close()
  })

  it('on a phone in English, dark: everything fits and the certificate tells its days', async () => {
    const { page: tab, context } = await openWindow(browser, { locale: 'en', width: 390, dark: true })
    await tab.goto(url)
    await tab.locator('#language').selectOption('en')
    const signed = house.provider.signDigest(reference, request('201', '12500.00'))
    await tab.getByText('INV/2026/201').waitFor()
    await tab.getByText('Details').first().click()
    await tab.getByText('This PC checked: what is signed names this document hash.').waitFor()
    const [width, shown] = await tab.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]')
    assert.ok(width <= shown, `the page is ${String(width)} wide on a screen of ${String(shown)}`)
    await tab.getByText(/\d+ days left/).waitFor()
    await keepScreenshot(tab, 'desk-phone-en')
    await tab.locator('#pin').fill(token.pin)
    await tab.getByRole('button', { name: 'Sign 1' }).click()
    await signed
    await context.close()
  })

  it('answers its own page alone: other host names, other origins and a missing secret are refused', async () => {
    const { port, hash } = new URL(url)
    const ask = (path: string, headers: http.OutgoingHttpHeaders, method = 'GET'): Promise<number> =>
      new Promise((resolve, reject) => {
        http
          .request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
            answer.resume()
            resolve(answer.statusCode ?? 0)
          })
          .on('error', reject)
          .end()
      })
    const own = { host: `127.0.0.1:${port}`, 'x-khatm-desk': hash.slice(1) }
    assert.equal(await ask('/api/state?since=0', own), 200)
    assert.equal(await ask('/api/state?since=0', { ...own, 'x-khatm-desk': 'x' }), 403)
    assert.equal(await ask('/api/state?since=0', { host: own.host }), 403)
    assert.equal(await ask('/', { ...own, host: `attacker.example:${port}` }), 403)
    assert.equal(await ask('/', { ...own, host: `localhost:${port}` }), 403)
    assert.equal(await ask('/api/lock', { ...own, origin: 'https://attacker.example' }, 'POST'), 403)
    assert.equal(await ask('/api/lock', { ...own, 'sec-fetch-site': 'cross-site' }, 'POST'), 403)
    assert.equal(await ask('/api/lock', own, 'POST'), 200)
    assert.equal(await ask('/../run-agent.ts', own), 404)
  })
})
