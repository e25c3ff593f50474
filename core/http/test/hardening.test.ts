import assert from 'node:assert/strict'
import { startViewHost, type ViewHost } from '../../../test/fixtures/view-modules/start.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { LoginThrottle } from '../../access/login-throttle.js'
import { WebClient } from '../../../test/helpers/web-client.js'

describe('web server against ill will', function () {
  this.timeout(180_000)
  let view: ViewHost
  let key: string
  before(async () => {
    view = await startViewHost()
    const { access } = view.host
    key = (await access.createApiKey(await access.systemContext(view.companyId, 'cli'), 'test', ['bookshelf.user'])).secret
  })
  after(() => view.host.stop())

  it('answers a zero byte in an address, a form or a body with 400, never 500', async () => {
    const client = new WebClient(view.url)
    await client.login('admin', view.password)
    assert.equal((await client.get('/app/bookshelf/order?q=%00')).status, 400)
    assert.equal((await client.get('/app/bookshelf/order/%00')).status, 400)
    assert.equal((await client.post('/app/bookshelf/order/new', { number: 'a\u0000b' })).status, 400)
    assert.equal((await client.post('/login', { login: 'a\u0000', password: 'b' })).status, 400)
    for (const number of ['"a\\u0000"', '"\\ud800"', '{"\\u0000":1}']) {
      const answer = await fetch(`${view.url}/api/v1/shelf-orders`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: `{"number":${number}}`,
      })
      assert.equal(answer.status, 400, number)
      assert.match(await answer.text(), /API-FIELD-TEXT/)
    }
  })

  it('shows nobody’s text with what turns the words around it, on a page, in a search or in a title', async () => {
    const client = new WebClient(view.url)
    await client.login('admin', view.password)
    const number = 'turned-\u202e001\u2069\u2067'
    const made = await client.post('/app/bookshelf/order/new', { number })
    assert.equal(made.status, 303, made.text)
    for (const path of [
      '/app/bookshelf/order?q=turned',
      String(made.location),
      '/app/search?q=turned',
      '/app/find/bookshelf.order?q=turned',
    ]) {
      const { status, text } = await client.get(path)
      assert.equal(status, 200, path)
      assert.match(text, /turned-001/, path)
      assert.doesNotMatch(text, /[\u202a-\u202e]|001\u2069/, path)
    }
  })

  it('takes JSON in UTF-8 alone: Arabic of a code page would be stored as signs of replacement', async () => {
    for (const [type, body] of [
      ['application/json', Buffer.from('{"number":"\xe3\xe4\xec"}', 'latin1')],
      ['application/json; charset=utf-16', Buffer.from('\ufeff{"number":"x"}', 'utf16le')],
    ] as const) {
      const headers = { authorization: `Bearer ${key}`, 'content-type': type, 'accept-language': 'en' }
      const answer = await fetch(`${view.url}/api/v1/shelf-orders`, { method: 'POST', headers, body: Uint8Array.from(body) })
      assert.equal(answer.status, 400)
      assert.match(await answer.text(), /"code":"HTTP-BODY-ENCODING".*not UTF-8/)
    }
  })

  it('counts guesses of one line together, however its addresses of IPv6 are written', async () => {
    const throttle = new LoginThrottle(view.host.host.db)
    const waits: (number | undefined)[] = []
    for (let guess = 1; guess <= 25; guess += 1)
      waits.push(await throttle.reserve(`guess-${String(guess)}`, `2001:db8::${guess.toString(16)}:1:1:1`))
    assert.ok(waits.slice(0, 20).every((wait) => wait === undefined))
    assert.ok(waits.slice(21).some((wait) => wait !== undefined))
    assert.equal(await throttle.reserve('another', '2001:db8:0:1::1'), undefined)
  })

  it('speaks English to a program that says nothing of languages', async () => {
    const answer = await fetch(`${view.url}/api/v1/shelf-orders`)
    assert.equal(answer.status, 401)
    assert.match(await answer.text(), /API key/)
  })

  it('does not let one company’s administrator take over the account of a person of another', async () => {
    const { access } = view.host
    const password = 'a long enough password'
    await access.createUser({ login: 'boss', name: 'Boss of the first', password, locale: 'en' }, [
      { companyId: view.companyId, groups: ['core.admin'] },
    ])
    const shared = await access.createUser({ login: 'shared', name: 'Accountant of both', password, locale: 'en' }, [
      { companyId: view.companyId, groups: ['bookshelf.user'] },
      { companyId: view.otherCompanyId, groups: ['core.admin'] },
    ])
    const client = new WebClient(view.url)
    await client.login('boss', password)
    const page = `/app/settings/user/${shared}`
    const form = { name: 'Accountant of both', login: 'shared', locale: 'en', active: 'true', groups: 'bookshelf.user', password: '' }
    assert.equal((await client.get(page)).status, 200)
    const changes: Record<string, string>[] = [
      { password: 'taken over by the boss' },
      { login: 'mine' },
      { 'active.there': '1', active: 'false' },
    ]
    for (const change of changes) {
      const answer = await client.post(page, { ...form, ...change })
      assert.equal(answer.status, 422, JSON.stringify(change))
      assert.match(answer.text, /ACCESS-USER-SHARED|companies you do not administer/)
    }
    const own = new WebClient(view.url)
    await own.login('shared', password)
    // An administrator of all the person's companies may.
    const admin = new WebClient(view.url)
    await admin.login('admin', view.password)
    assert.equal((await admin.post(page, { ...form, password: 'given by the admin of both' })).status, 303)
  })

  it('lets nobody change a secret through a sort, a filter or a group of the address', async () => {
    const client = new WebClient(view.url)
    await client.login('admin', view.password)
    for (const query of ['?password_hash=x', '?secret_hash=x', '?core_user.password_hash=x', '?id[$ne]=1'])
      assert.ok([200, 400].includes((await client.get(`/app/settings/user${query}`)).status), query)
    assert.equal((await client.get('/app/settings/user?password_hash=x')).status, 400)
    assert.equal(
      (await client.get(`/app/settings/user?s=${encodeURIComponent('name; drop table core_user;--:asc')}&g=password_hash`)).status,
      200,
    )
  })
})

describe('first set-up', function () {
  this.timeout(180_000)
  let host: TestHost
  let url: string
  before(async () => {
    host = await startTestHost({ role: { web: true } })
    const { port } = await host.listen()
    url = `http://127.0.0.1:${String(port)}`
  })
  after(() => host.stop())

  const fields = {
    name: 'Noor Trading',
    country: 'SA',
    currency: 'SAR',
    timeZone: 'Asia/Riyadh',
    locale: 'en',
    userName: 'Admin',
    password: 'correct horse battery',
    vat: '310122393500003',
  }

  it('asks for the token of the log when the request comes under another name or through a proxy', async () => {
    const disguises: Record<string, string>[] = [{ 'x-forwarded-for': '203.0.113.9' }, { 'x-forwarded-host': 'evil.example' }]
    for (const headers of disguises) {
      const client = new WebClient(url)
      await client.get('/setup', headers)
      const answer = await client.post('/setup', { ...fields, login: 'thief' }, { headers })
      assert.equal(answer.status, 422)
      assert.equal(await host.access.users.count(), 0)
    }
  })

  it('makes one administrator when many ask at once, and none afterwards', async () => {
    const clients = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const client = new WebClient(url)
        await client.get('/setup')
        return client
      }),
    )
    const answers = await Promise.all(clients.map((client, index) => client.post('/setup', { ...fields, login: `admin-${String(index)}` })))
    assert.equal(answers.filter((answer) => answer.status === 303).length, 1)
    assert.equal(await host.access.users.count(), 1)
    assert.equal((await host.access.companies()).length, 1)
    const late = new WebClient(url)
    await late.get('/login')
    assert.equal((await late.post('/setup', { ...fields, login: 'late' })).status, 422)
    assert.equal(await host.access.users.count(), 1)
    assert.equal((await late.get('/setup')).location, '/login')
  })

  it('switches on what the law of the company’s country needs', async () => {
    const [company] = await host.access.companies()
    assert.ok(await host.host.modules.isEnabled(company?.id ?? '', 'compliance-saudi'))
  })
})
