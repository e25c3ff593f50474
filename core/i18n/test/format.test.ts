import assert from 'node:assert/strict'
import fc from 'fast-check'
import { currencyDecimals, formatDate, formatDateTime, formatMoney, formatNumber, withDigits } from '../format.js'
import { locales, type Digits, type Locale } from '../locale.js'

const each = <Value>(work: (options: { locale: Locale; digits: Digits }) => Value): Value[] =>
  locales.flatMap((locale) => (['latin', 'arabic-indic'] as const).map((digits) => work({ locale, digits })))

describe('numbers and dates for people', () => {
  it('writes numbers with the separators of the language and the digits of the company', () => {
    assert.equal(formatNumber('1234567.5', { locale: 'en', digits: 'latin' }), '1,234,567.5')
    assert.equal(formatNumber('1234567.5', { locale: 'ar', digits: 'arabic-indic' }), '١٬٢٣٤٬٥٦٧٫٥')
    assert.equal(formatNumber('1234567.50', { locale: 'bg', digits: 'latin' }).replaceAll(/\s/g, ' '), '1 234 567,50')
    assert.equal(formatNumber('-0.005', { locale: 'ar', digits: 'latin' }).includes('-0.005'), true)
  })

  it('keeps cents that a floating-point number would lose', () => {
    assert.equal(formatNumber('90071992547409931.07', { locale: 'en', digits: 'latin' }), '90,071,992,547,409,931.07')
  })

  it('gives an amount the decimals of its currency, and the currency', () => {
    assert.equal(formatMoney('1150', 'SAR', { locale: 'en', digits: 'latin' }), '1,150.00\u00a0SAR')
    assert.equal(formatMoney('1.5', 'KWD', { locale: 'ar', digits: 'arabic-indic' }), '١٫٥٠٠\u00a0KWD')
    assert.deepEqual(['SAR', 'KWD', 'JPY'].map(currencyDecimals), [2, 3, 0])
  })

  it('writes Gregorian dates, also in Arabic, in the time zone asked for', () => {
    assert.equal(formatDate('2026-11-22', { locale: 'en', digits: 'latin' }), '22/11/2026')
    assert.equal(formatDate('2026-11-22', { locale: 'ar', digits: 'latin' }).includes('2026'), true)
    assert.match(formatDate('2026-11-22', { locale: 'ar', digits: 'arabic-indic', style: 'long' }), /٢٢ نوفمبر ٢٠٢٦/)
    assert.match(formatDate('2026-11-22', { locale: 'bg', digits: 'latin', style: 'long' }), /22 ноември 2026/)
    const moment = new Date('2026-11-22T22:30:05Z')
    assert.match(formatDateTime(moment, { locale: 'en', digits: 'latin', timeZone: 'Asia/Riyadh' }), /23\/11\/2026, 01:30/)
    assert.match(formatDateTime(moment, { locale: 'ar', digits: 'arabic-indic', timeZone: 'Asia/Riyadh', seconds: true }), /٠١:٣٠:٠٥/)
  })

  it('leaves no invisible direction mark in any language', () => {
    const texts = each((options) => [
      formatNumber('-1234.5', options),
      formatMoney('-99.9', 'SAR', options),
      formatDate('2026-01-02', options),
      formatDate('2026-01-02', { ...options, style: 'long' }),
      formatDateTime(new Date(0), { ...options, timeZone: 'Asia/Riyadh' }),
    ]).flat()
    for (const text of texts) assert.doesNotMatch(text, /[\u200e\u200f\u061c]/)
  })

  it('uses one kind of digits only', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.nat(999), (whole, fraction) => {
        for (const text of each((options) => ({ options, text: formatNumber(`${whole}.${String(fraction).padStart(3, '0')}`, options) }))) {
          assert.doesNotMatch(text.text, text.options.digits === 'latin' ? /[\u0660-\u0669]/ : /\d/)
          const latin = text.text.replaceAll(/[\u0660-\u0669]/g, (digit) => String((digit.codePointAt(0) ?? 0) - 0x0660))
          assert.equal(latin.replaceAll(/\D/g, ''), `${whole < 0n ? -whole : whole}${String(fraction).padStart(3, '0')}`)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('refuses what is no decimal number', () => {
    for (const text of ['', 'NaN', '1e5', '1,5', '٣', 'Infinity'])
      assert.throws(() => formatNumber(text, { locale: 'en', digits: 'latin' }), TypeError)
  })

  it('turns digits in a text and nothing else', () => {
    assert.equal(withDigits('INV/2026/00012 أ', 'arabic-indic'), 'INV/٢٠٢٦/٠٠٠١٢ أ')
    assert.equal(withDigits('INV/2026', 'latin'), 'INV/2026')
  })
})
