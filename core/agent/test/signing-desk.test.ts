import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { KeyReference, KeyUse, SignDigestRequest } from '../../signing/key.js'
import { softHsmIsHere, SoftToken } from '../../signing/test/soft-token.js'
import { verifyDigestSignature } from '../../validation/ecdsa.js'
import { Fault } from '../../i18n/fault.js'
import { DeskHouse } from './desk-house.js'
import { until } from '../../../test/helpers/until.js'
import type { SigningDesk } from '../signing-desk.js'

const coded = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.equal(error.code, code)
  return true
}

function use(number: string, value = '1150.00', currency = 'EGP'): KeyUse {
  return { purpose: 'stamp-e-invoice', subject: { type: 'invoice', id: number, label: `INV/${number}` }, amount: { value, currency } }
}

describe('A desk signs with the token it holds', function () {
  this.timeout(180_000)
  if (!softHsmIsHere) {
    it('needs the Debian package softhsm2')
    return
  }
  let token: SoftToken
  let house: DeskHouse
  let desk: SigningDesk
  let reference: KeyReference
  let publicKey: Buffer

  const request = (uses: readonly KeyUse[], message = randomBytes(64)): SignDigestRequest => ({
    scheme: 'ecdsa',
    digestAlgorithm: 'sha256',
    digest: createHash('sha256').update(message).digest(),
    message,
    uses,
    askedBy: 'Salma',
  })
  const pin = (): Buffer => Buffer.from(token.pin)
  const shown = (count: number): Promise<readonly string[]> =>
    until(`${String(count)} documents on the desk`, () => desk.pending.length === count && desk.pending.map(({ offer }) => offer.id))

  before(async () => {
    token = new SoftToken()
    token.generate('EC:prime256v1', '01', 'seal')
    house = await DeskHouse.open()
    const paired = await house.pair('Accountant')
    desk = await house.desk(paired)
    await until('the desk told its tokens', async () => {
      const desks = await house.scratch.database.company(house.companyId, (transaction) => house.provider.desks.list(transaction))
      return (desks[0]?.tokens.length ?? 0) > 0
    })
    const found = await house.provider.foundKey(house.companyId, {
      agentId: paired.pairing.agentId,
      tokenSerial: desk.tokens.present[0]?.token.serial ?? '',
      keyId: '01',
    })
    publicKey = found.publicKey
    reference = { keyId: 'seal', companyId: house.companyId, algorithm: 'ec-p256', stored: found.stored }
  })
  after(async () => {
    await desk.close()
    await house.end()
    token.remove()
  })

  it('shows what is asked, asks the PIN once for a batch, and the host gets signatures that verify', async () => {
    const asked = ['1', '2', '3'].map((number) => request([use(number)]))
    const waiting = Promise.all(asked.map((one) => house.provider.signDigest(reference, one)))
    const ids = await shown(3)
    const [first] = desk.pending
    assert.equal(first?.offer.askedBy, 'Salma')
    assert.match(first.offer.uses[0]?.subject.label ?? '', /^INV\/[123]$/)
    const given = pin()
    const results = await desk.sign(ids, given)
    assert.deepEqual(
      results.map(({ state }) => state),
      ['signed', 'signed', 'signed'],
    )
    assert.ok(
      given.every((byte) => byte === 0),
      'the PIN is overwritten',
    )
    const signatures = await waiting
    for (const [index, signature] of signatures.entries()) {
      const one = asked[index]
      assert.ok(one)
      assert.equal(
        verifyDigestSignature({ publicKeySpki: publicKey, scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: one.digest, signature }),
        true,
      )
    }
    assert.equal(desk.tokens.present[0]?.unlocked, false, 'the token is locked after the batch')
    assert.equal(desk.pending.length, 0)
  })

  it('a second try after a person was slow meets the answer that came meanwhile', async () => {
    const one = request([use('4')])
    const patience = house.provider as unknown as { patience: () => Promise<number> }
    const usual = patience.patience
    patience.patience = () => Promise.resolve(0.1)
    await assert.rejects(house.provider.signDigest(reference, one), coded('SIGN-AGENT-WAITING'))
    patience.patience = usual
    await desk.sign(await shown(1), pin())
    const before = desk.history.newest(1)[0]?.sequence
    const signature = await house.provider.signDigest(reference, one)
    assert.equal(
      verifyDigestSignature({ publicKeySpki: publicKey, scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: one.digest, signature }),
      true,
    )
    assert.deepEqual(signature, await house.provider.signDigest(reference, one))
    assert.equal(desk.history.newest(1)[0]?.sequence, before, 'nobody was asked again')
  })

  it('a person refuses with a reason; asked again, people are asked again', async () => {
    const one = request([use('5')])
    const refused = assert.rejects(house.provider.signDigest(reference, one), (error) => {
      assert.ok(error instanceof Fault)
      assert.deepEqual([error.code, error.params['reason']], ['SIGN-AGENT-REFUSED', 'wrong customer'])
      return true
    })
    desk.refuse(await shown(1), 'wrong customer')
    await refused
    const again = house.provider.signDigest(reference, one)
    await desk.sign(await shown(1), pin())
    await again
  })

  it('a newer request for the same document replaces the older one', async () => {
    const older = assert.rejects(house.provider.signDigest(reference, request([use('6')])), coded('SIGN-AGENT-SUPERSEDED'))
    await shown(1)
    const newer = request([use('6')])
    const answer = house.provider.signDigest(reference, newer)
    await older
    const id = await until(
      'the newer one alone',
      () =>
        desk.pending.length === 1 &&
        desk.pending[0]?.offer.digest === Buffer.from(newer.digest).toString('hex') &&
        desk.pending[0].offer.id,
    )
    await desk.sign([id], pin())
    await answer
  })

  it('what the host says is checked: bytes that are not those of the digest are not signed', async () => {
    const message = Buffer.from('what is shown')
    const wrong = { ...request([use('7')]), message }
    const refused = assert.rejects(house.provider.signDigest(reference, wrong), coded('SIGN-AGENT-REFUSED'))
    const ids = await shown(1)
    const [result] = await desk.sign(ids, pin())
    assert.equal(result?.fault?.code, 'SIGN-AGENT-DIGEST')
    desk.refuse(ids, 'not what is shown')
    await refused
  })

  it('every step is in the event log of the host and in the chained log of the desk', async () => {
    const actions = await house.actions()
    for (const action of [
      'agent.code-made',
      'agent.paired',
      'agent.request-made',
      'agent.request-answered',
      'agent.request-refused',
      'agent.request-superseded',
    ])
      assert.ok(actions.includes(action), action)
    assert.equal((await house.audit.verify())[0]?.intact, true)
    assert.equal(desk.history.brokenAt, undefined)
  })
})
