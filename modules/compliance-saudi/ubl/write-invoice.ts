import { Decimal } from 'decimal.js'
import { attributes, CanonicalWriter } from '../../../core/xml/canonical-writer.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { currencyAttribute, twoDecimals, writeLine, writeTaxSubtotal } from './amounts.js'
import { paymentMeansCodes, rootNamespaces, typeCodes, xmlDeclaration } from './names.js'
import { writeParty } from './party.js'

/** Place of a document in the chain of its unit. */
export interface ChainLink {
  /** KSA-1. */
  readonly uuid: string
  /** ICV, KSA-16: 1, 2, 3 … for every document of the unit, notes and both kinds alike. */
  readonly counter: number
  /** PIH, KSA-13: `firstPreviousHash`, later the hash of the document before. */
  readonly previousHash: string
}

/** What the transaction code says beside standard or simplified. */
export interface TransactionFlags {
  readonly thirdParty?: boolean
  readonly nominal?: boolean
  readonly summary?: boolean
  readonly selfBilled?: boolean
}

/** Goods or services that leave the country: a buyer abroad and nothing but zero-rated lines. */
export function isExport(invoice: InvoiceDocument): boolean {
  const country = invoice.customer?.address?.country
  return !invoice.simplified && country !== undefined && country !== 'SA' && invoice.lines.every((line) => line.tax.category === 'Z')
}

/** KSA-2, NNPNESB. Seven positions: the nine of 3.4.3 are only needed for continuous supply and B2G. */
export function transactionCode(invoice: InvoiceDocument, flags: TransactionFlags = {}): string {
  const digit = (on: boolean | undefined): string => (on === true ? '1' : '0')
  return `${invoice.simplified ? '02' : '01'}${digit(flags.thirdParty)}${digit(flags.nominal)}${digit(isExport(invoice))}${digit(flags.summary)}${digit(flags.selfBilled)}`
}

const textPlain = attributes(['mimeCode', 'text/plain'])
const typeNames = new Map<string, string>()

function typeAttribute(code: string): string {
  let written = typeNames.get(code)
  if (written === undefined) {
    written = attributes(['name', code])
    typeNames.set(code, written)
  }
  return written
}

/**
 * The invoice in UBL 2.1 as the XML Implementation Standard orders it, without the three blocks that come with the stamp
 * (UBLExtensions, QR, cac:Signature). These bytes, without the declaration, are their own C14N 1.1 form, and they are exactly what
 * is left of the stamped file when the three blocks are taken out: the invoice hash is SHA-256 over them.
 */
export function writeInvoice(invoice: InvoiceDocument, link: ChainLink, flags: TransactionFlags = {}): Buffer {
  const xml = new CanonicalWriter()
  xml.root('Invoice', rootNamespaces)
  writeHead(xml, invoice, link, flags)
  xml.open('cac:AccountingSupplierParty')
  writeParty(xml, invoice.seller, 'seller')
  xml.close()
  xml.open('cac:AccountingCustomerParty')
  if (invoice.customer !== null) writeParty(xml, invoice.customer, 'buyer')
  xml.close()
  writeDelivery(xml, invoice)
  writePaymentMeans(xml, invoice)
  writeTotals(xml, invoice)
  const currency = currencyAttribute(invoice.currency)
  for (const line of invoice.lines) writeLine(xml, line, currency)
  xml.close()
  return Buffer.from(xmlDeclaration + xml.finish(), 'utf8')
}

function writeHead(xml: CanonicalWriter, invoice: InvoiceDocument, link: ChainLink, flags: TransactionFlags): void {
  xml
    .leaf('cbc:ProfileID', 'reporting:1.0')
    .leaf('cbc:ID', invoice.number)
    .leaf('cbc:UUID', link.uuid)
    .leaf('cbc:IssueDate', invoice.issueDate)
    .leaf('cbc:IssueTime', invoice.issueTime)
    .leaf('cbc:InvoiceTypeCode', typeCodes[invoice.type], typeAttribute(transactionCode(invoice, flags)))
    .optional('cbc:Note', invoice.notes)
    .leaf('cbc:DocumentCurrencyCode', invoice.currency)
    .leaf('cbc:TaxCurrencyCode', 'SAR')
  if (invoice.purchaseOrder !== null) xml.open('cac:OrderReference').leaf('cbc:ID', invoice.purchaseOrder).close()
  if (invoice.refersTo !== null) {
    xml.open('cac:BillingReference').open('cac:InvoiceDocumentReference').leaf('cbc:ID', invoice.refersTo.number)
    xml.optional('cbc:UUID', invoice.refersTo.uuid).optional('cbc:IssueDate', invoice.refersTo.issueDate)
    xml.close().close()
  }
  if (invoice.contract !== null) xml.open('cac:ContractDocumentReference').leaf('cbc:ID', invoice.contract).close()
  xml.open('cac:AdditionalDocumentReference').leaf('cbc:ID', 'ICV').leaf('cbc:UUID', String(link.counter)).close()
  xml
    .open('cac:AdditionalDocumentReference')
    .leaf('cbc:ID', 'PIH')
    .open('cac:Attachment')
    .leaf('cbc:EmbeddedDocumentBinaryObject', link.previousHash, textPlain)
    .close()
    .close()
}

/** KSA-5 and KSA-24. A tax invoice must say when it supplied (BR-KSA-15): the day of issue unless told. */
function writeDelivery(xml: CanonicalWriter, invoice: InvoiceDocument): void {
  const supplied = invoice.supplyDate ?? (invoice.simplified && invoice.supplyEndDate === null ? null : invoice.issueDate)
  if (supplied === null) return
  xml.open('cac:Delivery').leaf('cbc:ActualDeliveryDate', supplied).optional('cbc:LatestDeliveryDate', invoice.supplyEndDate).close()
}

/** The reason of a note stands in PaymentMeans/InstructionNote (KSA-10, BR-KSA-17). */
function writePaymentMeans(xml: CanonicalWriter, invoice: InvoiceDocument): void {
  const reason = invoice.type === 'invoice' ? null : invoice.reason
  if (invoice.paymentMeans === null && reason === null) return
  xml
    .open('cac:PaymentMeans')
    .leaf('cbc:PaymentMeansCode', paymentMeansCodes[invoice.paymentMeans ?? 'undefined'])
    .optional('cbc:InstructionNote', reason)
    .close()
}

/**
 * Two tax totals: the first in SAR without subtotals (BT-111, QR tag 5), the second in the document's currency with them.
 * Amounts come from the invoice as they were posted and are never computed a second time.
 */
function writeTotals(xml: CanonicalWriter, invoice: InvoiceDocument): void {
  const { totals } = invoice
  const currency = currencyAttribute(invoice.currency)
  const foreign = invoice.currency !== 'SAR'
  if (foreign) {
    xml
      .open('cac:TaxExchangeRate')
      .leaf('cbc:SourceCurrencyCode', invoice.currency)
      .leaf('cbc:TargetCurrencyCode', 'SAR')
      .leaf('cbc:CalculationRate', rate(invoice.exchangeRate))
      .close()
  }
  xml
    .open('cac:TaxTotal')
    .leaf('cbc:TaxAmount', twoDecimals(foreign ? totals.taxInCompanyCurrency : totals.tax), currencyAttribute('SAR'))
    .close()
  xml.open('cac:TaxTotal').leaf('cbc:TaxAmount', twoDecimals(totals.tax), currency)
  for (const subtotal of invoice.taxes) writeTaxSubtotal(xml, subtotal, currency)
  xml.close()
  const prepaid = twoDecimals(totals.prepaid)
  const rounding = twoDecimals(totals.rounding)
  xml
    .open('cac:LegalMonetaryTotal')
    .leaf('cbc:LineExtensionAmount', lineSum(invoice), currency)
    .leaf('cbc:TaxExclusiveAmount', twoDecimals(totals.taxExclusive), currency)
    .leaf('cbc:TaxInclusiveAmount', twoDecimals(totals.taxInclusive), currency)
  if (prepaid !== '0.00') xml.leaf('cbc:PrepaidAmount', prepaid, currency)
  if (rounding !== '0.00') xml.leaf('cbc:PayableRoundingAmount', rounding, currency)
  xml.leaf('cbc:PayableAmount', twoDecimals(totals.payable), currency).close()
}

/** Σ BT-131 (BR-CO-10), whatever the print calls its first total. */
function lineSum(invoice: InvoiceDocument): string {
  const only = invoice.lines.length === 1 ? invoice.lines[0] : undefined
  if (only !== undefined) return twoDecimals(only.net)
  return invoice.lines.reduce((total, line) => total.plus(line.net), new Decimal(0)).toFixed(2, Decimal.ROUND_HALF_UP)
}

/** BR-KSA-90: at most 14 digits. */
function rate(exchangeRate: string): string {
  return new Decimal(exchangeRate).toSignificantDigits(14, Decimal.ROUND_HALF_UP).toFixed()
}
