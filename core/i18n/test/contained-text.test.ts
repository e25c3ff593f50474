import assert from 'node:assert/strict'
import { contentDisposition } from '../../http/content-disposition.js'
import { containedMarkup, containedText } from '../contained-text.js'

describe('text of others', () => {
  it('turns nothing but itself', () => {
    for (const [given, shown] of [
      ['invoice\u202efdp.exe', 'invoicefdp.exe'],
      ['\u202b\u202a\u202d100\u202c', '100'],
      ['a\u2069b', 'ab'],
      ['\u2067a', 'a'],
      ['\u2067a\u2069\u2069', '\u2067a\u2069'],
      ['\u2068a\u2066b\u2069', 'a\u2066b\u2069'],
      ['\u2067a\nb\u2069', 'a\nb'],
    ] as const)
      assert.equal(containedText(given), shown, JSON.stringify(given))
  })

  it('keeps what Arabic and Persian are written with, and what other scripts pile up', () => {
    for (const text of [
      'می\u200cخواهم',
      'a\u200f\u200e\u061cb',
      'بِسْمِ ٱللَّٰهِ',
      'क\u094d\u200dष',
      'ệ e\u0302\u0323',
      'Ж 北 👨\u200d👩\u200d👧 ￿',
    ])
      assert.equal(containedText(text), text)
    assert.equal(containedText(`a${'\u0301'.repeat(5000)}b`), `a${'\u0301'.repeat(8)}b`)
  })

  it('cannot leave its place on a page', () => {
    assert.equal(
      containedMarkup('<p title="\u2067x">\u2067a<b>b\u2069</b> \u2068{{1}}\u2069</p><i>\u202ec</i>'),
      '<p title="x">a<b>b</b> \u2068{{1}}\u2069</p><i>c</i>',
    )
  })

  it('is no path and no other ending in the name of a download', () => {
    assert.equal(
      contentDisposition('attachment', '../..\\x\u202efdp.exe'),
      `attachment; filename="__.._xfdp.exe"; filename*=UTF-8''__.._xfdp.exe`,
    )
    assert.equal(
      contentDisposition('inline', 'فاتورة (1)\r\nx: y".pdf'),
      `inline; filename="________1___x__y_.pdf"; filename*=UTF-8''${encodeURIComponent('فاتورة ')}%281%29__x%3A%20y%22.pdf`,
    )
    assert.equal(contentDisposition('inline', 'half \ud800.pdf'), `inline; filename="half__.pdf"; filename*=UTF-8''half%20_.pdf`)
    const long = contentDisposition('inline', `${'ع'.repeat(5000)}.pdf`)
    assert.ok(long.length < 1700 && long.endsWith('.pdf'), String(long.length))
  })
})
