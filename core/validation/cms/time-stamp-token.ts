import { createHash } from 'node:crypto'
import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import { checkPath, type PathAnswer } from '../certificate/path.js'
import { DerElement, MalformedDer } from '../der-reader.js'
import { algorithmFailure } from '../process/algorithm-strength.js'
import { noEvidence, type RevocationEvidence } from '../revocation/evidence.js'
import { digestByOid } from '../signature-algorithm.js'
import { schemeOf } from './signature-scheme.js'
import { checkSigner, readSignedData } from './signed-data.js'

const oidTstInfo = '1.2.840.113549.1.9.16.1.4'
const oidTimeStamping = '1.3.6.1.5.5.7.3.8'

/** A token with what it says, its own imprint, signature and certificate reference checked; whom to trust is not asked. */
export interface TimeStampReading {
  /** Time the token states; meaningful only when `intact`. */
  readonly at: Date | undefined
  /** How far that time may be off, milliseconds; 0 when the token does not say. */
  readonly accuracyMs: number
  readonly certificate: Certificate | undefined
  /** All that the token carries. */
  readonly certificates: readonly Certificate[]
  /** Lists and OCSP responses that it carries. */
  readonly evidence: RevocationEvidence
  /** Imprint, signature and signing certificate hold. */
  readonly intact: boolean
  readonly nonce: bigint | undefined
  /** Policy of the authority, dotted. */
  readonly policy: string | undefined
  readonly digestAlgorithm: string | undefined
  readonly scheme: string | undefined
  readonly findings: readonly FaultDetail[]
}

/** A time stamp token (RFC 3161) with its authority's path. */
export interface TimeStampCheck extends TimeStampReading {
  /** The authority's path ends at a trust anchor at the stated time, and its certificate is for time stamping. */
  readonly trusted: boolean
  readonly path: PathAnswer | undefined
}

/**
 * Reads an RFC 3161 token and checks it over the given bytes. Never throws for bad input.
 * @param more certificates that may hold the signer's, where the token carries none
 */
export function readTimeStamp(
  token: Uint8Array,
  stamped: (algorithm: string) => Buffer,
  more: readonly Certificate[] = [],
): TimeStampReading {
  const broken = (code: string, params: Record<string, string> = {}): TimeStampReading => ({
    at: undefined,
    accuracyMs: 0,
    certificate: undefined,
    certificates: [],
    evidence: noEvidence,
    intact: false,
    nonce: undefined,
    policy: undefined,
    digestAlgorithm: undefined,
    scheme: undefined,
    findings: [{ code, params }],
  })
  try {
    const cms = readSignedData(token)
    const [signer, second] = cms.signers
    const { content } = cms
    if (
      cms.contentType !== oidTstInfo ||
      content === undefined ||
      signer === undefined ||
      second !== undefined ||
      cms.length !== token.length
    )
      return broken('VERIFY-TIME-STAMP-MALFORMED')
    const info = readTstInfo(content)
    if (info.algorithm === undefined) return broken('VERIFY-ALGORITHM', { oid: 'time stamp' })
    if (!stamped(info.algorithm).equals(info.imprint)) return broken('VERIFY-TIME-STAMP-IMPRINT')
    const all = { ...cms, certificates: [...cms.certificates, ...more] }
    const check = checkSigner(all, signer, (algorithm) => createHash(algorithm).update(content).digest())
    if (check.failure !== null || check.certificate === undefined) {
      return { ...broken('VERIFY-TIME-STAMP-SIGNATURE'), certificate: check.certificate }
    }
    // RFC 3161 2.3: the token's signer must be bound in, or another certificate could be put in its place.
    if (!check.hasSigningCertificate) return broken('VERIFY-SIGNING-CERT-REFERENCE')
    return {
      at: info.at,
      accuracyMs: info.accuracyMs,
      certificate: check.certificate,
      certificates: cms.certificates,
      evidence: cms.evidence,
      intact: true,
      nonce: info.nonce,
      policy: info.policy,
      digestAlgorithm: check.digestAlgorithm,
      scheme: schemeOf(signer.signatureAlgorithm),
      findings: [],
    }
  } catch {
    return broken('VERIFY-TIME-STAMP-MALFORMED')
  }
}

/** Checks a token with its authority's path at the time it states, as of the moment it is made: what a client asks. Never throws for bad input. */
export function checkTimeStamp(
  token: Uint8Array,
  stamped: (algorithm: string) => Buffer,
  anchors: readonly Certificate[],
  more: readonly Certificate[] = [],
): TimeStampCheck {
  const reading = readTimeStamp(token, stamped, more)
  if (!reading.intact || reading.certificate === undefined || reading.at === undefined)
    return { ...reading, trusted: false, path: undefined }
  const weak = algorithmFailure({ ...reading, certificate: reading.certificate }, reading.at, true)
  if (weak !== undefined) return { ...reading, intact: false, trusted: false, path: undefined, findings: [weak.finding] }
  const path = checkPath({
    certificate: reading.certificate,
    intermediates: [...reading.certificates, ...more],
    anchors,
    at: reading.at,
    extendedKeyUsage: oidTimeStamping,
  })
  return { ...reading, trusted: path.trusted, path, findings: path.findings }
}

interface TstInfo {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512' | undefined
  readonly imprint: Buffer
  readonly at: Date
  readonly accuracyMs: number
  readonly nonce: bigint | undefined
  readonly policy: string
}

/** TSTInfo (RFC 3161 2.4.2). A critical extension is not understood and stops it. */
function readTstInfo(content: Buffer): TstInfo {
  const info = DerElement.read(content, 0, { whole: true }).expect(0x30)
  if (info.child(0).expect(0x02).smallInteger() !== 1) throw new MalformedDer('version', info.start)
  const imprint = info.child(2)
  const optional = info.children.slice(5)
  const accuracy = optional.find((part) => part.is(0x30))
  const extensions = optional.find((part) => part.is(0xa1))
  if (extensions?.children.some((extension) => extension.child(1).is(0x01) && extension.child(1).boolean()) === true)
    throw new MalformedDer('critical extension', info.start)
  info.child(3).integer()
  return {
    algorithm: digestByOid[imprint.child(0).child(0).oid()],
    imprint: imprint.child(1).expect(0x04).content,
    at: info.child(4).expect(0x18).time(true),
    accuracyMs: accuracy === undefined ? 0 : accuracyOf(accuracy),
    nonce: optional.find((part) => part.is(0x02))?.integer(),
    policy: info.child(1).oid(),
  }
}

/** Seconds, milliseconds [0] and microseconds [1], each optional. */
function accuracyOf(accuracy: DerElement): number {
  let milliseconds = 0
  for (const part of accuracy.children) {
    const value = Number(BigInt(`0x${part.content.toString('hex') || '0'}`))
    milliseconds += part.is(0x02) ? value * 1000 : part.is(0x80) ? value : value / 1000
  }
  return milliseconds
}
