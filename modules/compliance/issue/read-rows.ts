import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'

/** One invoice of a file, not yet looked into. */
export interface InvoiceRow {
  /** 1 for the first line of an .ndjson file, the first element of an array, or the one object. */
  readonly line: number
  /** Same file, same line, same key: a run that was killed goes on where it stopped and posts nothing twice. */
  readonly key: string
  readonly value: unknown
  /** Set when the row is no JSON object. */
  readonly fault?: FaultDetail
}

/** A row longer than this many bytes is refused: 1,000 lines of text fit many times. */
const longestRow = 4 * 1024 * 1024

/**
 * Reads the invoices of a file: .ndjson (one object a line, blank lines skipped), or .json (one object, or an array). A file without an
 * invoice answers one faulty row: nothing to do is not the same as done.
 * @param run distinguishes a deliberate second issue of the same file; empty otherwise
 * @throws Fault ISSUE-FILE-UNREADABLE
 */
export function readRows(file: string, run: string): InvoiceRow[] {
  const bytes = bytesOf(file)
  const fileHash = createHash('sha256').update(bytes).update(run).digest('hex')
  const keyOf = (line: number): string => `issue:${fileHash.slice(0, 40)}:${String(line)}`
  const rows = file.endsWith('.ndjson') || file.endsWith('.jsonl') ? readLines(bytes, keyOf) : readWhole(bytes, keyOf)
  if (rows.length > 0) return rows
  return [{ line: 1, key: keyOf(1), value: undefined, fault: { code: 'ISSUE-FILE-EMPTY', params: { file: basename(file) } } }]
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new Fault('ISSUE-FILE-UNREADABLE', { params: { file, reason }, cause: error })
  }
}

function readWhole(bytes: Buffer, keyOf: (line: number) => string): InvoiceRow[] {
  const whole = parse(bytes, Infinity)
  if (whole === undefined) return []
  if ('fault' in whole) return [{ line: 1, key: keyOf(1), value: undefined, fault: whole.fault }]
  const values: unknown[] = Array.isArray(whole.value) ? whole.value : [whole.value]
  return values.map((value, index) => row(index + 1, keyOf(index + 1), value))
}

/** Lines are cut as bytes, so that one in another encoding spoils no other. */
function readLines(bytes: Buffer, keyOf: (line: number) => string): InvoiceRow[] {
  const rows: InvoiceRow[] = []
  for (let line = 1, start = 0; start < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, start)
    const source = bytes.subarray(start, end === -1 ? bytes.length : end)
    start += source.length + 1
    const parsed = parse(source, longestRow)
    if (parsed === undefined) continue
    rows.push('fault' in parsed ? { line, key: keyOf(line), value: undefined, fault: parsed.fault } : row(line, keyOf(line), parsed.value))
  }
  return rows
}

function row(line: number, key: string, value: unknown): InvoiceRow {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { line, key, value }
  return { line, key, value: undefined, fault: { code: 'ISSUE-ROW-NOT-OBJECT' } }
}

/** Letters that are no UTF-8 must be told: replaced in silence they would stand on a stamped invoice. A byte order mark is skipped. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Undefined when there is nothing but blanks. */
function parse(bytes: Buffer, limit: number): { value: unknown } | { fault: FaultDetail } | undefined {
  if (bytes.length > limit) return { fault: { code: 'ISSUE-ROW-TOO-LONG', params: { limit } } }
  let source: string
  try {
    source = utf8.decode(bytes)
  } catch {
    return { fault: { code: 'ISSUE-ROW-NOT-UTF8' } }
  }
  if (source.trim() === '') return undefined
  try {
    return { value: JSON.parse(source) as unknown }
  } catch (error) {
    return { fault: { code: 'ISSUE-ROW-NOT-JSON', params: { reason: error instanceof Error ? error.message : String(error) } } }
  }
}
