import { DerElement } from '../../../validation/der-reader.js'
import { context, element, integer, objectIdentifier, octetString, sequence, setOf, sortedForSet } from '../../der.js'
import type { CollectedEvidence } from '../../revocation/collect-evidence.js'
import type { Signer } from '../../signing-service.js'
import type { TimeStampClient } from '../../tsp/time-stamp.js'
import { createSignerInfo, partsOf } from './signer-info.js'

const oid = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  /** id-ri-ocsp-response (RFC 5940 section 2.1). */
  ocspResponse: '1.3.6.1.5.5.7.16.2',
} as const

/** What goes into a SignedData of one signer (RFC 5652, clause 5). */
export interface SignedDataOptions {
  readonly signer: Signer
  /** Digest of the signed content, made with the signer's digest algorithm. */
  readonly contentDigest: Uint8Array
  /** Content carried inside (encapsulated); absent for a detached signature. */
  readonly content?: Uint8Array
  /** id-data unless told. */
  readonly contentType?: string
  /** signing-time attribute: CAdES wants it, PAdES baseline forbids it (ETSI EN 319 142-1 table 1). */
  readonly signingTime?: Date
  readonly timeStamp?: TimeStampClient
}

/** The structure with one signer. */
export interface SignedData {
  /** DER ContentInfo. */
  readonly cms: Buffer
  /** Level letter reached: B, or T when a signature time stamp is in. */
  readonly level: 'B' | 'T'
  /** Proven time of level T. */
  readonly stampedAt?: Date
}

/**
 * CMS SignedData with one signer (RFC 5652), with the attributes of CAdES baseline (ETSI EN 319 122-1): content-type,
 * message-digest and signing-certificate-v2; a signature time stamp makes it level T. The finished signature is checked
 * with the key of the certificate before it is returned.
 * @throws Fault SIGN-CERT-MISSING, SIGN-SIGNATURE-WRONG, and what signer and time stamp client throw
 */
export async function createSignedData(options: SignedDataOptions): Promise<SignedData> {
  const contentType = options.contentType ?? oid.data
  const { signerInfo, digestAlgorithm, stamp } = await createSignerInfo({ ...options, contentType })
  const cms = assemble({
    version: contentType === oid.data ? 1 : 3,
    digestAlgorithms: [digestAlgorithm],
    encapsulated: encapsulate(contentType, options.content),
    certificateSet: partsOf(options.signer.certificates).certificateSet,
    signerInfos: [signerInfo],
  })
  return stamp === undefined ? { cms, level: 'B' } : { cms, level: 'T', stampedAt: stamp.at }
}

/** EncapsulatedContentInfo; without content it is detached. */
export function encapsulate(contentType: string, content: Uint8Array | undefined): Buffer {
  return sequence(objectIdentifier(contentType), ...(content === undefined ? [] : [context(0, octetString(content))]))
}

/** The fields of a SignedData, ready to be put together (RFC 5652, clause 5.1). */
export interface SignedDataParts {
  readonly version: number
  /** DER AlgorithmIdentifiers. */
  readonly digestAlgorithms: readonly Buffer[]
  /** DER EncapsulatedContentInfo. */
  readonly encapsulated: Buffer
  /** Complete `[0]` element. */
  readonly certificateSet: Buffer
  /** Complete `[1]` element. */
  readonly revocations?: Buffer
  readonly signerInfos: readonly Buffer[]
}

/** ContentInfo around SignedData from its parts, each once, in the order of DER. */
export function assemble(parts: SignedDataParts): Buffer {
  const signedData = sequence(
    integer(parts.version),
    setOf(...unique(parts.digestAlgorithms)),
    parts.encapsulated,
    parts.certificateSet,
    ...(parts.revocations === undefined ? [] : [parts.revocations]),
    setOf(...parts.signerInfos),
  )
  return sequence(objectIdentifier(oid.signedData), context(0, signedData))
}

/** `[0]` of SignedData: certificates, each once. */
export function certificateSet(certificates: readonly Buffer[]): Buffer {
  return context(0, ...sortedForSet(unique(certificates)))
}

/**
 * `[1]` of SignedData: lists as they are, OCSP responses as OtherRevocationInfoFormat (RFC 5940): level LT keeps its
 * evidence here (ETSI EN 319 122-1 clause 5.4.2.3).
 * @param before elements of an existing `[1]`
 */
export function revocationSet(
  evidence: Pick<CollectedEvidence, 'crls' | 'ocspResponses'>,
  before: readonly Buffer[] = [],
): Buffer | undefined {
  const responses = evidence.ocspResponses.map((response) => element(0xa1, objectIdentifier(oid.ocspResponse), response))
  const all = unique([...before, ...evidence.crls, ...responses])
  return all.length === 0 ? undefined : context(1, ...sortedForSet(all))
}

/** SignedData.version (RFC 5652 5.1). */
export function versionOf(contentType: string, revocations: Buffer | undefined, hasKeyIdentifier = false): number {
  const hasOther = revocations !== undefined && hasOtherFormat(revocations)
  if (hasOther) return 5
  return contentType === oid.data && !hasKeyIdentifier ? 1 : 3
}

function hasOtherFormat(revocations: Buffer): boolean {
  for (const one of DerElement.read(revocations, 0, { whole: true }).children) if (one.is(0xa1)) return true
  return false
}

function unique(buffers: readonly Buffer[]): readonly Buffer[] {
  if (buffers.length < 2) return buffers
  const seen = new Map<string, Buffer>()
  for (const one of buffers) seen.set(one.toString('latin1'), one)
  return [...seen.values()]
}
