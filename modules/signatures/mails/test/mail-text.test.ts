import assert from 'node:assert/strict'
import { directionOfText, inSentence, offsetOf } from '../mail-text.js'

describe('texts of mails', () => {
  it('a value of another script stands in an isolate, one of the own script does not', () => {
    assert.equal(inSentence('ar', 'شركة النور للتجارة'), 'شركة النور للتجارة')
    assert.equal(inSentence('ar', 'Salma Haddad (HR)'), '\u2068Salma Haddad (HR)\u2069')
    assert.equal(inSentence('ar', 'REQ/2026/00012'), '\u2068REQ/2026/00012\u2069')
    assert.equal(inSentence('bg', 'عقد عمل'), '\u2068عقد عمل\u2069')
    assert.equal(inSentence('en', 'Salma Haddad (HR)'), 'Salma Haddad (HR)')
    assert.equal(inSentence('ar', ''), '')
  })

  it('the first letter says the direction; digits and signs alone run from left to right', () => {
    assert.deepEqual(
      ['(عقد) 2026', '2026/1 عقد', 'Contract عقد', '20/12/2026', ''].map((text) => directionOfText(text)),
      ['rtl', 'rtl', 'ltr', 'ltr', 'ltr'],
    )
  })

  it('a time says its zone, in summer and in winter', () => {
    assert.equal(offsetOf(new Date('2026-12-20T20:30:00Z'), 'Asia/Riyadh'), 'GMT+3')
    assert.equal(offsetOf(new Date('2026-12-20T20:30:00Z'), 'Europe/Sofia'), 'GMT+2')
    assert.equal(offsetOf(new Date('2026-07-20T20:30:00Z'), 'Europe/Sofia'), 'GMT+3')
    assert.equal(offsetOf(new Date('2026-07-20T20:30:00Z'), 'UTC'), 'GMT')
  })
})
