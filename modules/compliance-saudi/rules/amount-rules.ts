import { Decimal } from 'decimal.js'
import type { XmlNode } from '../../../core/xml/read-xml.js'
import { exemptionOf } from '../data/exemptions.js'
import { at, childrenOf, textAt } from '../verify/invoice-facts.js'
import { amountAt, eachOf, error, sumOf, unless, warning, type Rule, type RuleSubject } from './rule.js'

const totals = 'LegalMonetaryTotal'
const rounded = (value: Decimal): Decimal => value.toDecimalPlaces(2, Decimal.ROUND_HALF_UP)

/** Tax total in the document's currency: the one with subtotals. */
function documentTax(subject: RuleSubject): XmlNode | undefined {
  return subject.taxTotals.find((total) => childrenOf(total, 'TaxSubtotal').length > 0)
}

/** Category and rate of lines, allowances, charges and subtotals, wherever they stand. */
function categories({ invoice, lines, subtotals }: RuleSubject): { node: XmlNode; place: string }[] {
  const list: { node: XmlNode; place: string }[] = []
  const add = (node: XmlNode | undefined, place: string): void => {
    if (node !== undefined) list.push({ node, place })
  }
  lines.forEach((line, index) => {
    add(at(line, 'Item', 'ClassifiedTaxCategory'), `InvoiceLine[${index + 1}]/Item/ClassifiedTaxCategory`)
    add(at(line, 'TaxTotal', 'TaxSubtotal', 'TaxCategory'), `InvoiceLine[${index + 1}]/TaxTotal/TaxSubtotal/TaxCategory`)
  })
  subtotals.forEach((one, index) => {
    add(at(one, 'TaxCategory'), `TaxSubtotal[${index + 1}]/TaxCategory`)
  })
  childrenOf(invoice, 'AllowanceCharge').forEach((one, index) => {
    childrenOf(one, 'TaxCategory').forEach((category) => {
      add(category, `AllowanceCharge[${index + 1}]/TaxCategory`)
    })
  })
  return list
}

function zeroRate(
  id: string,
  category: string,
  places: (subject: RuleSubject) => readonly { node: XmlNode | undefined; place: string }[],
): Rule {
  return error(id, (subject) =>
    places(subject).flatMap(({ node, place }) => {
      const rate = amountAt(node, 'Percent')
      return unless(textAt(node, 'ID') !== category || rate?.isZero() !== false, place)
    }),
  )
}

const ofLines = ({ lines }: RuleSubject) =>
  lines.map((line, index) => ({
    node: at(line, 'Item', 'ClassifiedTaxCategory'),
    place: `InvoiceLine[${index + 1}]/Item/ClassifiedTaxCategory/Percent`,
  }))
const ofCharges = (which: 'allowances' | 'charges') => (subject: RuleSubject) =>
  subject[which].map((one, index) => ({ node: at(one, 'TaxCategory'), place: `AllowanceCharge[${index + 1}]/TaxCategory/Percent` }))

function zeroTax(id: string, category: string): Rule {
  return error(id, ({ subtotals }) =>
    eachOf(
      subtotals,
      'TaxSubtotal',
      (one) => textAt(one, 'TaxCategory', 'ID') !== category || amountAt(one, 'TaxAmount')?.isZero() === true,
      '/TaxAmount',
    ),
  )
}

function isPrepayment(line: XmlNode): boolean {
  return textAt(line, 'DocumentReference', 'DocumentTypeCode') !== undefined
}

/** Amounts and quantities that may not be negative; the rounding amount of the totals may. */
function* negative(node: XmlNode, path: string): Generator<string> {
  for (const child of node.children) {
    const here = `${path}/${child.local}`
    const isAmount = child.children.length === 0 && /(?:Amount|Quantity)$/.test(child.local) && child.local !== 'PayableRoundingAmount'
    if (isAmount && /^\s*-/.test(child.text) && !/^\s*-[0.]*\s*$/.test(child.text)) yield here
    yield* negative(child, here)
  }
}

function decimalsRule(id: string, find: (subject: RuleSubject) => readonly { text: string | undefined; place: string }[]): Rule {
  return warning(id, (subject) =>
    find(subject).flatMap(({ text, place }) => unless(text === undefined || (text.split('.')[1] ?? '').length <= 2, place)),
  )
}
const inTotals = (id: string, element: string): Rule =>
  decimalsRule(id, ({ invoice }) => [{ text: textAt(invoice, totals, element), place: `${totals}/${element}` }])

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

/** Rules on lines, taxes and totals. */
export const amountRules: readonly Rule[] = [
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
  error('BR-KSA-DEC-01', ({ invoice, lines }) => {
    const all = [...childrenOf(invoice, 'AllowanceCharge'), ...lines.flatMap((line) => childrenOf(line, 'AllowanceCharge'))]
    return eachOf(all, 'AllowanceCharge', (one) => isPercent(textAt(one, 'MultiplierFactorNumeric')), '/MultiplierFactorNumeric')
  }),
  error('BR-KSA-DEC-02', (subject) =>
    categories(subject).flatMap(({ node, place }) => unless(isPercent(textAt(node, 'Percent')), `${place}/Percent`)),
  ),
  error('BR-KSA-18', (subject) =>
    categories(subject).flatMap(({ node, place }) => unless(['S', 'Z', 'E', 'O'].includes(textAt(node, 'ID') ?? ''), `${place}/ID`)),
  ),
  error('BR-CL-18', (subject) =>
    categories(subject).flatMap(({ node, place }) => unless(/^(?:[SZEOGKLM]|AE)$/.test(textAt(node, 'ID') ?? ''), `${place}/ID`)),
  ),
  error('BR-KSA-84', (subject) =>
    categories(subject).flatMap(({ node, place }) => {
      const rate = amountAt(node, 'Percent')
      return unless(textAt(node, 'ID') !== 'S' || rate?.eq(5) === true || rate?.eq(15) === true, `${place}/Percent`)
    }),
  ),
  error('BR-CO-04', ({ lines }) =>
    eachOf(
      lines,
      'InvoiceLine',
      (line) => (textAt(line, 'Item', 'ClassifiedTaxCategory', 'ID') ?? '') !== '',
      '/Item/ClassifiedTaxCategory',
    ),
  ),
  zeroRate('BR-KSA-11', 'O', ofLines),
  zeroRate('BR-Z-05', 'Z', ofLines),
  zeroRate('BR-E-05', 'E', ofLines),
  zeroRate('BR-Z-06', 'Z', ofCharges('allowances')),
  zeroRate('BR-E-06', 'E', ofCharges('allowances')),
  zeroRate('BR-Z-07', 'Z', ofCharges('charges')),
  zeroRate('BR-E-07', 'E', ofCharges('charges')),
  error('BR-S-06', ({ allowances }) =>
    eachOf(
      allowances,
      'AllowanceCharge',
      (one) => textAt(one, 'TaxCategory', 'ID') !== 'S' || (amountAt(one, 'TaxCategory', 'Percent') ?? new Decimal(0)).gt(0),
      '/TaxCategory/Percent',
    ),
  ),
  zeroTax('BR-Z-09', 'Z'),
  zeroTax('BR-E-09', 'E'),
  zeroTax('BR-O-09', 'O'),
  error('BR-CO-18', ({ subtotals }) => unless(subtotals.length > 0, 'TaxTotal/TaxSubtotal')),
  error('BR-45', ({ subtotals }) =>
    eachOf(subtotals, 'TaxSubtotal', (one) => amountAt(one, 'TaxableAmount') !== undefined, '/TaxableAmount'),
  ),
  error('BR-46', ({ subtotals }) => eachOf(subtotals, 'TaxSubtotal', (one) => amountAt(one, 'TaxAmount') !== undefined, '/TaxAmount')),
  error('BR-47', ({ subtotals }) =>
    eachOf(subtotals, 'TaxSubtotal', (one) => (textAt(one, 'TaxCategory', 'ID') ?? '') !== '', '/TaxCategory/ID'),
  ),
  error('BR-48', ({ subtotals }) =>
    eachOf(
      subtotals,
      'TaxSubtotal',
      (one) => textAt(one, 'TaxCategory', 'ID') === 'O' || amountAt(one, 'TaxCategory', 'Percent') !== undefined,
      '/TaxCategory/Percent',
    ),
  ),
  warning('BR-KSA-CL-04', ({ subtotals }) =>
    eachOf(
      subtotals,
      'TaxSubtotal',
      (one) => {
        const category = textAt(one, 'TaxCategory', 'ID') ?? ''
        if (!['Z', 'E'].includes(category)) return true
        // VATEX-SA-32 is listed for services too in the authority's own set, so only the code's existence is asked.
        return exemptionOf(textAt(one, 'TaxCategory', 'TaxExemptionReasonCode') ?? '') !== undefined
      },
      '/TaxCategory/TaxExemptionReasonCode',
    ),
  ),
  ...(['BR-KSA-23:E', 'BR-KSA-24:O', 'BR-KSA-69:Z'] as const).map((pair) => {
    const [id = '', category = ''] = pair.split(':')
    return warning(id, ({ subtotals }) =>
      eachOf(
        subtotals,
        'TaxSubtotal',
        (one) => textAt(one, 'TaxCategory', 'ID') !== category || (textAt(one, 'TaxCategory', 'TaxExemptionReasonCode') ?? '') !== '',
        '/TaxCategory/TaxExemptionReasonCode',
      ),
    )
  }),
  warning('BR-KSA-83', ({ subtotals }) =>
    eachOf(
      subtotals,
      'TaxSubtotal',
      (one) => textAt(one, 'TaxCategory', 'ID') === 'S' || (textAt(one, 'TaxCategory', 'TaxExemptionReason') ?? '') !== '',
      '/TaxCategory/TaxExemptionReason',
    ),
  ),
  warning('BR-CO-17', ({ subtotals }) =>
    eachOf(
      subtotals,
      'TaxSubtotal',
      (one) => {
        const taxable = amountAt(one, 'TaxableAmount')
        const tax = amountAt(one, 'TaxAmount')
        const rate = amountAt(one, 'TaxCategory', 'Percent') ?? new Decimal(0)
        return taxable === undefined || tax === undefined || rounded(taxable.times(rate).div(100)).eq(tax)
      },
      '/TaxAmount',
    ),
  ),
  warning('BR-KSA-EN16931-08', ({ taxTotals }) =>
    unless(taxTotals.filter((one) => childrenOf(one, 'TaxSubtotal').length > 0).length === 1, 'TaxTotal'),
  ),
  warning('BR-KSA-EN16931-09', ({ taxTotals }) =>
    unless(taxTotals.filter((one) => childrenOf(one, 'TaxSubtotal').length === 0).length === 1, 'TaxTotal'),
  ),
  warning('BR-KSA-97', (subject) => {
    const accounting = amountAt(
      subject.taxTotals.find((one) => childrenOf(one, 'TaxSubtotal').length === 0),
      'TaxAmount',
    )
    const own = amountAt(documentTax(subject), 'TaxAmount')
    return unless(subject.currency === 'SAR' || own === undefined || own.isZero() || accounting?.eq(own) !== true, 'TaxTotal/TaxAmount')
  }),
  error('BR-KSA-88', ({ invoice, currency }) =>
    unless((textAt(invoice, 'TaxExchangeRate', 'SourceCurrencyCode') ?? currency) === currency, 'TaxExchangeRate/SourceCurrencyCode'),
  ),
  error('BR-KSA-89', ({ invoice }) =>
    unless(
      (textAt(invoice, 'TaxExchangeRate', 'TargetCurrencyCode') ?? 'SAR') === (textAt(invoice, 'TaxCurrencyCode') ?? 'SAR'),
      'TaxExchangeRate/TargetCurrencyCode',
    ),
  ),
  error('BR-KSA-90', ({ invoice }) =>
    unless(
      (textAt(invoice, 'TaxExchangeRate', 'CalculationRate') ?? '').replace(/\D/g, '').length <= 14,
      'TaxExchangeRate/CalculationRate',
    ),
  ),
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

function isPercent(text: string | undefined): boolean {
  if (text === undefined) return true
  return /^\d{1,3}(?:\.\d{1,2})?$/.test(text) && new Decimal(text).lte(100)
}
