import { add, multiply, percent, round, subtract, sum } from '../../../core/money/decimal-text.js'

/** Decimals of the authority's amounts. */
export const etaDigits = 5

/** A tax of a line before its amount is known. */
export interface AskedTax {
  /** `T1` … `T20` */
  readonly type: string
  /** `V009` */
  readonly subType: string
  /** Percent; zero where the amount is fixed. */
  readonly rate: string
  /** Of a fixed tax, in the currency of the line. */
  readonly amount: string | null
}

export interface AskedLine {
  readonly quantity: string
  /** Price of one in the document's currency; discount and the other amounts too. */
  readonly amountSold: string
  readonly discount: string
  readonly valueDifference: string
  readonly itemsDiscount: string
  readonly taxes: readonly AskedTax[]
}

export interface ChargedTax extends AskedTax {
  readonly amount: string
  /** What the rate was taken of; of a fixed tax the net. */
  readonly base: string
}

/** Amounts of a line by the authority's names, in the currency the rate leads to. */
export interface LineAmounts {
  readonly amountEGP: string
  readonly salesTotal: string
  readonly discount: string
  readonly netTotal: string
  readonly valueDifference: string
  readonly itemsDiscount: string
  readonly totalTaxableFees: string
  readonly taxes: readonly ChargedTax[]
  readonly total: string
}

const fees = new Set(['T5', 'T6', 'T7', 'T8', 'T9', 'T10', 'T11', 'T12'])

/**
 * Amounts of a line as the authority computes them (its invoice 1.0 sample; the receipt page "main calculations" has the same total):
 *
 * salesTotal = quantity × amountEGP; netTotal = salesTotal − discount; totalTaxableFees = Σ T5…T12;
 * base = netTotal + totalTaxableFees + valueDifference + T3; T2 = base × r2; T1 = (base + T2) × r1; T4 = (netTotal − itemsDiscount) × r4;
 * every other percentage of netTotal; total = netTotal + T3 + totalTaxableFees + T2 + T1 − itemsDiscount − T4 + Σ T13…T20.
 * @param exchangeRate pounds for one unit of the document's currency; `1` for the document's own amounts
 * @param digits decimals of every amount, rounded half up
 */
export function lineAmounts(line: AskedLine, exchangeRate: string, digits = etaDigits): LineAmounts {
  const inPounds = (amount: string): string => round(multiply(amount, exchangeRate), digits)
  const amountEGP = inPounds(line.amountSold)
  const salesTotal = round(multiply(line.quantity, amountEGP), digits)
  const discount = inPounds(line.discount)
  const netTotal = subtract(salesTotal, discount)
  const valueDifference = inPounds(line.valueDifference)
  const itemsDiscount = inPounds(line.itemsDiscount)
  const charged = new Map<AskedTax, ChargedTax>()
  const charge = (wanted: (tax: AskedTax) => boolean, base: string): string => {
    const amounts = line.taxes.filter(wanted).map((tax) => {
      const amount = tax.amount === null ? round(percent(base, tax.rate), digits) : inPounds(tax.amount)
      charged.set(tax, { ...tax, amount, base: tax.amount === null ? base : netTotal })
      return amount
    })
    return sum([round('0', digits), ...amounts])
  }
  const of = (type: string) => (tax: AskedTax) => tax.type === type
  const totalTaxableFees = charge(({ type }) => fees.has(type), netTotal)
  const t3 = charge(of('T3'), netTotal)
  const base = sum([netTotal, totalTaxableFees, valueDifference, t3])
  const t2 = charge(of('T2'), base)
  const t1 = charge(of('T1'), add(base, t2))
  const t4 = charge(of('T4'), subtract(netTotal, itemsDiscount))
  const outside = charge((tax) => !charged.has(tax), netTotal)
  const plus = sum([netTotal, t3, totalTaxableFees, t2, t1, outside])
  return {
    amountEGP,
    salesTotal,
    discount,
    netTotal,
    valueDifference,
    itemsDiscount,
    totalTaxableFees,
    taxes: line.taxes.map((tax) => charged.get(tax)).filter((tax) => tax !== undefined),
    total: subtract(plus, add(itemsDiscount, t4)),
  }
}

/** Totals of a document by the authority's names. */
export interface DocumentAmounts {
  readonly totalSalesAmount: string
  readonly totalDiscountAmount: string
  readonly netAmount: string
  readonly totalItemsDiscountAmount: string
  readonly extraDiscountAmount: string
  readonly totalAmount: string
  /** Each type once, in the order of first appearance. */
  readonly taxTotals: readonly { readonly type: string; readonly amount: string }[]
}

export function documentAmounts(lines: readonly LineAmounts[], extraDiscount: string, digits = etaDigits): DocumentAmounts {
  const total = (amountOf: (line: LineAmounts) => string): string => sum([round('0', digits), ...lines.map(amountOf)])
  const byType = new Map<string, string>()
  for (const tax of lines.flatMap((line) => line.taxes)) byType.set(tax.type, add(byType.get(tax.type) ?? '0', tax.amount))
  return {
    totalSalesAmount: total((line) => line.salesTotal),
    totalDiscountAmount: total((line) => line.discount),
    netAmount: total((line) => line.netTotal),
    totalItemsDiscountAmount: total((line) => line.itemsDiscount),
    extraDiscountAmount: round(extraDiscount, digits),
    totalAmount: subtract(
      total((line) => line.total),
      round(extraDiscount, digits),
    ),
    taxTotals: [...byType].map(([type, amount]) => ({ type, amount })),
  }
}

/** At least two decimals and no idle zeros behind them: `947.00`, `3.12345`. */
export function etaAmount(value: string): string {
  const full = round(value, etaDigits)
  let end = full.length
  while (end > full.length - 3 && full.charCodeAt(end - 1) === 48) end -= 1
  return full.slice(0, end)
}
