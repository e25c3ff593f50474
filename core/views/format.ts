import type { Digits, Locale } from '../i18n/locale.js'

/** How values are shown to one reader: the reader's language, the company's digits and zone. */
export interface Presentation {
  readonly locale: Locale
  readonly digits: Digits
  readonly timeZone: string
}

const arabicIndic = '٠١٢٣٤٥٦٧٨٩'

/** Separators of thousands and decimals. Arabic text with Latin digits uses the Latin marks, as banks of the Gulf print them. */
function marks(shown: Presentation): { readonly group: string; readonly point: string } {
  if (usesArabicDigits(shown)) return { group: '٬', point: '٫' }
  return shown.locale === 'bg' ? { group: '\u00a0', point: ',' } : { group: ',', point: '.' }
}

function usesArabicDigits(shown: Presentation): boolean {
  return shown.locale === 'ar' && shown.digits === 'arabic-indic'
}

/** 0-9 in the company's digits (Arabic pages only). */
export function inDigits(text: string, shown: Presentation): string {
  return usesArabicDigits(shown) ? text.replace(/\d/g, (digit) => arabicIndic.charAt(Number(digit))) : text
}

/** Arabic-Indic, Persian and full-width digits and Arabic marks as ASCII: what people type is what is stored. */
export function latinDigits(text: string): string {
  return text
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x06_60))
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x06_f0))
    .replace(/[\uff10-\uff19]/g, (digit) => String(digit.charCodeAt(0) - 0xff_10))
}

/**
 * A typed number as decimal text: `١٬٢٣٤٫٥` and `1,234.5` and (Bulgarian) `1 234,5` give `1234.5`. What is no number comes back
 * trimmed and otherwise as typed, so that the model can object to it and nothing is lost.
 */
export function decimalFromTyped(typed: string, locale: Locale): string {
  const plain = latinDigits(typed)
    .replace(/[\s\u200e\u200f\u061c]/g, '')
    .replace(/٬/g, '')
    .replace(/٫/g, '.')
    .replace(/−/g, '-')
  const european = locale === 'bg' && /^-?[\d.]*,\d*$/.test(plain)
  const candidate = european ? plain.replace(/\./g, '').replace(',', '.') : plain.replace(/,(?=\d{3}(?:[,.]|$))/g, '')
  return /^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(candidate) ? candidate.replace(/^(-?)\./, '$10.').replace(/\.$/, '') : typed.trim()
}

/** The digits of a fraction that say something. A loop, for a pattern at the end of a long text tries every place. */
export function withoutTrailingZeros(digits: string): string {
  let end = digits.length
  while (digits.charAt(end - 1) === '0') end -= 1
  return digits.slice(0, end)
}

/** Decimal text with grouped thousands; `places` pads or cuts trailing zeros, never rounds away digits that are there. */
export function formatDecimal(value: string, shown: Presentation, places?: number): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value)
  if (parts === null) return value
  const [, sign = '', whole = '0', given = ''] = parts
  const significant = withoutTrailingZeros(given)
  const fraction = places === undefined ? significant : significant.padEnd(places, '0')
  const { group, point } = marks(shown)
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, group)
  return inDigits(`${sign === '' ? '' : '\u2212'}${grouped}${fraction === '' ? '' : `${point}${fraction}`}`, shown)
}

/** A day (`2026-11-22`, or a moment in the company's zone) as the language writes it in tables: 22/11/2026, 22.11.2026. */
export function formatDate(value: string | Date, shown: Presentation): string {
  const day = value instanceof Date ? zoned(value, shown.timeZone).day : value.slice(0, 10)
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)
  if (parts === null) return day
  const [, year = '', month = '', date = ''] = parts
  return inDigits(shown.locale === 'bg' ? `${date}.${month}.${year}` : `${date}/${month}/${year}`, shown)
}

/** Day and minute in the company's zone. */
export function formatMoment(value: string | Date, shown: Presentation): string {
  const moment = value instanceof Date ? value : new Date(value)
  if (Number.isNaN(moment.getTime())) return String(value)
  const { day, time } = zoned(moment, shown.timeZone)
  return `${formatDate(day, shown)} ${inDigits(time, shown)}`
}

const zones = new Map<string, Intl.DateTimeFormat>()

function zoned(moment: Date, timeZone: string): { readonly day: string; readonly time: string } {
  let format = zones.get(timeZone)
  if (format === undefined) {
    // The Swedish form is ISO: 2026-11-22 10:30.
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
    zones.set(timeZone, format)
  }
  const [day = '', time = ''] = format.format(moment).split(' ')
  return { day, time }
}
