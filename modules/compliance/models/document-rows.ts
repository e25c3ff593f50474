import { canonicalJson } from '../../../core/audit/canonical-json.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { EDocumentState } from '../regime.js'

/** A row of compliance_document. Times are UTC instants. */
export interface DocumentRow {
  readonly id: string
  readonly invoiceId: string
  readonly number: string
  readonly regime: string
  readonly kind: string
  readonly uuid: string
  readonly state: Exclude<EDocumentState, 'not_required'>
  readonly chain: string | null
  readonly counter: number | null
  readonly previousHash: string | null
  readonly hash: string
  readonly payloadSha256: string
  readonly payloadType: string
  readonly legalSha256: string | null
  readonly legalType: string | null
  readonly legalExtension: string | null
  readonly copySha256: string | null
  readonly qr: string | null
  readonly signedAt: Date | null
  readonly attempts: number
  readonly firstSentAt: Date | null
  readonly lastSentAt: Date | null
  readonly nextTryAt: Date | null
  readonly deadlineAt: Date | null
  readonly answeredAt: Date | null
  readonly answerStatus: number | null
  readonly answerBody: string | null
  readonly authorityReference: string | null
  readonly faults: readonly FaultDetail[]
  readonly lastError: FaultDetail | null
  readonly createdAt: Date
}

const columns = `id, invoice_id as "invoiceId", number, regime, kind, uuid, state, chain, counter::float8 as counter, previous_hash as "previousHash",
  hash, payload_sha256 as "payloadSha256", payload_type as "payloadType", legal_sha256 as "legalSha256", legal_type as "legalType",
  legal_extension as "legalExtension", copy_sha256 as "copySha256", qr, signed_at as "signedAt", attempts, first_sent_at as "firstSentAt",
  last_sent_at as "lastSentAt", next_try_at as "nextTryAt", deadline_at as "deadlineAt", answered_at as "answeredAt",
  answer_status as "answerStatus", answer_body as "answerBody", authority_reference as "authorityReference", faults,
  last_error as "lastError", created_at as "createdAt"`

async function query(transaction: CompanyTransaction, where: string, ids: readonly string[]): Promise<DocumentRow[]> {
  const { rows } = await transaction.knex.raw<{ rows: DocumentRow[] }>(
    `select ${columns} from compliance_document where company_id = ? and ${where}`,
    [transaction.companyId, [...ids]],
  )
  return rows
}

/** In the order of the ids; invoices without an e-document are left out. */
export async function rowsOfInvoices(transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<DocumentRow[]> {
  if (invoiceIds.length === 0) return []
  const place = new Map(invoiceIds.map((id, index) => [id, index]))
  const rows = await query(transaction, 'invoice_id = any(?::uuid[])', invoiceIds)
  return rows.sort((one, other) => (place.get(one.invoiceId) ?? 0) - (place.get(other.invoiceId) ?? 0))
}

export async function rowOfInvoice(transaction: CompanyTransaction, invoiceId: string): Promise<DocumentRow | undefined> {
  return (await rowsOfInvoices(transaction, [invoiceId]))[0]
}

export interface NewRow {
  readonly invoice_id: string
  readonly number: string
  readonly regime: string
  readonly kind: string
  readonly uuid: string
  readonly chain: string | null
  readonly counter: number | null
  readonly previous_hash: string | null
  readonly hash: string
  readonly payload_sha256: string
  readonly payload_type: string
  readonly deadline_at: string | null
  readonly created_at: string
}

export async function insertRows(transaction: CompanyTransaction, rows: readonly NewRow[]): Promise<void> {
  await transaction.knex.raw(
    `insert into compliance_document (company_id, state, invoice_id, number, regime, kind, uuid, chain, counter, previous_hash, hash,
       payload_sha256, payload_type, deadline_at, created_at)
     select ?, 'prepared', invoice_id, number, regime, kind, uuid, chain, counter, previous_hash, hash, payload_sha256, payload_type, deadline_at, created_at
     from jsonb_to_recordset(?::jsonb) as new (invoice_id uuid, number text, regime text, kind text, uuid uuid, chain text, counter bigint,
       previous_hash text, hash text, payload_sha256 text, payload_type text, deadline_at timestamptz, created_at timestamptz)`,
    [transaction.companyId, JSON.stringify(rows)],
  )
}

export interface SignedRow {
  readonly invoice_id: string
  readonly legal_sha256: string
  readonly legal_type: string
  readonly legal_extension: string
  readonly qr: string | null
}

/** Only rows still waiting for their signature change: whoever comes second changes nothing. @returns invoices that were signed now */
export async function markSigned(transaction: CompanyTransaction, rows: readonly SignedRow[], now: Date): Promise<string[]> {
  const { rows: changed } = await transaction.knex.raw<{ rows: { invoiceId: string }[] }>(
    `update compliance_document as document set state = 'signed', signed_at = ?, legal_sha256 = new.legal_sha256, legal_type = new.legal_type,
       legal_extension = new.legal_extension, request_sha256 = new.legal_sha256, qr = new.qr, last_error = null, next_try_at = null
     from jsonb_to_recordset(?::jsonb) as new (invoice_id uuid, legal_sha256 text, legal_type text, legal_extension text, qr text)
     where document.company_id = ? and document.invoice_id = new.invoice_id and document.state = 'prepared'
     returning document.invoice_id as "invoiceId"`,
    [now, JSON.stringify(rows), transaction.companyId],
  )
  return changed.map((row) => row.invoiceId)
}

/**
 * Takes documents for sending: one attempt more, and nobody else sends them for the time of the lease. The hash of what is sent is
 * in the row since it was signed. The lease runs by the database's clock, which is one for all hosts: a host whose own clock is ahead
 * would else take what another is sending. `now` is only written down.
 */
export async function claimForSending(
  transaction: CompanyTransaction,
  invoiceIds: readonly string[],
  now: Date,
  leaseSeconds: number,
): Promise<DocumentRow[]> {
  const { rows } = await transaction.knex.raw<{ rows: DocumentRow[] }>(
    `update compliance_document set state = 'submitted', attempts = attempts + 1, last_sent_at = ?, first_sent_at = coalesce(first_sent_at, ?),
       claimed_until = clock_timestamp() + make_interval(secs => ?), next_try_at = null
     where company_id = ? and invoice_id = any(?::uuid[]) and state in ('signed', 'submitted')
       and (claimed_until is null or claimed_until <= clock_timestamp())
     returning ${columns}`,
    [now, now, leaseSeconds, transaction.companyId, [...invoiceIds]],
  )
  return rows
}

export interface AnsweredRow {
  readonly invoice_id: string
  readonly state: string
  readonly answer_status: number
  readonly answer_body: string
  readonly authority_reference: string | null
  readonly copy_sha256: string | null
  readonly qr: string | null
  readonly faults: readonly FaultDetail[]
}

/** @returns invoices whose state this changed (a second answer to the same document changes nothing) */
export async function recordAnswers(transaction: CompanyTransaction, rows: readonly AnsweredRow[], now: Date): Promise<Set<string>> {
  const { rows: changed } = await transaction.knex.raw<{ rows: { invoiceId: string }[] }>(
    `update compliance_document as document set state = new.state, answered_at = ?, answer_status = new.answer_status,
       answer_body = new.answer_body, authority_reference = new.authority_reference, copy_sha256 = new.copy_sha256,
       qr = coalesce(new.qr, document.qr), faults = new.faults, last_error = null, claimed_until = null, next_try_at = null
     from jsonb_to_recordset(?::jsonb) as new (invoice_id uuid, state text, answer_status int, answer_body text, authority_reference text,
       copy_sha256 text, qr text, faults jsonb)
     where document.company_id = ? and document.invoice_id = new.invoice_id and document.state in ('signed', 'submitted')
     returning document.invoice_id as "invoiceId"`,
    // An authority's words are not ours: what no row could hold is replaced, for one such answer must not keep the others from being written.
    [now, canonicalJson(rows), transaction.companyId],
  )
  return new Set(changed.map((row) => row.invoiceId))
}

export interface FailedRow {
  readonly invoice_id: string
  /** `signed` when the authority surely does not have it, `submitted` when nobody knows, `prepared` while it is not signed. */
  readonly state: 'prepared' | 'signed' | 'submitted'
  readonly last_error: FaultDetail
  /** Null: nobody tries by himself. */
  readonly next_try_at: string | null
  /** A person decides whether it is tried again. */
  readonly held?: boolean
  /** Of which try this is the end: once another has taken the document, what a late one says neither ends that claim nor hides its state. */
  readonly attempts?: number
}

export async function recordFailures(transaction: CompanyTransaction, rows: readonly FailedRow[]): Promise<void> {
  await transaction.knex.raw(
    `update compliance_document as document set state = new.state, last_error = new.last_error, next_try_at = new.next_try_at, claimed_until = null,
       held = coalesce(new.held, false)
     from jsonb_to_recordset(?::jsonb) as new (invoice_id uuid, state text, last_error jsonb, next_try_at timestamptz, held boolean,
       attempts int)
     where document.company_id = ? and document.invoice_id = new.invoice_id and document.state in ('prepared', 'signed', 'submitted')
       and document.attempts = coalesce(new.attempts, document.attempts)`,
    [canonicalJson(rows), transaction.companyId],
  )
}

/** What is left of a claim, by the clock that it was given by. */
const claimedSeconds = `greatest(extract(epoch from claimed_until - clock_timestamp()), 0)::float8`

/**
 * A person asks for another try now. Who is sending it at this moment is not disturbed: the same bytes never go out twice at once.
 * @returns seconds until it may be tried at the earliest (0: now); undefined when there is nothing to try
 */
export async function clearWait(transaction: CompanyTransaction, invoiceId: string): Promise<number | undefined> {
  const { rows } = await transaction.knex.raw<{ rows: { seconds: number }[] }>(
    `update compliance_document set next_try_at = null, held = false
     where company_id = ? and invoice_id = ? and state in ('prepared', 'signed', 'submitted')
     returning coalesce(${claimedSeconds}, 0) as seconds`,
    [transaction.companyId, invoiceId],
  )
  return rows[0]?.seconds
}

/** Ends a document nobody has signed: it is neither signed nor sent any more. @returns false when it is signed by now */
export async function withdraw(transaction: CompanyTransaction, invoiceId: string): Promise<boolean> {
  const changed = await transaction
    .knex('compliance_document')
    .where({ company_id: transaction.companyId, invoice_id: invoiceId, state: 'prepared', chain: null, attempts: 0 })
    .update({ state: 'withdrawn', next_try_at: null, held: false })
  return changed > 0
}

/** Of these, what somebody has taken for sending and not answered yet, with the seconds until it is given out again; longest first. */
export async function claimedNow(
  transaction: CompanyTransaction,
  invoiceIds: readonly string[],
): Promise<{ readonly invoiceId: string; readonly seconds: number }[]> {
  const { rows } = await transaction.knex.raw<{ rows: { invoiceId: string; seconds: number }[] }>(
    `select invoice_id as "invoiceId", ${claimedSeconds} as seconds from compliance_document
     where company_id = ? and invoice_id = any(?::uuid[]) and state = 'submitted' and claimed_until > clock_timestamp()
     order by claimed_until desc`,
    [transaction.companyId, [...invoiceIds]],
  )
  return rows
}

/** Documents that were left behind: no job would come for them, since their time to try has passed for long. */
export async function leftBehind(transaction: CompanyTransaction, before: Date, limit: number): Promise<string[]> {
  const { rows } = await transaction.knex.raw<{ rows: { invoiceId: string }[] }>(
    `select invoice_id as "invoiceId" from compliance_document
     where company_id = ? and state in ('prepared', 'signed', 'submitted') and not held
       and coalesce(next_try_at, last_sent_at, signed_at, created_at) < ? and (claimed_until is null or claimed_until < clock_timestamp())
     order by created_at limit ?`,
    [transaction.companyId, before, limit],
  )
  return rows.map((row) => row.invoiceId)
}

/** Documents without a signature that are not held, oldest first. */
export async function unsignedDocuments(transaction: CompanyTransaction, limit: number): Promise<string[]> {
  const rows = await transaction
    .knex('compliance_document')
    .where({ company_id: transaction.companyId, state: 'prepared', held: false })
    .orderBy('created_at')
    .limit(limit)
    .select<{ invoice_id: string }[]>('invoice_id')
  return rows.map((row) => row.invoice_id)
}

/** How many documents have no signature yet, and how many of them wait for a person to decide about another try. */
export async function countUnsigned({ knex, companyId }: CompanyTransaction): Promise<{ unsigned: number; refused: number }> {
  const { rows } = await knex.raw<{ rows: { unsigned: number; refused: number }[] }>(
    `select count(*)::int as unsigned, count(*) filter (where held)::int as refused from compliance_document
     where company_id = ? and state = 'prepared'`,
    [companyId],
  )
  return rows[0] ?? { unsigned: 0, refused: 0 }
}

/** Marks and returns documents that have used up the given share of the time the law gives, each once. */
export async function takeLate(
  transaction: CompanyTransaction,
  now: Date,
  share: number,
): Promise<{ invoiceId: string; number: string; deadlineAt: Date }[]> {
  const { rows } = await transaction.knex.raw<{ rows: { invoiceId: string; number: string; deadlineAt: Date }[] }>(
    `update compliance_document set warned_at = ?
     where company_id = ? and state in ('prepared', 'signed', 'submitted') and warned_at is null and deadline_at is not null
       and ?::timestamptz >= created_at + (deadline_at - created_at) * ?::float8
     returning invoice_id as "invoiceId", number, deadline_at as "deadlineAt"`,
    [now, transaction.companyId, now, share],
  )
  return rows
}

/** Nobody has signed it, it stands in no chain, and it has never left: only we know of it. */
export function isOursAlone(row: DocumentRow): boolean {
  return row.state === 'prepared' && row.chain === null && row.attempts === 0
}
