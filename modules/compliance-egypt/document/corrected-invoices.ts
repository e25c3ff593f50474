import type { CompanyTransaction } from '../../../core/db/database.js'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { copyAsDraft, documentOf, summaryOf, type InvoiceDocument, type InvoiceInput, type Replacement } from '../../invoicing/index.js'
import { originalsOf } from './references.js'

/**
 * Part of `invoice.replaces`: an invoice or note that says which refused one it corrects stands in its place when it is posted; that one
 * is cancelled by the same transaction and its payments move. Receipts say so in their chain as well.
 */
export function replacedInvoices(inputs: readonly InvoiceInput[]): Replacement[] {
  return inputs.flatMap(({ simplified, country }, index) => {
    const number = country?.['correctionOf']
    return !simplified && number !== undefined ? [{ index, number }] : []
  })
}

/** Part of `invoice.validate`: only what the authority refused is corrected, and once. What it took is undone by cancelling or a note. */
export async function checkCorrection(transaction: CompanyTransaction, invoice: InvoiceDocument): Promise<FaultDetail[]> {
  const number = invoice.country?.['correctionOf']
  if (invoice.simplified || number === undefined) return []
  return correctionFaults(transaction, number, 'country.correctionOf')
}

/** Whether the page of this invoice offers to correct it. */
export async function isCorrectable(transaction: CompanyTransaction, invoiceId: string): Promise<boolean> {
  const document = await documentOf(transaction, invoiceId)
  return !document.simplified && (await correctionFaults(transaction, document.number)).length === 0
}

/**
 * A draft with what the refused document had, to be mended and posted in its place.
 * @throws Fault EG-CORRECTION-REFUSED-ONLY, EG-CORRECTION-DONE (409)
 */
export function draftCorrection(host: Host, context: CompanyContext, invoiceId: string): Promise<{ id: string }> {
  return host.db.company(context.companyId, async (transaction) => {
    const { number, simplified } = await documentOf(transaction, invoiceId)
    if (simplified) throw new Fault('EG-CORRECTION-REFUSED-ONLY', { status: 409, params: { number } })
    Fault.throwIfAny(await correctionFaults(transaction, number), 409)
    return copyAsDraft(host, context, transaction, invoiceId, { correctionOf: number })
  })
}

async function correctionFaults(transaction: CompanyTransaction, number: string, path?: string): Promise<FaultDetail[]> {
  const fault = (code: string): FaultDetail[] => [{ code, ...(path === undefined ? {} : { path }), params: { number } }]
  const filed = (await originalsOf(transaction, [number])).get(number)
  if (filed === undefined || filed.kind === 'receipt' || filed.state !== 'rejected') return fault('EG-CORRECTION-REFUSED-ONLY')
  const { state } = await summaryOf(transaction, filed.invoiceId)
  return state === 'posted' ? [] : fault('EG-CORRECTION-DONE')
}
