import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeskHouse, newCompany } from '../../core/agent/test/desk-house.js'
import { until } from '../helpers/until.js'
import { History } from '../../core/agent/history.js'
import { Outbox } from '../../core/agent/outbox.js'
import { keyOfPairing, type Pairing } from '../../core/agent/pairings.js'
import type { SigningDesk } from '../../core/agent/signing-desk.js'
import { Fault } from '../../core/i18n/fault.js'
import type { KeyReference, SignDigestRequest } from '../../core/signing/key.js'
import { answerText, signText } from '../../core/signing/keys/agent/protocol.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import { verifyDigestSignature } from '../../core/validation/ecdsa.js'

const coded = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.equal(error.code, code)
  return true
}

describe('Desks that fail', function () {
  this.timeout(180_000)
  if (!softHsmIsHere) {
    it('needs the Debian package softhsm2')
    return
  }
  let token: SoftToken
  let house: DeskHouse
  let paired: { pairing: Pairing; folder: string }
  let desk: SigningDesk
  let reference: KeyReference
  let publicKey: Buffer
  let number = 0
  const started: ChildProcess[] = []

  const request = (): SignDigestRequest => {
    const label = String(++number)
    const digest = randomBytes(32)
    return {
      scheme: 'ecdsa',
      digestAlgorithm: 'sha256',
      digest,
      uses: [{ purpose: 'stamp-e-invoice', subject: { type: 'invoice', id: label, label } }],
    }
  }
  const verifies = (asked: SignDigestRequest, signature: Buffer): boolean =>
    verifyDigestSignature({ ...asked, publicKeySpki: publicKey, signature })
  const pin = (): Buffer => Buffer.from(token.pin)
  const shown = (by: SigningDesk, count = 1): Promise<readonly string[]> =>
    until(`${String(count)} shown`, () => by.pending.length === count && by.pending.map(({ offer }) => offer.id))
  const online = (by: SigningDesk): Promise<boolean> => until('online', () => by.hosts[0]?.state === 'online')

  before(async () => {
    token = new SoftToken()
    token.generate('EC:prime256v1', '01', 'seal')
    house = await DeskHouse.open({ waitSeconds: 30, waitWithoutDeskSeconds: 30 })
    paired = await house.pair('Accountant')
    desk = await house.desk(paired)
    const serial = desk.tokens.present[0]?.token.serial ?? ''
    const found = await until('the host knows the key', () =>
      house.provider
        .foundKey(house.companyId, { agentId: paired.pairing.agentId, tokenSerial: serial, keyId: '01' })
        .catch(() => undefined),
    )
    publicKey = found.publicKey
    reference = { keyId: 'seal', companyId: house.companyId, algorithm: 'ec-p256', stored: found.stored }
  })
  after(async () => {
    for (const child of started) child.kill('SIGKILL')
    await desk.close()
    await house.end()
    token.remove()
  })

  it('the connection is cut while a person reads: the document is shown again and signed', async () => {
    const asked = request()
    const answer = house.provider.signDigest(reference, asked)
    await shown(desk)
    house.cutSockets()
    await until('away', () => desk.hosts[0]?.state !== 'online')
    await online(desk)
    await desk.sign(await shown(desk), pin())
    assert.ok(verifies(asked, await answer))
  })

  it('signed while the host is away: the answer waits in the outbox and arrives when the host is back', async () => {
    const asked = request()
    const gone = house.provider.signDigest(reference, asked).catch((error: unknown) => error)
    const ids = await shown(desk)
    await house.crash()
    assert.ok(coded('SIGN-AGENT-WAITING')(await gone), 'the caller is told that the document still waits')
    const [result] = await desk.sign(ids, pin())
    assert.equal(result?.state, 'signed')
    assert.equal(new Outbox(paired.folder).of(paired.pairing.agentId).length, 1)
    await house.restart()
    await online(desk)
    const before = desk.history.newest(1)[0]?.sequence
    assert.ok(verifies(asked, await house.provider.signDigest(reference, asked)))
    await until('outbox empty', () => new Outbox(paired.folder).of(paired.pairing.agentId).length === 0)
    assert.equal(desk.history.newest(1)[0]?.sequence, before, 'it was signed once')
  })

  it('the token is pulled and put back: nothing is signed meanwhile, nothing is lost', async () => {
    const asked = request()
    const answer = house.provider.signDigest(reference, asked)
    const ids = await shown(desk)
    renameSync(token.tokenFolder, `${token.folder}/away`)
    await until('no token', () => desk.tokens.present.length === 0)
    const [result] = await desk.sign(ids, pin())
    assert.deepEqual([result?.state, result?.fault?.code], ['failed', 'SIGN-TOKEN-MISSING'])
    renameSync(`${token.folder}/away`, token.tokenFolder)
    await until('the token is back', () => desk.tokens.present.length === 1)
    await desk.sign(ids, pin())
    assert.ok(verifies(asked, await answer))
  })

  it('a wrong PIN is tried once, shown as such, and never again without a person', async () => {
    const asked = request()
    const answer = house.provider.signDigest(reference, asked)
    const ids = await shown(desk)
    await assert.rejects(desk.sign(ids, Buffer.from('111111')), coded('SIGN-PIN-WRONG'))
    await until('the flag is shown', () => desk.tokens.present[0]?.token.pinCountLow === true)
    const wrong = (): number => desk.history.newest(100).filter(({ event }) => event === 'pin-wrong').length
    assert.equal(wrong(), 1)
    await sleep(1_000)
    assert.equal(wrong(), 1)
    assert.equal(desk.pending.length, 1)
    await assert.rejects(desk.sign(ids, undefined), coded('SIGN-AGENT-PIN-NEEDED'))
    await desk.sign(ids, pin())
    assert.ok(verifies(asked, await answer))
  })

  it('two desks with the same token: whoever is first answers, once', async () => {
    const second = await house.pair('Second')
    const other = await house.desk(second)
    await online(other)
    const asked = request()
    const answer = house.provider.signDigest(reference, asked)
    const [ids, same] = [await shown(desk), await shown(other)]
    assert.deepEqual(ids, same)
    // SoftHSM may answer CKR_GENERAL_ERROR to one of two processes that log in to its files at the same moment.
    const tries = await Promise.allSettled([desk.sign(ids, pin()), other.sign(same, pin())])
    assert.ok(tries.some(({ status }) => status === 'fulfilled'))
    const signature = await answer
    assert.ok(verifies(asked, signature))
    await until('both are done', () => desk.pending.length === 0 && other.pending.length === 0)
    assert.deepEqual(await house.provider.signDigest(reference, asked), signature)
    const answered = (await house.actions()).filter((action) => action === 'agent.request-answered').length
    assert.equal(answered, number, 'one answer for each request so far')
    await other.close()
  })

  it('forged, moved and foreign answers leave the request open; a repeated one changes nothing', async () => {
    const [asked, further] = [request(), request()]
    const answers = [house.provider.signDigest(reference, asked), house.provider.signDigest(reference, further)]
    await shown(desk, 2)
    const idOf = (one: SignDigestRequest): string =>
      desk.pending.find(({ offer }) => offer.digest === Buffer.from(one.digest).toString('hex'))?.offer.id ?? ''
    const agent = { id: paired.pairing.agentId, name: 'x', publicKey: (await deskKey()).toString('base64') }
    const own = keyOfPairing(paired.pairing)
    const take = (id: string, signature: Buffer, proof: string, companyId = house.companyId): Promise<string> =>
      house.provider.requests.answer(companyId, agent, { id, signature: signature.toString('base64'), proof })
    const proofFor = (id: string, one: SignDigestRequest, signature: Buffer): string =>
      signText(own, answerText(house.companyId, id, Buffer.from(one.digest).toString('hex'), signature))
    const forged = randomBytes(70)
    assert.equal(await take(idOf(asked), forged, proofFor(idOf(asked), asked, forged)), 'wrong')
    const ids = [idOf(asked), idOf(further)]
    await desk.sign([idOf(further)], pin())
    const signature = await answers[1]
    assert.ok(signature)
    const [askedId = '', furtherId = ''] = ids
    assert.equal(await take(askedId, signature, proofFor(askedId, asked, signature)), 'wrong', 'the answer of another request')
    assert.equal(await take(furtherId, signature, proofFor(furtherId, further, signature)), 'taken-before', 'replayed')
    assert.equal(await take(furtherId, signature, proofFor(askedId, further, signature)), 'wrong', 'proof of another request')
    const elsewhere = await newCompany(house.scratch, 'another')
    assert.equal(await take(askedId, signature, proofFor(askedId, asked, signature), elsewhere), 'unknown', 'of another company')
    await desk.sign([askedId], pin())
    assert.ok(verifies(asked, (await answers[0]) ?? Buffer.alloc(0)))
    assert.ok((await house.actions()).includes('agent.answer-wrong'))
  })

  it('an old request expires; a host that says so is believed by caller and desk', async () => {
    const asked = request()
    const ended = assert.rejects(house.provider.signDigest(reference, asked), coded('SIGN-AGENT-EXPIRED'))
    await shown(desk)
    house.clockAhead = 73 * 3_600_000
    await ended
    await until('gone from the desk', () => desk.pending.length === 0)
    house.clockAhead = 0
  })

  async function deskKey(): Promise<Buffer> {
    const one = await house.scratch.database.company(house.companyId, (transaction) =>
      house.provider.desks.desk(transaction, paired.pairing.agentId),
    )
    return one.publicKey
  }

  describe('as a program of its own', () => {
    let served: { pairing: Pairing; folder: string }
    const output: string[] = []

    const start = async (): Promise<ChildProcess> => {
      const args = ['bin/khatm.mjs', 'agent', '--folder', served.folder, '--json', 'run', '--library', softHsmLibrary]
      const child = spawn(process.execPath, [...args, '--pin-file', token.pinFile, '--purposes', 'stamp-e-invoice'], {
        cwd: join(import.meta.dirname, '../..'),
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      started.push(child)
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk.toString()))
      await until('the program runs', () => existsSync(join(served.folder, 'running.json')))
      return child
    }

    before(async () => {
      await desk.close()
      served = await house.pair('Server room')
    })

    it('killed while it signs, a new one finishes; only listed purposes are signed without a person', async () => {
      const child = await start()
      const asked = Array.from({ length: 60 }, request)
      const answers = asked.map((one) => house.provider.signDigest(reference, one))
      await Promise.race(answers).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${output.join('')}`)
      })
      child.kill('SIGKILL')
      rmSync(join(served.folder, 'running.json'))
      const contract = {
        ...request(),
        uses: [{ purpose: 'sign-contract' as const, subject: { type: 'contract', id: 'c', label: 'Contract' } }],
      }
      const id = await house.provider.requests.ask(reference, publicKey, contract)
      await start()
      const signatures = await Promise.all(answers)
      for (const [index, signature] of signatures.entries()) assert.ok(verifies(asked[index] ?? contract, signature))
      assert.equal((await house.provider.requests.standing(house.companyId, id)).state, 'pending')
      assert.equal(new History(served.folder, () => new Date()).brokenAt, undefined)
    })

    it('the PIN is in no log, file, table, argument or environment', async () => {
      const secret = token.pin
      const places: string[] = []
      const note = (place: string, bytes: string | Buffer): void => {
        if (bytes.includes(secret)) places.push(place)
      }
      note('output', output.join(''))
      const walk = (folder: string): void => {
        for (const entry of readdirSync(folder, { withFileTypes: true })) {
          const path = join(folder, entry.name)
          if (entry.isDirectory()) walk(path)
          else note(path, readFileSync(path))
        }
      }
      walk(paired.folder)
      walk(served.folder)
      for (const table of ['core_agent', 'core_agent_request', 'core_audit_event', 'core_agent_pairing']) {
        const rows = await house.scratch.database.company(house.companyId, (transaction) =>
          transaction.knex.raw<{ rows: unknown[] }>(`select t::text as row from ${table} t`),
        )
        note(table, JSON.stringify(rows.rows))
      }
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        for (const file of ['cmdline', 'environ']) {
          try {
            note(`/proc/${pid}/${file}`, readFileSync(`/proc/${pid}/${file}`))
          } catch {
            // A process that ended meanwhile, or of another user.
          }
        }
      }
      assert.deepEqual(places, [])
    })
  })

  it('the log of a desk that someone changed tells where', () => {
    const folder = house.folder
    const history = new History(folder, () => new Date())
    for (const label of ['a', 'b', 'c']) history.add('signed', { label })
    const file = join(folder, 'history.ndjson')
    const text = readFileSync(file, 'utf8')
    assert.equal(new History(folder, () => new Date()).brokenAt, undefined)
    const lines = text.split('\n')
    const changed = lines.map((line, index) => (index === 1 ? line.replace('"b"', '"x"') : line)).join('\n')
    writeFileSync(file, changed)
    assert.equal(new History(folder, () => new Date()).brokenAt, 2)
  })
})
