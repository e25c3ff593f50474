import { createHash } from 'node:crypto'
import { Decimal } from 'decimal.js'
import { itemsOf, memberOf, plainAt, signedText, type Written } from './written-json.js'

/** What is wrong with a receipt, in the authority's words. */
export interface ReceiptError {
  readonly code: string
  readonly message: string
  readonly target: string
}

type Wrong = (code: string, message: string, target: string) => void

/** Of one receipt (receipt issuance FAQ). */
const mostLines = 300
const windowMs = 24 * 3_600_000
/** From this total in pounds on a person is named by national number (e-receipt 1.2). */
const personFrom = 150_000
const clockMs = 60_000

const sales = /^(?:s|S[A-Z])$/
const returns = /^(?:r|R[A-Z]|RWR)$/

/** SHA-256 of the serialised receipt with an empty UUID. */
export function receiptName(receipt: Written): string {
  if (receipt.kind !== 'object') return ''
  const members = receipt.members.map(([name, value]): readonly [string, Written] => {
    if (name !== 'header' || value.kind !== 'object') return [name, value]
    const header = value.members.map(([own, one]): readonly [string, Written] => [own, own === 'uuid' ? { kind: 'text', source: '' } : one])
    return [name, { ...value, members: header }]
  })
  return createHash('sha256')
    .update(signedText({ ...receipt, members }))
    .digest('hex')
}

/** Which kind of receipt it is; null for a type nobody knows. `s`, `SR`…`SU` sell; `r`, `RR`…`RU` and `RWR` take back. */
export function receiptKind(receipt: Written): 'sale' | 'return' | 'return-without-receipt' | null {
  const type = plainAt(receipt, 'documentType', 'receiptType') ?? ''
  if (type === 'RWR') return 'return-without-receipt'
  return sales.test(type) ? 'sale' : returns.test(type) ? 'return' : null
}

/** Everything that can be said of a receipt by itself: version, name, times, buyer, currency, sums. */
export function checkReceiptAlone(receipt: Written, rin: string, now: Date): ReceiptError[] {
  const errors: ReceiptError[] = []
  const wrong: Wrong = (code, message, target) => void errors.push({ code, message, target })
  if (plainAt(receipt, 'documentType', 'typeVersion') !== '1.2') wrong('Version', 'Only version 1.2 is taken', 'documentType.typeVersion')
  if (receiptKind(receipt) === null) wrong('ReceiptType', 'Unknown receipt type', 'documentType.receiptType')
  if (receiptName(receipt) !== plainAt(receipt, 'header', 'uuid'))
    wrong('UUID', 'The UUID is not the SHA-256 of the receipt', 'header.uuid')
  if (plainAt(receipt, 'seller', 'rin') !== rin) wrong('Seller', 'The seller is another taxpayer', 'seller.rin')
  const issued = Date.parse(plainAt(receipt, 'header', 'dateTimeIssued') ?? '')
  if (Number.isNaN(issued)) wrong('DateTimeIssued', 'The time is unreadable', 'header.dateTimeIssued')
  else if (issued > now.getTime() + clockMs) wrong('DateTimeIssued', 'The receipt is from the future', 'header.dateTimeIssued')
  else if (now.getTime() - issued > windowMs) wrong('DateTimeIssued', 'The receipt is older than 24 hours', 'header.dateTimeIssued')
  const currency = plainAt(receipt, 'header', 'currency')
  const rate = plainAt(receipt, 'header', 'exchangeRate')
  if (new Decimal(rate ?? 0).gt(0) !== (currency !== 'EGP'))
    wrong('ExchangeRate', 'A rate belongs to a foreign currency and only to it', 'header.exchangeRate')
  checkBuyer(receipt, rin, new Decimal(currency === 'EGP' ? 1 : (rate ?? 1)), wrong)
  checkSums(receipt, wrong)
  return errors
}

function checkBuyer(receipt: Written, rin: string, rate: Decimal, wrong: Wrong): void {
  const type = plainAt(receipt, 'buyer', 'type')
  const id = plainAt(receipt, 'buyer', 'id')
  if (type === 'B' && !/^\d{9}$/.test(id ?? '')) wrong('Buyer', 'A registration number has 9 digits', 'buyer.id')
  else if (type === 'B' && id === rin) wrong('Buyer', 'The seller cannot be the buyer', 'buyer.id')
  else if (type === 'P' && id !== undefined && !/^\d{14}$/.test(id)) wrong('Buyer', 'A national number has 14 digits', 'buyer.id')
  else if (type === 'P' && id === undefined && new Decimal(plainAt(receipt, 'totalAmount') ?? 0).times(rate).gte(personFrom))
    wrong('Buyer', `From ${String(personFrom)} pounds on the buyer is named`, 'buyer.id')
  else if (type !== 'B' && type !== 'P' && type !== 'F') wrong('Buyer', 'The type is B, P or F', 'buyer.type')
  if (type !== 'P' && (plainAt(receipt, 'buyer', 'name') ?? '') === '') wrong('Buyer', 'The name is missing', 'buyer.name')
}

/** The authority's "main calculations", with five decimals, half up. */
function checkSums(receipt: Written, wrong: Wrong): void {
  const items = itemsOf(memberOf(receipt, 'itemData'))
  if (items.length === 0 || items.length > mostLines) wrong('Lines', `One to ${String(mostLines)} items`, 'itemData')
  const totals = { sales: new Decimal(0), commercial: new Decimal(0), items: new Decimal(0), net: new Decimal(0), total: new Decimal(0) }
  const byType = new Map<string, Decimal>()
  const five = (value: Decimal): Decimal => value.toDecimalPlaces(5, Decimal.ROUND_HALF_UP)
  const expect = (holder: Written, name: string, expected: Decimal, target: string): void => {
    const written = plainAt(holder, name)
    if (written !== undefined && !five(expected).equals(written))
      wrong('Calculation', `The value must be ${five(expected).toFixed()}`, target)
  }
  for (const [index, item] of items.entries()) {
    const of = (name: string): Decimal => new Decimal(plainAt(item, name) ?? 0)
    const commercial = sumOf(item, 'commercialDiscountData')
    const discounts = sumOf(item, 'itemDiscountData')
    let taxes = new Decimal(0)
    for (const tax of itemsOf(memberOf(item, 'taxableItems'))) {
      const type = plainAt(tax, 'taxType') ?? ''
      const amount = new Decimal(plainAt(tax, 'amount') ?? 0)
      taxes = type === 'T4' ? taxes.minus(amount) : taxes.plus(amount)
      byType.set(type, (byType.get(type) ?? new Decimal(0)).plus(amount))
    }
    expect(item, 'totalSale', of('quantity').times(of('unitPrice')), `itemData[${String(index)}].totalSale`)
    expect(item, 'netSale', of('totalSale').minus(commercial), `itemData[${String(index)}].netSale`)
    expect(item, 'total', of('netSale').plus(taxes).minus(discounts), `itemData[${String(index)}].total`)
    totals.sales = totals.sales.plus(of('totalSale'))
    totals.commercial = totals.commercial.plus(commercial)
    totals.items = totals.items.plus(discounts)
    totals.net = totals.net.plus(of('netSale'))
    totals.total = totals.total.plus(of('total'))
  }
  expect(receipt, 'totalSales', totals.sales, 'totalSales')
  expect(receipt, 'totalCommercialDiscount', totals.commercial, 'totalCommercialDiscount')
  expect(receipt, 'totalItemsDiscount', totals.items, 'totalItemsDiscount')
  expect(receipt, 'netAmount', totals.net, 'netAmount')
  expect(receipt, 'totalAmount', totals.total.minus(sumOf(receipt, 'extraReceiptDiscountData')), 'totalAmount')
  for (const [index, total] of itemsOf(memberOf(receipt, 'taxTotals')).entries()) {
    const type = plainAt(total, 'taxType') ?? ''
    if (byType.get(type)?.equals(plainAt(total, 'amount') ?? 'NaN') !== true)
      wrong('Calculation', `The items have another sum of ${type}`, `taxTotals[${String(index)}].amount`)
    byType.delete(type)
  }
  for (const type of byType.keys()) wrong('Calculation', `${type} is missing`, 'taxTotals')
}

function sumOf(holder: Written, list: string): Decimal {
  return itemsOf(memberOf(holder, list)).reduce((total, one) => total.plus(plainAt(one, 'amount') ?? 0), new Decimal(0))
}

/** Quantities by the code of the goods. */
export function quantitiesOf(receipt: Written): Map<string, Decimal> {
  const quantities = new Map<string, Decimal>()
  for (const item of itemsOf(memberOf(receipt, 'itemData'))) {
    const code = plainAt(item, 'itemCode') ?? ''
    quantities.set(code, (quantities.get(code) ?? new Decimal(0)).plus(plainAt(item, 'quantity') ?? 0))
  }
  return quantities
}
