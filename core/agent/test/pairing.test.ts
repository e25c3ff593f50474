import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { Fault } from '../../i18n/fault.js'
import {
  agentPath,
  agentProtocol,
  answerText,
  greetingOf,
  newNonce,
  SignedChannel,
  signedText,
  signText,
  type FromHost,
} from '../../signing/keys/agent/protocol.js'
import { systemContextOf } from '../../../test/helpers/company-context.js'
import { HostConnection, type ConnectionState } from '../host-connection.js'
import { keyOfPairing, hostOrigin, pairWithHost, type Pairing } from '../pairings.js'
import { DeskHouse, newCompany } from './desk-house.js'
import { until } from '../../../test/helpers/until.js'

const coded = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.equal(error.code, code)
  return true
}

describe('Pairing a desk and greeting it', function () {
  this.timeout(180_000)
  let house: DeskHouse
  const open: HostConnection[] = []
  before(async () => {
    house = await DeskHouse.open()
  })
  after(async () => {
    for (const connection of open) connection.close()
    await house.end()
  })

  const connect = (pairing: Pairing): { states: ConnectionState[]; messages: FromHost[]; connection: HostConnection } => {
    const states: ConnectionState[] = []
    const messages: FromHost[] = []
    const connection = new HostConnection(pairing, {
      software: 'test',
      backOff: { first: 30, longest: 60 },
      onState: (state) => states.push(state),
      onMessage: (message) => messages.push(message),
    })
    open.push(connection)
    connection.open()
    return { states, messages, connection }
  }

  it('a code is ten unambiguous signs, is stored as a keyed hash, and pairs one desk once', async () => {
    const code = await house.code()
    assert.match(code, /^[2-9A-HJKMNP-TV-Z]{5}-[2-9A-HJKMNP-TV-Z]{5}$/)
    const rows = await house.scratch.database.host((knex) => knex('core_agent_pairing').select<{ code_hash: Buffer }[]>('code_hash'))
    assert.ok(rows.every((row) => row.code_hash.length === 32 && !row.code_hash.includes(code)))
    const pairing = await pairWithHost(house.url, code.toLowerCase(), { name: 'PC' })
    assert.equal(pairing.companyId, house.companyId)
    await assert.rejects(pairWithHost(house.url, code), coded('SIGN-AGENT-CODE'))
  })

  it('two tries at once with one code: one is paired', async () => {
    const code = await house.code()
    const tries = await Promise.allSettled([1, 2, 3].map(() => pairWithHost(house.url, code)))
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
  })

  it('a code is worth nothing after ten minutes', async () => {
    const code = await house.code()
    house.clockAhead = 10 * 60_000 + 1_000
    await assert.rejects(pairWithHost(house.url, code), coded('SIGN-AGENT-CODE'))
    house.clockAhead = 0
  })

  it('guessing is slowed down by address, right codes too while it lasts', async () => {
    const codes: string[] = []
    for (let tries = 0; tries < 12; tries++) {
      await pairWithHost(house.url, 'AAAAA-AAAAA').catch((error: unknown) => codes.push(error instanceof Fault ? error.code : ''))
    }
    assert.equal(codes[0], 'SIGN-AGENT-CODE')
    assert.equal(codes.at(-1), 'SIGN-AGENT-TOO-MANY')
    await house.scratch.database.host((knex) => knex('core_login_attempt').delete())
  })

  it('the files of a desk are its owner’s alone', async () => {
    const { folder } = await house.pair()
    for (const name of readdirSync(join(folder, 'pairings'))) assert.equal(statSync(join(folder, 'pairings', name)).mode & 0o077, 0)
    assert.equal(statSync(join(house.scratch.dataDir, 'agent-host.key')).mode & 0o077, 0)
    assert.ok(!readFileSync(join(house.scratch.dataDir, 'agent-host.key'), 'utf8').includes('undefined'))
  })

  it('plain HTTP goes to this machine alone, unless told', () => {
    assert.equal(hostOrigin('http://127.0.0.1:8069/x', false), 'http://127.0.0.1:8069')
    assert.throws(() => hostOrigin('http://host.example', false), coded('SIGN-AGENT-PLAIN'))
    assert.equal(hostOrigin('http://host.example', true), 'http://host.example')
    assert.throws(() => hostOrigin('ftp://host.example', true), coded('SIGN-AGENT-ADDRESS'))
    assert.throws(() => hostOrigin('https://user:word@host.example', true), coded('SIGN-AGENT-ADDRESS'))
  })

  it('a desk with its key is welcomed; with another key, of another company or unknown it is refused', async () => {
    const { pairing } = await house.pair()
    const own = connect(pairing)
    await until('online', () => own.states.includes('online'))
    const foreign = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')
    const otherCompany = await newCompany(house.scratch, 'other-company')
    for (const wrong of [
      { ...pairing, privateKey: foreign },
      { ...pairing, companyId: otherCompany },
      { ...pairing, agentId: 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb' },
    ]) {
      const { states } = connect(wrong)
      await until('refused', () => states.includes('refused'))
      assert.ok(!states.includes('online'))
    }
  })

  it('a host with another key is a stranger: the desk proves nothing to it', async () => {
    const { pairing } = await house.pair()
    const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
    const { states, messages } = connect({ ...pairing, hostKey: other })
    await until('stranger', () => states.includes('stranger'))
    assert.deepEqual(messages, [])
  })

  it('a desk that is unpaired is cut off at once and not let in again', async () => {
    const { pairing } = await house.pair()
    const { states, connection } = connect(pairing)
    await until('online', () => states.includes('online'))
    const context = await systemContextOf(house.companyId)
    await house.scratch.database.company(house.companyId, (transaction) =>
      house.provider.desks.unpair(transaction, context, pairing.agentId),
    )
    await until('refused', () => states.at(-1) === 'refused')
    connection.open()
    await until('refused again', () => states.filter((state) => state === 'refused').length === 2)
  })

  it('a web page cannot open the socket, whoever visits it', async () => {
    const socket = new WebSocket(`${house.url.replace('http', 'ws')}${agentPath}`, agentProtocol, { origin: 'https://attacker.example' })
    const error = await new Promise<Error>((resolve) => {
      socket.on('error', resolve)
    })
    assert.match(error.message, /403/)
  })

  it('a frame is taken once, in its order, on its connection', () => {
    const host = generateKeyPairSync('ed25519')
    const desk = generateKeyPairSync('ed25519')
    const greeting = greetingOf('company', 'agent', newNonce(), newNonce())
    const deskSide = new SignedChannel('desk', desk.privateKey, host.publicKey, greeting)
    const hostSide = new SignedChannel('host', host.privateKey, desk.publicKey, greeting)
    const first = deskSide.seal({ type: 'ready', software: '1' })
    const second = deskSide.seal({ type: 'ready', software: '2' })
    assert.throws(() => hostSide.open(second), /out of order/)
    assert.deepEqual(hostSide.open(first), { type: 'ready', software: '1' })
    assert.throws(() => hostSide.open(first), /out of order/)
    assert.throws(() => hostSide.open(second.replace('\\"2\\"', '\\"3\\"')), /not signed/)
    const elsewhere = new SignedChannel('host', host.privateKey, desk.publicKey, greetingOf('company', 'agent', newNonce(), newNonce()))
    assert.throws(() => elsewhere.open(first), /not signed/)
    assert.throws(() => new SignedChannel('desk', desk.privateKey, host.publicKey, greeting).open(first), /not signed/)
    assert.notDeepEqual(answerText('c', 'a', '00', Buffer.from('s')), signedText('answer', 'c', 'a', '0', 's'))
    assert.equal(
      typeof signText(
        keyOfPairing({ privateKey: desk.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64') } as Pairing),
        Buffer.from(''),
      ),
      'string',
    )
  })
})
