import type ExcelJS from 'exceljs'
import Papa from 'papaparse'
import { Fault } from '../i18n/fault.js'

/** A table of people, contacts, rows of a bulk sending, as it was uploaded: heads, and rows of texts in their order. */
export interface UploadedTable {
  readonly heads: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export const tableLimits = { bytes: 5 * 1024 * 1024, rows: 10_000, columns: 100 } as const

const xlsxType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** What a file is, by its first bytes and never by its name. @throws Fault FILE-TABLE-TYPE, FILE-TABLE-LARGE */
export function tableType(bytes: Buffer): 'text/csv' | typeof xlsxType {
  if (bytes.length > tableLimits.bytes) throw new Fault('FILE-TABLE-LARGE', { status: 413, params: { limit: tableLimits.bytes } })
  if (bytes.subarray(0, 4).equals(Buffer.from('504b0304', 'hex'))) return xlsxType
  if (bytes.length === 0 || bytes.includes(0)) throw new Fault('FILE-TABLE-TYPE')
  return 'text/csv'
}

/**
 * Reads a CSV (any usual separator, UTF-8 or Windows-1256) or the first sheet of a workbook; empty rows are left out.
 * @throws Fault FILE-TABLE-TYPE, FILE-TABLE-LARGE, FILE-TABLE-EMPTY, FILE-TABLE-ROWS
 */
export async function readTable(bytes: Buffer): Promise<UploadedTable> {
  const all = tableType(bytes) === 'text/csv' ? readCsv(bytes) : await readWorkbook(bytes)
  const filled = all.filter((row) => row.some((cell) => cell !== ''))
  const [heads, ...rows] = filled
  if (heads === undefined || rows.length === 0) throw new Fault('FILE-TABLE-EMPTY')
  if (rows.length > tableLimits.rows || heads.length > tableLimits.columns) {
    throw new Fault('FILE-TABLE-ROWS', { params: { rows: rows.length, limit: tableLimits.rows } })
  }
  return { heads, rows }
}

function readCsv(bytes: Buffer): string[][] {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Spreadsheets on Arabic Windows save «CSV» in their own code page.
    text = new TextDecoder('windows-1256').decode(bytes)
  }
  const { data } = Papa.parse<string[]>(text.replace(/^\ufeff/, ''), { skipEmptyLines: 'greedy' })
  return data.map((row) => row.map((cell) => cell.trim()))
}

async function readWorkbook(bytes: Buffer): Promise<string[][]> {
  // Read when it is wanted: hundreds of files that no start of the host should wait for.
  const { default: exceljs } = await import('exceljs')
  const workbook = new exceljs.Workbook()
  try {
    // exceljs types its input by an older Buffer; the bytes are the same.
    await workbook.xlsx.load(bytes as unknown as Parameters<typeof workbook.xlsx.load>[0])
  } catch (cause) {
    throw new Fault('FILE-TABLE-TYPE', { cause })
  }
  const [sheet] = workbook.worksheets
  if (sheet === undefined) throw new Fault('FILE-TABLE-EMPTY')
  if (sheet.rowCount > tableLimits.rows + 1)
    throw new Fault('FILE-TABLE-ROWS', { params: { rows: sheet.rowCount, limit: tableLimits.rows } })
  const width = Math.min(sheet.columnCount, tableLimits.columns)
  const rows: string[][] = []
  sheet.eachRow({ includeEmpty: false }, (row) => {
    rows.push(Array.from({ length: width }, (_, index) => cellText(row.getCell(index + 1).value)))
  })
  return rows
}

function cellText(value: ExcelJS.CellValue): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value).trim()
  if (value instanceof Date) return value.toISOString().slice(0, 10)
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
