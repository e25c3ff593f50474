import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { add, compare, subtract } from '../../../core/money/decimal-text.js'
import type { InvoiceDocument } from '../document.js'

/** A posted document that notes refer to, locked, with what may still be credited of it. */
export interface Original {
  readonly id: string
  readonly number: string
  readonly type: InvoiceDocument['type']
  readonly state: string
  readonly currency: string
  readonly issueDate: string
  /** Total minus the credit notes posted against it; goes down as notes of this transaction are accepted. */
  creditable: string
}

/** Finds the originals of notes by number and locks their rows, so that two notes never credit the same rest. */
export async function lockOriginals(transaction: CompanyTransaction, numbers: readonly string[]): Promise<Map<string, Original>> {
  const originals = new Map<string, Original>()
  if (numbers.length === 0) return originals
  const { rows } = await transaction.knex.raw<{
    rows: { id: string; number: string; type: Original['type']; state: string; currency: string; issue_date: string; total: string }[]
  }>(
    `select id, number, type, state, currency, issue_date::text as issue_date, total::text as total from invoicing_invoice
      where company_id = ? and number = any(?) order by id for update`,
    [transaction.companyId, [...numbers]],
  )
  if (rows.length === 0) return originals
  // A statement of its own, after the lock: it sees the notes of whoever held the rows before.
  const credited = await transaction.knex.raw<{ rows: { refers_to_id: string; credited: string }[] }>(
    `select refers_to_id, sum(total)::text as credited from invoicing_invoice
      where company_id = ? and refers_to_id = any(?) and type = 'credit_note' and state = 'posted' group by refers_to_id`,
    [transaction.companyId, rows.map((row) => row.id)],
  )
  const byOriginal = new Map(credited.rows.map((row) => [row.refers_to_id, row.credited]))
  for (const row of rows) {
    originals.set(row.number, {
      id: row.id,
      number: row.number,
      type: row.type,
      state: row.state,
      currency: row.currency,
      issueDate: row.issue_date,
      creditable: subtract(row.total, byOriginal.get(row.id) ?? '0'),
    })
  }
  return originals
}

/**
 * Objections to a note against its original; takes the note's total off the rest when there are none.
 * @param again what an earlier note had taken off, in whose place this one stands
 */
export function chargeOriginal(document: InvoiceDocument, original: Original, again = '0'): FaultDetail[] {
  const params = { number: original.number }
  if (original.type === 'credit_note') return [{ code: 'INVOICE-REFERENCE-TYPE', path: 'refersTo', params }]
  if (original.state !== 'posted') return [{ code: 'INVOICE-REFERENCE-CANCELLED', path: 'refersTo', params }]
  if (original.currency !== document.currency) {
    return [{ code: 'INVOICE-REFERENCE-CURRENCY', path: 'currency', params: { ...params, currency: original.currency } }]
  }
  if (document.issueDate < original.issueDate) {
    return [{ code: 'INVOICE-REFERENCE-LATER', path: 'issueDate', params: { ...params, date: original.issueDate } }]
  }
  if (document.type !== 'credit_note') return []
  const rest = add(original.creditable, again)
  if (compare(document.totals.taxInclusive, rest) > 0) {
    return [{ code: 'INVOICE-CREDIT-ABOVE', path: 'lines', params: { ...params, rest, currency: original.currency } }]
  }
  original.creditable = subtract(rest, document.totals.taxInclusive)
  return []
}

/** Gives back what a refused note had taken off; `again` as it was charged. */
export function releaseOriginal(document: InvoiceDocument, original: Original, again = '0'): void {
  if (document.type === 'credit_note') original.creditable = subtract(add(original.creditable, document.totals.taxInclusive), again)
}
