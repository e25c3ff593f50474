import { randomUUID } from 'node:crypto'
import type { Company } from '../../../core/access/context.js'
import type { InvoiceDocument, InvoiceLine, InvoiceType, Party } from '../../invoicing/index.js'
import { saudiTaxes } from '../data/taxes.js'
import { saudiTime } from '../stamp/stamp-invoice.js'

/** Buyer of the trial documents: the authority's sample company. */
const buyer: Party = {
  name: 'Fatoora Samples LTD',
  nameAr: 'شركة نماذج فاتورة المحدودة',
  identifiers: [{ scheme: 'VAT', value: '399999999800003' }],
  address: { street: 'صلاح الدين', building: '1111', district: 'المروج', city: 'الرياض', postalCode: '12222', country: 'SA' },
  phone: null,
  email: null,
}

/** The documents a unit shows the authority before it may stamp: one of each type, standard and simplified. */
export function checkInvoices(company: Company, now: Date): InvoiceDocument[] {
  const types: readonly InvoiceType[] = ['invoice', 'credit_note', 'debit_note']
  return [false, true].flatMap((simplified) =>
    types.map((type, index) => checkInvoice(company, now, type, simplified, index + (simplified ? 4 : 1))),
  )
}

function checkInvoice(company: Company, now: Date, type: InvoiceType, simplified: boolean, position: number): InvoiceDocument {
  const tax = saudiTaxes.find((one) => one.code === 'S15')
  if (tax === undefined) throw new Error('the standard rate is in the table')
  const [issueDate = '', issueTime = ''] = saudiTime(now).split('T')
  const line: InvoiceLine = {
    position: 1,
    description: 'قلم | Pen',
    itemCode: null,
    quantity: '1',
    unit: 'PCE',
    unitPrice: '100.00',
    discount: '0.00',
    net: '100.00',
    tax,
    taxAmount: '15.00',
  }
  return {
    id: randomUUID(),
    companyId: company.id,
    type,
    number: `CHECK-${position}`,
    simplified,
    currency: 'SAR',
    companyCurrency: 'SAR',
    exchangeRate: '1',
    issueDate,
    issueTime,
    supplyDate: issueDate,
    supplyEndDate: null,
    dueDate: issueDate,
    seller: {
      name: company.name,
      nameAr: company.nameAr,
      identifiers: company.identifiers,
      address: company.address,
      phone: company.phone,
      email: company.email,
    },
    customer: simplified ? null : buyer,
    lines: [line],
    taxes: [{ tax, taxable: '100.00', amount: '15.00' }],
    totals: {
      lines: '100.00',
      discount: '0.00',
      taxExclusive: '100.00',
      tax: '15.00',
      taxInclusive: '115.00',
      prepaid: '0.00',
      rounding: '0.00',
      payable: '115.00',
      taxInCompanyCurrency: '15.00',
    },
    paymentMeans: 'cash',
    refersTo: type === 'invoice' ? null : { number: 'CHECK-1', uuid: null, issueDate },
    reason: type === 'invoice' ? null : 'اختبار الامتثال | Compliance check',
    notes: null,
    purchaseOrder: null,
    contract: null,
  }
}
