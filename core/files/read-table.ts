import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LimitedThread, LostThread } from '../documents/limited-thread.js'
import { Fault, type FaultParameters } from '../i18n/fault.js'
import { readCsv } from './read-csv.js'
import { tableLimits } from './table-limits.js'

/** A table of people, contacts, rows of a bulk sending, as it was uploaded: heads, and rows of texts in their order. */
export interface UploadedTable {
  readonly heads: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The cells of a table as texts, or the fault it is refused with. */
export type TableAnswer =
  | { readonly ok: true; readonly rows: readonly (readonly string[])[] }
  | { readonly ok: false; readonly code: string; readonly status: number; readonly params: FaultParameters }

/** Workbooks and long texts are read where one that hangs or bursts costs its own answer alone. */
const thread = new LimitedThread<Uint8Array, TableAnswer>({
  module: new URL(`./table-thread${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
  timeoutMs: 30_000,
  memoryMb: 768,
  queue: 20,
})

const xlsxType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** Bytes of a CSV that nobody waits for. */
const readHere = 256 * 1024

/** What a file is, by its first bytes and never by its name. @throws Fault FILE-TABLE-TYPE, FILE-TABLE-LARGE */
export function tableType(bytes: Buffer): 'text/csv' | typeof xlsxType {
  if (bytes.length > tableLimits.bytes) throw new Fault('FILE-TABLE-LARGE', { status: 413, params: { limit: tableLimits.bytes } })
  if (bytes.subarray(0, 4).equals(Buffer.from('504b0304', 'hex'))) return xlsxType
  if (bytes.length === 0 || bytes.includes(0)) throw new Fault('FILE-TABLE-TYPE')
  return 'text/csv'
}

/**
 * Reads a CSV (any usual separator, UTF-8 or Windows-1256) or the first sheet of a workbook; empty rows are left out.
 * @throws Fault FILE-TABLE-TYPE, FILE-TABLE-LARGE, FILE-TABLE-EMPTY, FILE-TABLE-ROWS, FILE-TABLE-COMPLEX, FILE-TABLE-BUSY (503)
 */
export async function readTable(bytes: Buffer): Promise<UploadedTable> {
  const isShort = tableType(bytes) === 'text/csv' && bytes.length <= readHere
  const all = isShort ? readCsv(bytes) : await readInThread(bytes)
  const filled = all.filter((row) => row.some((cell) => cell !== ''))
  const [heads, ...rows] = filled
  if (heads === undefined || rows.length === 0) throw new Fault('FILE-TABLE-EMPTY')
  if (rows.length > tableLimits.rows || heads.length > tableLimits.columns) {
    throw new Fault('FILE-TABLE-ROWS', { params: { rows: rows.length, limit: tableLimits.rows } })
  }
  return { heads, rows }
}

/** All rows, read in the thread. @throws Fault FILE-TABLE-… */
async function readInThread(bytes: Buffer): Promise<readonly (readonly string[])[]> {
  // A copy of its own memory: a small buffer of Node shares its memory with others.
  const answer = await thread.ask(Uint8Array.from(bytes)).catch((error: unknown): never => {
    if (!(error instanceof LostThread)) throw error
    if (error.loss === 'busy') throw new Fault('FILE-TABLE-BUSY', { status: 503, cause: error })
    throw new Fault('FILE-TABLE-COMPLEX', { status: 413, cause: error })
  })
  if (!answer.ok) throw new Fault(answer.code, { status: answer.status, params: answer.params })
  return answer.rows
}
