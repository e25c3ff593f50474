import assert from 'node:assert/strict'
import { formatDay, formatDecimal } from '../format-amount.js'

describe('amounts for people', () => {
  it('groups, rounds and uses the digits of the company', () => {
    assert.equal(formatDecimal('1150', 2, 'ar'), '1,150.00')
    assert.equal(formatDecimal('1234567.895', 2, 'en'), '1,234,567.90')
    assert.equal(formatDecimal('-1150.5', 2, 'ar', 'arabic-indic'), '\u2212١٬١٥٠٫٥٠')
    assert.equal(formatDecimal('1150.5', 2, 'bg'), '1150,50')
    assert.equal(formatDecimal('11150.5', 3, 'bg'), '11\u00a0150,500')
    assert.equal(formatDecimal('-0.001', 2, 'en'), '0.00')
  })
  it('writes days', () => {
    assert.equal(formatDay('2026-11-22', 'ar'), '2026-11-22')
    assert.equal(formatDay('2026-11-22', 'ar', 'arabic-indic'), '٢٠٢٦/١١/٢٢')
    assert.equal(formatDay('2026-11-22', 'bg'), '22.11.2026 г.')
  })
})
