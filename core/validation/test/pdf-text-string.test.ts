import assert from 'node:assert/strict'
import { embeddedFiles } from '../pdf/embedded-files.js'
import { PdfString } from '../pdf/objects.js'
import { textOf } from '../pdf/text-string.js'

/** A PDF whose one embedded file has this name, given as a hex string. */
function withEmbeddedFile(nameInHex: string): Buffer {
  const objects = [
    `<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a) 3 0 R]>>>>>>`,
    `<</Type/Pages/Kids[]/Count 0>>`,
    `<</Type/Filespec/UF<${nameInHex}>/EF<</F 4 0 R>>>>`,
    `<</Length 2>>\nstream\nhi\nendstream`,
  ]
  let pdf = '%PDF-2.0\n'
  const offsets = objects.map((body, index) => {
    const at = pdf.length
    pdf += `${String(index + 1)} 0 obj\n${body}\nendobj\n`
    return at
  })
  const table = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  return Buffer.from(
    `${pdf}xref\n0 5\n0000000000 65535 f \n${table}trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n${String(pdf.length)}\n%%EOF\n`,
    'latin1',
  )
}

describe('text strings of PDF (ISO 32000-2, clause 7.9.2.2)', () => {
  const text = (hex: string): string => textOf(new PdfString(Buffer.from(hex, 'hex'), true))

  it('UTF-16BE and UTF-8 are known by their marks', () => {
    assert.equal(text('feff062e062a0645'), 'ختم')
    assert.equal(text('efbbbfd8aed8aad985'), 'ختم')
  })

  it('without a mark it is PDFDocEncoding, which is Latin-1 but for its own places', () => {
    assert.equal(text('4b6861746d'), 'Khatm')
    assert.equal(text('e9'), 'é')
    assert.equal(text('808485929ea01f'), '•—–™ž€˜')
  })

  it('half a character at the end of UTF-16 is left out', () => {
    assert.equal(text('feff062e06'), 'خ')
    assert.equal(text('feff'), '')
  })

  it('an embedded file is found whatever its name is written in, half a character included', () => {
    for (const [hex, name] of [
      ['6c6f672e6a736f6e', 'log.json'],
      ['efbbbfd8aed8aad985', 'ختم'],
      ['feff062e06', 'خ'],
    ] as const)
      assert.deepEqual([...embeddedFiles(withEmbeddedFile(hex))], [[name, Buffer.from('hi')]])
  })
})
