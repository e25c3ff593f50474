import type { Company, CompanyContext } from '../../core/access/context.js'
import type { CompanyTransaction } from '../../core/db/database.js'
import type { Host } from '../../core/host/module.js'
import type { LocalizedText } from '../../core/i18n/locale.js'
import type {
  BatchOutcome,
  NotSigned,
  PreparedDocument,
  ReadinessItem,
  Regime,
  SignedLegalDocument,
  SubmissionRequest,
} from '../compliance/index.js'
import type { InvoiceDocument } from '../invoicing/index.js'
import { inquireEta } from './authority/inquire.js'
import { laterStates, stateColours } from './authority/later-states.js'
import { submissionOf } from './authority/submission-rows.js'
import { isUndone } from './authority/undone.js'
import { submitToEta } from './authority/submit.js'
import { withShareLinks } from './authority/share-links.js'
import { readiness } from './company/readiness.js'
import { prepareDocuments } from './document/prepare-documents.js'
import { documentTitle } from './print.js'
import { receiptFacts } from './receipts/print-receipt.js'
import { prepareReceipts } from './receipts/prepare-receipts.js'
import { finishReceipts } from './receipts/finish-receipt.js'
import { inquireReceipts } from './receipts/inquire-receipts.js'
import { submitReceipts } from './receipts/submit-receipts.js'
import { validateEgypt } from './rules/validate-egypt.js'
import { signEtaDocuments } from './signing/sign-documents.js'

export const regimeName = 'egypt-eta'

const title: LocalizedText = {
  ar: 'الفاتورة الإلكترونية (مصلحة الضرائب المصرية)',
  en: 'ETA e-invoicing (Egypt)',
  bg: 'Електронно фактуриране на ETA (Египет)',
}

/** A receipt is to be with the authority within a day of the sale (receipt issuance FAQ). */
const receiptHours = 24

/**
 * Egypt's law: invoices and notes as signed JSON, judged by the authority after it has taken them; sales to consumers as receipts, chained
 * by point of sale.
 */
export class EgyptRegime implements Regime {
  readonly name = regimeName
  readonly country = 'EG'
  readonly title = title

  constructor(private readonly host: Host) {}

  /**
   * The customer's copy of a document carries the authority's link, which is known once the document is valid: before that the buyer
   * could deduct nothing with it. A receipt is handed over at the counter.
   */
  finalPrint(kind: string): 'signed' | 'accepted' {
    return kind === 'receipt' ? 'signed' : 'accepted'
  }

  deadlineHours(kind: string): number | null {
    return kind === 'receipt' ? receiptHours : null
  }

  readiness(transaction: CompanyTransaction, context: CompanyContext, company: Company): Promise<readonly ReadinessItem[]> {
    return readiness(this.host, transaction, context, company)
  }

  validate(invoice: InvoiceDocument, company: Company): ReturnType<typeof validateEgypt> {
    return validateEgypt(invoice, company, this.host.now())
  }

  async prepare(
    transaction: CompanyTransaction,
    _context: CompanyContext,
    invoices: readonly InvoiceDocument[],
  ): Promise<readonly PreparedDocument[]> {
    const company = await this.host.access.company(transaction.companyId)
    return apart(
      invoices,
      ({ simplified }) => simplified,
      (receipts) => prepareReceipts(transaction, company, receipts),
      (documents) => prepareDocuments(transaction, company, documents),
    )
  }

  sign(
    context: CompanyContext,
    company: Company,
    documents: readonly (PreparedDocument & { readonly invoice: InvoiceDocument })[],
  ): Promise<readonly (SignedLegalDocument | NotSigned | null)[]> {
    return apart<(typeof documents)[number], SignedLegalDocument | NotSigned | null>(
      documents,
      isReceipt,
      (receipts) => finishReceipts(this.host, company, receipts),
      (toSign) => signEtaDocuments(this.host, context, toSign),
    )
  }

  async submit(context: CompanyContext, request: SubmissionRequest): ReturnType<Regime['submit']> {
    const [outcome] = await this.submitMany(context, [request])
    if (outcome === undefined || outcome instanceof Error) throw outcome ?? new Error('no outcome')
    return outcome
  }

  submitMany(context: CompanyContext, requests: readonly SubmissionRequest[]): Promise<readonly BatchOutcome[]> {
    return apart(
      requests,
      isReceipt,
      (receipts) => submitReceipts(this.host, context, receipts),
      (documents) => submitToEta(this.host, context, documents),
    )
  }

  inquireMany(context: CompanyContext, requests: readonly SubmissionRequest[]): Promise<readonly (BatchOutcome | null)[]> {
    return apart(
      requests,
      isReceipt,
      (receipts) => inquireReceipts(this.host, context, receipts),
      async (documents) => withShareLinks(this.host, context, documents, await inquireEta(this.host, context, documents)),
    )
  }

  async laterState(
    transaction: CompanyTransaction,
    context: CompanyContext,
    invoiceId: string,
  ): ReturnType<NonNullable<Regime['laterState']>> {
    const status = (await submissionOf(transaction, invoiceId))?.status
    const later = laterStates.find((one) => one === status)
    if (later === undefined) return null
    return { text: this.host.i18n.text(context.locale, `compliance-egypt.state.${later}`), color: stateColours[later] ?? 'grey' }
  }

  /** Cancelled at the authority, or rejected for good: the invoice may be cancelled here too. */
  undone(transaction: CompanyTransaction, invoiceId: string): Promise<boolean> {
    return isUndone(transaction, invoiceId, this.host.now())
  }

  print(invoice: InvoiceDocument, legal?: Parameters<Regime['print']>[1]): ReturnType<Regime['print']> {
    const facts = legal?.kind === 'receipt' ? receiptFacts(legal.bytes) : []
    // Reasons why no tax was charged stand with their codes in the summary of taxes.
    return { title: documentTitle(invoice), legalNotes: [], facts }
  }
}

function isReceipt({ kind }: { readonly kind: string }): boolean {
  return kind === 'receipt'
}

/** Receipts and documents go different ways; what becomes of each comes back in the order they were given. */
async function apart<Item, Outcome>(
  items: readonly Item[],
  ofReceipt: (item: Item) => boolean,
  receipts: (some: readonly Item[]) => Promise<readonly Outcome[]>,
  documents: (some: readonly Item[]) => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  const own = async (wanted: boolean, work: typeof receipts): Promise<Iterator<Outcome>> => {
    const some = items.filter((item) => ofReceipt(item) === wanted)
    const outcomes = some.length === 0 ? [] : await work(some)
    if (outcomes.length !== some.length) throw new Error(`${String(outcomes.length)} outcomes of ${String(some.length)}`)
    return outcomes.values()
  }
  const ofReceipts = await own(true, receipts)
  const ofDocuments = await own(false, documents)
  return items.map((item) => {
    const next = (ofReceipt(item) ? ofReceipts : ofDocuments).next()
    if (next.done === true) throw new Error('every item has its outcome')
    return next.value
  })
}
