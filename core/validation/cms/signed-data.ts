import { createHash, timingSafeEqual } from 'node:crypto'
import type { FaultDetail } from '../../i18n/fault.js'
import type { DigestAlgorithm } from '../../signing/key.js'
import { readCertificate, type Certificate } from '../certificate/certificate.js'
import { DerElement, MalformedDer } from '../der-reader.js'
import { digestByOid, verifyMessageSignature } from '../signature-algorithm.js'
import type { SubIndication } from '../verdict.js'

const oid = {
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  signatureTimeStamp: '1.2.840.113549.1.9.16.2.14',
} as const

const maximumCertificates = 100

const weakDigests: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '1.2.840.113549.2.5': 'md5',
  '2.16.840.1.101.3.4.2.4': 'sha224',
}

export interface CmsSignerInfo {
  readonly sid: DerElement
  readonly digestOid: string
  /** Complete [0] element, or undefined when there are no signed attributes. */
  readonly signedAttributes: DerElement | undefined
  readonly signatureAlgorithm: Buffer
  readonly signature: Buffer
  readonly unsignedAttributes: DerElement | undefined
}

export interface CmsSignedData {
  readonly contentType: string
  /** Encapsulated content, undefined when detached. */
  readonly content: Buffer | undefined
  readonly certificates: readonly Certificate[]
  readonly signers: readonly CmsSignerInfo[]
  /** Bytes the structure takes. */
  readonly length: number
}

/**
 * Reads CMS SignedData (RFC 5652 section 5), DER only. Bytes after it are the caller's matter (PDF pads with zeros).
 * @throws MalformedDer
 */
export function readSignedData(bytes: Uint8Array): CmsSignedData {
  const outer = DerElement.read(bytes).expect(0x30)
  if (outer.child(0).oid() !== oid.signedData) throw new MalformedDer('not SignedData', outer.start)
  const signed = outer.child(1).expect(0xa0).child(0).expect(0x30)
  // Unsigned bytes, but a structure that contradicts itself is none to go on with.
  const digests = signed
    .child(1)
    .expect(0x31)
    .children.map((algorithm) => readDigestIdentifier(algorithm))
  if (![1, 3, 4, 5].includes(signed.child(0).smallInteger())) throw new MalformedDer('SignedData version', signed.start)
  const encapsulated = signed.child(2).expect(0x30)
  const wrapped = encapsulated.children[1]
  const certificates: Certificate[] = []
  let signers: readonly DerElement[] = []
  for (const part of signed.children.slice(3)) {
    if (part.is(0xa0)) {
      if (part.children.length > maximumCertificates) throw new MalformedDer('too many certificates', part.start)
      // Other certificate formats ([0]..[3]) may stand here; nothing of ours reads them.
      for (const one of part.children) if (one.is(0x30)) certificates.push(readCertificate(one.bytes))
    } else if (part.is(0x31)) signers = part.children
    else if (!part.is(0xa1)) throw new MalformedDer('SignedData field', part.start)
  }
  return {
    contentType: encapsulated.child(0).oid(),
    content: wrapped === undefined ? undefined : wrapped.expect(0xa0).child(0).expect(0x04).content,
    certificates,
    signers: signers.map((info) => readSignerInfo(info, digests)),
    length: outer.end - outer.start,
  }
}

/** Digest AlgorithmIdentifier: parameters absent or NULL (RFC 5754 section 2). */
function readDigestIdentifier(algorithm: DerElement): string {
  const [identifier, parameters, more] = algorithm.expect(0x30).children
  if (
    identifier === undefined ||
    more !== undefined ||
    (parameters !== undefined && !(parameters.is(0x05) && parameters.content.length === 0))
  ) {
    throw new MalformedDer('digest algorithm', algorithm.start)
  }
  return identifier.oid()
}

function readSignerInfo(info: DerElement, digests: readonly string[]): CmsSignerInfo {
  info.expect(0x30)
  const version = info.child(0).smallInteger()
  if (version !== (info.child(1).is(0x80) ? 3 : 1)) throw new MalformedDer('SignerInfo version', info.start)
  const digestOid = readDigestIdentifier(info.child(2))
  if (!digests.includes(digestOid)) throw new MalformedDer('digest algorithm not announced', info.start)
  let index = 3
  const attributes = info.child(index).is(0xa0) ? info.child(index++) : undefined
  const unsigned = info.children[index + 2]
  return {
    sid: info.child(1),
    digestOid,
    signedAttributes: attributes,
    signatureAlgorithm: info.child(index).bytes,
    signature: info.child(index + 1).expect(0x04).content,
    unsignedAttributes: unsigned?.expect(0xa1),
  }
}

/** The certificate a SignerInfo names. */
export function signerCertificate(cms: CmsSignedData, signer: CmsSignerInfo): Certificate | undefined {
  const { sid } = signer
  if (sid.is(0x80)) {
    return cms.certificates.find((certificate) => {
      const identifier = certificate.extensions.get('2.5.29.14')
      return identifier !== undefined && DerElement.read(identifier.value).content.equals(sid.content)
    })
  }
  const issuer = sid.expect(0x30).child(0).bytes
  const serial = sid.child(1).expect(0x02).content
  return cms.certificates.find((certificate) => certificate.issuerDer.equals(issuer) && certificate.serialBytes.equals(serial))
}

/** The single value of an attribute. An attribute given twice, or with several values, is malformed. */
export function attributeValue(attributes: DerElement | undefined, type: string): DerElement | undefined {
  const found = (attributes?.children ?? []).filter((attribute) => attribute.child(0).oid() === type)
  const [only, second] = found
  if (only === undefined) return undefined
  if (second !== undefined || only.child(1).expect(0x31).children.length !== 1) throw new MalformedDer('attribute not single', only.start)
  return only.child(1).child(0)
}

export interface SignerCheck {
  readonly certificate: Certificate | undefined
  /** Null when hash, certificate reference and signature all hold. */
  readonly failure: { readonly subIndication: SubIndication; readonly finding: FaultDetail } | null
  readonly hasSignedAttributes: boolean
  readonly hasSigningCertificate: boolean
  readonly signingTime: Date | undefined
  readonly timeStamps: readonly Buffer[]
  readonly signature: Buffer
  readonly digestAlgorithm: DigestAlgorithm | undefined
}

/**
 * Checks one signer over content given by its digest: message-digest, content-type, the reference to the signing
 * certificate (RFC 5035), and the signature itself. Never throws for bad input.
 */
export function checkSigner(cms: CmsSignedData, signer: CmsSignerInfo, digestOf: (algorithm: string) => Buffer): SignerCheck {
  const draft = {
    certificate: undefined as Certificate | undefined,
    hasSignedAttributes: signer.signedAttributes !== undefined,
    hasSigningCertificate: false,
    signingTime: undefined as Date | undefined,
    timeStamps: [] as Buffer[],
    signature: signer.signature,
    digestAlgorithm: digestByOid[signer.digestOid],
  }
  const fail = (subIndication: SubIndication, code: string, params: Record<string, string> = {}): SignerCheck => ({
    ...draft,
    failure: { subIndication, finding: { code, params } },
  })
  try {
    draft.certificate = signerCertificate(cms, signer)
    const { certificate, digestAlgorithm } = draft
    const attributes = signer.signedAttributes
    // A weak digest is still compared: changed data is changed data, whoever signed it and however.
    const comparable = digestAlgorithm ?? weakDigests[signer.digestOid]
    if (comparable === undefined) return fail('CRYPTO_CONSTRAINTS_FAILURE', 'VERIFY-ALGORITHM', { oid: signer.digestOid })
    const contentDigest = digestOf(comparable)
    let message: Buffer
    if (attributes === undefined) return fail('FORMAT_FAILURE', 'VERIFY-SIGNED-ATTRIBUTES-MISSING')
    else {
      const type = attributeValue(attributes, oid.contentType)
      if (type?.oid() !== cms.contentType) return fail('FORMAT_FAILURE', 'VERIFY-CONTENT-TYPE')
      const digest = attributeValue(attributes, oid.messageDigest)?.expect(0x04).content
      if (digest === undefined) return fail('FORMAT_FAILURE', 'VERIFY-MESSAGE-DIGEST-MISSING')
      if (digest.length !== contentDigest.length || !timingSafeEqual(digest, contentDigest)) return fail('HASH_FAILURE', 'VERIFY-HASH')
      if (certificate === undefined) return fail('NO_SIGNING_CERTIFICATE_FOUND', 'VERIFY-SIGNER-CERT-MISSING')
      if (digestAlgorithm === undefined) return fail('CRYPTO_CONSTRAINTS_FAILURE', 'VERIFY-ALGORITHM', { oid: signer.digestOid })
      draft.signingTime = attributeValue(attributes, oid.signingTime)?.time()
      const reference = signingCertificateMatches(attributes, certificate)
      if (reference === false) return fail('SIG_CRYPTO_FAILURE', 'VERIFY-SIGNING-CERT-REFERENCE')
      draft.hasSigningCertificate = reference === true
      message = Buffer.from(attributes.bytes)
      message[0] = 0x31
    }
    for (const attribute of signer.unsignedAttributes?.children ?? []) {
      if (attribute.child(0).oid() === oid.signatureTimeStamp)
        for (const value of attribute.child(1).children) draft.timeStamps.push(value.bytes)
    }
    const outcome = verifyMessageSignature({
      algorithm: signer.signatureAlgorithm,
      digestAlgorithm,
      message,
      spki: certificate.spki,
      key: certificate.publicKey,
      signature: signer.signature,
    })
    if (outcome === 'weak' || outcome === 'unsupported') return fail('CRYPTO_CONSTRAINTS_FAILURE', 'VERIFY-ALGORITHM', { oid: 'signature' })
    if (outcome === 'invalid') return fail('SIG_CRYPTO_FAILURE', 'VERIFY-SIGNATURE')
    return { ...draft, failure: null }
  } catch (error) {
    if (error instanceof MalformedDer) return fail('FORMAT_FAILURE', 'VERIFY-CMS-MALFORMED', { what: error.what })
    return fail('FORMAT_FAILURE', 'VERIFY-CMS-MALFORMED', { what: 'key or certificate' })
  }
}

/** True, false, or undefined when neither ESS attribute is there. The first identifier must name the signer (RFC 5035 section 4). */
function signingCertificateMatches(attributes: DerElement, certificate: Certificate): boolean | undefined {
  const second = attributeValue(attributes, oid.signingCertificateV2)
  if (second !== undefined) {
    const identifier = second.child(0).child(0).expect(0x30)
    const named = identifier.child(0).is(0x30)
    const algorithm = named ? digestByOid[identifier.child(0).child(0).oid()] : 'sha256'
    const hash = identifier.child(named ? 1 : 0).expect(0x04).content
    return algorithm !== undefined && createHash(algorithm).update(certificate.der).digest().equals(hash)
  }
  const first = attributeValue(attributes, oid.signingCertificate)
  if (first === undefined) return undefined
  const hash = first.child(0).child(0).child(0).expect(0x04).content
  return createHash('sha1').update(certificate.der).digest().equals(hash)
}
