import type { ComputedTotals, PricedLine, TotalsOptions } from './services/totals.js'
import type { LocalizedText } from '../../core/i18n/locale.js'
import type { InvoiceDocument, Tax } from './document.js'

/**
 * How a country computes its taxes, where one rate per line is not all there is: taxes on taxes, fixed amounts, withholding. Answered
 * to `invoicing.tax-computation` by the country's module; without an answer amounts are those of EN 16931 (`computeTotals`).
 */
export interface TaxComputation {
  readonly country: string
  /** Taxes that stand beside a line's main tax, never as it. */
  isFurther(tax: Tax): boolean
  /** What a line must state of a further tax: the rate where the law's table has none, the amount where it is fixed; null: neither. */
  states(tax: Tax): 'rate' | 'amount' | null
  /** Names a line's `country` may have. */
  readonly lineFacts: readonly string[]
  /** Names the document's `country` may have. */
  readonly documentFacts: readonly string[]
  /** A discount on the whole document is known. */
  readonly documentDiscount: boolean
  /** The document's tax by kind, where kinds differ in what they do to the total; they add up to it. */
  groups?(document: InvoiceDocument): readonly { readonly name: LocalizedText; readonly amount: string }[]
  /** Lines in the order given, with their further taxes; every amount a decimal text. */
  compute(priced: readonly PricedLine[], options: TotalsOptions): ComputedTotals
}
