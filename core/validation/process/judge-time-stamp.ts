import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import type { PathAnswer } from '../certificate/path.js'
import { checkTimeStamp } from '../cms/time-stamp-token.js'
import type { RevocationEvidence } from '../revocation/evidence.js'
import type { SubIndication } from '../verdict.js'
import type { CarriedTimeStamp, JudgeOptions } from './judge-signature.js'

export interface TimeStampJudgement {
  readonly kind: CarriedTimeStamp['kind']
  /** Time the token states; meaningful only when `intact`. */
  readonly at: Date | undefined
  /** Certificate of the authority. */
  readonly authority: Certificate | undefined
  readonly intact: boolean
  readonly trusted: boolean
  /** Why it is not intact or not trusted; null when both. */
  readonly subIndication: SubIndication | null
  readonly path: PathAnswer | undefined
  readonly findings: readonly FaultDetail[]
}

export interface TimeStampOptions extends JudgeOptions {
  /** Certificates beside those inside the token. */
  readonly certificates: readonly Certificate[]
  readonly evidence: RevocationEvidence
}

const clockTolerance = 5 * 60_000

/** Not later than the time of validation, but for the tolerance between two clocks. */
export function isPast(time: Date | undefined, at: Date): boolean {
  return time !== undefined && time.getTime() <= at.getTime() + clockTolerance
}

/** Judges one time stamp (ETSI EN 319 102-1 clause 5.4). Never throws for bad input. */
export function judgeTimeStamp(carried: CarriedTimeStamp, options: TimeStampOptions): Promise<TimeStampJudgement> {
  const check = checkTimeStamp(carried.token, carried.stamped, options.anchors, options.certificates)
  return Promise.resolve({
    kind: carried.kind,
    at: check.at,
    authority: check.certificate,
    intact: check.intact,
    trusted: check.intact && check.trusted,
    subIndication: check.intact ? (check.trusted ? null : (check.path?.subIndication ?? 'NO_CERTIFICATE_CHAIN_FOUND')) : 'HASH_FAILURE',
    path: check.path,
    findings: check.findings,
  })
}
