import type { Certificate } from '../certificate/certificate.js'
import type { RevocationSource } from '../revocation/evidence.js'

/** Issuers fetched at most for one path, and certificates taken from them. */
const maximumSteps = 6
const maximumFound = 40

/**
 * Certificates that came with a signature, and where none of them and no anchor issued the last one, the issuers that
 * certificates name (authorityInfoAccess), fetched one by one until an anchor or a root is reached.
 */
export async function completeChain(
  leaf: Certificate,
  given: readonly Certificate[],
  anchors: readonly Certificate[],
  source: RevocationSource | undefined,
): Promise<readonly Certificate[]> {
  const found = [...given]
  if (source === undefined) return found
  const asked = new Set<string>()
  let last: Certificate | undefined = leaf
  for (let step = 0; step < maximumSteps && found.length < given.length + maximumFound; step++) {
    last = topOf(last, found, anchors)
    if (last === undefined || asked.has(last.sha256)) break
    asked.add(last.sha256)
    for (const issuer of await source.issuersOf(last)) {
      if (!found.some((one) => one.sha256 === issuer.sha256)) found.push(issuer)
    }
  }
  return found
}

/** The certificate where the chain breaks off; undefined when it reaches an anchor or a root. */
function topOf(start: Certificate, found: readonly Certificate[], anchors: readonly Certificate[]): Certificate | undefined {
  let last = start
  const seen = new Set<string>()
  while (!seen.has(last.sha256)) {
    seen.add(last.sha256)
    const { issuerKey } = last
    if (last.subjectKey === issuerKey || anchors.some((anchor) => anchor.subjectKey === issuerKey || anchor.sha256 === last.sha256))
      return undefined
    const issuer = found.find((one) => one.subjectKey === issuerKey)
    if (issuer === undefined) return last
    last = issuer
  }
  return undefined
}
