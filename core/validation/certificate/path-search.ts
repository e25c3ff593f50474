import type { FaultDetail } from '../../i18n/fault.js'
import type { RevocationEvidence, RevocationMode, RevocationStatus } from '../revocation/evidence.js'
import { readEvidence } from '../revocation/revocation-check.js'
import type { Certificate } from './certificate.js'
import { inheritsParameters, workingKey, type AlgorithmRule, type WorkingKey } from './certificate-signature.js'
import { criticalProblem, issuerProblem, validityProblem } from './certificate-checks.js'
import { authorityKeyIdentifierOf, isSelfIssued, subjectKeyIdentifierOf } from './extensions.js'
import { checkWholePath, signatureProblem, type CheckedPath, type PathRules } from './path-check.js'
import { guarded, pathProblem, type PathProblem } from './path-problem.js'
import type { PolicyInputs } from './policy-graph.js'

/** Among which certificates a path is looked for, and what it must hold up to. */
export interface SearchSettings {
  readonly intermediates: readonly Certificate[]
  readonly anchors: readonly Certificate[]
  readonly anchorStands?: (anchor: Certificate, at: Date) => boolean | undefined
  readonly at: Date
  readonly until: Date
  readonly algorithms: AlgorithmRule
  readonly policies: PolicyInputs
  readonly revocation: RevocationMode
  readonly evidence: RevocationEvidence
}

/** The best path there is. */
export interface FoundPath {
  readonly chain: readonly Certificate[]
  /** It reaches an anchor. */
  readonly complete: boolean
  readonly problems: readonly PathProblem[]
  readonly warnings: readonly FaultDetail[]
  readonly revocation: readonly RevocationStatus[]
  readonly policies: readonly string[]
  readonly key: WorkingKey | undefined
}

/**
 * A maze of certificates is refused, not walked: bounds on the length of a path, on certificates looked at, on complete paths
 * checked, and on time, all for one question together with the paths of those who signed its evidence.
 */
const maximumLength = 16
const maximumSteps = 20_000
const maximumComplete = 64
const maximumMilliseconds = 1200
/** Signers of lists whose lists are signed by others, and so on. */
const maximumNesting = 4

/** What one attempt to reach an anchor collects. */
interface Attempt {
  readonly anchor: Certificate | undefined
  limit: number
  /** The limit cut a way off: with a higher one there may be more. */
  cut: boolean
  best: FoundPath | undefined
}

/** Finds ways from certificates to anchors among the certificates given, shortest first, and checks them whole. */
export class PathSearch {
  private readonly bySubject = new Map<string, Certificate[]>()
  private readonly anchors: ReadonlySet<string>
  private readonly rules: PathRules
  /** Signatures checked, by certificate and key of its issuer. */
  private readonly edges = new Map<string, PathProblem | undefined>()
  private steps = 0
  private complete = 0
  private spent = false
  private readonly started = process.cpuUsage()
  /** Signers of lists whose own path is being checked: their list may also tell of themselves. */
  private readonly underway: Certificate[] = []
  /** Certificates whose status is being asked: no path of a signer may lead through them. */
  private readonly avoided: Certificate[] = []
  private readonly ownPaths = new Map<string, WorkingKey | undefined>()

  constructor(private readonly settings: SearchSettings) {
    this.anchors = new Set(settings.anchors.map((anchor) => anchor.sha256))
    const seen = new Set<string>()
    for (const certificate of [...settings.anchors, ...settings.intermediates]) {
      if (seen.has(certificate.sha256)) continue
      seen.add(certificate.sha256)
      const group = this.bySubject.get(certificate.subjectKey)
      if (group === undefined) this.bySubject.set(certificate.subjectKey, [certificate])
      else group.push(certificate)
    }
    this.rules = {
      at: settings.at,
      until: settings.until,
      algorithms: settings.algorithms,
      policies: settings.policies,
      revocation: settings.revocation,
      evidence: readEvidence(settings.evidence),
      signersNamed: (subjectKey) => this.bySubject.get(subjectKey) ?? [],
      keyByOwnPath: (signer, asked, anchor) => this.keyByOwnPath(signer, asked, anchor),
    }
  }

  /** The best way from `leaf` to an anchor, or to `anchor` alone when it is given. */
  find(leaf: Certificate, anchor?: Certificate, rules: PathRules = this.rules): FoundPath {
    const attempt: Attempt = { anchor, limit: 1, cut: true, best: undefined }
    if (this.isAnchor(leaf, anchor)) return this.whole([leaf], rules)
    for (attempt.limit = 2; attempt.cut && attempt.limit <= maximumLength; attempt.limit++) {
      attempt.cut = false
      const found = this.walk([leaf], 0, attempt, rules)
      if (found !== undefined) return found
      if (this.exhausted()) break
    }
    const { best } = attempt
    if (this.exhausted() || attempt.cut) {
      const chain = best?.chain ?? [leaf]
      return failed(chain, pathProblem('VERIFY-CHAIN-TOO-COMPLEX', leaf, 'CERTIFICATE_CHAIN_GENERAL_FAILURE'))
    }
    const missing = { issuer: leaf.issuerHolder }
    return best ?? failed([leaf], pathProblem('VERIFY-CHAIN-NOT-FOUND', leaf, 'NO_CERTIFICATE_CHAIN_FOUND', missing))
  }

  private exhausted(): boolean {
    if (this.spent) return true
    // Time of this process alone, so that a busy machine does not change a verdict; asked rarely, since asking costs.
    if (this.steps % 32 === 0 && this.steps > 0) {
      const { user, system } = process.cpuUsage(this.started)
      this.spent = user + system > maximumMilliseconds * 1000
    }
    return this.steps > maximumSteps || this.complete > maximumComplete || this.spent
  }

  private isAnchor(certificate: Certificate, anchor: Certificate | undefined): boolean {
    if (anchor === undefined) return this.anchors.has(certificate.sha256)
    return certificate.subjectKey === anchor.subjectKey && certificate.spki.equals(anchor.spki) && this.anchors.has(certificate.sha256)
  }

  private walk(chain: readonly Certificate[], below: number, attempt: Attempt, rules: PathRules): FoundPath | undefined {
    const last = chain[chain.length - 1]
    if (last === undefined) return undefined
    for (const issuer of this.issuersOf(last)) {
      if (this.steps++ > maximumSteps || this.exhausted()) return undefined
      const isAnchor = this.isAnchor(issuer, attempt.anchor)
      if (isOnPath(chain, issuer) || isOnPath(this.avoided, issuer)) continue
      const found =
        guarded(issuer, () => issuerProblem(issuer, below, isAnchor) ?? validityProblem(issuer, this.settings.at)) ??
        this.edgeProblem(last, issuer)
      if (found !== undefined) {
        note(attempt, failed(chain, found))
        continue
      }
      if (isAnchor) {
        // Shorter ones were checked with a lower limit.
        if (chain.length + 1 < attempt.limit) continue
        const whole = this.whole([...chain, issuer], rules)
        if (whole.problems.length === 0) return whole
        note(attempt, whole)
      } else if (chain.length + 1 >= attempt.limit) attempt.cut = true
      else {
        const complete = this.walk([...chain, issuer], isSelfIssued(issuer) ? below : below + 1, attempt, rules)
        if (complete !== undefined) return complete
      }
    }
    return undefined
  }

  private whole(chain: readonly Certificate[], rules: PathRules): FoundPath {
    this.complete++
    const checked: CheckedPath = checkWholePath(chain, rules)
    const ended = this.endedService(chain)
    return { chain, complete: true, ...checked, problems: ended === undefined ? checked.problems : [...checked.problems, ended] }
  }

  /** A trusted list lends trust only for the time in which it lists the service as standing (TS 119 615 clause 4.4). */
  private endedService(chain: readonly Certificate[]): PathProblem | undefined {
    const anchor = chain[chain.length - 1]
    if (anchor === undefined || this.settings.anchorStands?.(anchor, this.settings.at) !== false) return undefined
    return pathProblem('VERIFY-TRUST-SERVICE-ENDED', anchor, 'NO_CERTIFICATE_CHAIN_FOUND')
  }

  /** A key that inherits its parameters can be used only once its own issuer is known, with the whole path. */
  private edgeProblem(certificate: Certificate, issuer: Certificate): PathProblem | undefined {
    const name = `${certificate.sha256}${issuer.spki.toString('latin1')}`
    if (!this.edges.has(name)) {
      const found = guarded(issuer, () =>
        inheritsParameters(issuer) ? undefined : signatureProblem(certificate, workingKey(issuer, undefined), this.settings.algorithms),
      )
      this.edges.set(name, found)
    }
    return this.edges.get(name)
  }

  /** Candidates by name; anchors first, then those whose key identifier is the one named (a hint, never a condition). */
  private issuersOf(certificate: Certificate): readonly Certificate[] {
    const named = this.bySubject.get(certificate.issuerKey) ?? []
    if (named.length < 2) return named
    const wanted = hint(() => authorityKeyIdentifierOf(certificate))
    const rank = (candidate: Certificate): number => {
      const identifier = hint(() => subjectKeyIdentifierOf(candidate))
      const fits = wanted === undefined || identifier === undefined ? 1 : identifier === wanted ? 0 : 2
      return fits * 2 + (this.anchors.has(candidate.sha256) ? 0 : 1)
    }
    return named
      .map((candidate) => ({ candidate, rank: rank(candidate) }))
      .sort((left, right) => left.rank - right.rank)
      .map(({ candidate }) => candidate)
  }

  /**
   * Key of a signer of lists outside the path, after a path of its own to the same anchor with its own revocation. That path
   * must not lead through the certificate asked about: a CA whose key is lost could otherwise name a signer that clears it.
   * A signer may tell of itself alone (RFC 5280 allows the issuer of an indirect list to be on it).
   */
  private keyByOwnPath(signer: Certificate, asked: Certificate, anchor: Certificate): WorkingKey | undefined {
    if (this.underway.includes(signer)) return signer === asked ? workingKey(signer, undefined) : undefined
    if (this.underway.length >= maximumNesting || this.exhausted()) return undefined
    const name = `${signer.sha256}${asked.sha256}${anchor.sha256}`
    if (this.ownPaths.has(name)) return this.ownPaths.get(name)
    this.underway.push(signer)
    this.avoided.push(asked)
    const own = guarded(signer, () => validityProblem(signer, this.settings.at) ?? criticalProblem(signer))
    const found = own === undefined ? this.find(signer, anchor, { ...this.rules, policies: {} }) : undefined
    this.underway.pop()
    this.avoided.pop()
    const key = found?.complete === true && found.problems.length === 0 ? found.key : undefined
    // An answer found while others wait for theirs may rest on them, and is theirs alone.
    if (this.underway.length === 0) this.ownPaths.set(name, key)
    return key
  }
}

function hint(read: () => string | undefined): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** A name with the same key twice is a circle (RFC 4158 2.4.2). */
function isOnPath(chain: readonly Certificate[], issuer: Certificate): boolean {
  return chain.some((member) => member.subjectKey === issuer.subjectKey && member.spki.equals(issuer.spki))
}

function failed(chain: readonly Certificate[], problem: PathProblem): FoundPath {
  return { chain, complete: false, problems: [problem], warnings: [], revocation: [], policies: [], key: undefined }
}

/** Keeps what tells the reader most: a whole path with the fewest problems, else the one that came furthest. */
function note(attempt: Attempt, found: FoundPath): void {
  const { best } = attempt
  if (best === undefined) attempt.best = found
  else if (found.complete !== best.complete) attempt.best = found.complete ? found : best
  else if (found.complete ? found.problems.length < best.problems.length : found.chain.length > best.chain.length) attempt.best = found
}
