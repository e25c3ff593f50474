import assert from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import { said } from '../../modules/signatures/services/signing/test/signing-house.js'
import { SignerHouse } from '../../modules/signatures/signing-page/test/signer-house.js'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { judge } from './accessibility.js'
import { launch, noBrowser, openWindow, type Window } from './browser.js'
import { keepScreenshot } from './screenshot.js'

const phone = { width: 390, height: 844 } as const

describe("signer's page", function () {
  this.timeout(120_000)
  let house: SignerHouse
  let browser: Browser

  before(async function () {
    if (noBrowser !== undefined) this.skip()
    house = await SignerHouse.open({ worker: true })
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await house?.close()
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
    await second.page.locator('[href$="/file/document"]').waitFor({ timeout: 60_000 })
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
})
