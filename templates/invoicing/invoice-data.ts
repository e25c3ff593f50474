import type { Digits, Locale } from '../../core/i18n/locale.js'

/**
 * What `templates/invoicing/invoice.typ` and `receipt.typ` print. Texts are ready to be read by people: amounts, dates and
 * page words are formatted already, labels come from `labels.json` beside the templates. Nothing in here is markup.
 */
export interface InvoiceData {
  /** One language, or the first with a second one as paired labels. */
  readonly languages: readonly [Locale] | readonly [Locale, Locale]
  readonly digits: Digits
  /** Title in each of `languages`. */
  readonly title: readonly string[]
  /** Printed across the page when not null: drafts and cancelled documents, in each of `languages`. */
  readonly mark: readonly string[] | null
  /** Null for a draft. */
  readonly number: string | null
  readonly facts: readonly InvoiceFact[]
  /** Of the country's law, labelled in each of `languages`. */
  readonly countryFacts: readonly { readonly label: readonly string[]; readonly value: string; readonly code: boolean }[]
  readonly seller: InvoiceParty
  readonly customer: InvoiceParty | null
  readonly currency: string
  readonly columns: { readonly discount: boolean; readonly itemCode: boolean }
  readonly lines: readonly InvoiceDataLine[]
  readonly taxes: readonly InvoiceDataTax[]
  /** Rows under the lines, in order; `strong` marks what is to be paid, `currency` is set where it is not the document's. */
  readonly totals: readonly InvoiceDataTotal[]
  /** Amount in words, in each of `languages`. */
  readonly words: readonly string[]
  /** Note to a credit or debit note: which document, and why. */
  readonly refersTo: readonly InvoiceFact[]
  readonly payment: readonly InvoiceFact[]
  readonly notes: string | null
  /** Law's lines, each in each of `languages`. */
  readonly legalNotes: readonly (readonly string[])[]
  /** True when the request carries the picture `qr.svg`. */
  readonly qr: boolean
  /** Under the code: what is typed instead of scanned. */
  readonly qrCaption: string | null
  /** Beside the seal: who stamped the document, and its name at the authority. */
  readonly stamps: readonly { readonly label: readonly string[]; readonly value: string; readonly code: boolean }[]
  /** `place` leaves the room for the seal of the signature; `preview` shows the picture `seal.svg` in it; `none` leaves no room. */
  readonly seal: 'place' | 'preview' | 'none'
  /** Printed in the footer: what a reader types or scans to check the document. */
  readonly verification: { readonly code: string; readonly url: string | null } | null
}

/** A labelled datum. */
export interface InvoiceFact {
  /** Key of `labels.json`. */
  readonly label: string
  readonly value: string
  /** Number, code, date: kept left to right as one piece wherever it stands. */
  readonly code: boolean
}

export interface InvoiceParty {
  /** Name in the first language, then the other one where it differs. */
  readonly names: readonly string[]
  readonly address: readonly string[]
  readonly facts: readonly InvoiceFact[]
}

export interface InvoiceDataLine {
  readonly position: string
  readonly description: string
  readonly itemCode: string | null
  readonly quantity: string
  readonly unit: string | null
  readonly unitPrice: string
  readonly discount: string | null
  readonly net: string
  readonly taxRate: string
  readonly taxAmount: string
  /** Taxes beside the main one; what is withheld is below zero. */
  readonly furtherTaxes: readonly { readonly code: string; readonly rate: string | null; readonly amount: string }[]
  readonly gross: string
}

export interface InvoiceDataTotal {
  readonly label: string
  /** In each of `languages`, instead of the label. */
  readonly name: readonly string[] | null
  readonly amount: string
  readonly currency: string | null
  readonly strong: boolean
  readonly note: string | null
}

export interface InvoiceDataTax {
  /** Name of the tax in each of `languages`. */
  readonly name: readonly string[]
  readonly rate: string
  readonly taxable: string
  readonly amount: string
  /** Why no tax is charged, in each of `languages`. */
  readonly reason: readonly string[] | null
}
