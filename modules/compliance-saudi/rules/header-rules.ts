import { at, attributeOf, childrenOf, referenceOf, textAt } from '../verify/invoice-facts.js'
import { eachOf, error, unless, warning, type Rule, type RuleSubject } from './rule.js'
import type { XmlNode } from '../../../core/xml/read-xml.js'
import { maximumQrLength } from '../stamp/qr.js'
import { signatureNames } from '../ubl/names.js'

const currencies = new Set(Intl.supportedValuesOf('currency'))

function isDate(text: string | undefined): boolean {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

function embedded(invoice: XmlNode, id: string): string | undefined {
  return textAt(referenceOf(invoice, id), 'Attachment', 'EmbeddedDocumentBinaryObject')
}

function supply(subject: RuleSubject): { from: string | undefined; to: string | undefined } {
  const delivery = at(subject.invoice, 'Delivery')
  return { from: textAt(delivery, 'ActualDeliveryDate'), to: textAt(delivery, 'LatestDeliveryDate') }
}

/** Elements anywhere that carry a currency, with their path. */
function* currencyIds(node: XmlNode, path: string): Generator<{ path: string; value: string; accounting: boolean }> {
  for (const child of node.children) {
    const here = `${path}/${child.local}`
    const value = attributeOf(child, 'currencyID')
    // BT-111: the tax total without subtotals is in the tax currency.
    const accounting = node.local === 'TaxTotal' && childrenOf(node, 'TaxSubtotal').length === 0 && path.split('/').length === 2
    if (value !== undefined) yield { path: here, value, accounting }
    yield* currencyIds(child, here)
  }
}

/** Rules on the document as a whole: identifiers, dates, codes, references, stamp and QR code. */
export const headerRules: readonly Rule[] = [
  error('BR-KSA-EN16931-01', ({ invoice }) => unless(textAt(invoice, 'ProfileID') === 'reporting:1.0', 'ProfileID')),
  warning('BR-02', ({ invoice }) => unless((textAt(invoice, 'ID') ?? '') !== '', 'ID')),
  error('BR-KSA-03', ({ invoice }) => unless(/^[A-Z0-9-]+$/i.test(textAt(invoice, 'UUID') ?? ''), 'UUID')),
  error('BR-03', ({ invoice }) => unless((textAt(invoice, 'IssueDate') ?? '') !== '', 'IssueDate')),
  error('BR-KSA-F-01', (subject) => {
    const { from, to } = supply(subject)
    return [
      ...unless(isDate(textAt(subject.invoice, 'IssueDate')), 'IssueDate'),
      ...unless(from === undefined || isDate(from), 'Delivery/ActualDeliveryDate'),
      ...unless(to === undefined || isDate(to), 'Delivery/LatestDeliveryDate'),
    ]
  }),
  error('BR-KSA-04', ({ invoice, now }) => unless((textAt(invoice, 'IssueDate') ?? '') <= now.slice(0, 10), 'IssueDate')),
  error('BR-KSA-70', ({ invoice }) =>
    unless(/^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ?$/.test(textAt(invoice, 'IssueTime') ?? ''), 'IssueTime'),
  ),
  error('BR-04', ({ typeCode }) => unless(typeCode !== '', 'InvoiceTypeCode')),
  error('BR-KSA-05', ({ typeCode }) => unless(['388', '381', '383', '386'].includes(typeCode), 'InvoiceTypeCode')),
  error('BR-CL-01', ({ typeCode }) => unless(/^\d{3}$/.test(typeCode), 'InvoiceTypeCode')),
  error('BR-KSA-06', ({ transactionCode }) => unless(/^0[12][01]{5}(?:[01]{2})?$/.test(transactionCode), 'InvoiceTypeCode/@name')),
  error('BR-KSA-07', ({ transactionCode }) => unless(!(transactionCode[4] === '1' && transactionCode[6] === '1'), 'InvoiceTypeCode/@name')),
  error('BR-KSA-31', ({ simplified, transactionCode }) => unless(!simplified || transactionCode[6] !== '1', 'InvoiceTypeCode/@name')),
  error('BR-KSA-92', ({ invoice, simplified, transactionCode }) =>
    unless(
      simplified || transactionCode[8] !== '1' || (textAt(invoice, 'ContractDocumentReference', 'ID') ?? '') !== '',
      'ContractDocumentReference',
    ),
  ),
  error('BR-05', ({ currency }) => unless(currency !== '', 'DocumentCurrencyCode')),
  error('BR-CL-04', ({ currency }) => unless(currency === '' || currencies.has(currency), 'DocumentCurrencyCode')),
  error('BR-KSA-CL-01', ({ currency }) => unless(currency === '' || currencies.has(currency), 'DocumentCurrencyCode')),
  error('BR-KSA-68', ({ invoice }) => unless((textAt(invoice, 'TaxCurrencyCode') ?? '') !== '', 'TaxCurrencyCode')),
  error('BR-KSA-EN16931-02', ({ invoice }) => unless((textAt(invoice, 'TaxCurrencyCode') ?? 'SAR') === 'SAR', 'TaxCurrencyCode')),
  error('BR-CL-05', ({ invoice }) => unless(currencies.has(textAt(invoice, 'TaxCurrencyCode') ?? 'SAR'), 'TaxCurrencyCode')),
  error('BR-CL-03', ({ invoice }) =>
    [...currencyIds(invoice, 'Invoice')].filter(({ value }) => !currencies.has(value)).map(({ path }) => path),
  ),
  error('BR-KSA-CL-02', ({ invoice, currency }) =>
    [...currencyIds(invoice, 'Invoice')].filter(({ value, accounting }) => !accounting && value !== currency).map(({ path }) => path),
  ),
  error('BR-KSA-33', ({ invoice }) =>
    unless(textAt(referenceOf(invoice, 'ICV'), 'UUID') !== undefined, 'AdditionalDocumentReference[ICV]'),
  ),
  error('BR-KSA-34', ({ invoice }) => {
    const counter = textAt(referenceOf(invoice, 'ICV'), 'UUID')
    return unless(counter === undefined || /^\d+$/.test(counter), 'AdditionalDocumentReference[ICV]/UUID')
  }),
  warning('BR-KSA-61', ({ invoice }) => unless((embedded(invoice, 'PIH') ?? '') !== '', 'AdditionalDocumentReference[PIH]')),
  warning('BR-KSA-26', ({ invoice }) => {
    const previous = embedded(invoice, 'PIH')
    return unless(previous === undefined || /^(?:[A-Z0-9+/]{43}=|[A-Z0-9+/]{86}==)$/i.test(previous), 'AdditionalDocumentReference[PIH]')
  }),
  warning('BR-KSA-27', ({ invoice }) =>
    unless(/^[A-Z0-9+/]+={0,2}$/i.test(embedded(invoice, 'QR') ?? ''), 'AdditionalDocumentReference[QR]'),
  ),
  error('BR-CL-KSA-14', ({ invoice }) =>
    unless((embedded(invoice, 'QR') ?? '').length <= maximumQrLength, 'AdditionalDocumentReference[QR]'),
  ),
  error('BR-KSA-CL-03', ({ invoice }) =>
    eachOf(childrenOf(invoice, 'AdditionalDocumentReference'), 'AdditionalDocumentReference', (reference) => {
      const type = attributeOf(at(reference, 'Attachment', 'EmbeddedDocumentBinaryObject'), 'mimeCode')
      return type === undefined || ['text/plain', 'application/pdf', 'image/png', 'image/jpeg', 'text/csv'].includes(type)
    }),
  ),
  warning('BR-KSA-60', ({ invoice, simplified }) => unless(!simplified || at(invoice, 'UBLExtensions') !== undefined, 'UBLExtensions')),
  error('BR-KSA-30', ({ invoice }) => {
    const signature = at(invoice, 'Signature')
    return unless(signature === undefined || textAt(signature, 'SignatureMethod') === signatureNames.method, 'Signature/SignatureMethod')
  }),
  warning('BR-KSA-29', ({ invoice }) => {
    const signature = at(invoice, 'Signature')
    return unless(signature === undefined || textAt(signature, 'ID') === signatureNames.referenced, 'Signature/ID')
  }),
  error('BR-KSA-28', ({ invoice }) => {
    const content = at(invoice, 'UBLExtensions', 'UBLExtension', 'ExtensionContent')
    const information = content?.children[0]?.children.find((child) => child.local === 'SignatureInformation')
    return unless(
      information === undefined || textAt(information, 'ID') === signatureNames.information,
      'UBLExtensions/SignatureInformation/ID',
    )
  }),
  error('BR-KSA-17', ({ invoice, isNote }) =>
    unless(
      !isNote || childrenOf(invoice, 'PaymentMeans').some((one) => (textAt(one, 'InstructionNote') ?? '') !== ''),
      'PaymentMeans/InstructionNote',
    ),
  ),
  warning('BR-KSA-56', ({ invoice, isNote }) =>
    unless(!isNote || (textAt(invoice, 'BillingReference', 'InvoiceDocumentReference', 'ID') ?? '') !== '', 'BillingReference'),
  ),
  error('BR-55', ({ invoice }) =>
    eachOf(
      childrenOf(invoice, 'BillingReference'),
      'BillingReference',
      (one) => textAt(one, 'InvoiceDocumentReference', 'ID') !== undefined,
    ),
  ),
  error('BR-KSA-F-06-C22', ({ invoice }) =>
    eachOf(childrenOf(invoice, 'BillingReference'), 'BillingReference', (one) => {
      const length = (textAt(one, 'InvoiceDocumentReference', 'ID') ?? 'x').length
      return length >= 1 && length <= 5000
    }),
  ),
  warning('BR-KSA-16', ({ invoice }) =>
    eachOf(childrenOf(invoice, 'PaymentMeans'), 'PaymentMeans', (one) =>
      ['1', '10', '30', '42', '48'].includes(textAt(one, 'PaymentMeansCode') ?? '10'),
    ),
  ),
  warning('BR-KSA-15', (subject) =>
    unless(subject.simplified || subject.typeCode !== '388' || supply(subject).from !== undefined, 'Delivery/ActualDeliveryDate'),
  ),
  warning('BR-KSA-35', (subject) =>
    unless(supply(subject).to === undefined || supply(subject).from !== undefined, 'Delivery/ActualDeliveryDate'),
  ),
  warning('BR-KSA-36', (subject) => {
    const { from, to } = supply(subject)
    return unless(from === undefined || to === undefined || from <= to, 'Delivery/LatestDeliveryDate')
  }),
  error('BR-KSA-72', (subject) => {
    const { from, to } = supply(subject)
    const summary = subject.simplified && subject.transactionCode[5] === '1'
    return unless(!summary || (from !== undefined && to !== undefined), 'Delivery')
  }),
  warning('BR-KSA-98', ({ invoice, simplified, now }) => {
    const issued = Date.parse(`${textAt(invoice, 'IssueDate') ?? ''}T${(textAt(invoice, 'IssueTime') ?? '').slice(0, 8)}Z`)
    return unless(!simplified || Number.isNaN(issued) || Date.parse(`${now}Z`) - issued <= 24 * 3_600_000, 'IssueTime')
  }),
]
