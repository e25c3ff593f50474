import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CompanyContext } from '../../../core/access/context.js'
import { Fault } from '../../../core/i18n/fault.js'
import { archivedDocuments } from '../../../core/signing/archive/archived-document.js'
import { typstPdf } from '../../../core/signing/test/typst-pdf.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { temporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { startSandbox, type Sandbox } from '../../sandbox/index.js'
import { applySeal, drawDesign, readDesignInput, requestSeal, saveDesign, sealNow } from '../index.js'

/** A company with a designed seal whose certificate comes from the sandbox's authority, with OCSP, CRL and time stamps answered. */
describe('levels of seals', () => {
  let sandbox: Sandbox
  let host: TestHost
  let context: CompanyContext
  let folder: { path: string; remove(): Promise<void> }
  const subject = { type: 'contract', id: '5b1f9a8e-0000-4000-8000-000000000002', label: 'C/2026/7' }
  const pdf = typstPdf('= Contract')
  const set = (settings: object): Promise<void> =>
    host.host.db.company(context.companyId, (transaction) => host.host.settings.set(transaction, context, 'seal', settings))

  before(async () => {
    folder = await temporaryFolder()
    sandbox = await startSandbox({ dataDir: join(folder.path, 'sandbox'), port: 0, smtpPort: 0 })
    host = await startTestHost({
      config: {
        signing: { timeStampUrl: sandbox.timeStampUrl },
        allowedPrivateOrigins: [new URL(sandbox.url).origin],
        sandbox: { url: sandbox.url, trustAnchors: [sandbox.caCertificate.toString('base64')] },
      },
    })
    context = await host.company()
    await host.host.modules.enable(context, 'seal')
    const { signing } = host.host
    const keyId = await host.host.db.company(context.companyId, async (transaction) => {
      const key = await signing.generateKey(transaction, context, { name: 'Seal', algorithm: 'ec-p256', purposes: ['seal-document'] })
      const name = [{ type: 'CN', value: 'Example Seal' }]
      const csrPem = await signing.certificateRequest(transaction, context, key.id, { name, extensions: [] })
      const chain = await sandbox.issueCertificate({ csrPem, profile: 'seal' })
      await signing.installCertificates(transaction, context, key.id, chain)
      return key.id
    })
    const design = readDesignInput({ name: 'Seal', nameLatin: 'Example', keyId })
    const svg = await drawDesign(host.host, design)
    await host.host.db.company(context.companyId, (transaction) => saveDesign(host.host, context, transaction, null, design, svg))
  })
  after(async () => {
    await host.stop()
    await sandbox.close()
    await folder.remove()
  })

  for (const level of ['B', 'T', 'LT', 'LTA'] as const) {
    it(`reaches ${level} when the company asks for it, as our verifier and pdfsig see it`, async () => {
      await set({ level })
      const sealed = await applySeal(host.host, context, { pdf, subject })
      assert.equal(sealed.level, `PAdES-BASELINE-${level}`)
      const verdict = await host.host.verifiers.verify('sealed.pdf', sealed.pdf, { trust: [sandbox.caCertificate] })
      assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict.findings))
      assert.equal(verdict.signatures.find((signature) => signature.level !== 'DOCUMENT-TIME-STAMP')?.level, `PAdES-BASELINE-${level}`)
      const file = join(folder.path, `${level}.pdf`)
      await writeFile(file, sealed.pdf)
      assert.match(execFileSync('pdfsig', ['-nocert', file]).toString(), /Signature is Valid/)
    })
  }

  it('a seal of level LTA is remembered for renewal, with the time until which its time stamp holds', async () => {
    await set({ level: 'LTA' })
    const id = await host.host.db.company(context.companyId, async (transaction) => {
      const { sha256 } = await host.host.files.put(transaction, pdf, 'application/pdf')
      return requestSeal(host.host, transaction, { sha256, subject })
    })
    const sealed = await sealNow(host.host, context, id)
    assert.equal(sealed.state, 'sealed', JSON.stringify(sealed.error))
    const kept = await host.host.db.company(context.companyId, archivedDocuments)
    assert.deepEqual(
      kept.map((document) => [document.subject.id, document.sha256]),
      [[subject.id, sealed.sha256Out]],
    )
  })

  it('a certificate that was withdrawn seals nothing at LT, and an authority that is away is a fault', async () => {
    await set({ level: 'LT' })
    for (const path of ['/ocsp', '.crl']) sandbox.faults.inject({ kind: 'error-500', path, times: 0 })
    await assert.rejects(
      applySeal(host.host, context, { pdf, subject }),
      (error) => error instanceof Fault && error.code === 'SIGN-REVOCATION-UNAVAILABLE',
    )
    sandbox.faults.clear()
    sandbox.faults.inject({ kind: 'status-revoked', path: '/ocsp', times: 0 })
    await assert.rejects(
      applySeal(host.host, context, { pdf, subject }),
      (error) => error instanceof Fault && error.code === 'SIGN-CERT-REVOKED',
    )
    sandbox.faults.clear()
  })

  it('certifies as the first signature: what comes after it is limited', async () => {
    await set({ level: 'B', certification: '2' })
    const sealed = await applySeal(host.host, context, { pdf, subject })
    assert.ok(sealed.pdf.includes('/DocMDP'))
    const again = await applySeal(host.host, context, { pdf: sealed.pdf, subject })
    assert.equal(again.pdf.toString('latin1').split('/TransformMethod').length, 2, 'the second seal approves')
  })
})
