import assert from 'node:assert/strict'
import type { Company } from '../../../core/access/context.js'
import type { InvoiceDocument, Party, PricedLine, Tax } from '../../invoicing/index.js'
import { egyptTaxes } from '../data/taxes.js'
import type { EgyptFacts } from '../document/build-eta-document.js'
import { egyptTaxComputation } from '../taxes/tax-computation.js'

export const issuerRin = '113317713'

export function taxOf(code: string): Tax {
  const found = egyptTaxes.find((tax) => tax.code === code)
  assert.ok(found, code)
  return found
}

export const egyptSeller: Party = {
  name: 'Nile Paper',
  nameAr: 'شركة نيل للورق',
  identifiers: [{ scheme: 'VAT', value: issuerRin }],
  address: { street: 'شارع طلعت حرب', building: '17', city: 'القاهرة', region: 'القاهرة', country: 'EG' },
  phone: null,
  email: null,
}

export const egyptBuyer: Party = {
  name: 'Delta Schools',
  nameAr: 'مدارس الدلتا',
  identifiers: [{ scheme: 'VAT', value: '313717919' }],
  address: { street: 'شارع البحر', building: '5', city: 'طنطا', region: 'الغربية', postalCode: '31511', country: 'EG' },
  phone: null,
  email: null,
}

// The rules ask for the zone alone.
export const egyptCompany = { id: 'c', country: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo' } as Company

export const egyptFacts: EgyptFacts = {
  rin: issuerRin,
  branch: {
    code: '0',
    country: 'EG',
    governate: 'القاهرة',
    regionCity: 'وسط البلد',
    street: 'شارع طلعت حرب',
    buildingNumber: '17',
    postalCode: '11511',
    floor: null,
    room: null,
    landmark: null,
    additionalInformation: null,
  },
  activityCode: '4620',
  documentVersion: '1.0',
  timeZone: 'Africa/Cairo',
  references: [],
}

export function pricedLine(changes: Partial<PricedLine> = {}): PricedLine {
  return {
    description: 'ورق تصوير A4 "80 جم"',
    itemCode: `EG-${issuerRin}-A4`,
    quantity: '5',
    unit: 'PCE',
    unitPrice: '189.40',
    discount: '66.29',
    tax: taxOf('V009'),
    taxes: [{ tax: taxOf('W002'), rate: '1' }],
    country: { itemsDiscount: '5.00' },
    ...changes,
  }
}

interface InvoiceWishes extends Partial<Omit<InvoiceDocument, 'lines'>> {
  readonly lines?: readonly PricedLine[]
}

export function egyptInvoice(wishes: InvoiceWishes = {}): InvoiceDocument {
  const { lines, ...changes } = wishes
  const exchangeRate = changes.exchangeRate ?? '1'
  const computed = egyptTaxComputation.compute(lines ?? [pricedLine(), pricedLine({ quantity: '7', unitPrice: '94.70', discount: '10' })], {
    digits: 2,
    companyDigits: 2,
    exchangeRate,
    prepaid: '0',
    ...(changes.discount === undefined ? {} : { discount: changes.discount }),
  })
  return {
    id: '5b7f6a56-3ad5-4a4c-9d2c-0d6d0e1f0a11',
    companyId: 'c',
    type: 'invoice',
    number: 'INV/2026/00001',
    simplified: false,
    currency: 'EGP',
    companyCurrency: 'EGP',
    exchangeRate,
    issueDate: '2026-11-22',
    issueTime: '12:30:00',
    supplyDate: null,
    supplyEndDate: null,
    dueDate: '2026-12-22',
    seller: egyptSeller,
    customer: egyptBuyer,
    ...computed,
    paymentMeans: 'transfer',
    refersTo: null,
    reason: null,
    notes: null,
    purchaseOrder: null,
    contract: null,
    ...changes,
  }
}
