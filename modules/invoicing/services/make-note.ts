import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { compare } from '../../../core/money/decimal-text.js'
import type { InvoiceDocument } from '../document.js'
import { invoiceInput, type InvoiceInput } from '../input.js'
import { saveDraft } from './drafts.js'
import { lockOriginals } from './originals.js'
import { documentOf, summaryOf } from './read-invoices.js'

/**
 * A draft note on a posted invoice, prefilled from it: all lines of the original, for a credit note only while nothing of it was
 * credited before (what may still be credited is checked at posting, to the last cent).
 * @throws Fault INVOICE-UNKNOWN, INVOICE-REFERENCE-TYPE, INVOICE-REFERENCE-CANCELLED, INVOICE-CREDITED-WHOLLY
 */
export async function makeNote(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  originalId: string,
  note: { readonly type: 'credit_note' | 'debit_note'; readonly reason?: string },
): Promise<{ id: string }> {
  const document = await documentOf(transaction, originalId)
  const original = (await lockOriginals(transaction, [document.number])).get(document.number)
  if (original === undefined) throw new Fault('INVOICE-UNKNOWN', { status: 404 })
  if (original.type === 'credit_note') throw new Fault('INVOICE-REFERENCE-TYPE', { status: 409, params: { number: document.number } })
  if (original.state !== 'posted') throw new Fault('INVOICE-REFERENCE-CANCELLED', { status: 409, params: { number: document.number } })
  if (note.type === 'credit_note' && compare(original.creditable, '0') <= 0) {
    throw new Fault('INVOICE-CREDITED-WHOLLY', { status: 409, params: { number: document.number } })
  }
  const row: { contact_id: string | null } | undefined = await transaction
    .knex('invoicing_invoice')
    .where({ company_id: transaction.companyId, id: originalId })
    .first('contact_id')
  return saveDraft(host, context, transaction, undefined, noteInput(document, row?.contact_id ?? null, note))
}

/**
 * A draft that says the same as a posted document, to be mended and posted under a number of its own.
 * @param country facts that are added, or written over those of the document
 * @throws Fault INVOICE-UNKNOWN, INVOICE-NOT-POSTED
 */
export async function copyAsDraft(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  invoiceId: string,
  country: Readonly<Record<string, string>>,
): Promise<{ id: string }> {
  const { contactId } = await summaryOf(transaction, invoiceId)
  const document = await documentOf(transaction, invoiceId)
  const { refersTo: _own, ...rest } = noteInput(document, contactId, {
    type: 'debit_note',
    ...(document.reason === null ? {} : { reason: document.reason }),
  })
  const facts = { ...document.country, ...country }
  return saveDraft(host, context, transaction, undefined, {
    ...rest,
    type: document.type,
    ...(document.refersTo === null ? {} : { refersTo: document.refersTo.number }),
    ...(Object.keys(facts).length === 0 ? {} : { country: facts }),
  })
}

/** Input of a note that corrects a whole document. */
export function noteInput(
  document: InvoiceDocument,
  contactId: string | null,
  note: { readonly type: 'credit_note' | 'debit_note'; readonly reason?: string },
): InvoiceInput {
  const { customer } = document
  return invoiceInput.parse({
    type: note.type,
    simplified: document.simplified,
    currency: document.currency,
    ...(document.currency === document.companyCurrency ? {} : { exchangeRate: document.exchangeRate }),
    ...(contactId === null ? {} : { contactId }),
    ...(customer === null
      ? {}
      : {
          customer: {
            name: customer.name,
            nameAr: customer.nameAr ?? undefined,
            identifiers: customer.identifiers,
            address: customer.address ?? undefined,
            phone: customer.phone ?? undefined,
            email: customer.email ?? undefined,
          },
        }),
    lines: document.lines.map((line) => ({
      description: line.description,
      quantity: line.quantity,
      unit: line.unit,
      unitPrice: line.unitPrice,
      discount: line.discount,
      tax: line.tax.code,
      itemCode: line.itemCode ?? undefined,
      ...(line.taxes === undefined
        ? {}
        : { taxes: line.taxes.map(({ tax, amount, fixed }) => ({ tax: tax.code, ...(fixed ? { amount } : { rate: tax.rate }) })) }),
      ...(line.country === undefined ? {} : { country: line.country }),
    })),
    refersTo: document.number,
    reason: note.reason,
    paymentMeans: document.paymentMeans ?? undefined,
    ...(document.discount === undefined ? {} : { discount: document.discount }),
  })
}
