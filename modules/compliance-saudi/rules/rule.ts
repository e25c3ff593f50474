import { Decimal } from 'decimal.js'
import type { XmlNode } from '../../../core/xml/read-xml.js'
import { at, attributeOf, childrenOf, isSimplified, textAt } from '../verify/invoice-facts.js'

export type RuleLevel = 'error' | 'warning'

/** What rules look at: the invoice, with what many of them ask worked out once. */
export interface RuleSubject {
  readonly invoice: XmlNode
  readonly simplified: boolean
  /** KSA-2. */
  readonly transactionCode: string
  readonly typeCode: string
  readonly isNote: boolean
  readonly currency: string
  readonly seller: XmlNode | undefined
  readonly buyer: XmlNode | undefined
  readonly lines: readonly XmlNode[]
  /** cac:TaxTotal with subtotals (BG-22), and its subtotals (BG-23). */
  readonly taxTotals: readonly XmlNode[]
  readonly subtotals: readonly XmlNode[]
  readonly allowances: readonly XmlNode[]
  readonly charges: readonly XmlNode[]
  /** Saudi local date and time now: `2026-11-22T10:30:00`. */
  readonly now: string
}

export interface Rule {
  readonly id: string
  readonly level: RuleLevel
  /** Where the rule is broken; nothing when it holds or does not apply. */
  check(subject: RuleSubject): readonly string[]
}

export interface FiredRule {
  readonly rule: string
  readonly level: RuleLevel
  readonly place: string
}

export function subjectOf(invoice: XmlNode, now: string): RuleSubject {
  const typeCode = textAt(invoice, 'InvoiceTypeCode') ?? ''
  const taxTotals = childrenOf(invoice, 'TaxTotal')
  const allowanceCharges = childrenOf(invoice, 'AllowanceCharge')
  return {
    invoice,
    simplified: isSimplified(invoice),
    transactionCode: attributeOf(at(invoice, 'InvoiceTypeCode'), 'name') ?? '',
    typeCode,
    isNote: typeCode === '381' || typeCode === '383',
    currency: textAt(invoice, 'DocumentCurrencyCode') ?? '',
    seller: at(invoice, 'AccountingSupplierParty', 'Party'),
    buyer: at(invoice, 'AccountingCustomerParty', 'Party'),
    lines: childrenOf(invoice, 'InvoiceLine'),
    taxTotals,
    subtotals: taxTotals.flatMap((total) => childrenOf(total, 'TaxSubtotal')),
    allowances: allowanceCharges.filter((one) => textAt(one, 'ChargeIndicator') === 'false'),
    charges: allowanceCharges.filter((one) => textAt(one, 'ChargeIndicator') === 'true'),
    now,
  }
}

/** A number as the schema allows it; undefined for anything else. */
export function amountAt(node: XmlNode | undefined, ...path: readonly string[]): Decimal | undefined {
  const text = textAt(node, ...path)
  return text !== undefined && /^[+-]?\d{1,20}(?:\.\d{1,20})?$/.test(text) ? new Decimal(text) : undefined
}

export function sumOf(values: readonly (Decimal | undefined)[]): Decimal {
  return values.reduce<Decimal>((total, value) => (value === undefined ? total : total.plus(value)), new Decimal(0))
}

/** To two decimals, halves up. */
export function rounded(value: Decimal): Decimal {
  return value.toDecimalPlaces(2, Decimal.ROUND_HALF_UP)
}

/** Tax total in the document's currency: the one with subtotals. */
export function documentTax(subject: RuleSubject): XmlNode | undefined {
  return subject.taxTotals.find((total) => childrenOf(total, 'TaxSubtotal').length > 0)
}

/** The place when the condition is broken. */
export function unless(holds: boolean, place: string): readonly string[] {
  return holds ? [] : [place]
}

/** Places of those items that break the condition: `InvoiceLine[2]/…`. */
export function eachOf(
  items: readonly XmlNode[],
  name: string,
  holds: (item: XmlNode, index: number) => boolean,
  below = '',
): readonly string[] {
  return items.flatMap((item, index) => (holds(item, index) ? [] : [`${name}[${index + 1}]${below}`]))
}

export function error(id: string, check: Rule['check']): Rule {
  return { id, level: 'error', check }
}

export function warning(id: string, check: Rule['check']): Rule {
  return { id, level: 'warning', check }
}
