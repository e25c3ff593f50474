import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import { keyUsageOf, type PathAnswer } from '../certificate/path.js'
import type { RevocationEvidence, RevocationMode, RevocationSource, RevocationStatus } from '../revocation/evidence.js'
import type { Indication, SignatureVerdict, SubIndication } from '../verdict.js'
import { algorithmFailure } from './algorithm-strength.js'
import { judgePath, type PathJudgement } from './judge-path.js'
import { isPast, judgeTimeStamp, type TimeStampJudgement } from './judge-time-stamp.js'
import { certificateFacts } from './report-fields.js'

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
  /** Worth knowing, found while checking; warnings. */
  readonly notes?: readonly FaultDetail[]
}

/** What a signature is judged by (ETSI EN 319 102-1, clause 5.1.4). */
export interface JudgeOptions {
  readonly anchors: readonly Certificate[]
  /** Whether the service of a listed anchor stood at a time: `Qualifier.anchorStands`. Undefined: on no list. */
  readonly anchorStands?: (anchor: Certificate, at: Date) => boolean | undefined
  /** Validation time. */
  readonly at: Date
  readonly revocation: RevocationMode
  /** Revocation data at hand beside what the file carries; it makes no file self-contained. */
  readonly evidence?: RevocationEvidence
  /** Asked for what the file does not carry; absent: offline. */
  readonly source?: RevocationSource
  /** Earliest time at which the whole signature with its evidence is proven to exist by an outer time stamp (PAdES document time stamp). */
  readonly existedAt?: Date
}

/** The outcome for one signature (ETSI EN 319 102-1, clause 5.1.3). */
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
  /** Certificates of the paths of its time stamps. */
  readonly stampCertificates: readonly Certificate[]
  /** What the report shows: fields of SignatureVerdict of the same names. */
  readonly timeStamps: NonNullable<SignatureVerdict['timeStamps']>
  readonly certificates: NonNullable<SignatureVerdict['certificates']>
  readonly revocation: NonNullable<SignatureVerdict['revocation']>
}

/** Sub-indications that end in TOTAL-FAILED (EN 319 102-1 table 5). */
const failing: ReadonlySet<SubIndication> = new Set([
  'FORMAT_FAILURE',
  'HASH_FAILURE',
  'SIG_CRYPTO_FAILURE',
  'REVOKED',
  'EXPIRED',
  'NOT_YET_VALID',
])

/** A signature that carries more is not made to cost as much. */
const maximumTimeStamps = 10

const nothingJudged = {
  provenAt: undefined,
  stamped: false,
  selfContained: false,
  path: undefined,
  stampCertificates: [],
  timeStamps: [],
  certificates: [],
  revocation: [],
} as const

/**
 * From a checked signature to an indication (ETSI EN 319 102-1 clauses 5.3, 5.5 and 5.6): the cryptography, the time
 * stamps, then certificate path, revocation and strength of algorithms at the best time proven, or now where none is.
 * Never throws for bad input.
 */
export async function judgeSignature(checked: CheckedSignature, options: JudgeOptions): Promise<Judgement> {
  if (checked.failure !== null) {
    const { subIndication, finding } = checked.failure
    return { ...conclusion(subIndication), findings: [finding, ...(checked.notes ?? [])], ...nothingJudged }
  }
  const { certificate } = checked
  if (certificate === undefined) return { ...conclusion('NO_SIGNING_CERTIFICATE_FOUND'), findings: [], ...nothingJudged }

  const stamps: TimeStampJudgement[] = []
  for (const carried of checked.timeStamps.slice(0, maximumTimeStamps)) {
    stamps.push(await judgeTimeStamp(carried, { ...options, certificates: checked.certificates, carried: checked.evidence }))
  }
  const times = provenTimes(stamps, options)
  const judged = await judgePath({
    certificate,
    certificates: checked.certificates,
    anchors: options.anchors,
    ...(options.anchorStands === undefined ? {} : { anchorStands: options.anchorStands }),
    at: times.provenAt ?? options.at,
    until: options.at,
    mode: options.revocation,
    evidence: checked.evidence,
    ...(options.evidence === undefined ? {} : { evidenceAtHand: options.evidence }),
    ...(options.source === undefined ? {} : { source: options.source }),
  })
  const weakness = algorithmFailure({ ...checked, certificate }, times.provenAt ?? options.at, times.provenAt !== undefined)
  const problem = firstProblem(certificate, judged, stamps, times, weakness, options)
  return {
    ...conclusion(problem?.subIndication ?? null),
    findings: uniqueFindings([
      ...(problem?.finding === undefined ? [] : [problem.finding]),
      // Told also where something graver stands against the signature: bytes under a broken digest may be others than those signed.
      ...(weakness === undefined ? [] : [weakness.finding]),
      ...judged.path.findings,
      ...stampFindings(stamps, options),
      ...judged.findings,
      ...claimFindings(checked, times),
      ...(checked.notes ?? []),
    ]),
    provenAt: times.provenAt,
    stamped: stamps.some((stamp) => stamp.intact && stamp.kind === 'signature'),
    selfContained: judged.selfContained && stamps.every((stamp) => !stamp.intact || stamp.selfContained),
    path: judged.path,
    stampCertificates: stamps.flatMap((stamp) => stamp.path?.chain ?? []),
    timeStamps: stamps.map(({ kind, at, authority, intact, trusted }) => ({
      kind,
      at: at?.toISOString() ?? null,
      authority: authority?.holder ?? null,
      intact,
      trusted,
    })),
    certificates: certificateFacts(judged.path.chain, options.anchors),
    revocation: uniqueStatuses([...judged.path.revocation, ...stamps.flatMap((stamp) => stamp.path?.revocation ?? [])]),
  }
}

function conclusion(subIndication: SubIndication | null): Pick<Judgement, 'indication' | 'subIndication'> {
  if (subIndication === null) return { indication: 'TOTAL-PASSED', subIndication }
  return { indication: failing.has(subIndication) ? 'TOTAL-FAILED' : 'INDETERMINATE', subIndication }
}

interface ProvenTimes {
  /** The signature existed then: the earliest trusted stamp over it. */
  readonly provenAt: Date | undefined
  /** The signature did not exist before: the latest trusted stamp over its content that it signs. */
  readonly notBefore: Date | undefined
  /** A stamp over the content that is later than one over the signature. */
  readonly disordered: boolean
}

/** Clause 5.5.4: best signature time, and the order of several stamps (their accuracy allowed for). */
function provenTimes(stamps: readonly TimeStampJudgement[], options: JudgeOptions): ProvenTimes {
  // Seen from the time of validation a stamp of a later time does not exist yet; clocks differ by a little.
  const usable = stamps.filter((stamp) => stamp.intact && stamp.trusted && isPast(stamp.at, options.at))
  const after = usable.filter((stamp) => stamp.kind !== 'content')
  const before = usable.filter((stamp) => stamp.kind === 'content')
  const provenAt = sorted([...after.map((stamp) => stamp.at), options.existedAt])[0]
  const disordered = before.some(
    (content) =>
      after.some((stamp) => startOf(content) > endOf(stamp)) ||
      (options.existedAt !== undefined && startOf(content) > options.existedAt.getTime()),
  )
  return { provenAt, notBefore: sorted(before.map((stamp) => stamp.at)).pop(), disordered }
}

const startOf = (stamp: TimeStampJudgement): number => (stamp.at?.getTime() ?? 0) - stamp.accuracyMs
const endOf = (stamp: TimeStampJudgement): number => (stamp.at?.getTime() ?? 0) + stamp.accuracyMs

function sorted(times: readonly (Date | undefined)[]): Date[] {
  return times.filter((at) => at !== undefined).sort((left, right) => left.getTime() - right.getTime())
}

interface Problem {
  readonly subIndication: SubIndication
  readonly finding?: FaultDetail
}

/** What stands against the signature, the gravest first. */
function firstProblem(
  certificate: Certificate,
  judged: PathJudgement,
  stamps: readonly TimeStampJudgement[],
  times: ProvenTimes,
  weakness: Problem | undefined,
  options: JudgeOptions,
): Problem | undefined {
  return (
    revocationProblem(certificate, judged, times) ??
    validityProblem(certificate, judged, times) ??
    (judged.path.subIndication === 'CRYPTO_CONSTRAINTS_FAILURE' ? weakness : undefined) ??
    pathProblem(judged) ??
    usageProblem(certificate) ??
    weakness ??
    (times.disordered ? { subIndication: 'TIMESTAMP_ORDER_FAILURE', finding: { code: 'VERIFY-TIME-STAMP-ORDER' } } : undefined) ??
    (stamps.some((stamp) => !stamp.intact) ? { subIndication: 'SIG_CONSTRAINTS_FAILURE' } : undefined) ??
    (judged.open !== undefined && options.revocation === 'required'
      ? { subIndication: 'TRY_LATER', finding: { code: 'VERIFY-REVOCATION-REQUIRED', params: { name: judged.open.name } } }
      : undefined)
  )
}

/** Clauses 5.3.4 and 5.5.4: revoked after the proven time does not harm; signed after the revocation fails; else nobody knows. */
function revocationProblem(certificate: Certificate, judged: PathJudgement, times: ProvenTimes): Problem | undefined {
  const { revoked } = judged
  if (revoked === undefined) return undefined
  const params = { name: revoked.name, at: revoked.revokedAt ?? '', reason: revoked.reason ?? 'unspecified' }
  const finding = { code: 'VERIFY-CERT-REVOKED', params }
  if (revoked.certificate !== certificate.sha256) return { subIndication: 'REVOKED_CA_NO_POE', finding }
  const signedAfter = times.notBefore !== undefined && revoked.revokedAt !== null && times.notBefore >= new Date(revoked.revokedAt)
  return { subIndication: signedAfter ? 'REVOKED' : 'REVOKED_NO_POE', finding }
}

/** Outside of the validity of the certificate: proven to be so, or only not proven to be inside. */
function validityProblem(certificate: Certificate, judged: PathJudgement, times: ProvenTimes): Problem | undefined {
  const { path } = judged
  if (path.trusted || (path.subIndication !== 'EXPIRED' && path.subIndication !== 'NOT_YET_VALID')) return undefined
  if (times.provenAt !== undefined && times.provenAt < certificate.notBefore) return { subIndication: 'NOT_YET_VALID' }
  if (times.notBefore !== undefined && times.notBefore > certificate.notAfter) return { subIndication: 'EXPIRED' }
  const notRevoked = path.revocation.length > 0 && path.revocation[0]?.status === 'good'
  return { subIndication: notRevoked ? 'OUT_OF_BOUNDS_NOT_REVOKED' : 'OUT_OF_BOUNDS_NO_POE' }
}

function pathProblem(judged: PathJudgement): Problem | undefined {
  return judged.path.trusted ? undefined : { subIndication: judged.path.subIndication ?? 'NO_CERTIFICATE_CHAIN_FOUND' }
}

/** A key that may neither sign (digitalSignature) nor commit (nonRepudiation) made no signature of its holder. */
function usageProblem(certificate: Certificate): Problem | undefined {
  if (maySign(certificate)) return undefined
  return { subIndication: 'CHAIN_CONSTRAINTS_FAILURE', finding: { code: 'VERIFY-CERT-KEY-USAGE', params: { name: certificate.holder } } }
}

/** What is wrong with a stamp is said under `timeStamp`; it stops the signature only where the stamp is broken. */
function stampFindings(stamps: readonly TimeStampJudgement[], options: JudgeOptions): FaultDetail[] {
  return stamps.flatMap((stamp) => {
    const level = stamp.intact ? ('warning' as const) : ('error' as const)
    const late =
      stamp.intact && !isPast(stamp.at, options.at)
        ? [{ code: 'VERIFY-TIME-STAMP-LATER', params: { at: stamp.at?.toISOString() ?? '' } }]
        : []
    return [...stamp.findings, ...late].map((finding) => ({ ...finding, path: 'timeStamp', level }))
  })
}

/** The signer states a time after the one a stamp proves: a clock that is wrong, or a statement that is. */
function claimFindings(checked: CheckedSignature, times: ProvenTimes): FaultDetail[] {
  const { claimedAt } = checked
  if (claimedAt === undefined || times.provenAt === undefined || isPast(claimedAt, times.provenAt)) return []
  const params = { claimed: claimedAt.toISOString(), proven: times.provenAt.toISOString() }
  return [{ code: 'VERIFY-CLAIMED-AFTER-PROVEN', params, level: 'warning' }]
}

function uniqueStatuses(statuses: readonly RevocationStatus[]): readonly RevocationStatus[] {
  return statuses.filter((status, index) => statuses.findIndex((other) => other.certificate === status.certificate) === index)
}

/** The same thing said by two checks is said once; what is wrong comes before what is worth knowing. */
function uniqueFindings(findings: readonly FaultDetail[]): readonly FaultDetail[] {
  const key = (finding: FaultDetail): string => `${finding.code} ${finding.path ?? ''} ${String(finding.params?.name ?? '')}`
  const once = findings.filter((finding, index) => findings.findIndex((other) => key(other) === key(finding)) === index)
  return [...once.filter((finding) => finding.level !== 'warning'), ...once.filter((finding) => finding.level === 'warning')]
}

/** An extension that cannot be read allows nothing. */
function maySign(certificate: Certificate): boolean {
  try {
    const usage = keyUsageOf(certificate)
    return usage === undefined || usage(0) || usage(1)
  } catch {
    return false
  }
}
