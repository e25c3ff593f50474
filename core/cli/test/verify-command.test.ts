import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder, type TemporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { loadConfiguration } from '../../../config/load.js'
import { signCades } from '../../signing/formats/cades/sign-cades.js'
import { issueCertificate, signerOf } from '../../signing/test/test-authority.js'
import { addressExtensions, crlOf } from '../../signing/test/test-revocation.js'
import { createVerifiers } from '../../validation/create-verifiers.js'
import { FileVerification, type VerifyRequest } from '../verify-inputs.js'
import { reportLines } from '../verify-report.js'

describe('khatm verify', () => {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const own = issueCertificate({ commonName: 'Signer', issuer: root, extra: addressExtensions({ crl: 'http://127.0.0.1:9/crl' }) })
  let folder: TemporaryFolder
  let verification: FileVerification
  let request: VerifyRequest

  before(async () => {
    folder = await temporaryFolder()
    const { cms } = await signCades(Buffer.from('contract'), { signer: signerOf(own), signedAt: new Date(), detached: true })
    await writeFile(join(folder.path, 'contract.txt'), 'contract')
    await writeFile(join(folder.path, 'contract.txt.p7s'), cms)
    await writeFile(join(folder.path, 'root.crl'), crlOf(root))
    await writeFile(join(folder.path, 'late.crl'), crlOf(root, { revoked: [{ certificate: own, at: new Date('2026-01-01') }] }))
    verification = new FileVerification(createVerifiers(), loadConfiguration({ overrides: { dataDir: folder.path }, environment: {} }))
    request = {
      file: join(folder.path, 'contract.txt.p7s'),
      trust: [root.pem],
      at: undefined,
      content: undefined,
      online: false,
      revocation: 'known',
      crl: [],
      ocsp: [],
    }
  })
  after(() => folder.remove())

  it('finds the content beside a detached signature, or takes the one told', async () => {
    assert.equal((await verification.verify(request)).verdict, 'passed')
    const other = await verification.verify({ ...request, content: join(folder.path, 'root.crl') })
    assert.deepEqual([other.verdict, other.signatures[0]?.subIndication], ['failed', 'HASH_FAILURE'])
    const missing = await verification.verify({ ...request, content: join(folder.path, 'nothing') })
    assert.equal(missing.findings[0]?.code, 'VERIFY-FILE-MISSING')
  })

  it('a passed file says when withdrawal was not checked; a list at hand settles it', async () => {
    const [open] = reportLines(await verification.verify(request), 'en')
    assert.match(
      open ?? '',
      /Intact and trusted: signed by Signer, on .* by the signer’s own word\. Whether the certificate was withdrawn .* was not checked\.$/,
    )
    assert.equal((await verification.verify({ ...request, revocation: 'required' })).signatures[0]?.subIndication, 'TRY_LATER')
    const settled = await verification.verify({ ...request, revocation: 'required', crl: [join(folder.path, 'root.crl')] })
    const lines = reportLines(settled, 'en')
    assert.equal(settled.verdict, 'passed')
    assert.doesNotMatch(lines[0] ?? '', /not checked/)
    assert.ok(lines.some((line) => /Withdrawn +no: Signer \(CRL, /.test(line)))
    const withdrawn = await verification.verify({ ...request, crl: [join(folder.path, 'late.crl')] })
    assert.deepEqual([withdrawn.verdict, withdrawn.signatures[0]?.subIndication], ['indeterminate', 'REVOKED_NO_POE'])
  })

  it('tells the same in Arabic and Bulgarian, every text there', async () => {
    const verdict = await verification.verify(request)
    for (const locale of ['ar', 'bg'] as const) assert.doesNotMatch(reportLines(verdict, locale).join('\n'), /cli\.verify|verify\.|\{\{/)
  })
})
