import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { compare } from '../../../core/money/decimal-text.js'
import { documentOf, summaryOf } from './read-invoices.js'

/**
 * Cancels a posted invoice that nothing was paid on and that nobody (an accepted e-document) objects to. Its number stays taken.
 * @throws Fault INVOICE-UNKNOWN, INVOICE-NOT-POSTED, INVOICE-CANCEL-REASON, INVOICE-CANCEL-PAID, and objections of `invoice.cancel`
 */
export async function cancelInvoice(host: Host, context: CompanyContext, id: string, reason: string): Promise<void> {
  if (reason.trim() === '') throw new Fault('INVOICE-CANCEL-REASON', { path: 'reason' })
  await host.modules.requireHealthy(context.companyId)
  await host.db.company(context.companyId, async (transaction) => {
    await transaction.knex('invoicing_invoice').where({ company_id: transaction.companyId, id }).forUpdate().first('id')
    const summary = await summaryOf(transaction, id)
    if (summary.state !== 'posted') throw new Fault('INVOICE-NOT-POSTED', { status: 409 })
    const document = await documentOf(transaction, id)
    const notes: unknown[] = await transaction
      .knex('invoicing_invoice')
      .where({ company_id: transaction.companyId, refers_to_id: id, state: 'posted' })
      .limit(1)
      .pluck('id')
    const settles: unknown[] = await transaction
      .knex('invoicing_allocation')
      .where({ company_id: transaction.companyId, credit_note_id: id })
      .limit(1)
      .pluck('id')
    if (compare(summary.settled, '0') > 0 || notes.length > 0 || settles.length > 0) {
      throw new Fault('INVOICE-CANCEL-PAID', { status: 409, params: { number: document.number } })
    }
    Fault.throwIfAny(await host.hooks.veto('invoice.cancel', document, { context, transaction }), 409)
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
