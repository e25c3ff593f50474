import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { demoEmployee } from '../../modules/employment/index.js'
import { hostAuthorityRoot } from '../../modules/signatures/services/signing/host-authority.js'
import { temporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.js'
import { until } from '../helpers/until.js'
import { noBrowser, openWindow, logIn, type Window } from './browser.js'
import { house, openHouse, type House } from './house.js'
import { keepPaper, keepScreenshot } from './screenshot.js'

interface Mail {
  readonly subject: string
  readonly text: string
  readonly attachments: readonly { readonly name: string }[]
}

const phone = { width: 390, height: 844 } as const
const manager = 'manager@contract.example'
const employee = 'employee@contract.example'

describe('an employment contract, from the record to the sealed file', function () {
  this.timeout(180_000)
  let opened: House
  let desk: Window
  let folder: TemporaryFolder
  let employeeId: string

  before(async function () {
    if (noBrowser !== undefined) this.skip()
    opened = await openHouse()
    folder = await temporaryFolder()
    const { host } = opened.running
    await host.modules.enable(opened.context, 'employment')
    employeeId = await demoEmployee(host, opened.context, { employee, representative: manager })
    desk = await openWindow(opened.browser, { locale: 'ar' })
    await logIn(desk.page, opened.url, house.login, house.password)
  })
  after(async () => {
    if (noBrowser !== undefined) return
    await desk.context.close()
    await folder.remove()
  })

  async function mails(to: string): Promise<Mail[]> {
    const base = opened.running.host.config.sandbox.url ?? ''
    // The sandbox's own shape.
    const list = (await (await fetch(`${base}/mail/api`)).json()) as { id: string; to: string[] }[]
    return Promise.all(
      list
        .filter((mail) => mail.to.includes(to))
        .map(async ({ id }) => (await (await fetch(`${base}/mail/api/${id}`)).json()) as Mail & { id: string }),
    )
  }

  /** Waits for a mail; newest first, as people read. */
  async function mailWith(to: string, wanted: RegExp): Promise<RegExpExecArray> {
    return until(`a mail to ${to} with ${String(wanted)}`, async () => {
      for (const mail of (await mails(to)).reverse()) {
        const found = wanted.exec(mail.text)
        if (found !== null) return found
      }
      return undefined
    })
  }

  /** Opens the link of the mail on a phone, proves the address, agrees. */
  async function enter(email: string): Promise<Window> {
    const window = await openWindow(opened.browser, { locale: 'ar', ...phone })
    const { page } = window
    const [, path = ''] = await mailWith(email, /(\/sign\/[\w-]{43})/)
    await page.goto(opened.url + path)
    await page.locator('form[action$="/begin"] button').click()
    await page.locator('#code').waitFor()
    const [, code = ''] = await mailWith(email, /\b(\d{6})\b/)
    await page.locator('#code').fill(code)
    await page.locator('input[name=agree]').check()
    await page.locator('form[action$="/consent"] button').click()
    await page.locator('.s-page[data-shown]').first().waitFor()
    return window
  }

  async function draw(page: Page): Promise<void> {
    const pad = page.locator('canvas.s-pad[data-ready]')
    await pad.waitFor()
    const box = await pad.boundingBox()
    assert.ok(box !== null)
    const at = (x: number, y: number): [number, number] => [box.x + box.width * x, box.y + box.height * y]
    await page.mouse.move(...at(0.85, 0.4))
    await page.mouse.down()
    for (let step = 0; step <= 30; step += 1) await page.mouse.move(...at(0.85 - step / 45, 0.5 + 0.25 * Math.sin(step / 1.5)))
    await page.mouse.up()
  }

  it('HR sends a contract in Arabic and English from the record of the employee', async () => {
    const { page } = desk
    await page.goto(`${opened.url}/app/employment/employee/${employeeId}/send?kind=contract`)
    await keepScreenshot(page, 'contract-send')
    await page.locator('button[name=action][value=send]').click()
    await page.waitForURL(`**/app/employment/employee/${employeeId}`)
    await keepScreenshot(page, 'contract-employee')
    assert.deepEqual(desk.complaints, [])
  })

  it('both sign on a phone, one after the other: one draws, the other types', async () => {
    const first = await enter(employee)
    // Who listens hears the words in their order, first in Arabic, then in English.
    const spoken = await first.page.locator('.s-hidden[lang=ar]').innerText()
    assert.match(spoken, /عقد عمل/)
    assert.match(spoken, /1\. العمل المتفق عليه/)
    assert.match(spoken, /9,000\.00/)
    assert.match(await first.page.locator('.s-hidden[lang=en]').innerText(), /5\. Working hours and rest/)
    await first.page.locator('[data-next]').click()
    await draw(first.page)
    await keepScreenshot(first.page, 'contract-draw', { fullPage: false })
    await first.page.locator('dialog[open] .s-primary').click()
    await first.page.locator('[data-finish]').click()
    await first.page.locator('[data-stage]').waitFor()
    await first.context.close()

    const second = await enter(manager)
    await second.page.locator('[data-next]').click()
    await second.page.locator('[role=tab][data-tab=type]').click()
    await second.page.waitForTimeout(300)
    await keepScreenshot(second.page, 'contract-type', { fullPage: false })
    await second.page.locator('dialog[open] .s-primary').click()
    await second.page.locator('[data-finish]').click()
    await second.page.locator('[href$="/file/document"]').waitFor({ timeout: 90_000 })
    await keepScreenshot(second.page, 'contract-ready', { fullPage: false })
    assert.deepEqual([...first.complaints, ...second.complaints], [])
    await second.context.close()
  })

  it('everybody gets the sealed file, and every signature in it holds for pdfsig and khatm verify', async () => {
    const { host } = opened.running
    const { sealed, evidence } = await host.db.company(opened.context.companyId, async (transaction) => {
      const row: { sealed_sha256: string; evidence_sha256: string; state: string } = await transaction
        .knex('signatures_request')
        .where({ company_id: opened.context.companyId })
        .orderBy('created_at', 'desc')
        .first()
      assert.equal(row.state, 'sealed')
      return {
        sealed: (await host.files.get(transaction, row.sealed_sha256)).bytes,
        evidence: (await host.files.get(transaction, row.evidence_sha256)).bytes,
      }
    })
    for (const to of [manager, employee]) {
      await until(`the signed file is mailed to ${to}`, async () => (await mails(to)).some(({ attachments }) => attachments.length > 0))
      const names = (await mails(to)).flatMap(({ attachments }) => attachments.map(({ name }) => name))
      assert.ok(
        names.some((name) => name.endsWith('.pdf')),
        names.join(', '),
      )
    }
    const pdf = join(folder.path, 'contract.pdf')
    const pack = join(folder.path, 'contract.asice')
    writeFileSync(pdf, sealed)
    writeFileSync(pack, evidence)
    keepPaper(pdf, 'contract-paper')
    const told = execFileSync('pdfsig', ['-nocert', pdf], { encoding: 'utf8' })
    // Two people and the seal; pdfsig names the archive time stamp and leaves it unjudged.
    assert.equal(told.match(/Signature is Valid/g)?.length, 3, told)
    const roots = join(folder.path, 'roots.pem')
    // What the company hands to who checks: its own authority signed for the two people, the sandbox's for seal and time stamps.
    const own = await hostAuthorityRoot(host, opened.context.companyId)
    const anchors = [...(opened.running.authorities?.trustAnchors ?? []), ...(own === undefined ? [] : [own])]
    writeFileSync(
      roots,
      anchors
        .map((der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`)
        .join(''),
    )
    for (const file of [pdf, pack]) {
      const verdict = await verify(file, roots, opened.running.dataDir)
      assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
      assert.equal(verdict.integrity, 'intact')
      for (const { indication } of verdict.signatures) assert.equal(indication, 'TOTAL-PASSED')
    }
    // The record of the employee has the file.
    await desk.page.goto(`${opened.url}/app/employment`)
    await keepScreenshot(desk.page, 'contract-board')
    assert.deepEqual(desk.complaints, [])
  })
})

interface Verdict {
  readonly verdict: string
  readonly integrity: string
  readonly signatures: readonly { readonly indication: string }[]
}

/** The command, as somebody types it; roots of this house lie in its data folder. */
async function verify(file: string, roots: string, dataDir: string): Promise<Verdict> {
  const khatm = join(import.meta.dirname, '../../bin/khatm.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [khatm, 'verify', file, '--trust', roots, '--json'], {
    env: { ...process.env, KHATM_DATA_DIR: dataDir },
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: unknown) => {
    // A verdict that is not `passed` ends with a code other than 0; what it says is looked at.
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string') return { stdout: error.stdout }
    throw error
  })
  const parsed: unknown = JSON.parse(stdout)
  // The command answers a list for several files, one object for one.
  return (Array.isArray(parsed) ? parsed[0] : parsed) as Verdict
}
