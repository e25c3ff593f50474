import type { CompanyTransaction } from '../../../core/db/database.js'
import type { InvoiceType } from '../document.js'
import type { InvoicingSettings } from '../models/settings.js'

/** A series of numbers: its counter, and how a value of it is written. */
export interface Series {
  readonly counter: string
  readonly write: (value: number) => string
}

const slot = /\{number(?::(\d{1,2}))?\}/

/** The series a pattern means on a day: `INV/{year}/{number:5}` gives one per year. The counter is the text around the number. */
export function seriesOf(pattern: string, date: string): Series {
  const dated = pattern.replace('{year}', date.slice(0, 4)).replace('{month}', date.slice(5, 7))
  const width = Number(slot.exec(dated)?.[1] ?? '1')
  const [before = '', after = ''] = dated.split(slot).filter((_, index) => index !== 1)
  return {
    counter: `invoicing:${before}#${after}`,
    write: (value) => `${before}${String(value).padStart(width, '0')}${after}`,
  }
}

export function patternOf(settings: InvoicingSettings, type: InvoiceType): string {
  if (type === 'credit_note') return settings.creditNoteNumber
  return type === 'debit_note' ? settings.debitNoteNumber : settings.invoiceNumber
}

/**
 * Numbers for documents in their order, gapless: every series is taken once per call, series in one fixed order so that two postings
 * never wait for each other in a circle.
 */
export async function takeDocumentNumbers(
  transaction: CompanyTransaction,
  settings: InvoicingSettings,
  documents: readonly { readonly type: InvoiceType; readonly issueDate: string }[],
): Promise<string[]> {
  const series = documents.map((document) => seriesOf(patternOf(settings, document.type), document.issueDate))
  const counts = new Map<string, number>()
  for (const { counter } of series) counts.set(counter, (counts.get(counter) ?? 0) + 1)
  const next = new Map<string, number>()
  for (const [counter, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
    next.set(counter, await transaction.takeNumbers(counter, count))
  return series.map(({ counter, write }) => {
    const value = next.get(counter) ?? 1
    next.set(counter, value + 1)
    return write(value)
  })
}
