import assert from 'node:assert/strict'
import fc from 'fast-check'
import { checkStructure, parseLiteral, textAt, itemsOf, memberOf, buildEtaDocument } from '../index.js'
import { activityCodes, activityOn, etaUnit } from '../data/codes.js'
import { egyptTaxes, taxSubtypes } from '../data/taxes.js'
import { instantOf, etaTime } from '../document/zoned-time.js'
import { brokenIdentities } from '../taxes/identities.js'
import { egyptBuyer, egyptFacts, egyptInvoice, pricedLine, taxOf } from './egypt-invoice.js'

const build = (...wishes: Parameters<typeof egyptInvoice>): ReturnType<typeof parseLiteral> =>
  parseLiteral(buildEtaDocument(egyptInvoice(...wishes), egyptFacts))

describe('documents for the Egyptian authority', () => {
  it('an invoice: order of fields, exact amounts, time in UTC, units and codes of the authority', () => {
    const document = build()
    assert.ok(document.kind === 'object')
    assert.deepEqual(
      document.members.map(({ name }) => name),
      [
        'issuer',
        'receiver',
        'documentType',
        'documentTypeVersion',
        'dateTimeIssued',
        'taxpayerActivityCode',
        'internalID',
        'invoiceLines',
        'totalDiscountAmount',
        'totalSalesAmount',
        'netAmount',
        'taxTotals',
        'totalAmount',
        'extraDiscountAmount',
        'totalItemsDiscountAmount',
      ],
    )
    assert.equal(textAt(document, 'dateTimeIssued'), '2026-11-22T10:30:00Z')
    const [line] = itemsOf(memberOf(document, 'invoiceLines'))
    assert.deepEqual(
      ['unitType', 'itemType', 'quantity', 'salesTotal', 'netTotal', 'total'].map((name) => textAt(line, name)),
      // 947.00 − 66.29 = 880.71; VAT 123.2994; withheld (880.71 − 5) × 1 % = 8.7571; 880.71 + 123.2994 − 5 − 8.7571.
      ['EA', 'EGS', '5', '947.00', '880.71', '990.2523'],
    )
    assert.equal(textAt(line, 'description'), 'ورق تصوير A4 \\"80 جم\\"')
    assert.deepEqual(brokenIdentities(document, '0.00001'), [])
  })

  it('in dollars: sold amount and rate stay, everything else is in pounds', () => {
    const document = build({
      currency: 'USD',
      exchangeRate: '48.12345',
      lines: [pricedLine({ unitPrice: '10', discount: '0', taxes: [] })],
    })
    const [line] = itemsOf(memberOf(document, 'invoiceLines'))
    assert.deepEqual(
      ['currencySold', 'amountEGP', 'amountSold', 'currencyExchangeRate'].map((name) => textAt(line, 'unitValue', name)),
      ['USD', '481.2345', '10.00', '48.12345'],
    )
    assert.equal(textAt(line, 'salesTotal'), '2406.1725')
  })

  it('export, credit note, person, payment and delivery', () => {
    const abroad = { ...egyptBuyer, identifiers: [{ scheme: 'VAT', value: 'DE123456789' }], address: { country: 'DE', city: 'Berlin' } }
    const sale = build({
      type: 'credit_note',
      customer: abroad,
      supplyDate: '2026-11-20',
      lines: [pricedLine({ tax: taxOf('V001') })],
      country: { export: 'yes', 'payment.terms': '30 days', 'delivery.grossWeight': '10.50', 'delivery.countryOfOrigin': 'EG' },
    })
    assert.deepEqual(
      [textAt(sale, 'documentType'), textAt(sale, 'serviceDeliveryDate'), textAt(sale, 'receiver', 'type'), textAt(sale, 'receiver', 'id')],
      ['EC', '2026-11-20', 'F', 'DE123456789'],
    )
    assert.equal(textAt(sale, 'delivery', 'grossWeight'), '10.5')
    assert.equal(textAt(sale, 'payment', 'terms'), '30 days')
    const person = build({ customer: { ...egyptBuyer, identifiers: [{ scheme: 'NAT', value: '29001011234567' }] } })
    assert.deepEqual([textAt(person, 'receiver', 'type'), textAt(person, 'receiver', 'id')], ['P', '29001011234567'])
  })

  it('house codes go out under the code they are registered by, and unregistered ones do not go out', () => {
    const invoice = egyptInvoice({ lines: [pricedLine({ itemCode: 'A4-80' })] })
    assert.throws(() => buildEtaDocument(invoice, egyptFacts), { code: 'EG-ITEM-01' })
    const itemCodes = new Map([['A4-80', { type: 'GS1', code: '6221033101012' } as const]])
    const [line] = itemsOf(memberOf(parseLiteral(buildEtaDocument(invoice, { ...egyptFacts, itemCodes })), 'invoiceLines'))
    assert.deepEqual([textAt(line, 'itemType'), textAt(line, 'itemCode'), textAt(line, 'internalCode')], ['GS1', '6221033101012', 'A4-80'])
  })

  it('what the authority would refuse is refused before it is signed', () => {
    assert.throws(() => buildEtaDocument(egyptInvoice({ number: 'X'.repeat(51) }), egyptFacts), { code: 'EG-DOCUMENT-INCOMPLETE' })
    assert.throws(() => build({ lines: [pricedLine({ description: 'a\u0000b' })] }), { code: 'EG-JSON-TEXT' })
  })

  it('any invoice has the structure, and every equality holds to the fifth decimal', () => {
    const decimals = (most: number, places: number): fc.Arbitrary<string> =>
      fc.integer({ min: 1, max: most }).map((units) => {
        const digits = String(units).padStart(places + 1, '0')
        return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
      })
    const further = fc
      .subarray(taxSubtypes.filter(({ type }) => type !== 'T1'))
      .chain((subtypes) =>
        fc.tuple(
          ...subtypes.map(({ code, fixed }) =>
            decimals(2000, 2).map((value) => ({ tax: taxOf(code), ...(fixed ? { amount: value } : { rate: value }) })),
          ),
        ),
      )
    const line = fc
      .record({
        quantity: decimals(99_999, 3),
        unitPrice: decimals(9_999_999, 5),
        tax: fc.constantFrom(taxOf('V009'), taxOf('V003')),
        taxes: further,
        description: fc
          .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
          .map((text) => text.replace(/[\p{Cc}\u2028\u2029\ufeff]/gu, '') || 'x'),
        difference: decimals(999, 2),
      })
      .map(({ difference, ...one }) => pricedLine({ ...one, discount: '0', country: { valueDifference: difference } }))
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 5 }),
        decimals(99, 2),
        decimals(9_999_999, 5),
        (lines, discount, exchangeRate) => {
          for (const currency of ['EGP', 'USD']) {
            const document = build({ lines, discount, currency, exchangeRate: currency === 'EGP' ? '1' : exchangeRate })
            assert.deepEqual(checkStructure(document), [])
            assert.deepEqual(brokenIdentities(document, '0.00001'), [])
          }
        },
      ),
      { numRuns: process.env['KHATM_FULL'] === '1' ? 1000 : 60 },
    )
  })
})

describe('tables of the Egyptian authority', () => {
  it('435 activities, 56 taxes, units of Recommendation 20 by their names there', () => {
    assert.equal(activityCodes.length, 435)
    assert.equal(egyptTaxes.length, 56)
    assert.equal(egyptTaxes[0]?.code, 'V009')
    assert.ok(activityOn('4620', '2026-11-22'))
    assert.equal(activityOn('4620', '2019-01-01'), undefined)
    assert.deepEqual(['PCE', 'MTR', 'KGM', 'C62', 'XYZ'].map(etaUnit), ['EA', 'M', 'KGM', 'C62', undefined])
    for (const unit of ['PCE', 'C62', 'HUR', 'DAY', 'MON', 'KGM', 'LTR', 'MTR', 'MTK']) assert.ok(etaUnit(unit), unit)
  })
})

describe('local time of Cairo', () => {
  it('is two hours before UTC in winter, three in summer, and the earlier of a doubled hour', () => {
    const utc = (date: string, time: string): string => etaTime(instantOf(date, time, 'Africa/Cairo'))
    assert.equal(utc('2026-11-22', '12:30:00'), '2026-11-22T10:30:00Z')
    assert.equal(utc('2026-07-01', '12:30:00'), '2026-07-01T09:30:00Z')
    // Clocks went back from 24:00 to 23:00 on 29 October 2026.
    assert.equal(utc('2026-10-29', '23:30:00'), '2026-10-29T20:30:00Z')
    assert.equal(etaTime(instantOf('2026-11-22', '12:30:00', 'Asia/Riyadh')), '2026-11-22T09:30:00Z')
  })
})
