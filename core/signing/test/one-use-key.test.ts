import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CompanyContext } from '../../access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { checkPath } from '../../validation/certificate/path.js'
import { readCertificate } from '../../validation/certificate/certificate.js'
import { collectEvidence } from '../revocation/collect-evidence.js'
import { masterKeyId } from '../keys/software/master-key.js'
import { rotateMasterKey } from '../keys/software/rotate-master-key.js'
import { wrapperOf } from '../keys/software/wrapping.js'
import { DataProtection } from '../protection/data-key.js'
import { signWith } from '../sign-with.js'
import { toPem } from '../certificate-request.js'
import { signPdf } from '../formats/pades/sign-pdf.js'
import { nullValue, objectIdentifier, octetString, sequence } from '../der.js'
import { issueCertificate } from './test-authority.js'
import { pageSource, typstPdf } from './typst-pdf.js'
import type { OneUseKey } from '../certificates/one-use-key.js'

const policy = '2.25.212873549326723413217830498347398742981.1'
const nothing = { evidenceFor: () => Promise.resolve({ crls: [], ocspResponses: [], findings: [] }), issuersOf: () => Promise.resolve([]) }

describe('A key for one signature with a certificate of the own authority', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'khatm-one-use-'))
  let host: TestHost
  let context: CompanyContext
  let authority: string
  const use = { purpose: 'sign-contract', subject: { type: 'signatures.request', id: '1', label: 'SIGN/2026/00001' } } as const
  const rootName = [
    { type: 'C', value: 'SA' },
    { type: 'O', value: 'شركة المثال التجارية' },
    { type: 'CN', value: 'Example (own signing authority, Khatm)' },
  ]

  before(async () => {
    host = await startTestHost()
    context = await host.company()
    const wanted = { name: 'Authority', algorithm: 'ec-p256', purposes: ['issue-certificate'] } as const
    authority = (
      await host.host.db.company(context.companyId, (transaction) => host.host.signing.generateKey(transaction, context, wanted))
    ).id
  })
  after(async () => {
    await host.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const one = (hours: number): Promise<OneUseKey> => {
    const now = host.host.now().getTime()
    const name = [{ type: 'CN', value: 'فاطمة بنت علي' }]
    const policies = [{ oid: policy, notice: 'Identity: link and e-mail code' }]
    const [notBefore, notAfter] = [new Date(now - 600_000), new Date(now + hours * 3_600_000)]
    return host.host.signing.openOneUse(context, authority, { name, emails: ['fatima@example.com'], policies, notBefore, notAfter }, use)
  }

  it('the root is made once, by whoever comes first, and openssl accepts it', async () => {
    const made = await Promise.all([1, 2, 3].map(() => host.host.signing.certifyAuthority(context, authority, rootName, 20)))
    const roots = new Set(made.map((key) => key.certificates[0]?.toString('hex')))
    assert.equal(roots.size, 1)
    const root = new X509Certificate(made[0]?.certificates[0] ?? Buffer.alloc(0))
    assert.ok(root.ca && root.checkIssued(root) && root.verify(root.publicKey))
  })

  it('names the person in Arabic, says there will be no status, and holds under openssl -x509_strict', async () => {
    const { certificate, serial, signer } = await one(24)
    const root = signer.certificates[1] ?? Buffer.alloc(0)
    writeFileSync(join(folder, 'root.pem'), toPem('CERTIFICATE', root))
    writeFileSync(join(folder, 'leaf.pem'), toPem('CERTIFICATE', certificate))
    const checked = spawnSync('openssl', ['verify', '-x509_strict', '-CAfile', join(folder, 'root.pem'), join(folder, 'leaf.pem')], {
      encoding: 'utf8',
    })
    assert.match(checked.stdout, /leaf\.pem: OK/, checked.stderr)
    const read = readCertificate(certificate)
    assert.equal(read.holder, 'فاطمة بنت علي')
    assert.equal(read.serialHex, serial)
    assert.ok(read.extensions.has('2.5.29.56') && read.extensions.has('0.4.0.194121.2.1'))
    assert.match(new X509Certificate(certificate).subjectAltName ?? '', /fatima@example\.com/)
    const long = readCertificate((await one(24 * 365 * 3)).certificate)
    assert.ok(long.extensions.has('2.5.29.56') && !long.extensions.has('0.4.0.194121.2.1'), 'three years are no short term')
  })

  it('signs one PDF; a second signature is refused', async () => {
    const { signer } = await one(24)
    const signed = await signPdf(typstPdf(pageSource), { signer, signedAt: host.host.now() })
    const root = signer.certificates[1] ?? Buffer.alloc(0)
    const verdict = await host.host.verifiers.verify('one.pdf', signed.pdf, { trust: [root], revocation: 'required' })
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    await assert.rejects(signWith(signer, Buffer.from('again')), { code: 'SIGN-ONE-USE-SPENT' })
  })

  it('its path is complete evidence without asking anybody; the same extension on an authority excuses nothing', async () => {
    const { certificate, signer } = await one(24)
    const [, root = Buffer.alloc(0)] = signer.certificates
    const at = host.host.now()
    const collected = await collectEvidence({ certificates: [[certificate]], source: nothing, anchors: [root], at })
    assert.deepEqual([collected.crls.length, collected.ocspResponses.length, collected.certificates.length], [0, 0, 2])

    const noRevAvail = sequence(objectIdentifier('2.5.29.56'), octetString(nullValue))
    const top = issueCertificate({ commonName: 'Root', ca: true })
    const middle = issueCertificate({ commonName: 'Middle', ca: true, issuer: top, extra: [noRevAvail] })
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: middle, extra: [noRevAvail] })
    const answer = checkPath({
      certificate: readCertificate(leaf.der),
      intermediates: [readCertificate(middle.der)],
      anchors: [readCertificate(top.der)],
      at: new Date('2026-01-01'),
      revocation: { mode: 'required', evidence: { crls: [], ocspResponses: [] } },
    })
    assert.deepEqual(
      answer.revocation.map(({ status }) => status),
      ['not-needed', 'not-offered', 'not-needed'],
    )
    assert.equal(answer.trusted, false)
  })

  it('a certificate that says "no status" and names a list is asked for its status', () => {
    const top = issueCertificate({ commonName: 'Root', ca: true })
    const list = sequence(objectIdentifier('2.5.29.31'), octetString(sequence(sequence())))
    const noRevAvail = sequence(objectIdentifier('2.5.29.56'), octetString(nullValue))
    const leaf = issueCertificate({ commonName: 'Leaf', issuer: top, extra: [noRevAvail, list] })
    const question = {
      certificate: readCertificate(leaf.der),
      intermediates: [],
      anchors: [readCertificate(top.der)],
      at: new Date('2026-01-01'),
    }
    const answer = checkPath({ ...question, revocation: { mode: 'required', evidence: { crls: [], ocspResponses: [] } } })
    assert.equal(answer.revocation[0]?.status, 'unknown')
    assert.equal(answer.trusted, false)
  })

  it('every certificate and every use is in the event log', async () => {
    const rows = await host.host.db.company(context.companyId, (transaction) =>
      transaction
        .knex<{ company_id: string; action: string }>('core_audit_event')
        .where({ company_id: context.companyId })
        .select('action'),
    )
    const count = (action: string): number => rows.filter((row) => row.action === action).length
    assert.equal(count('key.one-use-issued'), 4)
    assert.ok(count('key.used') >= 5)
  })

  it('what is protected opens for its company and purpose alone, and any changed bit is found', async () => {
    const { signing } = host.host
    const other = await host.company()
    const secret = randomBytes(300)
    const hidden = await signing.protect(context, secret, 'signatures.strokes')
    assert.ok(!hidden.includes(secret.subarray(0, 16)))
    assert.deepEqual(await signing.reveal(context, hidden, 'signatures.strokes'), secret)
    await assert.rejects(signing.reveal(context, hidden, 'signatures.place'), { code: 'SIGN-PROTECTED-UNREADABLE' })
    await assert.rejects(signing.reveal(other, hidden, 'signatures.strokes'), { code: 'SIGN-PROTECTED-UNREADABLE' })
    for (const index of [0, 1, 13, 29, hidden.length - 1]) {
      const changed = Buffer.from(hidden)
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index)
      await assert.rejects(signing.reveal(context, changed, 'signatures.strokes'), { code: 'SIGN-PROTECTED-UNREADABLE' })
    }
  })
  it('a new master key wraps the key of protected bytes anew; the bytes stay as they are', async () => {
    const hidden = await host.host.signing.protect(context, Buffer.from('strokes'), 'signatures.strokes')
    const newKey = randomBytes(32)
    const { db, config } = host.host
    const now = (): Date => host.host.now()
    await rotateMasterKey({ database: db, place: config, companies: [context.companyId], newKey, now })
    const row = await db.company(context.companyId, (transaction) =>
      transaction.knex<{ company_id: string; wrapped: string }>('core_data_key').where({ company_id: context.companyId }).first('wrapped'),
    )
    assert.equal(wrapperOf(row?.wrapped ?? ''), masterKeyId(newKey))
    // A process that begins now knows the new master key alone.
    const fresh = new DataProtection(db, config, now)
    assert.equal((await fresh.reveal(context.companyId, hidden, 'signatures.strokes')).toString(), 'strokes')
  })
})
