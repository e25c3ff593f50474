import assert from 'node:assert/strict'
import type { Host } from '../../../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../../../core/i18n/fault.js'
import type { SignerInput } from '../../../models/request.js'
import { readEvents } from '../../events.js'
import { changeDraft, createRequest, startDraft } from '../create-request.js'
import { deliverCompleted } from '../deliver.js'
import { raised } from '../policy.js'
import { checkReady } from '../ready.js'
import { sendRequest } from '../send-request.js'
import { RequestHouse, tokenIn } from './request-house.js'
import { signerByToken } from '../links.js'

describe('sending a request', function () {
  this.timeout(180_000)
  let house: RequestHouse

  before(async () => {
    house = await RequestHouse.open()
  })
  after(() => house.running.stop())

  const told = (faults: readonly FaultDetail[]): string[] =>
    faults.filter((fault) => fault.level !== 'warning').map((fault) => `${fault.code} ${fault.path ?? ''}`.trim())

  const refusals: readonly {
    readonly says: string
    readonly people?: Readonly<Record<string, Partial<SignerInput>>>
    readonly more?: Record<string, unknown>
    readonly fault: string
  }[] = [
    {
      says: 'one person who signs twice',
      people: { seller: { email: 'IVAN@example.test' } },
      fault: 'SIGNATURES-PERSON-TWICE signers[2].email',
    },
    { says: 'a person without an address', people: { buyer: { email: '' } }, fault: 'SIGNATURES-EMAIL-MISSING signers[1].email' },
    { says: 'a number that is none', people: { buyer: { phone: '12' } }, fault: 'SIGNATURES-PHONE-WRONG signers[1].phone' },
    {
      says: 'an advanced signature with one proof',
      people: { buyer: { level: 'advanced' } },
      fault: 'SIGNATURES-LEVEL-ADVANCED signers[1].authentication',
    },
    {
      says: 'two proofs of one kind of knowledge for an advanced signature, the PIN unset',
      people: { buyer: { level: 'advanced', authentication: ['pin', 'email-code'] } },
      fault: 'SIGNATURES-METHOD-NO-PIN signers[1].authentication',
    },
    {
      says: 'a qualified signature without a key at the sender’s own device',
      people: { seller: { level: 'qualified', inPerson: true } },
      fault: 'SIGNATURES-LEVEL-QUALIFIED signers[2].keyId',
    },
    {
      says: 'a way of proof that this host has not',
      people: { buyer: { authentication: ['retina'] } },
      fault: 'SIGNATURES-METHOD-UNKNOWN signers[1].authentication',
    },
    { says: 'an end that is over', more: { expiresAt: '2020-01-01T00:00:00Z' }, fault: 'SIGNATURES-EXPIRY-PAST expiresAt' },
    { says: 'a value that the text needs', more: { variables: {} }, fault: 'SIGNATURES-VARIABLE-MISSING variables.contract.value' },
    { says: 'an address for answers that is none', more: { replyTo: 'nobody' }, fault: 'SIGNATURES-EMAIL-WRONG replyTo' },
  ]
  for (const { says, people, more, fault } of refusals) {
    it(`is refused for ${says}, with the place`, async () => {
      const id = await house.draft(people, more)
      assert.deepEqual(told(await checkReady(house.host, house.context, id)), [fault])
      await assert.rejects(
        sendRequest(house.host, house.context, id),
        (error) => error instanceof Fault && `${error.details[0]?.code ?? ''} ${error.details[0]?.path ?? ''}` === fault,
      )
      assert.equal((await house.read(id)).state, 'draft')
    })
  }

  it('lets one person approve and receive a copy: that is meant so', async () => {
    const id = await house.draft({ office: { email: 'mona@example.test' } })
    assert.deepEqual(await checkReady(house.host, house.context, id), [])
  })

  it('is refused where the house is not ready: no seal, in a company that seals', async () => {
    const { host, context } = house
    const id = await house.draft()
    const set = (changes: object): Promise<void> =>
      host.db.company(context.companyId, (transaction) => host.settings.set(transaction, context, 'signatures', changes))
    await set({ sealWhenSigned: true })
    assert.deepEqual(told(await checkReady(host, context, id)), ['SEAL-DESIGN-MISSING'])
    await set({ sealWhenSigned: false })
  })

  it('takes an empty draft, and says for every part that somebody is missing', async () => {
    const { host, context } = house
    const id = await host.db.company(context.companyId, (transaction) =>
      startDraft(host, transaction, context, { templateId: house.templateId }),
    )
    const faults = told(await checkReady(host, context, id))
    assert.equal(faults.filter((fault) => fault === 'SIGNATURES-ROLE-EMPTY signers').length, 4)
  })

  it('refuses an unknown role and two people for one at once, when it is made', async () => {
    const { host, context, templateId } = house
    const signers: SignerInput[] = [
      { role: 'buyer', name: 'A', email: 'a@example.test' },
      { role: 'buyer', name: 'B', email: 'b@example' },
      { role: 'witness', name: 'C' },
    ]
    await assert.rejects(
      host.db.company(context.companyId, (transaction) => createRequest(host, transaction, context, { templateId, signers })),
      (error) => {
        assert.ok(error instanceof Fault)
        assert.deepEqual(told(error.details), [
          'SIGNATURES-ROLE-TWICE signers[1].role',
          'SIGNATURES-EMAIL-WRONG signers[1].email',
          'SIGNATURES-ROLE-UNKNOWN signers[2].role',
        ])
        return true
      },
    )
  })

  it('gives numbers without gaps, though twenty are made at once and some fail', async () => {
    const { host, context } = house
    const made = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        host.db.company(context.companyId, async (transaction) => {
          const id = await startDraft(host, transaction, context, { templateId: house.templateId })
          if (index % 4 === 0) throw new Error('not this one')
          return id
        }),
      ),
    )
    assert.equal(made.filter((one) => one.status === 'fulfilled').length, 15)
    const numbers: { number: string }[] = await host.db.company(context.companyId, (transaction) =>
      transaction.knex('signatures_request').where({ company_id: context.companyId }).orderBy('number').select('number'),
    )
    assert.deepEqual(
      numbers.map(({ number }) => Number(number.slice(-5))),
      numbers.map((_, index) => index + 1),
    )
  })

  it('leaves nothing behind when it dies between freezing and storing; the next try sends once', async () => {
    const { host, context } = house
    const id = await house.draft({ approver: { email: 'crash@example.test' } })
    const dying: Host = { ...host, now: () => host.now(), files: { ...host.files, putMany: () => Promise.reject(new Error('killed')) } }
    await assert.rejects(sendRequest(dying, context, id), /killed/)
    const after = await house.read(id)
    assert.deepEqual([after.state, after.headSha256], ['draft', null])
    assert.deepEqual(await house.mails('crash@example.test'), [])
    await sendRequest(host, context, id)
    assert.equal((await house.mails('crash@example.test')).length, 1)
  })

  it('does not send what was changed while it was being frozen', async () => {
    const { host, context } = house
    const id = await house.draft({ approver: { email: 'changed@example.test' } })
    let changed = false
    const slow: Host = {
      ...host,
      now: () => host.now(),
      documents: {
        ...host.documents,
        render: async (job) => {
          if (!changed) {
            changed = true
            await host.db.company(context.companyId, (transaction) =>
              changeDraft(host, transaction, context, id, {
                templateId: house.templateId,
                signers: [],
                variables: { 'contract.value': '1.00' },
              }),
            )
          }
          return host.documents.render(job)
        },
      },
    }
    await assert.rejects(
      sendRequest(slow, context, id),
      (error) => error instanceof Fault && error.code === 'SIGNATURES-DRAFT-CHANGED' && error.status === 409,
    )
    assert.equal((await house.read(id)).state, 'draft')
    assert.deepEqual(await house.mails('changed@example.test'), [])
  })

  it('lets a policy raise what is asked, never lower it', () => {
    const chosen = { level: 'advanced', authentication: ['email-code', 'sms-code'], reasons: [] } as const
    const reasons = [{ ar: 'س', en: 'law', bg: 'закон' }]
    assert.deepEqual(raised(chosen, { level: 'simple', authentication: ['pin'], reasons }), {
      level: 'advanced',
      authentication: ['email-code', 'sms-code', 'pin'],
      reasons,
    })
    assert.equal(raised(chosen, { level: 'qualified', authentication: [], reasons }).level, 'qualified')
  })

  it('delivers the finished document to everybody, the copy included, and once', async () => {
    const { host, context } = house
    const id = await house.draft({
      approver: { email: 'd1@example.test' },
      buyer: { email: 'd2@example.test' },
      seller: { email: 'd3@example.test' },
      office: { email: 'd4@example.test' },
    })
    const { headSha256 } = await sendRequest(host, context, id)
    for (const role of ['approver', 'buyer', 'seller']) await house.finish(id, role)
    const deliver = (): Promise<void> =>
      host.db.company(context.companyId, async (transaction) => {
        // As the seal does it: here the finished file is the one that stands.
        await transaction
          .knex('signatures_request')
          .where({ company_id: context.companyId, id })
          .update({ state: 'sealed', sealed_sha256: headSha256, completed_at: host.now() })
        await deliverCompleted(host, transaction, context, { id })
      })
    await deliver()
    await deliver()
    for (const to of ['d1', 'd2', 'd3', 'd4']) {
      const mails = await house.mails(`${to}@example.test`)
      const last = mails.at(-1)
      assert.equal(mails.filter((mail) => mail.attachments.length > 0).length, 1, to)
      assert.match(last?.attachments[0]?.name ?? '', /SIGN-\d{4}-\d{5}\.pdf$/)
      assert.ok(await signerByToken(host, tokenIn(last)), 'the link of the mail opens')
    }
    assert.equal((await house.signer(id, 'office')).state, 'copied')
    const events = await host.db.company(context.companyId, (transaction) => readEvents(transaction, id))
    assert.equal(events.filter((event) => event.type === 'delivered').length, 1)
  })
})
