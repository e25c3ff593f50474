import { Decimal } from 'decimal.js'
import { isXmlText } from '../../../core/xml/canonical-writer.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { InvoiceDocument, Party } from '../../invoicing/index.js'
import { identifierFaults, isVatNumber } from '../data/identifiers.js'
import { saudiTime } from '../stamp/stamp-invoice.js'
import { buyerSchemes } from '../ubl/names.js'
import { identifierOf, legalName, otherIdentifier } from '../ubl/party.js'

/** The QR code has room for so many bytes of the seller's name beside hash, signature and certificate (BR-CL-KSA-14). */
const longestName = 340
/** One byte of length carries no more; longer names need the long form, which few scanners of shops know. */
const plainName = 127

/** Rules on an invoice before it is posted: codes of the authority where it has one, paths in the terms of the input. */
export function validateSaudi(invoice: InvoiceDocument, now: Date): FaultDetail[] {
  return [
    ...headFaults(invoice, now),
    ...sellerFaults(invoice.seller),
    ...buyerFaults(invoice),
    ...lineFaults(invoice),
    ...textFaults(invoice),
  ]
}

function headFaults(invoice: InvoiceDocument, now: Date): FaultDetail[] {
  const faults: FaultDetail[] = []
  const today = saudiTime(now).slice(0, 10)
  if (invoice.companyCurrency !== 'SAR')
    faults.push({ code: 'SA-CURRENCY-01', path: 'company', params: { currency: invoice.companyCurrency } })
  if (invoice.issueDate > today) faults.push({ code: 'BR-KSA-04', path: 'issueDate' })
  if (invoice.type !== 'invoice') {
    if ((invoice.reason ?? '').trim() === '') faults.push({ code: 'BR-KSA-17', path: 'reason' })
    if (invoice.refersTo === null) faults.push({ code: 'BR-KSA-56', path: 'refersTo' })
  }
  if (invoice.supplyEndDate !== null && invoice.supplyDate !== null && invoice.supplyEndDate < invoice.supplyDate) {
    faults.push({ code: 'BR-KSA-36', path: 'supplyEndDate' })
  }
  if (invoice.supplyEndDate !== null && invoice.supplyDate === null) faults.push({ code: 'BR-KSA-35', path: 'supplyDate' })
  if (new Decimal(invoice.totals.payable).isNegative()) faults.push({ code: 'BR-KSA-F-04', path: 'prepaid' })
  if (!new Decimal(invoice.totals.prepaid).isZero()) faults.push({ code: 'BR-KSA-73', path: 'prepaid', level: 'warning' })
  return faults
}

function sellerFaults(seller: Party): FaultDetail[] {
  const faults: FaultDetail[] = []
  const vat = identifierOf(seller, 'VAT')
  if (vat === undefined) faults.push({ code: 'BR-KSA-39', path: 'company' })
  else if (!isVatNumber(vat)) faults.push({ code: 'BR-KSA-40', path: 'company', params: { value: vat } })
  if (otherIdentifier(seller, 'seller') === undefined) faults.push({ code: 'BR-KSA-08', path: 'company', level: 'warning' })
  const bytes = Buffer.byteLength(legalName(seller), 'utf8')
  if (bytes > longestName) faults.push({ code: 'SA-NAME-02', path: 'company', params: { bytes, limit: longestName } })
  else if (bytes > plainName) faults.push({ code: 'SA-NAME-01', path: 'company', params: { bytes, limit: plainName }, level: 'warning' })
  return faults
}

function buyerFaults(invoice: InvoiceDocument): FaultDetail[] {
  const { customer } = invoice
  if (customer === null) return invoice.simplified ? citizenFaults(invoice) : [{ code: 'BR-KSA-42', path: 'customer' }]
  const faults: FaultDetail[] = []
  for (const [index, { scheme, value }] of customer.identifiers.entries()) {
    const path = `customer.identifiers[${index}].value`
    if (scheme === 'VAT') {
      if (!isVatNumber(value)) faults.push({ code: 'BR-KSA-44', path, params: { value } })
      else if (value === identifierOf(invoice.seller, 'VAT')) faults.push({ code: 'BR-CUSTOM-VALIDATION-01', path })
    } else if ((buyerSchemes as readonly string[]).includes(scheme)) {
      // The authority only warns of shapes, but refuses anything that is not letters and digits.
      if (!/^[A-Z0-9]+$/i.test(value)) faults.push({ code: 'BR-KSA-14', path, params: { scheme, value } })
      else faults.push(...identifierFaults(scheme, value).map((fault) => ({ ...fault, path, level: 'warning' as const })))
    }
  }
  faults.push(...citizenFaults(invoice))
  if (invoice.simplified) return faults
  if (identifierOf(customer, 'VAT') === undefined && otherIdentifier(customer, 'buyer') === undefined) {
    faults.push({ code: 'BR-KSA-81', path: 'customer.identifiers', level: 'warning' })
  }
  return [...faults, ...addressFaults(customer)]
}

function addressFaults(customer: Party): FaultDetail[] {
  const address = customer.address
  if (address === null) return [{ code: 'BR-KSA-63', path: 'customer.address', level: 'warning' }]
  const needed =
    address.country === 'SA' ? (['street', 'building', 'postalCode', 'city', 'district'] as const) : (['street', 'city'] as const)
  const faults: FaultDetail[] = needed
    .filter((part) => (address[part] ?? '') === '')
    .map((part) => ({ code: address.country === 'SA' ? 'BR-KSA-63' : 'BR-KSA-10', path: `customer.address.${part}`, level: 'warning' }))
  if (address.country === 'SA' && address.postalCode !== undefined && !/^\d{5}$/.test(address.postalCode)) {
    faults.push({ code: 'BR-KSA-67', path: 'customer.address.postalCode', level: 'warning' })
  }
  return faults
}

/** Education and health care are only free of tax for citizens, by name and national identity. */
function citizenFaults(invoice: InvoiceDocument): FaultDetail[] {
  const free = invoice.lines.some((line) => ['VATEX-SA-EDU', 'VATEX-SA-HEA'].includes(line.tax.exemptionCode ?? ''))
  if (!free) return []
  const faults: FaultDetail[] = []
  if (invoice.customer === null || otherIdentifier(invoice.customer, 'buyer')?.scheme !== 'NAT')
    faults.push({ code: 'BR-KSA-49', path: 'customer.identifiers' })
  if (invoice.customer === null) faults.push({ code: 'BR-KSA-25', path: 'customer.name' })
  return faults
}

function lineFaults(invoice: InvoiceDocument): FaultDetail[] {
  const faults: FaultDetail[] = []
  for (const [index, line] of invoice.lines.entries()) {
    const path = `lines[${index}]`
    const { tax } = line
    if (!['S', 'Z', 'E', 'O'].includes(tax.category)) faults.push({ code: 'BR-KSA-18', path: `${path}.tax`, params: { tax: tax.code } })
    else if (tax.category === 'S' && !['5', '15'].includes(new Decimal(tax.rate).toFixed())) {
      faults.push({ code: 'BR-KSA-84', path: `${path}.tax`, params: { rate: tax.rate } })
    } else if (tax.category !== 'S' && tax.exemptionCode === undefined)
      faults.push({ code: 'SA-VAT-01', path: `${path}.tax`, params: { tax: tax.code } })
    for (const member of ['quantity', 'unitPrice', 'discount', 'net'] as const) {
      if (new Decimal(line[member]).isNegative())
        faults.push({ code: 'BR-KSA-F-04', path: `${path}.${member === 'net' ? 'discount' : member}` })
    }
    if (Array.from(line.description).length < 3) faults.push({ code: 'BR-KSA-F-06-C19', path: `${path}.description`, level: 'warning' })
  }
  return faults
}

/** Characters that XML cannot carry would stop the document halfway. */
function textFaults(invoice: InvoiceDocument): FaultDetail[] {
  const texts: [string, string | null | undefined][] = [
    ['notes', invoice.notes],
    ['reason', invoice.reason],
    ['purchaseOrder', invoice.purchaseOrder],
    ['contract', invoice.contract],
    ['company', legalName(invoice.seller)],
    ['customer.name', invoice.customer?.name],
    ['customer.nameAr', invoice.customer?.nameAr],
    ['customer.address', Object.values(invoice.customer?.address ?? {}).join(' ')],
    ['customer.identifiers', invoice.customer?.identifiers.map((one) => one.value).join(' ')],
    ...invoice.lines.flatMap((line, index): [string, string | null][] => [
      [`lines[${index}].description`, line.description],
      [`lines[${index}].itemCode`, line.itemCode],
      [`lines[${index}].unit`, line.unit],
    ]),
  ]
  return texts.flatMap(([path, text]) => (text === null || text === undefined || isXmlText(text) ? [] : [{ code: 'SA-TEXT-01', path }]))
}
