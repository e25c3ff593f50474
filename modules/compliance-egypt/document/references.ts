import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { submissionOf } from '../authority/submission-rows.js'
import { creditedFaults, sameDealFaults } from './credited-goods.js'

/** What is known here of the document a note refers to. */
export interface OriginalDocument {
  readonly invoiceId: string
  readonly number: string
  readonly kind: string
  readonly state: string
  /** The authority's name of it, once it has one. */
  readonly reference: string | null
  /** Of a receipt: its uuid. */
  readonly hash: string
  readonly issuedAt: Date
}

/** Filed documents of these numbers. */
export async function originalsOf(transaction: CompanyTransaction, numbers: readonly string[]): Promise<Map<string, OriginalDocument>> {
  if (numbers.length === 0) return new Map()
  const { rows } = await transaction.knex.raw<{ rows: OriginalDocument[] }>(
    `select invoice_id as "invoiceId", number, kind, state, authority_reference as reference, hash, created_at as "issuedAt"
     from compliance_document where company_id = ? and number = any(?::text[])`,
    [transaction.companyId, [...new Set(numbers)]],
  )
  return new Map(rows.map((row) => [row.number, row]))
}

/** References of each note: those a person gave (documents of another system), else the one of the original that was filed here. */
export async function referencesOf(
  transaction: CompanyTransaction,
  invoices: readonly InvoiceDocument[],
): Promise<Map<string, readonly string[]>> {
  const originals = await originalsOf(
    transaction,
    invoices.flatMap((invoice) => (invoice.refersTo === null ? [] : [invoice.refersTo.number])),
  )
  return new Map(
    invoices.map((invoice) => {
      const given = givenReferences(invoice)
      const filed = invoice.refersTo === null ? null : (originals.get(invoice.refersTo.number)?.reference ?? null)
      return [invoice.id, given.length > 0 ? given : filed === null ? [] : [filed]]
    }),
  )
}

function givenReferences(invoice: InvoiceDocument): string[] {
  return (invoice.country?.['reference'] ?? '').split(/[\s,;]+/).filter((one) => one !== '')
}

/**
 * Part of `invoice.validate`: a note names a document the authority found valid; before that it has no name that could be referred to
 * (ReferencedDocument validator). A receipt is given back by its uuid, which is known at once, but not when it was refused.
 */
export async function checkOriginal(transaction: CompanyTransaction, invoice: InvoiceDocument): Promise<FaultDetail[]> {
  if (invoice.refersTo === null || givenReferences(invoice).length > 0) return []
  const { number } = invoice.refersTo
  const original = (await originalsOf(transaction, [number])).get(number)
  const fault = (code: string): FaultDetail[] => [{ code, path: 'refersTo', params: { number } }]
  // Goods that come back without a receipt of ours have a type of their own.
  if (original === undefined && invoice.simplified && invoice.country?.['withoutReceipt'] === 'yes') return []
  if (original === undefined) return fault('EG-ORIGINAL-NOT-FILED')
  if ((original.kind === 'receipt') !== invoice.simplified) return fault('EG-ORIGINAL-OTHER-KIND')
  if (original.state === 'rejected') return fault('EG-ORIGINAL-INVALID')
  const accepted = original.state === 'accepted' || original.state === 'accepted_with_warnings'
  if (!accepted && !invoice.simplified) return fault('EG-ORIGINAL-WAITING')
  if (invoice.simplified) return []
  const later = (await submissionOf(transaction, original.invoiceId))?.status
  if (later === 'Cancelled' || later === 'Rejected') return fault('EG-ORIGINAL-UNDONE')
  return [
    ...(await sameDealFaults(transaction, original.invoiceId, invoice)),
    ...(creditsInvoice(invoice) ? await creditedFaults(transaction, original.invoiceId, invoice) : []),
  ]
}

/** Returned receipts are counted by pieces, with the receipts. */
function creditsInvoice(invoice: InvoiceDocument): boolean {
  return invoice.type === 'credit_note' && !invoice.simplified
}

/**
 * Notes of one posting on one original, each judged with those before it: alone, each had passed.
 * @throws Fault EG-CREDIT-MORE
 */
export async function checkNotesTogether(transaction: CompanyTransaction, invoices: readonly InvoiceDocument[]): Promise<void> {
  const notes = invoices.filter((invoice) => creditsInvoice(invoice) && givenReferences(invoice).length === 0)
  if (notes.length < 2) return
  const numberOf = (note: InvoiceDocument): string => note.refersTo?.number ?? ''
  const originals = await originalsOf(transaction, notes.map(numberOf))
  for (const [index, note] of notes.entries()) {
    const original = originals.get(numberOf(note))
    const earlier = notes.slice(0, index).filter((one) => numberOf(one) === numberOf(note))
    if (original === undefined || earlier.length === 0) continue
    Fault.throwIfAny(await creditedFaults(transaction, original.invoiceId, note, earlier, notes))
  }
}
