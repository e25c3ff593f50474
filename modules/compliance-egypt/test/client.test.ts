import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { fetchGuarded } from '../../../core/http/outgoing.js'
import { Fault } from '../../../core/i18n/fault.js'
import { temporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { SubmissionUncertain } from '../../compliance/index.js'
import { trialRoot } from '../authority/eta-addresses.js'
import { callEta, needsLegacyTls, openEta, type EtaReply } from '../authority/eta-client.js'
import { storeCredentials } from '../company/credentials.js'

interface Seen {
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
}
type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void

const portOf = (server: net.Server): number => (server.address() as AddressInfo).port // a listening TCP server's address
const listen = (server: net.Server): Promise<void> => new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve))
const ok: Answer = (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}')

describe('calls to the Egyptian authority', function () {
  this.timeout(180_000)
  let server: http.Server
  let running: TestHost
  let context: CompanyContext
  let company: Company
  const seen: Seen[] = []
  const answers = new Map<string, Answer>()
  let token = 1

  before(async () => {
    server = http.createServer((request, response) => {
      const path = (request.url ?? '').replace(/\?.*/, '')
      seen.push({ path, headers: request.headers })
      request.resume().on('end', () => {
        if (path === '/eta/id/connect/token')
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(JSON.stringify({ access_token: `t${String(token)}`, expires_in: 3600 }))
        else (answers.get(path) ?? ok)(request, response)
      })
    })
    await listen(server)
    const origin = `http://127.0.0.1:${String(portOf(server))}`
    running = await startTestHost({ config: { sandbox: { url: origin, trustAnchors: [] }, allowedPrivateOrigins: [origin] } })
    context = await running.company({ country: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo', sandbox: true })
    await running.host.modules.enable(context, 'compliance-egypt')
    await storeCredentials(running.host, context, {
      environment: 'sandbox',
      clientId: 'client-of-a-test',
      clientSecret: 'secret-of-a-test',
    })
    company = await running.host.access.company(context.companyId)
  })
  after(async () => {
    await running.stop()
    server.closeAllConnections()
    server.close()
  })
  beforeEach(() => {
    seen.length = 0
    answers.clear()
  })

  const call = (path: string, timeoutMs?: number): Promise<EtaReply> =>
    callEta(running.host, context, company, { method: 'GET', path: `api/v1.0/${path}`, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
  const answer = (path: string, one: Answer): void => void answers.set(`/eta/api/v1.0/${path}`, one)
  const asked = (end: string): number => seen.filter((one) => one.path.endsWith(end)).length

  it('asks for one token however many calls begin at once, and keeps it', async () => {
    await Promise.all(Array.from({ length: 20 }, () => call('first')))
    await call('first')
    assert.deepEqual([asked('connect/token'), asked('first')], [1, 21])
  })

  it('renews a refused token once for all calls that it failed, and believes a second refusal', async () => {
    await call('renewed')
    token += 1
    answer('renewed', (request, response) => {
      if (request.headers.authorization === `Bearer t${String(token)}`) ok(request, response)
      else response.writeHead(401).end('{}')
    })
    await Promise.all(Array.from({ length: 10 }, () => call('renewed')))
    assert.equal(asked('connect/token'), 1)
    answer('renewed', (_request, response) => response.writeHead(401).end('{}'))
    await assert.rejects(call('renewed'), { code: 'EG-CREDENTIALS-REFUSED' })
    assert.equal(asked('connect/token'), 2)
  })

  it('waits before the limit of calls is passed, for that call alone', async () => {
    let reset = new Date(0)
    answer('limited/ABCDEFGHJKMNPQRSTVWXYZ0001', (_request, response) => {
      reset = new Date(Date.now() + 1900)
      response
        .writeHead(200, { 'X-Rate-Limit-Limit': '1m', 'X-Rate-Limit-Remaining': '0', 'X-Rate-Limit-Reset': reset.toISOString() })
        .end('{}')
    })
    await call('limited/ABCDEFGHJKMNPQRSTVWXYZ0001')
    await call('unlimited')
    assert.ok(Date.now() < reset.getTime())
    await call('limited/ABCDEFGHJKMNPQRSTVWXYZ0002')
    assert.ok(Date.now() >= reset.getTime(), 'another document, the same limit')
  })

  it('puts a call off that would have to wait longer: nothing is sent, and it is known when to come back', async () => {
    answer('closed', (_request, response) =>
      response.writeHead(429, { 'Retry-After': '90' }).end('{"error":"Too many requests","code":429}'),
    )
    const until = (error: unknown): Date =>
      error instanceof SubmissionUncertain && error.retryAt !== undefined ? error.retryAt : assert.fail(String(error))
    const asking = Date.now()
    const first = until(await call('closed').catch((error: unknown) => error))
    assertBetween(first, asking + 90_000, Date.now() + 90_000)
    const second = until(await call('closed').catch((error: unknown) => error))
    assert.ok(Math.abs(second.getTime() - first.getTime()) < 3000)
    assert.equal(asked('closed'), 1)
    // An hour between the clocks: what counts is how long it is by the authority's own.
    const theirs = Date.now() - 3_600_000
    answer('dated', (_request, response) =>
      response.writeHead(503, { date: new Date(theirs).toUTCString(), 'Retry-After': new Date(theirs + 60_000).toUTCString() }).end(),
    )
    const askingAgain = Date.now()
    const dated = until(await call('dated').catch((error: unknown) => error))
    // An HTTP date has whole seconds: up to one of them is lost in each of the two.
    assertBetween(dated, askingAgain + 59_000, Date.now() + 61_000)
  })

  it('keeps the authority’s name of the call, and speaks the reader’s language', async () => {
    answer('named', (_request, response) => response.writeHead(200, { correlationId: 'c-77' }).end('{"a":1}'))
    const reply = await call('named')
    assert.deepEqual([reply.correlationId, reply.json], ['c-77', { a: 1 }])
    await callEta(running.host, { ...context, locale: 'ar' }, company, { method: 'GET', path: 'api/v1.0/named' })
    await callEta(running.host, { ...context, locale: 'bg' }, company, { method: 'GET', path: 'api/v1.0/named' })
    assert.deepEqual(
      seen
        .filter((one) => one.path.endsWith('named'))
        .map((one) => one.headers['accept-language'])
        .slice(1),
      ['ar', 'en'],
    )
  })

  it('nobody knows: silence, an answer beyond measure; and a redirect is an answer, not a way', async () => {
    answer('silent', () => undefined)
    answer('huge', (_request, response) => response.writeHead(200).end(Buffer.alloc(10 * 1024 * 1024)))
    answer('moved', (_request, response) => response.writeHead(303, { location: '/eta/api/v1.0/elsewhere' }).end())
    await assert.rejects(call('silent', 200), (error) => error instanceof SubmissionUncertain && error.reason.startsWith('HTTP-TIMEOUT'))
    await assert.rejects(call('huge'), (error) => error instanceof SubmissionUncertain && error.reason.startsWith('HTTP-ANSWER-TOO-LARGE'))
    assert.equal((await call('moved')).status, 303)
    assert.equal(asked('elsewhere'), 0)
  })

  it('speaks old TLS to the one host that needs it, and to no other afterwards', async () => {
    // TLS 1.2 without the extension of RFC 5746, as the authority answers; nothing follows, so every call fails, but not for the same reason.
    const hello = Buffer.concat([
      Buffer.from('16030300' + '2a' + '020000' + '26' + '0303', 'hex'),
      Buffer.alloc(32, 7),
      Buffer.from('00' + 'c02f' + '00', 'hex'),
    ])
    const old = net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.write(hello, () => setTimeout(() => socket.destroy(), 50)))
    })
    await listen(old)
    old.unref()
    const origin = `https://127.0.0.1:${String(portOf(old))}`
    const reason = async (legacyTls: boolean): Promise<string> => {
      const error: unknown = await fetchGuarded(origin, { allowPrivate: [origin], legacyTls, timeoutMs: 20_000 }).catch(
        (failed: unknown) => failed,
      )
      return error instanceof Fault ? `${String(needsLegacyTls(error))} ${String(error.cause)}` : assert.fail(String(error))
    }
    assert.match(await reason(false), /^true .*unsafe legacy renegotiation/is)
    assert.match(await reason(true), /^false /)
    assert.match(await reason(false), /^true .*unsafe legacy renegotiation/is)
    // The same through the calls of the product: with a server that the operator named, and with no other.
    let handshakes = 0
    old.on('connection', () => (handshakes += 1))
    const told = async (legacyTlsHosts: string[]): Promise<string> => {
      handshakes = 0
      const config = { ...running.host.config, sandbox: { url: origin, trustAnchors: [] }, allowedPrivateOrigins: [origin], legacyTlsHosts }
      // Getters of the host stay its own: only the configuration is another one.
      const host = Object.create(running.host, { config: { value: config } }) as Host
      await storeCredentials(running.host, context, {
        environment: 'sandbox',
        clientId: 'client-of-a-test',
        clientSecret: `secret-${String(Math.random()).slice(2, 12)}`,
      })
      const error: unknown = await openEta(host, context, company).catch((failed: unknown) => failed)
      return `${String(handshakes)} ${error instanceof SubmissionUncertain ? error.reason : assert.fail(String(error))}`
    }
    const at = `127.0.0.1:${String(portOf(old))}`
    assert.match(await told([]), /^1 .*legacyTlsHosts/)
    assert.match(await told(['127.0.0.1:1', 'other.example']), /^1 .*legacyTlsHosts/)
    const first = await told([at])
    assert.match(first, /^2 /)
    assert.doesNotMatch(first, /legacyTlsHosts/)
    assert.match(await told([at]), /^1 /, 'what a server needs is known from then on')
    old.close()
  })

  it('trusts the root of the authority’s trial system for that system alone', async () => {
    const folder = await temporaryFolder()
    const [key, certificate] = [join(folder.path, 'key.pem'), join(folder.path, 'root.pem')]
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject], {
      stdio: 'ignore',
    })
    const trial = https.createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_request, response) =>
      response.end('trial'),
    )
    await listen(trial)
    trial.unref()
    const origin = `https://127.0.0.1:${String(portOf(trial))}`
    mkdirSync(join(folder.path, 'trust'))
    writeFileSync(join(folder.path, 'trust', 'eta-preprod.pem'), readFileSync(certificate))
    const root = trialRoot({ dataDir: folder.path }, 'preprod') ?? assert.fail('the root is not found')
    assert.equal(trialRoot({ dataDir: folder.path }, 'production'), undefined)
    const known = await fetchGuarded(origin, { allowPrivate: [origin], ca: [...rootCertificates, root].join('\n') })
    assert.equal(known.body.toString(), 'trial')
    await assert.rejects(
      fetchGuarded(origin, { allowPrivate: [origin] }),
      (error) => error instanceof Fault && /SELF_SIGNED/.test(String(error.params.reason)),
    )
    trial.close()
    await folder.remove()
  })
})

/** Whatever is counted from a moment between asking and having the answer lies between these two. */
function assertBetween(time: Date, earliest: number, latest: number): void {
  assert.ok(time.getTime() >= earliest && time.getTime() <= latest, `${time.toISOString()} is not in ${earliest}…${latest}`)
}
