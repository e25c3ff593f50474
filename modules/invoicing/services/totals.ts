import { add, fixed, multiply, negate, percent, round, subtract, sum } from '../../../core/money/decimal-text.js'
import type { CountryFacts, DecimalText, InvoiceLine, InvoiceTotals, Tax, TaxSubtotal } from '../document.js'

/** A line before amounts: what was typed, and the tax its code means on the invoice's day. */
export interface PricedLine {
  readonly description: string
  readonly itemCode: string | null
  readonly quantity: DecimalText
  readonly unit: string
  readonly unitPrice: DecimalText
  readonly discount: DecimalText
  readonly tax: Tax
  /** Only where the company's country has a computation of its own. */
  readonly taxes?: readonly PricedTax[]
  readonly country?: CountryFacts
}

/** A further tax of a line as it was asked for. */
export interface PricedTax {
  readonly tax: Tax
  readonly rate?: DecimalText
  readonly amount?: DecimalText
}

export interface TotalsOptions {
  /** Decimals of the document's currency. */
  readonly digits: number
  /** Decimals of the company's currency. */
  readonly companyDigits: number
  /** Company currency for one unit of document currency. */
  readonly exchangeRate: DecimalText
  readonly prepaid: DecimalText
  /** Off the whole document; only where the company's country has a computation of its own. */
  readonly discount?: DecimalText
}

export interface ComputedTotals {
  readonly lines: InvoiceLine[]
  readonly taxes: TaxSubtotal[]
  readonly totals: InvoiceTotals
}

/** What a line comes to before tax (EN 16931 BT-131), rounded to the currency. */
export function netOf(line: Pick<PricedLine, 'quantity' | 'unitPrice' | 'discount'>, digits: number): string {
  return round(subtract(multiply(line.quantity, line.unitPrice), line.discount), digits)
}

/**
 * Amounts of an invoice, exactly. Line nets are rounded to the currency; tax is computed per category and rate from that
 * category's taxable sum and rounded once, half up (EN 16931 BR-S-09, BR-CO-10 to BR-CO-17). `totals.discount` is the allowance on
 * document level (BT-107): zero, for discounts live on the lines and are already off the nets.
 */
export function computeTotals(priced: readonly PricedLine[], options: TotalsOptions): ComputedTotals {
  const { digits } = options
  const zero = fixed('0', digits)
  const lines: InvoiceLine[] = []
  const groups = new Map<string, { tax: Tax; taxable: DecimalText }>()
  for (const line of priced) {
    const net = netOf(line, digits)
    const { tax } = line
    lines.push({
      position: lines.length + 1,
      description: line.description,
      itemCode: line.itemCode,
      quantity: line.quantity,
      unit: line.unit,
      unitPrice: line.unitPrice,
      discount: round(line.discount, digits),
      net,
      tax,
      taxAmount: round(percent(net, tax.rate), digits),
    })
    // One subtotal per category, rate and reason: two exemptions of one category must not melt into one.
    const key = `${tax.category}|${tax.rate}|${tax.exemptionCode ?? ''}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { tax, taxable: net })
    else group.taxable = add(group.taxable, net)
  }
  const taxes = [...groups.values()].map(({ tax, taxable }) => ({ tax, taxable, amount: round(percent(taxable, tax.rate), digits) }))
  const net = fixed(sum(lines.map((line) => line.net)), digits)
  const tax = fixed(sum(taxes.map((group) => group.amount)), digits)
  const taxInclusive = add(net, tax)
  const prepaid = fixed(options.prepaid, digits)
  return {
    lines,
    taxes,
    totals: {
      lines: net,
      discount: zero,
      taxExclusive: net,
      tax,
      taxInclusive,
      prepaid,
      rounding: zero,
      payable: subtract(taxInclusive, prepaid),
      taxInCompanyCurrency: round(multiply(tax, options.exchangeRate), options.companyDigits),
    },
  }
}

/** Sign of a document for the customer's balance: a credit note lowers it. */
export function signed(type: 'invoice' | 'credit_note' | 'debit_note', amount: DecimalText): DecimalText {
  return type === 'credit_note' ? negate(amount) : amount
}
