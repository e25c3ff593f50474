import assert from 'node:assert/strict'
import { createVerifiers } from '../../validation/create-verifiers.js'
import type { DocumentVerdict } from '../../validation/verdict.js'
import type { XadesPlacement } from '../formats/xades/placement.js'
import { signXades, type SignXadesOptions } from '../formats/xades/sign-xades.js'
import type { DigestAlgorithm, KeyAlgorithm, SignatureScheme } from '../key.js'
import { issueCertificate, signerOf } from './test-authority.js'
import { contract, ublInvoice, XmlSec } from './xades-fixtures.js'

const root = issueCertificate({ commonName: 'Root', ca: true })
const signer = signerOf(issueCertificate({ commonName: 'Signer', issuer: root }))
const signedAt = new Date('2026-11-22T10:00:00Z')

async function judge(xml: Buffer, content?: Uint8Array): Promise<DocumentVerdict> {
  return createVerifiers().verify('file.xml', xml, { trust: [root.der], at: signedAt, ...(content === undefined ? {} : { content }) })
}

describe('XAdES', () => {
  const xmlsec = new XmlSec(root)
  after(() => {
    xmlsec.remove()
  })

  const placements: readonly (readonly [string, XadesPlacement, Buffer, 'entire-file' | 'partial'])[] = [
    ['enveloped', { kind: 'enveloped' }, contract, 'entire-file'],
    ['enveloped in an empty root', { kind: 'enveloped' }, Buffer.from('<e a="1" />'), 'entire-file'],
    ['in UBL without extensions', { kind: 'ubl' }, ublInvoice(), 'entire-file'],
    ['in UBL with extensions', { kind: 'ubl' }, ublInvoice('<ext:UBLExtensions><ext:UBLExtension/></ext:UBLExtensions>'), 'entire-file'],
    ['in UBL with an empty list', { kind: 'ubl' }, ublInvoice('<ext:UBLExtensions />'), 'entire-file'],
    ['enveloping XML', { kind: 'enveloping' }, contract, 'entire-file'],
    ['enveloping bytes', { kind: 'enveloping', as: 'base64' }, Buffer.from([0, 1, 2, 255]), 'entire-file'],
    ['detached', { kind: 'detached', uri: 'content.bin' }, Buffer.from([0, 1, 2, 255]), 'entire-file'],
    ['beside an element', { kind: 'sibling', id: 'd' }, Buffer.from('<Envelope><Data Id="d">1</Data></Envelope>'), 'partial'],
  ]
  for (const [what, placement, content, covers] of placements) {
    for (const canonicalization of ['exclusive', 'c14n11'] as const) {
      it(`${what}, ${canonicalization}: accepted by xmlsec1 and by the verifier`, async () => {
        const { xml, level } = await signXades(content, { signer, signedAt, placement, canonicalization })
        assert.equal(level, 'XAdES-BASELINE-B')
        xmlsec.write('content.bin', content)
        assert.equal(xmlsec.verify(xml), undefined)
        const verdict = await judge(xml, placement.kind === 'detached' ? content : undefined)
        assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
        const [signature] = verdict.signatures
        assert.deepEqual([signature?.level, signature?.covers, signature?.timeSource], [level, covers, 'claimed'])
      })
    }
  }

  const ways: readonly (readonly [KeyAlgorithm, SignatureScheme, DigestAlgorithm])[] = [
    ['rsa-2048', 'rsa-pkcs1', 'sha256'],
    ['rsa-2048', 'rsa-pkcs1', 'sha384'],
    ['rsa-2048', 'rsa-pkcs1', 'sha512'],
    ['ec-p256', 'ecdsa', 'sha256'],
    ['ec-p256', 'ecdsa', 'sha512'],
    ['ec-p384', 'ecdsa', 'sha384'],
    ['ec-secp256k1', 'ecdsa', 'sha256'],
  ]
  for (const [algorithm, scheme, digest] of ways) {
    it(`${algorithm}, ${digest}: accepted by xmlsec1 and by the verifier`, async () => {
      const own = signerOf(issueCertificate({ commonName: 'Signer', algorithm, issuer: root }), [], scheme, digest)
      const { xml } = await signXades(contract, { signer: own, signedAt })
      assert.equal(xmlsec.verify(xml), undefined)
      const verdict = await judge(xml)
      assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
      assert.deepEqual([verdict.signatures[0]?.algorithms?.digest, verdict.signatures[0]?.algorithms?.scheme], [digest, scheme])
    })
  }

  it('changes no byte of the document but puts the signature in', async () => {
    for (const [, placement, content] of placements.slice(0, 1)) {
      const { xml } = await signXades(contract, { signer, signedAt, placement })
      const at = xml.indexOf('<ds:Signature ')
      const end = xml.indexOf('</ds:Signature>') + '</ds:Signature>'.length
      assert.deepEqual(Buffer.concat([xml.subarray(0, at), xml.subarray(end)]), content)
    }
  })
})
