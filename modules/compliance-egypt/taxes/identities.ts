import { absolute, add, compare, isDecimalText, isZero, multiply, percent, subtract, sum } from '../../../core/money/decimal-text.js'
import { itemsOf, memberOf, textAt, type LiteralValue } from '../canonical/literal-value.js'

/** An equality between amounts of a document: what stands there, and what the rest of the document says it should be. */
export interface Identity {
  /** Of the amount that is claimed: `invoiceLines[0].taxableItems[3].amount`. */
  readonly path: string
  /** In words of the authority: `T1 = (base + T2) × rate`. */
  readonly name: string
  readonly stated: string
  /** Exact, not rounded. */
  readonly expected: string
}

/** Half a piaster of rounding on each side; the authority's own sample is rounded to piasters. UNCONFIRMED by the authority. */
export const toleratedDifference = '0.01'

const feeTypes = new Set(['T5', 'T6', 'T7', 'T8', 'T9', 'T10', 'T11', 'T12'])
const outsideTypes = new Set(['T13', 'T14', 'T15', 'T16', 'T17', 'T18', 'T19', 'T20'])

/** Equalities that do not hold. */
export function brokenIdentities(document: LiteralValue, tolerance = toleratedDifference): Identity[] {
  return identitiesOf(document).filter(({ stated, expected }) => compare(absolute(subtract(stated, expected)), tolerance) > 0)
}

/**
 * Every equality a document must satisfy, each from amounts the document states itself. The authority's two-line sample of version 1.0
 * with T1 to T20 has seventy-two, and all hold. A receipt of version 1.2 has the same under other names ("main calculations").
 */
export function identitiesOf(document: LiteralValue): Identity[] {
  return memberOf(document, 'itemData') === undefined ? invoiceIdentities(document) : receiptIdentities(document)
}

function invoiceIdentities(document: LiteralValue): Identity[] {
  const lines = itemsOf(memberOf(document, 'invoiceLines'))
  const found = lines.flatMap((line, index) => lineIdentities(invoiceLine(line), `invoiceLines[${String(index)}]`))
  const header = (path: string, name: string, expected: string): void => {
    found.push({ path, name, stated: decimalAt(document, path), expected })
  }
  const over = (member: string): string => sum(['0', ...lines.map((line) => decimalAt(line, member))])
  header('totalSalesAmount', 'totalSalesAmount = Σ salesTotal', over('salesTotal'))
  const discounts = sum(['0', ...lines.map((line) => decimalAt(line, 'discount', 'amount'))])
  header('totalDiscountAmount', 'totalDiscountAmount = Σ discount.amount', discounts)
  header('netAmount', 'netAmount = Σ netTotal', over('netTotal'))
  header('totalItemsDiscountAmount', 'totalItemsDiscountAmount = Σ itemsDiscount', over('itemsDiscount'))
  header('totalAmount', 'totalAmount = Σ total − extraDiscountAmount', subtract(over('total'), decimalAt(document, 'extraDiscountAmount')))
  return [...found, ...taxTotalIdentities(document, lines)]
}

function receiptIdentities(receipt: LiteralValue): Identity[] {
  const lines = itemsOf(memberOf(receipt, 'itemData'))
  const found = lines.flatMap((line, index) => lineIdentities(receiptLine(line), `itemData[${String(index)}]`))
  const header = (path: string, name: string, expected: string): void => {
    found.push({ path, name, stated: decimalAt(receipt, path), expected })
  }
  const over = (member: string): string => sum(['0', ...lines.map((line) => decimalAt(line, member))])
  const discounts = (member: string): string => sum(['0', ...lines.map((line) => amountsIn(line, member))])
  header('totalSales', 'totalSales = Σ totalSale', over('totalSale'))
  header('totalCommercialDiscount', 'totalCommercialDiscount = Σ commercialDiscountData', discounts('commercialDiscountData'))
  header('netAmount', 'netAmount = Σ netSale', over('netSale'))
  header('totalItemsDiscount', 'totalItemsDiscount = Σ itemDiscountData', discounts('itemDiscountData'))
  // Which way fees and adjustments go is published nowhere that could be read; a receipt with one makes no claim about its total.
  if (isZero(decimalAt(receipt, 'feesAmount')) && isZero(decimalAt(receipt, 'adjustment'))) {
    const expected = subtract(over('total'), amountsIn(receipt, 'extraReceiptDiscountData'))
    header('totalAmount', 'totalAmount = Σ total − extraReceiptDiscountData', expected)
  }
  return [...found, ...taxTotalIdentities(receipt, lines)]
}

function taxTotalIdentities(document: LiteralValue, lines: readonly LiteralValue[]): Identity[] {
  const found: Identity[] = []
  const byType = new Map<string, string>()
  for (const tax of lines.flatMap((line) => itemsOf(memberOf(line, 'taxableItems')))) {
    const type = textAt(tax, 'taxType') ?? ''
    byType.set(type, add(byType.get(type) ?? '0', decimalAt(tax, 'amount')))
  }
  for (const [index, total] of itemsOf(memberOf(document, 'taxTotals')).entries()) {
    const type = textAt(total, 'taxType') ?? ''
    found.push({
      path: `taxTotals[${String(index)}].amount`,
      name: `taxTotals ${type} = Σ ${type}`,
      stated: decimalAt(total, 'amount'),
      expected: byType.get(type) ?? '0',
    })
    // A second entry of the same type has nothing left to state, one that is missing is told below.
    byType.set(type, '0')
  }
  for (const [type, rest] of byType) {
    if (!isZero(rest)) found.push({ path: 'taxTotals', name: `taxTotals ${type} = Σ ${type}`, stated: '0', expected: rest })
  }
  return found
}

/** A line's amounts, with the names they have in its document. */
interface LineTerms {
  readonly line: LiteralValue
  readonly names: { readonly salesTotal: string; readonly price: string; readonly netTotal: string; readonly discount: string }
  readonly price: string
  readonly discount: string
  readonly discountRate: string
  readonly itemsDiscount: string
  /** Stated in invoices alone. */
  readonly fees: string | null
}

function invoiceLine(line: LiteralValue): LineTerms {
  return {
    line,
    names: { salesTotal: 'salesTotal', price: 'amountEGP', netTotal: 'netTotal', discount: 'discount.amount' },
    price: decimalAt(line, 'unitValue', 'amountEGP'),
    discount: decimalAt(line, 'discount', 'amount'),
    discountRate: decimalAt(line, 'discount', 'rate'),
    itemsDiscount: decimalAt(line, 'itemsDiscount'),
    fees: decimalAt(line, 'totalTaxableFees'),
  }
}

function receiptLine(line: LiteralValue): LineTerms {
  return {
    line,
    names: { salesTotal: 'totalSale', price: 'unitPrice', netTotal: 'netSale', discount: 'commercialDiscountData' },
    price: decimalAt(line, 'unitPrice'),
    discount: amountsIn(line, 'commercialDiscountData'),
    discountRate: '0',
    itemsDiscount: amountsIn(line, 'itemDiscountData'),
    fees: null,
  }
}

function lineIdentities({ line, names, price, discount, discountRate, itemsDiscount, fees }: LineTerms, at: string): Identity[] {
  const value = (...path: readonly string[]): string => decimalAt(line, ...path)
  const taxes = itemsOf(memberOf(line, 'taxableItems')).map((tax, index) => ({
    path: `${at}.taxableItems[${String(index)}].amount`,
    type: textAt(tax, 'taxType') ?? '',
    amount: decimalAt(tax, 'amount'),
    rate: decimalAt(tax, 'rate'),
  }))
  const sumOf = (wanted: (type: string) => boolean): string =>
    sum(['0', ...taxes.filter(({ type }) => wanted(type)).map(({ amount }) => amount)])
  const only = (type: string): string => sumOf((one) => one === type)
  const found: Identity[] = []
  const claim = (path: string, name: string, stated: string, expected: string): void => {
    found.push({ path, name, stated, expected })
  }
  if (textAt(line, 'unitValue', 'amountSold') !== undefined) {
    const expected = multiply(value('unitValue', 'amountSold'), value('unitValue', 'currencyExchangeRate'))
    claim(`${at}.unitValue.amountEGP`, 'amountEGP = amountSold × currencyExchangeRate', price, expected)
  }
  const sales = value(names.salesTotal)
  claim(`${at}.${names.salesTotal}`, `${names.salesTotal} = quantity × ${names.price}`, sales, multiply(value('quantity'), price))
  if (!isZero(discountRate)) {
    const expected = percent(sales, discountRate)
    claim(`${at}.discount.amount`, 'discount.amount = salesTotal × discount.rate', discount, expected)
  }
  const net = value(names.netTotal)
  claim(`${at}.${names.netTotal}`, `${names.netTotal} = ${names.salesTotal} − ${names.discount}`, net, subtract(sales, discount))
  const charged = sumOf((type) => feeTypes.has(type))
  if (fees !== null) claim(`${at}.totalTaxableFees`, 'totalTaxableFees = Σ T5…T12', fees, charged)
  const taken = fees ?? charged
  const base = sum([net, taken, value('valueDifference'), only('T3')])
  for (const tax of taxes) {
    // Without a rate the amount is fixed: there is nothing it follows from.
    if (isZero(tax.rate)) continue
    const [name, of] = baseOf(tax.type, { net, base, t2: only('T2'), itemsDiscount })
    claim(tax.path, `${tax.type} = ${name} × rate`, tax.amount, percent(of, tax.rate))
  }
  const plus = sum([net, only('T3'), taken, only('T2'), only('T1'), sumOf((type) => outsideTypes.has(type))])
  const name = `total = ${names.netTotal} + T3 + Σ T5…T12 + T2 + T1 − itemsDiscount − T4 + Σ T13…T20`
  claim(`${at}.total`, name, value('total'), subtract(plus, add(itemsDiscount, only('T4'))))
  return found
}

/** Sum of a list of discounts. */
function amountsIn(value: LiteralValue, list: string): string {
  return sum(['0', ...itemsOf(memberOf(value, list)).map((one) => decimalAt(one, 'amount'))])
}

function baseOf(
  type: string,
  { net, base, t2, itemsDiscount }: { readonly net: string; readonly base: string; readonly t2: string; readonly itemsDiscount: string },
): [string, string] {
  if (type === 'T1') return ['(base + T2)', add(base, t2)]
  if (type === 'T2') return ['base', base]
  if (type === 'T4') return ['(netTotal − itemsDiscount)', subtract(net, itemsDiscount)]
  return ['netTotal', net]
}

/** Absent means zero, as the authority computes. */
function decimalAt(value: LiteralValue, ...path: readonly string[]): string {
  const text = textAt(value, ...path)
  return text !== undefined && isDecimalText(text) ? text : '0'
}
