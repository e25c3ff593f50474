import assert from 'node:assert/strict'
import { Decimal as Original } from 'decimal.js'
import fc from 'fast-check'
import * as text from '../decimal-text.js'
import { currenciesOn, minorUnits, requireCurrencyOn } from '../currencies.js'
import { Fault } from '../../i18n/fault.js'

const Decimal = Original.clone({ precision: 200, rounding: Original.ROUND_HALF_UP, toExpNeg: -9e15, toExpPos: 9e15 })

const decimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: 0, max: 12 }), fc.boolean())
  .map(([negative, unscaled, scale, short]) => {
    const digits = (short ? unscaled % 1_000_000n : unscaled).toString().padStart(scale + 1, '0')
    const body = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
    return negative ? `-${body}` : body
  })

function same(mine: string, theirs: InstanceType<typeof Decimal>): void {
  assert.ok(new Decimal(mine).equals(theirs), `${mine} != ${theirs.toString()}`)
  assert.ok(text.isDecimalText(mine))
  assert.ok(!/^-0(?:\.0+)?$/.test(mine), 'no negative zero')
}

describe('decimal text', () => {
  it('takes digits, one point between them and a sign, nothing that stands beside them in the tables of characters', () => {
    for (const right of ['0', '-0.5', '007', '9.99', '-12']) assert.equal(text.round(right, 0).includes('.'), false, right)
    for (const wrong of ['', '-', '.', '.5', '5.', '1..2', '1.2.3', '--1', '+1', '1:', '1/2', ' 1', '1e3', '1,5', '٣']) {
      assert.throws(() => text.round(wrong, 2), { code: 'MONEY-DECIMAL' }, wrong)
      assert.ok(!text.isDecimalText(wrong), wrong)
    }
    const words = 'abcdefghij'.repeat(5)
    assert.throws(
      () => text.round(words, 2),
      (fault) => fault instanceof Fault && fault.params['value'] === words.slice(0, 40),
    )
  })

  it('rounds to one spelling: no zeros in front, no sign before nothing', () => {
    const spelled = (value: string, digits: number): string => text.round(value, digits)
    assert.deepEqual(
      ['007.5', '-007.5', '00.5', '0.5', '0', '00', '-0', '-0.0', '10.5'].map((value) => spelled(value, 1)),
      ['7.5', '-7.5', '0.5', '0.5', '0.0', '0.0', '0.0', '0.0', '10.5'],
    )
    assert.deepEqual(
      ['007', '00', '-0', '0', '7'].map((value) => spelled(value, 0)),
      ['7', '0', '0', '0', '7'],
    )
    // Half goes away from nothing on both sides, on either side of what safe integers hold.
    assert.deepEqual(
      ['0.005', '-0.005', '0.0049', '-0.0049'].map((value) => spelled(value, 2)),
      ['0.01', '-0.01', '0.00', '0.00'],
    )
    assert.deepEqual(
      ['1234567890123456.005', '-1234567890123456.005'].map((value) => spelled(value, 2)),
      ['1234567890123456.01', '-1234567890123456.01'],
    )
  })

  it('computes as decimal.js does', () => {
    fc.assert(
      fc.property(decimal, decimal, fc.integer({ min: 0, max: 14 }), (a, b, digits) => {
        same(text.add(a, b), new Decimal(a).plus(b))
        same(text.subtract(a, b), new Decimal(a).minus(b))
        same(text.multiply(a, b), new Decimal(a).times(b))
        same(text.percent(a, b), new Decimal(a).times(b).div(100))
        same(text.negate(a), new Decimal(a).negated())
        same(text.absolute(a), new Decimal(a).abs())
        same(text.trim(a), new Decimal(a))
        assert.equal(text.compare(a, b), new Decimal(a).comparedTo(b))
        assert.equal(text.isZero(a), new Decimal(a).isZero())
        const rounded = text.round(a, digits)
        same(rounded, new Decimal(a).toDecimalPlaces(digits))
        assert.equal(rounded.split('.')[1]?.length ?? 0, digits)
        if (!text.isZero(b)) same(text.divide(a, b, digits), new Decimal(a).div(b).toDecimalPlaces(digits))
      }),
      { numRuns: 3000 },
    )
  })

  it('sums lists and keeps scale', () => {
    fc.assert(
      fc.property(fc.array(decimal, { maxLength: 20 }), (list) => {
        same(
          text.sum(list),
          list.reduce((total, value) => total.plus(value), new Decimal(0)),
        )
      }),
    )
    assert.equal(text.add('1.5', '2.25'), '3.75')
    assert.equal(text.multiply('2', '100.00'), '200.00')
    assert.equal(text.sum([]), '0')
  })

  it('rounds halves away from zero, never through a float', () => {
    assert.equal(text.round('1.005', 2), '1.01')
    assert.equal(text.round('2.675', 2), '2.68')
    assert.equal(text.round('-1.005', 2), '-1.01')
    assert.equal(text.round('-0.004', 2), '0.00')
    assert.equal(text.round('007', 2), '7.00')
    assert.equal(text.round('9007199254740993.5', 0), '9007199254740994')
    assert.equal(text.fixed('5', 3), '5.000')
  })

  it('allocates without loss and fairly', () => {
    assert.deepEqual(text.allocate('100.00', ['1', '1', '1'], 2), ['33.34', '33.33', '33.33'])
    assert.deepEqual(text.allocate('-0.05', ['1', '1'], 2), ['-0.03', '-0.02'])
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
        fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 30 }),
        (cents, weights) => {
          fc.pre(weights.some((weight) => weight > 0))
          const amount = new Decimal(cents.toString()).div(100).toFixed(2)
          const parts = text.allocate(amount, weights.map(String), 2)
          assert.equal(text.compare(text.sum(parts), amount), 0)
          const whole = weights.reduce((left, right) => left + right, 0)
          parts.forEach((part, index) => {
            const exact = new Decimal(amount).times(weights[index] ?? 0).div(whole)
            assert.ok(exact.minus(part).abs().lessThan('0.01'), `${part} is not within a cent of ${exact.toString()}`)
          })
        },
      ),
    )
    assert.throws(() => text.allocate('1.00', ['0'], 2), Fault)
  })

  it('refuses what is no decimal number', () => {
    for (const bad of ['', '-', '.', '1.', '.5', '1e3', '1,000', ' 1', '+1', '١٢', '1.2.3', '--1', 'NaN']) {
      assert.throws(
        () => text.add(bad, '1'),
        (error) => error instanceof Fault && error.code === 'MONEY-DECIMAL',
        bad,
      )
      assert.equal(text.isDecimalText(bad), false)
    }
  })

  it('knows minor units and dated currencies', () => {
    assert.equal(minorUnits('SAR'), 2)
    assert.equal(minorUnits('KWD'), 3)
    assert.equal(requireCurrencyOn('BGN', '2025-12-31').code, 'BGN')
    assert.throws(
      () => requireCurrencyOn('BGN', '2026-01-01'),
      (error) => error instanceof Fault && error.code === 'MONEY-CURRENCY-CLOSED',
    )
    assert.throws(() => minorUnits('XXX'), Fault)
    assert.ok(!currenciesOn('2026-01-01').some((row) => row.code === 'BGN'))
  })
})
