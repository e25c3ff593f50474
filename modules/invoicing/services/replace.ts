import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { compare, isZero, subtract } from '../../../core/money/decimal-text.js'
import type { InvoiceDocument, InvoiceState } from '../document.js'
import type { InvoiceInput } from '../input.js'
import type { Original } from './originals.js'
import { moveSettled } from './payments.js'
import { documentOf, summaryOf } from './read-invoices.js'

/** A posted document that one being posted stands in the place of: its row is locked. */
export interface Replaced {
  readonly id: string
  readonly number: string
  readonly type: InvoiceDocument['type']
  readonly state: InvoiceState
  readonly currency: string
  readonly total: string
  /** Of a note: the invoice it refers to. */
  readonly refersToId: string | null
  /** Notes on it that stand. */
  readonly notes: number
  /** Another document of the same posting names it too, and comes first. */
  readonly taken: boolean
}

/** What the inputs replace, by their index; who says so answers `invoice.replaces`. Numbers nobody knows are left out. */
export async function lockReplaced(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  inputs: readonly InvoiceInput[],
): Promise<Map<number, Replaced>> {
  const replaced = new Map<number, Replaced>()
  const answers = await host.hooks.collect('invoice.replaces', inputs, { context, transaction })
  if (answers.length === 0) return replaced
  const { rows } = await transaction.knex.raw<{ rows: Omit<Replaced, 'notes' | 'taken'>[] }>(
    `select id, number, type, state, currency, total::text as total, refers_to_id as "refersToId" from invoicing_invoice
      where company_id = ? and number = any(?) order by id for update`,
    [transaction.companyId, answers.map(({ number }) => number)],
  )
  // A statement of its own, after the lock: it sees the notes of whoever held the rows before.
  const counted = await transaction.knex.raw<{ rows: { id: string; count: number }[] }>(
    `select refers_to_id as id, count(*)::int as count from invoicing_invoice
      where company_id = ? and refers_to_id = any(?) and state = 'posted' group by refers_to_id`,
    [transaction.companyId, rows.map(({ id }) => id)],
  )
  const notes = new Map(counted.rows.map(({ id, count }) => [id, count]))
  const taken = new Set<string>()
  for (const { index, number } of [...answers].sort((one, other) => one.index - other.index)) {
    const row = rows.find((one) => one.number === number)
    if (row === undefined) continue
    replaced.set(index, { ...row, notes: notes.get(row.id) ?? 0, taken: taken.has(row.id) })
    taken.add(row.id)
  }
  return replaced
}

/** Why a document cannot stand in the place of that one; one that is cancelled already has nothing left to be taken over. */
export function objectionsToReplacing(replaced: Replaced, document: InvoiceDocument): FaultDetail[] {
  const params = { number: replaced.number }
  if (replaced.taken) return [{ code: 'INVOICE-REPLACE-TWICE', params }]
  if (replaced.state !== 'posted') return []
  if (replaced.type !== document.type || replaced.currency !== document.currency) return [{ code: 'INVOICE-REPLACE-OTHER', params }]
  return replaced.notes > 0 ? [{ code: 'INVOICE-REPLACE-NOTES', params }] : []
}

/** What a replaced credit note had taken off the rest of its original may be credited again by the one in its place. */
export function creditableAgain(replaced: Replaced | undefined, original: Original): string {
  if (replaced?.state !== 'posted' || replaced.taken) return '0'
  return replaced.type === 'credit_note' && replaced.refersToId === original.id ? replaced.total : '0'
}

interface Allocation {
  readonly id: string
  readonly invoiceId: string
  readonly paymentId: string | null
  readonly payment: string | null
  readonly amount: string
}

/**
 * Puts a posted document in the place of one that does not count, in the posting transaction: what was paid on the old one, or set
 * off by it, moves to the new one as far as that is open (what is left is the customer's credit, or open again on the original), and
 * the old one is cancelled. A second call does nothing.
 * @throws Fault with the objections of `invoice.cancel`
 */
export async function replaceInvoice(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  oldId: string,
  by: InvoiceDocument,
): Promise<void> {
  await transaction
    .knex('invoicing_invoice')
    .where({ company_id: transaction.companyId })
    .whereIn('id', [oldId, by.id])
    .orderBy('id')
    .forUpdate()
    .select('id')
  if ((await summaryOf(transaction, oldId)).state !== 'posted') return
  const old = await documentOf(transaction, oldId)
  Fault.throwIfAny(await host.hooks.veto('invoice.cancel', old, { context, transaction }), 409)
  await moveAllocations(host, context, transaction, old, by)
  const company = await host.access.company(context.companyId)
  const reason = host.i18n.text(company.locale, 'invoicing.replaced.reason', { number: by.number })
  const now = host.now()
  await transaction
    .knex('invoicing_invoice')
    .where({ company_id: transaction.companyId, id: oldId })
    .update({ state: 'cancelled', cancelled_at: now, cancel_reason: reason, updated_at: now })
  host.audit.record(transaction, context, {
    action: 'invoice.cancelled',
    subject: subjectOf(old),
    facts: { reason, replacedBy: by.number },
  })
  host.audit.record(transaction, context, { action: 'invoice.replaced', subject: subjectOf(by), facts: { replaces: old.number } })
  await host.hooks.notify('invoice.cancelled', { invoiceId: oldId }, { context, transaction })
}

function subjectOf({ id, number }: InvoiceDocument): { type: string; id: string; label: string } {
  return { type: 'invoicing.invoice', id, label: number }
}

async function moveAllocations(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  old: InvoiceDocument,
  by: InvoiceDocument,
): Promise<void> {
  const { rows } = await transaction.knex.raw<{ rows: Allocation[] }>(
    `select a.id, a.invoice_id as "invoiceId", a.payment_id as "paymentId", p.number as payment, a.amount::text as amount
       from invoicing_allocation a left join invoicing_payment p on p.company_id = a.company_id and p.id = a.payment_id
      where a.company_id = :companyId and (a.invoice_id = :id or a.credit_note_id = :id) order by a.created_at, a.id`,
    { companyId: transaction.companyId, id: old.id },
  )
  let { open } = await summaryOf(transaction, by.id)
  for (const { id, invoiceId, paymentId, payment, amount } of rows) {
    const moved = compare(amount, open) <= 0 ? amount : compare(open, '0') > 0 ? open : '0'
    const rest = subtract(amount, moved)
    open = subtract(open, moved)
    const row = transaction.knex('invoicing_allocation').where({ company_id: transaction.companyId, id })
    if (isZero(moved)) await row.delete()
    else await row.update({ amount: moved, ...(paymentId === null ? { credit_note_id: by.id } : { invoice_id: by.id }) })
    await moveSettled(transaction, old.id, amount, -1)
    await moveSettled(transaction, by.id, moved, 1)
    if (paymentId === null) {
      // Set off by the old note: what the new one does not cover of its original is open again.
      await moveSettled(transaction, invoiceId, rest, -1)
      continue
    }
    if (!isZero(rest)) {
      await transaction.knex.raw(
        `update invoicing_payment set unallocated = unallocated + cast(? as numeric) where company_id = ? and id = ?`,
        [rest, transaction.companyId, paymentId],
      )
    }
    const facts = { payment: payment ?? '', amount: moved, unallocated: rest, from: old.number, to: by.number }
    for (const document of [old, by])
      host.audit.record(transaction, context, { action: 'payment.moved', subject: subjectOf(document), facts })
  }
}
