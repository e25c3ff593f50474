import type { FaultDetail } from '../../i18n/fault.js'
import { noEvidence, type RevocationEvidence, type RevocationMode, type RevocationStatus } from '../revocation/evidence.js'
import type { SubIndication } from '../verdict.js'
import type { Certificate } from './certificate.js'
import { PathSearch, type FoundPath } from './path-search.js'
import { extendedKeyUsagesOf } from './extensions.js'
import { criticalProblem, validityProblem } from './certificate-checks.js'
import { guarded, pathProblem, type PathProblem } from './path-problem.js'

export { basicConstraintsOf, extendedKeyUsagesOf, keyUsageOf, type BasicConstraints } from './extensions.js'

/** A certificate whose path is to be validated (RFC 5280, clause 6). */
export interface PathQuestion {
  readonly certificate: Certificate
  /** Certificates that may lie between; any order, duplicates and strangers allowed. */
  readonly intermediates: readonly Certificate[]
  readonly anchors: readonly Certificate[]
  /**
   * Whether the service of a listed anchor stood at a time (`Qualifier.anchorStands`); a path to one that did not is not
   * trusted. Undefined: on no list, trusted for itself.
   */
  readonly anchorStands?: (anchor: Certificate, at: Date) => boolean | undefined
  /** Time for which the path must hold: proven, or that of validation. */
  readonly at: Date
  /** Extended key usage the leaf must carry (time-stamping: `1.3.6.1.5.5.7.3.8`). */
  readonly extendedKeyUsage?: string
  /** Without it revocation is not looked at. */
  readonly revocation?: {
    readonly mode: RevocationMode
    readonly evidence: RevocationEvidence
    /**
     * Time of validation, up to which evidence may have been issued; `at` unless told. With a later one a certificate revoked
     * after `at` is good for `at`, and its status carries `revokedAt` (past validation, EN 319 102-1 clause 5.6.2).
     */
    readonly until?: Date
  }
  /** Inputs (c) to (g) of RFC 5280 6.1.1; any policy unless told. */
  readonly policies?: {
    readonly acceptable?: readonly string[]
    readonly requireExplicit?: boolean
    readonly inhibitMapping?: boolean
    readonly inhibitAny?: boolean
  }
  /** `any` leaves the dated algorithm policy out: for measuring path logic on old test suites, never for a verdict. */
  readonly algorithms?: 'dated' | 'any'
}

/** The path and what is to be said of it. */
export interface PathAnswer {
  readonly trusted: boolean
  /** Leaf first; ends at the anchor when trusted, else as far as it could be built. */
  readonly chain: readonly Certificate[]
  /** What is wrong, the gravest first; warnings (level `warning`) also with a trusted path. */
  readonly findings: readonly FaultDetail[]
  readonly subIndication: SubIndication | null
  /** One per certificate of the chain, leaf first; empty where revocation was not looked at. */
  readonly revocation: readonly RevocationStatus[]
  /** Policies the path is valid for (RFC 5280 6.1.6); `2.5.29.32.0` for any. */
  readonly policies: readonly string[]
}

/**
 * Builds and checks certification paths (RFC 5280 section 6): names chain, every signature, algorithms by their dated policy,
 * validity at the given time, basicConstraints and path length, keyUsage, critical extensions, name constraints, policies with
 * mappings, and revocation by the evidence given. Tries every way to every anchor within bounds, shortest first, so that a bad
 * cross-certificate does not hide a good path. Never throws for bad certificates.
 */
export function checkPath(question: PathQuestion): PathAnswer {
  const { certificate, at, extendedKeyUsage: wanted, revocation } = question
  const leafProblem = guarded(certificate, () => {
    if (wanted !== undefined && extendedKeyUsagesOf(certificate)?.usages.includes(wanted) !== true) {
      return pathProblem('VERIFY-CERT-EXTENDED-KEY-USAGE', certificate, 'CHAIN_CONSTRAINTS_FAILURE', { oid: wanted })
    }
    return validityProblem(certificate, at) ?? criticalProblem(certificate)
  })
  const search = new PathSearch({
    intermediates: question.intermediates,
    anchors: question.anchors,
    ...(question.anchorStands === undefined ? {} : { anchorStands: question.anchorStands }),
    at,
    until: revocation?.until ?? at,
    algorithms: question.algorithms === 'any' ? 'any' : { at },
    policies: question.policies ?? {},
    revocation: revocation?.mode ?? 'ignore',
    evidence: revocation?.evidence ?? noEvidence,
  })
  return answerOf(search.find(certificate), leafProblem)
}

function answerOf(found: FoundPath, leafProblem: PathProblem | undefined): PathAnswer {
  const problems = [...(found.complete && leafProblem !== undefined ? [leafProblem] : []), ...found.problems]
  // A path that could not be built is told first; the leaf's own fault beside it.
  if (!found.complete && leafProblem !== undefined) problems.push(leafProblem)
  const gravest =
    problems.find((one) => one.subIndication === 'REVOKED') ??
    problems.find((one) => one.subIndication === 'REVOKED_CA_NO_POE') ??
    problems[0]
  const others = problems.filter((one) => one !== gravest)
  return {
    trusted: found.complete && gravest === undefined,
    chain: found.chain,
    findings: [...(gravest === undefined ? [] : [gravest]), ...others].map((one) => one.finding).concat(found.warnings),
    subIndication: gravest?.subIndication ?? null,
    revocation: found.revocation,
    policies: gravest === undefined ? found.policies : [],
  }
}
