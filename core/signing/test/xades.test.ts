import { DOMParser, XMLSerializer } from '@xmldom/xmldom'
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { SignedXml } from 'xml-crypto'
import { Fault } from '../../i18n/fault.js'
import { createVerifiers } from '../../validation/create-verifiers.js'
import { noEvidence } from '../../validation/revocation/evidence.js'
import type { DocumentVerdict } from '../../validation/verdict.js'
import { evidenceFrom } from '../revocation/collect-evidence.js'
import type { XadesPlacement } from '../formats/xades/placement.js'
import { signXades, type SignXadesOptions } from '../formats/xades/sign-xades.js'
import type { DigestAlgorithm, KeyAlgorithm, SignatureScheme } from '../key.js'
import { signWith } from '../sign-with.js'
import { issueCertificate, signerOf } from './test-authority.js'
import { contract, offlineSource, timeStampAuthority, ublInvoice, XmlSec } from './xades-fixtures.js'

const root = issueCertificate({ commonName: 'Root', ca: true })
const signer = signerOf(issueCertificate({ commonName: 'Signer', issuer: root }))
const signedAt = new Date('2026-11-22T10:00:00Z')
const stamped = new Date('2026-11-22T10:00:05Z')
/** openssl answers OCSP with the time of this machine. */
const now = new Date()
now.setMilliseconds(0)

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

  it('RSA-PSS: SignedInfo as xmllint writes it is verified by openssl', async () => {
    const certificate = issueCertificate({ commonName: 'Signer', algorithm: 'rsa-2048', issuer: root })
    const { xml } = await signXades(contract, { signer: signerOf(certificate, [], 'rsa-pss'), signedAt })
    assert.equal((await judge(xml)).verdict, 'passed')
    const text = xml.toString()
    const part = (name: string): string => new RegExp(`<ds:${name}[^>]*>(.*?)</ds:${name}>`, 's').exec(text)?.[1] ?? ''
    const signedInfo = `<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${part('SignedInfo')}</ds:SignedInfo>`
    xmlsec.write('info.xml', Buffer.from(signedInfo))
    xmlsec.write('info', execFileSync('xmllint', ['--exc-c14n', join(xmlsec.folder, 'info.xml')]))
    xmlsec.write('value', Buffer.from(part('SignatureValue'), 'base64'))
    xmlsec.write('key', Buffer.from(certificate.publicKey.export({ format: 'pem', type: 'spki' })))
    const options = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32', '-signature', 'value', 'info']
    const run = spawnSync('openssl', ['dgst', '-sha256', '-verify', 'key', ...options], { cwd: xmlsec.folder, encoding: 'utf8' })
    assert.equal(run.stdout, 'Verified OK\n')
  })

  it('level T: the stamp is over the canonical SignatureValue, openssl ts agrees', async () => {
    const { xml, level, stampedAt } = await signXades(contract, { signer, signedAt, timeStamp: timeStampAuthority(root, stamped) })
    assert.deepEqual([level, stampedAt], ['XAdES-BASELINE-T', stamped])
    assert.equal(xmlsec.verify(xml), undefined)
    const verdict = await judge(xml)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
    assert.deepEqual([verdict.signatures[0]?.level, verdict.signatures[0]?.provenAt], [level, stamped.toISOString()])
    const text = xml.toString()
    const value = /<ds:SignatureValue Id="[^"]*">[^<]*<\/ds:SignatureValue>/.exec(text)?.[0] ?? ''
    xmlsec.write(
      'value',
      Buffer.from(value.replace('<ds:SignatureValue', '<ds:SignatureValue xmlns:ds="http://www.w3.org/2000/09/xmldsig#"')),
    )
    xmlsec.write('token', Buffer.from(/EncapsulatedTimeStamp>([^<]*)</.exec(text)?.[1] ?? '', 'base64'))
    xmlsec.write('tsa.pem', Buffer.from(root.pem))
    const args = ['ts', '-verify', '-data', 'value', '-in', 'token', '-token_in', '-CAfile', 'tsa.pem']
    const run = spawnSync('openssl', args, { cwd: xmlsec.folder, encoding: 'utf8' })
    assert.match(run.stdout + run.stderr, /Verification: OK/)
  })

  for (const placement of [{ kind: 'enveloped' }, { kind: 'enveloping' }] as const) {
    it(`level LT, ${placement.kind}: certificates, OCSP answer and list are inside, and suffice`, async () => {
      const evidence = evidenceFrom(offlineSource(xmlsec.folder, root, now), [root.der])
      const options: SignXadesOptions = {
        signer,
        signedAt: now,
        placement,
        level: 'LT',
        timeStamp: timeStampAuthority(root, now),
        evidence,
      }
      const { xml, level } = await signXades(contract, options)
      assert.equal(level, 'XAdES-BASELINE-LT')
      assert.equal(xmlsec.verify(xml), undefined)
      const verdict = await createVerifiers().verify('file.xml', xml, { trust: [root.der], at: now, revocation: 'required' })
      assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
      const [signature] = verdict.signatures
      assert.equal(signature?.level, level, JSON.stringify(verdict, null, 1))
      assert.deepEqual(signature.revocation?.map(({ name, status, source }) => [name, status, source]).slice(0, 1), [
        ['Signer', 'good', 'ocsp'],
      ])
    })
  }

  it('never lowers a level in silence', async () => {
    await assert.rejects(signXades(contract, { signer, signedAt, level: 'T' }), { code: 'SIGN-TSA-NOT-CONFIGURED' })
    const timeStamp = timeStampAuthority(root, stamped)
    await assert.rejects(signXades(contract, { signer, signedAt, level: 'LT', timeStamp }), { code: 'SIGN-EVIDENCE-NOT-CONFIGURED' })
    const down = { stamp: () => Promise.reject(new Fault('SIGN-TSA-UNREACHABLE')) }
    await assert.rejects(signXades(contract, { signer, signedAt, timeStamp: down }), { code: 'SIGN-TSA-UNREACHABLE' })
    const nothing = evidenceFrom({
      evidenceFor: () => Promise.resolve({ ...noEvidence, findings: [] }),
      issuersOf: () => Promise.resolve([]),
    })
    await assert.rejects(signXades(contract, { signer, signedAt, level: 'LT', timeStamp, evidence: nothing }), /SIGN-(?:REVOCATION|CHAIN)/)
  })

  it('refuses what it cannot sign, each by its code', async () => {
    const refused = async (content: Buffer, options: Partial<SignXadesOptions>, code: string): Promise<void> => {
      await assert.rejects(signXades(content, { signer, signedAt, ...options }), { code })
    }
    await refused(contract, { placement: { kind: 'ubl' } }, 'SIGN-XML-NOT-UBL')
    await refused(contract, { placement: { kind: 'sibling', id: 'missing' } }, 'SIGN-XML-ELEMENT-MISSING')
    for (const uri of ['http://example.org/a', '/etc/passwd', '#id', '', 'file:a', 'a b'])
      await refused(contract, { placement: { kind: 'detached', uri } }, 'SIGN-XML-URI')
    await refused(contract, { id: '1" x="' }, 'SIGN-XML-ID')
    await refused(contract, { id: 'first' }, 'XML-DUPLICATE-ID')
    await refused(Buffer.from('<!DOCTYPE r><r/>'), {}, 'XML-DOCTYPE')
    await refused(Buffer.from('no xml'), {}, 'XML-MALFORMED')
    await refused(Buffer.from('<r xmlns="relative"/>'), {}, 'XML-NAMESPACE-RELATIVE')
    await refused(contract, { signer: { ...signer, certificates: [] } }, 'SIGN-CERT-MISSING')
    const lying = { ...signer, signMessage: (message: Uint8Array) => signWith(signer, Buffer.concat([message, Buffer.from('!')])) }
    await refused(contract, { signer: lying }, 'SIGN-SIGNATURE-WRONG')
  })

  it('lets two sign beside the same data, and does not break a signature over the whole', async () => {
    const second = signerOf(issueCertificate({ commonName: 'Second', issuer: root }))
    const beside: XadesPlacement = { kind: 'sibling', id: 'd' }
    const one = await signXades(Buffer.from('<Envelope><Data Id="d">1</Data></Envelope>'), { signer, signedAt, placement: beside })
    const two = await signXades(one.xml, { signer: second, signedAt, placement: beside })
    const verdict = await judge(two.xml)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
    assert.deepEqual(
      verdict.signatures.map((signature) => [signature.name, signature.signer?.name]),
      [
        [one.id, 'Signer'],
        [two.id, 'Second'],
      ],
    )
    assert.equal(xmlsec.verify(two.xml, ['--node-id', two.id, '--id-attr:Id', 'http://www.w3.org/2000/09/xmldsig#:Signature']), undefined)
    const enveloped = await signXades(contract, { signer, signedAt })
    await assert.rejects(signXades(enveloped.xml, { signer: second, signedAt }), { code: 'SIGN-XML-BREAKS-SIGNATURE' })
  })

  it('xml-crypto, the second opinion, finds the same digests and the same signature', async () => {
    const own = signerOf(issueCertificate({ commonName: 'Signer', algorithm: 'rsa-2048', issuer: root }))
    const { xml } = await signXades(ublInvoice(), { signer: own, signedAt, placement: { kind: 'ubl' } })
    const document = new DOMParser().parseFromString(xml.toString(), 'text/xml')
    const element = document.getElementsByTagNameNS('http://www.w3.org/2000/09/xmldsig#', 'Signature')[0]
    const check = new SignedXml({ publicCert: new X509Certificate(own.certificates[0] ?? '').toString(), getCertFromKeyInfo: () => null })
    assert.ok(element !== undefined)
    check.loadSignature(new XMLSerializer().serializeToString(element))
    assert.equal(check.checkSignature(xml.toString()), true)
  })

  it('changes no byte of the document but puts the signature in', async () => {
    for (const content of [contract, ublInvoice()]) {
      const { xml } = await signXades(content, { signer, signedAt })
      const at = xml.indexOf('<ds:Signature ')
      const end = xml.indexOf('</ds:Signature>') + '</ds:Signature>'.length
      assert.deepEqual(Buffer.concat([xml.subarray(0, at), xml.subarray(end)]), content)
    }
  })
})
