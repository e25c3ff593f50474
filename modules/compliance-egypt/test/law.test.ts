import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { CompanyContext } from '../../../core/access/context.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Key } from '../../../core/signing/key.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { TrustFolder } from '../../../core/validation/trust/trust-folder.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { startSandbox, type Sandbox } from '../../sandbox/index.js'
import { temporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { signEtaDocuments } from '../index.js'
import { acceptedAuthorities } from '../law/accepted-authorities.js'
import { legalBasis } from '../law/basis.js'
import { basisAgain } from '../law/basis-again.js'
import { addForeignAuthority, foreignAuthorities, withdrawForeignAuthority } from '../law/foreign-authorities.js'
import { lawOn, lawTable, readLawTable } from '../law/law-table.js'
import { addMandate, endMandate, holderKind, mandates, setMandateRule, stands } from '../law/mandates.js'
import { withoutPersonalNumbers } from '../law/redact.js'
import { dependenceOf } from '../law/time-authorities.js'
import { signatureRows } from '../signing/signature-rows.js'
import { etaDocument, keyWith } from './signing-house.js'

const refusedWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Fault && error.code === code

describe('Law 15/2004: who may sign, whose certificates count, who proves the time', function () {
  this.timeout(180_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let sandbox: Sandbox
  let running: TestHost
  let context: CompanyContext
  let key: Key

  before(async () => {
    folder = await temporaryFolder()
    sandbox = await startSandbox({ dataDir: folder.path })
    running = await startTestHost({ config: { allowedPrivateOrigins: [new URL(sandbox.url).origin] } })
    context = await running.company({ country: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo' })
    await running.host.modules.enable(context, 'compliance-egypt')
    key = await keyWith(running, sandbox, context, { name: 'Mona Abdallah' })
  })
  after(async () => {
    await running.stop()
    await sandbox.close()
    await folder.remove()
  })
  const sign = async (number: string): Promise<string> => {
    const document = etaDocument(number)
    await signEtaDocuments(running.host, context, [document])
    return document.invoiceId
  }
  const rowOf = (id: string) =>
    running.host.db.company(context.companyId, async (transaction) => (await signatureRows(transaction, [id])).get(id))
  const mandate = (values: object = {}): object => ({
    keyId: key.id,
    signer: 'منى عبد الله',
    principal: 'شركة المثال التجارية',
    capacity: 'المدير المالي',
    document: 'توكيل 1122 لسنة 2026',
    from: '2026-01-01',
    until: '',
    ...values,
  })

  it("a key whose certificate is not the company's own signs only with a mandate, once the company rules so", async () => {
    const { host } = running
    assert.equal((await rowOf(await sign('INV-1')))?.evidence?.mandate, null)
    await setMandateRule(host, context, 'persons')
    await assert.rejects(sign('INV-2'), (error: unknown) => {
      return error instanceof Fault && error.details.some(({ code }) => code === 'EG-KEY-MANDATE')
    })
    await addMandate(host, context, mandate({ from: '2020-01-01', until: '2020-12-31' }))
    await assert.rejects(sign('INV-3'), refusedWith('EG-SIGN-NO-KEY'), 'one that is over')
    await addMandate(host, context, mandate())
    assert.equal((await rowOf(await sign('INV-4')))?.evidence?.mandate?.document, 'توكيل 1122 لسنة 2026')
    const [last] = await host.db.company(context.companyId, mandates)
    await assert.rejects(endMandate(host, context, last?.id ?? '', ' '), refusedWith('EG-LAW-REASON'))
    await endMandate(host, context, last?.id ?? '', 'left the company')
    await assert.rejects(sign('INV-5'), refusedWith('EG-SIGN-NO-KEY'))
    await endMandate(host, context, last?.id ?? '', null)
    await sign('INV-6')
    await setMandateRule(host, context, 'off')
  })

  it('a mandate of another form is refused; only managers enter one; another company sees none', async () => {
    const { host } = running
    await assert.rejects(addMandate(host, context, mandate({ until: '2025-01-01' })), refusedWith('EG-MANDATE-FORM'))
    await assert.rejects(addMandate(host, context, mandate({ capacity: '' })), refusedWith('EG-MANDATE-FORM'))
    const reader = { ...context, actor: { kind: 'user' as const, id: null, name: 'R' }, groups: new Set(['invoicing.reader']) }
    await assert.rejects(addMandate(host, reader, mandate()), Fault)
    const other = await running.company({ country: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo' })
    assert.deepEqual(await host.db.company(other.companyId, mandates), [])
  })

  it('counts days as Cairo does, both included, and an end from its moment on', () => {
    const one = { from: '2026-03-01', until: '2026-03-31', endedAt: null }
    // 22:30 UTC is the next day in Cairo.
    assert.equal(stands(one, new Date('2026-02-28T22:30:00Z')), true)
    assert.equal(stands(one, new Date('2026-02-28T21:30:00Z')), false)
    assert.equal(stands(one, new Date('2026-03-31T21:00:00Z')), true)
    assert.equal(stands(one, new Date('2026-03-31T22:30:00Z')), false)
    const ended = { ...one, endedAt: new Date('2026-03-10T10:00:00Z') }
    assert.deepEqual([stands(ended, new Date('2026-03-10T09:59:59Z')), stands(ended, ended.endedAt)], [true, false])
  })

  it('tells whom a certificate names', async () => {
    const kindOf = async (subject: { type: string; value: string }[]): Promise<string> => {
      const [leaf] = await sandbox.issueCertificate({ spki: key.publicKey, subject, profile: 'egypt-invoice' })
      return holderKind(readCertificate(leaf ?? Buffer.alloc(0)))
    }
    const company = { type: 'O', value: 'شركة المثال' }
    assert.equal(await kindOf([company, { type: 'CN', value: 'شركة  المثال' }]), 'company')
    assert.equal(await kindOf([company, { type: 'CN', value: 'Mona' }]), 'unclear')
    assert.equal(await kindOf([company, { type: 'OU', value: 'NID 29001011234567' }, { type: 'CN', value: 'شركة المثال' }]), 'person')
  })

  it('a foreign authority counts by decision alone, from its day until it is withdrawn; what was signed meanwhile keeps its ground', async () => {
    const { host } = running
    const { signedAt, ...row } = (await rowOf(await sign('INV-20'))) ?? assert.fail('no row')
    assert.ok(row.basis?.reasons.includes('EG-BASIS-NO-ANCHOR'))
    const certificates = key.certificates.map((der) => readCertificate(der))
    const root = certificates.at(-1) ?? assert.fail('no issuer')
    const ask = (at: Date, examination?: string) =>
      host.db.company(context.companyId, async (transaction) =>
        legalBasis({
          certificates,
          authorities: await acceptedAuthorities(host.config, transaction, at),
          control: 'device-and-code',
          at,
          ...(examination === undefined ? {} : { examination }),
        }),
      )
    // Trusted for every country, or qualified in a list of another: no decision of ITIDA.
    new TrustFolder(running.dataDir).add(root.der, null, 'anybody.pem')
    assert.equal((await ask(signedAt)).basis, 'none')
    assert.equal((await ask(signedAt, 'EX-1')).basis, '9b')
    const from = signedAt.toISOString().slice(0, 10)
    const given = { ground: 'd', decision: 'ITIDA 44/2026', from: '2026-01-01', until: '', equivalentClass: 'class 3' }
    await assert.rejects(
      addForeignAuthority(host, context, given, certificates[0]?.der),
      refusedWith('EG-FOREIGN-NOT-AUTHORITY'),
      "a signer's certificate",
    )
    await assert.rejects(addForeignAuthority(host, context, given, Buffer.from('no certificate')), refusedWith('EG-LAW-CERTIFICATE'))
    await assert.rejects(addForeignAuthority(host, context, { ...given, ground: 'e' }, root.der), refusedWith('EG-FOREIGN-FORM'))
    await addForeignAuthority(host, context, given, root.der)
    assert.deepEqual((await ask(signedAt)).foreign, { ground: 'd', decision: 'ITIDA 44/2026' })
    assert.equal((await ask(new Date('2025-12-31T12:00:00Z'))).basis, 'none', 'before the decision')
    const id = await sign('INV-21')
    const [entry] = await host.db.company(context.companyId, foreignAuthorities)
    await withdrawForeignAuthority(host, context, entry?.id ?? '', 'decision 45/2026')
    assert.equal((await ask(new Date(Date.now() + 1000))).basis, 'none', `after ${from}`)
    // Found again from what was kept, although neither register nor pin has it any more.
    const signed = (await rowOf(id)) ?? assert.fail('no row')
    const again = await host.db.company(context.companyId, (transaction) =>
      basisAgain(
        host.config,
        transaction,
        { ...signed, evidence: signed.evidence && { ...signed.evidence, soleControl: 'device-and-code' } },
        certificates.slice(0, 1),
        {
          at: signed.signedAt,
        },
      ),
    )
    assert.deepEqual([again.basis.basis, again.basis.foreign?.decision], ['9a', 'ITIDA 44/2026'])
  })

  it('an archive of time counts only where nobody concerned runs it', () => {
    const config = {
      sandbox: { ...running.host.config.sandbox, url: 'http://127.0.0.1:4000/' },
      signing: running.host.config.signing,
      allowedPrivateOrigins: ['https://tsa.intern.example'],
    }
    const expected = {
      'http://127.0.0.1:4000/tsa': 'sandbox',
      'http://127.0.0.1:4001/tsa': 'own-network',
      'http://10.1.2.3/tsa': 'own-network',
      'http://[::1]/tsa': 'own-network',
      'http://localhost/tsa': 'own-network',
      'https://tsa.intern.example/': 'own-network',
      'https://tsa.example/': null,
      nonsense: 'concerned',
    }
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((url) => [url, dependenceOf(config, url, false)])), expected)
    assert.equal(dependenceOf(config, 'https://tsa.example/', true), 'concerned')
  })

  it('the table of the law is dated and checked; a wrong row is named', () => {
    assert.deepEqual(
      lawOn('2026-11-22').map(({ article }) => article),
      lawTable().articles.map(({ article }) => article),
    )
    assert.deepEqual(lawOn('2005-05-25'), [])
    const text = readFileSync(new URL('../law/law.json', import.meta.url), 'utf8')
    for (const [from, to] of [
      ['"status": "unconfirmed"', '"status": "perhaps"'],
      ['2005-05-26', '26 May 2005'],
      ['"article": "10"', '"article": "9"'],
      ['"demands"', '"demand"'],
      ['{', '['],
    ] as const)
      assert.throws(() => readLawTable(text.replace(from, to)), refusedWith('EG-LAW-TABLE'), to)
  })

  it("reports leave out a person's national number and keep every fingerprint", () => {
    const sha256 = `a${'2'.repeat(3)}${'1'.repeat(11)}${'b'.repeat(49)}`
    assert.deepEqual(withoutPersonalNumbers('الرقم القومي ٢٩٠٠١٠١١٢٣٤٥٦٧'), 'الرقم القومي ٢٩٠•••••••••٦٧')
    assert.deepEqual(withoutPersonalNumbers({ subject: 'OU=29001011234567', number: '29001011234567', sha256, list: [1, null] }), {
      subject: 'OU=290•••••••••67',
      number: '29001011234567',
      sha256,
      list: [1, null],
    })
  })
})
