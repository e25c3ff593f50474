import assert from 'node:assert/strict'
import { signXades } from '../../../core/signing/formats/xades/sign-xades.js'
import { issueCertificate, signerOf } from '../../../core/signing/test/test-authority.js'
import { ublInvoice } from '../../../core/signing/test/xades-fixtures.js'
import { createVerifiers } from '../../../core/validation/create-verifiers.js'
import { zatcaVerifier } from '../verify/zatca-verifier.js'

describe('a UBL invoice with a generic XAdES signature', () => {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const verifiers = createVerifiers()
  verifiers.add(zatcaVerifier)
  const verify = (xml: Buffer) => verifiers.verify('invoice.xml', xml, { trust: [root.der] })

  it('stands where a Saudi stamp stands and is judged as what it is', async () => {
    const signer = signerOf(issueCertificate({ commonName: 'Seller', issuer: root }))
    const { xml } = await signXades(ublInvoice(), { signer, signedAt: new Date(), placement: { kind: 'ubl' } })
    const verdict = await verify(xml)
    assert.deepEqual([verdict.verdict, verdict.signatures[0]?.level], ['passed', 'XAdES-BASELINE-B'], JSON.stringify(verdict))
  })

  it('is left to the Saudi rules where the document claims their profile', async () => {
    const profile = ublInvoice('<cbc:ProfileID>reporting:1.0</cbc:ProfileID>')
    const signer = signerOf(issueCertificate({ commonName: 'Seller', issuer: root }))
    const { xml } = await signXades(profile, { signer, signedAt: new Date(), placement: { kind: 'ubl' } })
    const verdict = await verify(xml)
    assert.equal(verdict.verdict, 'failed')
    assert.match(JSON.stringify(verdict), /"SA-/)
  })
})
