import { createHash } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import { canonicalJson } from '../../../core/audit/canonical-json.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { EventOrigin, RequestEvent, RequestEventType } from '../models/event.js'

export interface NewRequestEvent {
  readonly requestId: string
  readonly type: RequestEventType
  readonly signerId?: string
  /** Who did it, when it is not the actor of the context: a signer without an account. */
  readonly actor?: RequestEvent['actor']
  readonly origin?: EventOrigin
  readonly facts?: Readonly<Record<string, unknown>>
}

interface EventRow {
  company_id: string
  request_id: string
  sequence: number
  at: Date
  type: RequestEventType
  signer_id: string | null
  actor: RequestEvent['actor']
  origin: EventOrigin
  facts: Record<string, unknown>
  hash: Buffer
}

/** Stands before the first event. */
export const eventChainStart = Buffer.alloc(32)

/** SHA-256 (hash before || canonical JSON of everything that is stored of the event but its hash). */
export function requestEventHash(before: Buffer, event: Omit<RequestEvent, 'hash'>): Buffer {
  const { at, ...rest } = event
  return createHash('sha256')
    .update(before)
    .update(canonicalJson({ ...rest, at: at.toISOString() }))
    .digest()
}

/**
 * Adds an event to a request's log, in the transaction of what happened. The request's row is locked, so that events of one
 * request stand one after another. The company's own event log names the request too, for its message log.
 */
export async function recordEvent(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  event: NewRequestEvent,
): Promise<RequestEvent> {
  const { companyId } = transaction
  const request = await transaction
    .knex<{ company_id: string; id: string; number: string; name: string }>('signatures_request')
    .where({ company_id: companyId, id: event.requestId })
    .forUpdate()
    .first('number', 'name')
  const last = await transaction
    .knex<EventRow>('signatures_event')
    .where({ company_id: companyId, request_id: event.requestId })
    .orderBy('sequence', 'desc')
    .first()
  const whole = {
    requestId: event.requestId,
    sequence: (last?.sequence ?? 0) + 1,
    at: host.now(),
    type: event.type,
    signerId: event.signerId ?? null,
    actor: event.actor ?? { kind: context.actor.kind, id: context.actor.id, name: context.actor.name },
    origin: event.origin ?? {},
    facts: event.facts ?? {},
  }
  const hash = requestEventHash(last?.hash ?? eventChainStart, whole)
  await transaction.knex('signatures_event').insert({
    company_id: companyId,
    request_id: whole.requestId,
    sequence: whole.sequence,
    at: whole.at,
    type: whole.type,
    signer_id: whole.signerId,
    // Exactly the JSON that was hashed: what the database cannot hold was replaced in both.
    actor: canonicalJson(whole.actor),
    origin: canonicalJson(whole.origin),
    facts: canonicalJson(whole.facts),
    hash,
  })
  host.audit.record(transaction, context, {
    action: `signatures.${whole.type}`,
    subject: { type: 'signatures.request', id: whole.requestId, label: `${request?.number ?? ''} ${request?.name ?? ''}`.trim() },
    // Last, so that no fact of an event stands in their place: the company's log holds every event's hash.
    facts: { ...whole.facts, sequence: whole.sequence, hash: hash.toString('hex'), by: whole.actor.name },
  })
  return { ...whole, hash }
}

/** All events of a request, first one first. */
export async function readEvents(transaction: CompanyTransaction, requestId: string): Promise<RequestEvent[]> {
  const rows = await transaction
    .knex<EventRow>('signatures_event')
    .where({ company_id: transaction.companyId, request_id: requestId })
    .orderBy('sequence')
  return rows.map((row) => ({
    requestId: row.request_id,
    sequence: row.sequence,
    at: row.at,
    type: row.type,
    signerId: row.signer_id,
    actor: row.actor,
    origin: row.origin,
    facts: row.facts,
    hash: row.hash,
  }))
}

/** Sequence of the first event that does not follow from the one before it; undefined when the log holds. */
export function brokenEvent(events: readonly RequestEvent[]): number | undefined {
  let before: Buffer = eventChainStart
  for (const [index, event] of events.entries()) {
    const { hash, ...rest } = event
    if (event.sequence !== index + 1 || !requestEventHash(before, rest).equals(hash)) return index + 1
    before = hash
  }
  return undefined
}
