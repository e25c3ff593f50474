import type { HookCall } from '../../../core/hooks/hook-map.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { standingsOfDocuments } from '../../../core/signing/keys/agent/document-standings.js'
import { printStatesOf, requestPrints, type InvoiceDocument, type InvoicePrint, type PrintHold } from '../../invoicing/index.js'
import { isOursAlone, rowOfInvoice, rowsOfInvoices, withdraw, type DocumentRow } from '../models/document-rows.js'
import type { Regime } from '../regime.js'
import { regimeOf } from './regime-of.js'
import { legalFileName } from './legal-name.js'

async function inTransaction<Result>(
  host: Host,
  call: HookCall,
  work: (transaction: CompanyTransaction) => Promise<Result>,
): Promise<Result> {
  return call.transaction === undefined ? host.db.company(call.context.companyId, work) : work(call.transaction)
}

/** Why the final print of this e-document must wait; undefined when it need not. */
export function holdOf(row: DocumentRow, regime: Regime | undefined): FaultDetail | undefined {
  if (row.state === 'prepared' || row.state === 'withdrawn') return { code: 'COMPLIANCE-HOLD-SIGNATURE', params: { number: row.number } }
  if (regime?.finalPrint?.(row.kind) !== 'accepted') return undefined
  if (row.state === 'rejected') return { code: 'COMPLIANCE-HOLD-REJECTED', params: { number: row.number } }
  if (row.state === 'signed' || row.state === 'submitted') return { code: 'COMPLIANCE-HOLD-ACCEPTANCE', params: { number: row.number } }
  return undefined
}

/** Part of `invoice.print-hold`. */
export async function holdPrints(host: Host, invoiceIds: readonly string[], call: HookCall): Promise<PrintHold[]> {
  const company = await host.access.company(call.context.companyId)
  const regime = await regimeOf(host, call.context, company)
  const rows = await inTransaction(host, call, (transaction) => rowsOfInvoices(transaction, invoiceIds))
  return rows.flatMap((row) => {
    const reason = holdOf(row, regime)
    return reason === undefined ? [] : [{ invoiceId: row.invoiceId, reason }]
  })
}

/** Part of `invoice.print`: title and notes of the law, the QR code and the legal file, all from what is stored. */
export async function addToPrint(host: Host, print: InvoicePrint, invoice: InvoiceDocument, call: HookCall): Promise<InvoicePrint> {
  const company = await host.access.company(call.context.companyId)
  const regime = await regimeOf(host, call.context, company)
  if (regime === undefined) return print
  const law = regime.print(invoice)
  const titled = { ...print, title: law.title, legalNotes: [...print.legalNotes, ...law.legalNotes] }
  return inTransaction(host, call, async (transaction) => {
    const row = await rowOfInvoice(transaction, invoice.id)
    const sha256 = row?.copySha256 ?? row?.legalSha256
    if (row === undefined || sha256 === null || sha256 === undefined) return titled
    const { bytes, mediaType } = await host.files.get(transaction, sha256)
    const attachment = {
      name: legalFileName(row.number, row.legalExtension ?? 'xml'),
      bytes,
      mediaType,
      // The legal file is the data the print shows (ISO 19005-3, AFRelationship Data).
      relationship: 'data' as const,
      description: regime.title.en,
    }
    const facts = regime.print(invoice, { kind: row.kind, bytes }).facts ?? []
    return { ...titled, facts: [...(print.facts ?? []), ...facts], qr: row.qr ?? print.qr, attachments: [...print.attachments, attachment] }
  })
}

export const printsJob = 'compliance.prints'
/** A print that looked just before the state changed writes down its hold just after; this much later it is there. */
const lookAgainSeconds = 3

/** What held prints back is gone: those that wait are made now, and those that were looking at this moment soon after. */
export async function releasePrints(host: Host, transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<void> {
  if (invoiceIds.length === 0) return
  await printHeld(host, transaction, invoiceIds)
  const runAt = new Date(host.now().getTime() + lookAgainSeconds * 1000)
  await host.jobs.add(transaction, printsJob, { invoiceIds }, { runAt })
}

/** Asks for the prints that were held back; prints nobody asked for stay unasked. */
export async function printHeld(host: Host, transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<void> {
  const states = await printStatesOf(transaction, invoiceIds)
  await requestPrints(
    host,
    transaction,
    invoiceIds.filter((id) => states.get(id)?.state === 'held'),
  )
}

/**
 * Part of `invoice.cancel`: what stands in the authority's chain is undone by a credit note, or at the authority itself, not by cancelling.
 * What nobody has signed yet, in no chain, is withdrawn with its invoice: the signer refused it, or there is none any more.
 */
export async function refuseCancelling(host: Host, invoice: InvoiceDocument, call: HookCall): Promise<readonly FaultDetail[]> {
  const company = await host.access.company(call.context.companyId)
  const regime = await regimeOf(host, call.context, company)
  return inTransaction(host, call, async (transaction) => {
    const row = await rowOfInvoice(transaction, invoice.id)
    if (row === undefined || row.state === 'rejected' || row.state === 'withdrawn') return []
    const params = { number: invoice.number }
    if (isOursAlone(row)) {
      const asked = await standingsOfDocuments(transaction, 'stamp-e-invoice', 'invoicing.invoice', [invoice.id])
      if (asked.get(invoice.id)?.state === 'pending') return [{ code: 'COMPLIANCE-CANCEL-AT-DESK', params }]
      // In the cancelling transaction: whoever has its signature at this moment finds it withdrawn, and sends nothing.
      if (await withdraw(transaction, invoice.id)) return []
    }
    const undone = (await regime?.undone?.(transaction, invoice.id)) ?? false
    return undone ? [] : [{ code: 'COMPLIANCE-CANCEL-FILED', params }]
  })
}
