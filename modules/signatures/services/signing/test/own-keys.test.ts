import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { pairWithHost, Pairings } from '../../../../../core/agent/pairings.js'
import { SigningDesk } from '../../../../../core/agent/signing-desk.js'
import { until } from '../../../../../test/helpers/until.js'
import { Tokens } from '../../../../../core/agent/tokens.js'
import type { CompanyContext } from '../../../../../core/access/context.js'
import { agentProviderOf } from '../../../../../core/signing/keys/agent/agent-provider.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../../../../core/signing/test/soft-token.js'
import type { RequestSigner, SignRequest } from '../../../models/request.js'
import { readEvents } from '../../events.js'
import { anchorsFor } from '../sealed-document.js'
import { sealRequest } from '../seal-request.js'
import { signSubmitted } from '../sign-submitted.js'
import { readSigning, signaturesOf } from '../signing-rows.js'
import { documentOf, said, SigningHouse, usualPeople } from './signing-house.js'

/** Signers with keys of their own: on a token in the server room, on a token at somebody's desk. */
describe('Signatures with keys of the signers', function () {
  this.timeout(180_000)
  let house: SigningHouse
  let templateId: string
  let token: SoftToken
  let desk: SigningDesk
  let holder: CompanyContext
  let hsmKey: string
  let deskKey: string
  let atDesk: 'signs' | 'waits' | 'refuses' = 'waits'
  const open: (() => Promise<void> | void)[] = []

  before(async function () {
    if (!softHsmIsHere) return this.skip()
    token = new SoftToken('desk')
    open.push(() => {
      token.remove()
    })
    token.generate('rsa:2048', '01', 'server')
    token.generate('EC:prime256v1', '02', 'person')
    const agent = { waitSeconds: 1, waitWithoutDeskSeconds: 1, requestHours: 72, keepDays: 90 }
    house = await SigningHouse.open({ config: { signing: { pkcs11: [token.configuration()], agent } } })
    open.push(() => house.close())
    templateId = await house.template(await documentOf(2), 2)
    const userId = await house.running.access.createUser(
      { login: 'ivan@example.test', name: 'Ivan Petrov', password: 'correct horse battery', locale: 'en' },
      [{ companyId: house.context.companyId, groups: ['signatures.user'] }],
    )
    const member = await house.host.access.memberContext(house.context.companyId, userId, 'web')
    assert.ok(member)
    holder = member
    hsmKey = await serverKey()
    deskKey = await keyAtDesk()
  })
  after(async () => {
    for (const close of open.reverse()) await close()
  })

  async function certify(keyId: string, name: string): Promise<string> {
    const { signing } = house.host
    const key = await house.company((transaction) => signing.key(transaction, keyId))
    const chain = await house.sandbox.issueCertificate({ spki: key.publicKey, subject: { C: 'BG', CN: name }, profile: 'person' })
    await house.company(async (transaction) => {
      await signing.installCertificates(transaction, house.context, keyId, chain)
      const access = { holder: { id: holder.actor.id ?? '', name: holder.actor.name }, users: [], groups: [] }
      await signing.setPolicy(transaction, house.context, keyId, { access })
    })
    return keyId
  }

  async function serverKey(): Promise<string> {
    const wanted = { name: 'Server', purposes: ['sign-contract'], module: 'soft', tokenLabel: token.label, keyId: '01' } as const
    const key = await house.company((transaction) => house.host.signing.adoptTokenKey(transaction, house.context, wanted))
    return certify(key.id, 'Ivan Petrov')
  }

  async function keyAtDesk(): Promise<string> {
    const provider = agentProviderOf(house.host.signing)
    const { port } = await house.running.listen()
    const { code } = await house.company((transaction) => provider.desks.newCode(transaction, house.context))
    const pairing = await pairWithHost(`http://127.0.0.1:${String(port)}`, code, { name: 'Desk' })
    const place = mkdtempSync(join(house.folder, 'desk-'))
    new Pairings(place).add(pairing)
    const library = { name: 'soft', title: 'SoftHSM', file: softHsmLibrary }
    const tokens = new Tokens({ libraries: [library], pinFile: null, warn: () => undefined, lookMs: 200 })
    desk = new SigningDesk({ folder: place, pairings: [pairing], tokens, software: 'test', backOff: { first: 50, longest: 200 } })
    desk.bell.on('change', () => {
      void act()
    })
    await desk.start()
    open.push(() => desk.close())
    await until('the host knows the keys of the desk', async () => {
      const [known] = await house.company((transaction) => provider.desks.list(transaction))
      return known?.tokens[0]?.keys.length === 2
    })
    const tokenSerial = desk.tokens.present[0]?.token.serial ?? ''
    const found = await provider.foundKey(house.context.companyId, { agentId: pairing.agentId, tokenSerial, keyId: '02' })
    const key = await house.company((transaction) =>
      house.host.signing.adoptKey(transaction, house.context, { ...found, name: 'Desk', purposes: ['sign-contract'], provider: 'agent' }),
    )
    return certify(key.id, 'Ivan Petrov')
  }

  async function act(): Promise<void> {
    const ids = desk.pending.map(({ offer }) => offer.id)
    if (ids.length === 0 || atDesk === 'waits') return
    if (atDesk === 'signs') await desk.sign(ids, Buffer.from(token.pin)).catch(() => undefined)
    else desk.refuse(ids, 'wrong contract')
  }

  const people = (keyId: string, level: 'advanced' | 'qualified'): Parameters<SigningHouse['sent']>[1] => [
    ...usualPeople.slice(0, 1),
    { role: 'employer', name: 'Ivan Petrov', email: 'ivan@example.test', locale: 'en', keyId, level },
  ]
  const signer = async (request: SignRequest): Promise<RequestSigner> => house.signer(await house.read(request.id), 'employer')

  it('a key on a token, qualified: nobody but its holder; the certificate is that of the outside authority', async () => {
    const sent = await house.sent(templateId, people(hsmKey, 'qualified'))
    await assert.rejects(house.submit(sent, 'employer'), { code: 'SIGNATURES-KEY-LOGIN' })
    assert.equal((await house.submit(sent, 'employer', {}, holder)).state, 'signed')
    await house.submit(sent, 'employee')
    const sealed = await sealRequest(house.host, house.context, sent.id)
    assert.equal(sealed.state, 'sealed', JSON.stringify(sealed.fault))
    const finished = await house.file(sealed.sealedSha256)
    const verdict = await house.host.verifiers.verify('own.pdf', finished, { trust: await anchorsFor(house.host, house.context.companyId) })
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict.signatures.map((one) => one.findings)))
    const own = verdict.signatures.find(({ name }) => name === 'employer.signature')
    assert.match(own?.signer?.issuer ?? '', /Khatm Sandbox/)
    const path = house.write('own.pdf', finished)
    assert.equal(said('pdfsig', '-nocert', path).match(/Signature is Valid/g)?.length, 3)
    const facts = await house.company((transaction) => signaturesOf(transaction, sent.id))
    assert.deepEqual(
      facts.map(({ issuer }) => issuer),
      ['own', 'host'],
    )
  })

  it('somebody else is logged in: back to the page with the words of the policy', async () => {
    const sent = await house.sent(templateId, people(hsmKey, 'advanced'))
    const other = await house.running.access.createUser(
      { login: 'eve@example.test', name: 'Eve', password: 'correct horse battery', locale: 'en' },
      [{ companyId: house.context.companyId, groups: ['signatures.user'] }],
    )
    const eve = await house.host.access.memberContext(house.context.companyId, other, 'web')
    const refused = await house.submit(sent, 'employer', {}, eve)
    assert.deepEqual([refused.state, refused.fault?.code], ['verified', 'SIGN-KEY-NOT-YOURS'])
    assert.equal((await house.read(sent.id)).headSha256, sent.frozenSha256)
  })

  it('a key at a desk: submitted while it is waited for, others wait behind it, and the late answer fits what was prepared', async () => {
    atDesk = 'waits'
    const sent = await house.sent(templateId, people(deskKey, 'qualified'))
    const waiting = await house.submit(sent, 'employer', {}, holder)
    assert.equal(waiting.state, 'submitted')
    const first = await signSubmitted(house.host, house.context, sent.id, waiting.id)
    assert.deepEqual([first.signer.state, first.signer.fault?.code], ['submitted', 'SIGN-AGENT-WAITING'])
    assert.ok(first.again)
    const prepared = await house.company((transaction) => readSigning(transaction, waiting.id))

    const behind = await house.submit(sent, 'employee')
    assert.deepEqual(
      [behind.state, behind.fault?.code, behind.fault?.params?.['name']],
      ['submitted', 'SIGNATURES-DOCUMENT-BUSY', 'Ivan Petrov'],
    )

    // Asked again it is the same question: the person at the desk sees one document, once.
    await signSubmitted(house.host, house.context, sent.id, waiting.id)
    const again = await house.company((transaction) => readSigning(transaction, waiting.id))
    assert.deepEqual(
      [again?.prepared_at, again?.base_sha256, again?.leased_until],
      [prepared?.prepared_at, prepared?.base_sha256, prepared?.leased_until],
    )
    assert.equal(desk.pending.length, 1)

    atDesk = 'signs'
    await act()
    await until('the answer is used', async () => {
      await signSubmitted(house.host, house.context, sent.id, waiting.id)
      return (await signer(sent)).state === 'signed'
    })
    const { signer: after } = await signSubmitted(house.host, house.context, sent.id, behind.id)
    assert.equal(after.state, 'signed')
    const facts = await house.company((transaction) => signaturesOf(transaction, sent.id))
    assert.deepEqual(
      facts.map(({ issuer }) => issuer),
      ['own', 'host'],
    )
    const sealed = await sealRequest(house.host, house.context, sent.id)
    assert.equal(sealed.state, 'sealed', JSON.stringify(sealed.fault))
    const path = house.write('desk.pdf', await house.file(sealed.sealedSha256))
    assert.equal(said('pdfsig', '-nocert', path).match(/Signature is Valid/g)?.length, 3)
  })

  it('refused at the desk: back to the page with the reason, and a new submission asks anew', async () => {
    atDesk = 'waits'
    const sent = await house.sent(templateId, people(deskKey, 'qualified'))
    const waiting = await house.submit(sent, 'employer', {}, holder)
    await signSubmitted(house.host, house.context, sent.id, waiting.id)
    atDesk = 'refuses'
    await act()
    await until('the refusal is told', async () => {
      await signSubmitted(house.host, house.context, sent.id, waiting.id)
      return (await signer(sent)).state === 'verified'
    })
    const back = await signer(sent)
    assert.equal(back.fault?.code, 'SIGN-AGENT-REFUSED')
    assert.match(String(back.fault.params?.['reason']), /wrong contract/)
    const events = await house.company((transaction) => readEvents(transaction, sent.id))
    assert.equal(events.filter(({ type }) => type === 'signature_failed').length, 1)
    // Nobody waits behind a refusal.
    assert.equal((await house.submit(sent, 'employee')).state, 'signed')
    atDesk = 'signs'
    const once = await house.submit(sent, 'employer', {}, holder)
    assert.equal(once.state, 'submitted')
    await until('signed in the end', async () => {
      await act()
      await signSubmitted(house.host, house.context, sent.id, waiting.id)
      return (await signer(sent)).state === 'signed'
    })
  })
})
