import type { CompanyTransaction } from '../../../core/db/database.js'
import type { PrintState } from './print.js'

/** Where the final PDFs of several invoices stand; those no job has come to are left out. */
export async function printStatesOf(transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<Map<string, PrintState>> {
  if (invoiceIds.length === 0) return new Map()
  const { rows } = await transaction.knex.raw<{ rows: (PrintState & { invoiceId: string })[] }>(
    `select invoice_id as "invoiceId", state, sha256, level, fault from invoicing_print where company_id = ? and invoice_id = any(?::uuid[])`,
    [transaction.companyId, [...invoiceIds]],
  )
  return new Map(rows.map(({ invoiceId, ...state }) => [invoiceId, state]))
}
