import type { FaultParameters } from './fault.js'
import { currencyDecimals, formatDate, formatNumber } from './format.js'
import type { Locale } from './locale.js'

const firstStrongIsolate = '\u2068'
const popIsolate = '\u2069'
const day = /^\d{4}-\d{2}-\d{2}$/
const amount = /^(-?\d+(?:\.\d+)?) ([A-Z]{3})$/
/** `3 PCE` is no amount. */
const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/

/**
 * Parameters of a text as a page shows them. Without an isolate `2026-11-23` or `INV/7-a` inside Arabic is drawn from right to left,
 * part by part (Unicode Standard Annex 9, 2.4.2 and HL6). Numbers stay numbers: the plural of a text hangs on them.
 */
export function parametersOnPage(locale: Locale, params: FaultParameters = {}): FaultParameters {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'number' ? value : isolated(locale, shownAmount(locale, shownDay(locale, value))),
    ]),
  )
}

function shownDay(locale: Locale, value: string): string {
  if (!day.test(value) || Number.isNaN(Date.parse(value))) return value
  return formatDate(value, { locale, digits: 'latin' })
}

/** `1000.0000 EGP`, as a column of the database pads it, is 1,000.00 EGP; a fraction that is meant stays whole. */
function shownAmount(locale: Locale, value: string): string {
  const [, number = '', currency = ''] = amount.exec(value) ?? []
  if (!currencies.has(currency)) return value
  const meant = Array.from(number.split('.')[1] ?? '').findLastIndex((digit) => digit !== '0') + 1
  const decimals = Math.max(meant, currencyDecimals(currency))
  return `${formatNumber(number, { locale, digits: 'latin', decimals })}\u00a0${currency}`
}

/** A value of the text's own direction needs no isolate; in Arabic even digits alone do. */
function isolated(locale: Locale, value: string): string {
  if (value === '' || (locale !== 'ar' && !rightToLeft.test(value))) return value
  return `${firstStrongIsolate}${value}${popIsolate}`
}
