import type { Certificate } from './certificate.js'
import { basicConstraintsOf, extensionOids, keyUsageOf } from './extensions.js'
import { pathProblem, type PathProblem } from './path-problem.js'

/** RFC 5280 extensions that are processed; any other critical one stops a path. */
const processed: ReadonlySet<string> = new Set([
  extensionOids.keyUsage,
  extensionOids.basicConstraints,
  extensionOids.extendedKeyUsage,
  extensionOids.certificatePolicies,
  extensionOids.policyMappings,
  extensionOids.policyConstraints,
  extensionOids.inhibitAnyPolicy,
  extensionOids.subjectAlternativeName,
  extensionOids.authorityKeyIdentifier,
  extensionOids.subjectKeyIdentifier,
  extensionOids.distributionPoints,
  extensionOids.nameConstraints,
])

/** The problem with the certificate's period at a time; both ends belong to it (RFC 5280, clause 4.1.2.5). */
export function validityProblem(certificate: Certificate, at: Date): PathProblem | undefined {
  if (at < certificate.notBefore) {
    return pathProblem('VERIFY-CERT-NOT-YET-VALID', certificate, 'NOT_YET_VALID', { from: certificate.notBefore.toISOString() })
  }
  if (at > certificate.notAfter) {
    return pathProblem('VERIFY-CERT-EXPIRED', certificate, 'EXPIRED', { until: certificate.notAfter.toISOString() })
  }
  return undefined
}

/** The problem of a critical extension that is not processed here (RFC 5280, clause 4.2). */
export function criticalProblem(certificate: Certificate): PathProblem | undefined {
  for (const [oid, extension] of certificate.extensions) {
    if (extension.critical && !processed.has(oid)) {
      return pathProblem('VERIFY-CERT-CRITICAL-EXTENSION', certificate, 'CHAIN_CONSTRAINTS_FAILURE', { oid })
    }
  }
  return undefined
}

/**
 * May `issuer` have issued a chain that has `below` non-self-issued intermediates between it and the leaf (RFC 5280 6.1.4
 * k to o)? Roots of version 1 know no extensions: as an anchor one is trusted by decision, between it is none.
 */
export function issuerProblem(issuer: Certificate, below: number, anchor: boolean): PathProblem | undefined {
  let facts = known.get(issuer)
  if (facts === undefined) {
    facts = factsOf(issuer)
    known.set(issuer, facts)
  }
  if (!facts.authority && !(anchor && issuer.version === 1)) return pathProblem('VERIFY-CERT-NOT-CA', issuer, 'CHAIN_CONSTRAINTS_FAILURE')
  if (below > facts.pathLength) return pathProblem('VERIFY-CERT-PATH-LENGTH', issuer, 'CHAIN_CONSTRAINTS_FAILURE')
  return facts.problem
}

interface IssuerFacts {
  readonly authority: boolean
  readonly pathLength: number
  readonly problem: PathProblem | undefined
}

/** A maze leads past the same certificate thousands of times. */
const known = new WeakMap<Certificate, IssuerFacts>()

function factsOf(issuer: Certificate): IssuerFacts {
  const constraints = basicConstraintsOf(issuer)
  const usage = keyUsageOf(issuer)
  const mayCertify = usage === undefined || usage(5)
  return {
    authority: constraints?.ca === true,
    pathLength: constraints?.pathLength ?? Infinity,
    problem: mayCertify ? criticalProblem(issuer) : pathProblem('VERIFY-CERT-KEY-USAGE', issuer, 'CHAIN_CONSTRAINTS_FAILURE'),
  }
}
