import type { CompanyTransaction } from '../../../core/db/database.js'

/** A row of compliance_egypt_receipt. */
export interface ReceiptRow {
  readonly invoiceId: string
  readonly deviceSerial: string
  readonly uuid: string
  readonly previousUuid: string
  /** `s`, `r`, `RWR`, or of a trade's pair. */
  readonly receiptType: string
  readonly referenceUuid: string | null
  readonly referenceOldUuid: string | null
  readonly issuedAt: Date
  /** The authority's name of the submission that took it. */
  readonly submissionUuid: string | null
  /** When its bytes first left; null: the authority cannot know it. */
  readonly sentAt: Date | null
}

export type NewReceipt = Omit<ReceiptRow, 'submissionUuid' | 'sentAt'>

const columns = `invoice_id as "invoiceId", device_serial as "deviceSerial", uuid, previous_uuid as "previousUuid", receipt_type as "receiptType",
  reference_uuid as "referenceUuid", reference_old_uuid as "referenceOldUuid", issued_at as "issuedAt", submission_uuid as "submissionUuid", sent_at as "sentAt"`

export async function insertReceipts(transaction: CompanyTransaction, rows: readonly NewReceipt[]): Promise<void> {
  if (rows.length === 0) return
  await transaction.knex('compliance_egypt_receipt').insert(
    rows.map((row) => ({
      company_id: transaction.companyId,
      invoice_id: row.invoiceId,
      device_serial: row.deviceSerial,
      uuid: row.uuid,
      previous_uuid: row.previousUuid,
      receipt_type: row.receiptType,
      reference_uuid: row.referenceUuid,
      reference_old_uuid: row.referenceOldUuid,
      issued_at: row.issuedAt,
    })),
  )
}

export async function receiptsOf(transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<Map<string, ReceiptRow>> {
  const { rows } = await transaction.knex.raw<{ rows: ReceiptRow[] }>(
    `select ${columns} from compliance_egypt_receipt where company_id = ? and invoice_id = any(?::uuid[])`,
    [transaction.companyId, [...invoiceIds]],
  )
  return new Map(rows.map((row) => [row.invoiceId, row]))
}

/** A filed receipt by the number on it, with how it stands. */
export interface FiledReceipt extends ReceiptRow {
  readonly number: string
  readonly state: string
  /** Number of the receipt that corrects it. */
  readonly correctedBy: string | null
}

export async function filedReceipts(transaction: CompanyTransaction, numbers: readonly string[]): Promise<Map<string, FiledReceipt>> {
  if (numbers.length === 0) return new Map()
  const { rows } = await transaction.knex.raw<{ rows: FiledReceipt[] }>(
    `select r.invoice_id as "invoiceId", r.device_serial as "deviceSerial", r.uuid, r.previous_uuid as "previousUuid",
       r.reference_uuid as "referenceUuid", r.reference_old_uuid as "referenceOldUuid", r.issued_at as "issuedAt",
       r.submission_uuid as "submissionUuid", r.sent_at as "sentAt", d.number, d.state, r.receipt_type as "receiptType",
       (select cd.number from compliance_egypt_receipt c
          join compliance_document cd on cd.company_id = c.company_id and cd.invoice_id = c.invoice_id
         where c.company_id = r.company_id and c.reference_old_uuid = r.uuid limit 1) as "correctedBy"
     from compliance_egypt_receipt r join compliance_document d on d.company_id = r.company_id and d.invoice_id = r.invoice_id
     where r.company_id = ? and d.number = any(?::text[])`,
    [transaction.companyId, [...new Set(numbers)]],
  )
  return new Map(rows.map((row) => [row.number, row]))
}

/** Keeps the submission's name for those it took, so that it is asked before anything goes a second time. */
export async function rememberSubmission(
  transaction: CompanyTransaction,
  invoiceIds: readonly string[],
  submissionUuid: string,
): Promise<void> {
  await transaction
    .knex('compliance_egypt_receipt')
    .where({ company_id: transaction.companyId })
    .whereIn('invoice_id', [...invoiceIds])
    .update({ submission_uuid: submissionUuid })
}

/** Written before the bytes leave. */
export async function markSent(transaction: CompanyTransaction, invoiceIds: readonly string[], now: Date): Promise<void> {
  await transaction
    .knex('compliance_egypt_receipt')
    .where({ company_id: transaction.companyId })
    .whereIn('invoice_id', [...invoiceIds])
    .whereNull('sent_at')
    .update({ sent_at: now })
}

/**
 * Of these uuids, those the authority has not been heard to have: not taken by a submission and without an answer. Whoever follows one of
 * them waits, for the authority would know nothing of the receipt before it.
 */
export async function unheardOf(transaction: CompanyTransaction, uuids: readonly string[]): Promise<Set<string>> {
  const { rows } = await transaction.knex.raw<{ rows: { uuid: string }[] }>(
    `select r.uuid from compliance_egypt_receipt r
       join compliance_document d on d.company_id = r.company_id and d.invoice_id = r.invoice_id
     where r.company_id = ? and r.uuid = any(?::text[]) and r.submission_uuid is null and d.state in ('prepared', 'signed', 'submitted')`,
    [transaction.companyId, [...uuids]],
  )
  return new Set(rows.map((row) => row.uuid))
}

/** Receipts without an answer among those of these names, or of these submissions: their invoices. */
export async function openReceipts(
  transaction: CompanyTransaction,
  uuids: readonly string[],
  submissions: readonly string[],
): Promise<string[]> {
  if (uuids.length + submissions.length === 0) return []
  const { rows } = await transaction.knex.raw<{ rows: { invoiceId: string }[] }>(
    `select r.invoice_id as "invoiceId" from compliance_egypt_receipt r
       join compliance_document d on d.company_id = r.company_id and d.invoice_id = r.invoice_id
     where r.company_id = ? and (r.uuid = any(?::text[]) or r.submission_uuid = any(?::text[])) and d.answered_at is null`,
    [transaction.companyId, [...uuids], [...submissions]],
  )
  return rows.map((row) => row.invoiceId)
}
