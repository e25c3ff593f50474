import assert from 'node:assert/strict'
import { createPublicKey, randomUUID } from 'node:crypto'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemContextOf } from '../../../test/helpers/company-context.js'
import { scratchDatabase, type ScratchDatabase } from '../../../test/helpers/scratch-database.js'
import type { CompanyContext } from '../../access/context.js'
import { createAudit, type AuditSystem } from '../../audit/create-audit.js'
import { createLogger } from '../../host/logger.js'
import { Fault } from '../../i18n/fault.js'
import { createSigningService } from '../create-signing-service.js'
import type { Key, KeyAccess, KeyUse } from '../key.js'
import type { SigningService } from '../signing-service.js'
import { certify, issueCertificate } from './test-authority.js'

const hash = 'ab'.repeat(32)
const contract: KeyUse = {
  purpose: 'sign-contract',
  subject: { type: 'contract', id: '7', label: 'Lease 7' },
  amount: { value: '5000.00', currency: 'SAR' },
  documentHash: hash,
}

function refusedWith(code: string) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof Fault)
    assert.equal(error.code, code)
    return true
  }
}

describe('who may use a key, and with whose approval', function () {
  this.timeout(180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const companyId = randomUUID()
  const person = (name: string, ...groups: string[]): CompanyContext => ({
    companyId,
    actor: { kind: 'user', id: randomUUID(), name },
    locale: 'en',
    source: 'web',
    groups: new Set(groups),
  })
  const amal = person('Amal', 'sales')
  const badr = person('Badr', 'directors')
  const salma = person('Salma', 'directors', 'sales')
  let scratch: ScratchDatabase
  let audit: AuditSystem
  let service: SigningService
  /** Another process with the same database. */
  let elsewhere: SigningService
  let system: CompanyContext
  let now = new Date()

  before(async () => {
    scratch = await scratchDatabase()
    const logger = createLogger({ logLevel: 'silent' })
    audit = createAudit({ database: scratch.database, anchorFile: path.join(scratch.dataDir, 'anchors'), now: () => now, logger })
    system = await systemContextOf(companyId)
    const signing = { masterKey: null, timeStampUrl: null, pkcs11: [], csc: [] }
    const parts = { database: scratch.database, audit, config: { dataDir: scratch.dataDir, signing }, now: () => now, logger }
    service = createSigningService(parts)
    elsewhere = createSigningService(parts)
  })
  after(async () => {
    await service.close()
    await elsewhere.close()
    await audit.close()
    await scratch.end()
  })
  afterEach(() => {
    now = new Date()
  })

  const keyWith = (access: KeyAccess): Promise<Key> =>
    scratch.database.company(companyId, async (transaction) => {
      const made = await service.generateKey(transaction, system, { name: 'Contracts', algorithm: 'ec-p256', purposes: ['sign-contract'] })
      const publicKey = createPublicKey({ key: made.publicKey, format: 'der', type: 'spki' })
      const certificate = certify({ commonName: 'Seal', issuer: root }, 'ec-p256', publicKey, root.privateKey)
      await service.installCertificates(transaction, system, made.id, [certificate.der])
      return service.setPolicy(transaction, system, made.id, { access })
    })
  const approvals = (key: Key) => scratch.database.company(companyId, (transaction) => service.approvals(transaction, { keyId: key.id }))
  const decide = (by: CompanyContext, id: string, approved: boolean, reason?: string) =>
    scratch.database.company(companyId, (transaction) =>
      service.decideApproval(transaction, by, id, { approved, ...(reason === undefined ? {} : { reason }) }),
    )

  it("lets an employee alone use the employee's own key; the host's own jobs are refused too", async () => {
    const key = await keyWith({ users: [], groups: [], holder: { id: amal.actor.id ?? '', name: 'Amal' } })
    await (await service.open(amal, key.id, contract)).signDigest(Buffer.alloc(32, 1))
    for (const other of [badr, salma, system])
      await assert.rejects(service.open(other, key.id, contract), refusedWith('SIGN-KEY-NOT-YOURS'))
  })

  it('lets named users and groups use a shared key, and jobs of the host carry on for them', async () => {
    const key = await keyWith({ users: [badr.actor.id ?? ''], groups: ['sales'] })
    for (const allowed of [amal, badr, salma, system]) await service.open(allowed, key.id, contract)
    await assert.rejects(service.open(person('Nour', 'stock'), key.id, contract), refusedWith('SIGN-KEY-NOT-YOURS'))
    const program: CompanyContext = { ...amal, actor: { kind: 'api-key', id: badr.actor.id, name: 'till' }, groups: new Set(['stock']) }
    await assert.rejects(service.open(program, key.id, contract), refusedWith('SIGN-KEY-NOT-YOURS'))
  })

  it('asks another person first: once asked, once approved, once used', async () => {
    const key = await keyWith({ users: [], groups: [], approval: { group: 'directors' } })
    await assert.rejects(service.open(salma, key.id, contract), refusedWith('SIGN-APPROVAL-NEEDED'))
    await assert.rejects(service.open(salma, key.id, contract), refusedWith('SIGN-APPROVAL-NEEDED'))
    const [asked, second] = await approvals(key)
    assert.ok(asked)
    assert.equal(second, undefined)
    assert.deepEqual([asked.state, asked.askedBy.name, asked.subject.label, asked.documentHash], ['pending', 'Salma', 'Lease 7', hash])

    await assert.rejects(decide(salma, asked.id, true), refusedWith('SIGN-APPROVAL-OWN'))
    await assert.rejects(decide(amal, asked.id, true), refusedWith('SIGN-APPROVAL-NOT-YOURS'))
    await assert.rejects(decide(system, asked.id, true), refusedWith('SIGN-APPROVAL-NOT-YOURS'))
    for (const stranger of [randomUUID(), '-'.repeat(36), 'x'])
      await assert.rejects(decide(badr, stranger, true), refusedWith('SIGN-APPROVAL-UNKNOWN'))
    await decide(badr, asked.id, true)
    await assert.rejects(decide(badr, asked.id, false), refusedWith('SIGN-APPROVAL-CLOSED'))

    // Another document, amount or purpose is not what was approved.
    await assert.rejects(service.open(salma, key.id, { ...contract, documentHash: 'cd'.repeat(32) }), refusedWith('SIGN-APPROVAL-NEEDED'))
    const more = { value: '5000.01', currency: 'SAR' }
    await assert.rejects(service.open(salma, key.id, { ...contract, amount: more }), refusedWith('SIGN-APPROVAL-NEEDED'))

    await (await service.open(salma, key.id, contract)).signDigest(Buffer.alloc(32, 1))
    await assert.rejects(service.open(salma, key.id, contract), refusedWith('SIGN-APPROVAL-NEEDED'))
    assert.deepEqual((await approvals(key)).map((one) => one.state).sort(), ['consumed', 'pending', 'pending', 'pending'])
  })

  it('gives the signature of one approval to one of eight consumers in two processes', async () => {
    const key = await keyWith({ users: [], groups: [], approval: { group: 'directors' } })
    await assert.rejects(service.open(amal, key.id, contract), refusedWith('SIGN-APPROVAL-NEEDED'))
    const [asked] = await approvals(key)
    await decide(badr, asked?.id ?? '', true)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, async (_, index) => {
        const signer = await (index % 2 === 0 ? service : elsewhere).open(amal, key.id, contract)
        return signer.signDigest(Buffer.alloc(32, index))
      }),
    )
    assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1)
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue
      assert.ok(outcome.reason instanceof Fault)
      assert.match(outcome.reason.code, /^SIGN-APPROVAL-(?:USED|NEEDED)$/)
    }
    const uses = await scratch.database.company(companyId, (transaction) => audit.of(transaction, { type: 'key', id: key.id }, 50))
    assert.equal(uses.filter((event) => event.action === 'key.used').length, 1)
    assert.equal((await approvals(key)).filter((one) => one.state === 'consumed').length, 1)
  })

  it('uses an approval up with the signature, not with a token that fails, and gives one signature for it', async () => {
    const key = await keyWith({ users: [], groups: [], approval: { group: 'directors' } })
    await assert.rejects(service.open(amal, key.id, contract), refusedWith('SIGN-APPROVAL-NEEDED'))
    await decide(badr, (await approvals(key))[0]?.id ?? '', true)
    const state = async () => (await approvals(key))[0]?.state
    const provider = service.provider('software')
    const signDigest = provider.signDigest.bind(provider)
    provider.signDigest = () => Promise.reject(new Fault('SIGN-TOKEN-MISSING', { params: { token: '' }, status: 503 }))
    const signer = await service.open(amal, key.id, contract)
    try {
      await assert.rejects(signer.signDigest(Buffer.alloc(32, 1)), refusedWith('SIGN-TOKEN-MISSING'))
      assert.equal(await state(), 'approved')
    } finally {
      provider.signDigest = signDigest
    }
    const signWhole = signer.signMessage?.bind(signer) ?? assert.fail()
    const outcomes = await Promise.allSettled([
      signer.signDigest(Buffer.alloc(32, 1)),
      signWhole(Buffer.from('another document')),
      signer.signDigest(Buffer.alloc(32, 3)),
    ])
    assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1)
    assert.equal(await state(), 'consumed')
    await assert.rejects(signer.signDigest(Buffer.alloc(32, 1)), refusedWith('SIGN-APPROVAL-USED'))
    await assert.rejects(service.open(amal, key.id, contract), refusedWith('SIGN-APPROVAL-NEEDED'))
  })

  it('gives no signature of a key that was stopped while its token was at work', async () => {
    const key = await keyWith({ users: [], groups: [] })
    const signer = await service.open(amal, key.id, contract)
    const provider = service.provider('software')
    const signDigest = provider.signDigest.bind(provider)
    provider.signDigest = async (...given) => {
      const signature = await signDigest(...given)
      await scratch.database.company(companyId, (transaction) => service.stopKey(transaction, amal, key.id, 'lost'))
      return signature
    }
    try {
      await assert.rejects(signer.signDigest(Buffer.alloc(32, 1)), refusedWith('SIGN-KEY-STOPPED'))
    } finally {
      provider.signDigest = signDigest
    }
  })

  it('does not let the maker of an API key approve what the program asked for', async () => {
    const key = await keyWith({ users: [], groups: [], approval: { group: 'directors' } })
    const apiKey = randomUUID()
    await scratch.database.host(async (knex) => {
      const names = { code: 'four-eyes', name: 'Four eyes', country: 'SA', currency: 'SAR', time_zone: 'Asia/Riyadh', locale: 'en' }
      await knex('core_company')
        .insert({ id: companyId, ...names, address: '{}', identifiers: '[]' })
        .onConflict('id')
        .ignore()
      const row = {
        id: apiKey,
        company_id: companyId,
        name: 'till',
        secret_hash: apiKey,
        hint: 'x',
        groups: '[]',
        created_by: badr.actor.id,
      }
      await knex('core_api_key').insert(row)
    })
    const program: CompanyContext = { ...badr, actor: { kind: 'api-key', id: apiKey, name: 'till' } }
    await assert.rejects(service.open(program, key.id, contract), refusedWith('SIGN-APPROVAL-NEEDED'))
    const id = (await approvals(key))[0]?.id ?? ''
    await assert.rejects(decide(badr, id, true), refusedWith('SIGN-APPROVAL-OWN'))
    await decide(salma, id, true)
  })

  it('shows the document to the approver as it is named', async () => {
    const key = await keyWith({ users: [], groups: [], approval: { group: 'directors' } })
    const label = "Really? O'Neill \\? $1 ? عقد"
    await assert.rejects(
      service.open(amal, key.id, { ...contract, subject: { type: 'contract', id: '11', label } }),
      refusedWith('SIGN-APPROVAL-NEEDED'),
    )
    assert.equal((await approvals(key))[0]?.subject.label, label)
  })

  it('refuses amounts that are no plain decimals and hashes that are none: no spelling is within a limit by accident', async () => {
    const limit = { value: '5000', currency: 'SAR' }
    const key = await keyWith({ users: [], groups: [], approval: { group: 'directors', above: limit } })
    await scratch.database.company(companyId, (transaction) =>
      service.setPolicy(transaction, system, key.id, { limits: { amount: limit } }),
    )
    for (const value of ['NaN', 'Infinity', '-NaN', '1e9', '1e-9', '0x10', '', ' 1', '1\n', '1,5', '٥', '+1', '.5', '--1', '1'.repeat(16)])
      await assert.rejects(
        service.open(amal, key.id, { ...contract, amount: { value, currency: 'SAR' } }),
        refusedWith('SIGN-USE-INVALID'),
        value,
      )
    for (const currency of ['sar', 'SAR ', '', 'SARR'])
      await assert.rejects(service.open(amal, key.id, { ...contract, amount: { value: '1', currency } }), refusedWith('SIGN-USE-INVALID'))
    for (const documentHash of ['', hash.toUpperCase(), `${hash}00`, 'x'])
      await assert.rejects(service.open(amal, key.id, { ...contract, documentHash }), refusedWith('SIGN-USE-INVALID'))
    await service.open(amal, key.id, contract)
  })

  it('wants approval above an amount, of an unknown amount and of another currency', async () => {
    const key = await keyWith({ users: [], groups: [], approval: { group: 'directors', above: { value: '5000', currency: 'SAR' } } })
    await service.open(amal, key.id, contract)
    const { amount: _none, ...without } = contract
    for (const use of [
      { ...contract, amount: { value: '-5000.01', currency: 'SAR' } },
      { ...contract, amount: { value: '1', currency: 'EUR' } },
      without,
    ]) {
      await assert.rejects(service.open(amal, key.id, use), refusedWith('SIGN-APPROVAL-NEEDED'))
    }
  })

  it('uses nothing of a batch of which one document is not approved', async () => {
    const key = await keyWith({ users: [], groups: [], approval: { group: 'directors' } })
    const other: KeyUse = { ...contract, subject: { type: 'contract', id: '8', label: 'Lease 8' } }
    await assert.rejects(service.open(amal, key.id, contract), refusedWith('SIGN-APPROVAL-NEEDED'))
    await decide(badr, (await approvals(key))[0]?.id ?? '', true)
    await assert.rejects(service.open(amal, key.id, [contract, other]), refusedWith('SIGN-APPROVAL-NEEDED'))
    assert.deepEqual((await approvals(key)).map((one) => one.state).sort(), ['approved', 'pending'])
    await assert.rejects(service.open(amal, key.id, [contract, contract]), refusedWith('SIGN-USE-TWICE'))
    await service.open(amal, key.id, contract)
  })

  it('says who refused and why, and lets an approval nobody used end', async () => {
    const key = await keyWith({ users: [], groups: [], approval: { group: 'directors' } })
    await assert.rejects(service.open(amal, key.id, contract), refusedWith('SIGN-APPROVAL-NEEDED'))
    await decide(badr, (await approvals(key))[0]?.id ?? '', false, 'wrong rent')
    await assert.rejects(service.open(amal, key.id, contract), (error) => {
      assert.ok(error instanceof Fault)
      assert.deepEqual([error.code, error.params['by'], error.params['reason']], ['SIGN-APPROVAL-REFUSED', 'Badr', 'wrong rent'])
      return true
    })
    const other: KeyUse = { ...contract, subject: { type: 'contract', id: '9', label: 'Lease 9' } }
    await assert.rejects(service.open(amal, key.id, other), refusedWith('SIGN-APPROVAL-NEEDED'))
    await decide(badr, (await approvals(key)).find((one) => one.state === 'pending')?.id ?? '', true)
    now = new Date(Date.now() + 4 * 24 * 3_600_000)
    await assert.rejects(service.open(amal, key.id, other), refusedWith('SIGN-APPROVAL-NEEDED'))
    assert.ok((await approvals(key)).some((one) => one.state === 'expired'))
  })

  it('stops a key in another process too, within a second, and for good', async () => {
    const key = await keyWith({ users: [], groups: [] })
    const here = await service.open(amal, key.id, contract)
    const there = await elsewhere.open(amal, key.id, contract)
    await there.signDigest(Buffer.alloc(32, 1))
    await scratch.database.company(companyId, (transaction) => service.stopKey(transaction, amal, key.id, 'laptop stolen'))
    await assert.rejects(here.signDigest(Buffer.alloc(32, 1)), refusedWith('SIGN-KEY-STOPPED'))
    await sleep(1050)
    await assert.rejects(there.signDigest(Buffer.alloc(32, 1)), refusedWith('SIGN-KEY-STOPPED'))
    await assert.rejects(elsewhere.open(amal, key.id, contract), refusedWith('SIGN-KEY-STOPPED'))
    const change = (work: (transaction: Parameters<SigningService['key']>[0]) => Promise<unknown>): Promise<unknown> =>
      scratch.database.company(companyId, work)
    await assert.rejects(
      change((transaction) => service.setPolicy(transaction, amal, key.id, { purposes: ['sign-contract'] })),
      refusedWith('SIGN-KEY-STOPPED'),
    )
    await assert.rejects(
      change((transaction) => service.installCertificates(transaction, amal, key.id, key.certificates)),
      refusedWith('SIGN-KEY-STOPPED'),
    )
    const { algorithm, publicKey, certificates, attributes } = key
    const again = {
      name: 'Again',
      purposes: ['sign-contract'],
      provider: 'csc',
      algorithm,
      publicKey,
      certificates,
      attributes,
      stored: {},
    } as const
    await assert.rejects(
      change((transaction) => service.adoptKey(transaction, amal, again)),
      refusedWith('SIGN-KEY-WAS-STOPPED'),
    )
    const stopped = await scratch.database.company(companyId, (transaction) => service.key(transaction, key.id))
    assert.deepEqual([stopped.stopped?.reason, stopped.stopped?.by], ['laptop stolen', 'Amal'])
  })

  it('ends open signers when the policy changes', async () => {
    const key = await keyWith({ users: [], groups: [] })
    const signer = await service.open(amal, key.id, contract)
    await scratch.database.company(companyId, (transaction) =>
      service.setPolicy(transaction, system, key.id, { purposes: ['authenticate'] }),
    )
    await assert.rejects(signer.signDigest(Buffer.alloc(32, 1)), refusedWith('SIGN-KEY-CHANGED'))
    await assert.rejects(service.open(amal, key.id, contract), refusedWith('SIGN-PURPOSE-NOT-ALLOWED'))
    for (const value of ['-1', '1e9', '1.23456', 'x']) {
      const access: KeyAccess = { users: [], groups: [], approval: { group: 'directors', above: { value, currency: 'SAR' } } }
      const change = scratch.database.company(companyId, (transaction) => service.setPolicy(transaction, system, key.id, { access }))
      await assert.rejects(change, refusedWith('SIGN-POLICY-AMOUNT'))
    }
  })

  it('refuses a digest of another length', async () => {
    const key = await keyWith({ users: [], groups: [] })
    const signer = await service.open(amal, key.id, contract)
    for (const length of [0, 20, 31, 33, 48])
      await assert.rejects(signer.signDigest(Buffer.alloc(length)), refusedWith('SIGN-DIGEST-LENGTH'))
  })
})
