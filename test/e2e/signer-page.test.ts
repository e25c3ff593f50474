import assert from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import { said } from '../../modules/signatures/services/signing/test/signing-house.js'
import { SignerHouse } from '../../modules/signatures/signing-page/test/signer-house.js'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type AddressInfo } from 'node:net'
import { judge } from './accessibility.js'
import { launch, noBrowser, openWindow, type Window } from './browser.js'
import { keepScreenshot } from './screenshot.js'

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      // A listening TCP server's address is always an AddressInfo.
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })
}

const phone = { width: 390, height: 844 } as const

describe("signer's page", function () {
  this.timeout(180_000)
  let house: SignerHouse
  let browser: Browser

  before(async function () {
    if (noBrowser !== undefined) this.skip()
    // Passkeys are bound to the name of the host, which must be known before it starts.
    const port = await freePort()
    house = await SignerHouse.open({ worker: true, port, publicUrl: `http://localhost:${String(port)}` })
    browser = await launch()
  })
  after(async () => {
    if (noBrowser !== undefined) return
    await browser.close()
    await house.close()
  })

  const enter = async (
    window: Window,
    path: string,
    email: string,
    check: (step: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> => {
    const { page } = window
    await page.goto(house.url + path)
    await check('start')
    await page.locator('form[action$="/begin"] button').click()
    await page.locator('#code').waitFor()
    await check('code')
    await page.locator('#code').fill(await house.code(email))
    await page.locator('input[name=agree]').waitFor()
    await check('consent')
    await page.locator('input[name=agree]').check()
    await page.locator('form[action$="/consent"] button').click()
    await page.locator('.s-page[data-shown]').first().waitFor()
  }

  const scribble = async (page: Page): Promise<void> => {
    const pad = page.locator('canvas.s-pad[data-ready]')
    await pad.waitFor()
    const box = await pad.boundingBox()
    assert.ok(box)
    const at = (x: number, y: number): [number, number] => [box.x + box.width * x, box.y + box.height * y]
    await page.mouse.move(...at(0.9, 0.3))
    await page.mouse.down()
    for (let step = 0; step <= 24; step += 1) await page.mouse.move(...at(0.9 - step / 30, 0.5 + 0.3 * Math.sin(step)))
    await page.mouse.up()
  }

  it('is walked on a phone in Arabic: link, code, consent, fields, a drawn signature; the next signer types his name', async () => {
    const request = await house.sent()
    const look = (name: string, page: Page) => keepScreenshot(page, `signer-${name}`, { fullPage: false })
    const first = await openWindow(browser, { locale: 'ar', ...phone })
    const { page } = first
    const path = await house.link(request, 'employee')
    await enter(first, path, 'salma@example.test', (step) => look(step, page))
    await look('document', page)
    assert.match(await page.locator('.s-ask').innerText(), /عقد عمل/)
    assert.match(await page.locator('[data-count]').innerText(), /1 من 4/)
    assert.match(await page.locator('.s-page .s-hidden').first().innerText(), /Page 1/)
    await page.locator('[data-next]').click()
    await look('field', page)
    const iban = page.locator('dialog[open] input')
    await iban.fill('SA0380000000608010167510')
    await page.locator('dialog[open] .s-fault:not([hidden])').waitFor()
    await look('field-wrong', page)
    await iban.fill('SA0380000000608010167519')
    await iban.press('Enter')
    await page.locator('dialog[open] input[type=date]').fill('2026-12-01')
    await page.locator('dialog[open] .s-primary').click()
    await scribble(page)
    await look('draw', page)
    await page.locator('dialog[open] .s-primary').click()
    await page.locator('[data-box=sign] img').waitFor()
    // A condition opens a field that is asked for then.
    await page.locator('[data-box=pension]').click()
    assert.match(await page.locator('[data-count]').innerText(), /4 من 5/)
    await page.locator('[data-next]').click()
    await page.locator('dialog[open] input').fill('صندوق المثال')
    await page.locator('dialog[open] .s-primary').click()
    await page.locator('[data-saved]', { hasText: 'محفوظ' }).waitFor()
    await look('filled', page)
    await page.locator('[data-finish]').click()
    await page.locator('[data-stage]').waitFor()
    await look('finished', page)
    assert.deepEqual(first.complaints, [])

    const second = await openWindow(browser, { locale: 'en', ...phone })
    await enter(second, await house.link(request, 'employer'), 'ivan@example.test')
    await second.page.locator('[data-view=form]').click()
    await keepScreenshot(second.page, 'signer-form')
    await second.page.locator('.s-field button').click()
    await second.page.locator('[role=tab][data-tab=type]').click()
    await second.page.waitForTimeout(300)
    await keepScreenshot(second.page, 'signer-type', { fullPage: false })
    await second.page.locator('dialog[open] .s-primary').click()
    await second.page.locator('[data-fields] .s-sign-name').waitFor()
    await second.page.locator('[data-finish]').click()
    await second.page.locator('[href$="/file/document"]').waitFor({ timeout: 90_000 })
    await keepScreenshot(second.page, 'signer-ready', { fullPage: false })
    assert.deepEqual(second.complaints, [])

    const done = await house.signing.read(request.id)
    assert.equal(done.state, 'sealed')
    const pdf = join(house.signing.folder, 'sealed.pdf')
    writeFileSync(pdf, await house.signing.file(done.sealedSha256))
    const told = said('pdfsig', '-nocert', pdf)
    // Two people and the seal; the archive time stamp is of a kind that pdfsig leaves out.
    assert.equal(told.match(/Signature is Valid/g)?.length, 3, told)
    await first.context.close()
    await second.context.close()
  })

  for (const locale of ['ar', 'en', 'bg'] as const) {
    it(`has no serious fault for who reads by keyboard or screen reader (${locale})`, async () => {
      const request = await house.sent({ employee: { locale } })
      const window = await openWindow(browser, { locale, ...phone, bypassCSP: true })
      const faults: string[] = []
      const check = async (step: string): Promise<void> => {
        for (const fault of await judge(window.page)) faults.push(`${step}: ${fault}`)
      }
      const path = await house.link(request, 'employee')
      await enter(window, path, 'salma@example.test', check)
      await check('document')
      assert.equal(await window.page.locator('html').getAttribute('dir'), locale === 'ar' ? 'rtl' : 'ltr')
      // Nothing on the page is wider than a phone.
      assert.ok(await window.page.locator('html').evaluate((html) => html.scrollWidth <= 390))
      await window.page.locator('[data-next]').click()
      await window.page.locator('dialog[open] input').waitFor()
      await check('field')
      await window.page.keyboard.press('Escape')
      await window.page.locator('[data-box=sign]').click()
      await window.page.locator('dialog[open] canvas').waitFor()
      await check('draw')
      await window.page.locator('[data-tab=type]').click()
      await check('type')
      await window.page.keyboard.press('Escape')
      await window.page.locator('[data-view=form]').click()
      await check('form')
      for (const way of ['decline', 'delegate']) {
        await window.page.goto(`${house.url}${path}/${way}`)
        await check(way)
      }
      await window.page.goto(`${house.url}/sign/${'A'.repeat(43)}`)
      await check('unknown')
      assert.deepEqual(faults, [])
      await window.context.close()
    })
  }

  it('is signed with the keyboard alone, in the list of fields, and a dot is no signature', async () => {
    const request = await house.sent({ employee: { locale: 'en' } })
    const window = await openWindow(browser, { locale: 'en' })
    const { page } = window
    await enter(window, await house.link(request, 'employee'), 'salma@example.test')
    await keepScreenshot(page, 'signer-desktop', { fullPage: false })
    await page.locator('[data-box=sign]').click()
    const pad = page.locator('canvas.s-pad[data-ready]')
    await pad.click({ position: { x: 60, y: 60 } })
    await page.locator('dialog[open] .s-primary').click()
    await page.locator('dialog[open] .s-fault', { hasText: 'a dot or a very short line' }).waitFor()
    await page.keyboard.press('Escape')
    const reach = async (selector: string): Promise<void> => {
      for (let step = 0; step < 60; step += 1) {
        if (
          await page
            .locator(selector)
            .first()
            .evaluate((one) => one === document.activeElement)
        )
          return
        await page.keyboard.press('Tab')
      }
      assert.fail(`${selector} is not reached by the keyboard`)
    }
    await page.locator('main').focus()
    await reach('[data-view=form]')
    await page.keyboard.press('Enter')
    await reach('[data-field=iban] input')
    await page.keyboard.type('SA0380000000608010167519')
    await reach('[data-field=first-day] input')
    await page.keyboard.type('12012026')
    await reach('[data-field=sign] button')
    await page.keyboard.press('Enter')
    await page.locator('dialog[open] [role=tab]').first().waitFor()
    await page.locator('[role=tab][aria-selected=true]').focus()
    await page.keyboard.press('ArrowRight')
    await reach('dialog[open] .s-primary')
    await page.keyboard.press('Enter')
    await page.locator('[data-fields] .s-sign-name').waitFor()
    await reach('[data-finish]')
    await page.keyboard.press('Enter')
    await page.locator('h1', { hasText: 'You have signed' }).waitFor()
    await window.context.close()
  })

  it('needs less than 150 KB before the document, and nothing from elsewhere', async () => {
    const request = await house.sent()
    const window = await openWindow(browser, { locale: 'ar', ...phone })
    const path = await house.link(request, 'employee')
    await enter(window, path, 'salma@example.test')
    const session = await window.context.newCDPSession(window.page)
    await session.send('Network.enable')
    await session.send('Network.setCacheDisabled', { cacheDisabled: true })
    const names = new Map<string, string>()
    let before = 0
    let after = 0
    const elsewhere: string[] = []
    session.on('Network.requestWillBeSent', ({ requestId, request: { url } }) => {
      names.set(requestId, url)
      if (!url.startsWith(house.url) && !url.startsWith('data:') && !url.startsWith('blob:')) elsewhere.push(url)
    })
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const url = names.get(requestId) ?? ''
      if (/pdfjs|document\.pdf/.test(url)) after += encodedDataLength
      else before += encodedDataLength
    })
    await window.page.goto(house.url + path)
    await window.page.locator('.s-page[data-shown]').first().waitFor()
    assert.deepEqual(elsewhere, [])
    assert.ok(before > 5_000 && before < 150_000, `${String(before)} bytes before, ${String(after)} for the document`)
    if (process.env['KHATM_FULL'] === '1') console.log(`      ${String(before)} bytes before the document, ${String(after)} for it`)
    await window.context.close()
  })

  it('on the device of the sender: handing over logs him out, and there is no way back', async () => {
    const { access } = house.signing.running
    const password = 'a long password of a test'
    await access.createUser({ login: 'desk@example.test', name: 'منى', password, locale: 'ar' }, [
      { companyId: house.signing.context.companyId, groups: ['core.admin'] },
    ])
    const request = await house.sent({ employee: { inPerson: true, authentication: ['email-code', 'pin'], pin: '4806' } })
    const path = await house.link(request, 'employee')
    const window = await openWindow(browser, { locale: 'ar', width: 820, height: 1180 })
    const { page } = window
    await page.goto(`${house.url}${path}/in-person`)
    assert.match(page.url(), /\/login\?next=/)
    await page.locator('input[name=login]').fill('desk@example.test')
    await page.locator('input[name=password]').fill(password)
    await page.locator('input[name=password]').press('Enter')
    await page.locator('input[name=known]').check()
    await keepScreenshot(page, 'signer-in-person', { fullPage: false })
    await page.locator('form[action$="/in-person"] button').click()
    // The PIN is asked of the signer himself.
    await page.locator('#code').fill('4806')
    await page.locator('form[action$="/prove"] button').click()
    await page.locator('input[name=agree]').waitFor()
    await page.goto(`${house.url}/app`)
    assert.match(page.url(), /\/login/)
    assert.ok((await house.events(request)).includes('in_person_started'))
    await window.context.close()
  })

  it('a passkey is enrolled after a code by mail, then asked for', async () => {
    const window = await openWindow(browser, { locale: 'en', ...phone })
    const { page } = window
    const session = await window.context.newCDPSession(page)
    await session.send('WebAuthn.enable')
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    const address = house.url.replace('127.0.0.1', 'localhost')
    for (const round of ['enrol', 'prove']) {
      const request = await house.sent({ employee: { authentication: ['passkey'], email: `key@example.test`, locale: 'en' } })
      const path = await house.link(request, 'employee')
      await page.goto(address + path)
      if (round === 'enrol') {
        await page.locator('form[action$="/begin"] button').click()
        await page.locator('#code').fill(await house.code('key@example.test'))
        await page.locator('form[action$="/begin"] button', { hasText: 'passkey' }).waitFor()
      }
      await page.locator('form[action$="/begin"] button').click()
      await page.locator('[data-passkey] button').click()
      await page.locator('input[name=agree]').waitFor()
    }
    await window.context.close()
  })
})
