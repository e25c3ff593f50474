import type { FaultDetail } from '../../i18n/fault.js'
import type { RevocationEvidence, RevocationMode, RevocationStatus } from '../revocation/evidence.js'
import type { SubIndication } from '../verdict.js'
import { DerElement, MalformedDer } from '../der-reader.js'
import { verifyMessageSignature, type Outcome } from '../signature-algorithm.js'
import type { Certificate } from './certificate.js'
import { keepsNameConstraints } from './name-constraints.js'

export interface PathQuestion {
  readonly certificate: Certificate
  /** Certificates that may lie between; any order, duplicates and strangers allowed. */
  readonly intermediates: readonly Certificate[]
  readonly anchors: readonly Certificate[]
  readonly at: Date
  /** Extended key usage the leaf must carry (time-stamping: `1.3.6.1.5.5.7.3.8`). */
  readonly extendedKeyUsage?: string
  /** Without it revocation is not looked at. */
  readonly revocation?: { readonly mode: RevocationMode; readonly evidence: RevocationEvidence }
  /** Inputs (c) to (g) of RFC 5280 6.1.1; any policy unless told. */
  readonly policies?: {
    readonly acceptable?: readonly string[]
    readonly requireExplicit?: boolean
    readonly inhibitMapping?: boolean
    readonly inhibitAny?: boolean
  }
}

export interface PathAnswer {
  readonly trusted: boolean
  /** Leaf first; ends at the anchor when trusted, else as far as it could be built. */
  readonly chain: readonly Certificate[]
  readonly findings: readonly FaultDetail[]
  readonly subIndication: SubIndication | null
  /** One per certificate of the chain, leaf first; empty where revocation was not looked at. */
  readonly revocation: readonly RevocationStatus[]
  /** Policies the path is valid for (RFC 5280 6.1.6); `2.5.29.32.0` for any. */
  readonly policies: readonly string[]
}

/** RFC 5280 extensions this code processes; any other critical one stops a path. */
const processed = new Set([
  '2.5.29.15',
  '2.5.29.19',
  '2.5.29.37',
  '2.5.29.32',
  '2.5.29.17',
  '2.5.29.35',
  '2.5.29.14',
  '2.5.29.31',
  '2.5.29.30',
])
/** policyConstraints: it asks for policies, which this code does not follow, so it stops a path also when not critical. */
const policyConstraints = '2.5.29.36'

/** A certificate maze is refused, not walked: bounds on depth and on signature checks in one question. */
const maximumLength = 12
const maximumChecks = 128

const nothingMore = { revocation: [], policies: [] } as const

interface Problem {
  readonly finding: FaultDetail
  readonly subIndication: SubIndication
}

/** Answers of signature checks between certificates, so that a thousand documents of one signer cost one check. */
const checkedPairs = new Map<string, Outcome>()

function signatureOutcome(certificate: Certificate, issuer: Certificate): Outcome {
  const name = `${certificate.sha256}${issuer.sha256}`
  const known = checkedPairs.get(name)
  if (known !== undefined) return known
  const outcome = verifyMessageSignature({
    algorithm: certificate.signatureAlgorithmDer,
    message: certificate.tbs,
    spki: issuer.spki,
    key: issuer.publicKey,
    signature: certificate.signatureValue,
  })
  if (checkedPairs.size > 2000) checkedPairs.clear()
  checkedPairs.set(name, outcome)
  return outcome
}

function problem(code: string, certificate: Certificate, subIndication: SubIndication, params: Record<string, string> = {}): Problem {
  return { finding: { code, params: { name: certificate.holder, ...params } }, subIndication }
}

function validityProblem(certificate: Certificate, at: Date): Problem | undefined {
  if (at < certificate.notBefore) {
    return problem('VERIFY-CERT-NOT-YET-VALID', certificate, 'NOT_YET_VALID', { from: certificate.notBefore.toISOString() })
  }
  if (at > certificate.notAfter) {
    return problem('VERIFY-CERT-EXPIRED', certificate, 'EXPIRED', { until: certificate.notAfter.toISOString() })
  }
  return undefined
}

export interface BasicConstraints {
  readonly ca: boolean
  readonly pathLength?: number
}

export function basicConstraintsOf(certificate: Certificate): BasicConstraints | undefined {
  const extension = certificate.extensions.get('2.5.29.19')
  if (extension === undefined) return undefined
  const value = DerElement.read(extension.value, 0, { whole: true }).expect(0x30)
  const [first, second] = value.children
  const ca = first?.is(0x01) === true && first.boolean()
  const length = first?.is(0x02) === true ? first : second
  return length === undefined ? { ca } : { ca, pathLength: length.smallInteger() }
}

/** Bits of keyUsage (RFC 5280 4.2.1.3), undefined when the extension is absent. */
export function keyUsageOf(certificate: Certificate): ((bit: number) => boolean) | undefined {
  const extension = certificate.extensions.get('2.5.29.15')
  return extension === undefined ? undefined : DerElement.read(extension.value, 0, { whole: true }).bits()
}

export function extendedKeyUsagesOf(certificate: Certificate): { critical: boolean; usages: string[] } | undefined {
  const extension = certificate.extensions.get('2.5.29.37')
  if (extension === undefined) return undefined
  const usages = DerElement.read(extension.value, 0, { whole: true })
    .expect(0x30)
    .children.map((usage) => usage.oid())
  return { critical: extension.critical, usages }
}

function criticalProblem(certificate: Certificate): Problem | undefined {
  for (const [oid, extension] of certificate.extensions) {
    if (oid === policyConstraints) return problem('VERIFY-CERT-CONSTRAINTS', certificate, 'CHAIN_CONSTRAINTS_FAILURE', { oid })
    if (extension.critical && !processed.has(oid)) {
      return problem('VERIFY-CERT-CRITICAL-EXTENSION', certificate, 'CHAIN_CONSTRAINTS_FAILURE', { oid })
    }
  }
  return undefined
}

/** May `issuer` have issued a chain that has `below` non-self-issued intermediates between it and the leaf? */
function issuerProblem(issuer: Certificate, below: number): Problem | undefined {
  const constraints = basicConstraintsOf(issuer)
  if (constraints?.ca !== true) return problem('VERIFY-CERT-NOT-CA', issuer, 'CHAIN_CONSTRAINTS_FAILURE')
  if (constraints.pathLength !== undefined && below > constraints.pathLength) {
    return problem('VERIFY-CERT-PATH-LENGTH', issuer, 'CHAIN_CONSTRAINTS_FAILURE')
  }
  const usage = keyUsageOf(issuer)
  if (usage !== undefined && !usage(5)) return problem('VERIFY-CERT-KEY-USAGE', issuer, 'CHAIN_CONSTRAINTS_FAILURE')
  return criticalProblem(issuer)
}

/** Names of every certificate below `issuer` against its limits; a self-issued one between is exempt (RFC 5280 6.1.3 b). */
function nameProblem(issuer: Certificate, below: readonly Certificate[]): Problem | undefined {
  if (!issuer.extensions.has('2.5.29.30')) return undefined
  const outside = below.some(
    (certificate, index) => (index === 0 || certificate.subjectKey !== certificate.issuerKey) && !keepsNameConstraints(issuer, certificate),
  )
  return outside ? problem('VERIFY-CERT-CONSTRAINTS', issuer, 'CHAIN_CONSTRAINTS_FAILURE', { oid: '2.5.29.30' }) : undefined
}

function guard(work: () => Problem | undefined, certificate: Certificate): Problem | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof MalformedDer || error instanceof Error)
      return problem('VERIFY-CERT-MALFORMED', certificate, 'CHAIN_CONSTRAINTS_FAILURE')
    throw error
  }
}

function signatureProblem(certificate: Certificate, issuer: Certificate): Problem | undefined {
  switch (signatureOutcome(certificate, issuer)) {
    case 'valid':
      return undefined
    case 'weak':
    case 'unsupported':
      return problem('VERIFY-CERT-ALGORITHM', certificate, 'CRYPTO_CONSTRAINTS_FAILURE', { oid: certificate.signatureAlgorithm })
    case 'invalid':
      return problem('VERIFY-CERT-SIGNATURE', certificate, 'CERTIFICATE_CHAIN_GENERAL_FAILURE')
  }
}

/**
 * Builds and checks certification paths (RFC 5280 section 6): names chain, every signature, validity at the given time,
 * basicConstraints and path length, keyUsage, critical extensions. Tries every way to every anchor within bounds, so a
 * bad cross-certificate does not hide a good path. Name constraints are kept; policy constraints, which would ask for
 * policies, refuse the path rather than being passed over. Revocation is not part of it.
 */
export function checkPath(question: PathQuestion): PathAnswer {
  const { certificate, at } = question
  const leafProblem = guard(() => {
    const usages = extendedKeyUsagesOf(certificate)
    if (question.extendedKeyUsage !== undefined && usages?.usages.includes(question.extendedKeyUsage) !== true) {
      return problem('VERIFY-CERT-EXTENDED-KEY-USAGE', certificate, 'CHAIN_CONSTRAINTS_FAILURE', { oid: question.extendedKeyUsage })
    }
    return validityProblem(certificate, at) ?? criticalProblem(certificate)
  }, certificate)
  const anchorsByName = groupBySubject(question.anchors)
  const othersByName = groupBySubject(question.intermediates)
  let checks = 0
  let best: { chain: readonly Certificate[]; problem: Problem } | undefined
  const note = (chain: readonly Certificate[], found: Problem): void => {
    if (best === undefined || chain.length > best.chain.length) best = { chain, problem: found }
  }

  const walk = (chain: readonly Certificate[], below: number): readonly Certificate[] | undefined => {
    const last = chain[chain.length - 1]
    if (last === undefined) return undefined
    if (question.anchors.some((anchor) => anchor.der.equals(last.der))) return chain
    if (chain.length >= maximumLength) {
      note(chain, problem('VERIFY-CHAIN-TOO-COMPLEX', last, 'CERTIFICATE_CHAIN_GENERAL_FAILURE'))
      return undefined
    }
    const anchors = anchorsByName.get(last.issuerKey) ?? []
    const others = othersByName.get(last.issuerKey) ?? []
    for (const issuer of [...anchors, ...others]) {
      const isAnchor = anchors.includes(issuer)
      if (
        chain.some(
          (member) => member.sha256 === issuer.sha256 || (member.subjectKey === issuer.subjectKey && member.spki.equals(issuer.spki)),
        )
      )
        continue
      if (++checks > maximumChecks) {
        note(chain, problem('VERIFY-CHAIN-TOO-COMPLEX', last, 'CERTIFICATE_CHAIN_GENERAL_FAILURE'))
        return undefined
      }
      const selfIssued = issuer.subjectKey === issuer.issuerKey
      const found = guard(
        () => issuerProblem(issuer, below) ?? validityProblem(issuer, at) ?? signatureProblem(last, issuer) ?? nameProblem(issuer, chain),
        issuer,
      )
      if (found !== undefined) {
        note(chain, found)
        continue
      }
      if (isAnchor) return [...chain, issuer]
      const complete = walk([...chain, issuer], selfIssued ? below : below + 1)
      if (complete !== undefined) return complete
    }
    return undefined
  }

  const chain = walk([certificate], 0)
  if (chain !== undefined && leafProblem === undefined) return { trusted: true, chain, findings: [], subIndication: null, ...nothingMore }
  if (chain !== undefined && leafProblem !== undefined) {
    return { trusted: false, chain, findings: [leafProblem.finding], subIndication: leafProblem.subIndication, ...nothingMore }
  }
  if (best !== undefined) {
    const findings = [best.problem.finding, ...(leafProblem === undefined ? [] : [leafProblem.finding])]
    return { trusted: false, chain: best.chain, findings, subIndication: best.problem.subIndication, ...nothingMore }
  }
  const missing = problem('VERIFY-CHAIN-NOT-FOUND', certificate, 'NO_CERTIFICATE_CHAIN_FOUND', { issuer: certificate.issuerHolder })
  const findings = [missing.finding, ...(leafProblem === undefined ? [] : [leafProblem.finding])]
  return { trusted: false, chain: [certificate], findings, subIndication: missing.subIndication, ...nothingMore }
}

function groupBySubject(certificates: readonly Certificate[]): Map<string, Certificate[]> {
  const groups = new Map<string, Certificate[]>()
  for (const certificate of certificates) {
    const group = groups.get(certificate.subjectKey)
    if (group === undefined) groups.set(certificate.subjectKey, [certificate])
    else if (!group.some((member) => member.der.equals(certificate.der))) group.push(certificate)
  }
  return groups
}
