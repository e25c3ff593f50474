import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import type { FaultDetail } from '../../../core/i18n/fault.js'

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

/** A row longer than this is refused: 1,000 lines of text fit many times. */
const longestRow = 4 * 1024 * 1024

/**
 * Reads the invoices of a file: .ndjson (one object a line, blank lines skipped), or .json (one object, or an array).
 * @param run distinguishes a deliberate second issue of the same file; empty otherwise
 */
export function readRows(file: string, run: string): InvoiceRow[] {
  const bytes = readFileSync(file)
  const fileHash = createHash('sha256').update(bytes).update(run).digest('hex')
  const keyOf = (line: number): string => `issue:${fileHash.slice(0, 40)}:${String(line)}`
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '')
  if (file.endsWith('.ndjson') || file.endsWith('.jsonl')) return readLines(text, keyOf)
  const whole = parse(text)
  if ('fault' in whole) return [{ line: 1, key: keyOf(1), value: undefined, fault: whole.fault }]
  const values: unknown[] = Array.isArray(whole.value) ? whole.value : [whole.value]
  return values.map((value, index) => row(index + 1, keyOf(index + 1), value))
}

function readLines(text: string, keyOf: (line: number) => string): InvoiceRow[] {
  const rows: InvoiceRow[] = []
  for (const [index, source] of text.split('\n').entries()) {
    if (source.trim() === '') continue
    const line = index + 1
    const parsed = parse(source)
    rows.push('fault' in parsed ? { line, key: keyOf(line), value: undefined, fault: parsed.fault } : row(line, keyOf(line), parsed.value))
  }
  return rows
}

function row(line: number, key: string, value: unknown): InvoiceRow {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { line, key, value }
  return { line, key, value: undefined, fault: { code: 'ISSUE-ROW-NOT-OBJECT' } }
}

function parse(source: string): { value: unknown } | { fault: FaultDetail } {
  if (source.length > longestRow) return { fault: { code: 'ISSUE-ROW-TOO-LONG', params: { limit: longestRow } } }
  try {
    return { value: JSON.parse(source) as unknown }
  } catch (error) {
    return { fault: { code: 'ISSUE-ROW-NOT-JSON', params: { reason: error instanceof Error ? error.message : String(error) } } }
  }
}
