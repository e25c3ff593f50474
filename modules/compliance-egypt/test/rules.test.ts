import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isNationalId } from '../data/national-id.js'
import { isGtin, readItemCode } from '../document/item-code.js'
import { personFaults } from '../rules/person-rules.js'
import { validateEgypt } from '../rules/validate-egypt.js'
import { egyptBuyer, egyptCompany, egyptInvoice, egyptSeller, pricedLine, taxOf } from './egypt-invoice.js'

const now = new Date('2026-11-22T11:00:00Z')
type Wishes = NonNullable<Parameters<typeof egyptInvoice>[0]>

/** Codes with their places, warnings marked. */
function faults(wishes: Wishes, ownPersonLimit?: string): string[] {
  const invoice = egyptInvoice(wishes)
  return [...validateEgypt(invoice, egyptCompany, now), ...personFaults(invoice, ownPersonLimit)].map(
    ({ code, path, level }) => `${code} ${path ?? ''}${level === 'warning' ? ' (warning)' : ''}`,
  )
}
const lineFaults = (changes: Parameters<typeof pricedLine>[0]): string[] => faults({ lines: [pricedLine(changes)] })
const buyer = (scheme: string, value: string) => ({ ...egyptBuyer, identifiers: [{ scheme, value }] })

describe('rules of the Egyptian authority before posting', () => {
  it('lets a right invoice through', () => {
    assert.deepEqual(faults({}), [])
  })

  it('parties', () => {
    assert.deepEqual(faults({ customer: buyer('VAT', '12345') }), ['EG-PARTY-01 customer.identifiers[0].value'])
    assert.deepEqual(faults({ customer: buyer('VAT', '113317713') }), ['EG-PARTY-02 customer.identifiers[0].value'])
    assert.deepEqual(faults({ customer: buyer('NAT', '29013011234567') }), ['EG-PARTY-03 customer.identifiers[0].value'])
    assert.deepEqual(faults({ customer: null }), ['EG-PARTY-06 customer'])
    assert.deepEqual(faults({ customer: { ...egyptBuyer, identifiers: [], address: { country: 'DE' } } }), [
      'EG-PARTY-07 customer.identifiers',
    ])
    assert.deepEqual(faults({ customer: { ...egyptBuyer, address: { country: 'EG', city: 'طنطا' } } }), [
      'EG-ADDRESS-01 customer.address.street',
      'EG-ADDRESS-01 customer.address.building',
    ])
    assert.deepEqual(faults({ seller: { ...egyptSeller, identifiers: [] } }), [
      'EG-ISSUER-01 company',
      'EG-ITEM-03 lines[0].itemCode',
      'EG-ITEM-03 lines[1].itemCode',
    ])
  })

  it('a person is named from the limit on: sources contradict each other, so the lowest warns and the highest refuses', () => {
    const person = { ...egyptBuyer, identifiers: [] }
    const of = (unitPrice: string, own?: string): string[] =>
      faults(
        { customer: person, lines: [pricedLine({ quantity: '1', unitPrice, discount: '0', taxes: [], tax: taxOf('V003'), country: {} })] },
        own,
      )
    assert.deepEqual(of('24999.99'), [])
    assert.deepEqual(of('25000'), ['EG-PARTY-05 customer.identifiers (warning)'])
    assert.deepEqual(of('150000'), ['EG-PARTY-04 customer.identifiers'])
    assert.deepEqual(of('50000', '50000'), ['EG-PARTY-04 customer.identifiers'])
    assert.deepEqual(of('49999', '50000'), [])
  })

  it('codes and units', () => {
    assert.deepEqual(lineFaults({ itemCode: null }), ['EG-ITEM-01 lines[0].itemCode'])
    assert.deepEqual(lineFaults({ itemCode: '6221033101013' }), ['EG-ITEM-02 lines[0].itemCode'])
    assert.deepEqual(lineFaults({ itemCode: 'EG-999999999-1' }), ['EG-ITEM-03 lines[0].itemCode'])
    assert.deepEqual(lineFaults({ unit: 'XYZ' }), ['EG-UNIT-01 lines[0].unit'])
    assert.deepEqual(faults({ country: { activity: '9999' } }), ['EG-ACTIVITY-01 country.activity'])
  })

  it('taxes and amounts', () => {
    assert.deepEqual(lineFaults({ tax: { ...taxOf('V009'), code: 'S15' } }), ['EG-TAX-01 lines[0].tax'])
    assert.deepEqual(lineFaults({ tax: taxOf('V010') }), ['EG-TAX-02 lines[0].country.taxRate'])
    assert.deepEqual(lineFaults({ tax: taxOf('V010'), country: { taxRate: '5' } }), [])
    assert.deepEqual(lineFaults({ country: { taxRate: '5' } }), ['EG-TAX-03 lines[0].country.taxRate'])
    assert.deepEqual(lineFaults({ taxes: [{ tax: taxOf('Tbl01'), rate: '100.5' }] }), ['EG-TAX-04 lines[0].taxes[0].rate'])
    assert.deepEqual(lineFaults({ unitPrice: '1.123456', discount: '0', country: {} }), ['EG-DECIMALS-01 lines[0].unitPrice'])
    assert.deepEqual(lineFaults({ quantity: '-1', discount: '0', country: {} }), ['EG-AMOUNT-01 lines[0].quantity'])
    assert.deepEqual(lineFaults({ country: { itemsDiscount: '5000' } }), ['EG-AMOUNT-02 lines[0].country.itemsDiscount'])
    assert.deepEqual(lineFaults({ quantity: '0', discount: '0', country: {} }), ['EG-AMOUNT-03 lines[0].quantity'])
    // 947.00 less 66.29 is the net: a discount after it may take all of it, not more, whatever the taxes bring.
    assert.deepEqual(lineFaults({ country: { itemsDiscount: '880.71' } }), [])
    assert.deepEqual(lineFaults({ country: { itemsDiscount: '880.72' } }), ['EG-AMOUNT-02 lines[0].country.itemsDiscount'])
    // The difference to the factory's value goes both ways; a tax is never given back.
    assert.deepEqual(lineFaults({ country: { valueDifference: '-100.50' } }), [])
    assert.deepEqual(lineFaults({ country: { valueDifference: '-880.72' } }), ['EG-AMOUNT-04 lines[0].country.valueDifference'])
    assert.deepEqual(lineFaults({ country: { valueDifference: '1e3' } }), ['EG-FACT-01 lines[0].country.valueDifference'])
  })

  it('time, currency, export, notes and text', () => {
    assert.deepEqual(faults({ issueTime: '13:02:00' }), ['EG-DATE-01 issueTime'])
    assert.deepEqual(faults({ issueDate: '2026-11-10' }), ['EG-DATE-02 issueDate (warning)'])
    assert.deepEqual(faults({ companyCurrency: 'SAR' }), ['EG-CURRENCY-01 company'])
    assert.deepEqual(faults({ currency: 'USD', exchangeRate: '48.1234567' }), ['EG-DECIMALS-01 exchangeRate'])
    assert.deepEqual(faults({ country: { export: 'yes' } }), ['EG-EXPORT-01 customer.address.country'])
    assert.deepEqual(faults({ lines: [pricedLine({ tax: taxOf('V001') })] }), ['EG-EXPORT-02 country.export (warning)'])
    assert.deepEqual(faults({ type: 'credit_note' }), ['EG-NOTE-01 refersTo'])
    const fact = (name: string, value: string): string[] => faults({ country: { [name]: value } })
    assert.deepEqual(fact('delivery.countryOfOrigin', 'QQ'), ['EG-FACT-01 country.delivery.countryOfOrigin'])
    assert.deepEqual(fact('delivery.dateValidity', '2026-02-30'), ['EG-FACT-01 country.delivery.dateValidity'])
    assert.deepEqual([...fact('delivery.dateValidity', '2026-02-28T10:00:00Z'), ...fact('delivery.countryOfOrigin', 'EG')], [])
    assert.deepEqual(lineFaults({ description: 'a\u2028b' }), ['EG-TEXT-01 lines[0].description'])
    assert.deepEqual(lineFaults({ description: 'س'.repeat(501) }), ['EG-TEXT-02 lines[0].description'])
  })

  it('texts: as long as the schema takes them, and not one character more', () => {
    const long = (path: string, limit: number, of: (text: string) => Wishes): void => {
      assert.deepEqual(faults(of('ب'.repeat(limit))), [], path)
      assert.deepEqual(faults(of('ب'.repeat(limit + 1))), [`EG-TEXT-02 ${path}`])
      assert.deepEqual(faults(of('a\u2028b')), [`EG-TEXT-01 ${path}`])
    }
    long('company', 200, (nameAr) => ({ seller: { ...egyptSeller, nameAr } }))
    long('customer.name', 200, (nameAr) => ({ customer: { ...egyptBuyer, nameAr } }))
    const parts = { region: 100, city: 100, street: 200, additionalStreet: 500, building: 100, postalCode: 30 }
    for (const [part, limit] of Object.entries(parts)) {
      long(`customer.address.${part}`, limit, (text) => ({
        customer: { ...egyptBuyer, address: { country: 'EG', ...egyptBuyer.address, [part]: text } },
      }))
    }
    long('purchaseOrder', 100, (purchaseOrder) => ({ purchaseOrder }))
    long('lines[0].description', 500, (description) => ({ lines: [pricedLine({ description })] }))
    long('lines[0].country.internalCode', 100, (internalCode) => ({ lines: [pricedLine({ country: { internalCode } })] }))
    long('country.payment.terms', 500, (terms) => ({ country: { 'payment.terms': terms } }))
    long('country.payment.swiftCode', 50, (code) => ({ country: { 'payment.swiftCode': code } }))
    // Told once, by its own limit, even when it is longer than any text may be.
    assert.deepEqual(faults({ country: { 'delivery.approach': 'ب'.repeat(501) } }), ['EG-TEXT-02 country.delivery.approach'])
    // A fact without a length or form of its own is as long as any text may be.
    assert.deepEqual(faults({ country: { branch: 'ب'.repeat(500) } }), [])
  })

  it('places: the fault stands at the number that is wrong, whatever stands before it', () => {
    const two = (scheme: string, value: string) => ({
      ...egyptBuyer,
      identifiers: [
        { scheme: 'CRN', value: '1234' },
        { scheme, value },
      ],
    })
    assert.deepEqual(faults({ customer: two('VAT', '12345') }), ['EG-PARTY-01 customer.identifiers[1].value'])
    assert.deepEqual(faults({ customer: two('VAT', '113317713') }), ['EG-PARTY-02 customer.identifiers[1].value'])
    assert.deepEqual(faults({ customer: two('NAT', '29013011234567') }), ['EG-PARTY-03 customer.identifiers[1].value'])
    assert.deepEqual(faults({ seller: { ...egyptSeller, identifiers: [{ scheme: 'VAT', value: '11331771' }] } })[0], 'EG-ISSUER-01 company')
    // What is blank is not there.
    const blank = { ...egyptBuyer, address: { country: 'EG', city: 'طنطا', street: ' ', building: '5' } }
    assert.deepEqual(faults({ customer: blank }), ['EG-ADDRESS-01 customer.address.street'])
    assert.deepEqual(faults({ customer: { ...egyptBuyer, address: null } }), ['EG-ADDRESS-01 customer.address'])
    assert.deepEqual(lineFaults({ itemCode: ' ' }), ['EG-ITEM-01 lines[0].itemCode'])
  })

  it('a foreigner: named by thirty characters at most, of a country there is; in a receipt by nobody', () => {
    const abroad = (value: string, country = 'DE') => ({ ...egyptBuyer, identifiers: [{ scheme: 'VAT', value }], address: { country } })
    assert.deepEqual(faults({ customer: abroad('D'.repeat(30)) }), [])
    assert.deepEqual(faults({ customer: abroad('D'.repeat(31)) }), ['EG-TEXT-02 customer.identifiers'])
    assert.deepEqual(faults({ customer: abroad(' ') }), ['EG-PARTY-07 customer.identifiers'])
    assert.deepEqual(faults({ customer: abroad('DE1', 'QQ') }), ['EG-ADDRESS-02 customer.address.country'])
    assert.deepEqual(faults({ customer: { ...abroad(''), identifiers: [] }, simplified: true }), [])
    // His national number is that of another country: Egypt's rule says nothing about it.
    assert.deepEqual(faults({ customer: { ...abroad(''), identifiers: [{ scheme: 'NAT', value: '4711' }] } }), [])
    assert.deepEqual(faults({ customer: abroad('DE1'), country: { export: 'yes' }, lines: [pricedLine({ tax: taxOf('V001') })] }), [])
    assert.deepEqual(faults({ simplified: true, customer: null, lines: [pricedLine({ tax: taxOf('V001') })] }), [])
    assert.deepEqual(faults({ lines: [pricedLine(), pricedLine({ tax: taxOf('V001') })] }), ['EG-EXPORT-02 country.export (warning)'])
  })

  it('time: to the minute that clocks may differ, and to the second of the seventh day', () => {
    assert.deepEqual(faults({ issueTime: '13:01:00' }), [])
    assert.deepEqual(faults({ issueTime: '13:01:01' }), ['EG-DATE-01 issueTime'])
    assert.deepEqual(faults({ issueDate: '2026-11-15', issueTime: '13:00:00' }), [])
    assert.deepEqual(faults({ issueDate: '2026-11-15', issueTime: '12:59:59' }), ['EG-DATE-02 issueDate (warning)'])
  })

  it('a tax may take all of it, a fixed one has no more decimals than the authority takes', () => {
    assert.deepEqual(lineFaults({ taxes: [{ tax: taxOf('Tbl01'), rate: '100' }] }), [])
    assert.deepEqual(lineFaults({ taxes: [{ tax: taxOf('Tbl01'), rate: '1.123456' }] }), ['EG-DECIMALS-01 lines[0].taxes[0].rate'])
    assert.deepEqual(lineFaults({ taxes: [{ tax: taxOf('Tbl02'), amount: '1.12345' }] }), [])
    assert.deepEqual(lineFaults({ taxes: [{ tax: taxOf('Tbl02'), amount: '1.123456' }] }), ['EG-DECIMALS-01 lines[0].taxes[0].amount'])
    for (const field of ['itemsDiscount', 'taxRate'])
      assert.ok(
        lineFaults({ tax: taxOf('V010'), country: { taxRate: '5', [field]: '-1' } }).includes(`EG-FACT-01 lines[0].country.${field}`),
      )
    assert.deepEqual(lineFaults({ country: { itemType: 'GPC' } }), ['EG-FACT-01 lines[0].country.itemType'])
    assert.deepEqual(lineFaults({ country: { itemType: 'EGS' } }), [])
  })

  it('a receipt to nobody, or to a person without a number, is bound by the same limit; what is paid back counts as much', () => {
    const large = pricedLine({ quantity: '1', unitPrice: '150000', discount: '0', taxes: [], tax: taxOf('V003'), country: {} })
    const of = (customer: Wishes['customer']): string[] => faults({ simplified: true, customer, lines: [large] })
    assert.deepEqual(of(null), ['EG-PARTY-04 customer'])
    assert.deepEqual(of({ ...egyptBuyer, identifiers: [] }), ['EG-PARTY-04 customer.identifiers'])
    assert.deepEqual(of(buyer('NAT', '29001011234567')), [])
    assert.deepEqual(of(egyptBuyer), [])
  })

  it('every fault has words in three languages', () => {
    const source = [
      'validate-egypt',
      'receiver-rules',
      'line-rules',
      'fact-rules',
      'text-rules',
      '../verify/eta-verifier',
      '../document/check-structure',
      '../canonical/canonical-text',
    ]
      .map((name) => readFileSync(join(import.meta.dirname, '../rules', `${name}.ts`), 'utf8'))
      .join('\n')
    const codes = new Set(source.match(/'EG-[A-Z]+(?:-[A-Z0-9]+)+'/g)?.map((code) => code.slice(1, -1)))
    assert.ok(codes.size > 40)
    for (const locale of ['ar', 'en', 'bg']) {
      const texts = readFileSync(join(import.meta.dirname, `../i18n/${locale}.json`), 'utf8')
      for (const code of codes) assert.ok(texts.includes(`"fault.${code}"`), `${locale} ${code}`)
    }
  })
})

describe('numbers', () => {
  it('national numbers: century, date, governorate', () => {
    assert.ok(isNationalId('29001011234567', '2026-11-22'))
    assert.ok(isNationalId('30402298834567', '2026-11-22'))
    for (const wrong of ['19001011234567', '29002301234567', '29001019934567', '33001010134567', '2900101123456', '290010112345678']) {
      assert.ok(!isNationalId(wrong, '2026-11-22'), wrong)
    }
  })

  it('GTIN check digits, and what a code says of itself', () => {
    for (const right of ['96385074', '012345678905', '6221033101012', '10012345678902']) assert.ok(isGtin(right), right)
    assert.ok(!isGtin('6221033101013'))
    assert.deepEqual(readItemCode('EG-113317713-A 4'), undefined)
    assert.deepEqual(readItemCode('10001774'), { type: 'GS1', code: '10001774' })
  })
})
