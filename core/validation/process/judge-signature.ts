import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import { checkPath, keyUsageOf, type PathAnswer } from '../certificate/path.js'
import type { RevocationEvidence, RevocationMode, RevocationSource } from '../revocation/evidence.js'
import type { Indication, SignatureVerdict, SubIndication } from '../verdict.js'
import { certificateFacts } from './report-fields.js'
import { isPast, judgeTimeStamp, type TimeStampJudgement } from './judge-time-stamp.js'

/** A time stamp token that a signature carries, with what it was made over. */
export interface CarriedTimeStamp {
  /** DER ContentInfo. */
  readonly token: Buffer
  readonly kind: 'signature' | 'content' | 'archive' | 'document'
  /** Imprint the token must have, by digest name (`sha256`). */
  readonly stamped: (algorithm: string) => Buffer
}

/** A signature of any format after its own checks: format, digest of what it signs, mathematics, reference to its certificate. */
export interface CheckedSignature {
  /** Null when all that held. */
  readonly failure: { readonly subIndication: SubIndication; readonly finding: FaultDetail } | null
  readonly certificate: Certificate | undefined
  /** Certificates that came with it; any order, strangers allowed. */
  readonly certificates: readonly Certificate[]
  /** Names for the algorithm policy: digest `sha256`; scheme `rsa-pkcs1`, `rsa-pss`, `ecdsa`. */
  readonly digestAlgorithm: string | undefined
  readonly scheme: string | undefined
  /** Time the signer states. */
  readonly claimedAt: Date | undefined
  readonly timeStamps: readonly CarriedTimeStamp[]
  /** Revocation data embedded in the file. */
  readonly evidence: RevocationEvidence
}

export interface JudgeOptions {
  readonly anchors: readonly Certificate[]
  /** Validation time. */
  readonly at: Date
  readonly revocation: RevocationMode
  /** Asked for what the file does not carry; absent: offline. */
  readonly source?: RevocationSource
  /** Earliest time at which the whole signature with its evidence is proven to exist by an outer time stamp (PAdES document time stamp). */
  readonly existedAt?: Date
}

export interface Judgement {
  readonly indication: Indication
  readonly subIndication: SubIndication | null
  readonly findings: readonly FaultDetail[]
  /** Best signature time (EN 319 102-1 5.5.4): the earliest proven one, undefined when only claimed. */
  readonly provenAt: Date | undefined
  /** An intact time stamp over the signature is there, trusted or not. */
  readonly stamped: boolean
  /** Every certificate of the path (and of its time stamps) has evidence in the file itself: the signature is level LT. */
  readonly selfContained: boolean
  readonly path: PathAnswer | undefined
  /** What the report shows: fields of SignatureVerdict of the same names. */
  readonly timeStamps: NonNullable<SignatureVerdict['timeStamps']>
  readonly certificates: NonNullable<SignatureVerdict['certificates']>
  readonly revocation: NonNullable<SignatureVerdict['revocation']>
}

/** Sub-indications that end in TOTAL-FAILED (EN 319 102-1 table 5). */
const failing: ReadonlySet<SubIndication> = new Set(['FORMAT_FAILURE', 'HASH_FAILURE', 'SIG_CRYPTO_FAILURE'])

const maximumTimeStamps = 10

/**
 * From a checked signature to an indication (ETSI EN 319 102-1 clauses 5.3 and 5.5): first the cryptography, then the
 * time stamps, then the certificate path at the best time known. Never throws for bad input.
 */
export async function judgeSignature(checked: CheckedSignature, options: JudgeOptions): Promise<Judgement> {
  const nothing = {
    provenAt: undefined,
    stamped: false,
    selfContained: false,
    path: undefined,
    timeStamps: [],
    certificates: [],
    revocation: [],
  }
  if (checked.failure !== null) {
    const { subIndication, finding } = checked.failure
    return { indication: failing.has(subIndication) ? 'TOTAL-FAILED' : 'INDETERMINATE', subIndication, findings: [finding], ...nothing }
  }
  const { certificate } = checked
  if (certificate === undefined) {
    return { indication: 'INDETERMINATE', subIndication: 'NO_SIGNING_CERTIFICATE_FOUND', findings: [], ...nothing }
  }
  const stamps: TimeStampJudgement[] = []
  for (const carried of checked.timeStamps.slice(0, maximumTimeStamps)) {
    stamps.push(await judgeTimeStamp(carried, { ...options, certificates: checked.certificates, evidence: checked.evidence }))
  }
  // Seen from the time of validation a stamp of a later time does not exist yet; clocks differ by a little.
  const proving = stamps.filter((stamp) => stamp.kind === 'signature' && stamp.intact && stamp.trusted && isPast(stamp.at, options.at))
  const provenAt = earliest([...proving.map((stamp) => stamp.at), options.existedAt])
  const findings: FaultDetail[] = stamps.flatMap((stamp) =>
    stamp.findings.map((finding) => ({ ...finding, path: 'timeStamp', level: stamp.intact ? ('warning' as const) : ('error' as const) })),
  )
  const path = checkPath({
    certificate,
    intermediates: checked.certificates,
    anchors: options.anchors,
    at: provenAt ?? options.at,
    revocation: { mode: options.revocation, evidence: checked.evidence },
  })
  const judged = {
    provenAt,
    stamped: stamps.some((stamp) => stamp.intact),
    selfContained: false,
    path,
    timeStamps: stamps.map(({ kind, at, authority, intact, trusted }) => ({
      kind,
      at: at?.toISOString() ?? null,
      authority: authority?.holder ?? null,
      intact,
      trusted,
    })),
    certificates: certificateFacts(path.chain, options.anchors),
    revocation: [...path.revocation, ...stamps.flatMap((stamp) => stamp.path?.revocation ?? [])],
  }
  if (!path.trusted) {
    // NOT_YET_VALID fails only with a proven time (clause 5.5.4); a claimed one proves nothing.
    const indication = path.subIndication === 'NOT_YET_VALID' && provenAt !== undefined ? 'TOTAL-FAILED' : 'INDETERMINATE'
    return { indication, subIndication: path.subIndication, findings: [...findings, ...path.findings], ...judged }
  }
  const usage = keyUsageOf(certificate)
  if (usage !== undefined && !usage(0) && !usage(1)) {
    const finding = { code: 'VERIFY-CERT-KEY-USAGE', params: { name: certificate.holder } }
    return { indication: 'INDETERMINATE', subIndication: 'CHAIN_CONSTRAINTS_FAILURE', findings: [...findings, finding], ...judged }
  }
  if (stamps.some((stamp) => !stamp.intact)) {
    return { indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE', findings, ...judged }
  }
  return { indication: 'TOTAL-PASSED', subIndication: null, findings: [...findings, ...path.findings], ...judged }
}

function earliest(times: readonly (Date | undefined)[]): Date | undefined {
  return times.filter((at) => at !== undefined).sort((left, right) => left.getTime() - right.getTime())[0]
}
