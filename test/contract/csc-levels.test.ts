import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DigestAlgorithm } from '../../core/signing/key.js'
import { createSignedData } from '../../core/signing/formats/cades/signed-data.js'
import { signPdf } from '../../core/signing/formats/pades/sign-pdf.js'
import { CscKeyProvider } from '../../core/signing/keys/csc/csc-provider.js'
import { evidenceFrom } from '../../core/signing/revocation/collect-evidence.js'
import { createOnlineSource } from '../../core/signing/revocation/online-source.js'
import type { Signer } from '../../core/signing/signing-service.js'
import { pageSource, typstPdf } from '../../core/signing/test/typst-pdf.js'
import { createTimeStampClient } from '../../core/signing/tsp/time-stamp-client.js'
import { createVerifiers } from '../../core/validation/create-verifiers.js'
import { startSandbox, type Sandbox } from '../../modules/sandbox/index.js'

describe('documents signed by a remote key (CSC), judged by other tools', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'khatm-csc-levels-'))
  let sandbox: Sandbox
  let provider: CscKeyProvider

  before(async () => {
    sandbox = await startSandbox({ dataDir: join(folder, 'sandbox') })
    const clientSecretFile = join(folder, 'secret')
    writeFileSync(clientSecretFile, sandbox.csc.clientSecret)
    const { clientId } = sandbox.csc
    const files = { clientSecretFile, authorityFile: null, certificateFile: null, keyFile: null, pinFile: null }
    provider = new CscKeyProvider([{ name: 'qtsp', url: `${sandbox.csc.url}/v2`, version: '2', clientId, ...files }])
  })
  after(async () => {
    await provider.close()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function signerOf(credentialId: string, scheme: Signer['scheme'], digestAlgorithm: DigestAlgorithm): Promise<Signer> {
    const { stored, algorithm, certificates } = await provider.findKey({ service: 'qtsp', credentialId })
    const reference = { keyId: credentialId, companyId: 'c', algorithm, stored }
    return {
      algorithm,
      scheme,
      digestAlgorithm,
      certificates,
      signDigest: (digest) => provider.signDigest(reference, { scheme, digestAlgorithm, digest }),
    }
  }

  const said = (command: string, ...args: string[]): string => {
    const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    return stdout + stderr
  }

  for (const level of ['B', 'T', 'LT', 'LTA'] as const)
    it(`PAdES B-${level}: pdfsig, mutool and our own verifier agree`, async () => {
      const allowPrivate = [sandbox.url]
      const signed = await signPdf(typstPdf(pageSource), {
        signer: await signerOf('seal-rsa', 'rsa-pkcs1', 'sha256'),
        signedAt: new Date(),
        level,
        timeStamp: createTimeStampClient(sandbox.timeStampUrl, { allowPrivate }),
        evidence: evidenceFrom(createOnlineSource({ allowPrivate }), [sandbox.caCertificate]),
      })
      assert.equal(signed.level, `PAdES-BASELINE-${level}`)
      const file = join(folder, `${level}.pdf`)
      writeFileSync(file, signed.pdf)
      assert.match(said('pdfsig', '-nocert', file), /Signature #1:[\s\S]*?Signature Validation: Signature is Valid\./)
      assert.match(
        said('mutool', 'sign', '-v', file),
        /Verifying signature [\s\S]*?(?:The document is unchanged since signing|edits since signing)/,
      )
      const verdict = await createVerifiers().verify(file, signed.pdf, { trust: [sandbox.caCertificate] })
      assert.equal(verdict.signatures[0]?.level, `PAdES-BASELINE-${level}`)
      assert.equal(verdict.integrity, 'intact')
      assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict.findings.concat(verdict.signatures.flatMap((one) => one.findings))))
    })

  const ways = [
    ['seal-p256', 'ecdsa', 'sha256'],
    ['seal-raw', 'ecdsa', 'sha256'],
    ['seal-p384', 'ecdsa', 'sha384'],
    ['seal-k256', 'ecdsa', 'sha256'],
    ['seal-rsa-3072', 'rsa-pkcs1', 'sha512'],
    ['seal-rsa', 'rsa-pss', 'sha256'],
  ] as const
  for (const [credential, scheme, digestAlgorithm] of ways)
    it(`CAdES with ${credential} (${scheme}, ${digestAlgorithm}): openssl cms -verify -cades`, async () => {
      const content = Buffer.from('عقد موقّع عن بُعد')
      const signer = await signerOf(credential, scheme, digestAlgorithm)
      const contentDigest = createHash(digestAlgorithm).update(content).digest()
      const { cms } = await createSignedData({ signer, contentDigest })
      writeFileSync(join(folder, 'content'), content)
      writeFileSync(join(folder, 'signature'), cms)
      writeFileSync(join(folder, 'root.pem'), sandbox.trustAnchorsPem)
      const args = ['cms', '-verify', '-cades', '-inform', 'DER', '-binary', '-purpose', 'any', '-out', '/dev/null']
      assert.match(
        said(
          'openssl',
          ...args,
          ...['-in', join(folder, 'signature'), '-content', join(folder, 'content'), '-CAfile', join(folder, 'root.pem')],
        ),
        /CAdES Verification successful|CMS Verification successful/,
      )
    })
})
