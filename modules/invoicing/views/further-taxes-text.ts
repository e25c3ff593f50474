import { trim } from '../../../core/money/decimal-text.js'

/** A further tax in the input of a line. */
export interface FurtherTaxEntry {
  readonly tax: string
  readonly rate?: string | undefined
  readonly amount?: string | undefined
}

/**
 * Further taxes as one text in the lines table: codes, with a percentage or an amount where the tax has none of its own:
 * `W002; Tbl01 5%; ST02 60`. What cannot be read is handed on as it was typed, so that posting names it.
 */
export function readFurtherTaxes(text: string | boolean | null): FurtherTaxEntry[] {
  if (typeof text !== 'string') return []
  return text
    .split(/[;،,؛\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const read = /^(\S{1,20}?)(?:\s+|\s*=\s*)(\d{1,15}(?:\.\d{1,9})?)\s*([%٪]?)$/.exec(part)
      if (read === null) return { tax: part.slice(0, 20) }
      const [, tax = '', value = '', percent] = read
      return percent === '' ? { tax, amount: value } : { tax, rate: value }
    })
}

export function writeFurtherTaxes(taxes: readonly FurtherTaxEntry[]): string {
  return taxes
    .map(({ tax, rate, amount }) => (amount !== undefined ? `${tax} ${trim(amount)}` : rate !== undefined ? `${tax} ${trim(rate)}%` : tax))
    .join('; ')
}
