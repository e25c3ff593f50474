import type { Digits, Locale } from '../i18n/locale.js'
import { absolute, isNegative, round } from './decimal-text.js'

interface Marks {
  readonly group: string
  readonly decimal: string
}

const marks: Readonly<Record<Locale, Marks>> = {
  ar: { group: ',', decimal: '.' },
  en: { group: ',', decimal: '.' },
  // Narrow no-break space, as Bulgarian practice groups from five digits on; four stay together.
  bg: { group: '\u00a0', decimal: ',' },
}
const arabicIndicMarks: Marks = { group: '\u066c', decimal: '\u066b' }

/**
 * A decimal text for people: grouped, rounded half up to `digits` decimals, in the digits of the company. Only for pages and
 * paper, never for XML, JSON or hashes.
 */
export function formatDecimal(value: string, digits: number, locale: Locale, digitStyle: Digits = 'latin'): string {
  const rounded = round(value, digits)
  const [whole = '0', fraction] = absolute(rounded).split('.')
  const { group, decimal } = digitStyle === 'arabic-indic' ? arabicIndicMarks : marks[locale]
  const grouped = locale === 'bg' && whole.length < 5 ? whole : whole.replace(/\B(?=(?:\d{3})+$)/g, group)
  const text = `${isNegative(rounded) ? '\u2212' : ''}${grouped}${fraction === undefined ? '' : decimal + fraction}`
  return inDigits(text, digitStyle)
}

/** The same text with the company's digits. */
export function inDigits(text: string, digitStyle: Digits): string {
  return digitStyle === 'latin' ? text : text.replace(/\d/g, (digit) => String.fromCharCode(0x0660 + Number(digit)))
}

/** Date of an ISO day for people: 22.11.2026 г. in Bulgarian, 2026-11-22 elsewhere (unambiguous in both directions). */
export function formatDay(day: string, locale: Locale, digitStyle: Digits = 'latin'): string {
  const [year = '', month = '', date = ''] = day.split('-')
  if (locale === 'bg') return `${date}.${month}.${year} г.`
  return digitStyle === 'arabic-indic' ? inDigits(`${year}/${month}/${date}`, digitStyle) : day
}
