import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { add, compare, divide, isZero, multiply, subtract, trim } from '../../../core/money/decimal-text.js'
import type { InvoiceDocument, InvoiceLine } from '../document.js'
import type { InvoiceInput } from '../input.js'
import { noteInput } from './make-note.js'
import { postInvoices } from './post.js'
import type { PostedOutcome } from './read-requests.js'
import { payWhole, placeFact, sellingPlaces } from './quick-sale.js'
import { documentOf, documentsOf, summaryOf } from './read-invoices.js'

/** A sale over the counter and what of each of its lines the customer still has. */
export interface Returnable {
  readonly document: InvoiceDocument
  readonly lines: readonly { readonly line: InvoiceLine; readonly left: string }[]
  readonly contactId: string | null
}

export interface TakeBack {
  /** Made by the page: sent twice, it is taken back once. */
  readonly key: string
  /** By position of the line; decimal text. Lines that are not named stay with the customer. */
  readonly quantities: ReadonlyMap<number, string>
  readonly reason: string
  readonly place: string
  readonly payment: 'cash' | 'card'
}

const keyOf = (line: InvoiceLine): string => JSON.stringify([line.itemCode ?? line.description, line.unitPrice])

/** @throws Fault INVOICE-NOT-POSTED, INVOICE-SELL-NO-RETURN for what is no simplified sale */
export async function returnableOf(transaction: CompanyTransaction, invoiceId: string): Promise<Returnable> {
  const { state, contactId } = await summaryOf(transaction, invoiceId)
  if (state !== 'posted') throw new Fault('INVOICE-NOT-POSTED', { status: 409 })
  const document = await documentOf(transaction, invoiceId)
  if (!document.simplified || document.type !== 'invoice') {
    throw new Fault('INVOICE-SELL-NO-RETURN', { status: 409, params: { number: document.number } })
  }
  const rows: { id: string }[] = await transaction
    .knex('invoicing_invoice')
    .where({ company_id: transaction.companyId, refers_to_id: invoiceId, type: 'credit_note', state: 'posted' })
    .select('id')
  const notes = await documentsOf(
    transaction,
    rows.map(({ id }) => id),
  )
  const back = new Map<string, string>()
  for (const line of [...notes.values()].flatMap((note) => note.lines))
    back.set(keyOf(line), add(back.get(keyOf(line)) ?? '0', line.quantity))
  return {
    document,
    contactId,
    lines: document.lines.map((line) => {
      // Of several lines with the same goods the first ones are back first.
      const gone = back.get(keyOf(line)) ?? '0'
      const taken = compare(gone, line.quantity) > 0 ? line.quantity : gone
      back.set(keyOf(line), subtract(gone, taken))
      return { line, left: subtract(line.quantity, taken) }
    }),
  }
}

/**
 * Takes goods of a sale back: a simplified credit note of the lines named, posted and paid out at once.
 * @throws Fault INVOICE-RETURN-QUANTITY, INVOICE-SELL-NOTHING, INVOICE-SELL-PLACE, and faults of posting
 */
export async function takeBack(host: Host, context: CompanyContext, invoiceId: string, wanted: TakeBack): Promise<PostedOutcome> {
  const input = await host.db.company(context.companyId, async (transaction) => {
    const sale = await returnableOf(transaction, invoiceId)
    return inputOf(sale, wanted, placeFact(await sellingPlaces(host, context, transaction), wanted.place))
  })
  const [outcome] = await postInvoices(host, context, [{ input, idempotencyKey: `return:${wanted.key}` }])
  if (outcome?.status !== 'posted') {
    Fault.throwIfAny(outcome?.faults ?? [])
    throw new Error('a refused return has a fault')
  }
  await payWhole(host, context, outcome, wanted.payment)
  return outcome
}

function inputOf({ document, lines, contactId }: Returnable, wanted: TakeBack, fact: Record<string, string>): InvoiceInput {
  const reason = wanted.reason.trim()
  const whole = noteInput(document, contactId, { type: 'credit_note', ...(reason === '' ? {} : { reason }) })
  const faults: FaultDetail[] = []
  const taken = whole.lines.flatMap((line, index) => {
    const sold = lines[index]
    const quantity = wanted.quantities.get(index + 1) ?? '0'
    if (sold === undefined) return []
    if (!/^\d{1,12}(?:\.\d{1,9})?$/.test(quantity) || compare(quantity, sold.left) > 0) {
      faults.push({ code: 'INVOICE-RETURN-QUANTITY', path: `lines[${String(index)}].quantity`, params: { left: trim(sold.left) } })
      return []
    }
    if (isZero(quantity)) return []
    const discount = isZero(line.discount) ? '0' : divide(multiply(line.discount, quantity), sold.line.quantity, 5)
    return [{ ...line, quantity, discount }]
  })
  Fault.throwIfAny(faults)
  if (taken.length === 0) throw new Fault('INVOICE-SELL-NOTHING', { path: 'lines' })
  // A discount off the whole sale goes back with all of it alone: nobody can say whose part it was.
  const all =
    taken.length === whole.lines.length && taken.every((line, index) => compare(line.quantity, whole.lines[index]?.quantity ?? '0') === 0)
  const { discount, ...rest } = whole
  return {
    ...rest,
    lines: taken,
    paymentMeans: wanted.payment,
    ...(all && discount !== undefined ? { discount } : {}),
    ...(Object.keys(fact).length === 0 ? {} : { country: fact }),
  }
}
