import { storableText } from '../../../core/audit/canonical-json.js'
import type { CompanyTransaction } from '../../../core/db/database.js'

export const etaStatuses = ['Submitted', 'Valid', 'Invalid', 'Rejected', 'Cancelled'] as const
export type EtaStatus = (typeof etaStatuses)[number]

/** The authority's word in whatever case it comes; undefined for one that is not known. */
export function statusOf(word: string | null | undefined): EtaStatus | undefined {
  return etaStatuses.find((one) => one.toLowerCase() === word?.toLowerCase())
}

/** A row of compliance_egypt_submission. */
export interface EtaSubmission {
  readonly invoiceId: string
  readonly internalId: string
  /** `i`, `c`, `ei`, …, as the authority names its document types. */
  readonly type: string
  readonly signatureSha256: string
  readonly submissionUuid: string | null
  readonly documentUuid: string | null
  readonly longId: string | null
  readonly hashKey: string | null
  readonly status: EtaStatus | 'sending'
  readonly statusReason: string | null
  readonly correlationId: string | null
  readonly firstSentAt: Date
  readonly sentAt: Date
  readonly receivedAt: Date | null
  readonly cancelAskedAt: Date | null
  readonly rejectAskedAt: Date | null
  readonly declinedAt: Date | null
  readonly checkedAt: Date | null
  /**
   * Until it may be sent again, by the database's clock; below 0 when that time is past. Meanwhile the authority may have it without
   * showing it: it is asked for, and not sent.
   */
  readonly sendAgainSeconds: number | null
}

const columns = `invoice_id as "invoiceId", internal_id as "internalId", document_type as type, signature_sha256 as "signatureSha256",
  submission_uuid as "submissionUuid", document_uuid as "documentUuid", long_id as "longId", hash_key as "hashKey", status,
  status_reason as "statusReason", correlation_id as "correlationId", first_sent_at as "firstSentAt", sent_at as "sentAt",
  received_at as "receivedAt", cancel_asked_at as "cancelAskedAt", reject_asked_at as "rejectAskedAt", declined_at as "declinedAt",
  checked_at as "checkedAt", extract(epoch from send_again_at - clock_timestamp())::float8 as "sendAgainSeconds"`

async function query(
  transaction: CompanyTransaction,
  where: string,
  values: readonly (string | Date | string[])[],
): Promise<EtaSubmission[]> {
  const { rows } = await transaction.knex.raw<{ rows: EtaSubmission[] }>(
    `select ${columns} from compliance_egypt_submission where company_id = ? and ${where}`,
    [transaction.companyId, ...values],
  )
  return rows
}

export function submissionsOf(transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<EtaSubmission[]> {
  return query(transaction, 'invoice_id = any(?::uuid[])', [[...invoiceIds]])
}

export async function submissionOf(transaction: CompanyTransaction, invoiceId: string): Promise<EtaSubmission | undefined> {
  return (await submissionsOf(transaction, [invoiceId]))[0]
}

export async function submissionByDocument(transaction: CompanyTransaction, documentUuid: string): Promise<EtaSubmission | undefined> {
  return (await query(transaction, 'document_uuid = ?', [documentUuid]))[0]
}

/** Sent, and not known at the authority by name yet: a notification may be about one of them. */
export async function submissionByInternalId(transaction: CompanyTransaction, internalId: string): Promise<EtaSubmission | undefined> {
  return (await query(transaction, 'internal_id = ?', [internalId]))[0]
}

/** Documents whose fate may still change: valid ones since then. */
export function changeableSince(transaction: CompanyTransaction, since: Date): Promise<EtaSubmission[]> {
  return query(transaction, `status in ('Valid', 'Cancelled', 'Rejected') and sent_at >= ?`, [since])
}

/**
 * Written before anything is sent: from here on the authority can be asked for it. A document that another worker sent a moment ago, and
 * whose fate is not known yet, is not given out a second time, whatever its lease says. The wait runs by the database's clock, which is one for all hosts; `now` is only written down.
 * @returns invoices that may be sent now
 */
export async function claimSending(
  transaction: CompanyTransaction,
  rows: readonly { readonly invoiceId: string; readonly type: string; readonly internalId: string; readonly signatureSha256: string }[],
  now: Date,
  sendAgainSeconds: number,
): Promise<ReadonlySet<string>> {
  const { rows: claimed } = await transaction.knex.raw<{ rows: { invoiceId: string }[] }>(
    `insert into compliance_egypt_submission as known
       (company_id, invoice_id, document_type, internal_id, signature_sha256, status, first_sent_at, sent_at, send_again_at)
     select ?, "invoiceId", type, "internalId", "signatureSha256", 'sending', ?, ?, clock_timestamp() + make_interval(secs => ?)
     from jsonb_to_recordset(?::jsonb) as new ("invoiceId" uuid, type text, "internalId" text, "signatureSha256" text)
     on conflict (company_id, invoice_id) do update set sent_at = excluded.sent_at, send_again_at = excluded.send_again_at
       where known.send_again_at is null or known.send_again_at <= clock_timestamp()
     returning invoice_id as "invoiceId"`,
    [transaction.companyId, now, now, sendAgainSeconds, JSON.stringify(rows)],
  )
  return new Set(claimed.map((row) => row.invoiceId))
}

/** In how many seconds these may be sent again: null once it is certain that the authority did not take them. */
export async function setSendAgain(transaction: CompanyTransaction, invoiceIds: readonly string[], seconds: number | null): Promise<void> {
  await transaction
    .knex('compliance_egypt_submission')
    .where({ company_id: transaction.companyId })
    .whereIn('invoice_id', [...invoiceIds])
    .update({ send_again_at: seconds === null ? null : transaction.knex.raw('clock_timestamp() + make_interval(secs => ?)', [seconds]) })
}

export type SubmissionChanges = Partial<
  Pick<
    EtaSubmission,
    | 'submissionUuid'
    | 'documentUuid'
    | 'longId'
    | 'hashKey'
    | 'status'
    | 'statusReason'
    | 'correlationId'
    | 'receivedAt'
    | 'cancelAskedAt'
    | 'rejectAskedAt'
    | 'declinedAt'
    | 'checkedAt'
  >
>

const columnOf: Readonly<Record<keyof SubmissionChanges, string>> = {
  submissionUuid: 'submission_uuid',
  documentUuid: 'document_uuid',
  longId: 'long_id',
  hashKey: 'hash_key',
  status: 'status',
  statusReason: 'status_reason',
  correlationId: 'correlation_id',
  receivedAt: 'received_at',
  cancelAskedAt: 'cancel_asked_at',
  rejectAskedAt: 'reject_asked_at',
  declinedAt: 'declined_at',
  checkedAt: 'checked_at',
}

export async function updateSubmission(transaction: CompanyTransaction, invoiceId: string, changes: SubmissionChanges): Promise<void> {
  const row = Object.fromEntries(
    Object.entries(changes).map(([name, value]) => [
      columnOf[name as keyof SubmissionChanges], // names are the type's own
      // The authority's words, as a row can hold them.
      typeof value === 'string' ? storableText(value) : value,
    ]),
  )
  await transaction.knex('compliance_egypt_submission').where({ company_id: transaction.companyId, invoice_id: invoiceId }).update(row)
}
