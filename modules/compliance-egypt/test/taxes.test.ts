import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { compare, round } from '../../../core/money/decimal-text.js'
import { itemsOf, memberOf, parseLiteral, textAt, type LiteralValue } from '../canonical/literal-value.js'
import { egyptTaxes, taxSubtypes } from '../data/taxes.js'
import { brokenIdentities, identitiesOf } from '../taxes/identities.js'
import { documentAmounts, etaAmount, lineAmounts, type AskedLine } from '../taxes/line-amounts.js'
import { egyptTaxComputation } from '../taxes/tax-computation.js'
import { taxOf } from './egypt-invoice.js'

const data = join(import.meta.dirname, '../../../../shared/data/egypt')
const sample = existsSync(data) ? parseLiteral(readFileSync(join(data, 'one-doc.json'))) : undefined

/** A line of the sample as it would be asked of the engine: amounts without a rate are fixed. */
function askedOf(line: LiteralValue): AskedLine {
  const value = (...path: string[]): string => textAt(line, ...path) ?? '0'
  return {
    quantity: value('quantity'),
    amountSold: value('unitValue', 'amountSold'),
    discount: '0',
    valueDifference: '0',
    itemsDiscount: '0',
    taxes: itemsOf(memberOf(line, 'taxableItems')).map((tax) => {
      const rate = textAt(tax, 'rate') ?? '0'
      return {
        type: textAt(tax, 'taxType') ?? '',
        subType: textAt(tax, 'subType') ?? '',
        rate,
        amount: compare(rate, '0') === 0 ? (textAt(tax, 'amount') ?? '0') : null,
      }
    }),
  }
}

describe("the authority's sample with T1 to T20", () => {
  before(function () {
    if (sample === undefined) this.skip()
  })

  it('has seventy-two equalities, and every one holds to the piaster', () => {
    assert.ok(sample)
    const identities = identitiesOf(sample)
    for (const { path, name, stated, expected } of identities) assert.equal(round(expected, 2), round(stated, 2), `${path}: ${name}`)
    assert.equal(identities.length, 72)
    assert.deepEqual(brokenIdentities(sample), [])
  })

  it('is what the engine computes from prices, discounts and rates', () => {
    assert.ok(sample)
    const lines = itemsOf(memberOf(sample, 'invoiceLines'))
    const computed = lines.map((line) => {
      const value = (...path: string[]): string => textAt(line, ...path) ?? '0'
      // What the sample states in pounds goes in as pounds: its exchange rate is in the unit value alone.
      const asked = { ...askedOf(line), amountSold: value('unitValue', 'amountEGP'), discount: value('discount', 'amount') }
      return lineAmounts({ ...asked, valueDifference: value('valueDifference'), itemsDiscount: value('itemsDiscount') }, '1', 2)
    })
    for (const [index, line] of lines.entries()) {
      const amounts = computed[index]
      assert.ok(amounts)
      for (const name of ['salesTotal', 'netTotal', 'totalTaxableFees', 'total'] as const) {
        assert.equal(amounts[name], textAt(line, name), `line ${String(index + 1)} ${name}`)
      }
      for (const [at, tax] of itemsOf(memberOf(line, 'taxableItems')).entries()) {
        assert.equal(amounts.taxes[at]?.amount, textAt(tax, 'amount'), `line ${String(index + 1)} ${textAt(tax, 'taxType') ?? ''}`)
      }
    }
    const totals = documentAmounts(computed, textAt(sample, 'extraDiscountAmount') ?? '0', 2)
    for (const name of ['totalSalesAmount', 'totalDiscountAmount', 'netAmount', 'totalItemsDiscountAmount', 'totalAmount'] as const) {
      assert.equal(totals[name], textAt(sample, name), name)
    }
    assert.equal(totals.taxTotals.length, 20)
  })

  it('breaks at the place that is changed', () => {
    assert.ok(sample)
    const text = readFileSync(join(data, 'one-doc.json'), 'utf8').replace('"amount": 272.07', '"amount": 273.07')
    assert.deepEqual(
      brokenIdentities(parseLiteral(Buffer.from(text))).map(({ path }) => path),
      ['invoiceLines[0].taxableItems[0].amount', 'invoiceLines[0].total', 'taxTotals[0].amount'],
    )
  })
})

const decimals = (most: number, places: number): fc.Arbitrary<string> =>
  fc.tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: places })).map(([units, scale]) => {
    const digits = String(units).padStart(scale + 1, '0')
    return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  })
const tax = (code: string): (typeof egyptTaxes)[number] => {
  const found = egyptTaxes.find((one) => one.code === code)
  assert.ok(found)
  return found
}
const further = fc
  .uniqueArray(fc.constantFrom(...taxSubtypes.filter(({ type }) => type !== 'T1')), { maxLength: 6, selector: ({ code }) => code })
  .chain((subtypes) =>
    fc.tuple(
      ...subtypes.map((subtype) =>
        decimals(9999, 2).map((value) => ({ tax: tax(subtype.code), ...(subtype.fixed ? { amount: value } : { rate: value }) })),
      ),
    ),
  )
const line = fc
  .record({ quantity: decimals(99_999, 5), unitPrice: decimals(9_999_999, 5), taxes: further, itemsDiscount: decimals(999, 2) })
  .map((one) => ({
    description: 'x',
    itemCode: null,
    unit: 'EA',
    discount: '0',
    tax: tax('V009'),
    quantity: one.quantity,
    unitPrice: one.unitPrice,
    taxes: one.taxes,
    country: { itemsDiscount: one.itemsDiscount },
  }))

describe("Egypt's taxes in invoicing", () => {
  it('14 % VAT, table tax before it, withholding off the total', () => {
    const { totals, taxes } = egyptTaxComputation.compute(
      [
        {
          description: 'x',
          itemCode: null,
          unit: 'PCE',
          discount: '0',
          quantity: '2',
          unitPrice: '100',
          tax: tax('V009'),
          taxes: [
            { tax: tax('Tbl01'), rate: '10' },
            { tax: tax('W002'), rate: '1' },
          ],
        },
      ],
      { digits: 2, companyDigits: 2, exchangeRate: '1', prepaid: '0' },
    )
    // (200 + 20) × 14 % = 30.80; 200 + 20 + 30.80 − 2.
    assert.deepEqual(
      taxes.map((one) => [one.tax.code, one.taxable, one.amount]),
      [
        ['V009', '220.00', '30.80'],
        ['Tbl01', '200.00', '20.00'],
        ['W002', '200.00', '-2.00'],
      ],
    )
    assert.equal(totals.taxInclusive, '248.80')
  })

  it('a document in dollars with a discount of the whole: every amount of it', () => {
    const asked = { description: 'ورق', itemCode: null, unit: 'PCE', discount: '0' }
    const withheld = { tax: taxOf('W002'), rate: '1' }
    const { lines, taxes, totals } = egyptTaxComputation.compute(
      [
        { ...asked, quantity: '3', unitPrice: '33.335', tax: taxOf('V009'), taxes: [withheld, { tax: taxOf('Tbl02'), amount: '1.5' }] },
        { ...asked, quantity: '1', unitPrice: '0.333', tax: taxOf('V010'), country: { taxRate: '5' } },
      ],
      { digits: 2, companyDigits: 2, exchangeRate: '48.5', prepaid: '10', discount: '0.5' },
    )
    // 100.005 + 1.5 = 101.505 is what VAT is taken of: 14.2107; withheld 1.00005.
    assert.deepEqual(
      lines.map(({ position, net, tax, taxAmount, total }) => [position, net, tax.code, tax.rate, taxAmount, total]),
      [
        [1, '100.01', 'V009', '14', '14.21', '114.72'],
        [2, '0.33', 'V010', '5', '0.02', '0.35'],
      ],
    )
    assert.deepEqual(
      lines[0]?.taxes?.map(({ tax, amount, fixed, withheld: off }) => [tax.code, tax.rate, amount, fixed, off]),
      [
        ['W002', '1', '1.00', false, true],
        ['Tbl02', '0', '1.50000', true, undefined],
      ],
    )
    assert.equal(lines[1]?.taxes, undefined)
    assert.deepEqual(
      taxes.map(({ tax, taxable, amount }) => [tax.code, tax.rate, taxable, amount]),
      [
        ['V009', '14', '101.51', '14.21'],
        ['W002', '1', '100.01', '-1.00'],
        ['Tbl02', '0', '100.01', '1.50'],
        ['V010', '5', '0.33', '0.02'],
      ],
    )
    assert.deepEqual(totals, {
      lines: '100.34',
      discount: '0.50',
      taxExclusive: '99.84',
      tax: '14.73',
      taxInclusive: '114.57',
      prepaid: '10.00',
      rounding: '0.00',
      payable: '104.57',
      taxInCompanyCurrency: '714.41',
    })
  })

  it('the piaster that rounding leaves over goes to the greatest row, be it withheld', () => {
    const rows = (rate: string, withheld: string): string[] =>
      egyptTaxComputation
        .compute(
          [
            {
              description: 'ورق',
              itemCode: null,
              quantity: '1',
              unit: 'PCE',
              unitPrice: '33.335',
              discount: '0',
              tax: taxOf('V010'),
              taxes: [{ tax: taxOf('W002'), rate: withheld }],
              country: { taxRate: rate },
            },
          ],
          { digits: 2, companyDigits: 2, exchangeRate: '1', prepaid: '0' },
        )
        .taxes.map(({ amount }) => amount)
    // 33.335 + 4.6669 − 0.33335 = 37.66855: the tax between 33.34 and 37.67 is 4.33, the rows alone make 4.34.
    assert.deepEqual(rows('14', '1'), ['4.66', '-0.33'])
    // 33.335 + 0.33335 − 3.3335 = 30.33485: between 33.34 and 30.33 it is −3.01, the rows alone make −3.00.
    assert.deepEqual(rows('1', '10'), ['0.33', '-3.34'])
  })

  it('12 × 12.80 with a discount of the whole is nothing, without noise of floating point', () => {
    const amounts = lineAmounts(
      { quantity: '12', amountSold: '12.8', discount: '153.6', valueDifference: '0', itemsDiscount: '0', taxes: [] },
      '1',
    )
    assert.equal(etaAmount(amounts.salesTotal), '153.60')
    assert.equal(etaAmount(amounts.netTotal), '0.00')
  })

  it('amounts of any invoice: rows add up to the tax, tax to the total, five decimals at most', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), decimals(999, 2), (lines, discount) => {
        const { totals, taxes } = egyptTaxComputation.compute(lines, {
          digits: 2,
          companyDigits: 2,
          exchangeRate: '1',
          prepaid: '0',
          discount,
        })
        const cents = (text: string): bigint => BigInt(round(text, 2).replace('.', ''))
        assert.equal(cents(totals.lines) - cents(totals.discount), cents(totals.taxExclusive))
        assert.equal(cents(totals.taxExclusive) + cents(totals.tax), cents(totals.taxInclusive))
        assert.equal(
          taxes.reduce((all, one) => all + cents(one.amount), 0n),
          cents(totals.tax),
        )
      }),
      { numRuns: 200 },
    )
  })
})

describe('amounts as they are written', () => {
  it('two decimals at least, five at most, no idle zeros', () => {
    assert.deepEqual(['5', '5.1', '5.123', '5.123456', '0.1', '1000', '0', '0.00001'].map(etaAmount), [
      '5.00',
      '5.10',
      '5.123',
      '5.12346',
      '0.10',
      '1000.00',
      '0.00',
      '0.00001',
    ])
  })
})
