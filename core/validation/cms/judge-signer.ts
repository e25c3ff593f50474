import { createHash } from 'node:crypto'
import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import { checkPath, keyUsageOf } from '../certificate/path.js'
import type { Indication, SubIndication } from '../verdict.js'
import type { CmsSignedData, SignerCheck } from './signed-data.js'
import { checkTimeStamp, type TimeStampCheck } from './time-stamp-token.js'

export interface SignerJudgement {
  readonly indication: Indication
  readonly subIndication: SubIndication | null
  readonly findings: readonly FaultDetail[]
  /** Time of a trusted signature time stamp. */
  readonly provenAt: Date | undefined
  /** There is an intact time stamp over the signature, trusted or not. */
  readonly stamped: boolean
}

/**
 * From a checked SignerInfo to an indication (ETSI EN 319 102-1 clause 5.3 and 5.5): first the cryptography, then the
 * time stamp, then the certificate path at the best time known.
 */
export function judgeSigner(
  check: SignerCheck,
  cms: CmsSignedData,
  options: { anchors: readonly Certificate[]; at?: Date; now: Date },
): SignerJudgement {
  if (check.failure !== null) {
    const failed: SubIndication[] = ['FORMAT_FAILURE', 'HASH_FAILURE', 'SIG_CRYPTO_FAILURE']
    const { subIndication, finding } = check.failure
    const indication = failed.includes(subIndication) ? 'TOTAL-FAILED' : 'INDETERMINATE'
    return { indication, subIndication, findings: [finding], provenAt: undefined, stamped: false }
  }
  const { certificate } = check
  if (certificate === undefined) {
    return { indication: 'INDETERMINATE', subIndication: 'NO_SIGNING_CERTIFICATE_FOUND', findings: [], provenAt: undefined, stamped: false }
  }
  const stamps = check.timeStamps
    .slice(0, 10)
    .map((token) =>
      checkTimeStamp(token, (algorithm) => createHash(algorithm).update(check.signature).digest(), options.anchors, cms.certificates),
    )
  const at = options.at ?? options.now
  // Seen from the time of validation a stamp of a later time does not exist yet; clocks differ by a little.
  const provenAt = earliest(stamps.filter((stamp) => stamp.intact && stamp.trusted && isPast(stamp.at, at)))
  const findings: FaultDetail[] = stamps.flatMap((stamp) =>
    stamp.findings.map((finding) => ({ ...finding, path: 'timeStamp', level: stamp.intact ? ('warning' as const) : ('error' as const) })),
  )
  const stamped = stamps.some((stamp) => stamp.intact)
  const path = checkPath({
    certificate,
    intermediates: cms.certificates,
    anchors: options.anchors,
    at: provenAt ?? at,
  })
  if (!path.trusted) {
    // NOT_YET_VALID fails only with a proven time (clause 5.5.4); a claimed one proves nothing.
    const indication = path.subIndication === 'NOT_YET_VALID' && provenAt !== undefined ? 'TOTAL-FAILED' : 'INDETERMINATE'
    return { indication, subIndication: path.subIndication, findings: [...findings, ...path.findings], provenAt, stamped }
  }
  const usage = keyUsageOf(certificate)
  if (usage !== undefined && !usage(0) && !usage(1)) {
    const finding = { code: 'VERIFY-CERT-KEY-USAGE', params: { name: certificate.holder } }
    return { indication: 'INDETERMINATE', subIndication: 'CHAIN_CONSTRAINTS_FAILURE', findings: [...findings, finding], provenAt, stamped }
  }
  if (stamps.some((stamp) => !stamp.intact)) {
    return { indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE', findings, provenAt, stamped }
  }
  return { indication: 'TOTAL-PASSED', subIndication: null, findings, provenAt, stamped }
}

const clockTolerance = 5 * 60_000

export function isPast(time: Date | undefined, at: Date): boolean {
  return time !== undefined && time.getTime() <= at.getTime() + clockTolerance
}

function earliest(stamps: readonly TimeStampCheck[]): Date | undefined {
  return stamps
    .map((stamp) => stamp.at)
    .filter((at) => at !== undefined)
    .sort((left, right) => left.getTime() - right.getTime())[0]
}
