import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import { extendedKeyUsagesOf, type PathAnswer } from '../certificate/path.js'
import { readTimeStamp } from '../cms/time-stamp-token.js'
import type { RevocationEvidence } from '../revocation/evidence.js'
import type { SubIndication } from '../verdict.js'
import { algorithmFailure } from './algorithm-strength.js'
import { judgePath, type PathJudgement } from './judge-path.js'
import type { CarriedTimeStamp, JudgeOptions } from './judge-signature.js'

const timeStamping = '1.3.6.1.5.5.7.3.8'

/**
 * Reasons after which older tokens of a revoked authority still hold (RFC 3161 section 4 item 1). Unspecified is not among
 * them: RFC 5280 writes it by leaving the reason out, and without a reason RFC 3161 lets no token hold.
 */
const harmlessReasons: ReadonlySet<string | null> = new Set(['affiliationChanged', 'superseded', 'cessationOfOperation'])

/** The outcome for one time stamp (ETSI EN 319 102-1, clause 5.4). */
export interface TimeStampJudgement {
  readonly kind: CarriedTimeStamp['kind']
  /** Time the token states; meaningful only when `intact`. */
  readonly at: Date | undefined
  /** How far the stated time may be off, milliseconds (RFC 3161 2.4.2 accuracy). */
  readonly accuracyMs: number
  /** Certificate of the authority. */
  readonly authority: Certificate | undefined
  readonly intact: boolean
  readonly trusted: boolean
  /** Why it is not intact or not trusted; null when both. */
  readonly subIndication: SubIndication | null
  readonly path: PathAnswer | undefined
  /** What came with the signature is enough to judge it. */
  readonly selfContained: boolean
  readonly findings: readonly FaultDetail[]
}

/** What a time stamp is judged by. */
export interface TimeStampOptions extends JudgeOptions {
  /** Certificates beside those inside the token. */
  readonly certificates: readonly Certificate[]
  /** Revocation data of the file beside that inside the token. */
  readonly carried: RevocationEvidence
}

const clockTolerance = 5 * 60_000

/** Not later than the time of validation, but for the tolerance between two clocks. */
export function isPast(time: Date | undefined, at: Date): boolean {
  return time !== undefined && time.getTime() <= at.getTime() + clockTolerance
}

/**
 * Judges one time stamp (ETSI EN 319 102-1 clause 5.4): the token in itself, then the authority's certificate at the time
 * of validation, or at the time at which an outer stamp proves that this one existed (clause 5.6). A token whose
 * authority's certificate has ended since proves nothing alone: the key may have come into other hands. Never throws for bad input.
 */
export async function judgeTimeStamp(carried: CarriedTimeStamp, options: TimeStampOptions): Promise<TimeStampJudgement> {
  const token = readTimeStamp(carried.token, carried.stamped, options.certificates)
  const { at, certificate } = token
  const common = { kind: carried.kind, at, accuracyMs: token.accuracyMs, authority: certificate, intact: token.intact }
  if (!token.intact || at === undefined || certificate === undefined) {
    return {
      ...common,
      intact: false,
      trusted: false,
      subIndication: 'HASH_FAILURE',
      path: undefined,
      selfContained: false,
      findings: token.findings,
    }
  }
  const existedAt = options.existedAt ?? options.at
  const { anchorStands } = options
  const ask = (time: Date): Promise<PathJudgement> =>
    judgePath({
      certificate,
      certificates: [...token.certificates, ...options.certificates],
      anchors: options.anchors,
      // A service that was ended later stood when it made this stamp (TS 119 615 clause 4.14).
      ...(anchorStands === undefined ? {} : { anchorStands: (anchor: Certificate) => anchorStands(anchor, at) }),
      at: time,
      until: options.at,
      extendedKeyUsage: timeStamping,
      mode: options.revocation,
      evidence: {
        crls: [...token.evidence.crls, ...options.carried.crls],
        ocspResponses: [...token.evidence.ocspResponses, ...options.carried.ocspResponses],
      },
      ...(options.evidence === undefined ? {} : { evidenceAtHand: options.evidence }),
      ...(options.source === undefined ? {} : { source: options.source }),
    })
  let judged = await ask(existedAt)
  const { revoked } = judged
  // What ended since proves nothing alone, revoked or not.
  const lives = judged.path.chain.every((one) => existedAt <= one.notAfter)
  if (lives && revoked?.certificate === certificate.sha256 && harmlessReasons.has(revoked.reason) && isBefore(at, revoked.revokedAt))
    judged = await ask(at)
  const problem =
    pathProblem(judged, options) ??
    usageProblem(certificate) ??
    validityProblem(certificate, at) ??
    algorithmFailure({ ...token, certificate }, existedAt, options.existedAt !== undefined)
  const findings = [...judged.path.findings, ...judged.findings, ...(problem?.finding === undefined ? [] : [problem.finding])]
  return {
    ...common,
    trusted: problem === undefined,
    subIndication: problem?.subIndication ?? null,
    path: judged.path,
    selfContained: judged.selfContained,
    findings,
  }
}

interface Problem {
  readonly subIndication: SubIndication
  readonly finding?: FaultDetail
}

function isBefore(at: Date, other: string | null): boolean {
  return other !== null && at < new Date(other)
}

function pathProblem(judged: PathJudgement, options: TimeStampOptions): Problem | undefined {
  const { path, revoked, open } = judged
  if (revoked !== undefined) {
    const own = revoked.certificate === path.chain[0]?.sha256
    return { subIndication: own ? 'REVOKED_NO_POE' : 'REVOKED_CA_NO_POE' }
  }
  if (!path.trusted) {
    const outOfBounds = path.subIndication === 'EXPIRED' || path.subIndication === 'NOT_YET_VALID'
    return { subIndication: outOfBounds ? 'OUT_OF_BOUNDS_NO_POE' : (path.subIndication ?? 'NO_CERTIFICATE_CHAIN_FOUND') }
  }
  return open !== undefined && options.revocation === 'required' ? { subIndication: 'TRY_LATER' } : undefined
}

/** RFC 3161 2.3: for time stamping, critical, and for nothing beside it. */
function usageProblem(certificate: Certificate): Problem | undefined {
  if (isForStampsAlone(certificate)) return undefined
  const finding = { code: 'VERIFY-TIME-STAMP-PURPOSE', params: { name: certificate.holder } }
  return { subIndication: 'CHAIN_CONSTRAINTS_FAILURE', finding }
}

/** A stamp from before or after the life of its authority's certificate was not made by that authority. */
function validityProblem(certificate: Certificate, at: Date): Problem | undefined {
  if (at >= certificate.notBefore && at <= certificate.notAfter) return undefined
  const finding = { code: 'VERIFY-TIME-STAMP-OUTSIDE-CERTIFICATE', params: { name: certificate.holder, at: at.toISOString() } }
  return { subIndication: 'OUT_OF_BOUNDS_NO_POE', finding }
}

/** An extension that cannot be read allows nothing. */
function isForStampsAlone(certificate: Certificate): boolean {
  try {
    const usages = extendedKeyUsagesOf(certificate)
    return usages?.critical === true && usages.usages.join() === timeStamping
  } catch {
    return false
  }
}
