import assert from 'node:assert/strict'
import ExcelJS from 'exceljs'
import { Fault } from '../../i18n/fault.js'
import { readTable } from '../read-table.js'
import { readZipParts, UnreadableZip } from '../zip-parts.js'
import { rowOf, workbookOf, zipOf, type Part } from './zip-of-parts.js'

const megabyte = 1024 * 1024

describe('uploaded tables', () => {
  async function refusal(bytes: Buffer): Promise<string> {
    try {
      const { heads, rows } = await readTable(bytes)
      return `${String(heads.length)} x ${String(rows.length)}`
    } catch (error) {
      return error instanceof Fault ? error.code : String(error)
    }
  }

  it('of a workbook are its first sheet as it is seen: dates, numbers, formulas by their results, merged cells each', async () => {
    const workbook = new ExcelJS.Workbook()
    const sheet = workbook.addWorksheet('people')
    sheet.addRow(['name', 'born', 'salary', 'team'])
    sheet.addRow(['منى\u200cها', new Date(Date.UTC(1990, 4, 1)), 1250.5, 'a'])
    sheet.addRow([{ richText: [{ text: 'Ива' }, { text: 'н' }] }, null, { formula: '1+1', result: 2 }, ''])
    sheet.addRow([{ text: 'link', hyperlink: 'https://example.com/' }, '', { formula: 'NA()', result: { error: '#N/A' } }, ''])
    sheet.mergeCells('D2:D4')
    sheet.autoFilter = 'A1:D4'
    workbook.addWorksheet('other').addRow(['not read'])
    assert.deepEqual(await readTable(Buffer.from(await workbook.xlsx.writeBuffer())), {
      heads: ['name', 'born', 'salary', 'team'],
      rows: [
        ['منى\u200cها', '1990-05-01', '1250.5', 'a'],
        ['Иван', '', '2', 'a'],
        ['link', '', '', 'a'],
      ],
    })
  })

  it('of the greatest size are read', async () => {
    const rows = Array.from({ length: 10_001 }, (_, index) =>
      rowOf(index + 1, `name ${String(index)}`, 'a@example.com', 'c', 'd', 'e', 'f'),
    )
    assert.equal(await refusal(workbookOf({ rows: rows.join('') })), '6 x 10000')
    assert.equal(await refusal(workbookOf({ rows: [...rows, rowOf(10_002, 'x')].join('') })), 'FILE-TABLE-ROWS')
  })

  const all = 'A1:XFD1048576'
  const heads = rowOf(1, 'name')
  const opendocument: Part[] = [
    { name: 'mimetype', content: 'application/vnd.oasis.opendocument.spreadsheet' },
    { name: 'content.xml', content: '<office:document-content/>' },
  ]
  const hostile: readonly (readonly [what: string, bytes: () => Buffer, answer: string])[] = [
    ['a title merged over all of its rows', () => workbookOf({ behind: '<mergeCells><mergeCell ref="A1:XFD1"/></mergeCells>' }), '100 x 1'],
    [
      'a rule for every cell there could be',
      () => workbookOf({ behind: `<dataValidations><dataValidation type="whole" sqref="${all}"/></dataValidations>` }),
      '2 x 1',
    ],
    [
      'a name for every cell there could be',
      () => workbookOf({ names: '<definedNames><definedName name="x">Sheet1!$A$1:$XFD$1048576</definedName></definedNames>' }),
      '2 x 1',
    ],
    [
      'a cell in the last row there could be',
      () => workbookOf({ rows: `${heads}<row r="1048576"><c r="A1048576"><v>1</v></c></row>` }),
      'FILE-TABLE-ROWS',
    ],
    [
      'a row of no such number',
      () => workbookOf({ rows: `${heads}<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>` }),
      'FILE-TABLE-EMPTY',
    ],
    ['one text in very many cells', () => workbookOf({ rows: heads + rowOf(2, 'x'.repeat(21 * megabyte)) }), 'FILE-TABLE-COMPLEX'],
    ['entities', () => workbookOf({ prolog: '<!DOCTYPE x [<!ENTITY a "aa">]>', rows: heads + rowOf(2, '&a;') }), 'FILE-TABLE-TYPE'],
    [
      'a part that unpacks to 200 MB',
      () => workbookOf({ further: [{ name: 'a', content: Buffer.alloc(200 * megabyte) }] }),
      'FILE-TABLE-COMPLEX',
    ],
    [
      'a part that unpacks to more than it says',
      () => workbookOf({ further: [{ name: 'xl/worksheets/sheet2.xml', content: Buffer.alloc(200 * megabyte), toldSize: 9 }] }),
      'FILE-TABLE-TYPE',
    ],
    [
      'very many parts',
      () => workbookOf({ further: Array.from({ length: 3000 }, (_, index) => ({ name: `a${String(index)}`, content: '' })) }),
      'FILE-TABLE-COMPLEX',
    ],
    ['a workbook in a workbook', () => workbookOf({ further: [{ name: 'xl/embeddings/book.xlsx', content: workbookOf({}) }] }), '2 x 1'],
    [
      'macros and links to elsewhere, which nobody reads',
      () =>
        workbookOf({
          further: [
            { name: 'xl/vbaProject.bin', content: 'x' },
            { name: 'xl/externalLinks/externalLink1.xml', content: '<x' },
          ],
        }),
      '2 x 1',
    ],
    ['another office’s format', () => zipOf(opendocument), 'FILE-TABLE-TYPE'],
    ['a cut workbook', () => workbookOf({}).subarray(0, 900), 'FILE-TABLE-TYPE'],
    ['nothing but quotes', () => Buffer.alloc(megabyte, '"'), 'FILE-TABLE-EMPTY'],
    ['more bytes than are taken', () => Buffer.alloc(6 * megabyte, 'a,'), 'FILE-TABLE-LARGE'],
    ['a zero byte', () => Buffer.from('a,b\n\0,c'), 'FILE-TABLE-TYPE'],
  ]
  for (const [what, bytes, answer] of hostile) it(`with ${what}: ${answer}`, async () => assert.equal(await refusal(bytes()), answer))

  it('never have parts that share bytes, or a name twice', () => {
    const limits = { files: 100, bytes: megabyte }
    const parts = (...given: Part[]): string => {
      try {
        return String(readZipParts(zipOf(given), limits).length)
      } catch (error) {
        return error instanceof UnreadableZip ? error.reason : String(error)
      }
    }
    assert.equal(parts({ name: 'a', content: 'x' }, { name: 'b', content: 'x' }), '2')
    assert.equal(parts({ name: 'a', content: 'x' }, { name: 'b', content: 'x', bytesOf: 0 }), 'damaged')
    assert.equal(parts({ name: 'a', content: 'x' }, { name: 'A', content: 'y' }), 'damaged')
    assert.equal(parts({ name: 'a'.repeat(2000), content: 'x' }), 'damaged')
  })
})
