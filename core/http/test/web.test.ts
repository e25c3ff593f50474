import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { seedOrders, startViewHost, type ViewHost } from '../../../test/fixtures/view-modules/start.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import { Fault } from '../../i18n/fault.js'
import { hashSecret } from '../../access/secrets.js'

interface Answer {
  status: number
  body: {
    id?: string
    number?: string
    error?: { code: string; path?: string; message: string; details: { code: string; path?: string; message: string }[] }
  }
  replayed: boolean
}

describe('web server', function () {
  this.timeout(180_000)
  let view: ViewHost
  let key: string
  let otherKey: string
  before(async () => {
    view = await startViewHost()
    await seedOrders(view, 5)
    const { access } = view.host
    key = (await access.createApiKey(await access.systemContext(view.companyId, 'cli'), 'test', ['bookshelf.user'])).secret
    otherKey = (await access.createApiKey(await access.systemContext(view.otherCompanyId, 'cli'), 'other', ['bookshelf.user'])).secret
  })
  after(() => view.host.stop())

  async function api(
    method: string,
    path: string,
    options: { key?: string; body?: unknown; idempotency?: string; language?: string } = {},
  ): Promise<Answer> {
    const answer = await fetch(`${view.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${options.key ?? key}`,
        'accept-language': options.language ?? 'en',
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.idempotency === undefined ? {} : { 'idempotency-key': options.idempotency }),
      },
      ...(options.body === undefined ? {} : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
    })
    // The API answers JSON of this shape; the assertions below look at its parts.
    return {
      status: answer.status,
      body: (await answer.json()) as Answer['body'],
      replayed: answer.headers.get('idempotency-replayed') === 'true',
    }
  }

  async function orders(number: string): Promise<number> {
    return view.host.host.db.company(view.companyId, async ({ knex }) => (await knex('shelf_order').where({ number })).length)
  }

  describe('login and sessions', () => {
    it('gives a session a new secret at login, stores only its hash, and ends it at logout', async () => {
      const client = new WebClient(view.url)
      client.cookies.set('khatm', 'chosen-by-an-attacker-chosen-by-an-attacker')
      await client.login('admin', view.password)
      const secret = client.cookies.get('khatm') ?? ''
      assert.notEqual(secret, 'chosen-by-an-attacker-chosen-by-an-attacker')
      const rows: { id_hash: string }[] = await view.host.host.db.host((knex) => knex('core_session').select('id_hash'))
      assert.ok(rows.some((row) => row.id_hash === hashSecret(secret)))
      assert.ok(!rows.some((row) => row.id_hash.includes(secret)))
      await client.login('admin', view.password)
      assert.notEqual(client.cookies.get('khatm'), secret)
      const old = new WebClient(view.url)
      old.cookies.set('khatm', client.cookies.get('khatm') ?? '')
      assert.equal((await old.get('/app')).status, 200)
      assert.equal((await client.post('/logout', {})).status, 303)
      assert.equal((await old.get('/app')).location, '/login?next=%2Fapp')
    })

    it('ends a session 30 minutes after its last request', async () => {
      const client = new WebClient(view.url)
      await client.login('user', view.password)
      await view.host.host.db.host((knex) =>
        knex('core_session')
          .where({ id_hash: hashSecret(client.cookies.get('khatm') ?? '') })
          .update({ last_seen_at: new Date(Date.now() - 31 * 60_000) }),
      )
      assert.equal((await client.get('/app')).status, 303)
    })

    it('answers an unknown login and a wrong password alike', async () => {
      const client = new WebClient(view.url)
      await client.get('/login')
      const unknown = await client.post('/login', { login: `nobody-${randomUUID()}`, password: 'wrong wrong wrong' })
      const wrong = await client.post('/login', { login: 'user', password: 'wrong wrong wrong' })
      assert.equal(unknown.status, 401)
      assert.equal(wrong.status, 401)
      const message = /role="alert">.*?<span>([^<]+)</s
      assert.equal(message.exec(unknown.text)?.[1], message.exec(wrong.text)?.[1])
    })

    it('slows an account down even when a hundred guesses come at once, and lets the right password wait too', async () => {
      const { access } = view.host
      const login = `slow-${randomUUID().slice(0, 8)}`
      await access.createUser({ login, name: 'Slow', password: view.password, locale: 'en' }, [{ companyId: view.companyId, groups: [] }])
      const guess = (password: string, index: number): Promise<unknown> =>
        access.login({ login, password, address: `10.9.${String(index)}.1`, agent: '' })
      const guesses = Promise.allSettled(Array.from({ length: 30 }, (_unused, index) => guess('wrong wrong wrong', index)))
      // Before the guesses are answered: the account is closed for two seconds only.
      const right = assert.rejects(
        guess(view.password, 100),
        (error) => error instanceof Fault && error.code === 'ACCESS-LOGIN-WAIT' && error.status === 429,
      )
      const results = await guesses
      const codes = results.map((result) => (result.status === 'rejected' && result.reason instanceof Fault ? result.reason.code : 'in'))
      assert.ok(codes.filter((code) => code === 'ACCESS-LOGIN-REFUSED').length <= 6, codes.join())
      assert.ok(codes.includes('ACCESS-LOGIN-WAIT'))
      await right
    })

    it('sends nobody to another site after the login', async () => {
      for (const next of ['//evil.example/', 'https://evil.example/', '/\\evil.example']) {
        const client = new WebClient(view.url)
        await client.get('/login')
        const answer = await client.post('/login', { login: 'user', password: view.password, next })
        assert.equal(answer.location, '/app', next)
      }
    })
  })

  describe('forms of other sites', () => {
    it('refuses unsafe verbs without the token, with a wrong one, from another site or origin', async () => {
      const client = new WebClient(view.url)
      await client.login('admin', view.password)
      const post = (options: Parameters<WebClient['post']>[2]) => client.post('/app/bookshelf/order/new', { number: 'X' }, options)
      assert.equal((await post({ token: null })).status, 403)
      assert.equal((await post({ token: 'a'.repeat(43) })).status, 403)
      assert.equal((await post({ headers: { 'sec-fetch-site': 'cross-site' } })).status, 403)
      assert.equal((await post({ headers: { 'sec-fetch-site': 'same-site' } })).status, 403)
      assert.equal((await post({ headers: { origin: 'http://evil.example' } })).status, 403)
      assert.equal(await orders('X'), 0)
      assert.equal((await post({ headers: { 'sec-fetch-site': 'same-origin', origin: view.url } })).status, 303)
      assert.equal(await orders('X'), 1)
    })

    it('refuses the token of another session', async () => {
      const one = new WebClient(view.url)
      const two = new WebClient(view.url)
      await one.login('admin', view.password)
      await two.login('user', view.password)
      assert.equal((await one.post('/app/bookshelf/order/new', { number: 'Y' }, { token: two.token })).status, 403)
    })
  })

  it('sends its security headers: no inline script, no framing, no sniffing', async () => {
    const { headers } = await new WebClient(view.url).get('/login')
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'/)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval/)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('x-powered-by'), null)
    assert.match(headers.get('x-request-id') ?? '', /^[\da-f-]{36}$/)
  })

  describe('companies', () => {
    it('answers another company id with 404, as a record, as a company and over the API', async () => {
      const [foreign = ''] = await seedOrders(view, 1, view.otherCompanyId)
      const client = new WebClient(view.url)
      await client.login('user', view.password)
      assert.equal((await client.get(`/app/bookshelf/order/${foreign}`)).status, 404)
      assert.equal((await client.post(`/app/bookshelf/order/${foreign}`, { number: 'stolen' })).status, 404)
      assert.equal((await client.post(`/app/bookshelf/order/${foreign}/action/confirm`, {})).status, 404)
      assert.equal((await client.post('/app/company', { company: view.otherCompanyId })).status, 404)
      assert.equal((await api('GET', `/shelf-orders/${foreign}`)).status, 404)
      assert.equal((await api('GET', `/shelf-orders/${foreign}`, { key: otherKey })).status, 200)
    })

    it('switches between the companies of a member', async () => {
      const client = new WebClient(view.url)
      await client.login('admin', view.password)
      assert.equal((await client.post('/app/company', { company: view.otherCompanyId })).status, 303)
      assert.match((await client.get('/app')).text, /Other Company/)
    })

    it('keeps the Settings app from people without its right', async () => {
      const client = new WebClient(view.url)
      await client.login('user', view.password)
      for (const path of [
        '/app/settings/user',
        '/app/settings/modules',
        '/app/settings/key',
        '/app/settings/company',
        '/app/settings/module/bookshelf',
      ])
        assert.equal((await client.get(path)).status, 403, path)
    })
  })

  describe('API', () => {
    it('refuses calls without a key, with an unknown and with a revoked one', async () => {
      assert.equal((await fetch(`${view.url}/api/v1/shelf-orders/x`)).status, 401)
      assert.equal((await api('GET', '/shelf-orders/x', { key: `khatm_${'a'.repeat(43)}` })).status, 401)
      const { access } = view.host
      const made = await access.createApiKey(await access.systemContext(view.companyId, 'cli'), 'short-lived', ['bookshelf.user'])
      assert.equal((await api('GET', '/shelf-orders/x', { key: made.secret })).status, 404)
      await access.apiKeys.revoke(view.companyId, [made.id])
      assert.equal((await api('GET', '/shelf-orders/x', { key: made.secret })).status, 401)
      const rightless = await access.createApiKey(await access.systemContext(view.companyId, 'cli'), 'rightless', [])
      assert.equal((await api('GET', '/shelf-orders/x', { key: rightless.secret })).status, 403)
    })

    it('tells every wrong field with code, path and message in the asked language', async () => {
      const answer = await api('POST', '/shelf-orders', { body: { total: 'x', extra: 1 }, language: 'ar' })
      assert.equal(answer.status, 400)
      const details = answer.body.error?.details ?? []
      assert.deepEqual(details.map((detail) => detail.code).sort(), ['API-FIELD-MISSING', 'API-FIELD-UNKNOWN', 'SHELF-QUANTITY'])
      assert.equal(details.find((detail) => detail.code === 'API-FIELD-MISSING')?.path, 'number')
      assert.match(answer.body.error?.message ?? '', /[\u0600-\u06ff]/)
      assert.equal((await api('POST', '/shelf-orders', { body: '{broken' })).status, 400)
    })

    it('has one effect for twenty calls at once with one idempotency key, and one answer', async () => {
      const idempotency = randomUUID()
      const body = { number: `once-${idempotency.slice(0, 8)}`, total: '5' }
      const answers = await Promise.all(Array.from({ length: 20 }, () => api('POST', '/shelf-orders', { body, idempotency })))
      assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [201])
      assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1)
      assert.equal(answers.filter((answer) => !answer.replayed).length, 1)
      assert.equal(await orders(body.number), 1)
      const changed = await api('POST', '/shelf-orders', { body: { ...body, total: '6' }, idempotency })
      assert.equal(changed.status, 422)
      assert.equal(changed.body.error?.code, 'API-IDEMPOTENCY-MISMATCH')
    })

    it('repeats a refusal under the same key, and keeps keys of companies apart', async () => {
      const idempotency = randomUUID()
      const first = await api('POST', '/shelf-orders', { body: { number: 'fail', total: '1' }, idempotency })
      const again = await api('POST', '/shelf-orders', { body: { number: 'fail', total: '1' }, idempotency })
      assert.equal(first.status, 422)
      assert.deepEqual(again.body, first.body)
      assert.ok(again.replayed)
      const elsewhere = await api('POST', '/shelf-orders', { body: { number: 'there', total: '1' }, idempotency, key: otherKey })
      assert.equal(elsewhere.status, 201)
    })

    it('describes itself as OpenAPI', async () => {
      // The document's shape is OpenAPI's; only these parts are looked at.
      const document = (await (await fetch(`${view.url}/api/openapi.json`)).json()) as {
        openapi: string
        paths: Record<string, Record<string, object>>
      }
      assert.equal(document.openapi, '3.1.0')
      assert.ok(document.paths['/api/v1/shelf-orders']?.['post'])
      assert.ok(document.paths['/api/v1/shelf-orders/{id}']?.['get'])
    })
  })

  it('says that it is alive and ready', async () => {
    assert.equal((await fetch(`${view.url}/healthz`)).status, 200)
    assert.deepEqual(await (await fetch(`${view.url}/readyz`)).json(), { status: 'ready', database: true, failedModules: [] })
  })
})
