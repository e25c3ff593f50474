import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { checkXml, xmlRules } from '../rules/check-xml.js'
import { validateSaudi } from '../rules/validate-invoice.js'
import { firstPreviousHash } from '../ubl/names.js'
import { writeInvoice } from '../ubl/write-invoice.js'
import { buyer, exportTax, invoice, line, seller, standardTax } from './fixtures.js'
import { officialSamples } from './samples.js'

const now = new Date('2026-11-20T09:00:00Z')
const link = { uuid: '8e6000cf-1a98-4174-b3e7-b5d5954bc10d', counter: 1, previousHash: firstPreviousHash }
const errorsOf = (bytes: Uint8Array): string[] => [
  ...new Set(checkXml(bytes, now).flatMap((one) => (one.level === 'error' ? [one.rule] : []))),
]
/** One change to the text of a good invoice, and the error it must raise. */
const changed = (from: string | RegExp, to: string): string[] => {
  const text = writeInvoice(invoice(), link).toString('utf8')
  const other = text.replace(from, to)
  assert.notEqual(other, text, `nothing was changed: ${String(from)}`)
  return errorsOf(Buffer.from(other, 'utf8'))
}

describe('Saudi business rules', () => {
  it('have a text in every language', () => {
    for (const locale of ['ar', 'en', 'bg']) {
      const texts = JSON.parse(readFileSync(new URL(`../i18n/${locale}.json`, import.meta.url), 'utf8')) as Record<string, string>
      for (const rule of xmlRules) assert.ok((texts[`fault.${rule.id}`] ?? '') !== '', `${locale} ${rule.id}`)
    }
  })

  it('find no error in the official samples', function () {
    const samples = officialSamples()
    if (samples.length === 0) this.skip()
    for (const sample of samples) assert.deepEqual(errorsOf(sample.bytes), [], sample.name)
  })

  it('find nothing but the missing stamp in what we write', () => {
    const documents = [
      invoice(),
      invoice({ type: 'credit_note', reason: 'return', refersTo: { number: 'INV/1', uuid: null, issueDate: null } }),
      invoice({
        currency: 'USD',
        exchangeRate: '3.75',
        lines: [line(1, { tax: exportTax })],
        customer: { ...buyer, address: { country: 'US', street: 'Main', city: 'Houston' } },
      }),
      invoice({ lines: [line(1, { unitPrice: '33.333333', quantity: '3', discount: '1.25' }), line(2, { tax: exportTax })] }),
    ]
    for (const document of documents) {
      const fired = checkXml(writeInvoice(document, link), now).map((one) => one.rule)
      assert.deepEqual(fired, ['BR-KSA-27'])
    }
  })

  const cases: readonly (readonly [string, string | RegExp, string])[] = [
    ['BR-KSA-03', link.uuid, 'not a uuid'],
    ['BR-KSA-04', '<cbc:IssueDate>2026-11-20', '<cbc:IssueDate>2026-11-21'],
    ['BR-KSA-05', '>388<', '>380<'],
    ['BR-KSA-06', 'name="0100000"', 'name="0300000"'],
    ['BR-KSA-07', 'name="0100000"', 'name="0100101"'],
    ['BR-KSA-17', '>388<', '>381<'],
    ['BR-KSA-31', 'name="0100000"', 'name="0200001"'],
    ['BR-KSA-33', '<cbc:UUID>1</cbc:UUID>', ''],
    ['BR-KSA-34', '<cbc:UUID>1</cbc:UUID>', '<cbc:UUID>A1</cbc:UUID>'],
    ['BR-KSA-40', '300000000000003', '300000000000004'],
    ['BR-KSA-44', '311111111111113', '31111111111111'],
    ['BR-CUSTOM-VALIDATION-01', '311111111111113', '300000000000003'],
    ['BR-KSA-68', '<cbc:TaxCurrencyCode>SAR</cbc:TaxCurrencyCode>', ''],
    ['BR-KSA-EN16931-01', 'reporting:1.0', 'reporting:2.0'],
    ['BR-KSA-EN16931-02', '<cbc:TaxCurrencyCode>SAR', '<cbc:TaxCurrencyCode>USD'],
    ['BR-KSA-70', '10:30:00', '10:30'],
    ['BR-KSA-F-01', '<cbc:ActualDeliveryDate>2026-11-20', '<cbc:ActualDeliveryDate>20.11.2026'],
    ['BR-KSA-18', '<cbc:ID>S</cbc:ID>', '<cbc:ID>AE</cbc:ID>'],
    ['BR-KSA-84', '<cbc:Percent>15.00', '<cbc:Percent>14.00'],
    ['BR-KSA-DEC-02', '<cbc:Percent>15.00', '<cbc:Percent>15.000'],
    ['BR-KSA-F-04', '<cbc:PriceAmount currencyID="SAR">100', '<cbc:PriceAmount currencyID="SAR">-100'],
    ['BR-KSA-CL-02', '<cbc:PriceAmount currencyID="SAR"', '<cbc:PriceAmount currencyID="USD"'],
    [
      'BR-CO-14',
      /<cbc:TaxAmount currencyID="SAR">30.00<\/cbc:TaxAmount>(\s*<cac:TaxSubtotal>)/,
      '<cbc:TaxAmount currencyID="SAR">30.01</cbc:TaxAmount>$1',
    ],
    ['BR-CO-15', '<cbc:TaxInclusiveAmount currencyID="SAR">230.00', '<cbc:TaxInclusiveAmount currencyID="SAR">230.01'],
    ['BR-16', /<cac:InvoiceLine>[\s\S]*<\/cac:InvoiceLine>/, ''],
    [
      'BR-KSA-52',
      /<cac:TaxTotal>\s*<cbc:TaxAmount currencyID="SAR">30.00<\/cbc:TaxAmount>\s*<cbc:RoundingAmount[\s\S]*?<\/cac:TaxTotal>/,
      '',
    ],
  ]
  for (const [rule, from, to] of cases) {
    it(`fires ${rule}`, () => {
      assert.ok(changed(from, to).includes(rule), changed(from, to).join(' '))
    })
  }

  it('objects to an invoice before it is posted, in the terms of the input', () => {
    const faults = (changes: Parameters<typeof invoice>[0]): string[] =>
      validateSaudi(invoice(changes), now).map((fault) => `${fault.code} ${fault.path ?? ''}`)
    assert.deepEqual(faults({}), [])
    assert.deepEqual(faults({ customer: null }), ['BR-KSA-42 customer'])
    assert.deepEqual(faults({ issueDate: '2026-12-01' }), ['BR-KSA-04 issueDate'])
    assert.deepEqual(faults({ type: 'debit_note' }), ['BR-KSA-17 reason', 'BR-KSA-56 refersTo'])
    assert.deepEqual(faults({ lines: [line(1, { tax: { ...standardTax, rate: '14' } })] }), ['BR-KSA-84 lines[0].tax'])
    assert.deepEqual(faults({ seller: { ...seller, identifiers: [] } }), ['BR-KSA-39 company', 'BR-KSA-08 company'])
    assert.deepEqual(faults({ notes: 'bell \u0007' }), ['SA-TEXT-01 notes'])
    assert.deepEqual(faults({ seller: { ...seller, nameAr: 'ش'.repeat(80) } }), ['SA-NAME-01 company'])
  })
})
