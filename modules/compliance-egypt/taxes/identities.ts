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
 * Every equality an invoice of version 1.0 must satisfy, each from amounts the document states itself. The authority's two-line sample
 * with T1 to T20 has seventy-two, and all hold.
 */
export function identitiesOf(document: LiteralValue): Identity[] {
  const found: Identity[] = []
  const lines = itemsOf(memberOf(document, 'invoiceLines'))
  for (const [index, line] of lines.entries()) found.push(...lineIdentities(line, `invoiceLines[${String(index)}]`))
  const header = (path: string, name: string, expected: string): void => {
    found.push({ path, name, stated: decimalAt(document, path), expected })
  }
  const over = (member: string): string => sum(['0', ...lines.map((line) => decimalAt(line, member))])
  header('totalSalesAmount', 'totalSalesAmount = Σ salesTotal', over('salesTotal'))
  header(
    'totalDiscountAmount',
    'totalDiscountAmount = Σ discount.amount',
    sum(['0', ...lines.map((line) => decimalAt(line, 'discount', 'amount'))]),
  )
  header('netAmount', 'netAmount = Σ netTotal', over('netTotal'))
  header('totalItemsDiscountAmount', 'totalItemsDiscountAmount = Σ itemsDiscount', over('itemsDiscount'))
  header('totalAmount', 'totalAmount = Σ total − extraDiscountAmount', subtract(over('total'), decimalAt(document, 'extraDiscountAmount')))

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

function lineIdentities(line: LiteralValue, at: string): Identity[] {
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
    claim(`${at}.unitValue.amountEGP`, 'amountEGP = amountSold × currencyExchangeRate', value('unitValue', 'amountEGP'), expected)
  }
  claim(
    `${at}.salesTotal`,
    'salesTotal = quantity × amountEGP',
    value('salesTotal'),
    multiply(value('quantity'), value('unitValue', 'amountEGP')),
  )
  if (!isZero(value('discount', 'rate'))) {
    const expected = percent(value('salesTotal'), value('discount', 'rate'))
    claim(`${at}.discount.amount`, 'discount.amount = salesTotal × discount.rate', value('discount', 'amount'), expected)
  }
  const net = value('netTotal')
  claim(`${at}.netTotal`, 'netTotal = salesTotal − discount.amount', net, subtract(value('salesTotal'), value('discount', 'amount')))
  const fees = value('totalTaxableFees')
  claim(
    `${at}.totalTaxableFees`,
    'totalTaxableFees = Σ T5…T12',
    fees,
    sumOf((type) => feeTypes.has(type)),
  )
  const base = sum([net, fees, value('valueDifference'), only('T3')])
  for (const tax of taxes) {
    // Without a rate the amount is fixed: there is nothing it follows from.
    if (isZero(tax.rate)) continue
    const [name, of] = baseOf(tax.type, { net, base, t2: only('T2'), itemsDiscount: value('itemsDiscount') })
    claim(tax.path, `${tax.type} = ${name} × rate`, tax.amount, percent(of, tax.rate))
  }
  const plus = sum([net, only('T3'), fees, only('T2'), only('T1'), sumOf((type) => outsideTypes.has(type))])
  const name = 'total = netTotal + T3 + totalTaxableFees + T2 + T1 − itemsDiscount − T4 + Σ T13…T20'
  claim(`${at}.total`, name, value('total'), subtract(plus, add(value('itemsDiscount'), only('T4'))))
  return found
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
