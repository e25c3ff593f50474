import assert from 'node:assert/strict'
import { startTestHost, type TestHost } from '../helpers/test-host.js'
import { WebClient } from '../helpers/web-client.js'
import { routeList, type GuardedRoute } from './route-list.js'

const password = 'long enough for a test'

/** Requests at once. */
const inFlight = 6

/** JSON that some reader of it chokes on. */
const hostileBodies: readonly (readonly [what: string, body: string | Buffer, headers?: Readonly<Record<string, string>>])[] = [
  ['no JSON', '{'],
  ['no object', '[]'],
  ['a text', '"x"'],
  ['nothing', 'null'],
  ['depth', '['.repeat(200_000) + ']'.repeat(200_000)],
  ['depth in a field', `{"lines":${'['.repeat(100_000)}${']'.repeat(100_000)},"name":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`],
  ['a name twice', '{"name":"a","name":{"b":1},"lines":[],"lines":"x"}'],
  ['prototypes', '{"__proto__":{"groups":["*"]},"constructor":{"prototype":{"x":1}},"toString":1,"hasOwnProperty":null}'],
  ['numbers without end', '{"name":1e400,"quantity":-1e400,"lines":[{"quantity":1e400}],"amount":1E-400}'],
  ['digits without end', `{"name":${'9'.repeat(100_000)},"quantity":"${'9'.repeat(100_000)}","unitPrice":"1e999999999"}`],
  ['another character set', Buffer.from('\ufeff{"name":"a"}', 'utf16le'), { 'content-type': 'application/json; charset=utf-16' }],
  ['no known character set', '{"name":"a"}', { 'content-type': 'application/json; charset=x-none' }],
  ['Arabic of a code page', Buffer.from('{"name":"\xe3\xe4\xec"}', 'latin1')],
  ['a form', 'name=a&name=b', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['a text of another site’s form', '{"name":"a"}', { 'content-type': 'text/plain' }],
  ['bytes packed in an unknown way', 'x', { 'content-encoding': 'zstd' }],
  ['bytes that were never packed', 'x', { 'content-encoding': 'gzip' }],
]

/** Headers by which a browser tells that another site sends. */
const elsewhere: readonly Readonly<Record<string, string>>[] = [
  { origin: 'http://evil.example' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
]

/** All of them with KHATM_FULL=1, else every third: what one route is not sent, its neighbours are. */
const bodiesFor = (index: number): typeof hostileBodies =>
  hostileBodies.filter((_, position) => process.env['KHATM_FULL'] === '1' || (position + index) % 3 === 0)

describe('guards of the routes', function () {
  this.timeout(600_000)
  let running: TestHost
  let url: string
  let routes: GuardedRoute[]
  let enabled: ReadonlySet<string>
  let key: string
  let keyOfNobody: string

  before(async () => {
    running = await startTestHost({ role: { web: true }, sandbox: true })
    ;({ url } = await running.listen())
    const context = await running.company({ code: 'eg', country: 'EG', sandbox: true })
    for (const module of ['signatures', 'employment', 'compliance-egypt']) await running.host.modules.enable(context, module)
    enabled = await running.host.modules.enabledFor(context.companyId)
    const groups = running.access.groups.list().map((group) => group.name)
    const { companyId } = context
    await running.access.createUser({ login: 'all', name: 'All', password, locale: 'en' }, [{ companyId, groups }])
    await running.access.createUser({ login: 'nobody', name: 'Nobody', password, locale: 'en' }, [{ companyId, groups: [] }])
    key = (await running.host.access.createApiKey(context, 'all', groups)).secret
    keyOfNobody = (await running.host.access.createApiKey(context, 'nobody', [])).secret
    routes = routeList(running).routes
  })
  after(() => running.stop())

  const ask = (
    route: GuardedRoute,
    headers: Readonly<Record<string, string>> = {},
    body: string | Buffer = '',
  ): Promise<{ status: number; text: string; location: string | null }> =>
    fetch(url + route.address, {
      method: route.method === '_all' ? 'POST' : route.method.toUpperCase(),
      redirect: 'manual',
      headers,
      ...(route.method === 'get' ? {} : { body: typeof body === 'string' ? body : Uint8Array.from(body) }),
    }).then(async (answer) => ({ status: answer.status, text: await answer.text(), location: answer.headers.get('location') }))

  const cookiesOf = (client: WebClient): Record<string, string> => ({
    cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
  })
  const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }

  /** What each route answered otherwise than it should. */
  async function wrong(of: readonly GuardedRoute[], check: (route: GuardedRoute) => Promise<string | undefined>): Promise<string[]> {
    assert.ok(of.length > 3)
    const found: string[] = []
    const waiting = of.values()
    const caller = async (): Promise<void> => {
      for (const route of waiting) {
        const told = await check(route)
        if (told !== undefined) found.push(`${route.method} ${route.address}: ${told}`)
      }
    }
    await Promise.all(Array.from({ length: inFlight }, caller))
    return found
  }

  it('are known of every route that express was given', () => {
    const { registered, told } = routeList(running)
    assert.deepEqual(
      [...registered].filter((route) => !told.has(route)),
      [],
    )
    assert.deepEqual(
      [...told].filter((route) => !registered.has(route)),
      [],
    )
    const ofModules = routes.filter(({ kind, module }) => (kind === 'api' || kind === 'page') && module !== 'core')
    assert.ok(ofModules.length > 350, String(ofModules.length))
    assert.deepEqual(
      ofModules.filter(({ groups }) => groups.length === 0),
      [],
    )
  })

  it('let nobody in who is not logged in', async () => {
    const closed = routes.filter(({ kind }) => kind === 'api' || kind === 'page')
    assert.deepEqual(
      await wrong(closed, async (route) => {
        const { status, location } = await ask(route, { accept: 'text/html' })
        if (route.kind === 'page' && route.method === 'get')
          return status === 303 && location === `/login?next=${encodeURIComponent(route.address)}`
            ? undefined
            : `${String(status)} ${String(location)}`
        return status === 401 ? undefined : String(status)
      }),
      [],
    )
  })

  it('let nobody in without a right', async () => {
    const client = new WebClient(url)
    await client.login('nobody', password)
    const headers = { ...cookiesOf(client), 'x-khatm-token': client.token, accept: 'application/json' }
    const closed = routes.filter(({ groups }) => groups.length > 0)
    assert.deepEqual(
      await wrong(closed, async (route) => {
        const isOff = !enabled.has(route.module) && !['core', 'settings'].includes(route.module)
        const wanted = isOff ? [404] : [403]
        const own = await ask(route, headers)
        if (!wanted.includes(own.status)) return `${String(own.status)} with a session`
        if (route.kind !== 'api') return undefined
        const { status } = await ask(route, { authorization: `Bearer ${keyOfNobody}`, 'content-type': 'application/json' }, '{}')
        return wanted.includes(status) ? undefined : `${String(status)} with a key`
      }),
      [],
    )
  })

  it('refuse what changes anything when another site sends it, or nobody says that he means it', async () => {
    const client = new WebClient(url)
    await client.login('all', password)
    const cookies = cookiesOf(client)
    const unsafe = routes.filter(({ kind, method }) => kind !== 'open' && method !== 'get')
    const code = (text: string): string => /"code":"([A-Z-]+)"/.exec(text)?.[1] ?? text.slice(0, 60)
    assert.deepEqual(
      await wrong(unsafe, async (route) => {
        const without = await ask(route, { ...cookies, ...form }, 'a=b')
        if (code(without.text) !== 'ACCESS-FORM-STALE') return `${code(without.text)} without a token`
        const parts = await ask(
          route,
          { ...cookies, accept: 'application/json', 'content-type': 'multipart/form-data; boundary=x' },
          '--x--\r\n',
        )
        if (code(parts.text) !== 'ACCESS-FORM-STALE') return `${code(parts.text)} in parts without a token`
        // Each route from one place or another: what is asked of one is asked of all.
        const from = elsewhere[route.address.length % elsewhere.length]
        const foreign = await ask(route, { ...cookies, ...form, ...from, 'x-khatm-token': client.token }, 'a=b')
        if (code(foreign.text) !== 'ACCESS-FORM-FOREIGN') return `${code(foreign.text)} from ${JSON.stringify(from)}`
        return undefined
      }),
      [],
    )
  })

  it('answer what is no call of theirs with a fault, never with an error of ours', async () => {
    const calls = routes.filter(({ kind, method }) => kind === 'api' && method !== 'get')
    assert.deepEqual(
      await wrong(calls, async (route) => {
        for (const [what, body, further] of bodiesFor(calls.indexOf(route))) {
          const headers = {
            authorization: `Bearer ${key}`,
            'content-type': 'application/json',
            'idempotency-key': what.replaceAll(/\W/g, '-'),
            ...further,
          }
          const { status, text } = await ask(route, headers, body)
          // What takes no body does not read one.
          if (status >= 500 || status < 400) return `${what} answered ${String(status)} ${text.slice(0, 100)}`
          if (!/^\{"error":\{"code":"[A-Z][A-Z\d]*(?:-[A-Z\d]+)+"/.test(text)) return `${what} answered ${text.slice(0, 100)}`
        }
        return undefined
      }),
      [],
    )
  })
})
