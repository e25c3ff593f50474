import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Audit } from '../../../core/audit/audit.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { InvoiceDocument } from '../document.js'

/**
 * Sets posted credit notes off against the open amount of their originals, as far as it goes; what is left of a note stays to be
 * paid out. `originalIds` stand in the order of the documents; the originals are locked already.
 */
export async function settleByNotes(
  transaction: CompanyTransaction,
  context: CompanyContext,
  audit: Audit,
  documents: readonly InvoiceDocument[],
  originalIds: readonly (string | null)[],
): Promise<void> {
  for (const [index, note] of documents.entries()) {
    const originalId = originalIds[index]
    if (note.type !== 'credit_note' || originalId === null || originalId === undefined) continue
    const { rows } = await transaction.knex.raw<{ rows: { amount: string }[] }>(
      `with amounts as (
         select least(o.payable - o.settled, cast(:note as numeric)) as amount from invoicing_invoice o
          where o.company_id = :companyId and o.id = :originalId and o.payable > o.settled
       ), allocated as (
         insert into invoicing_allocation (company_id, id, invoice_id, credit_note_id, amount)
         select cast(:companyId as uuid), cast(:id as uuid), cast(:originalId as uuid), cast(:noteId as uuid), amount from amounts
       ), settled as (
         update invoicing_invoice i set settled = i.settled + a.amount, updated_at = now() from amounts a
          where i.company_id = :companyId and i.id in (:originalId, :noteId)
       )
       select amount::text as amount from amounts`,
      { companyId: transaction.companyId, id: randomUUID(), originalId, noteId: note.id, note: note.totals.payable },
    )
    const [row] = rows
    if (row === undefined) continue
    audit.record(transaction, context, {
      action: 'invoice.credited',
      subject: { type: 'invoicing.invoice', id: originalId },
      facts: { by: note.number, amount: row.amount, currency: note.currency },
    })
  }
}
