import assert from 'node:assert/strict'
import { egyptProfile } from '../../../core/signing/formats/cades/profiles/egypt.js'
import { signCades } from '../../../core/signing/formats/cades/sign-cades.js'
import { issueCertificate, signerOf, type CertificateWishes, type TestCertificate } from '../../../core/signing/test/test-authority.js'
import { crlOf } from '../../../core/signing/test/test-revocation.js'
import type { VerifyOptions } from '../../../core/validation/report.js'
import type { DocumentVerdict } from '../../../core/validation/verdict.js'
import type { EtaSignature } from '../canonical/insert-signatures.js'
import { buildEtaDocument, canonicalText, insertSignatures, verifyEta } from '../index.js'
import { egyptFacts, egyptInvoice, issuerRin } from './egypt-invoice.js'

const day = 86_400_000
const daysAgo = (count: number): Date => new Date(Date.now() - count * day)

describe('the signer of an Egyptian document', function () {
  this.timeout(180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true, algorithm: 'rsa-2048', notBefore: daysAgo(900), notAfter: daysAgo(-900) })
  const certificate = (wishes: Partial<CertificateWishes> = {}): TestCertificate =>
    issueCertificate({
      commonName: 'Taxpayer',
      algorithm: 'rsa-2048',
      issuer: root,
      organizationIdentifier: `VATEG-${issuerRin}`,
      notBefore: daysAgo(400),
      notAfter: daysAgo(-300),
      ...wishes,
    })
  const own = certificate()
  const json = buildEtaDocument(egyptInvoice(), egyptFacts)
  const cmsOf = async (over: Buffer, by: TestCertificate, signedAt: Date): Promise<Buffer> =>
    (await signCades(canonicalText(over), { signer: signerOf(by), signedAt, detached: true, profile: egyptProfile })).cms
  const judge = async (by: TestCertificate, signedAt: Date, options: Partial<VerifyOptions> = {}): Promise<Omit<DocumentVerdict, 'file'>> =>
    verifyEta(insertSignatures(json, [{ type: 'I', value: await cmsOf(json, by, signedAt) }]), { trust: [root.der], ...options })
  const short = ({ verdict, integrity, signatures }: Omit<DocumentVerdict, 'file'>): readonly unknown[] => [
    verdict,
    integrity,
    signatures[0]?.subIndication ?? null,
  ]

  const codesOf = ({ findings, signatures }: Omit<DocumentVerdict, 'file'>): string[] =>
    [...findings, ...signatures.flatMap((one) => one.findings)].map(({ code }) => code)
  const revoked = (at?: Date): Partial<VerifyOptions> => ({
    evidence: { crls: [crlOf(root, { revoked: at === undefined ? [] : [{ certificate: own, at }] })], ocspResponses: [] },
  })
  const together = (...signatures: readonly EtaSignature[]): Promise<Omit<DocumentVerdict, 'file'>> =>
    verifyEta(insertSignatures(json, signatures), { trust: [root.der] })

  it('passes without a word when a list of his authority does not have him', async () => {
    const verdict = await judge(own, daysAgo(2), revoked())
    assert.deepEqual([short(verdict), codesOf(verdict)], [['passed', 'intact', null], []])
  })

  it('is in doubt once revoked: the stated time is his own word, before or after', async () => {
    for (const [signedAt, since] of [
      [2, 5],
      [5, 2],
    ] as const)
      assert.deepEqual(short(await judge(own, daysAgo(signedAt), revoked(daysAgo(since)))), ['indeterminate', 'intact', 'REVOKED_NO_POE'])
  })

  it('is in doubt where evidence is asked for and there is none', async () => {
    assert.deepEqual(short(await judge(own, daysAgo(2), { revocation: 'required' })), ['indeterminate', 'intact', 'TRY_LATER'])
  })

  it('is in doubt outside of his time, and passes at a moment inside', async () => {
    const expired = certificate({ notAfter: daysAgo(10) })
    const outside = ['indeterminate', 'intact', 'OUT_OF_BOUNDS_NO_POE']
    assert.deepEqual(short(await judge(expired, daysAgo(20))), outside)
    assert.deepEqual(short(await judge(expired, daysAgo(20), { at: daysAgo(15) })), ['passed', 'intact', null])
    const later = await judge(expired, daysAgo(5))
    assert.deepEqual([short(later), codesOf(later).includes('EG-SIGNED-OUTSIDE')], [outside, true])
    assert.deepEqual(short(await judge(certificate({ notBefore: daysAgo(-5) }), daysAgo(1))), outside)
  })

  it('does not pass with a certificate that is not for signing: for encipherment, for nothing, of an authority', async () => {
    for (const wishes of [{ keyUsage: 0b0010_0000 }, { keyUsage: 0 }, { ca: true }])
      assert.deepEqual(short(await judge(certificate(wishes), daysAgo(1))), ['indeterminate', 'intact', 'CHAIN_CONSTRAINTS_FAILURE'])
  })

  it('is given an hour for his clock, not two days', async () => {
    assert.equal((await judge(own, new Date(Date.now() + 3_600_000))).verdict, 'passed')
    const verdict = await judge(own, daysAgo(-2))
    assert.deepEqual([verdict.verdict, codesOf(verdict).includes('EG-SIGNED-LATER')], ['indeterminate', true])
  })

  it('signed another document: his signature there is none here, on either place', async () => {
    const other = Buffer.from(json.toString().replace(/"internalID":"[^"]*"/, '"internalID":"INV/OTHER"'))
    const foreign = await cmsOf(other, own, daysAgo(1))
    assert.deepEqual(short(await together({ type: 'I', value: foreign })), ['failed', 'broken', 'HASH_FAILURE'])
    const both = await together({ type: 'I', value: await cmsOf(json, own, daysAgo(1)) }, { type: 'S', value: foreign })
    assert.deepEqual([both.verdict, both.integrity], ['failed', 'broken'])
  })

  it('stands once as issuer, and is named where he stands as service provider too', async () => {
    const value = await cmsOf(json, own, daysAgo(1))
    assert.ok(codesOf(await together({ type: 'I', value }, { type: 'I', value })).includes('EG-SIGNATURE-ISSUER'))
    for (const [first, second] of [
      ['I', 'S'],
      ['S', 'I'],
    ] as const) {
      const verdict = await together({ type: first, value }, { type: second, value })
      assert.deepEqual([verdict.verdict, codesOf(verdict).includes('EG-SIGNATURE-SAME')], ['passed', true])
    }
  })
})
