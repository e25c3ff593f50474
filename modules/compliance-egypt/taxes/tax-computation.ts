import { absolute, add, compare, fixed, multiply, negate, round, subtract, sum } from '../../../core/money/decimal-text.js'
import type {
  ComputedTotals,
  CountryFacts,
  FurtherTax,
  InvoiceLine,
  PricedLine,
  Tax,
  TaxComputation,
  TaxSubtotal,
} from '../../invoicing/index.js'
import { taxGroups } from './tax-groups.js'
import { subtypeOf } from '../data/taxes.js'
import { documentAmounts, lineAmounts, type AskedLine, type AskedTax, type ChargedTax, type LineAmounts } from './line-amounts.js'

/** Facts of a line: the authority's own names where it has one. `taxRate` is the percentage of V010. */
export const lineFacts = ['valueDifference', 'itemsDiscount', 'itemType', 'internalCode', 'taxRate'] as const

/** Facts of a document; `payment.` and `delivery.` go into the objects of that name. */
export const documentFacts = [
  'branch',
  'activity',
  'device',
  'correctionOf',
  'withoutReceipt',
  'export',
  'reference',
  'salesOrderReference',
  'salesOrderDescription',
  'purchaseOrderDescription',
  'proformaInvoiceNumber',
  'payment.bankName',
  'payment.bankAddress',
  'payment.bankAccountNo',
  'payment.bankAccountIBAN',
  'payment.swiftCode',
  'payment.terms',
  'delivery.approach',
  'delivery.packaging',
  'delivery.dateValidity',
  'delivery.exportPort',
  'delivery.countryOfOrigin',
  'delivery.grossWeight',
  'delivery.netWeight',
  'delivery.terms',
] as const

/** What a line is computed from, whether it is being priced or was posted. */
export interface LineSource {
  readonly quantity: string
  readonly unitPrice: string
  readonly discount: string
  readonly tax: Tax
  readonly taxes?: readonly { readonly tax: Tax; readonly rate?: string; readonly amount?: string; readonly fixed?: boolean }[]
  readonly country?: CountryFacts
}

export function askedLine(line: LineSource): AskedLine {
  const facts = line.country ?? {}
  return {
    quantity: line.quantity,
    amountSold: line.unitPrice,
    discount: line.discount,
    valueDifference: amountFact(facts['valueDifference']),
    itemsDiscount: amountFact(facts['itemsDiscount']),
    taxes: [mainTax(line.tax, facts), ...(line.taxes ?? []).map(furtherTax)],
  }
}

function mainTax(tax: Tax, facts: CountryFacts): AskedTax {
  const subtype = subtypeOf(tax.code)
  const rate = subtype?.rate === null ? amountFact(facts['taxRate']) : tax.rate
  return { type: subtype?.type ?? 'T1', subType: tax.code, rate, amount: null }
}

function furtherTax(one: NonNullable<LineSource['taxes']>[number]): AskedTax {
  const subtype = subtypeOf(one.tax.code)
  const isFixed = subtype?.fixed ?? false
  return {
    type: subtype?.type ?? one.tax.category,
    subType: one.tax.code,
    rate: isFixed ? '0' : (one.rate ?? one.tax.rate),
    amount: isFixed ? (one.amount ?? '0') : null,
  }
}

/** A fact that is no number is told by the rules; amounts are shown without it until then. */
function amountFact(text: string | undefined): string {
  return text !== undefined && /^-?\d{1,15}(?:\.\d{1,5})?$/.test(text) ? text : '0'
}

/**
 * Egypt's taxes for invoicing. Amounts of lines and subtotals are in the document's currency, rounded to it for people; the exact ones,
 * in pounds with five decimals, are computed from the same lines when the document is written. The total is the authority's total
 * rounded once: what is withheld is off it.
 */
export const egyptTaxComputation: TaxComputation = {
  country: 'EG',
  isFurther: (tax) => subtypeOf(tax.code) !== undefined && subtypeOf(tax.code)?.type !== 'T1',
  states: (tax) => {
    const subtype = subtypeOf(tax.code)
    if (subtype === undefined) return null
    return subtype.fixed ? 'amount' : subtype.rate === null ? 'rate' : null
  },
  lineFacts,
  documentFacts,
  documentDiscount: true,
  groups: taxGroups,
  compute(priced, options): ComputedTotals {
    const { digits } = options
    const exact = priced.map((line) => lineAmounts(askedLine(line), '1'))
    const document = documentAmounts(exact, options.discount ?? '0')
    const total = round(document.totalAmount, digits)
    const lines = round(document.netAmount, digits)
    const off = add(document.totalItemsDiscountAmount, document.extraDiscountAmount)
    const taxExclusive = round(subtract(document.netAmount, off), digits)
    const tax = subtract(total, taxExclusive)
    const prepaid = fixed(options.prepaid, digits)
    return {
      lines: priced.flatMap((line, index) => {
        const amounts = exact[index]
        return amounts === undefined ? [] : [pricedLine(line, index, amounts, digits)]
      }),
      taxes: subtotals(
        priced,
        exact.map((one) => one.taxes),
        tax,
        digits,
      ),
      totals: {
        lines,
        discount: subtract(lines, taxExclusive),
        taxExclusive,
        tax,
        taxInclusive: total,
        prepaid,
        rounding: fixed('0', digits),
        payable: subtract(total, prepaid),
        taxInCompanyCurrency: round(multiply(tax, options.exchangeRate), options.companyDigits),
      },
    }
  },
}

function pricedLine(line: PricedLine, index: number, { netTotal, taxes: charged, total }: LineAmounts, digits: number): InvoiceLine {
  const [main, ...others] = charged
  const taxes = others.flatMap((one, at): FurtherTax[] => {
    const asked = line.taxes?.[at]
    if (asked === undefined) return []
    const isFixed = subtypeOf(one.subType)?.fixed ?? false
    const given = asked.amount ?? '0'
    // Decimals that the authority does not take are kept, for the rules to tell: rounded here, nobody would see them go.
    const stated = compare(given, one.amount) === 0 ? one.amount : given
    const amount = isFixed ? stated : round(one.amount, digits)
    return [{ tax: { ...asked.tax, rate: one.rate }, amount, fixed: isFixed, ...(one.type === 'T4' ? { withheld: true } : {}) }]
  })
  return {
    position: index + 1,
    description: line.description,
    itemCode: line.itemCode,
    quantity: line.quantity,
    unit: line.unit,
    unitPrice: line.unitPrice,
    discount: line.discount,
    net: round(netTotal, digits),
    tax: main === undefined ? line.tax : { ...line.tax, rate: main.rate },
    taxAmount: round(main?.amount ?? '0', digits),
    ...(taxes.length === 0 ? {} : { taxes }),
    total: round(total, digits),
    ...(line.country === undefined ? {} : { country: line.country }),
  }
}

/** One row per subtype and rate; what is withheld is below zero, so that the rows add up to the tax of the totals, to the last piaster. */
function subtotals(priced: readonly PricedLine[], charged: readonly (readonly ChargedTax[])[], tax: string, digits: number): TaxSubtotal[] {
  const groups = new Map<string, { tax: Tax; taxable: string; amount: string }>()
  for (const [index, taxes] of charged.entries()) {
    const line = priced[index]
    for (const [at, one] of taxes.entries()) {
      const meant = at === 0 ? line?.tax : line?.taxes?.[at - 1]?.tax
      if (meant === undefined) continue
      const amount = one.type === 'T4' ? negate(one.amount) : one.amount
      const key = `${one.subType}|${one.rate}`
      const group = groups.get(key) ?? { tax: { ...meant, rate: one.rate }, taxable: '0', amount: '0' }
      groups.set(key, { tax: group.tax, taxable: add(group.taxable, one.base), amount: add(group.amount, amount) })
    }
  }
  const rows = [...groups.values()].map((group) => ({
    tax: group.tax,
    taxable: round(group.taxable, digits),
    amount: round(group.amount, digits),
  }))
  const rest = subtract(tax, sum([fixed('0', digits), ...rows.map((row) => row.amount)]))
  const greatest = rows.reduce<(typeof rows)[number] | undefined>(
    (most, row) => (most === undefined || compare(absolute(row.amount), absolute(most.amount)) > 0 ? row : most),
    undefined,
  )
  if (greatest !== undefined) greatest.amount = add(greatest.amount, rest)
  return rows
}
