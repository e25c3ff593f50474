import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CompanyContext } from '../../../core/access/context.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../../core/i18n/fault.js'
import type { Key } from '../../../core/signing/key.js'
import { toPem } from '../../../core/signing/certificate-request.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { readSignedData } from '../../../core/validation/cms/signed-data.js'
import { TrustFolder } from '../../../core/validation/trust/trust-folder.js'
import { startSandbox, type Sandbox } from '../../sandbox/index.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import type { SignedLegalDocument } from '../../compliance/index.js'
import { canonicalText, itemsOf, memberOf, parseLiteral, signEtaDocuments, textAt } from '../index.js'
import { chooseKey } from '../signing/choose-key.js'
import { signatureRows } from '../signing/signature-rows.js'
import { egyptRin, etaDocument, keyWith, registered } from './signing-house.js'

describe('Signatures of Egyptian e-documents', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'khatm-egypt-sign-'))
  let sandbox: Sandbox
  let running: TestHost
  let context: CompanyContext

  before(async () => {
    sandbox = await startSandbox({ dataDir: join(folder, 'sandbox') })
    running = await startTestHost({ config: { allowedPrivateOrigins: [new URL(sandbox.url).origin] } })
    context = await running.company({ country: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo' })
    await running.host.modules.enable(context, 'compliance-egypt')
  })
  after(async () => {
    await running.stop()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const sign = async (documents: Parameters<typeof signEtaDocuments>[2]): Promise<(SignedLegalDocument | null)[]> => {
    const signed = await signEtaDocuments(running.host, context, documents)
    return signed.map((one) => (one !== null && 'fault' in one ? assert.fail(one.fault.code) : one))
  }
  const rows = (ids: readonly string[]) => running.host.db.company(context.companyId, (transaction) => signatureRows(transaction, ids))
  const keys = () => running.host.db.company(context.companyId, (transaction) => running.host.signing.keys(transaction))
  const cmsOf = (bytes: Buffer): Buffer =>
    Buffer.from(textAt(itemsOf(memberOf(parseLiteral(bytes), 'signatures'))[0], 'value') ?? '', 'base64')

  it('without a fitting key says of every key what it lacks', async () => {
    await keyWith(running, sandbox, context, { name: 'other taxpayer', rin: '999999999' })
    await keyWith(running, sandbox, context, { name: 'elliptic', algorithm: 'ec-p256' })
    await keyWith(running, sandbox, context, { name: 'contracts', purposes: ['sign-contract'] })
    await keyWith(running, sandbox, context, { name: 'over', days: 1, notBefore: new Date('2020-01-01T00:00:00Z') })
    await assert.rejects(sign([etaDocument('INV-1')]), (error: unknown) => {
      assert.ok(error instanceof Fault)
      assert.deepEqual(
        error.details.map(({ code, params }) => `${code} ${String(params?.['name'] ?? '')}`.trim()),
        [
          'EG-SIGN-NO-KEY',
          'EG-KEY-TAXPAYER other taxpayer',
          'EG-KEY-ALGORITHM elliptic',
          'EG-KEY-PURPOSE contracts',
          'EG-KEY-EXPIRED over',
        ],
      )
      return true
    })
  })

  it('takes the key that names the taxpayer; of two the newer certificate; what began with one stays with it', async () => {
    const older = await keyWith(running, sandbox, context, { name: 'older', notBefore: new Date(Date.now() - 86_400_000 * 30) })
    const newer = await keyWith(running, sandbox, context, { name: 'newer' })
    const wish = { rin: egyptRin, now: new Date(), context }
    const choice = chooseKey(await keys(), wish)
    assert.deepEqual([choice.key.name, choice.why, choice.others], ['newer', 'newest-certificate', [older.id]])
    assert.equal(chooseKey(await keys(), { ...wish, named: older.id }).why, 'named-by-company')
    assert.equal(chooseKey(await keys(), { ...wish, named: older.id, begun: newer.id }).why, 'began-with-it')
  })

  it('a renewal: one key twice, with its old and its new certificate; the old one ends and the new one goes on', () => {
    const at = (days: number): Date => new Date(Date.now() + days * 86_400_000)
    const wish = { rin: egyptRin, now: new Date(), context }
    const [old, renewed] = [registered('old', at(-1000), at(10)), registered('renewed', at(-1), at(1094))]
    for (const both of [
      [old, renewed],
      [renewed, old],
    ]) {
      const { key, why, others } = chooseKey(both, wish)
      assert.deepEqual([key.name, why, others], ['renewed', 'newest-certificate', [old.id]])
      assert.equal(
        chooseKey(both, { ...wish, named: old.id, now: at(11) }).key.name,
        'renewed',
        'a key that is over is not taken, named or not',
      )
    }
    assert.equal(chooseKey([old, registered('next', at(5), at(1100))], wish).why, 'only-one', 'one that has not begun waits')
    const software = { ...registered('software', at(0), at(1094)), provider: 'software' as const }
    const lost = { ...old, state: 'stopped' as const }
    const codes = (keys: readonly Key[], more = {}): string[] => {
      try {
        return [chooseKey(keys, { ...wish, ...more }).key.name]
      } catch (error) {
        return error instanceof Fault ? error.details.map(({ code }) => code) : [String(error)]
      }
    }
    assert.deepEqual(codes([lost, software]), ['EG-SIGN-NO-KEY', 'EG-KEY-STOPPED', 'EG-KEY-SOFTWARE'], 'no weaker signature unasked')
    assert.deepEqual(codes([lost, software], { begun: lost.id }), ['EG-SIGN-KEY-STOPPED', 'EG-KEY-STOPPED', 'EG-KEY-SOFTWARE'])
    assert.deepEqual(codes([lost, software], { named: software.id }), ['software'])
    assert.deepEqual(codes([old, software]), ['old'], 'the device, though the certificate of the software key is newer')
    const another = { ...renewed, publicKey: Buffer.from('another') }
    assert.deepEqual(codes([lost, another], { named: lost.id }), ['EG-SIGN-KEY-STOPPED', 'EG-KEY-STOPPED', 'EG-KEY-NOT-NAMED'])
    const authority = registered('authority', at(-10), at(3000), { ca: true })
    assert.equal(chooseKey([authority, old], wish).key.name, 'old')
    assert.throws(
      () => chooseKey([authority], wish),
      (error) => error instanceof Fault && error.details.some(({ code }) => code === 'EG-KEY-AUTHORITY'),
    )
  })

  it('openssl accepts the signature over the canonical text, in the form of ITIDA; a changed digit it refuses', async () => {
    const documents = [etaDocument('INV-10'), etaDocument('INV-11', '10.50')]
    const signed = await sign(documents)
    for (const [index, legal] of signed.entries()) {
      assert.ok(legal !== null)
      const payload = documents[index]?.payload ?? Buffer.alloc(0)
      assert.ok(legal.bytes.subarray(0, payload.length - 1).equals(payload.subarray(0, -1)), 'the document stays as it was written')
      const text = canonicalText(legal.bytes)
      const cms = cmsOf(legal.bytes)
      const read = readSignedData(cms)
      assert.deepEqual([read.certificates.length, read.signers.length, read.contentType], [1, 1, '1.2.840.113549.1.7.5'])
      const { key } = chooseKey(await keys(), { rin: egyptRin, now: new Date(), context })
      const [cmsFile, textFile, trust] = ['cms', 'text', 'root.pem'].map((name) => join(folder, name))
      assert.ok(cmsFile !== undefined && textFile !== undefined && trust !== undefined)
      writeFileSync(cmsFile, cms)
      writeFileSync(textFile, text)
      writeFileSync(
        trust,
        key.certificates
          .slice(1)
          .map((der) => toPem('CERTIFICATE', der))
          .join(''),
      )
      const verify = (): string =>
        execFileSync(
          'openssl',
          [
            'cms',
            '-verify',
            '-cades',
            '-inform',
            'DER',
            '-in',
            cmsFile,
            '-content',
            textFile,
            '-binary',
            '-CAfile',
            trust,
            '-purpose',
            'any',
            '-out',
            '/dev/null',
          ],
          { encoding: 'utf8', stdio: 'pipe' },
        )
      verify()
      writeFileSync(textFile, Buffer.from(text.toString('utf8').replace('2.50000', '2.5')))
      assert.throws(verify)
    }
  })

  it('evidence: which key and why, who asked; a software key has no ground of law and says why', async () => {
    const document = etaDocument('INV-20')
    await sign([document])
    const row = (await rows([document.invoiceId])).get(document.invoiceId)
    assert.equal(row?.state, 'signed')
    assert.deepEqual(
      [row.evidence?.provider, row.evidence?.soleControl, row.evidence?.chosen.why],
      ['software', 'outside', 'newest-certificate'],
    )
    const { rests, ...basis } = row.basis ?? {}
    assert.equal(rests?.path[0], row.certificateSha256)
    assert.deepEqual(basis, {
      basis: 'none',
      reasons: ['EG-BASIS-NO-ANCHOR', 'EG-BASIS-OUTSIDE-ARTICLE-10', 'EG-BASIS-NOT-EXAMINED'],
    })
    // A pinned root changes what is said of the issuer, and nothing of the key.
    new TrustFolder(running.dataDir).add(sandbox.caCertificate, 'EG', 'root.pem')
    const next = etaDocument('INV-21')
    await sign([next])
    assert.deepEqual((await rows([next.invoiceId])).get(next.invoiceId)?.basis?.reasons, [
      'EG-BASIS-OUTSIDE-ARTICLE-10',
      'EG-BASIS-NOT-EXAMINED',
    ])
  })

  it('asked again with the answer already given, makes the same bytes: the signing time is kept', async () => {
    const document = etaDocument('INV-30')
    const [first] = await sign([document])
    await sleep(1100)
    const [second] = await sign([document])
    assert.ok(first?.bytes.equals(second?.bytes ?? Buffer.alloc(0)))
  })

  it('one opening of the key: each document is in the use log with its number, total and hash', async () => {
    const documents = [etaDocument('INV-40'), etaDocument('INV-41', '7.00')]
    await sign(documents)
    const events: { facts: { document: { label: string }; amount: { value: string }; documentHash: string } }[] =
      await running.host.db.company(context.companyId, (transaction) =>
        transaction
          .knex('core_audit_event')
          .where({ company_id: context.companyId, action: 'key.used' })
          .orderBy('sequence')
          .select('facts'),
      )
    const last = events.slice(-2).map(({ facts }) => [facts.document.label, facts.amount.value, facts.documentHash.length])
    assert.deepEqual(last, [
      [`INV-40 · ${egyptRin}`, '114.00', 64],
      [`INV-41 · ${egyptRin}`, '7.00', 64],
    ])
  })

  it('a stopped key signs nothing more', async () => {
    const { certificate, key } = chooseKey(await keys(), { rin: egyptRin, now: new Date(), context })
    assert.equal(readCertificate(key.certificates[0] ?? Buffer.alloc(0)).sha256, certificate.sha256)
    for (const one of await keys())
      await running.host.db.company(context.companyId, (transaction) =>
        running.host.signing.stopKey(transaction, context, one.id, 'token lost'),
      )
    await assert.rejects(sign([etaDocument('INV-50')]), (error: unknown) => {
      assert.ok(error instanceof Fault)
      assert.equal(error.details.filter(({ code }) => code === 'EG-KEY-STOPPED').length, 6)
      return true
    })
  })
})
