import type { Collect, Notify, Veto, Waterfall } from '../../core/hooks/hook-map.js'
import type { FaultDetail } from '../../core/i18n/fault.js'
import type { LocalizedText } from '../../core/i18n/locale.js'
import type { DocumentAttachment } from '../../core/documents/documents.js'
import type { InvoiceDocument, Tax } from './document.js'
import type { InvoiceInput } from './input.js'
import type { TaxComputation } from './tax-computation.js'

/** What a print shows beside the invoice itself; modules add to it. */
export interface InvoicePrint {
  /** Text of the QR code (base64 for Saudi Arabia); null prints none. */
  readonly qr: string | null
  /** Facts a country puts on its document, in the print's languages: the point of sale a receipt comes from. */
  readonly facts?: readonly PrintFact[]
  /** Lines of law under the totals, in the print's languages. */
  readonly legalNotes: readonly { readonly ar: string; readonly en: string; readonly bg: string }[]
  /** The legal file, attached to the PDF. */
  readonly attachments: readonly DocumentAttachment[]
  /** Document title: «فاتورة ضريبية». */
  readonly title: { readonly ar: string; readonly en: string; readonly bg: string } | null
  /** Seal drawn in its fixed place, as SVG; the seal module fills it. */
  readonly sealSvg: string | null
  /** Under the QR code: what a person types who cannot scan it. */
  readonly qrCaption?: string
  /** Who stamped the document, and under which name the authority has it; printed beside the seal. */
  readonly stamps?: readonly PrintStamp[]
  /**
   * Total tax by kind, in the document's currency, where kinds differ in what they do to the total; what is withheld is below zero.
   * They add up to the document's tax. Absent: one row of the whole tax.
   */
  readonly taxGroups?: readonly { readonly name: LocalizedText; readonly amount: string }[]
}

export interface PrintStamp {
  readonly label: LocalizedText
  readonly value: string
  /** Number, code, address: kept left to right as one piece. */
  readonly code: boolean
}

export interface PrintFact {
  readonly label: { readonly ar: string; readonly en: string; readonly bg: string }
  readonly value: string
  /** Number, code, date: kept left to right as one piece. */
  readonly code: boolean
}

/** One of the inputs being posted stands in the place of a posted document that does not count: an authority refused it. */
export interface Replacement {
  /** Of the input in the list asked about. */
  readonly index: number
  /** Of the document that is replaced. */
  readonly number: string
}

export interface PostedNotice {
  readonly invoiceId: string
}

/** What became of a posted invoice right after its transaction. */
export interface InvoiceFinish {
  readonly invoiceId: string
  /** In the terms of whoever answers: an e-document state. */
  readonly state: string
  readonly legalFile?: { readonly sha256: string; readonly mediaType: string; readonly name: string }
  /** Text of the QR code. */
  readonly qr?: string
}

/** Where the quick sale of a company happens: its tills, where its country knows them. */
export interface SellingPlaces {
  /** Fact of the document that names the place: `device`. */
  readonly fact: string
  readonly label: LocalizedText
  readonly places: readonly { readonly value: string; readonly label: string; readonly isDefault: boolean }[]
  /** Page on which places are set up; told where there is none yet, for then nothing can be sold. */
  readonly setup: string
}

/** A card of the overview that another module adds; label and note are text keys. */
export interface OverviewCard {
  readonly label: string
  readonly count: number
  /** Decimal text in the company's currency; null shows none. */
  readonly amount: string | null
  readonly href: string
  readonly note: { readonly key: string; readonly params: Readonly<Record<string, number>> } | null
}

export interface PrintHold {
  readonly invoiceId: string
  readonly reason: FaultDetail
}

declare module '../../core/hooks/hook-map.js' {
  interface HookMap {
    /** Fills what the caller left open, before validation. */
    'invoice.defaults': Waterfall<InvoiceInput>
    /** Objections to posting; codes and paths in the terms of InvoiceInput. Runs for each invoice, before a number is taken. */
    'invoice.validate': Veto<InvoiceDocument>
    /**
     * Inside the posting transaction, after numbers are taken, once for all invoices posted together: regimes build payload
     * and hash and take chain links here. The invoices' rows are there already (rows of others may refer to them), so the list is
     * handed on as it came.
     */
    'invoice.posting': Waterfall<readonly InvoiceDocument[]>
    /**
     * Inside the posting transaction, before anything is judged: which inputs replace a posted document. That one is cancelled by the
     * same transaction and its payments move. Whether it may be replaced is said by `invoice.validate` and `invoice.cancel`.
     */
    'invoice.replaces': Collect<readonly InvoiceInput[], Replacement>
    'invoice.posted': Notify<PostedNotice>
    'invoice.cancelled': Notify<PostedNotice>
    'invoice.print': Waterfall<InvoicePrint, InvoiceDocument>
    /** Dated tax tables for a country. */
    'invoicing.taxes': Collect<{ readonly country: string }, Tax>
    /** How a country computes its taxes, where one rate per line is not all; at most one answer. */
    'invoicing.tax-computation': Collect<{ readonly country: string }, TaxComputation>
    /** May this posted invoice be cancelled? (An accepted e-document may not.) */
    'invoice.cancel': Veto<InvoiceDocument>
    /**
     * Right after the posting transaction has committed, outside it: what can be done at once (signing) is done here. A listener
     * that cannot finish leaves its own jobs behind and answers with the state it reached.
     */
    'invoice.finishing': Collect<{ readonly invoiceIds: readonly string[] }, InvoiceFinish>
    /** Reasons why the final print must wait (the authority has not cleared the invoice). Whoever holds it calls `requestPrints` later. */
    'invoice.print-hold': Collect<{ readonly invoiceIds: readonly string[] }, PrintHold>
    'invoicing.overview': Collect<undefined, OverviewCard>
    /** Tills of the company; nobody answers: it sells without naming one. At most one answer. */
    'invoicing.selling-places': Collect<undefined, SellingPlaces>
  }
}

export const invoicingHooks = [
  ['invoice.defaults', 'waterfall'],
  ['invoice.validate', 'veto'],
  ['invoice.posting', 'waterfall'],
  ['invoice.replaces', 'collect'],
  ['invoice.posted', 'notify'],
  ['invoice.cancelled', 'notify'],
  ['invoice.print', 'waterfall'],
  ['invoicing.taxes', 'collect'],
  ['invoicing.tax-computation', 'collect'],
  ['invoice.cancel', 'veto'],
  ['invoice.finishing', 'collect'],
  ['invoice.print-hold', 'collect'],
  ['invoicing.selling-places', 'collect'],
  ['invoicing.overview', 'collect'],
] as const
