import type { FaultDetail } from '../../i18n/fault.js'
import type { RevocationStatus } from '../revocation/evidence.js'
import { revocationStatus } from '../revocation/revocation-check.js'
import type { ReadEvidence, Told } from '../revocation/revocation-context.js'
import { algorithmProblem } from '../algorithm-policy.js'
import { keyUseOf } from '../signature-algorithm.js'
import type { Certificate } from './certificate.js'
import { checkSigned, workingKey, type AlgorithmRule, type WorkingKey } from './certificate-signature.js'
import { extensionOids, isSelfIssued } from './extensions.js'
import { keepsNameConstraints } from './name-constraints.js'
import { guarded, pathProblem, type PathProblem } from './path-problem.js'
import { checkPolicies, TooManyPolicies, type PolicyInputs } from './policy-graph.js'

/** What a complete path is checked against. */
export interface PathRules {
  readonly at: Date
  readonly until: Date
  readonly algorithms: AlgorithmRule
  readonly policies: PolicyInputs
  readonly revocation: 'ignore' | 'known' | 'required'
  readonly evidence: ReadEvidence
  signersNamed(subjectKey: string): readonly Certificate[]
  /** Key of a certificate outside the path that signed a list on `asked`, when its own path leads to the same anchor. */
  keyByOwnPath(signer: Certificate, asked: Certificate, anchor: Certificate): WorkingKey | undefined
}

/** What the walk along a path found (RFC 5280, clause 6.1). */
export interface CheckedPath {
  readonly problems: readonly PathProblem[]
  readonly warnings: readonly FaultDetail[]
  readonly revocation: readonly RevocationStatus[]
  readonly policies: readonly string[]
  /** Key of the leaf with inherited parameters. */
  readonly key: WorkingKey | undefined
}

/** Checks a path from leaf to anchor as a whole (RFC 5280 6.1.2 to 6.1.5): keys, names, policies, revocation. */
export function checkWholePath(chain: readonly Certificate[], rules: PathRules): CheckedPath {
  const anchor = chain[chain.length - 1]
  const problems: PathProblem[] = []
  const warnings: FaultDetail[] = []
  if (anchor === undefined) return { problems, warnings, revocation: [], policies: [], key: undefined }
  const keys = keysOf(chain, rules.algorithms, problems)
  const weak = weakKeyProblem(chain[0], keys[0], rules.algorithms)
  if (weak !== undefined) problems.push(weak)
  const names = nameProblem(chain)
  if (names !== undefined) problems.push(names)
  let policies: readonly string[] = []
  const [leaf = anchor] = chain
  const followed = guarded(leaf, () => {
    try {
      const outcome = checkPolicies(chain.slice(0, -1).reverse(), anchor, rules.policies)
      policies = outcome.policies
      return outcome.valid ? undefined : pathProblem('VERIFY-CERT-POLICY', leaf, 'CHAIN_CONSTRAINTS_FAILURE')
    } catch (error) {
      if (!(error instanceof TooManyPolicies)) throw error
      return pathProblem('VERIFY-CHAIN-TOO-COMPLEX', leaf, 'CERTIFICATE_CHAIN_GENERAL_FAILURE')
    }
  })
  if (followed !== undefined) problems.push(followed)
  const revocation: RevocationStatus[] = []
  if (rules.revocation !== 'ignore' && problems.length === 0) {
    for (const [index, certificate] of chain.entries()) {
      const told = statusInPath(chain, keys, index, rules)
      revocation.push({ certificate: certificate.sha256, name: certificate.holder, ...told })
      judge(certificate, index, told, rules, problems, warnings)
    }
  }
  return { problems, warnings, revocation, policies, key: keys[0] }
}

function keysOf(chain: readonly Certificate[], algorithms: AlgorithmRule, problems: PathProblem[]): readonly (WorkingKey | undefined)[] {
  const keys: (WorkingKey | undefined)[] = []
  for (let index = chain.length - 1; index >= 0; index--) {
    const certificate = chain[index]
    if (certificate === undefined) continue
    const issuerKey = keys[index + 1]
    if (index < chain.length - 1) {
      const found = signatureProblem(certificate, issuerKey, algorithms)
      if (found !== undefined) problems.push(found)
    }
    const found = guarded(certificate, () => {
      keys[index] = workingKey(certificate, issuerKey)
      return undefined
    })
    if (found !== undefined) problems.push(found)
  }
  return keys
}

/** The leaf's own key, which signs no certificate of the path; the others show in the signatures they made. */
function weakKeyProblem(leaf: Certificate | undefined, key: WorkingKey | undefined, algorithms: AlgorithmRule): PathProblem | undefined {
  if (leaf === undefined || key === undefined || algorithms === 'any') return undefined
  let found: string | undefined
  try {
    found = algorithmProblem(keyUseOf(key.key()), algorithms.at)?.algorithm
  } catch {
    // A key that OpenSSL cannot read is of no use to anybody.
    found = leaf.publicKeyAlgorithm
  }
  if (found === undefined) return undefined
  return pathProblem('VERIFY-CERT-ALGORITHM', leaf, 'CRYPTO_CONSTRAINTS_FAILURE', { oid: leaf.publicKeyAlgorithm, algorithm: found })
}

/** The signature of a certificate under its issuer's key, as a problem of the path. */
export function signatureProblem(
  certificate: Certificate,
  issuerKey: WorkingKey | undefined,
  algorithms: AlgorithmRule,
): PathProblem | undefined {
  if (issuerKey === undefined) return pathProblem('VERIFY-CERT-SIGNATURE', certificate, 'CERTIFICATE_CHAIN_GENERAL_FAILURE')
  const { outcome, problem } = checkSigned(certificate, issuerKey, algorithms)
  switch (outcome) {
    case 'valid':
      return undefined
    case 'weak':
    case 'unsupported': {
      const named = { oid: certificate.signatureAlgorithm, algorithm: problem?.algorithm ?? certificate.signatureAlgorithm }
      return pathProblem('VERIFY-CERT-ALGORITHM', certificate, 'CRYPTO_CONSTRAINTS_FAILURE', named)
    }
    case 'invalid':
      return pathProblem('VERIFY-CERT-SIGNATURE', certificate, 'CERTIFICATE_CHAIN_GENERAL_FAILURE')
  }
}

/** Names of every certificate below an issuer against its limits; a self-issued one between is exempt (RFC 5280 6.1.3 b). */
function nameProblem(chain: readonly Certificate[]): PathProblem | undefined {
  for (const [above, issuer] of chain.entries()) {
    if (!issuer.extensions.has(extensionOids.nameConstraints)) continue
    const found = guarded(issuer, () => {
      const outside = chain
        .slice(0, above)
        .some((certificate, index) => (index === 0 || !isSelfIssued(certificate)) && !keepsNameConstraints(issuer, certificate))
      if (!outside) return undefined
      return pathProblem('VERIFY-CERT-CONSTRAINTS', issuer, 'CHAIN_CONSTRAINTS_FAILURE', { oid: extensionOids.nameConstraints })
    })
    if (found !== undefined) return found
  }
  return undefined
}

const notNeeded: Told = {
  status: 'not-needed',
  source: 'none',
  producedAt: null,
  thisUpdate: null,
  nextUpdate: null,
  revokedAt: null,
  reason: null,
}

function statusInPath(chain: readonly Certificate[], keys: readonly (WorkingKey | undefined)[], index: number, rules: PathRules): Told {
  const certificate = chain[index]
  const issuer = chain[index + 1]
  const issuerKey = keys[index + 1]
  const anchor = chain[chain.length - 1]
  if (certificate === undefined || issuer === undefined || anchor === undefined) return notNeeded
  if (issuerKey === undefined) return { ...notNeeded, status: 'unknown' }
  return revocationStatus({
    certificate,
    issuer,
    issuerKey,
    at: rules.at,
    until: rules.until,
    evidence: rules.evidence,
    algorithms: rules.algorithms,
    signersNamed: (subjectKey) => rules.signersNamed(subjectKey),
    keyInPath: (candidate) => keys[chain.findIndex((member) => member.sha256 === candidate.sha256)],
    keyByOwnPath: (signer, asked) => rules.keyByOwnPath(signer, asked, anchor),
  })
}

function judge(
  certificate: Certificate,
  index: number,
  told: Told,
  rules: PathRules,
  problems: PathProblem[],
  warnings: FaultDetail[],
): void {
  if (told.status === 'revoked') {
    const params = { at: told.revokedAt ?? '', reason: told.reason ?? 'unspecified' }
    problems.push(pathProblem('VERIFY-CERT-REVOKED', certificate, index === 0 ? 'REVOKED' : 'REVOKED_CA_NO_POE', params))
  } else if (told.status === 'unknown' || (told.status === 'not-offered' && rules.revocation === 'required')) {
    const unknown = pathProblem('VERIFY-REVOCATION-UNKNOWN', certificate, 'TRY_LATER')
    if (rules.revocation === 'required') problems.push(unknown)
    else warnings.push({ ...unknown.finding, level: 'warning' })
  }
}
