import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { InvoiceInput } from '../input.js'
import { draftInput, lockDrafts, saveDraft } from './drafts.js'
import { noteInput } from './make-note.js'
import { documentOf, summaryOf } from './read-invoices.js'

/** What belongs to one document alone: its days, its rate, what was paid before it, what a country noted on it. */
const ownFacts = [
  'issueDate',
  'issueTime',
  'supplyDate',
  'supplyEndDate',
  'dueDate',
  'exchangeRate',
  'prepaid',
  'refersTo',
  'reason',
  'country',
] as const satisfies readonly (keyof InvoiceInput)[]

/**
 * A new draft of today for the same customer with the same lines, from a draft or a posted invoice. A contact's address and number are
 * taken as they are now.
 * @throws Fault INVOICE-UNKNOWN (404); INVOICE-DUPLICATE-NOTE (409): a note is of one document
 */
export async function duplicateInvoice(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  id: string,
): Promise<{ id: string }> {
  const { type, state, contactId } = await summaryOf(transaction, id)
  if (type !== 'invoice') throw new Fault('INVOICE-DUPLICATE-NOTE', { status: 409 })
  const input: InvoiceInput =
    state === 'draft'
      ? draftInput.parse((await lockDrafts(transaction, [id])).get(id))
      : noteInput(await documentOf(transaction, id), contactId, { type: 'debit_note' })
  const fresh: Record<string, unknown> = { ...input, type: 'invoice' }
  for (const field of ownFacts) Reflect.deleteProperty(fresh, field)
  if (input.contactId !== undefined) Reflect.deleteProperty(fresh, 'customer')
  return saveDraft(host, context, transaction, undefined, draftInput.parse(fresh))
}
