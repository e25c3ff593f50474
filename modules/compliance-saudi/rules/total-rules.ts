import { Decimal } from 'decimal.js'
import type { XmlNode } from '../../../core/xml/read-xml.js'
import { at, childrenOf, textAt } from '../verify/invoice-facts.js'
import { amountAt, documentTax, eachOf, error, rounded, sumOf, unless, warning, type Rule, type RuleSubject } from './rule.js'

const totals = 'LegalMonetaryTotal'

function isPrepayment(line: XmlNode): boolean {
  return textAt(line, 'DocumentReference', 'DocumentTypeCode') !== undefined
}

function decimalsRule(id: string, find: (subject: RuleSubject) => readonly { text: string | undefined; place: string }[]): Rule {
  return warning(id, (subject) =>
    find(subject).flatMap(({ text, place }) => unless(text === undefined || (text.split('.')[1] ?? '').length <= 2, place)),
  )
}
const inTotals = (id: string, element: string): Rule =>
  decimalsRule(id, ({ invoice }) => [{ text: textAt(invoice, totals, element), place: `${totals}/${element}` }])

/** Rules on the document's totals, what was paid before, and how many decimals amounts have. */
export const totalRules: readonly Rule[] = [
  warning('BR-CO-10', ({ invoice, lines }) => {
    const stated = amountAt(invoice, totals, 'LineExtensionAmount')
    return unless(
      stated?.eq(rounded(sumOf(lines.map((line) => amountAt(line, 'LineExtensionAmount'))))) === true,
      `${totals}/LineExtensionAmount`,
    )
  }),
  error('BR-CO-11', ({ invoice, allowances }) => {
    const sum = sumOf(allowances.map((one) => amountAt(one, 'Amount')))
    return unless((amountAt(invoice, totals, 'AllowanceTotalAmount') ?? new Decimal(0)).eq(sum), `${totals}/AllowanceTotalAmount`)
  }),
  error('BR-CO-12', ({ invoice, charges }) => {
    const sum = sumOf(charges.map((one) => amountAt(one, 'Amount')))
    return unless((amountAt(invoice, totals, 'ChargeTotalAmount') ?? new Decimal(0)).eq(sum), `${totals}/ChargeTotalAmount`)
  }),
  warning('BR-CO-13', ({ invoice }) => {
    const expected = sumOf([
      amountAt(invoice, totals, 'LineExtensionAmount'),
      amountAt(invoice, totals, 'AllowanceTotalAmount')?.neg(),
      amountAt(invoice, totals, 'ChargeTotalAmount'),
    ])
    return unless(amountAt(invoice, totals, 'TaxExclusiveAmount')?.eq(expected) === true, `${totals}/TaxExclusiveAmount`)
  }),
  error('BR-CO-14', (subject) => {
    const stated = amountAt(documentTax(subject), 'TaxAmount')
    return unless(
      stated === undefined || stated.eq(sumOf(subject.subtotals.map((one) => amountAt(one, 'TaxAmount')))),
      'TaxTotal/TaxAmount',
    )
  }),
  error('BR-14', ({ invoice }) => unless(amountAt(invoice, totals, 'TaxInclusiveAmount') !== undefined, `${totals}/TaxInclusiveAmount`)),
  error('BR-15', ({ invoice }) => unless(amountAt(invoice, totals, 'PayableAmount') !== undefined, `${totals}/PayableAmount`)),
  error('BR-CO-15', (subject) => {
    const stated = amountAt(subject.invoice, totals, 'TaxInclusiveAmount')
    const expected = sumOf([amountAt(subject.invoice, totals, 'TaxExclusiveAmount'), amountAt(documentTax(subject), 'TaxAmount')])
    return unless(stated === undefined || stated.eq(expected), `${totals}/TaxInclusiveAmount`)
  }),
  warning('BR-CO-16', ({ invoice }) => {
    const expected = sumOf([
      amountAt(invoice, totals, 'TaxInclusiveAmount'),
      amountAt(invoice, totals, 'PrepaidAmount')?.neg(),
      amountAt(invoice, totals, 'PayableRoundingAmount'),
    ])
    return unless(amountAt(invoice, totals, 'PayableAmount')?.eq(expected) !== false, `${totals}/PayableAmount`)
  }),
  error('BR-KSA-74', ({ lines }) =>
    eachOf(
      lines,
      'InvoiceLine',
      (line) => (textAt(line, 'DocumentReference', 'DocumentTypeCode') ?? '386') === '386',
      '/DocumentReference/DocumentTypeCode',
    ),
  ),
  error('BR-KSA-82', ({ lines }) =>
    eachOf(lines, 'InvoiceLine', (line) => {
      if (!isPrepayment(line)) return true
      const zero = [
        amountAt(line, 'Price', 'PriceAmount'),
        amountAt(line, 'LineExtensionAmount'),
        amountAt(line, 'TaxTotal', 'TaxAmount'),
        amountAt(line, 'TaxTotal', 'RoundingAmount'),
        ...childrenOf(line, 'AllowanceCharge').map((one) => amountAt(one, 'Amount')),
      ]
      return zero.every((value) => value?.isZero() !== false)
    }),
  ),
  warning('BR-KSA-73', ({ invoice, lines }) => {
    const prepaid = amountAt(invoice, totals, 'PrepaidAmount')
    return unless(prepaid === undefined || prepaid.isZero() || lines.some(isPrepayment), `${totals}/PrepaidAmount`)
  }),
  warning('BR-KSA-80', ({ invoice, lines }) => {
    const prepaid = amountAt(invoice, totals, 'PrepaidAmount')
    const paid = lines.filter(isPrepayment).flatMap((line) => {
      const subtotal = at(line, 'TaxTotal', 'TaxSubtotal')
      return [amountAt(subtotal, 'TaxableAmount'), amountAt(subtotal, 'TaxAmount')]
    })
    return unless(prepaid === undefined || prepaid.eq(sumOf(paid)), `${totals}/PrepaidAmount`)
  }),
  inTotals('BR-DEC-09', 'LineExtensionAmount'),
  inTotals('BR-DEC-10', 'AllowanceTotalAmount'),
  inTotals('BR-DEC-11', 'ChargeTotalAmount'),
  inTotals('BR-DEC-12', 'TaxExclusiveAmount'),
  inTotals('BR-DEC-14', 'TaxInclusiveAmount'),
  inTotals('BR-DEC-16', 'PrepaidAmount'),
  inTotals('BR-DEC-17', 'PayableRoundingAmount'),
  inTotals('BR-DEC-18', 'PayableAmount'),
  decimalsRule('BR-DEC-13', ({ taxTotals }) => taxTotals.map((one) => ({ text: textAt(one, 'TaxAmount'), place: 'TaxTotal/TaxAmount' }))),
  decimalsRule('BR-DEC-19', ({ subtotals }) =>
    subtotals.map((one) => ({ text: textAt(one, 'TaxableAmount'), place: 'TaxSubtotal/TaxableAmount' })),
  ),
  decimalsRule('BR-DEC-20', ({ subtotals }) =>
    subtotals.map((one) => ({ text: textAt(one, 'TaxAmount'), place: 'TaxSubtotal/TaxAmount' })),
  ),
  decimalsRule('BR-DEC-23', ({ lines }) =>
    lines.map((line, index) => ({ text: textAt(line, 'LineExtensionAmount'), place: `InvoiceLine[${index + 1}]/LineExtensionAmount` })),
  ),
]
