import { createHash } from 'node:crypto'
import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import { checkPath, type PathAnswer } from '../certificate/path.js'
import { DerElement } from '../der-reader.js'
import { digestByOid } from '../signature-algorithm.js'
import { checkSigner, readSignedData } from './signed-data.js'

const oidTstInfo = '1.2.840.113549.1.9.16.1.4'
const oidTimeStamping = '1.3.6.1.5.5.7.3.8'

export interface TimeStampCheck {
  /** Time the token states; meaningful only when `intact`. */
  readonly at: Date | undefined
  readonly certificate: Certificate | undefined
  /** Imprint, signature and signing certificate hold. */
  readonly intact: boolean
  /** The authority's path ends at a trust anchor and its certificate is for time stamping. */
  readonly trusted: boolean
  readonly path: PathAnswer | undefined
  readonly nonce: bigint | undefined
  readonly findings: readonly FaultDetail[]
}

/** Checks an RFC 3161 token over the given bytes. Never throws for bad input. */
export function checkTimeStamp(
  token: Uint8Array,
  stamped: (algorithm: string) => Buffer,
  anchors: readonly Certificate[],
  more: readonly Certificate[] = [],
): TimeStampCheck {
  const broken = (code: string, params: Record<string, string> = {}): TimeStampCheck => ({
    at: undefined,
    certificate: undefined,
    intact: false,
    trusted: false,
    path: undefined,
    nonce: undefined,
    findings: [{ code, params }],
  })
  try {
    const cms = readSignedData(token)
    const [signer, second] = cms.signers
    const { content } = cms
    if (cms.contentType !== oidTstInfo || content === undefined || signer === undefined || second !== undefined)
      return broken('VERIFY-TIME-STAMP-MALFORMED')
    const info = readTstInfo(content)
    if (info.algorithm === undefined) return broken('VERIFY-ALGORITHM', { oid: 'time stamp' })
    if (!stamped(info.algorithm).equals(info.imprint)) return broken('VERIFY-TIME-STAMP-IMPRINT')
    const check = checkSigner(cms, signer, (algorithm) => createHash(algorithm).update(content).digest())
    if (check.failure !== null || check.certificate === undefined) {
      return { ...broken('VERIFY-TIME-STAMP-SIGNATURE'), certificate: check.certificate }
    }
    // RFC 3161 2.3: the token's signer must be bound in, or another certificate could be put in its place.
    if (!check.hasSigningCertificate) return broken('VERIFY-SIGNING-CERT-REFERENCE')
    const path = checkPath({
      certificate: check.certificate,
      intermediates: [...cms.certificates, ...more],
      anchors,
      at: info.at,
      extendedKeyUsage: oidTimeStamping,
    })
    return {
      at: info.at,
      certificate: check.certificate,
      intact: true,
      trusted: path.trusted,
      path,
      nonce: info.nonce,
      findings: path.findings,
    }
  } catch {
    return broken('VERIFY-TIME-STAMP-MALFORMED')
  }
}

interface TstInfo {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512' | undefined
  readonly imprint: Buffer
  readonly at: Date
  readonly nonce: bigint | undefined
}

/** TSTInfo (RFC 3161 2.4.2). */
function readTstInfo(content: Buffer): TstInfo {
  const info = DerElement.read(content, 0, { whole: true }).expect(0x30)
  const imprint = info.child(2)
  const nonce = info.children.slice(5).find((part) => part.is(0x02))
  return {
    algorithm: digestByOid[imprint.child(0).child(0).oid()],
    imprint: imprint.child(1).expect(0x04).content,
    at: info.child(4).time(true),
    nonce: nonce?.integer(),
  }
}
