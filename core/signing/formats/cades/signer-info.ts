import { createHash } from 'node:crypto'
import { Fault } from '../../../i18n/fault.js'
import { readKnownCertificate } from '../../../validation/certificate/known-certificates.js'
import { verifyDigestSignature } from '../../../validation/ecdsa.js'
import { digestIdentifier, signatureIdentifier } from '../../algorithms.js'
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
  sortedForSet,
  time,
} from '../../der.js'
import type { Signer } from '../../signing-service.js'
import { signWith } from '../../sign-with.js'
import type { TimeStampClient, TimeStampToken } from '../../tsp/time-stamp.js'

const oid = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  signatureTimeStamp: '1.2.840.113549.1.9.16.2.14',
} as const

const versionOne = integer(1)
const digestIdentifiers = { sha256: digestIdentifier('sha256'), sha384: digestIdentifier('sha384'), sha512: digestIdentifier('sha512') }
/** RFC 3370 3.2: what every implementation takes in a SignerInfo. */
const rsaEncryption = algorithmIdentifier('1.2.840.113549.1.1.1', nullValue)

/** What goes into a SignerInfo (RFC 5652, clause 5.3). */
export interface SignerInfoOptions {
  readonly signer: Signer
  /** Digest of the signed content, made with the signer's digest algorithm. */
  readonly contentDigest: Uint8Array
  /** Dotted eContentType. */
  readonly contentType: string
  /** signing-time attribute: CAdES wants it, PAdES baseline forbids it (ETSI EN 319 142-1 table 1). */
  readonly signingTime?: Date
  /** Issuer and serial number inside the reference to the certificate; there unless told. */
  readonly issuerSerial?: boolean
  readonly timeStamp?: TimeStampClient
  /**
   * The caller checks the finished structure as its reader will, which finds a wrong signature too: then it is not checked twice.
   * No time stamp is asked for a signature that was not checked.
   */
  readonly checkedByCaller?: boolean
}

/** The SignerInfo, and what the structure around it must announce. */
export interface MadeSignerInfo {
  /** DER SignerInfo. */
  readonly signerInfo: Buffer
  /** DER AlgorithmIdentifier, for SignedData.digestAlgorithms. */
  readonly digestAlgorithm: Buffer
  readonly stamp: TimeStampToken | undefined
}

interface CertificateParts {
  readonly issuerAndSerial: Buffer
  /** `[0]` with all certificates of the signer; what never changes is built once. */
  readonly certificateSet: Buffer
  /** The same with his own certificate alone. */
  readonly ownSet: Buffer
  readonly publicKey: Buffer
  /** signing-certificate-v2 attribute by digest algorithm, with and without issuer and serial number. */
  readonly signingCertificate: ReadonlyMap<string, { readonly withIssuer: Buffer; readonly bare: Buffer }>
}

/** What never changes between two signatures of one key; the service hands out the same array while a signer is open. */
const partsOfCertificates = new WeakMap<readonly Buffer[], CertificateParts>()

/** @throws Fault SIGN-CERT-MISSING */
export function partsOf(certificates: readonly Buffer[]): CertificateParts {
  const known = partsOfCertificates.get(certificates)
  if (known !== undefined) return known
  const [own] = certificates
  if (own === undefined) throw new Fault('SIGN-CERT-MISSING', { params: { name: '' }, status: 409 })
  const certificate = readKnownCertificate(own)
  const serial = element(0x02, certificate.serialBytes)
  // IssuerSerial of ESSCertIDv2 (RFC 5035): GeneralNames with one directoryName [4].
  const issuerSerial = sequence(sequence(context(4, certificate.issuerDer)), serial)
  const signingCertificate = new Map<string, { withIssuer: Buffer; bare: Buffer }>()
  for (const algorithm of ['sha256', 'sha384', 'sha512'] as const) {
    const hash = octetString(createHash(algorithm).update(own).digest())
    const identifier = algorithm === 'sha256' ? [] : [digestIdentifier(algorithm)]
    const reference = (...more: Buffer[]): Buffer =>
      attribute(oid.signingCertificateV2, sequence(sequence(sequence(...identifier, hash, ...more))))
    signingCertificate.set(algorithm, { withIssuer: reference(issuerSerial), bare: reference() })
  }
  const parts = {
    issuerAndSerial: sequence(certificate.issuerDer, serial),
    certificateSet: context(
      0,
      ...sortedForSet(certificates.filter((one, index) => certificates.findIndex((other) => other.equals(one)) === index)),
    ),
    ownSet: context(0, own),
    publicKey: certificate.spki,
    signingCertificate,
  }
  partsOfCertificates.set(certificates, parts)
  return parts
}

function attribute(type: string, value: Uint8Array): Buffer {
  return sequence(objectIdentifier(type), element(0x31, value))
}

/** The content-type attribute of each type that is written. */
const contentTypes = new Map<string, Buffer>()

function contentTypeAttribute(type: string): Buffer {
  const known = contentTypes.get(type)
  if (known !== undefined) return known
  const made = attribute(oid.contentType, objectIdentifier(type))
  // Those of structures that are added to come from outside: a handful, or none is kept.
  if (contentTypes.size < 50) contentTypes.set(type, made)
  return made
}

/**
 * One SignerInfo (RFC 5652 5.3) with the signed attributes of CAdES baseline (ETSI EN 319 122-1 clause 6): content-type,
 * message-digest and signing-certificate-v2. The signature is checked with the key of the certificate before it is used, here
 * or by the caller.
 * @throws Fault SIGN-CERT-MISSING, SIGN-SIGNATURE-WRONG, and what signer and time stamp client throw
 */
export async function createSignerInfo(options: SignerInfoOptions): Promise<MadeSignerInfo> {
  const { signer } = options
  const parts = partsOf(signer.certificates)
  const digestAlgorithm = digestIdentifiers[signer.digestAlgorithm]
  const essential = parts.signingCertificate.get(signer.digestAlgorithm)
  if (essential === undefined) throw new RangeError('digest algorithm')
  const attributes = setOf(
    contentTypeAttribute(options.contentType),
    attribute(oid.messageDigest, octetString(options.contentDigest)),
    options.issuerSerial === false ? essential.bare : essential.withIssuer,
    ...(options.signingTime === undefined ? [] : [attribute(oid.signingTime, time(options.signingTime))]),
  )
  const signature = await signWith(signer, attributes)
  if (options.checkedByCaller !== true || options.timeStamp !== undefined) checkSignature(signer, parts.publicKey, attributes, signature)
  const signatureAlgorithm = signer.scheme === 'rsa-pkcs1' ? rsaEncryption : signatureIdentifier(signer.scheme, signer.digestAlgorithm)
  const stamp = await options.timeStamp?.stamp('sha256', createHash('sha256').update(signature).digest())
  const unsigned = stamp === undefined ? [] : [context(1, attribute(oid.signatureTimeStamp, stamp.token))]
  // The signed attributes travel as [0] IMPLICIT; what was signed is the SET OF itself (RFC 5652 5.4).
  const implicitAttributes = Buffer.from(attributes)
  implicitAttributes[0] = 0xa0
  const signerInfo = sequence(
    versionOne,
    parts.issuerAndSerial,
    digestAlgorithm,
    implicitAttributes,
    signatureAlgorithm,
    octetString(signature),
    ...unsigned,
  )
  return { signerInfo, digestAlgorithm, stamp }
}

/** @throws Fault SIGN-SIGNATURE-WRONG */
function checkSignature(signer: Signer, publicKeySpki: Buffer, message: Buffer, signature: Buffer): void {
  const { scheme, digestAlgorithm } = signer
  const digest = createHash(digestAlgorithm).update(message).digest()
  if (!verifyDigestSignature({ publicKeySpki, scheme, digestAlgorithm, digest, signature, message }))
    throw new Fault('SIGN-SIGNATURE-WRONG', { params: { name: '' }, status: 502 })
}
