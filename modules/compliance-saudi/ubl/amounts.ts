import { Decimal } from 'decimal.js'
import { attributes, type CanonicalWriter } from '../../../core/xml/canonical-writer.js'
import type { InvoiceLine, Tax, TaxSubtotal } from '../../invoicing/index.js'

/** Two decimals, half up; texts that have them already pass untouched (the usual case, and the fast one). */
export function twoDecimals(amount: string): string {
  return /^\d+\.\d\d$/.test(amount) ? amount : new Decimal(amount).toFixed(2, Decimal.ROUND_HALF_UP)
}

/** A plain decimal without sign of exponent, zeros at the end cut to at least two places (prices) or none (quantities). */
export function plainDecimal(value: string): string {
  return /^\d{1,15}(?:\.\d{1,9})?$/.test(value) ? value : new Decimal(value).toFixed()
}

const currencyAttributes = new Map<string, string>()

/** ` currencyID="SAR"`, made once per currency. */
export function currencyAttribute(currency: string): string {
  let written = currencyAttributes.get(currency)
  if (written === undefined) {
    written = attributes(['currencyID', currency])
    currencyAttributes.set(currency, written)
  }
  return written
}

/** cac:TaxCategory or cac:ClassifiedTaxCategory; category O carries its rate too, which BR-KSA-11 allows when it is 0. */
export function writeTaxCategory(xml: CanonicalWriter, element: string, tax: Tax, withReason: boolean): void {
  xml.open(element).leaf('cbc:ID', tax.category).leaf('cbc:Percent', twoDecimals(tax.rate))
  if (withReason && tax.category !== 'S') {
    xml.optional('cbc:TaxExemptionReasonCode', tax.exemptionCode)
    const reason = tax.exemptionReason
    // Both languages in one text, as the authority's own samples do.
    xml.optional('cbc:TaxExemptionReason', reason === undefined ? undefined : `${reason.en} | ${reason.ar}`)
  }
  xml.open('cac:TaxScheme').leaf('cbc:ID', 'VAT').close().close()
}

export function writeTaxSubtotal(xml: CanonicalWriter, subtotal: TaxSubtotal, currency: string): void {
  xml
    .open('cac:TaxSubtotal')
    .leaf('cbc:TaxableAmount', twoDecimals(subtotal.taxable), currency)
    .leaf('cbc:TaxAmount', twoDecimals(subtotal.amount), currency)
  writeTaxCategory(xml, 'cac:TaxCategory', subtotal.tax, true)
  xml.close()
}

function sum(first: string, second: string): string {
  return new Decimal(first).plus(second).toFixed(2, Decimal.ROUND_HALF_UP)
}

/** cac:InvoiceLine; RoundingAmount is the line with VAT (KSA-12, BR-KSA-51). */
export function writeLine(xml: CanonicalWriter, line: InvoiceLine, currency: string): void {
  const net = twoDecimals(line.net)
  const tax = twoDecimals(line.taxAmount)
  xml
    .open('cac:InvoiceLine')
    .leaf('cbc:ID', String(line.position))
    .leaf('cbc:InvoicedQuantity', plainDecimal(line.quantity), attributes(['unitCode', line.unit]))
    .leaf('cbc:LineExtensionAmount', net, currency)
  const discount = twoDecimals(line.discount)
  if (discount !== '0.00') {
    xml
      .open('cac:AllowanceCharge')
      .leaf('cbc:ChargeIndicator', 'false')
      .leaf('cbc:AllowanceChargeReason', 'discount')
      .leaf('cbc:Amount', discount, currency)
      .close()
  }
  xml.open('cac:TaxTotal').leaf('cbc:TaxAmount', tax, currency).leaf('cbc:RoundingAmount', sum(net, tax), currency).close()
  xml.open('cac:Item').leaf('cbc:Name', line.description)
  if (line.itemCode !== null && line.itemCode !== '') xml.open('cac:SellersItemIdentification').leaf('cbc:ID', line.itemCode).close()
  writeTaxCategory(xml, 'cac:ClassifiedTaxCategory', line.tax, false)
  xml.close()
  xml.open('cac:Price').leaf('cbc:PriceAmount', plainDecimal(line.unitPrice), currency).close()
  xml.close()
}
