import assert from 'node:assert/strict'
import { createHash, sign as signMessage } from 'node:crypto'
import {
  algorithmIdentifier,
  context,
  element,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  time,
} from '../../../core/signing/der.js'
import { egyptProfile } from '../../../core/signing/formats/cades/profiles/egypt.js'
import { certify, issueCertificate, type TestCertificate } from '../../../core/signing/test/test-authority.js'
import { DerElement } from '../../../core/validation/der-reader.js'
import type { DocumentVerdict } from '../../../core/validation/verdict.js'
import { buildEtaDocument, canonicalText, insertSignatures, verifyEta } from '../index.js'
import { egyptFacts, egyptInvoice, issuerRin } from './egypt-invoice.js'

const sha256 = '2.16.840.1.101.3.4.2.1'
const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

/** Parts of a signature in ITIDA's form; what is not given is as the form has it. */
interface Parts {
  readonly version?: number
  readonly digests?: Buffer
  readonly encapsulated?: Buffer
  readonly certificates?: Buffer
  readonly revocations?: Buffer
  readonly behind?: Buffer
  readonly signerVersion?: number
  readonly signerIdentifier?: Buffer
  readonly signerDigest?: Buffer
  readonly attributes?: readonly Buffer[]
  readonly algorithm?: Buffer
  readonly unsigned?: Buffer
  /** Further SignerInfos. */
  readonly others?: readonly Buffer[]
}

const attribute = (type: string, value: Buffer): Buffer => sequence(objectIdentifier(type), element(0x31, value))

describe('what lies in an Egyptian signature under no signature', function () {
  this.timeout(180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true, algorithm: 'rsa-2048' })
  const wishes = { commonName: 'Taxpayer', organizationIdentifier: `VATEG-${issuerRin}`, issuer: root, algorithm: 'rsa-2048' } as const
  const own = issueCertificate({ ...wishes, serial: 77n })
  const json = buildEtaDocument(egyptInvoice(), egyptFacts)
  const text = canonicalText(json)
  const identifierOf = (certificate: TestCertificate): Buffer => {
    const fields = DerElement.read(certificate.der).child(0)
    return sequence(fields.child(3).bytes, fields.child(1).bytes)
  }
  const contentType = attribute('1.2.840.113549.1.9.3', objectIdentifier(egyptProfile.contentType))
  const digest = attribute('1.2.840.113549.1.9.4', octetString(digestOf(text)))
  const signingTime = attribute('1.2.840.113549.1.9.5', time(new Date()))
  const reference = attribute('1.2.840.113549.1.9.16.2.47', sequence(sequence(sequence(octetString(digestOf(own.der))))))
  const four = [contentType, digest, signingTime, reference]

  function signerInfo(parts: Parts): Buffer {
    const attributes = setOf(...(parts.attributes ?? four))
    const travelling = Buffer.from(attributes)
    travelling[0] = 0xa0
    return sequence(
      integer(parts.signerVersion ?? 1),
      parts.signerIdentifier ?? identifierOf(own),
      parts.signerDigest ?? algorithmIdentifier(sha256),
      travelling,
      parts.algorithm ?? algorithmIdentifier('1.2.840.113549.1.1.1', nullValue),
      octetString(signMessage('sha256', attributes, own.privateKey)),
      ...(parts.unsigned === undefined ? [] : [parts.unsigned]),
    )
  }

  function cmsOf(parts: Parts): Buffer {
    const data = sequence(
      integer(parts.version ?? 3),
      parts.digests ?? setOf(algorithmIdentifier(sha256)),
      parts.encapsulated ?? sequence(objectIdentifier(egyptProfile.contentType)),
      parts.certificates ?? context(0, own.der),
      ...(parts.revocations === undefined ? [] : [parts.revocations]),
      setOf(signerInfo(parts), ...(parts.others ?? [])),
      ...(parts.behind === undefined ? [] : [parts.behind]),
    )
    return sequence(objectIdentifier('1.2.840.113549.1.7.2'), context(0, data))
  }

  const verify = (parts: Parts): Promise<Omit<DocumentVerdict, 'file'>> =>
    verifyEta(insertSignatures(json, [{ type: 'I', value: cmsOf(parts) }]), { trust: [root.der] })
  /** Departures from the form that the verdict names. */
  const wordsOf = ({ signatures }: Omit<DocumentVerdict, 'file'>): string[] =>
    signatures
      .flatMap((one) => one.findings)
      .filter(({ code }) => code === 'VERIFY-PROFILE-DEVIATION')
      .map(({ params }) => String(params?.['name']))

  const sameKey = certify({ ...wishes, serial: 78n }, 'rsa-2048', own.publicKey, own.privateKey)
  const sameName = certify({ ...wishes, serial: 77n, commonName: 'Another' }, 'rsa-2048', own.publicKey, own.privateKey)
  const stranger = issueCertificate({ commonName: 'Nobody' })
  const surplus = octetString(Buffer.from('hello'))
  const withoutReference = [contentType, digest, signingTime]
  const identifier = identifierOf(own)
  const keyIdentifier = createHash('sha1')
    .update(own.publicKey.export({ format: 'der', type: 'spki' }))
    .digest()
  const digestedData = objectIdentifier(egyptProfile.contentType)

  it('takes the form as it is without a word about it', async () => {
    const verdict = await verify({})
    assert.deepEqual([verdict.verdict, wordsOf(verdict)], ['passed', []])
  })

  /** What no live document has. */
  const refused: Readonly<Record<string, readonly [Parts, string]>> = {
    'version 1': [{ version: 1 }, 'EG-SIGNATURE-VERSION'],
    'version 4': [{ version: 4 }, 'EG-SIGNATURE-VERSION'],
    'version 5': [{ version: 5 }, 'EG-SIGNATURE-VERSION'],
    'the digest announced twice': [
      { digests: element(0x31, Buffer.concat([algorithmIdentifier(sha256), algorithmIdentifier(sha256)])) },
      'EG-SIGNATURE-DIGESTS',
    ],
    'another digest announced': [
      { digests: setOf(algorithmIdentifier(sha256), algorithmIdentifier('1.3.14.3.2.26')) },
      'EG-SIGNATURE-DIGESTS',
    ],
    'a digest nobody knows': [{ digests: setOf(algorithmIdentifier(sha256), algorithmIdentifier('1.2.3.4')) }, 'EG-SIGNATURE-DIGESTS'],
    'no digest announced': [{ digests: setOf() }, 'EG-SIGNATURE-UNREADABLE'],
    'a certificate of another kind': [{ certificates: context(0, own.der, context(1, surplus)) }, 'EG-SIGNATURE-SURPLUS'],
    'a text among the certificates': [{ certificates: context(0, own.der, surplus) }, 'EG-SIGNATURE-SURPLUS'],
    'no certificate': [{ certificates: context(0) }, 'EG-SIGNATURE-CERTIFICATE'],
    'another certificate of the key': [{ certificates: context(0, sameKey.der) }, 'EG-SIGNATURE-CERTIFICATE'],
    'another certificate of the key, and its number': [
      { certificates: context(0, sameKey.der), signerIdentifier: identifierOf(sameKey) },
      'VERIFY-SIGNING-CERT-REFERENCE',
    ],
    'another certificate of the key with the same number': [{ certificates: context(0, sameName.der) }, 'VERIFY-SIGNING-CERT-REFERENCE'],
    'the same where no reference is signed': [
      { certificates: context(0, sameName.der), attributes: withoutReference },
      'EG-SIGNATURE-REFERENCE',
    ],
    'signed attributes that are none': [{ attributes: [...four, surplus] }, 'VERIFY-CMS-MALFORMED'],
    'no signed reference': [{ attributes: withoutReference }, 'EG-SIGNATURE-REFERENCE'],
    'an empty place for revocation data': [{ revocations: context(1) }, 'EG-SIGNATURE-SURPLUS'],
    'a text as revocation data': [{ revocations: context(1, surplus) }, 'EG-SIGNATURE-SURPLUS'],
    'revocation data of another kind': [
      { revocations: context(1, element(0xa1, objectIdentifier('1.2.3'), surplus)) },
      'EG-SIGNATURE-SURPLUS',
    ],
    'the signer by key identifier': [{ signerVersion: 3, signerIdentifier: element(0x80, keyIdentifier) }, 'EG-SIGNATURE-NAMED'],
    'something beside issuer and number': [
      { signerIdentifier: sequence(...DerElement.read(identifier).children.map((one) => one.bytes), nullValue) },
      'EG-SIGNATURE-UNREADABLE',
    ],
    'an empty set of unsigned attributes': [{ unsigned: context(1) }, 'EG-SIGNATURE-UNSIGNED'],
    'an unsigned attribute': [{ unsigned: context(1, attribute('1.2.3.4', surplus)) }, 'EG-SIGNATURE-UNSIGNED'],
    'the content inside': [{ encapsulated: sequence(digestedData, context(0, octetString(text))) }, 'EG-SIGNATURE-CONTENT'],
    'other content inside': [{ encapsulated: sequence(digestedData, context(0, surplus)) }, 'VERIFY-CONTENT-DIFFERS'],
    'something beside the content type': [{ encapsulated: sequence(digestedData, nullValue) }, 'EG-SIGNATURE-UNREADABLE'],
    'two signers': [{ others: [signerInfo({ attributes: [...four, attribute('1.2.3.4', surplus)] })] }, 'EG-SIGNATURE-SIGNERS'],
    'the signer twice': [{ others: [signerInfo({})] }, 'EG-SIGNATURE-SIGNERS'],
    'something behind': [{ behind: nullValue }, 'EG-SIGNATURE-UNREADABLE'],
  }
  for (const [name, [parts, code]] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      const verdict = await verify(parts)
      assert.equal(verdict.verdict, 'failed')
      const found = [...verdict.findings, ...verdict.signatures.flatMap((one) => one.findings)].map((finding) => finding.code)
      assert.ok(found.includes(code), found.join())
    })
  }

  /** What signers in use write: the document passes, and whoever reads the verdict learns of it. */
  const named: Readonly<Record<string, readonly [Parts, string]>> = {
    'the announced digest with NULL': [{ digests: setOf(algorithmIdentifier(sha256, nullValue)) }, 'announced digest algorithms'],
    'the digest with NULL': [{ signerDigest: algorithmIdentifier(sha256, nullValue) }, 'parameters of the digest algorithm'],
    'his certificate twice': [{ certificates: context(0, own.der, own.der) }, 'further certificates'],
    'the authority beside the signer': [{ certificates: context(0, own.der, root.der) }, 'further certificates'],
    'a stranger beside the signer': [{ certificates: context(0, stranger.der, own.der) }, 'further certificates'],
    'a certificate of his number beside his': [{ certificates: context(0, sameName.der, own.der) }, 'further certificates'],
    'RSA without NULL': [{ algorithm: algorithmIdentifier('1.2.840.113549.1.1.1') }, 'signature algorithm without NULL'],
    'RSA with SHA-256 by its other name': [
      { algorithm: algorithmIdentifier('1.2.840.113549.1.1.11', nullValue) },
      'signature algorithm by another name',
    ],
    'no stated time': [{ attributes: [contentType, digest, reference] }, 'without 1.2.840.113549.1.9.5'],
    'one more signed attribute': [{ attributes: [...four, attribute('1.2.3.4', surplus)] }, 'with 1.2.3.4'],
  }
  for (const [name, [parts, word]] of Object.entries(named)) {
    it(`names ${name}`, async () => {
      const verdict = await verify(parts)
      assert.equal(verdict.verdict, 'passed')
      assert.ok(wordsOf(verdict).includes(word), wordsOf(verdict).join())
    })
  }
})
