import type { InvoiceData } from '../../../templates/invoicing/invoice-data.js'

/** A made-up Saudi invoice as `printData` would hand it over: every part of the template is used. */
export function invoiceSample(changes: Partial<InvoiceData> & { lineCount?: number } = {}): InvoiceData {
  const { lineCount = 3, ...rest } = changes
  const descriptions = [
    'خدمات استشارية لتصميم نظام الفوترة (المرحلة الأولى)',
    'Laptop stand, aluminium (A-100)',
    'دعم فني شهري – باقة الأعمال 24/7',
  ]
  return {
    languages: ['ar', 'en'],
    digits: 'latin',
    title: ['فاتورة ضريبية', 'Tax Invoice'],
    mark: null,
    number: 'INV/2026/00012',
    facts: [
      { label: 'issue-date', value: '2026-11-22', code: true },
      { label: 'issue-time', value: '10:30:00', code: true },
      { label: 'supply-date', value: '2026-11-20', code: true },
      { label: 'due-date', value: '2026-12-22', code: true },
      { label: 'purchase-order', value: 'PO-7781/26', code: true },
    ],
    seller: {
      names: ['شركة ختم للحلول الرقمية المحدودة', 'Khatm Digital Solutions Co. Ltd.'],
      address: ['8091 طريق الملك فهد، حي العليا، الرياض 12214', 'المملكة العربية السعودية'],
      facts: [
        { label: 'VAT', value: '310122393500003', code: true },
        { label: 'CRN', value: '1010010000', code: true },
        { label: 'phone', value: '+966 11 234 5678', code: true },
      ],
    },
    customer: {
      names: ['مؤسسة النخيل للتجارة', 'Al Nakheel Trading Est.'],
      address: ['1234 شارع الأمير سلطان (مبنى ب)، جدة 23511'],
      facts: [{ label: 'VAT', value: '399999999900003', code: true }],
    },
    currency: 'SAR',
    columns: { discount: true, itemCode: true },
    lines: Array.from({ length: lineCount }, (_, index) => ({
      position: String(index + 1),
      description: descriptions[index % 3] ?? '',
      itemCode: index % 3 === 1 ? 'LS-A100' : null,
      quantity: '2',
      unit: index % 3 === 1 ? 'PCE' : null,
      unitPrice: '1,250.00',
      discount: index % 3 === 0 ? '100.00' : null,
      net: '2,400.00',
      taxRate: '15%',
      taxAmount: '360.00',
      furtherTaxes: [],
      gross: '2,760.00',
    })),
    taxes: [
      { name: ['ضريبة القيمة المضافة', 'VAT'], rate: '15%', taxable: '7,200.00', amount: '1,080.00', reason: null },
      {
        name: ['صفرية', 'Zero rated'],
        rate: '0%',
        taxable: '0.00',
        amount: '0.00',
        reason: ['تصدير السلع | VATEX-SA-32', 'Export of goods | VATEX-SA-32'],
      },
    ],
    totals: [
      { label: 'total-lines', name: null, amount: '7,300.00', currency: null, strong: false, note: null },
      { label: 'total-discount', name: null, amount: '−100.00', currency: null, strong: false, note: null },
      { label: 'total-exclusive', name: null, amount: '7,200.00', currency: null, strong: false, note: null },
      { label: 'total-tax', name: null, amount: '1,080.00', currency: null, strong: false, note: null },
      { label: 'total-inclusive', name: null, amount: '8,280.00', currency: null, strong: false, note: null },
      { label: 'prepaid', name: null, amount: '−280.00', currency: null, strong: false, note: null },
      { label: 'payable', name: null, amount: '8,000.00', currency: null, strong: true, note: null },
    ],
    words: ['ثمانية آلاف ريال سعودي فقط لا غير', 'Eight thousand Saudi riyals only'],
    refersTo: [],
    payment: [
      { label: 'payment-means', value: 'تحويل بنكي', code: false },
      { label: 'iban', value: 'SA03 8000 0000 6080 1016 7519', code: true },
    ],
    notes: 'يُرجى ذِكرُ رقمِ الفاتورةِ (INV/2026/00012) عند التحويل. للاستفسار: +966 11 234 5678',
    legalNotes: [['صدرت هذه الفاتورة إلكترونيًا وفق لائحة الفوترة الإلكترونية.', 'Issued electronically under the e-invoicing regulation.']],
    qr: true,
    qrCaption: null,
    countryFacts: [],
    stamps: [],
    seal: 'place',
    verification: { code: '7F3K-92QD', url: 'khatm.example/v' },
    ...rest,
  }
}
