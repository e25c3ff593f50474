import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { hasKind, Journal } from '../state/journal.js'

/** A registered taxpayer and the credentials of his system: two secrets, so that one can be exchanged while the other works. */
export interface Taxpayer {
  readonly kind: 'taxpayer'
  readonly rin: string
  readonly name: string
  readonly clientId: string
  readonly secretHashes: readonly string[]
  readonly notifications: { readonly url: string; readonly apiKey: string } | null
}

export type EtaStatus = 'Submitted' | 'Valid' | 'Invalid' | 'Rejected' | 'Cancelled'

export interface ValidationStep {
  readonly name: string
  readonly code: string
  readonly message: string
  readonly path: string
}

/** A document the authority took. What it thinks of it is known to others only after a while. */
export interface EtaDocument {
  readonly kind: 'document'
  readonly uuid: string
  readonly longId: string
  readonly submission: string
  readonly issuer: string
  readonly issuerName: string
  readonly receiver: string
  readonly receiverName: string
  readonly internalId: string
  readonly type: string
  readonly version: string
  readonly issuedAt: string
  readonly total: string
  readonly net: string
  readonly hashKey: string
  /** As it came over the wire. */
  readonly text: string
  readonly verdict: 'Valid' | 'Invalid'
  readonly errors: readonly ValidationStep[]
  readonly receivedAt: string
  readonly decidedAt: string
}

export interface StateChange {
  readonly kind: 'change'
  readonly uuid: string
  readonly change: 'cancelled' | 'rejected' | 'cancelation-declined' | 'rejection-declined'
  readonly reason: string
  readonly at: string
}

/** What the authority's staff, or a trial, decides about a document whatever its validators found. */
export interface DocumentDecision {
  readonly kind: 'decision'
  readonly uuid: string
  readonly verdict: 'Valid' | 'Invalid'
  readonly reason: string
  readonly at: string
}

export type CodeState = 'Submitted' | 'Approved' | 'Rejected'

export interface CodeRequest {
  readonly kind: 'code'
  readonly id: number
  readonly rin: string
  readonly usage: boolean
  readonly codeType: string
  readonly parentCode: string
  readonly itemCode: string
  readonly codeName: string
  readonly codeNameAr: string
  readonly activeFrom: string
  readonly activeTo: string | null
  readonly at: string
}
interface CodeDecision {
  readonly kind: 'code-decision'
  readonly id: number
  readonly state: CodeState
  readonly reason: string
}

export interface PackageRequest {
  readonly kind: 'package'
  readonly id: string
  readonly rin: string
  readonly type: string
  readonly format: string
  readonly from: string
  readonly to: string
  readonly at: string
}

type Line = Taxpayer | EtaDocument | StateChange | DocumentDecision | CodeRequest | CodeDecision | PackageRequest

/** What the authority knows: every change is in the journal before it is answered. */
export class EtaRegister {
  private readonly journal: Journal<Line>
  private readonly byClient = new Map<string, Taxpayer>()
  private readonly byRin = new Map<string, Taxpayer>()
  private readonly documents = new Map<string, EtaDocument>()
  private readonly byNumber = new Map<string, EtaDocument[]>()
  private readonly changes = new Map<string, StateChange[]>()
  private readonly verdicts = new Map<string, DocumentDecision>()
  private readonly codes = new Map<number, CodeRequest>()
  private readonly decisions = new Map<number, CodeDecision>()
  private readonly packages = new Map<string, PackageRequest>()

  constructor(folder: string) {
    this.journal = Journal.open<Line>(
      join(folder, 'eta.ndjson'),
      hasKind<Line>('taxpayer', 'document', 'change', 'decision', 'code', 'code-decision', 'package'),
    )
    for (const line of this.journal.found) this.remember(line)
  }

  /** Registers, or gives a registered taxpayer new secrets. @returns what the portal shows once */
  enrol(rin: string, name: string, notifications: Taxpayer['notifications']): { clientId: string; secret1: string; secret2: string } {
    const secrets = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url')] as const
    const clientId = this.byRin.get(rin)?.clientId ?? randomUUID()
    this.record({ kind: 'taxpayer', rin, name, clientId, secretHashes: secrets.map(hashOf), notifications })
    return { clientId, secret1: secrets[0], secret2: secrets[1] }
  }

  /** Ends one of the two secrets, as a taxpayer does on the portal. */
  endSecret(rin: string, index: 0 | 1): boolean {
    const taxpayer = this.byRin.get(rin)
    if (taxpayer === undefined) return false
    this.record({ ...taxpayer, secretHashes: taxpayer.secretHashes.map((hash, place) => (place === index ? '' : hash)) })
    return true
  }

  setNotifications(rin: string, notifications: Taxpayer['notifications']): boolean {
    const taxpayer = this.byRin.get(rin)
    if (taxpayer === undefined) return false
    this.record({ ...taxpayer, notifications })
    return true
  }

  authenticate(clientId: string, secret: string): Taxpayer | undefined {
    const taxpayer = this.byClient.get(clientId)
    const hash = Buffer.from(hashOf(secret))
    const known = (taxpayer?.secretHashes ?? []).some((one) => one.length === hash.length && timingSafeEqual(Buffer.from(one), hash))
    return known ? taxpayer : undefined
  }

  taxpayer(rin: string): Taxpayer | undefined {
    return this.byRin.get(rin)
  }

  taxpayers(): readonly Taxpayer[] {
    return [...this.byRin.values()]
  }

  addDocument(document: EtaDocument): void {
    this.record(document)
  }

  document(uuid: string): EtaDocument | undefined {
    return this.documents.get(uuid)
  }

  /** Newest first. */
  allDocuments(): EtaDocument[] {
    return [...this.documents.values()].reverse()
  }

  /** Documents of one issuer with one number, newest first. */
  documentsNumbered(issuer: string, internalId: string): readonly EtaDocument[] {
    return this.byNumber.get(`${issuer} ${internalId}`) ?? []
  }

  addChange(change: StateChange): void {
    this.record(change)
  }

  changesOf(uuid: string): readonly StateChange[] {
    return this.changes.get(uuid) ?? []
  }

  statusOf(document: EtaDocument, now: Date): EtaStatus {
    const decision = this.verdicts.get(document.uuid)
    if (decision === undefined && now.getTime() < Date.parse(document.decidedAt)) return 'Submitted'
    const last = this.changesOf(document.uuid).at(-1)?.change
    if (last === 'cancelled') return 'Cancelled'
    if (last === 'rejected') return 'Rejected'
    return decision?.verdict ?? document.verdict
  }

  /** @returns false when there is no such document */
  decide(uuid: string, verdict: 'Valid' | 'Invalid', reason: string, at: string): boolean {
    if (!this.documents.has(uuid)) return false
    this.record({ kind: 'decision', uuid, verdict, reason, at })
    return true
  }

  /** What validation found: its own findings, or those of whoever decided. */
  findingsOf(document: EtaDocument): readonly ValidationStep[] {
    const decision = this.verdicts.get(document.uuid)
    if (decision === undefined) return document.errors
    if (decision.verdict === 'Valid') return []
    return [{ name: staffStep, code: 'MANUAL', message: decision.reason, path: '' }]
  }

  addCode(request: Omit<CodeRequest, 'kind' | 'id'>): CodeRequest {
    const line: CodeRequest = { kind: 'code', id: this.codes.size + 1, ...request }
    this.record(line)
    return line
  }

  decideCode(id: number, state: CodeState, reason: string): boolean {
    if (!this.codes.has(id)) return false
    this.record({ kind: 'code-decision', id, state, reason })
    return true
  }

  codeState(id: number): { readonly state: CodeState; readonly reason: string } {
    const decision = this.decisions.get(id)
    return { state: decision?.state ?? 'Submitted', reason: decision?.reason ?? '' }
  }

  allCodes(): CodeRequest[] {
    return [...this.codes.values()].reverse()
  }

  addPackage(request: Omit<PackageRequest, 'kind'>): void {
    this.record({ kind: 'package', ...request })
  }

  packagesOf(rin: string): PackageRequest[] {
    return [...this.packages.values()].filter((one) => one.rin === rin).reverse()
  }

  reset(): void {
    this.journal.clear()
    for (const map of [
      this.byClient,
      this.byRin,
      this.documents,
      this.byNumber,
      this.changes,
      this.verdicts,
      this.codes,
      this.decisions,
      this.packages,
    ])
      map.clear()
  }

  close(): void {
    this.journal.close()
  }

  private record(line: Line): void {
    this.journal.append(line)
    this.remember(line)
  }

  private remember(line: Line): void {
    if (line.kind === 'taxpayer') {
      this.byClient.set(line.clientId, line)
      this.byRin.set(line.rin, line)
    } else if (line.kind === 'document') {
      this.documents.set(line.uuid, line)
      const name = `${line.issuer} ${line.internalId}`
      this.byNumber.set(name, [line, ...(this.byNumber.get(name) ?? [])])
    } else if (line.kind === 'change') this.changes.set(line.uuid, [...(this.changes.get(line.uuid) ?? []), line])
    else if (line.kind === 'decision') this.verdicts.set(line.uuid, line)
    else if (line.kind === 'code') this.codes.set(line.id, line)
    else if (line.kind === 'code-decision') this.decisions.set(line.id, line)
    else this.packages.set(line.id, line)
  }
}

const staffStep = 'Step-08.Simple Fields Validator'

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A name as the authority gives them: 26 letters and digits (or more). */
export function newName(length = 26): string {
  return [...randomBytes(length)].map((byte) => letters[byte % 32]).join('')
}
