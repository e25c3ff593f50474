import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasKind, Journal } from '../state/journal.js'

export type CsidKind = 'compliance' | 'production'

/** A cryptographic stamp identifier: certificate and API secret of one unit. */
export interface Csid {
  readonly kind: CsidKind
  readonly requestId: string
  readonly environment: string
  /** Names the unit over renewals: VAT number and unit serial number. */
  readonly unit: string
  readonly vatNumber: string
  readonly invoiceTypes: string
  /** DER, base64. */
  readonly certificate: string
  /** Of the certificate, hex. */
  readonly serial: string
  /** DER SubjectPublicKeyInfo, base64. */
  readonly spki: string
  readonly secretHash: string
  /** The certificate request it came from, as sent. */
  readonly csr: string
  readonly at: string
}

export type Verdict = 'accepted' | 'accepted_with_warnings' | 'rejected'
export type Route = 'reporting' | 'clearance' | 'compliance'

/** What the authority remembers about a document it was sent. */
export interface SeenDocument {
  readonly kind: 'document'
  readonly unit: string
  readonly route: Route
  readonly uuid: string
  readonly number: string
  readonly hash: string
  readonly counter: string
  readonly previousHash: string
  readonly verdict: Verdict
  readonly codes: readonly string[]
  /** Takes its place in the unit's chain: authentic, whatever the verdict. */
  readonly chained: boolean
  readonly at: string
}

interface PassedLine {
  readonly kind: 'passed'
  readonly requestId: string
  readonly check: string
}
interface RedirectedLine {
  readonly kind: 'redirected'
  readonly unit: string
  readonly uuid: string
}
type Line = Csid | SeenDocument | PassedLine | RedirectedLine

export interface UnitSummary {
  readonly unit: string
  readonly documents: number
  readonly accepted: number
  readonly rejected: number
  readonly firstCounter: string | null
  readonly lastCounter: string | null
  /** Counters missing between first and last. */
  readonly gaps: number
  /** Neighbours whose link does not hold. */
  readonly breaks: number
}

interface UnitState {
  readonly byUuid: Map<string, SeenDocument>
  readonly byCounter: Map<string, SeenDocument>
  readonly redirected: Set<string>
}

/** Units with their CSIDs, documents and chains; every change is in the journal before it is answered. */
export class Units {
  private readonly journal: Journal<Line>
  private readonly csids = new Map<string, Csid>()
  private readonly passed = new Map<string, Set<string>>()
  private readonly states = new Map<string, UnitState>()
  private readonly latest: SeenDocument[] = []
  private total = 0

  constructor(private readonly folder: string) {
    mkdirSync(join(folder, 'cleared'), { recursive: true, mode: 0o700 })
    this.journal = Journal.open<Line>(
      join(folder, 'fatoora.ndjson'),
      hasKind<Line>('compliance', 'production', 'document', 'passed', 'redirected'),
    )
    for (const line of this.journal.found) this.remember(line)
  }

  /** @returns the secret, shown once */
  addCsid(csid: Omit<Csid, 'secretHash' | 'requestId' | 'at'>): { readonly csid: Csid; readonly secret: string } {
    const secret = randomBytes(32).toString('base64')
    const requestId = `${Date.now()}${randomInt(100, 1000)}`.slice(-13)
    const whole: Csid = {
      ...csid,
      requestId: this.csids.has(requestId) ? `${randomInt(1e12, 9e12)}` : requestId,
      secretHash: hashOf(secret),
      at: new Date().toISOString(),
    }
    this.record(whole)
    return { csid: whole, secret }
  }

  /** The binarySecurityToken: base64 of the base64 of the certificate. */
  static token(csid: Csid): string {
    return Buffer.from(csid.certificate).toString('base64')
  }

  authenticate(token: string, secret: string): Csid | undefined {
    const csid = this.csids.get(token)
    if (csid === undefined) return undefined
    return timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(csid.secretHash)) ? csid : undefined
  }

  productionCsids(unit: string): Csid[] {
    return [...this.csids.values()].filter((csid) => csid.kind === 'production' && csid.unit === unit)
  }

  pass(requestId: string, check: string): void {
    if (this.passed.get(requestId)?.has(check) !== true) this.record({ kind: 'passed', requestId, check })
  }

  /** Compliance checks still to be passed before a production CSID. */
  missingChecks(csid: Csid): string[] {
    const kinds = [csid.invoiceTypes.startsWith('1') ? 'standard' : null, csid.invoiceTypes[1] === '1' ? 'simplified' : null].filter(
      (kind) => kind !== null,
    )
    const needed = kinds.flatMap((kind) => ['388', '383', '381'].map((type) => `${kind}-${type}`))
    return needed.filter((check) => this.passed.get(csid.requestId)?.has(check) !== true)
  }

  document(unit: string, uuid: string): SeenDocument | undefined {
    return this.states.get(unit)?.byUuid.get(uuid)
  }

  atCounter(unit: string, counter: bigint): SeenDocument | undefined {
    return this.states.get(unit)?.byCounter.get(counter.toString())
  }

  seen(document: SeenDocument, cleared?: Buffer): void {
    if (cleared !== undefined) writeFileSync(this.clearedPath(document.hash), cleared)
    this.record(document)
  }

  cleared(hash: string): Buffer {
    return readFileSync(this.clearedPath(hash))
  }

  redirect(unit: string, uuid: string): void {
    if (!this.wasRedirected(unit, uuid)) this.record({ kind: 'redirected', unit, uuid })
  }

  wasRedirected(unit: string, uuid: string): boolean {
    return this.states.get(unit)?.redirected.has(uuid) === true
  }

  /** Newest first, at most 100. */
  last(): readonly SeenDocument[] {
    return [...this.latest].reverse()
  }

  count(): { documents: number; compliance: number; production: number } {
    const of = (kind: CsidKind): number => [...this.csids.values()].filter((csid) => csid.kind === kind).length
    return { documents: this.total, compliance: of('compliance'), production: of('production') }
  }

  summaries(): UnitSummary[] {
    return [...this.states].map(([unit, state]) => summaryOf(unit, state))
  }

  reset(): void {
    this.journal.clear()
    rmSync(join(this.folder, 'cleared'), { recursive: true, force: true })
    mkdirSync(join(this.folder, 'cleared'), { mode: 0o700 })
    for (const map of [this.csids, this.passed, this.states]) map.clear()
    this.latest.length = 0
    this.total = 0
  }

  close(): void {
    this.journal.close()
  }

  private clearedPath(hash: string): string {
    return join(this.folder, 'cleared', `${Buffer.from(hash, 'base64').toString('hex')}.xml`)
  }

  private record(line: Line): void {
    this.journal.append(line)
    this.remember(line)
  }

  private remember(line: Line): void {
    switch (line.kind) {
      case 'compliance':
      case 'production':
        this.csids.set(Units.token(line), line)
        return
      case 'passed':
        this.passed.set(line.requestId, (this.passed.get(line.requestId) ?? new Set()).add(line.check))
        return
      case 'redirected':
        this.state(line.unit).redirected.add(line.uuid)
        return
      case 'document':
        this.rememberDocument(line)
    }
  }

  private rememberDocument(document: SeenDocument): void {
    this.total++
    this.latest.push(document)
    if (this.latest.length > 100) this.latest.shift()
    if (document.route === 'compliance') return
    const state = this.state(document.unit)
    // An acceptance stands; a later rejection of other bytes under the same UUID does not undo it.
    const known = state.byUuid.get(document.uuid)
    if (known === undefined || known.verdict === 'rejected') state.byUuid.set(document.uuid, document)
    if (document.chained) {
      const place = BigInt(document.counter).toString()
      const before = state.byCounter.get(place)
      if (before === undefined || before.hash === document.hash) state.byCounter.set(place, document)
    }
  }

  private state(unit: string): UnitState {
    const found = this.states.get(unit)
    if (found !== undefined) return found
    const made: UnitState = { byUuid: new Map(), byCounter: new Map(), redirected: new Set() }
    this.states.set(unit, made)
    return made
  }
}

function summaryOf(unit: string, state: UnitState): UnitSummary {
  const counters = [...state.byCounter.keys()].map(BigInt).sort((one, other) => (one < other ? -1 : 1))
  let gaps = 0n
  let breaks = 0
  for (const [index, counter] of counters.entries()) {
    const before = counters[index - 1]
    if (before === undefined) continue
    gaps += counter - before - 1n
    const link = state.byCounter.get(counter.toString())?.previousHash
    if (counter === before + 1n && link !== state.byCounter.get(before.toString())?.hash) breaks++
  }
  const documents = [...state.byUuid.values()]
  const rejected = documents.filter((document) => document.verdict === 'rejected').length
  return {
    unit,
    documents: documents.length,
    accepted: documents.length - rejected,
    rejected,
    firstCounter: counters[0]?.toString() ?? null,
    lastCounter: counters.at(-1)?.toString() ?? null,
    gaps: Number(gaps),
    breaks,
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
