import type { Certificate } from './certificate.js'
import {
  anyPolicy,
  certificatePoliciesOf,
  inhibitAnyPolicyOf,
  isSelfIssued,
  policyConstraintsOf,
  policyMappingsOf,
  type PolicyMapping,
} from './extensions.js'

/** The caller's inputs (c) to (g) of RFC 5280, clause 6.1.1; any policy and nothing inhibited unless told. */
export interface PolicyInputs {
  readonly acceptable?: readonly string[]
  readonly requireExplicit?: boolean
  readonly inhibitMapping?: boolean
  readonly inhibitAny?: boolean
}

/** What is left of the policies at the end of the path. */
export interface PolicyOutcome {
  readonly valid: boolean
  /** Policies the path is valid for among those the caller accepts (RFC 5280 6.1.6), in the terms of the anchor. */
  readonly policies: readonly string[]
}

/**
 * One depth of the valid_policy_tree of RFC 5280 6.1.2. Nodes of one policy are kept once with all the parents they have, so
 * that mappings which multiply the branches of the tree do not multiply the work: a graph has the same leaves and roots.
 */
interface Level {
  /** Policies here, each with its parents at the level above; without parents it hangs from anyPolicy. */
  readonly nodes: Map<string, string[]>
  any: boolean
}

/** Bound on the edges of a graph: far above any honest hierarchy. */
const maximumEdges = 100_000

/** Thrown when a path maps so many policies that following it is not worth the time. */
export class TooManyPolicies extends Error {}

/**
 * Policy part of path validation (RFC 5280 6.1.3 d-f, 6.1.4 a, b, h-j, 6.1.5 a, b, g).
 * @param path certificates from the one below the anchor down to the leaf
 * @throws MalformedDer, TooManyPolicies
 */
export function checkPolicies(path: readonly Certificate[], anchor: Certificate, inputs: PolicyInputs): PolicyOutcome {
  const length = path.length
  // RFC 5937 section 3: limits written into an anchor hold below it.
  const ofAnchor = policyConstraintsOf(anchor)
  let explicit = Math.min(inputs.requireExplicit === true ? 0 : length + 1, ofAnchor.requireExplicit ?? Infinity)
  let mapping = Math.min(inputs.inhibitMapping === true ? 0 : length + 1, ofAnchor.inhibitMapping ?? Infinity)
  let inhibitAny = Math.min(inputs.inhibitAny === true ? 0 : length + 1, inhibitAnyPolicyOf(anchor) ?? Infinity)
  const levels: Level[] = []
  let level: Level = { nodes: new Map(), any: true }
  let edges = 0
  for (const [index, certificate] of path.entries()) {
    const last = index === length - 1
    const selfIssued = isSelfIssued(certificate)
    admit(level, certificatePoliciesOf(certificate), inhibitAny > 0 || (!last && selfIssued))
    levels.push(level)
    if (last) {
      if (explicit > 0) explicit--
      if (policyConstraintsOf(certificate).requireExplicit === 0) explicit = 0
      break
    }
    const mappings = policyMappingsOf(certificate)
    if (mappings.some(({ issuerPolicy, subjectPolicy }) => issuerPolicy === anyPolicy || subjectPolicy === anyPolicy)) {
      return { valid: false, policies: [] }
    }
    level = mapped(level, mappings, mapping > 0)
    for (const parents of level.nodes.values()) edges += parents.length
    if (edges > maximumEdges) throw new TooManyPolicies()
    if (!selfIssued) {
      if (explicit > 0) explicit--
      if (mapping > 0) mapping--
      if (inhibitAny > 0) inhibitAny--
    }
    const constraints = policyConstraintsOf(certificate)
    explicit = Math.min(explicit, constraints.requireExplicit ?? Infinity)
    mapping = Math.min(mapping, constraints.inhibitMapping ?? Infinity)
    inhibitAny = Math.min(inhibitAny, inhibitAnyPolicyOf(certificate) ?? Infinity)
  }
  const policies = rootsOf(levels, inputs.acceptable)
  return { valid: explicit > 0 || policies.length > 0, policies }
}

/** RFC 5280 6.1.3 d and e: what the certificate asserts of what was expected. */
function admit(level: Level, asserted: ReadonlySet<string> | undefined, anyAllowed: boolean): void {
  if (asserted === undefined) {
    level.nodes.clear()
    level.any = false
    return
  }
  const any = asserted.has(anyPolicy) && anyAllowed
  if (!any) for (const policy of level.nodes.keys()) if (!asserted.has(policy)) level.nodes.delete(policy)
  if (level.any) for (const policy of asserted) if (policy !== anyPolicy && !level.nodes.has(policy)) level.nodes.set(policy, [])
  level.any &&= any
}

/** RFC 5280 6.1.4 a and b: what the next certificate is expected to assert. */
function mapped(level: Level, mappings: readonly PolicyMapping[], allowed: boolean): Level {
  const next: Level = { nodes: new Map(), any: level.any }
  const gone = new Set<string>()
  for (const { issuerPolicy, subjectPolicy } of mappings) {
    if (!allowed) {
      level.nodes.delete(issuerPolicy)
      continue
    }
    if (!level.nodes.has(issuerPolicy)) {
      if (!level.any) continue
      level.nodes.set(issuerPolicy, [])
    }
    gone.add(issuerPolicy)
    const parents = next.nodes.get(subjectPolicy)
    if (parents === undefined) next.nodes.set(subjectPolicy, [issuerPolicy])
    else if (!parents.includes(issuerPolicy)) parents.push(issuerPolicy)
  }
  for (const policy of level.nodes.keys()) {
    if (gone.has(policy)) continue
    const parents = next.nodes.get(policy)
    if (parents === undefined) next.nodes.set(policy, [policy])
    else parents.push(policy)
  }
  return next
}

/** RFC 5280 6.1.5 g: from the leaves up to the nodes that hang from anyPolicy, cut down to what the caller accepts. */
function rootsOf(levels: readonly Level[], acceptable: readonly string[] | undefined): readonly string[] {
  const accepted = acceptable === undefined || acceptable.includes(anyPolicy) ? undefined : new Set(acceptable)
  const roots = new Set<string>()
  const last = levels[levels.length - 1]
  let reached = new Set(last?.nodes.keys() ?? [])
  for (let depth = levels.length - 1; depth >= 0 && reached.size > 0; depth--) {
    const above = new Set<string>()
    for (const policy of reached) {
      const parents = levels[depth]?.nodes.get(policy)
      if (parents === undefined) continue
      if (parents.length === 0) roots.add(policy)
      else for (const parent of parents) above.add(parent)
    }
    reached = above
  }
  const found = [...roots].filter((policy) => accepted?.has(policy) ?? true)
  if (last?.any !== true) return found
  return accepted === undefined ? [...found, anyPolicy] : [...new Set([...found, ...accepted])]
}
