import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { createCoreTranslator } from '../../i18n/create-translator.js'
import { Fault } from '../../i18n/fault.js'
import { agentPath, agentProtocol, type FromHost, type Offer } from '../../signing/keys/agent/protocol.js'
import type { SignDigestRequest } from '../../signing/key.js'
import { History } from '../history.js'
import { leaveHost } from '../leave-host.js'
import { checkOffer } from '../offer-check.js'
import { Outbox } from '../outbox.js'
import { PageServer } from '../page-server.js'
import { Pairings } from '../pairings.js'
import { openerFile, pageTexts, runAgent } from '../run-agent.js'
import { SigningDesk } from '../signing-desk.js'
import { shownText } from '../shown-text.js'
import { Tokens } from '../tokens.js'
import { DeskHouse } from './desk-house.js'
import { until } from '../../../test/helpers/until.js'

const noTokens = (): Tokens => new Tokens({ libraries: [], pinFile: null, warn: () => undefined })

function offer(change: Partial<Offer> = {}): Offer {
  return {
    id: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
    keyId: 'seal',
    publicKey: 'AAAA',
    tokenSerial: null,
    scheme: 'ecdsa',
    digestAlgorithm: 'sha256',
    digest: '00'.repeat(32),
    message: null,
    uses: [{ purpose: 'stamp-e-invoice', subject: { type: 'invoice', id: '1', label: 'INV/1' } }],
    askedBy: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2036-01-01T00:00:00.000Z',
    ...change,
  }
}

describe('Who attacks a desk or its host', function () {
  this.timeout(180_000)
  let house: DeskHouse
  before(async () => {
    house = await DeskHouse.open()
  })
  after(async () => {
    await house.end()
  })

  it('a host that lies: the hash shown must stand where a signature names its document, not just anywhere', () => {
    const shown = createHash('sha256').update('the invoice that is shown').digest()
    const other = createHash('sha256').update('another invoice').digest()
    const octets = (value: Buffer): Buffer => Buffer.concat([Buffer.from([0x04, value.length]), value])
    const inside = (tag: number, ...parts: Buffer[]): Buffer => {
      const content = Buffer.concat(parts)
      return Buffer.concat([Buffer.from([tag, content.length]), content])
    }
    const messageDigest = Buffer.from('06092a864886f70d010904', 'hex')
    const signingDescription = Buffer.from('06092a864886f70d01090d', 'hex')
    const attribute = (type: Buffer, value: Buffer): Buffer => inside(0x30, type, inside(0x31, octets(value)))
    const tieOf = (message: Buffer): string =>
      checkOffer(
        offer({
          message: message.toString('base64'),
          digest: createHash('sha256').update(message).digest('hex'),
          uses: [{ purpose: 'sign-contract', subject: { type: 'x', id: '1', label: 'x' }, documentHash: shown.toString('hex') }],
        }),
      ).tie
    assert.equal(tieOf(inside(0x31, attribute(messageDigest, shown))), 'tied')
    const lie = inside(0x31, attribute(messageDigest, other), attribute(signingDescription, shown))
    assert.equal(tieOf(lie), 'not-tied', 'another document is signed, the shown hash is decoration')
    assert.equal(tieOf(inside(0x31, attribute(messageDigest, shown), attribute(messageDigest, other))), 'not-tied')
    const xml = (hash: Buffer): Buffer =>
      Buffer.from(`<ds:SignedInfo><ds:Reference><ds:DigestValue>${hash.toString('base64')}</ds:DigestValue></ds:Reference></ds:SignedInfo>`)
    assert.equal(tieOf(xml(shown)), 'tied')
    assert.equal(tieOf(Buffer.concat([xml(other), Buffer.from(`<!--${shown.toString('base64')}-->`)])), 'not-tied')
    assert.equal(tieOf(Buffer.from('the invoice that is shown')), 'tied', 'the document itself is what is signed')
  })

  it('a host that changes a request after it was shown is not listened to: nothing is signed under that id', async () => {
    const { pairing, folder } = await house.pair()
    const warnings: object[] = []
    const desk = new SigningDesk({
      folder,
      pairings: [pairing],
      tokens: noTokens(),
      software: 'test',
      warn: (facts) => warnings.push(facts),
    })
    // What the connection hands on after it has checked the frame.
    const receive = (message: FromHost): void => {
      ;(desk as unknown as { received(from: typeof pairing, message: FromHost): void }).received(pairing, message)
    }
    receive({ type: 'offer', offer: offer() })
    receive({ type: 'offer', offer: offer() })
    assert.equal(desk.pending.length, 1, 'the same once more, after a lost connection')
    receive({ type: 'withdraw', id: offer().id, outcome: 'superseded' })
    receive({ type: 'offer', offer: offer({ digest: '11'.repeat(32) }) })
    assert.equal(desk.pending.length, 0)
    assert.equal(warnings.length, 1)
    await desk.close()
  })

  it('texts of a host neither command a terminal nor turn a line around', () => {
    assert.equal(shownText('INV\u001b[2K\u0007 \u202e001\u2066 فاتورة\u200f'), 'INV\ufffd[2K\ufffd \ufffd001\ufffd فاتورة\u200f')
  })

  it('sockets without a key neither shut desks out nor send much', async () => {
    const open = (): WebSocket => {
      const socket = new WebSocket(`${house.url.replace('http', 'ws')}${agentPath}`, agentProtocol)
      socket.on('error', () => undefined)
      return socket
    }
    const sockets = Array.from({ length: 260 }, open)
    await until('the oldest were ended', () => sockets.filter(({ readyState }) => readyState === WebSocket.CLOSED).length >= 50)
    const paired = await house.pair()
    const desk = new SigningDesk({ folder: paired.folder, pairings: [paired.pairing], tokens: noTokens(), software: 'test' })
    await desk.start()
    await until('the desk came through', () => desk.hosts[0]?.state === 'online')
    const loud = open()
    await once(loud, 'open')
    loud.send(`{"type":"hello","x":"${'x'.repeat(100_000)}"}`)
    await until('ended', () => loud.readyState === WebSocket.CLOSED)
    for (const socket of sockets) socket.terminate()
    await desk.close()
  })

  it('what no desk could show is refused at once and does not stand in the way of others', async () => {
    const request = (label: string, count = 1): SignDigestRequest => ({
      scheme: 'ecdsa',
      digestAlgorithm: 'sha256',
      digest: randomBytes(32),
      uses: Array.from({ length: count }, (_one, index) => ({
        purpose: 'stamp-e-invoice' as const,
        subject: { type: 'invoice', id: `${label.slice(0, 5)}${String(index)}`, label },
      })),
    })
    const reference = { keyId: 'k', companyId: house.companyId, algorithm: 'ec-p256' as const, stored: { publicKey: 'AAAA' } }
    const coded = (code: string) => (error: unknown) => error instanceof Fault && error.code === code
    await assert.rejects(house.provider.signDigest(reference, request('many', 1_001)), coded('SIGN-AGENT-FACTS'))
    // NUL cannot be stored in PostgreSQL: the question beside it is not harmed.
    const nul = house.provider.signDigest(reference, request('nul \u0000'))
    const beside = house.provider.signDigest(reference, request('l'.repeat(600)))
    await assert.rejects(nul)
    await assert.rejects(beside, coded('SIGN-AGENT-WAITING'))
    const stored = await house.scratch.database.company(house.companyId, (transaction) => house.provider.requests.list(transaction))
    assert.deepEqual(
      stored.filter(({ state }) => state === 'pending').map(({ uses }) => uses[0]?.subject.label.length),
      [500],
    )
  })

  it('a stopped key: whoever waits is told, nobody is asked any more; old requests are forgotten', async () => {
    const reference = { keyId: 'lost', companyId: house.companyId, algorithm: 'ec-p256' as const, stored: { publicKey: 'BBBB' } }
    const request = { scheme: 'ecdsa' as const, digestAlgorithm: 'sha256' as const, digest: randomBytes(32) }
    const id = await house.provider.requests.ask(reference, Buffer.from('BBBB', 'base64'), request)
    await house.scratch.database.company(house.companyId, (transaction) => house.provider.stopping(transaction, 'lost'))
    assert.equal((await house.provider.requests.standing(house.companyId, id)).state, 'superseded')
    assert.equal(await house.provider.prune(house.companyId), 0)
    house.clockAhead = 91 * 86_400_000
    assert.ok((await house.provider.prune(house.companyId)) >= 1)
    house.clockAhead = 0
    assert.equal((await house.provider.requests.standing(house.companyId, id)).state, 'expired')
  })

  it('a key is reported lost while an answer is being stored: the stop stands, whoever was first', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = publicKey.export({ format: 'der', type: 'spki' })
    const stored = { publicKey: spki.toString('base64') }
    const reference = { keyId: 'raced', companyId: house.companyId, algorithm: 'ec-p256' as const, stored }
    const request = { scheme: 'ecdsa' as const, digestAlgorithm: 'sha256' as const, digest: randomBytes(32) }
    const { requests } = house.provider
    const id = await requests.ask(reference, spki, request)
    const { database } = house.scratch
    // The answer has written its row and not committed yet when the stop looks for what is pending.
    let stopping: Promise<void> | undefined
    await database.company(house.companyId, async ({ knex }) => {
      const signature = sign('sha256', request.digest, privateKey)
      await knex('core_agent_request').where({ company_id: house.companyId, id }).update({ state: 'answered', signature })
      stopping = database.company(house.companyId, (transaction) => house.provider.stopping(transaction, 'raced'))
      stopping.catch(() => undefined)
      await sleep(200)
    })
    await stopping
    assert.equal((await requests.standing(house.companyId, id)).state, 'answered')
  })

  it('another user of the PC: arguments of the browser hold no secret, and the page is come to by a file of the owner alone', async () => {
    const { folder, pairing } = await house.pair()
    const agent = await runAgent({
      folder,
      machine: { platform: 'linux', environment: {}, home: folder },
      texts: createCoreTranslator(),
      locale: 'en',
      version: '1',
      libraries: [],
      keepUnlockedMinutes: 0,
      terminal: false,
      port: 0,
      lookMs: 200,
      say: () => undefined,
    })
    try {
      const { url } = agent
      assert.ok(url)
      assert.ok(readFileSync(openerFile(folder), 'utf8').includes(url))
      assert.equal(statSync(openerFile(folder)).mode & 0o077, 0)
      const [origin = ''] = url.split('/#')
      const ask = async (path: string, headers: Record<string, string>): Promise<number> =>
        (await fetch(`${origin}${path}`, { headers })).status
      // As a browser comes from open.html; anything else from elsewhere is refused.
      assert.equal(await ask('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }), 200)
      assert.equal(await ask('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe' }), 403)
      assert.equal(await ask('/desk.js', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'script' }), 403)
      assert.equal(await ask('/api/state', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }), 403)
      assert.equal(await ask('/api/state', {}), 403)
      assert.equal(await ask('/', { origin: 'https://attacker.example' }), 403)

      // A pairing made while the desk runs is used, and one that is taken away is left.
      const second = await house.pair('Second')
      new Pairings(folder).add(second.pairing)
      await until('both hosts', () => agent.desk.hosts.length === 2 && agent.desk.hosts.every(({ state }) => state === 'online'))
      assert.equal(await leaveHost(second.pairing, 'test'), true)
      new Pairings(folder).remove(second.pairing.agentId)
      await until('one host', () => agent.desk.hosts.length === 1)
      const desks = await house.scratch.database.company(house.companyId, (transaction) => house.provider.desks.list(transaction))
      assert.equal(desks.find(({ id }) => id === second.pairing.agentId)?.state, 'stopped')
      assert.equal(desks.find(({ id }) => id === pairing.agentId)?.state, 'paired')
    } finally {
      await agent.stop()
    }
  })

  it('the page is refused under any other name (DNS rebinding)', async () => {
    const { folder, pairing } = await house.pair()
    const desk = new SigningDesk({ folder, pairings: [pairing], tokens: noTokens(), software: 'test' })
    const page = new PageServer(desk, { texts: createCoreTranslator(), pageTexts, locale: 'en' })
    const { port } = new URL(await page.listen())
    const [answer] = (await once(
      http.get({ host: '127.0.0.1', port, path: '/', headers: { host: `rebound.example:${port}` } }),
      'response',
    )) as [
      IncomingMessage, // what `response` of node:http hands over
    ]
    answer.resume()
    assert.equal(answer.statusCode, 403)
    await page.close()
    await desk.close()
  })

  it('an outbox that was cut by a crash keeps what was whole; two writers of the log keep one chain', async () => {
    const { folder } = await house.pair()
    const agentId = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
    const ids = Array.from({ length: 40 }, (_one, index) => `bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbb${String(index + 10)}`)
    const outbox = new Outbox(folder)
    await Promise.all(ids.map((id) => outbox.add({ agentId, id, signature: 'AA==', proof: 'AA==' })))
    for (const id of ids.slice(1)) outbox.remove(id)
    await outbox.close()
    const file = join(folder, 'outbox.ndjson')
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"agentId":"aaaa`)
    const again = new Outbox(folder)
    assert.deepEqual(
      again.of(agentId).map(({ id }) => id),
      [ids[0]],
    )
    await again.add({ agentId, id: ids[1] ?? '', signature: 'AA==', proof: 'AA==' })
    assert.equal(new Outbox(folder).of(agentId).length, 2, 'written behind the cut line, not into it')
    for (const id of ids) again.remove(id)
    assert.equal(statSync(file).size, 0)
    await again.close()
    const one = new History(folder, () => new Date())
    const other = new History(folder, () => new Date())
    one.add('paired', {})
    other.add('unpaired', {})
    one.add('paired', {})
    assert.equal(new History(folder, () => new Date()).brokenAt, undefined)
  })
})
