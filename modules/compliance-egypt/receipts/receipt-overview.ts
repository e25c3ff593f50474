import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'

export interface ReceiptsToday {
  /** Issued since midnight of the company's day, returns too; without those a correction stands for and others that were cancelled. */
  readonly count: number
  /** Sales less returns, in the company's currency. */
  readonly total: string
  /** Of all days: not yet answered by the authority. */
  readonly unsent: number
  /** Of all days: refused, and not corrected since. */
  readonly refused: number
}

/** Of a receipt the authority refused: nothing stands in its place yet. */
const uncorrected = `d.state = 'rejected' and not exists (select 1 from compliance_egypt_receipt c
  where c.company_id = r.company_id and c.reference_old_uuid = r.uuid)`
const joined = `compliance_egypt_receipt r
  join compliance_document d on d.company_id = r.company_id and d.invoice_id = r.invoice_id
  join invoicing_invoice i on i.company_id = r.company_id and i.id = r.invoice_id`

/** Each part begins where there is little to read: at the receipts of these hours, at what is unanswered, at what was rejected. */
export async function receiptsToday(transaction: CompanyTransaction, timeZone: string, now: Date): Promise<ReceiptsToday> {
  const { rows } = await transaction.knex.raw<{ rows: ReceiptsToday[] }>(
    `select today.count, today.total,
       (select count(*)::int from ${joined} where d.company_id = :companyId and d.answered_at is null) as unsent,
       (select count(*)::int from ${joined} where d.company_id = :companyId and ${uncorrected}) as refused
     from (select count(*)::int as count,
         coalesce(sum(case when i.type = 'credit_note' then -1 else 1 end * i.payable
           * coalesce(cast(i.document ->> 'exchangeRate' as numeric), 1)), 0)::text as total
       from compliance_egypt_receipt r join invoicing_invoice i on i.company_id = r.company_id and i.id = r.invoice_id
       where r.company_id = :companyId and i.state = 'posted'
         -- No day of a zone is longer; the bound lets an index be used.
         and r.issued_at between cast(:now as timestamptz) - interval '26 hours' and cast(:now as timestamptz) + interval '26 hours'
         and date(r.issued_at at time zone :timeZone) = date(cast(:now as timestamptz) at time zone :timeZone)) as today`,
    { companyId: transaction.companyId, timeZone, now: now.toISOString() },
  )
  return rows[0] ?? { count: 0, total: '0', unsent: 0, refused: 0 }
}

export interface ShownReceipt {
  readonly invoiceId: string
  readonly number: string
  readonly deviceSerial: string
  readonly receiptType: string
  readonly uuid: string
  readonly issuedAt: Date
  readonly total: string
  readonly currency: string
  readonly state: string
  /** Why it was refused. */
  readonly faults: readonly FaultDetail[]
  /** Why it waits. */
  readonly lastError: FaultDetail | null
  readonly refused: boolean
}

/** What needs a person first, then the newest. */
export async function lastReceipts(transaction: CompanyTransaction, most: number): Promise<ShownReceipt[]> {
  const { rows } = await transaction.knex.raw<{ rows: ShownReceipt[] }>(
    `select r.invoice_id as "invoiceId", d.number, r.device_serial as "deviceSerial", r.receipt_type as "receiptType", r.uuid,
       r.issued_at as "issuedAt", i.payable::text as total, i.currency, d.state, d.faults, d.last_error as "lastError",
       (${uncorrected}) as refused
     from ${joined}
     where r.company_id = :companyId and r.invoice_id in (
       select d.invoice_id from ${joined} where d.company_id = :companyId and ${uncorrected}
       union all (select invoice_id from compliance_egypt_receipt
         where company_id = :companyId order by issued_at desc fetch first :most rows with ties))
     order by refused desc, r.issued_at desc, d.counter desc nulls last, r.uuid limit :most`,
    { companyId: transaction.companyId, most },
  )
  return rows
}

/** Receipts per point of sale that the authority has not answered. */
export async function unsentByDevice(transaction: CompanyTransaction): Promise<Map<string, number>> {
  const { rows } = await transaction.knex.raw<{ rows: { serial: string; count: number }[] }>(
    `select r.device_serial as serial, count(*)::int as count from ${joined}
     where d.company_id = ? and d.answered_at is null group by r.device_serial`,
    [transaction.companyId],
  )
  return new Map(rows.map((row) => [row.serial, row.count]))
}
