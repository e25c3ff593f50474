import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { judge } from './accessibility.js'
import { logIn, noBrowser, openWindow, shows, type Window } from './browser.js'
import { house, openHouse, type House } from './house.js'

describe('the editor of written texts, in Arabic and English side by side', function () {
  this.timeout(180_000)
  let home: House
  let window: Window
  let page: Page

  before(async function () {
    if (noBrowser !== undefined) {
      console.log(`      skipped: ${noBrowser}`)
      this.skip()
    }
    home = await openHouse()
    const { host } = home.running
    if (!(await host.modules.isEnabled(home.company.id, 'signatures'))) await host.modules.enable(home.context, 'signatures')
    window = await openWindow(home.browser, { locale: 'ar', bypassCSP: true })
    page = window.page
    await logIn(page, home.url, house.login, house.password)
    await page.goto(`${home.url}/app/signatures/template/new`)
    const _token = await page.locator('input[name=_token]').first().inputValue()
    const answer = await page.request.post(`${home.url}/app/signatures/template/write`, {
      form: { _token, library: 'services', languages: 'ar-en', title: '' },
      maxRedirects: 0,
    })
    await page.goto(new URL(answer.headers()['location'] ?? '', home.url).href)
    await page.locator('#te[data-ready]').waitFor()
  })
  after(async () => {
    if (noBrowser === undefined) await window.context.close()
  })

  const clauses = () => page.locator('.te-clause')
  const body = (index: number, language: 'ar' | 'en') => page.locator(`[data-path="content.clauses[${String(index)}].body.${language}"]`)

  it('shows the paper, and puts values and fields where one was writing', async () => {
    await page.locator('#te-pages canvas').first().waitFor()
    await body(0, 'ar').fill('يبدأ العمل لدى ')
    await page.locator('#te-merge').selectOption('company.name')
    await page.locator('#te-field').selectOption({ index: 1 })
    assert.match(await body(0, 'ar').inputValue(), /^يبدأ العمل لدى \{\{company\.name\}\}\[\[\w+:[\w-]+:\w+-1\|[^\]]+\]\]$/)
    await shows(page.locator('#te-state'), 'غير محفوظ')
  })

  it('by keyboard: a new clause, its place, its end and its return; what is empty is told beside it, and then saved', async () => {
    const many = await clauses().count()
    await body(0, 'ar').press('Control+Enter')
    assert.equal(await clauses().count(), many + 1)
    await page.keyboard.press('Alt+ArrowDown')
    await clauses().nth(2).locator('.te-clausehead :focus').waitFor()
    await body(2, 'ar').fill('بند جديد')
    await page.keyboard.press('Control+S')
    await page.locator('#te-faults').waitFor()
    await page.locator('#te-faults button').first().click()
    assert.equal(await body(2, 'en').getAttribute('aria-invalid'), 'true')
    assert.equal(await body(2, 'en').evaluate((field) => field === field.ownerDocument.activeElement), true)
    await body(2, 'en').fill('A new clause')
    await clauses().nth(2).locator('.te-clausehead button').last().click()
    assert.equal(await clauses().count(), many)
    await page.locator('#te-state button').click()
    assert.equal(await body(2, 'en').inputValue(), 'A new clause')
    await page.keyboard.press('Control+S')
    await shows(page.locator('#te-state'), /^محفوظ/)
    await page.reload()
    await page.locator('#te[data-ready]').waitFor()
    assert.equal(await body(2, 'ar').inputValue(), 'بند جديد')
    assert.deepEqual(await judge(page), [])
    assert.deepEqual(window.complaints, [])
  })
})
