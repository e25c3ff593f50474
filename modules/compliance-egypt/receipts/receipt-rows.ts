import type { CompanyTransaction } from '../../../core/db/database.js'

/** A row of compliance_egypt_receipt. */
export interface ReceiptRow {
  readonly invoiceId: string
  readonly deviceSerial: string
  readonly uuid: string
  readonly previousUuid: string
  readonly referenceUuid: string | null
  readonly referenceOldUuid: string | null
  readonly issuedAt: Date
  /** The authority's name of the submission that took it. */
  readonly submissionUuid: string | null
}

const columns = `invoice_id as "invoiceId", device_serial as "deviceSerial", uuid, previous_uuid as "previousUuid",
  reference_uuid as "referenceUuid", reference_old_uuid as "referenceOldUuid", issued_at as "issuedAt", submission_uuid as "submissionUuid"`

export async function insertReceipts(transaction: CompanyTransaction, rows: readonly Omit<ReceiptRow, 'submissionUuid'>[]): Promise<void> {
  if (rows.length === 0) return
  await transaction.knex('compliance_egypt_receipt').insert(
    rows.map((row) => ({
      company_id: transaction.companyId,
      invoice_id: row.invoiceId,
      device_serial: row.deviceSerial,
      uuid: row.uuid,
      previous_uuid: row.previousUuid,
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
}

export async function filedReceipts(transaction: CompanyTransaction, numbers: readonly string[]): Promise<Map<string, FiledReceipt>> {
  if (numbers.length === 0) return new Map()
  const { rows } = await transaction.knex.raw<{ rows: FiledReceipt[] }>(
    `select r.invoice_id as "invoiceId", r.device_serial as "deviceSerial", r.uuid, r.previous_uuid as "previousUuid",
       r.reference_uuid as "referenceUuid", r.reference_old_uuid as "referenceOldUuid", r.issued_at as "issuedAt",
       r.submission_uuid as "submissionUuid", d.number, d.state
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
