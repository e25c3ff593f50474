import assert from 'node:assert/strict'
import fc from 'fast-check'
import { add, compare, multiply, percent, round, subtract, sum } from '../../../core/money/decimal-text.js'
import type { Tax } from '../document.js'
import { computeTotals, type PricedLine } from '../services/totals.js'

const name = { ar: 'ض', en: 'T', bg: 'Д' }
const tax = (code: string, rate: string, category: string, exemptionCode?: string): Tax => ({
  code,
  name,
  rate,
  category,
  ...(exemptionCode === undefined ? {} : { exemptionCode }),
  from: '2000-01-01',
  source: '',
})
const taxes = [
  tax('S15', '15', 'S'),
  tax('S5', '5', 'S'),
  tax('S', '20', 'S'),
  tax('Z', '0', 'Z', 'Z-32'),
  tax('E', '0', 'E', 'E-29'),
  tax('R', '9.975', 'S'),
]

const decimalText = (most: number, places: number): fc.Arbitrary<string> =>
  fc.tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: places })).map(([units, scale]) => {
    const digits = String(units).padStart(scale + 1, '0')
    return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  })

const line: fc.Arbitrary<PricedLine> = fc
  .record({
    quantity: decimalText(99_999, 3),
    unitPrice: decimalText(9_999_999, 6),
    part: fc.integer({ min: 0, max: 100 }),
    tax: fc.constantFrom(...taxes),
  })
  .map(({ quantity, unitPrice, part, tax: chosen }) => ({
    description: 'x',
    itemCode: null,
    quantity,
    unit: 'PCE',
    unitPrice,
    discount: round(multiply(multiply(quantity, unitPrice), `0.${String(part).padStart(2, '0')}`), 2),
    tax: chosen,
  }))

const invoice = fc.record({
  lines: fc.array(line, { minLength: 1, maxLength: 30 }),
  digits: fc.constantFrom(0, 2, 3),
  rate: decimalText(99_999, 4),
})

describe('totals of an invoice', () => {
  it('one line of 2 x 100.00 with 15 %', () => {
    const [first] = taxes
    assert.ok(first)
    const { totals } = computeTotals(
      [{ description: 'x', itemCode: null, quantity: '2', unit: 'PCE', unitPrice: '100.00', discount: '0', tax: first }],
      { digits: 2, companyDigits: 2, exchangeRate: '1', prepaid: '30' },
    )
    assert.deepEqual(totals, {
      lines: '200.00',
      discount: '0.00',
      taxExclusive: '200.00',
      tax: '30.00',
      taxInclusive: '230.00',
      prepaid: '30.00',
      rounding: '0.00',
      payable: '200.00',
      taxInCompanyCurrency: '30.00',
    })
  })

  it('rounds the tax of a category once: three lines of 0.33 at 15 % owe 0.15, not 3 x 0.05', () => {
    const [first] = taxes
    assert.ok(first)
    const one = { description: 'x', itemCode: null, quantity: '1', unit: 'PCE', unitPrice: '0.37', discount: '0', tax: first }
    const { totals, lines } = computeTotals([one, one, one], { digits: 2, companyDigits: 2, exchangeRate: '1', prepaid: '0' })
    assert.equal(sum(lines.map((item) => item.taxAmount)), '0.18')
    assert.equal(totals.tax, '0.17')
  })

  it('keeps two exemptions of one category apart', () => {
    const export1 = tax('Z1', '0', 'Z', 'A')
    const export2 = tax('Z2', '0', 'Z', 'B')
    const of = (chosen: Tax): PricedLine => ({
      description: 'x',
      itemCode: null,
      quantity: '1',
      unit: 'PCE',
      unitPrice: '10',
      discount: '0',
      tax: chosen,
    })
    assert.equal(
      computeTotals([of(export1), of(export2)], { digits: 2, companyDigits: 2, exchangeRate: '1', prepaid: '0' }).taxes.length,
      2,
    )
  })

  it('holds the sums of EN 16931 (BR-CO-10 to BR-CO-17) for any lines', () => {
    fc.assert(
      fc.property(invoice, ({ lines, digits, rate }) => {
        const computed = computeTotals(lines, { digits, companyDigits: 2, exchangeRate: rate, prepaid: '0' })
        const { totals } = computed
        const equal = (a: string, b: string): void => {
          assert.equal(compare(a, b), 0, `${a} ${b}`)
        }
        // BR-CO-10, -13: sum of the nets, less allowances
        equal(totals.lines, sum(computed.lines.map((item) => item.net)))
        equal(totals.taxExclusive, subtract(totals.lines, totals.discount))
        // BR-CO-14, -15, -16
        equal(totals.tax, sum(computed.taxes.map((group) => group.amount)))
        equal(totals.taxInclusive, add(totals.taxExclusive, totals.tax))
        equal(totals.payable, add(subtract(totals.taxInclusive, totals.prepaid), totals.rounding))
        // BR-S-08: the taxable amounts are all nets; BR-CO-17: tax of the category, rounded once
        equal(sum(computed.taxes.map((group) => group.taxable)), totals.lines)
        for (const group of computed.taxes) equal(group.amount, round(percent(group.taxable, group.tax.rate), digits))
        equal(totals.taxInCompanyCurrency, round(multiply(totals.tax, rate), 2))
        for (const amount of [...Object.values<string>({ ...totals }), ...computed.lines.map((item) => item.net)]) {
          const places = amount.split('.')[1]?.length ?? 0
          assert.ok(places <= Math.max(digits, 2), amount)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('does not depend on the order of the lines', () => {
    fc.assert(
      fc.property(invoice, ({ lines, digits }) => {
        const options = { digits, companyDigits: 2, exchangeRate: '1', prepaid: '0' }
        assert.deepEqual(computeTotals(lines, options).totals, computeTotals(lines.toReversed(), options).totals)
      }),
      { numRuns: 200 },
    )
  })
})
