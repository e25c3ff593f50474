import assert from 'node:assert/strict'
import type { InvoiceDocument } from '../document.js'
import type { InvoicePrint } from '../hooks.js'
import { addressLines, printData } from '../services/print-data.js'

const tax = {
  code: 'S15',
  name: { ar: 'ضريبة القيمة المضافة', en: 'VAT', bg: 'ДДС' },
  rate: '15',
  category: 'S',
  from: '2020-07-01',
  source: 'law',
}
const invoice: InvoiceDocument = {
  id: '1',
  companyId: 'c',
  type: 'invoice',
  number: 'INV/2026/00012',
  simplified: false,
  currency: 'SAR',
  companyCurrency: 'SAR',
  exchangeRate: '1',
  issueDate: '2026-11-22',
  issueTime: '10:30:00',
  supplyDate: null,
  supplyEndDate: null,
  dueDate: '2026-12-22',
  seller: { name: 'Seller', nameAr: 'البائع', identifiers: [{ scheme: 'VAT', value: '3' }], address: null, phone: null, email: null },
  customer: null,
  lines: [
    {
      position: 1,
      description: 'خدمة',
      itemCode: null,
      quantity: '2.000',
      unit: 'PCE',
      unitPrice: '100.125',
      discount: '0.00',
      net: '200.25',
      tax,
      taxAmount: '30.04',
    },
  ],
  taxes: [{ tax, taxable: '200.25', amount: '30.04' }],
  totals: {
    lines: '200.25',
    discount: '0.00',
    taxExclusive: '200.25',
    tax: '30.04',
    taxInclusive: '230.29',
    prepaid: '30.29',
    rounding: '0.00',
    payable: '200.00',
    taxInCompanyCurrency: '30.04',
  },
  paymentMeans: 'transfer',
  refersTo: null,
  reason: null,
  notes: null,
  purchaseOrder: null,
  contract: null,
}
const print: InvoicePrint = { qr: 'x', legalNotes: [], attachments: [], title: null, sealSvg: null }

describe('print data', () => {
  it('shows the amounts of the document, formatted, and computes none', () => {
    const data = printData(invoice, print, { languages: ['ar', 'en'], digits: 'latin', seal: 'place', state: 'posted' })
    assert.deepEqual(data.title, ['فاتورة', 'Invoice'])
    assert.equal(data.mark, null)
    assert.equal(data.lines[0]?.unitPrice, '100.125')
    assert.equal(data.lines[0].quantity, '2')
    assert.equal(data.lines[0].gross, '230.29')
    assert.deepEqual(
      data.totals.map(({ label, amount, strong }) => [label, amount, strong]),
      [
        ['total-exclusive', '200.25', false],
        ['total-tax', '30.04', false],
        ['total-inclusive', '230.29', false],
        ['prepaid', '\u221230.29', false],
        ['payable', '200.00', true],
      ],
    )
    assert.deepEqual(data.words, ['مائتا ريال سعودي فقط لا غير', 'Two hundred Saudi riyals only'])
    assert.equal(data.columns.discount, false)
  })

  it('uses the digits of the company, and a draft says so', () => {
    const data = printData({ ...invoice, number: '' }, print, {
      languages: ['ar'],
      digits: 'arabic-indic',
      seal: 'preview',
      state: 'draft',
    })
    assert.equal(data.totals.at(-1)?.amount, '٢٠٠٫٠٠')
    assert.equal(data.lines[0]?.taxRate, '١٥٪')
    assert.deepEqual(data.mark, ['مسودة'])
    assert.equal(data.number, null)
    assert.equal(data.seal, 'none', 'no picture, no empty frame')
  })

  it('writes addresses in two lines', () => {
    const address = { street: 'طريق الملك فهد', building: '8091', district: 'العليا', city: 'الرياض', postalCode: '12214', country: 'SA' }
    assert.deepEqual(addressLines(address, 'ar'), ['8091 طريق الملك فهد، العليا', 'الرياض 12214، المملكة العربية السعودية'])
    assert.deepEqual(addressLines(null, 'ar'), [])
  })
})
