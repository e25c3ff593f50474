import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { compare, subtract, sum } from '../../../core/money/decimal-text.js'
import { moveSettled } from './payments.js'
import { documentOf, summaryOf } from './read-invoices.js'

/**
 * Cancels a posted invoice that nothing was paid on and that nobody (an accepted e-document) objects to. Its number stays taken. What a
 * credit note had set off is open again on its original.
 * @throws Fault INVOICE-UNKNOWN, INVOICE-NOT-POSTED, INVOICE-CANCEL-REASON, INVOICE-CANCEL-PAID, and objections of `invoice.cancel`
 */
export async function cancelInvoice(host: Host, context: CompanyContext, id: string, reason: string): Promise<void> {
  if (reason.trim() === '') throw new Fault('INVOICE-CANCEL-REASON', { path: 'reason' })
  await host.modules.requireHealthy(context.companyId)
  await host.db.company(context.companyId, async (transaction) => {
    await lockWithOriginal(transaction, id)
    const summary = await summaryOf(transaction, id)
    if (summary.state !== 'posted') throw new Fault('INVOICE-NOT-POSTED', { status: 409 })
    const document = await documentOf(transaction, id)
    const notes: unknown[] = await transaction
      .knex('invoicing_invoice')
      .where({ company_id: transaction.companyId, refers_to_id: id, state: 'posted' })
      .limit(1)
      .pluck('id')
    const setOff = await setOffBy(transaction, id)
    const paid = subtract(summary.settled, sum(setOff.map(({ amount }) => amount)))
    if (compare(paid, '0') > 0 || notes.length > 0) {
      throw new Fault('INVOICE-CANCEL-PAID', { status: 409, params: { number: document.number } })
    }
    Fault.throwIfAny(await host.hooks.veto('invoice.cancel', document, { context, transaction }), 409)
    for (const { id: allocation, invoiceId, amount } of setOff) {
      await transaction.knex('invoicing_allocation').where({ company_id: transaction.companyId, id: allocation }).delete()
      for (const settled of [invoiceId, id]) await moveSettled(transaction, settled, amount, -1)
      host.audit.record(transaction, context, {
        action: 'invoice.credit-undone',
        subject: { type: 'invoicing.invoice', id: invoiceId },
        facts: { by: document.number, amount, currency: document.currency },
      })
    }
    await transaction.knex('invoicing_invoice').where({ company_id: transaction.companyId, id }).update({
      state: 'cancelled',
      cancelled_at: host.now(),
      cancel_reason: reason.trim(),
      updated_at: host.now(),
    })
    host.audit.record(transaction, context, {
      action: 'invoice.cancelled',
      subject: { type: 'invoicing.invoice', id, label: document.number },
      facts: { reason: reason.trim() },
    })
    await host.hooks.notify('invoice.cancelled', { invoiceId: id }, { context, transaction })
  })
}

/** A note with what it refers to, in the order in which postings take them too. */
async function lockWithOriginal(transaction: CompanyTransaction, id: string): Promise<void> {
  await transaction.knex.raw(
    `select id from invoicing_invoice
      where company_id = :companyId
        and id in (:id, (select refers_to_id from invoicing_invoice where company_id = :companyId and id = :id)) order by id for update`,
    { companyId: transaction.companyId, id },
  )
}

interface SetOff {
  readonly id: string
  readonly invoiceId: string
  readonly amount: string
}

/** What a credit note settles of other documents. */
async function setOffBy(transaction: CompanyTransaction, noteId: string): Promise<SetOff[]> {
  const { rows } = await transaction.knex.raw<{ rows: SetOff[] }>(
    `select id, invoice_id as "invoiceId", amount::text as amount from invoicing_allocation
      where company_id = ? and credit_note_id = ? order by id`,
    [transaction.companyId, noteId],
  )
  return rows
}
