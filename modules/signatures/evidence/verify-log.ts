import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { embeddedFiles } from '../../../core/validation/pdf/embedded-files.js'
import { MalformedPdf } from '../../../core/validation/pdf/objects.js'
import type { RequestEvent } from '../models/event.js'
import { brokenEvent, readEvents } from '../services/events.js'
import { readRequest } from '../services/request-rows.js'
import { eventLine, eventLines } from './event-lines.js'
import { logFileName } from './event-log-data.js'

/** What was found of one request's event log. */
export interface LogCheck {
  readonly requestId: string
  readonly number: string
  readonly events: number
  readonly intact: boolean
  /** Sequence number of the first event that does not fit. */
  readonly brokenAt?: number
  /** What that event says of itself, where it is still there: where to begin to look. */
  readonly broken?: { readonly type: string; readonly at: string; readonly actor: string }
  /**
   * `chain`: a hash does not follow from the one before it. `company-log`: the company's own log tells of another event, or of one that is
   * not there. `sealed-log`: the sealed event log tells another story. `sealed-log-missing`: it should be in the store and is not, or cannot be read.
   */
  readonly reason?: 'chain' | 'company-log' | 'sealed-log' | 'sealed-log-missing'
  /** Its head was held against the sealed log too. */
  readonly sealed: boolean
}

/**
 * Recomputes the event log of a request from the database and holds it against two witnesses: the company's own event log, which names each
 * event with its hash and whose heads are written down outside the database, and the sealed log in the file store.
 * @throws Fault SIGNATURES-REQUEST-UNKNOWN (404)
 */
export async function verifyRequestLog(host: Host, transaction: CompanyTransaction, requestId: string): Promise<LogCheck> {
  const request = await readRequest(transaction, requestId)
  const events = await readEvents(transaction, requestId)
  const common = { requestId, number: request.number, events: events.length }
  const bad = (reason: NonNullable<LogCheck['reason']>, brokenAt: number): LogCheck => {
    const event = reason === 'sealed-log-missing' ? undefined : events.find(({ sequence }) => sequence === brokenAt)
    const broken = event === undefined ? {} : { broken: { type: event.type, at: event.at.toISOString(), actor: event.actor.name } }
    return { ...common, intact: false, reason, brokenAt, ...broken, sealed: false }
  }
  const chain = brokenEvent(events)
  if (chain !== undefined) return bad('chain', chain)
  const company = await differsFromCompanyLog(transaction, requestId, events)
  if (company !== undefined) return bad('company-log', company)
  if (request.eventLogSha256 === null) return { ...common, intact: true, sealed: false }
  // Files that the retention rule deleted are no proof any more; that they were deleted stands in the log itself.
  if (events.some((event) => event.type === 'files_deleted')) return { ...common, intact: true, sealed: false }
  const sealed = await sealedLines(host, transaction, request.eventLogSha256)
  if (sealed === undefined) return bad('sealed-log-missing', 1)
  if (eventLines(events).subarray(0, sealed.length).equals(sealed)) return { ...common, intact: true, sealed: true }
  return bad('sealed-log', firstDifference(events, sealed))
}

/** Both ways: every event stands in the company's log with its hash, and every one named there stands here. */
async function differsFromCompanyLog(
  transaction: CompanyTransaction,
  requestId: string,
  events: readonly RequestEvent[],
): Promise<number | undefined> {
  const rows = await transaction
    .knex<{
      company_id: string
      subject_type: string
      subject_id: string
      sequence: number
      facts: { sequence?: unknown; hash?: unknown } | null
    }>('core_audit_event')
    .where({ company_id: transaction.companyId, subject_type: 'signatures.request', subject_id: requestId })
    .whereRaw(String.raw`facts \? 'hash'`)
    .orderBy('sequence')
    .select('facts')
  const told = new Map<number, unknown>()
  for (const { facts } of rows) if (typeof facts?.sequence === 'number') told.set(facts.sequence, facts.hash)
  for (const event of events) if (told.get(event.sequence) !== event.hash.toString('hex')) return event.sequence
  const beyond = [...told.keys()].filter((sequence) => sequence > events.length).sort((a, b) => a - b)
  return beyond[0]
}

async function sealedLines(host: Host, transaction: CompanyTransaction, sha256: string): Promise<Buffer | undefined> {
  try {
    const { bytes } = await host.files.get(transaction, sha256)
    return embeddedFiles(bytes).get(logFileName)
  } catch (error) {
    if (error instanceof MalformedPdf || (error instanceof Fault && error.code.startsWith('FILE-'))) return undefined
    throw error
  }
}

function firstDifference(events: readonly RequestEvent[], sealed: Buffer): number {
  const lines = sealed.toString('utf8').split('\n').slice(0, -1)
  const at = lines.findIndex((line, index) => {
    const event = events[index]
    return event === undefined || eventLine(event) !== line
  })
  return at + 1
}

/** Requests of the company, oldest first. */
export async function requestsWithLogs(transaction: CompanyTransaction): Promise<readonly string[]> {
  const rows = await transaction
    .knex<{ company_id: string; id: string; created_at: Date }>('signatures_request')
    .where({ company_id: transaction.companyId })
    .orderBy('created_at')
    .select('id')
  return rows.map((row) => row.id)
}

/** Requests of which the company's log tells and that are no longer in the database. */
export async function lostRequests(transaction: CompanyTransaction): Promise<readonly string[]> {
  const { rows } = await transaction.knex.raw<{ rows: { subject_id: string }[] }>(
    `select distinct event.subject_id from core_audit_event event
      where event.company_id = :companyId and event.subject_type = 'signatures.request' and event.facts \\? 'hash'
        and not exists (select 1 from signatures_request request where request.company_id = :companyId and request.id::text = event.subject_id)
      order by 1`,
    { companyId: transaction.companyId },
  )
  return rows.map((row) => row.subject_id)
}
