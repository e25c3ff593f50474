import { createHash, generateKeyPairSync, sign as signMessage, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { Decimal } from 'decimal.js'
import { bitString, context, integer, objectIdentifier, sequence, setOf, time, utf8String } from '../../../core/signing/der.js'
import type { Signer } from '../../../core/signing/signing-service.js'
import { ecdsaFromRaw } from '../../../core/validation/ecdsa.js'
import secp256k1 from 'secp256k1'
import type { InvoiceDocument, InvoiceLine, Party, Tax, TaxSubtotal } from '../../invoicing/index.js'

const text = { ar: 'نص', en: 'text', bg: 'текст' }
export const standardTax: Tax = { code: 'S15', name: text, rate: '15', category: 'S', from: '2020-07-01', source: 'VAT law' }
export const exportTax: Tax = {
  code: 'Z32',
  name: text,
  rate: '0',
  category: 'Z',
  exemptionCode: 'VATEX-SA-32',
  exemptionReason: { ar: 'صادرات السلع من المملكة', en: 'Export of goods', bg: 'Износ на стоки' },
  from: '2018-01-01',
  source: 'VAT law',
}

export const seller: Party = {
  name: 'Tawreed Trading',
  nameAr: 'شركة توريد للتجارة',
  identifiers: [
    { scheme: 'VAT', value: '300000000000003' },
    { scheme: 'CRN', value: '1010010000' },
  ],
  address: { street: 'طريق الملك فهد', building: '2322', district: 'العليا', city: 'الرياض', postalCode: '12211', country: 'SA' },
  phone: null,
  email: null,
}

export const buyer: Party = {
  name: 'Namaa Contracting',
  nameAr: 'شركة نماء للمقاولات',
  identifiers: [{ scheme: 'VAT', value: '311111111111113' }],
  address: { street: 'شارع التحلية', building: '1111', district: 'المروج', city: 'الرياض', postalCode: '12222', country: 'SA' },
  phone: null,
  email: null,
}

export function line(position: number, changes: Partial<InvoiceLine> = {}): InvoiceLine {
  const quantity = changes.quantity ?? '2'
  const unitPrice = changes.unitPrice ?? '100.00'
  const discount = changes.discount ?? '0.00'
  const tax = changes.tax ?? standardTax
  const net = new Decimal(quantity).times(unitPrice).minus(discount).toFixed(2, Decimal.ROUND_HALF_UP)
  return {
    position,
    description: 'قلم حبر | Ink pen',
    itemCode: null,
    unit: 'PCE',
    ...changes,
    quantity,
    unitPrice,
    discount,
    net,
    tax,
    taxAmount: new Decimal(net).times(tax.rate).div(100).toFixed(2, Decimal.ROUND_HALF_UP),
  }
}

/** An invoice with right totals: VAT per category from its taxable sum, rounded once. */
export function invoice(changes: Partial<InvoiceDocument> = {}): InvoiceDocument {
  const lines = changes.lines ?? [line(1)]
  const byTax = new Map<string, TaxSubtotal>()
  for (const one of lines) {
    const before = byTax.get(one.tax.code)?.taxable ?? '0'
    byTax.set(one.tax.code, { tax: one.tax, taxable: new Decimal(before).plus(one.net).toFixed(2), amount: '0.00' })
  }
  const taxes = [...byTax.values()].map((subtotal) => ({
    ...subtotal,
    amount: new Decimal(subtotal.taxable).times(subtotal.tax.rate).div(100).toFixed(2, Decimal.ROUND_HALF_UP),
  }))
  const net = lines.reduce((total, one) => total.plus(one.net), new Decimal(0))
  const tax = taxes.reduce((total, one) => total.plus(one.amount), new Decimal(0))
  const exchangeRate = changes.exchangeRate ?? '1'
  return {
    id: '6d2f6f6e-2c63-4b0d-9a28-9f1a5f2f0001',
    companyId: '6d2f6f6e-2c63-4b0d-9a28-9f1a5f2f0000',
    type: 'invoice',
    number: 'INV/2026/00012',
    simplified: false,
    currency: 'SAR',
    companyCurrency: 'SAR',
    issueDate: '2026-11-20',
    issueTime: '10:30:00',
    supplyDate: '2026-11-20',
    supplyEndDate: null,
    dueDate: '2026-12-20',
    seller,
    customer: buyer,
    paymentMeans: 'cash',
    refersTo: null,
    reason: null,
    notes: null,
    purchaseOrder: null,
    contract: null,
    totals: {
      lines: net.toFixed(2),
      discount: '0.00',
      taxExclusive: net.toFixed(2),
      tax: tax.toFixed(2),
      taxInclusive: net.plus(tax).toFixed(2),
      prepaid: '0.00',
      rounding: '0.00',
      payable: net.plus(tax).toFixed(2),
      taxInCompanyCurrency: tax.times(exchangeRate).toFixed(2, Decimal.ROUND_HALF_UP),
    },
    ...changes,
    exchangeRate,
    lines,
    taxes,
  }
}

const name = (common: string): Buffer =>
  sequence(
    setOf(sequence(objectIdentifier('2.5.4.6'), utf8String('SA'))),
    setOf(sequence(objectIdentifier('2.5.4.10'), utf8String('Test, Co & <sons>'))),
    setOf(sequence(objectIdentifier('2.5.4.3'), utf8String(common))),
  )

const ecdsaSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))

function certificateFor(publicKey: KeyObject, common: string, issuer: string, issuerKey: KeyObject, ca: boolean, serial: bigint): Buffer {
  const constraints = sequence(
    objectIdentifier('2.5.29.19'),
    Buffer.from('0101ff', 'hex'),
    Buffer.concat([Buffer.of(4, ca ? 5 : 2), Buffer.from(ca ? '30030101ff' : '3000', 'hex')]),
  )
  const tbs = sequence(
    context(0, integer(2)),
    integer(serial),
    ecdsaSha256,
    name(issuer),
    sequence(time(new Date('2026-01-01T00:00:00Z')), time(new Date('2036-01-01T00:00:00Z'))),
    name(common),
    publicKey.export({ type: 'spki', format: 'der' }),
    context(3, sequence(constraints)),
  )
  return sequence(tbs, ecdsaSha256, bitString(signMessage('sha256', tbs, issuerKey)))
}

export interface TestStampKey {
  readonly signer: Signer
  readonly certificate: Buffer
  readonly issuer: Buffer
}

/** A secp256k1 key with a certificate of a test CA, as the signing service would open it. */
export function testStampKey(): TestStampKey {
  return stampKeyOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))
}

/** The same for a key pair that is there. */
export function stampKeyOf(own: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }): TestStampKey {
  const authority = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  const issuer = certificateFor(authority.publicKey, 'Test CA', 'Test CA', authority.privateKey, true, 1n)
  const certificate = certificateFor(own.publicKey, 'EGS-1', 'Test CA', authority.privateKey, false, 18446744073709551557n)
  const jwk = own.privateKey.export({ format: 'jwk' })
  const secret = Buffer.from(jwk.d ?? '', 'base64url')
  const signer: Signer = {
    algorithm: 'ec-secp256k1',
    scheme: 'ecdsa',
    digestAlgorithm: 'sha256',
    certificates: [certificate],
    signDigest: (digest) => Promise.resolve(ecdsaFromRaw(secp256k1.ecdsaSign(digest, secret).signature)),
  }
  return { signer, certificate, issuer }
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

const anyText = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
    fc.constantFrom('<&>"\'', 'سطر\nثانٍ', 'a\tb', ']]>', '&amp; &#13;', '  spaced  ', '😀 دينار', 'CR\rLF\r\n'),
  )

  .map((value) => value.replace(/[\u0000-\u0008\v\f\u000e-\u001f\ufffe\uffff]/g, '?'))
  .map((value) => (value.trim() === '' ? 'x' : value))
const money = fc.integer({ min: 0, max: 10_000_000 }).map((cents) => (cents / 100).toFixed(2))
const quantity = fc.integer({ min: 1, max: 1_000_000 }).map((thousandths) => (thousandths / 1000).toString())

/** Random invoices of every kind the writer knows. */
export const anyInvoice: fc.Arbitrary<InvoiceDocument> = fc
  .record({
    type: fc.constantFrom('invoice' as const, 'credit_note' as const, 'debit_note' as const),
    simplified: fc.boolean(),
    foreign: fc.boolean(),
    hasBuyer: fc.boolean(),
    number: anyText,
    notes: fc.option(anyText),
    reason: anyText,
    purchaseOrder: fc.option(anyText),
    contract: fc.option(anyText),
    name: anyText,
    street: fc.option(anyText, { nil: undefined }),
    supplyEndDate: fc.option(fc.constant('2026-11-21')),
    paymentMeans: fc.constantFrom('cash' as const, 'transfer' as const, 'card' as const, 'credit' as const, null),
    rounding: fc.constantFrom('0.00', '-0.01', '0.02'),
    prepaid: fc.constantFrom('0.00', '1.00'),
    lines: fc.array(fc.record({ description: anyText, itemCode: fc.option(anyText), quantity, unitPrice: money, exempt: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map((random) => {
    const lines = random.lines.map((one, index) =>
      line(index + 1, { ...one, tax: one.exempt ? exportTax : standardTax, discount: index === 1 ? '0.00' : '0.01' }),
    )
    const made = invoice({
      type: random.type,
      simplified: random.simplified,
      number: random.number,
      currency: random.foreign ? 'USD' : 'SAR',
      exchangeRate: random.foreign ? '3.75' : '1',
      customer: random.simplified && !random.hasBuyer ? null : { ...buyer, nameAr: random.name },
      seller: { ...seller, address: { country: 'SA', street: random.street } },
      notes: random.notes,
      purchaseOrder: random.purchaseOrder,
      contract: random.contract,
      supplyEndDate: random.supplyEndDate,
      paymentMeans: random.paymentMeans,
      lines,
      reason: random.type === 'invoice' ? null : random.reason,
      refersTo: random.type === 'invoice' ? null : { number: 'INV/2026/00001', uuid: null, issueDate: '2026-11-01' },
    })
    return { ...made, totals: { ...made.totals, rounding: random.rounding, prepaid: random.prepaid } }
  })
