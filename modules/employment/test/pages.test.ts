/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { judge } from '../../../test/e2e/accessibility.js'
import { logIn, noBrowser, openWindow, speak, type Window } from '../../../test/e2e/browser.js'
import { house, openHouse, type House } from '../../../test/e2e/house.js'
import { demoEmployee } from '../demonstration.js'
import { makeBulk, rowsOfEmployees } from '../services/bulk.js'
import { createImport } from '../services/import.js'
import { draftContract, sendContract } from '../services/contracts.js'

const folder = process.env['KHATM_LOOK']

describe('pages of employment', function () {
  this.timeout(240_000)
  let home: House
  let window: Window | undefined
  let employeeId = ''
  let paths: string[] = []

  before(async function () {
    if (noBrowser !== undefined) {
      console.log(`      skipped: ${noBrowser}`)
      this.skip()
    }
    home = await openHouse()
    const { host } = home.running
    const { context } = home
    await host.modules.enable(context, 'employment')
    await host.db.company(context.companyId, (transaction) =>
      host.settings.set(transaction, context, 'signatures', { sealWhenSigned: false }),
    )
    const emails = { employee: 'noura@example.com', representative: 'sami@example.com' }
    employeeId = await demoEmployee(host, context, emails)
    const other = await demoEmployee(host, context, { ...emails, employee: 'second@example.com' })
    await sendContract(host, context, employeeId, { kind: 'contract' })
    await host.db.company(context.companyId, (transaction) => draftContract(host, transaction, context, other, { kind: 'confidentiality' }))
    const rows = await host.db.company(context.companyId, (transaction) => rowsOfEmployees(transaction, [employeeId, other], {}))
    const bulkId = await makeBulk(host, context, 'amendment', rows)
    const importId = await host.db.company(context.companyId, (transaction) =>
      createImport(host, transaction, { name: 'people.csv', bytes: Buffer.from('name,id type,id number\nAli,sa-iqama,123\n') }),
    )
    paths = [
      '/app/employment',
      '/app/employment/employee',
      '/app/employment/employee/new',
      `/app/employment/employee/${employeeId}`,
      `/app/employment/employee/${employeeId}/send`,
      `/app/employment/employee/${employeeId}/send?kind=amendment`,
      '/app/employment/document',
      '/app/employment/bulk/new',
      `/app/employment/bulk/${bulkId}`,
      '/app/employment/import',
      `/app/employment/import/${importId}`,
      '/app/settings/module/employment',
    ]
  })
  after(async () => {
    await window?.context.close()
  })

  // All four in the full run; one wide and one of a phone in every run.
  const views = [
    ['ar', 390],
    ['en', 1280],
    ['ar', 1280],
    ['bg', 390],
  ] as const
  for (const [locale, width] of process.env['KHATM_FULL'] === '1' ? views : views.slice(0, 2)) {
    it(`are accessible, complain of nothing and fit in ${locale} at ${String(width)} pixels`, async () => {
      await window?.context.close()
      const opened = await openWindow(home.browser, { locale, width, bypassCSP: true })
      window = opened
      await logIn(opened.page, home.url, house.login, house.password)
      await speak(opened.page, home.url, locale)
      // Pages that are made of the same parts are judged in the full run.
      const all = process.env['KHATM_FULL'] === '1' || locale === 'ar'
      for (const path of all ? paths : paths.filter((one) => one === '/app/employment' || one.endsWith('/send'))) {
        const answer = await opened.page.goto(`${home.url}${path}`)
        assert.equal(answer?.status(), 200, path)
        assert.deepEqual(await judge(opened.page), [], `${path} in ${locale}`)
        const over = await opened.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        assert.ok(over <= 1, `${path} is ${String(over)} px wider than the window`)
        const text = await opened.page.locator('main').innerText()
        assert.doesNotMatch(text, /\bemployment\.[a-z]|\bfault\.EMP/, `${path} in ${locale}`)
        if (folder !== undefined) {
          mkdirSync(folder, { recursive: true })
          const name = path.replace(/[0-9a-f-]{36}/g, 'id').replace(/\W+/g, '-')
          await opened.page.screenshot({ path: join(folder, `${locale}-${String(width)}${name}.png`), fullPage: true })
        }
      }
      assert.deepEqual(opened.complaints, [])
    })
  }

  it('«Send contract» asks for what is missing on its page, then sends', async () => {
    const { page } = window ?? (await openWindow(home.browser))
    await page.goto(`${home.url}/app/employment/employee/${employeeId}/send?kind=offer`)
    await page.locator('button[value="send"]').click()
    await page.locator('[role="alert"]').waitFor()
    assert.match(await page.locator('[role="alert"]').innerText(), /EMPLOYMENT-VALUE-MISSING/)
    await page.locator('input[name="value.offer.validUntil"]').fill('2030-01-31')
    await page.locator('button[value="send"]').click()
    await page.waitForURL(new RegExp(`/app/employment/employee/${employeeId}$`))
    await page.goto(`${home.url}/app/employment`)
    assert.equal(await page.locator('section[aria-labelledby="e-waiting"] .e-card').count(), 2)
  })

  it('who may not see the pay sees none of it, who has no group sees nothing, another company is not there', async () => {
    const { access } = home.running
    const other = await home.running.company({ sandbox: true })
    await home.running.host.modules.enable(other, 'employment')
    const password = house.password
    await access.createUser({ login: 'hr@demo.example', password, name: 'HR', locale: 'en' }, [
      { companyId: home.company.id, groups: ['employment.user'] },
    ])
    await access.createUser({ login: 'books@demo.example', password, name: 'Books', locale: 'en' }, [
      { companyId: home.company.id, groups: ['contacts.user'] },
    ])
    await access.createUser({ login: 'else@demo.example', password, name: 'Else', locale: 'en' }, [
      { companyId: other.companyId, groups: ['core.admin'] },
    ])
    const as = async (login: string): Promise<(path: string) => Promise<{ status: number; text: string }>> => {
      const { page, context } = await openWindow(home.browser)
      await logIn(page, home.url, login, password)
      return async (path) => {
        const answer = await context.request.get(`${home.url}${path}`, { maxRedirects: 0 })
        return { status: answer.status(), text: await answer.text() }
      }
    }
    const hr = await as('hr@demo.example')
    const form = await hr(`/app/employment/employee/${employeeId}`)
    assert.equal(form.status, 200)
    assert.doesNotMatch(form.text, /9000|SA0380000000608010167519|id="tab-pay"/)
    assert.equal((await hr(`/app/employment/employee/${employeeId}/send`)).status, 403)
    assert.equal((await hr(`/app/employment/employee/${employeeId}/send?kind=confidentiality`)).status, 200)
    // A condition of an address does not reach the pay: there is no such column.
    assert.equal((await hr('/app/employment/employee?basic=9000.000')).text.includes('Noura'), false)
    const books = await as('books@demo.example')
    for (const path of ['', '/employee', `/employee/${employeeId}`, '/document'])
      assert.equal((await books(`/app/employment${path}`)).status, 403, path)
    const stranger = await as('else@demo.example')
    for (const path of [`/employee/${employeeId}`, `/employee/${employeeId}/send`])
      assert.equal((await stranger(`/app/employment${path}`)).status, 404, path)
  })
})
