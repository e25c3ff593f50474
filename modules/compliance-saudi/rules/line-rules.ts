import { Decimal } from 'decimal.js'
import type { XmlNode } from '../../../core/xml/read-xml.js'
import { at, childrenOf, textAt } from '../verify/invoice-facts.js'
import { amountAt, eachOf, error, rounded, sumOf, unless, warning, type Rule } from './rule.js'

/** Amounts and quantities that may not be negative; the rounding amount of the totals may. */
function* negative(node: XmlNode, path: string): Generator<string> {
  for (const child of node.children) {
    const here = `${path}/${child.local}`
    const isAmount = child.children.length === 0 && /(?:Amount|Quantity)$/.test(child.local) && child.local !== 'PayableRoundingAmount'
    if (isAmount && /^\s*-/.test(child.text) && !/^\s*-[0.]*\s*$/.test(child.text)) yield here
    yield* negative(child, here)
  }
}

function netOf(line: XmlNode): Decimal | undefined {
  const price = amountAt(line, 'Price', 'PriceAmount')
  const quantity = amountAt(line, 'InvoicedQuantity')
  if (price === undefined || quantity === undefined) return undefined
  const base = amountAt(line, 'Price', 'BaseQuantity') ?? new Decimal(1)
  if (base.isZero()) return undefined
  const change = childrenOf(line, 'AllowanceCharge').map((one) => {
    const amount = amountAt(one, 'Amount')
    return textAt(one, 'ChargeIndicator') === 'true' ? amount : amount?.neg()
  })
  return quantity.times(price.div(base)).plus(sumOf(change))
}

/** Rules on lines, and on the amounts of allowances and charges. */
export const lineRules: readonly Rule[] = [
  error('BR-54', ({ lines }) =>
    eachOf(lines, 'InvoiceLine', (line) =>
      childrenOf(at(line, 'Item'), 'AdditionalItemProperty').every(
        (one) => (textAt(one, 'Name') ?? '') !== '' && (textAt(one, 'Value') ?? '') !== '',
      ),
    ),
  ),
  error('BR-16', ({ lines }) => unless(lines.length > 0, 'InvoiceLine')),
  warning('BR-21', ({ lines }) => eachOf(lines, 'InvoiceLine', (line) => (textAt(line, 'ID') ?? '') !== '', '/ID')),
  error('BR-KSA-F-06-C17', ({ lines }) => eachOf(lines, 'InvoiceLine', (line) => /^.{1,6}$/su.test(textAt(line, 'ID') ?? ''), '/ID')),
  error('BR-22', ({ lines }) =>
    eachOf(lines, 'InvoiceLine', (line) => amountAt(line, 'InvoicedQuantity') !== undefined, '/InvoicedQuantity'),
  ),
  error('BR-24', ({ lines }) =>
    eachOf(lines, 'InvoiceLine', (line) => amountAt(line, 'LineExtensionAmount') !== undefined, '/LineExtensionAmount'),
  ),
  warning('BR-25', ({ lines }) => eachOf(lines, 'InvoiceLine', (line) => (textAt(line, 'Item', 'Name') ?? '') !== '', '/Item/Name')),
  warning('BR-KSA-F-06-C19', ({ lines }) =>
    eachOf(
      lines,
      'InvoiceLine',
      (line) => {
        const length = Array.from(textAt(line, 'Item', 'Name') ?? '').length
        return length >= 3 && length <= 1000
      },
      '/Item/Name',
    ),
  ),
  error('BR-26', ({ lines }) =>
    eachOf(lines, 'InvoiceLine', (line) => amountAt(line, 'Price', 'PriceAmount') !== undefined, '/Price/PriceAmount'),
  ),
  error('BR-KSA-EN16931-12', ({ lines }) =>
    eachOf(lines, 'InvoiceLine', (line) => (amountAt(line, 'Price', 'BaseQuantity') ?? new Decimal(1)).gt(0), '/Price/BaseQuantity'),
  ),
  error('BR-KSA-EN16931-06', ({ lines }) =>
    eachOf(
      lines,
      'InvoiceLine',
      (line) => (textAt(line, 'Price', 'AllowanceCharge', 'ChargeIndicator') ?? 'false') === 'false',
      '/Price/AllowanceCharge',
    ),
  ),
  error('BR-KSA-EN16931-07', ({ lines }) =>
    eachOf(
      lines,
      'InvoiceLine',
      (line) => {
        const gross = amountAt(line, 'Price', 'AllowanceCharge', 'BaseAmount')
        if (gross === undefined) return true
        return amountAt(line, 'Price', 'PriceAmount')?.eq(gross.minus(amountAt(line, 'Price', 'AllowanceCharge', 'Amount') ?? 0)) === true
      },
      '/Price/PriceAmount',
    ),
  ),
  warning('BR-KSA-EN16931-11', ({ lines }) =>
    eachOf(
      lines,
      'InvoiceLine',
      (line) => {
        const net = netOf(line)
        const stated = amountAt(line, 'LineExtensionAmount')
        // The authority tolerates a cent.
        return net === undefined || stated === undefined || rounded(net).minus(stated).abs().lte('0.01')
      },
      '/LineExtensionAmount',
    ),
  ),
  error('BR-KSA-52', ({ lines, simplified }) =>
    simplified ? [] : eachOf(lines, 'InvoiceLine', (line) => amountAt(line, 'TaxTotal', 'TaxAmount') !== undefined, '/TaxTotal/TaxAmount'),
  ),
  error('BR-KSA-53', ({ lines, simplified }) =>
    simplified
      ? []
      : eachOf(lines, 'InvoiceLine', (line) => amountAt(line, 'TaxTotal', 'RoundingAmount') !== undefined, '/TaxTotal/RoundingAmount'),
  ),
  warning('BR-KSA-51', ({ lines }) =>
    eachOf(
      lines,
      'InvoiceLine',
      (line) => {
        const stated = amountAt(line, 'TaxTotal', 'RoundingAmount')
        return stated === undefined || sumOf([amountAt(line, 'LineExtensionAmount'), amountAt(line, 'TaxTotal', 'TaxAmount')]).eq(stated)
      },
      '/TaxTotal/RoundingAmount',
    ),
  ),
  error('BR-KSA-F-04', ({ invoice }) => [...negative(invoice, 'Invoice')]),
  error('BR-KSA-F-02', ({ invoice, lines }) => {
    const all = [...childrenOf(invoice, 'AllowanceCharge'), ...lines.flatMap((line) => childrenOf(line, 'AllowanceCharge'))]
    return eachOf(all, 'AllowanceCharge', (one) => ['true', 'false'].includes(textAt(one, 'ChargeIndicator') ?? ''), '/ChargeIndicator')
  }),
  error('BR-31', ({ allowances }) => eachOf(allowances, 'AllowanceCharge', (one) => amountAt(one, 'Amount') !== undefined, '/Amount')),
  error('BR-32', ({ allowances }) =>
    eachOf(allowances, 'AllowanceCharge', (one) => (textAt(one, 'TaxCategory', 'ID') ?? '') !== '', '/TaxCategory/ID'),
  ),
  error('BR-41', ({ lines }) =>
    eachOf(
      lines.flatMap((line) => childrenOf(line, 'AllowanceCharge')),
      'InvoiceLine/AllowanceCharge',
      (one) => amountAt(one, 'Amount') !== undefined,
      '/Amount',
    ),
  ),
]
