import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'
import type { OpenDatabase } from '../db/open-database.js'
import type { Logger } from '../host/logger.js'
import { AnchorFile, contradicted } from './anchor-file.js'
import type { Audit, AuditEvent, RecordedEvent } from './audit.js'
import { canonicalJson } from './canonical-json.js'
import { chainHead, type ChainHead } from './chain-head.js'
import type { HashedEvent } from './event-hash.js'
import { chainStart, eventHash, storable } from './event-hash.js'
import type { EventRow } from './event-row.js'
import { extractEvents } from './extract-events.js'
import { verifyChains, verifyPieces } from './verify-chain.js'

/** What the log rests on. */
export interface AuditOptions {
  readonly database: OpenDatabase
  /** `<dataDir>/audit-anchors.ndjson`, or a place on another disk. */
  readonly anchorFile: string
  readonly now: () => Date
  readonly logger: Logger
}

/** The log with what only the host may do with it. */
export interface AuditSystem extends Audit {
  /** Writes down the heads of all chains that grew since the last time. Runs by itself within a second; commands that end call `close`. */
  anchor(): Promise<void>
  close(): Promise<void>
}

/** A second after a commit at the latest its head is outside the database; sooner when many events came. */
const anchorEveryMs = 1_000
const anchorEveryEvents = 500

interface Batch {
  events: { context: CompanyContext; event: AuditEvent; at: Date }[]
}
const batchKey = Symbol('audit batch')

/** The event log: one hash chain per company, written in the transaction of what it tells about. */
export function createAudit(options: AuditOptions): AuditSystem {
  const { database, logger, now } = options
  const anchors = new AnchorFile(options.anchorFile)
  const grown = new Map<string, ChainHead>()
  let sinceAnchor = 0
  const timer = setInterval(() => {
    writeAnchors().catch((error: unknown) => {
      logger.error({ err: error }, 'heads of the event log could not be written down')
    })
  }, anchorEveryMs)
  timer.unref()

  async function writeAnchors(): Promise<void> {
    const heads = [...grown]
    grown.clear()
    sinceAnchor = 0
    const at = now().toISOString()
    try {
      await anchors.append(heads.map(([companyId, { sequence, hash }]) => ({ companyId, sequence, hash: hash.toString('hex'), at })))
    } catch (error) {
      for (const [companyId, head] of heads) noteHead(companyId, head.sequence, head.hash) // tried again with the next beat
      throw error
    }
  }

  function noteHead(companyId: string, sequence: number, hash: Buffer): void {
    const known = grown.get(companyId)
    if (known === undefined || known.sequence < sequence) grown.set(companyId, { sequence, hash })
  }

  function record(transaction: CompanyTransaction, context: CompanyContext, event: AuditEvent): void {
    const batch = transaction.once<Batch>(batchKey, () => ({ events: [] }))
    if (batch.events.length === 0) transaction.beforeCommit(() => write(transaction, batch))
    batch.events.push({ context, event, at: now() })
  }

  /** Two statements however many events: lock the head, then insert all and move the head. */
  async function write(transaction: CompanyTransaction, batch: Batch): Promise<void> {
    const events = batch.events
    batch.events = []
    const { companyId, knex } = transaction
    const head = await lockHead(transaction)
    let { hash, sequence } = head
    const rows = events.map(({ context, event, at }) => {
      sequence += 1
      const stored: HashedEvent = {
        companyId,
        sequence,
        at: at.toISOString(),
        action: storable(event.action),
        subjectType: storable(event.subject.type),
        subjectId: storable(event.subject.id),
        subjectLabel: storable(event.subject.label),
        facts: event.facts ?? null,
        actorKind: context.actor.kind,
        actorId: storable(context.actor.id),
        actorName: storable(context.actor.name),
        source: context.source,
      }
      const previous = hash
      hash = eventHash(previous, stored)
      return {
        ...stored,
        facts: undefined,
        factsText: factsText(stored.facts),
        previous: previous.toString('hex'),
        hash: hash.toString('hex'),
      }
    })
    await knex.raw(
      `with moved as (
         insert into core_audit_head (company_id, sequence, hash) values (?, ?, ?)
         on conflict (company_id) do update set sequence = excluded.sequence, hash = excluded.hash)
       insert into core_audit_event (company_id, sequence, at, action, subject_type, subject_id, subject_label, facts,
         actor_kind, actor_id, actor_name, source, previous, hash)
       select ?, "sequence", "at", "action", "subjectType", "subjectId", "subjectLabel", "factsText"::jsonb,
         "actorKind", "actorId", "actorName", "source", decode("previous", 'hex'), decode("hash", 'hex')
       from jsonb_to_recordset(?::jsonb) as event ("sequence" bigint, "at" timestamptz, "action" text, "subjectType" text,
         "subjectId" text, "subjectLabel" text, "factsText" text, "actorKind" text, "actorId" text, "actorName" text,
         "source" text, "previous" text, "hash" text)`,
      [companyId, sequence, hash, companyId, JSON.stringify(rows)],
    )
    const last = { sequence, hash }
    transaction.afterCommit(() => {
      noteHead(companyId, last.sequence, last.hash)
      sinceAnchor += rows.length
      if (sinceAnchor < anchorEveryEvents) return
      writeAnchors().catch((error: unknown) => {
        logger.error({ err: error }, 'heads of the event log could not be written down')
      })
    })
  }

  return {
    record,
    verify: (companyId) => verifyChains(database, anchors, companyId),
    verifyPieces: async (companyId, sequences, head) => {
      const written = new Map((await anchors.read()).get(companyId))
      // A head that somebody holds beside what was written down here: both must fit, and two that differ cannot.
      if (head !== undefined) written.set(head.sequence, agreed(written.get(head.sequence), head.hash))
      return database.company(companyId, (transaction) => verifyPieces(transaction, written, sequences))
    },
    async of(transaction, subject, limit = 100) {
      const rows = await transaction
        .knex<EventRow>('core_audit_event')
        .where({ company_id: transaction.companyId, subject_type: subject.type, subject_id: subject.id })
        .orderBy('sequence', 'desc')
        .limit(limit)
      return rows.map(recordedEvent)
    },
    async extract(transaction, subject) {
      // Heads wait up to a second to be written down: the extract would tell of none after its own last event.
      await writeAnchors().catch((error: unknown) => {
        logger.error({ err: error }, 'heads of the event log could not be written down')
      })
      return extractEvents(transaction, anchors, subject)
    },
    async head(transaction) {
      const { sequence, hash } = await chainHead(transaction)
      return { sequence, hash: hash.toString('hex') }
    },
    anchor: writeAnchors,
    async close() {
      clearInterval(timer)
      await writeAnchors()
    },
  }
}

function agreed(known: string | undefined, held: string): string {
  return known === undefined || known === held ? held : contradicted
}

function factsText(facts: unknown): string | null {
  return facts === null || facts === undefined ? null : canonicalJson(facts)
}

async function lockHead(transaction: CompanyTransaction): Promise<ChainHead> {
  const read = (): Promise<ChainHead | undefined> =>
    transaction
      .knex<{ company_id: string; sequence: number; hash: Buffer }>('core_audit_head')
      .where({ company_id: transaction.companyId })
      .forUpdate()
      .first('sequence', 'hash')
  const head = await read()
  if (head !== undefined) return head
  // The first event of a company: two transactions may get here at once, one waits for the other's row.
  await transaction
    .knex('core_audit_head')
    .insert({ company_id: transaction.companyId, sequence: 0, hash: chainStart })
    .onConflict('company_id')
    .ignore()
  return (await read()) ?? { sequence: 0, hash: chainStart }
}

function recordedEvent(row: EventRow): RecordedEvent {
  return {
    sequence: row.sequence,
    at: row.at,
    action: row.action,
    subject: { type: row.subject_type, id: row.subject_id, ...(row.subject_label === null ? {} : { label: row.subject_label }) },
    ...(row.facts === null ? {} : { facts: row.facts }),
    actor: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
  }
}
