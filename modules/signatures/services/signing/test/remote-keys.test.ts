import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../../../core/access/context.js'
import { CscKeyProvider } from '../../../../../core/signing/keys/csc/csc-provider.js'
import type { RequestSigner, SignRequest } from '../../../models/request.js'
import { readEvents } from '../../events.js'
import { anchorsFor } from '../sealed-document.js'
import { sealRequest } from '../seal-request.js'
import { signSubmitted } from '../sign-submitted.js'
import { signaturesOf } from '../signing-rows.js'
import { documentOf, said, SigningHouse, usualPeople } from './signing-house.js'

/** A signer whose key lies at a remote signing service (Cloud Signature Consortium API 2.0): the choice HR makes on a request. */
describe('Signatures with a key at a remote signing service', function () {
  this.timeout(180_000)
  let house: SigningHouse
  let templateId: string
  let keyId: string
  let holder: CompanyContext

  before(async () => {
    house = await SigningHouse.open({ remoteKeys: true })
    templateId = await house.template(await documentOf(2), 2)
    const { signing, access } = house.host
    const userId = await house.running.access.createUser(
      { login: 'ivan@example.test', name: 'Ivan Petrov', password: 'correct horse battery', locale: 'en' },
      [{ companyId: house.context.companyId, groups: ['signatures.user'] }],
    )
    const member = await access.memberContext(house.context.companyId, userId, 'web')
    assert.ok(member)
    holder = member
    const remote = signing.provider('csc')
    assert.ok(remote instanceof CscKeyProvider)
    const found = await remote.findKey({ service: 'qtsp', credentialId: 'seal-rsa' })
    keyId = await house.company(async (transaction) => {
      const key = await signing.adoptKey(transaction, house.context, { ...found, name: 'QTSP', purposes: ['sign-contract'] })
      await signing.setPolicy(transaction, house.context, key.id, {
        access: { holder: { id: userId, name: 'Ivan Petrov' }, users: [], groups: [] },
      })
      return key.id
    })
  })
  afterEach(() => {
    house.sandbox.reset()
  })
  after(() => house.close())

  const sent = (): Promise<SignRequest> =>
    house.sent(templateId, [
      ...usualPeople.slice(0, 1),
      { role: 'employer', name: 'Ivan Petrov', email: 'ivan@example.test', locale: 'en', keyId, level: 'qualified' },
    ])
  const employer = async (request: SignRequest): Promise<RequestSigner> => house.signer(await house.read(request.id), 'employer')

  it('qualified: signed there, by its holder alone, sealed here, and valid to other readers', async () => {
    const request = await sent()
    await assert.rejects(house.submit(request, 'employer'), { code: 'SIGNATURES-KEY-LOGIN' })
    assert.equal((await house.submit(request, 'employer', {}, holder)).state, 'signed')
    await house.submit(request, 'employee')
    const sealed = await sealRequest(house.host, house.context, request.id)
    assert.equal(sealed.state, 'sealed', JSON.stringify(sealed.fault))
    const finished = await house.file(sealed.sealedSha256)
    const verdict = await house.host.verifiers.verify('remote.pdf', finished, {
      trust: await anchorsFor(house.host, house.context.companyId),
    })
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict.signatures.map((one) => one.findings)))
    assert.match(verdict.signatures.find(({ name }) => name === 'employer.signature')?.signer?.issuer ?? '', /Khatm Sandbox/)
    assert.equal(said('pdfsig', '-nocert', house.write('remote.pdf', finished)).match(/Signature is Valid/g)?.length, 3)
    const facts = await house.company((transaction) => signaturesOf(transaction, request.id))
    assert.deepEqual(
      facts.map(({ issuer }) => issuer),
      ['own', 'host'],
    )
  })

  it('the service is away: the values stay, nothing else signs in its place, and a later try finishes', async () => {
    const request = await sent()
    house.sandbox.faults.inject({ kind: 'error-503', path: 'signHash', times: 0 })
    const waiting = await house.submit(request, 'employer', {}, holder)
    assert.deepEqual([waiting.state, waiting.fault?.code], ['submitted', 'SIGN-CSC-UNREACHABLE'])
    assert.equal((await house.read(request.id)).headSha256, request.frozenSha256)
    house.sandbox.reset()
    const { signer } = await signSubmitted(house.host, house.context, request.id, waiting.id)
    assert.equal(signer.state, 'signed')
    const events = await house.company((transaction) => readEvents(transaction, request.id))
    assert.equal(events.filter(({ type }) => type === 'signed').length, 1)
  })

  it('a signature that is none never becomes the document’s', async () => {
    const request = await sent()
    house.sandbox.faults.inject({ kind: 'garbage-signature', path: 'signHash', times: 0 })
    const refused = await house.submit(request, 'employer', {}, holder)
    assert.notEqual(refused.state, 'signed')
    assert.ok(refused.fault)
    assert.equal((await house.read(request.id)).headSha256, request.frozenSha256)
    house.sandbox.reset()
    if (refused.state === 'verified') await house.submit(request, 'employer', {}, holder)
    else await signSubmitted(house.host, house.context, request.id, refused.id)
    assert.equal((await employer(request)).state, 'signed')
  })
})
