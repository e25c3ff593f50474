import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'
import type { HashedEvent } from './event-hash.js'

/** What happened, for the hash-chained log of its company. */
export interface AuditEvent {
  /** `<module>.<past tense>`: `invoice.posted`, `key.used`. Its text is `event.<action>` in the locale files. */
  readonly action: string
  readonly subject: { readonly type: string; readonly id: string; readonly label?: string }
  /** JSON facts of the event; no secrets. Shown in the message log of the subject. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** What a walk along the whole chain of a company found. */
export interface AuditVerification {
  readonly companyId: string
  readonly events: number
  readonly intact: boolean
  /** Sequence number of the first event that does not fit. */
  readonly brokenAt?: number
  readonly reason?: 'hash' | 'gap' | 'link' | 'anchor'
}

/** Append-only log, hash-chained per company; events of one transaction are written together before it commits. */
export interface Audit {
  record(transaction: CompanyTransaction, context: CompanyContext, event: AuditEvent): void
  verify(companyId?: string): Promise<AuditVerification[]>
  /**
   * Only the pieces of a company's chain in which these events lie, between heads written down outside the database: where the whole
   * is too long to compute while somebody waits. `events` is how many were computed again.
   * @param head one more that somebody holds, lower-case hex: a chain that does not come through it is broken
   */
  verifyPieces(companyId: string, sequences: readonly number[], head?: AuditHead): Promise<AuditVerification>
  /** Newest first, for the message log of a record. */
  of(transaction: CompanyTransaction, subject: { type: string; id: string }, limit?: number): Promise<RecordedEvent[]>
  /** Events of a record with what proves them, for somebody who was not there: an examiner, a court. At most 5,000, oldest first. */
  extract(transaction: CompanyTransaction, subject: { readonly type: string; readonly id: string }): Promise<AuditExtract>
  /**
   * End of the company's chain as the transaction sees it: what somebody outside stamps or writes down, so that nothing before it can be
   * written anew. Number 0: nothing was ever recorded.
   */
  head(transaction: CompanyTransaction): Promise<AuditHead>
}

/** The last event of a chain: its number and its hash, lower-case hex. */
export interface AuditHead {
  readonly sequence: number
  readonly hash: string
}

/** One event exactly as it was hashed, with the hash before it and its own, lower-case hex. */
export interface ProvenEvent {
  readonly hashed: HashedEvent
  readonly previous: string
  readonly hash: string
}

/** Events of one subject with what proves that they stand in the chain. */
export interface AuditExtract {
  readonly events: readonly ProvenEvent[]
  /** End of the company's chain now. */
  readonly head: AuditHead
  /** The first head at or after the last of these events that was written down outside the database; null: none yet. */
  readonly anchor: AuditHead | null
}

/** An event as it stands in the log: numbered, with its time (UTC) and who did it. */
export interface RecordedEvent extends AuditEvent {
  readonly sequence: number
  readonly at: Date
  readonly actor: { readonly kind: string; readonly id: string | null; readonly name: string }
}
