import { timingSafeEqual } from 'node:crypto'
import type { FaultDetail } from '../../i18n/fault.js'
import { weakestDigest } from '../algorithm-policy.js'
import type { Certificate } from '../certificate/certificate.js'
import { readKnownCertificate } from '../certificate/known-certificates.js'
import { DerElement, MalformedDer } from '../der-reader.js'
import { type RevocationEvidence } from '../revocation/evidence.js'
import { digestNameByOid, digestNamedBy, verifyMessageSignature, type Outcome } from '../signature-algorithm.js'
import type { SubIndication } from '../verdict.js'
import { checkCertificateReference, inOrder, keepsAlgorithmProtection, noteOnUnsigned, SignedAttributes } from './attributes.js'

const oid = {
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signatureTimeStamp: '1.2.840.113549.1.9.16.2.14',
  contentTimeStamp: '1.2.840.113549.1.9.16.2.20',
  ocspResponse: '1.3.6.1.5.5.7.16.2',
} as const

const maximumCertificates = 100
const maximumSigners = 50
const maximumRevocations = 200

/** A SignerInfo as it was written (RFC 5652, clause 5.3). */
export interface CmsSignerInfo {
  readonly sid: DerElement
  readonly digestOid: string
  /** AlgorithmIdentifier of the digest, as it was written. */
  readonly digestAlgorithm: Buffer
  /** Complete [0] element, or undefined when there are no signed attributes. */
  readonly signedAttributes: DerElement | undefined
  readonly signatureAlgorithm: Buffer
  readonly signature: Buffer
  readonly unsignedAttributes: DerElement | undefined
}

/** A SignedData that was read whole (RFC 5652, clause 5.1). */
export interface CmsSignedData {
  readonly version: number
  /** AlgorithmIdentifiers that announce the digests, as they were written. */
  readonly digestAlgorithms: readonly Buffer[]
  readonly contentType: string
  /** Encapsulated content, undefined when detached. */
  readonly content: Buffer | undefined
  readonly certificates: readonly Certificate[]
  /** Lies among the certificates and is no X.509 certificate; nothing of ours reads it. */
  readonly otherCertificates: readonly Buffer[]
  /** Whether there is a place for revocation data, whatever lies in it. */
  readonly hasRevocations: boolean
  /** Lists and OCSP responses inside (`crls`; RFC 5940 for the latter). */
  readonly evidence: RevocationEvidence
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
  const announced = signed.child(1).expect(0x31).children
  const digests = announced.map((algorithm) => readDigestIdentifier(algorithm))
  // ENUMERATED reads as a number too, and nobody signed which of them stands here.
  const version = signed.child(0).expect(0x02).smallInteger()
  if (![1, 3, 4, 5].includes(version)) throw new MalformedDer('SignedData version', signed.start)
  const encapsulated = signed.child(2).expect(0x30)
  const wrapped = encapsulated.children[1]
  const certificates: Certificate[] = []
  const otherCertificates: Buffer[] = []
  let hasRevocations = false
  const crls: Buffer[] = []
  const ocspResponses: Buffer[] = []
  let signers: readonly DerElement[] = []
  // What stands beside the fields, or twice, one reader takes and the next does not: each once, in its order, and nothing else.
  only(outer, 2)
  only(outer.child(1), 1)
  only(encapsulated, 2)
  if (wrapped !== undefined) only(wrapped, 1)
  let before = 0
  for (const part of signed.children.slice(3)) {
    const rank = part.is(0xa0) ? 1 : part.is(0xa1) ? 2 : 3
    if (rank <= before) throw new MalformedDer('SignedData field', part.start)
    before = rank
    if (part.is(0xa0)) {
      if (part.children.length > maximumCertificates) throw new MalformedDer('too many certificates', part.start)
      for (const one of part.children) {
        if (one.is(0x30)) certificates.push(readKnownCertificate(one.bytes))
        else otherCertificates.push(one.bytes)
      }
    } else if (part.is(0xa1)) {
      hasRevocations = true
      if (part.children.length > maximumRevocations) throw new MalformedDer('too many revocation lists', part.start)
      for (const one of part.children) {
        if (one.is(0x30)) crls.push(one.bytes)
        else if (one.is(0xa1) && one.child(0).oid() === oid.ocspResponse) ocspResponses.push(one.child(1).bytes)
      }
    } else if (part.is(0x31)) signers = part.children
    else throw new MalformedDer('SignedData field', part.start)
  }
  if (signers.length > maximumSigners) throw new MalformedDer('too many signers', signed.start)
  return {
    version,
    digestAlgorithms: announced.map((algorithm) => algorithm.bytes),
    contentType: encapsulated.child(0).oid(),
    content: wrapped === undefined ? undefined : wrapped.expect(0xa0).child(0).expect(0x04).content,
    certificates,
    otherCertificates,
    hasRevocations,
    evidence: { crls, ocspResponses },
    signers: signers.map((info) => readSignerInfo(info, digests)),
    length: outer.end - outer.start,
  }
}

function only(element: DerElement, count: number): void {
  const surplus = element.children[count]
  if (surplus !== undefined) throw new MalformedDer('surplus element', surplus.start)
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

/**
 * Signature AlgorithmIdentifier: parameters absent or NULL, of RSASSA-PSS a SEQUENCE (RFC 3370 3.2, RFC 4055 3.1, RFC 5754 3).
 * What stands there in their place no signature covers.
 */
function readSignatureIdentifier(algorithm: DerElement): Buffer {
  const [identifier, parameters, more] = algorithm.expect(0x30).children
  const isPss = identifier?.oid() === '1.2.840.113549.1.1.10'
  const fits = parameters === undefined || (isPss ? parameters.is(0x30) : parameters.is(0x05) && parameters.content.length === 0)
  if (identifier === undefined || more !== undefined || !fits) throw new MalformedDer('signature algorithm', algorithm.start)
  return algorithm.bytes
}

function readSignerInfo(info: DerElement, digests: readonly string[]): CmsSignerInfo {
  info.expect(0x30)
  const version = info.child(0).expect(0x02).smallInteger()
  if (version !== (info.child(1).is(0x80) ? 3 : 1)) throw new MalformedDer('SignerInfo version', info.start)
  // Issuer and serial number, and nothing beside them that one reader takes and the next does not.
  if (version === 1) only(info.child(1).expect(0x30), 2)
  const digestOid = readDigestIdentifier(info.child(2))
  if (!digests.includes(digestOid)) throw new MalformedDer('digest algorithm not announced', info.start)
  let index = 3
  const attributes = info.child(index).is(0xa0) ? info.child(index++) : undefined
  const unsigned = info.children[index + 2]
  only(info, index + 3)
  return {
    sid: info.child(1),
    digestOid,
    digestAlgorithm: info.child(2).bytes,
    signedAttributes: attributes,
    signatureAlgorithm: readSignatureIdentifier(info.child(index)),
    signature: info.child(index + 1).expect(0x04).content,
    unsignedAttributes: unsigned?.expect(0xa1),
  }
}

/** The certificate a SignerInfo names; where several bear that name, the one its signed reference means. */
export function signerCertificate(cms: CmsSignedData, signer: CmsSignerInfo): Certificate | undefined {
  const named = certificatesNamed(cms, signer)
  const { signedAttributes } = signer
  if (named.length < 2 || signedAttributes === undefined) return named[0]
  const attributes = new SignedAttributes(signedAttributes)
  return named.find((one) => checkCertificateReference(attributes, one)?.matches === true) ?? named[0]
}

function certificatesNamed(cms: CmsSignedData, signer: CmsSignerInfo): readonly Certificate[] {
  const { sid } = signer
  if (sid.is(0x80)) {
    return cms.certificates.filter((certificate) => {
      const identifier = certificate.extensions.get('2.5.29.14')
      return identifier !== undefined && DerElement.read(identifier.value).content.equals(sid.content)
    })
  }
  const issuer = sid.expect(0x30).child(0).bytes
  const serial = sid.child(1).expect(0x02).content
  return cms.certificates.filter((certificate) => certificate.issuerDer.equals(issuer) && certificate.serialBytes.equals(serial))
}

/** What the mathematics say of one signer; whom to trust is asked later. */
export interface SignerCheck {
  readonly certificate: Certificate | undefined
  /** Null when hash, certificate reference and signature all hold. */
  readonly failure: { readonly subIndication: SubIndication; readonly finding: FaultDetail } | null
  readonly hasSignedAttributes: boolean
  readonly hasSigningCertificate: boolean
  readonly signingTime: Date | undefined
  /** Tokens over the signature. */
  readonly timeStamps: readonly Buffer[]
  /** Tokens over the content, which the signer signed too: the signature is younger. */
  readonly contentTimeStamps: readonly { readonly token: Buffer; readonly stamped: (algorithm: string) => Buffer }[]
  readonly signature: Buffer
  /** The weakest digest it rests on. Whether it is strong enough is asked by the time of the signature: `algorithmFailure`. */
  readonly digestAlgorithm: string | undefined
  /** Put up with, and worth knowing; warnings. */
  readonly notes: readonly FaultDetail[]
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
    contentTimeStamps: [] as { token: Buffer; stamped: (algorithm: string) => Buffer }[],
    notes: [] as FaultDetail[],
    signature: signer.signature,
    digestAlgorithm: undefined as string | undefined,
  }
  const fail = (subIndication: SubIndication, code: string, params: Record<string, string> = {}): SignerCheck => ({
    ...draft,
    failure: { subIndication, finding: { code, params } },
  })
  try {
    draft.certificate = signerCertificate(cms, signer)
    const { certificate } = draft
    const travelling = signer.signedAttributes
    const digestAlgorithm = digestNameByOid[signer.digestOid]
    if (digestAlgorithm === undefined) return fail('CRYPTO_CONSTRAINTS_FAILURE', 'VERIFY-ALGORITHM', { oid: signer.digestOid })
    const inSignature = digestNamedBy(signer.signatureAlgorithm)
    draft.digestAlgorithm = weakestDigest([digestAlgorithm, ...(inSignature === undefined ? [] : [inSignature])])
    const contentDigest = digestOf(digestAlgorithm)
    if (travelling === undefined) return fail('FORMAT_FAILURE', 'VERIFY-SIGNED-ATTRIBUTES-MISSING')
    const attributes = new SignedAttributes(travelling)
    draft.hasSigningCertificate = attributes.namesCertificate
    draft.signingTime = attributes.value(oid.signingTime)?.time()
    if (attributes.value(oid.contentType)?.oid() !== cms.contentType) return fail('FORMAT_FAILURE', 'VERIFY-CONTENT-TYPE')
    const digest = attributes.value(oid.messageDigest)?.expect(0x04).content
    if (digest === undefined) return fail('FORMAT_FAILURE', 'VERIFY-MESSAGE-DIGEST-MISSING')
    if (digest.length !== contentDigest.length || !timingSafeEqual(digest, contentDigest)) return fail('HASH_FAILURE', 'VERIFY-HASH')
    if (certificate === undefined) return fail('NO_SIGNING_CERTIFICATE_FOUND', 'VERIFY-SIGNER-CERT-MISSING')
    const reference = checkCertificateReference(attributes, certificate)
    if (reference?.matches === false) return fail('SIG_CRYPTO_FAILURE', 'VERIFY-SIGNING-CERT-REFERENCE')
    draft.notes.push(...(reference?.notes ?? []))
    if (!keepsAlgorithmProtection(attributes, signer)) return fail('SIG_CRYPTO_FAILURE', 'VERIFY-ALGORITHM-PROTECTION')
    const contentStamp = attributes.value(oid.contentTimeStamp)
    if (contentStamp !== undefined) draft.contentTimeStamps.push({ token: contentStamp.bytes, stamped: digestOf })
    // What is signed is the SET OF itself and not the [0] it travels as (RFC 5652 5.4).
    const message = Buffer.from(travelling.bytes)
    message[0] = 0x31
    for (const attribute of signer.unsignedAttributes?.children ?? []) {
      if (attribute.child(0).oid() === oid.signatureTimeStamp)
        for (const value of attribute.child(1).children) draft.timeStamps.push(value.bytes)
      else draft.notes.push(...noteOnUnsigned(attribute.child(0).oid()))
    }
    const outcomeOver = (bytes: Buffer): Outcome =>
      verifyMessageSignature({
        algorithm: signer.signatureAlgorithm,
        digestAlgorithm,
        message: bytes,
        spki: certificate.spki,
        key: certificate.publicKey,
        signature: signer.signature,
        anyAlgorithm: true,
      })
    let outcome = outcomeOver(message)
    const ordered = outcome === 'invalid' ? inOrder(travelling) : undefined
    if (ordered !== undefined) {
      outcome = outcomeOver(ordered)
      draft.notes.push({ code: 'VERIFY-CMS-ORDER', level: 'warning' })
    }
    if (outcome === 'weak' || outcome === 'unsupported') return fail('CRYPTO_CONSTRAINTS_FAILURE', 'VERIFY-ALGORITHM', { oid: 'signature' })
    if (outcome === 'invalid') return fail('SIG_CRYPTO_FAILURE', 'VERIFY-SIGNATURE')
    return { ...draft, failure: null }
  } catch (error) {
    if (error instanceof MalformedDer) return fail('FORMAT_FAILURE', 'VERIFY-CMS-MALFORMED', { what: error.what })
    return fail('FORMAT_FAILURE', 'VERIFY-CMS-MALFORMED', { what: 'key or certificate' })
  }
}
