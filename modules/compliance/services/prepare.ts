import { createHash } from 'node:crypto'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { HookCall } from '../../../core/hooks/hook-map.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { insertRows } from '../models/document-rows.js'
import type { PreparedDocument, Regime } from '../regime.js'
import { addProcessing } from './processing-jobs.js'
import { rememberPrepared } from './prepared-memory.js'
import { standingOf } from './regime-of.js'

/** Part of `invoice.validate`: is the company ready, and what do the country's rules say. */
export async function validateInvoice(host: Host, invoice: InvoiceDocument, call: HookCall): Promise<readonly FaultDetail[]> {
  const { transaction, context } = call
  const standing = await (transaction === undefined
    ? host.db.company(context.companyId, (own) => standingOf(host, context, own))
    : standingOf(host, context, transaction))
  return [...standing.faults, ...(standing.regime?.validate(invoice, standing.company) ?? [])]
}

/** A safety net: should the process die between commit and signing, this job finds the documents and goes on. */
const safetyNetSeconds = 20

/** Part of `invoice.posting`: payloads, chain links, rows and jobs, all in the posting transaction. */
export async function prepareInvoices(host: Host, invoices: readonly InvoiceDocument[], call: HookCall): Promise<void> {
  const { transaction, context } = call
  if (transaction === undefined) throw new Error('invoice.posting runs inside a transaction')
  const { regime } = await standingOf(host, context, transaction)
  if (regime === undefined) return
  const prepared = await regime.prepare(transaction, context, invoices)
  if (prepared.length !== invoices.length) throw new Error(`${regime.name} prepared ${prepared.length} of ${invoices.length} invoices`)
  const pairs: { document: PreparedDocument; invoice: InvoiceDocument }[] = []
  for (const [index, document] of prepared.entries()) {
    const invoice = invoices[index]
    if (document === null || invoice === undefined) continue
    if (document.invoiceId !== invoice.id) throw new Fault('COMPLIANCE-PREPARED-OTHER', { status: 500, params: { number: invoice.number } })
    pairs.push({ document, invoice })
  }
  if (pairs.length === 0) return
  transaction.beforeCommit(() => storePrepared(host, transaction, regime, pairs))
  transaction.afterCommit(() => {
    for (const { document, invoice } of pairs) rememberPrepared({ ...document, invoice })
  })
}

/** Payloads, rows and the job of the safety net; they travel together with what else the transaction writes at its end. */
async function storePrepared(
  host: Host,
  transaction: CompanyTransaction,
  regime: Regime,
  pairs: readonly { readonly document: PreparedDocument; readonly invoice: InvoiceDocument }[],
): Promise<void> {
  const now = host.now()
  const payloads = pairs.map(({ document }) => ({ bytes: document.payload, mediaType: document.payloadMediaType }))
  const rows = pairs.map(({ document, invoice }) => {
    const hours = regime.deadlineHours?.(document.kind) ?? null
    const deadline = document.deadline ?? (hours === null ? null : new Date(now.getTime() + hours * 3_600_000))
    return {
      invoice_id: invoice.id,
      number: invoice.number,
      regime: regime.name,
      kind: document.kind,
      uuid: document.uuid,
      chain: document.chain?.name ?? null,
      counter: document.chain?.counter ?? null,
      previous_hash: document.chain?.previousHash ?? null,
      hash: document.hash,
      payload_sha256: createHash('sha256').update(document.payload).digest('hex'),
      payload_type: document.payloadMediaType,
      deadline_at: deadline?.toISOString() ?? null,
      created_at: now.toISOString(),
    }
  })
  const invoiceIds = pairs.map(({ invoice }) => invoice.id)
  await Promise.all([
    host.files.putMany(transaction, payloads),
    insertRows(transaction, rows),
    addProcessing(host, transaction, invoiceIds, new Date(now.getTime() + safetyNetSeconds * 1000)),
  ])
}
