import type { PostalAddress } from '../../core/access/context.js'

export type InvoiceType = 'invoice' | 'credit_note' | 'debit_note'
export type InvoiceState = 'draft' | 'posted' | 'cancelled'
export type PaymentState = 'not_paid' | 'partial' | 'paid' | 'overdue'
/** Decimal number as text: `"1150.00"`. Never a JavaScript number. */
export type DecimalText = string

/** A party as it stood at posting: copied into the document, never looked up again. */
export interface Party {
  readonly name: string
  readonly nameAr: string | null
  readonly identifiers: readonly { readonly scheme: string; readonly value: string }[]
  readonly address: PostalAddress | null
  readonly phone: string | null
  readonly email: string | null
}

/** A row of a dated tax table. Countries bring theirs by the hook `invoicing.taxes`. */
export interface Tax {
  /** Code used in lines and in the API: `S15`. */
  readonly code: string
  readonly name: { readonly ar: string; readonly en: string; readonly bg: string }
  /** Percent as decimal text: `"15"`. */
  readonly rate: DecimalText
  /** UN/EDIFACT 5305: S, Z, E, O, AE. */
  readonly category: string
  readonly exemptionCode?: string
  readonly exemptionReason?: { readonly ar: string; readonly en: string; readonly bg: string }
  readonly from: string
  readonly to?: string
  readonly source: string
}

/** A tax beside a line's main tax, as the country's computation worked it out. */
export interface FurtherTax {
  /** With the rate that was applied. */
  readonly tax: Tax
  /** In the document's currency; what is withheld is above zero here and taken off in the totals. */
  readonly amount: DecimalText
  /** The amount was given, not computed from a rate. */
  readonly fixed: boolean
  /** Kept back by the buyer: off the total. */
  readonly withheld?: true
}

/** What a country asks for beside the fields every invoice has, by the country's own names: `{ "itemsDiscount": "5.00" }`. */
export type CountryFacts = Readonly<Record<string, string>>

export interface InvoiceLine {
  /** 1, 2, 3 … */
  readonly position: number
  readonly description: string
  readonly itemCode: string | null
  readonly quantity: DecimalText
  /** UN/ECE Recommendation 20. */
  readonly unit: string
  readonly unitPrice: DecimalText
  /** Amount off the line, before tax. */
  readonly discount: DecimalText
  /** quantity × unitPrice − discount, rounded half up to the currency. */
  readonly net: DecimalText
  readonly tax: Tax
  /** Tax of the line alone, rounded: for print and for line fields; document tax comes from the category's sum. */
  readonly taxAmount: DecimalText
  /** Absent where a line has its main tax alone. */
  readonly taxes?: readonly FurtherTax[]
  /** What the line comes to, where that is more than net and main tax. */
  readonly total?: DecimalText
  readonly country?: CountryFacts
}

export interface TaxSubtotal {
  readonly tax: Tax
  readonly taxable: DecimalText
  readonly amount: DecimalText
}

export interface InvoiceTotals {
  readonly lines: DecimalText
  readonly discount: DecimalText
  readonly taxExclusive: DecimalText
  readonly tax: DecimalText
  readonly taxInclusive: DecimalText
  readonly prepaid: DecimalText
  readonly rounding: DecimalText
  readonly payable: DecimalText
  /** Total tax in the company's currency, when the document has another. */
  readonly taxInCompanyCurrency: DecimalText
}

/** What regimes, prints and the API see of an invoice that is being posted or was posted. Frozen from then on. */
export interface InvoiceDocument {
  readonly id: string
  readonly companyId: string
  readonly type: InvoiceType
  /** `INV/2026/00012`; empty only while validating, before a number is taken. */
  readonly number: string
  readonly simplified: boolean
  readonly currency: string
  readonly companyCurrency: string
  /** Company currency for one unit of document currency. */
  readonly exchangeRate: DecimalText
  /** Company's local date and time. */
  readonly issueDate: string
  readonly issueTime: string
  readonly supplyDate: string | null
  readonly supplyEndDate: string | null
  readonly dueDate: string
  readonly seller: Party
  readonly customer: Party | null
  readonly lines: readonly InvoiceLine[]
  readonly taxes: readonly TaxSubtotal[]
  readonly totals: InvoiceTotals
  readonly paymentMeans: 'cash' | 'transfer' | 'card' | 'credit' | null
  /** Original of a note. */
  readonly refersTo: { readonly number: string; readonly uuid: string | null; readonly issueDate: string | null } | null
  readonly reason: string | null
  readonly notes: string | null
  readonly purchaseOrder: string | null
  readonly contract: string | null
  /** Off the whole document, after tax, where the country knows such a thing. */
  readonly discount?: DecimalText
  readonly country?: CountryFacts
}
