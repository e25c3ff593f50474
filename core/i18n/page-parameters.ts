import type { FaultParameters } from './fault.js'
import { formatDate } from './format.js'
import type { Locale } from './locale.js'

const firstStrongIsolate = '\u2068'
const popIsolate = '\u2069'
const day = /^\d{4}-\d{2}-\d{2}$/
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/

/**
 * Parameters of a text as a page shows them. Without an isolate `2026-11-23` or `INV/7-a` inside Arabic is drawn from right to left,
 * part by part (Unicode Standard Annex 9, 2.4.2 and HL6). Numbers stay numbers: the plural of a text hangs on them.
 */
export function parametersOnPage(locale: Locale, params: FaultParameters = {}): FaultParameters {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, typeof value === 'number' ? value : isolated(locale, shownDay(locale, value))]),
  )
}

function shownDay(locale: Locale, value: string): string {
  if (!day.test(value) || Number.isNaN(Date.parse(value))) return value
  return formatDate(value, { locale, digits: 'latin' })
}

/** A value of the text's own direction needs no isolate; in Arabic even digits alone do. */
function isolated(locale: Locale, value: string): string {
  if (value === '' || (locale !== 'ar' && !rightToLeft.test(value))) return value
  return `${firstStrongIsolate}${value}${popIsolate}`
}
