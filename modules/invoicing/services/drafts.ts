import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { partiesOf } from '../../contacts/index.js'
import type { InvoiceDocument, Party } from '../document.js'
import { invoiceInput, type InvoiceInput } from '../input.js'
import { invoicingSettings } from '../models/settings.js'
import { buildDocument, customerOf } from './build-document.js'
import { catalogueOf } from './catalogue.js'
import { taxComputationOf } from './further-taxes.js'
import { localTime } from '../../../core/i18n/local-time.js'
import { taxNumberOf } from './store-posted.js'

/** Draft inputs by id, their rows locked; ids that are no drafts are missing. */
export async function lockDrafts(transaction: CompanyTransaction, ids: readonly string[]): Promise<Map<string, unknown>> {
  if (ids.length === 0) return new Map()
  const { rows } = await transaction.knex.raw<{ rows: { id: string; input: unknown }[] }>(
    `select id, input from invoicing_invoice where company_id = ? and id = any(?) and state = 'draft' order by id for update`,
    [transaction.companyId, [...ids]],
  )
  return new Map(rows.map((row) => [row.id, row.input]))
}

/** A draft needs less than a posted invoice: lines may still be missing. */
export const draftInput = invoiceInput.extend({ lines: invoiceInput.shape.lines.min(0) })

export interface DraftPreview {
  readonly document: InvoiceDocument | undefined
  /** Who it is for, known even when a fault keeps the amounts from being computed. */
  readonly customer: Party | null
  readonly faults: readonly FaultDetail[]
}

/** The document a draft would become now, with what would stop it. Nothing is stored. */
export async function previewDraft(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  id: string,
  input: InvoiceInput,
): Promise<DraftPreview> {
  const company = await host.access.company(context.companyId)
  const filled = await host.hooks.waterfall('invoice.defaults', input, undefined, { context, transaction })
  const parties = await partiesOf(transaction, filled.contactId === undefined ? [] : [filled.contactId])
  const built = buildDocument(id, filled, {
    company,
    settings: invoicingSettings.parse(await host.settings.get(transaction, 'invoicing')),
    catalogue: await catalogueOf(transaction),
    now: host.now(),
    parties,
    computation: await taxComputationOf(host, context, transaction, company),
  })
  return { ...built, customer: built.document?.customer ?? customerOf(filled, parties, []) }
}

/**
 * Creates or changes a draft; amounts are computed as far as the lines allow. Faults that only posting forbids are answered as they
 * are found, the draft is kept.
 * @throws Fault INVOICE-NOT-DRAFT
 */
export async function saveDraft(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  id: string | undefined,
  input: InvoiceInput,
): Promise<{ id: string; faults: readonly FaultDetail[] }> {
  const draftId = id ?? randomUUID()
  if (id !== undefined && !(await lockDrafts(transaction, [id])).has(id))
    throw new Fault('INVOICE-NOT-DRAFT', { status: 409, params: { id } })
  const company = await host.access.company(context.companyId)
  const { document, customer, faults } = await previewDraft(host, context, transaction, draftId, input)
  const contactUnknown = faults.find((fault) => fault.code === 'INVOICE-CONTACT-UNKNOWN')
  if (contactUnknown !== undefined) Fault.throwIfAny([contactUnknown])
  const row = {
    type: input.type,
    simplified: input.simplified,
    currency: input.currency ?? company.currency,
    issue_date: input.issueDate ?? localTime(host.now(), company.timeZone).date,
    due_date: document?.dueDate ?? input.dueDate ?? null,
    contact_id: input.contactId ?? null,
    customer_name: customer?.name ?? null,
    customer_name_ar: customer?.nameAr ?? null,
    customer_tax_number: taxNumberOf(customer?.identifiers ?? []),
    untaxed: document?.totals.taxExclusive ?? '0',
    tax: document?.totals.tax ?? '0',
    total: document?.totals.taxInclusive ?? '0',
    payable: document?.totals.payable ?? '0',
    time_zone: company.timeZone,
    refers_to_number: input.refersTo ?? null,
    input: JSON.stringify(input),
    updated_at: host.now(),
  }
  const table = transaction.knex('invoicing_invoice')
  if (id === undefined) {
    await table.insert({ ...row, company_id: transaction.companyId, id: draftId, state: 'draft', created_by: context.actor.name })
  } else {
    await table.where({ company_id: transaction.companyId, id: draftId }).update(row)
  }
  host.audit.record(transaction, context, {
    action: id === undefined ? 'invoice.drafted' : 'invoice.changed',
    subject: { type: 'invoicing.invoice', id: draftId },
    facts: { type: row.type, total: row.total, currency: row.currency },
  })
  return { id: draftId, faults }
}

/** Deletes drafts. @throws Fault INVOICE-NOT-DRAFT when one of them is posted: it stays */
export async function deleteDrafts(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  ids: readonly string[],
): Promise<void> {
  const drafts = await lockDrafts(transaction, ids)
  const other = ids.find((id) => !drafts.has(id))
  if (other !== undefined) throw new Fault('INVOICE-NOT-DRAFT', { status: 409, params: { id: other } })
  await transaction
    .knex('invoicing_invoice')
    .where('company_id', transaction.companyId)
    .whereIn('id', [...ids])
    .delete()
  for (const id of ids) host.audit.record(transaction, context, { action: 'invoice.deleted', subject: { type: 'invoicing.invoice', id } })
}
