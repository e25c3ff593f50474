import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { RenderedDocument } from '../../../core/documents/documents.js'
import { qrSvg } from '../../../core/documents/qr.js'
import type { Host } from '../../../core/host/module.js'
import { rememberArchive } from '../../../core/signing/archive/archived-document.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { documentCode, recordIssuedFile, type DocumentCode } from '../../verification/index.js'
import type { InvoiceDocument, InvoiceState } from '../document.js'
import type { InvoicePrint } from '../hooks.js'
import type { InvoiceInput } from '../input.js'
import { invoicingSettings, type InvoicingSettings } from '../models/settings.js'
import { previewDraft } from './drafts.js'
import { printData, type PrintDisplay } from './print-data.js'
import { sealPdf } from './print-seal.js'
import { sellingPlaces } from './quick-sale.js'
import { documentOf } from './read-invoices.js'

/** Where the one final PDF of a posted invoice stands. */
export interface PrintState {
  /** `held`: someone (an authority that has not cleared it) asks to wait, `fault` says why. */
  readonly state: 'pending' | 'held' | 'ready' | 'sealing_failed' | 'failed'
  readonly sha256: string | null
  /** Level of the seal's signature: `PAdES-BASELINE-T`; null when the company seals nothing. */
  readonly level: string | null
  readonly fault: FaultDetail | null
}

interface Prepared {
  readonly document: InvoiceDocument
  readonly print: InvoicePrint
  readonly settings: InvoicingSettings
  readonly state: InvoiceState
  readonly createdAt: Date
  /** Printed where strangers can reach the page that answers it. */
  readonly verification: DocumentCode | null
  readonly paper: Paper
}

/** An A4 sheet, or the 80 mm slip of a till. */
type Paper = 'a4' | 'slip'

/** Asks for the final PDFs of posted invoices, in the caller's transaction; made by jobs, in parallel. */
export async function requestPrints(host: Host, transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<void> {
  if (invoiceIds.length === 0) return
  await host.jobs.addMany(
    transaction,
    'invoicing.print',
    invoiceIds.map((invoiceId) => ({ payload: { invoiceId }, options: { key: `invoicing.print:${invoiceId}` } })),
  )
}

/**
 * Makes the final PDF of a posted invoice: rendered with its legal file attached, sealed, stored once. A second call answers with
 * what is stored. A hold or a failed seal is a state, not an error.
 * @throws Fault INVOICE-UNKNOWN, faults of rendering
 */
export async function makePrint(host: Host, context: CompanyContext, invoiceId: string): Promise<PrintState> {
  const known = await host.db.company(context.companyId, (transaction) => printStateOf(transaction, invoiceId))
  if (known.state === 'ready') return known
  const hold = await holdOf(host, context, invoiceId)
  if (hold !== undefined) return storeState(host, context, invoiceId, { state: 'held', fault: hold })
  const company = await host.access.company(context.companyId)
  const prepared = await host.db.company(context.companyId, (transaction) => prepare(host, context, transaction, invoiceId))
  const rendered = await render(host, company, prepared, 'place')
  try {
    const sealed = await sealPdf(host, context, rendered, prepared.document)
    return await storeReady(host, context, prepared.document, { bytes: sealed.pdf, level: sealed.level, pages: rendered.pages })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    await storeState(host, context, invoiceId, { state: 'sealing_failed', fault: { code: error.code, params: error.params } })
    throw error
  }
}

/** PDF of a draft with its mark, or of a posted invoice whose final PDF is not there yet; rendered on request, never stored. */
export async function previewPdf(host: Host, context: CompanyContext, invoiceId: string): Promise<Buffer> {
  const company = await host.access.company(context.companyId)
  const prepared = await host.db.company(context.companyId, (transaction) => prepare(host, context, transaction, invoiceId))
  return (await render(host, company, prepared, 'preview')).pdf
}

/** The stored final PDF. @throws Fault INVOICE-PRINT-PENDING (409), INVOICE-PRINT-FAILED (409), or the reason of the hold */
export async function finalPdf(transaction: CompanyTransaction, host: Host, invoiceId: string): Promise<Buffer> {
  const { state, sha256, fault } = await printStateOf(transaction, invoiceId)
  if (state === 'ready' && sha256 !== null) return (await host.files.get(transaction, sha256)).bytes
  if (fault !== null) throw new Fault(fault.code, { status: 409, params: fault.params ?? {} })
  throw new Fault(state === 'pending' ? 'INVOICE-PRINT-PENDING' : 'INVOICE-PRINT-FAILED', { status: 409 })
}

/** State of the final PDF; `pending` until a job has come to it. */
export async function printStateOf(transaction: CompanyTransaction, invoiceId: string): Promise<PrintState> {
  return (await printStatesOf(transaction, [invoiceId])).get(invoiceId) ?? pending
}

const pending: PrintState = { state: 'pending', sha256: null, level: null, fault: null }

/** The same for many, in one statement; every id has its state. */
export async function printStatesOf(transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<Map<string, PrintState>> {
  const states = new Map<string, PrintState>(invoiceIds.map((id) => [id, pending]))
  if (invoiceIds.length === 0) return states
  const rows: (PrintState & { invoice_id: string })[] = await transaction
    .knex('invoicing_print')
    .where('company_id', transaction.companyId)
    .whereIn('invoice_id', [...invoiceIds])
    .select(['invoice_id', 'state', 'sha256', 'level', 'fault'])
  for (const { invoice_id: id, ...state } of rows) states.set(id, state)
  return states
}

async function prepare(host: Host, context: CompanyContext, transaction: CompanyTransaction, invoiceId: string): Promise<Prepared> {
  const row: { state: InvoiceState; input: InvoiceInput | null; posted_at: Date | null } | undefined = await transaction
    .knex('invoicing_invoice')
    .where({ company_id: transaction.companyId, id: invoiceId })
    .first('state', 'input', 'posted_at')
  if (row === undefined) throw new Fault('INVOICE-UNKNOWN', { status: 404 })
  const settings = invoicingSettings.parse(await host.settings.get(transaction, 'invoicing'))
  let document: InvoiceDocument | undefined
  if (row.state === 'draft' && row.input !== null) {
    const draft = await previewDraft(host, context, transaction, invoiceId, row.input)
    if (draft.document === undefined) Fault.throwIfAny(draft.faults)
    document = draft.document
  } else document = await documentOf(transaction, invoiceId)
  if (document === undefined) throw new Fault('INVOICE-UNKNOWN', { status: 404 })
  const empty: InvoicePrint = { qr: null, legalNotes: [], attachments: [], title: null, sealSvg: null }
  const print = await host.hooks.waterfall('invoice.print', empty, document, { context, transaction })
  const paper = await paperOf(host, context, transaction, document, settings)
  const verification = row.state === 'draft' || host.config.publicUrl === null ? null : await codeOf(host, transaction, document)
  return { document, print, settings, state: row.state, createdAt: row.posted_at ?? host.now(), verification, paper }
}

/** What is sold over a counter goes out on the till's roll of paper, unless the company wants sheets. */
async function paperOf(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  document: InvoiceDocument,
  { simplifiedPaper }: InvoicingSettings,
): Promise<Paper> {
  if (!document.simplified) return 'a4'
  if (simplifiedPaper !== 'usual') return simplifiedPaper
  return ((await sellingPlaces(host, context, transaction))?.places.length ?? 0) > 0 ? 'slip' : 'a4'
}

function codeOf(host: Host, transaction: CompanyTransaction, document: InvoiceDocument): Promise<DocumentCode> {
  const subject = { type: 'invoicing.invoice', id: document.id, label: document.number }
  const total = { value: document.totals.payable, currency: document.currency }
  return documentCode(host, transaction, subject, { kind: document.type, issuedOn: document.issueDate, total })
}

/**
 * 80 mm receipt of a posted simplified invoice, with the same QR as its PDF; rendered on request from what was posted, never stored.
 * @throws Fault INVOICE-NOT-POSTED (409), INVOICE-RECEIPT-NOT-SIMPLIFIED (409), or the reason of a hold: without its stamp it is no invoice
 */
export async function receiptPdf(host: Host, context: CompanyContext, invoiceId: string): Promise<{ number: string; pdf: Buffer }> {
  const company = await host.access.company(context.companyId)
  const prepared = await host.db.company(context.companyId, (transaction) => prepare(host, context, transaction, invoiceId))
  const { document } = prepared
  if (prepared.state === 'draft') throw new Fault('INVOICE-NOT-POSTED', { status: 409 })
  if (!document.simplified) throw new Fault('INVOICE-RECEIPT-NOT-SIMPLIFIED', { status: 409, params: { number: document.number } })
  const hold = await holdOf(host, context, invoiceId)
  if (hold !== undefined) throw new Fault(hold.code, { status: 409, params: hold.params ?? {} })
  // The legal file and the seal belong to the document itself; a slip of paper carries the QR.
  const slip: Prepared = { ...prepared, paper: 'slip', print: { ...prepared.print, attachments: [], sealSvg: null } }
  return { number: document.number, pdf: (await render(host, company, slip, 'none')).pdf }
}

async function holdOf(host: Host, context: CompanyContext, invoiceId: string): Promise<FaultDetail | undefined> {
  const holds = await host.hooks.collect('invoice.print-hold', { invoiceIds: [invoiceId] }, { context })
  return holds.find((answer) => answer.invoiceId === invoiceId)?.reason
}

async function render(host: Host, company: Company, prepared: Prepared, seal: PrintDisplay['seal']): Promise<RenderedDocument> {
  const { document, print, settings, state, createdAt, verification } = prepared
  const { digits } = company
  const languages = printLanguages(company, settings)
  const image = (svg: string): { bytes: Uint8Array; mediaType: 'image/svg+xml' } => ({
    bytes: Buffer.from(svg),
    mediaType: 'image/svg+xml',
  })
  const images = {
    ...(print.qr === null ? {} : { 'qr.svg': image(qrSvg(print.qr)) }),
    ...(print.sealSvg === null ? {} : { 'seal.svg': image(print.sealSvg) }),
  }
  const bank = settings.bankAccount === '' ? {} : { bank: { iban: settings.bankAccount } }
  return host.documents.render({
    template: prepared.paper === 'slip' ? 'invoicing/receipt' : 'invoicing/invoice',
    data: printData(document, print, { languages, digits, state, seal, ...bank, ...(verification === null ? {} : { verification }) }),
    locale: languages[0],
    digits,
    images,
    attachments: print.attachments,
    standard: 'a-3b',
    createdAt,
    title: document.number === '' ? 'Draft' : document.number,
  })
}

const arabicPaper = new Set(['SA', 'EG', 'KW', 'AE', 'QA', 'BH', 'OM', 'JO', 'IQ', 'LY', 'TN', 'MA'])

/** Arabic first where the law of the country asks for it, the company's other language beside it. */
export function printLanguages(company: Pick<Company, 'country' | 'locale'>, settings: InvoicingSettings): [Locale] | [Locale, Locale] {
  if (company.locale === 'ar') return settings.secondLanguage === 'none' ? ['ar'] : ['ar', settings.secondLanguage]
  return arabicPaper.has(company.country) ? ['ar', company.locale] : [company.locale]
}

async function storeReady(
  host: Host,
  context: CompanyContext,
  document: InvoiceDocument,
  made: { readonly bytes: Buffer; readonly level: string | null; readonly pages: number },
): Promise<PrintState> {
  return host.db.company(context.companyId, async (transaction) => {
    const { sha256 } = await host.files.put(transaction, made.bytes, 'application/pdf')
    const { rows } = await transaction.knex.raw<{ rows: unknown[] }>(
      `insert into invoicing_print (company_id, invoice_id, state, sha256, level, pages, fault, updated_at) values (?, ?, 'ready', ?, ?, ?, null, ?)
       on conflict (company_id, invoice_id) do update set state = 'ready', sha256 = excluded.sha256, level = excluded.level, pages = excluded.pages,
         fault = null, updated_at = excluded.updated_at where invoicing_print.state <> 'ready' returning 1`,
      [transaction.companyId, document.id, sha256, made.level, made.pages, host.now()],
    )
    // Two jobs met: the first one's PDF is the document.
    if (rows.length === 0) return printStateOf(transaction, document.id)
    if (made.level === 'PAdES-BASELINE-LTA')
      await rememberArchive(host, transaction, context, {
        pdf: made.bytes,
        sha256,
        subject: { type: 'invoicing.invoice', id: document.id, label: document.number },
      })
    await recordIssuedFile(transaction, { type: 'invoicing.invoice', id: document.id }, sha256)
    host.audit.record(transaction, context, {
      action: 'invoice.printed',
      subject: { type: 'invoicing.invoice', id: document.id, label: document.number },
      facts: { sha256, level: made.level ?? '' },
    })
    return { state: 'ready', sha256, level: made.level, fault: null }
  })
}

async function storeState(
  host: Host,
  context: CompanyContext,
  invoiceId: string,
  now: { readonly state: 'held' | 'sealing_failed' | 'failed'; readonly fault: FaultDetail },
): Promise<PrintState> {
  return host.db.company(context.companyId, async (transaction) => {
    await transaction.knex.raw(
      `insert into invoicing_print (company_id, invoice_id, state, fault, updated_at) values (?, ?, ?, cast(? as jsonb), ?)
       on conflict (company_id, invoice_id) do update set state = excluded.state, fault = excluded.fault, updated_at = excluded.updated_at
       where invoicing_print.state <> 'ready'`,
      [transaction.companyId, invoiceId, now.state, JSON.stringify(now.fault), host.now()],
    )
    return printStateOf(transaction, invoiceId)
  })
}
