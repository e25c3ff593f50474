import type ExcelJS from 'exceljs'
import { Fault } from '../i18n/fault.js'
import { tableLimits } from './table-limits.js'
import { readZipParts, UnreadableZip, unpackPart } from './zip-parts.js'
import { writeZip } from './zip-writer.js'

/** Of a workbook of the greatest size taken, unpacked: repeated markup packs well, 128 MB of it is no table of people any more. */
const partLimits = { files: 2_000, bytes: 128 * 1024 * 1024 }

/** Characters of all cells together. One text may stand in many cells, so a small file can hold very much of it. */
const mostCharacters = 20 * 1024 * 1024

/** Nothing else of a workbook says what stands in its cells: no macros, pictures, comments, links, names. */
const readParts =
  /^(?:_rels\/\.rels|xl\/workbook\.xml|xl\/_rels\/workbook\.xml\.rels|xl\/sharedStrings\.xml|xl\/styles\.xml|xl\/worksheets\/sheet\d{1,6}\.xml)$/

/** All of a sheet but its cells and which are merged: validations, for one, are written out for every cell they are about. */
const unreadNodes = [
  ...['sheetPr', 'dimension', 'sheetViews', 'sheetFormatPr', 'cols', 'autoFilter', 'rowBreaks', 'hyperlinks', 'pageMargins'],
  ...['dataValidations', 'pageSetup', 'headerFooter', 'printOptions', 'picture', 'drawing', 'sheetProtection', 'tableParts'],
  ...['conditionalFormatting', 'extLst', 'legacyDrawing'],
]

/**
 * Rows of the first sheet of a workbook (ECMA-376). It reads hostile files: `readTable` calls it in a thread with limits on time and
 * memory. Merged cells all count by the first of them, a formula by what it last showed.
 * @throws Fault FILE-TABLE-TYPE, FILE-TABLE-COMPLEX, FILE-TABLE-EMPTY, FILE-TABLE-ROWS
 */
export async function readWorkbook(bytes: Buffer): Promise<string[][]> {
  const archive = cellsOnly(bytes)
  // Read when it is wanted: hundreds of files that no start of the host should wait for.
  const { default: exceljs } = await import('exceljs')
  const workbook = new exceljs.Workbook()
  try {
    // exceljs types its input by an older Buffer; the bytes are the same.
    await workbook.xlsx.load(archive as unknown as Parameters<typeof workbook.xlsx.load>[0], { ignoreNodes: unreadNodes })
  } catch (cause) {
    throw new Fault('FILE-TABLE-TYPE', { cause })
  }
  const [sheet] = workbook.worksheets
  if (sheet === undefined) throw new Fault('FILE-TABLE-EMPTY')
  if (sheet.rowCount > tableLimits.rows + 1)
    throw new Fault('FILE-TABLE-ROWS', { params: { rows: sheet.rowCount, limit: tableLimits.rows } })
  const width = Math.min(sheet.columnCount, tableLimits.columns)
  const rows: string[][] = []
  let characters = 0
  sheet.eachRow({ includeEmpty: false }, (row) => {
    const cells = Array.from({ length: width }, (_, index) => cellText(row.getCell(index + 1).value))
    for (const cell of cells) characters += cell.length
    if (characters > mostCharacters) throw tooComplex()
    rows.push(cells)
  })
  return rows
}

/** The workbook packed anew, with its cells alone, every byte of it counted. */
function cellsOnly(bytes: Buffer): Buffer {
  try {
    const kept = readZipParts(bytes, partLimits)
      .filter(({ name }) => readParts.test(name))
      .map((part) => {
        const content = unpackPart(part)
        if (part.name === 'xl/workbook.xml') return { name: part.name, bytes: withoutNames(content) }
        return { name: part.name, bytes: part.name.includes('/worksheets/') ? withSmallMerges(content) : content }
      })
    // A text document or another office's format is an archive too.
    if (!kept.some(({ name }) => name === 'xl/workbook.xml')) throw new UnreadableZip('damaged')
    return writeZip(kept)
  } catch (error) {
    if (!(error instanceof UnreadableZip)) throw error
    throw error.reason === 'large' ? tooComplex(error) : new Fault('FILE-TABLE-TYPE', { cause: error })
  }
}

/** Without names of areas, which exceljs writes out cell by cell; every filter of Excel's own is such a name. */
function withoutNames(content: Buffer): Buffer {
  const begin = content.indexOf('<definedNames')
  const mark = '</definedNames>'
  const end = content.lastIndexOf(mark)
  return begin < 0 || end < begin ? content : Buffer.concat([content.subarray(0, begin), content.subarray(end + mark.length)])
}

/** Merged areas as far as the table may reach: a title merged over a whole row is no more than its columns. */
function withSmallMerges(content: Buffer): Buffer {
  const begin = content.indexOf('<mergeCells')
  if (begin < 0) return content
  const tail = content
    .toString('utf8', begin)
    .replace(
      /<mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"/g,
      (_all, left: string, top: string, right: string, bottom: string) => {
        const lastColumn = columnNumber(right) > tableLimits.columns ? lastTaken : right
        return `<mergeCell ref="${left}${top}:${lastColumn}${String(Math.min(Number(bottom), tableLimits.rows + 1))}"`
      },
    )
  return Buffer.concat([content.subarray(0, begin), Buffer.from(tail)])
}

/** Name of the last column taken: the hundredth. */
const lastTaken = 'CV'

function columnNumber(name: string): number {
  return Array.from(name).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0)
}

function tooComplex(cause?: unknown): Fault {
  return new Fault('FILE-TABLE-COMPLEX', { status: 413, cause })
}

function cellText(value: ExcelJS.CellValue): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value).trim()
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString().slice(0, 10)
  if ('richText' in value)
    return value.richText
      .map((part) => part.text)
      .join('')
      .trim()
  if ('text' in value) return value.text.trim()
  // A formula counts by what it shows.
  if ('result' in value) return cellText(value.result)
  return ''
}
