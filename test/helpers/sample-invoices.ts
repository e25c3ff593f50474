/** Rows for `khatm issue`, in the shape of the invoice JSON: deterministic, mixed kinds, Arabic and Latin texts. */
export function sampleInvoices(count: number, company = 'demo-sa'): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => sampleInvoice(index, company))
}

const goods = [
  ['كابل شبكة ١٠ أمتار', 'CBL-10', '12.50'],
  ['Laser printer toner', 'TNR-2', '187.00'],
  ['خدمة صيانة سنوية', 'SRV-1', '1200.00'],
  ['Office chair "Ergo" & desk <set>', 'CHR-9', '649.99'],
] as const

function sampleInvoice(index: number, company: string): Record<string, unknown> {
  const simplified = index % 2 === 1
  const lines = Array.from({ length: 1 + (index % 3) }, (_, at) => {
    const [description, itemCode, unitPrice] = goods[(index + at) % goods.length] ?? goods[0]
    return {
      description,
      itemCode,
      unitPrice,
      quantity: String(1 + ((index + at) % 5)),
      unit: 'PCE',
      discount: at === 1 ? '1.25' : '0.00',
      tax: 'S15',
    }
  })
  const customer = simplified
    ? { name: 'عميل نقدي' }
    : {
        name: `Gulf Trading Est. ${String(index)}`,
        nameAr: `مؤسسة الخليج للتجارة ${String(index)}`,
        identifiers: [{ scheme: 'VAT', value: '311111111111113' }],
        address: { street: 'King Fahd Road', building: '4821', district: 'Al Olaya', city: 'Riyadh', postalCode: '12214', country: 'SA' },
      }
  return { company, type: 'invoice', simplified, currency: 'SAR', customer, lines, paymentMeans: simplified ? 'cash' : 'transfer' }
}

/** The year that stands in the numbers of a Saudi company now: from nine in the evening of 31 December (UTC) it is the next one. */
export function numberYear(now = new Date()): string {
  return new Intl.DateTimeFormat('en-u-nu-latn', { timeZone: 'Asia/Riyadh', year: 'numeric' }).format(now)
}
