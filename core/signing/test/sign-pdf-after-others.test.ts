import assert from 'node:assert/strict'
import { Fault } from '../../i18n/fault.js'
import { createVerifiers } from '../../validation/create-verifiers.js'
import { signPdf } from '../formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from './test-authority.js'
import { pageSource, stampSource, typstPdf } from './typst-pdf.js'

describe('signing a PDF that others signed before', () => {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const seal = signerOf(issueCertificate({ commonName: 'Seal', issuer: root }), [root])
  const person = signerOf(issueCertificate({ commonName: 'Person', issuer: root }), [root])
  const signedAt = new Date('2026-11-22T10:30:00Z')
  const stamp = typstPdf(stampSource, '1.7')

  it('a picture over the text of a certified page is refused before the key is asked', async () => {
    const { pdf } = await signPdf(typstPdf(pageSource), { signer: seal, signedAt, certify: 2 })
    let asked = 0
    const signer = {
      ...person,
      signMessage: () => Promise.reject(new Error('asked')),
      signDigest: (digest: Uint8Array) => {
        asked += 1
        return person.signDigest(digest)
      },
    }
    const appearance = { page: 1, rect: [0, 0, 400, 300], pdf: stamp } as const
    await assert.rejects(
      signPdf(pdf, { signer, signedAt, appearance }),
      (error) => error instanceof Fault && error.code === 'SIGN-PDF-BREAKS-SIGNATURE' && error.params['field'] === 'Signature1',
    )
    assert.equal(asked, 0)
  })

  it('in a free place, or without a picture, it signs and everything stays valid', async () => {
    const { pdf } = await signPdf(typstPdf(pageSource), { signer: seal, signedAt, certify: 2 })
    for (const appearance of [undefined, { page: 1, rect: [230, 20, 150, 40], pdf: stamp } as const]) {
      const signed = await signPdf(pdf, { signer: person, signedAt, ...(appearance === undefined ? {} : { appearance }) })
      const verdict = await createVerifiers().verify('contract.pdf', signed.pdf, { trust: [root.der] })
      assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    }
  })
})
