import type { Digits, Locale } from './locale.js'

/** How a company's documents and a person's pages show numbers and dates. */
export interface FormatOptions {
  readonly locale: Locale
  readonly digits: Digits
}

/** Regional variants whose separators and month names are used; digits come from the company's setting alone. */
const regional: Record<Locale, string> = { ar: 'ar-SA', en: 'en-GB', bg: 'bg-BG' }

/**
 * A decimal number as text (never a JavaScript number: cents would be lost) with separators of the language.
 * @param value decimal text such as `-1234567.50`; @param decimals fixed number of decimals, else as many as written
 */
export function formatNumber(value: string, options: FormatOptions & { readonly decimals?: number }): string {
  const written = value.includes('.') ? value.length - value.indexOf('.') - 1 : 0
  const decimals = Math.min(options.decimals ?? written, 100)
  const format = numberFormat(
    `${options.locale}|${options.digits}|${decimals}`,
    () => new Intl.NumberFormat(tag(options), { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: true }),
  )
  return plain(format.format(decimalText(value)))
}

/** An amount with its ISO currency after it: `1,150.00 SAR`, `١٬١٥٠٫٠٠ SAR`. Decimals are those of the currency. */
export function formatMoney(value: string, currency: string, options: FormatOptions): string {
  return `${formatNumber(value, { ...options, decimals: currencyDecimals(currency) })}\u00a0${currency}`
}

/** Decimals of an ISO 4217 currency: 2 for most, 3 for KWD, 0 for JPY. */
export function currencyDecimals(currency: string): number {
  return decimalsOf(currency).resolvedOptions().maximumFractionDigits ?? 2
}

/** A calendar date (`2026-11-22`), Gregorian in every language. */
export function formatDate(value: string, options: FormatOptions & { readonly style?: 'short' | 'long' }): string {
  const format = dateFormat(
    `date|${options.locale}|${options.digits}|${options.style ?? 'short'}`,
    () =>
      new Intl.DateTimeFormat(tag(options), {
        calendar: 'gregory',
        timeZone: 'UTC',
        day: options.style === 'long' ? 'numeric' : '2-digit',
        month: options.style === 'long' ? 'long' : '2-digit',
        year: 'numeric',
      }),
  )
  return plain(format.format(new Date(`${value}T00:00:00Z`)))
}

/** A moment, shown in an IANA time zone, 24-hour clock. */
export function formatDateTime(value: Date, options: FormatOptions & { readonly timeZone: string; readonly seconds?: boolean }): string {
  const format = dateFormat(
    `time|${options.locale}|${options.digits}|${options.timeZone}|${String(options.seconds ?? false)}`,
    () =>
      new Intl.DateTimeFormat(tag(options), {
        calendar: 'gregory',
        timeZone: options.timeZone,
        day: '2-digit',
        month: '2-digit',
        year: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
        ...(options.seconds === true ? { second: '2-digit' as const } : {}),
        hourCycle: 'h23',
      }),
  )
  return plain(format.format(value))
}

/** Turns 0-9 of a text into the company's digits; everything else stays. */
export function withDigits(text: string, digits: Digits): string {
  return digits === 'latin' ? text : text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)))
}

function tag(options: FormatOptions): string {
  return `${regional[options.locale]}-u-nu-${options.digits === 'arabic-indic' ? 'arab' : 'latn'}`
}

/** Intl marks Arabic output with invisible direction characters, which break copying, PDF text and hashes. */
function plain(text: string): string {
  return text.replaceAll(/[\u200e\u200f\u061c]/g, '')
}

/** Intl formats decimal text exactly (ECMA-402 string numbers); anything else would print `NaN` on a document. */
function decimalText(value: string): `${number}` {
  if (!/^-?\d+(?:\.\d+)?$/.test(value)) throw new TypeError(`not a decimal number: ${value}`)
  return value as `${number}` // checked on the line above
}

// Making an Intl formatter costs about 50 µs, using one 1 µs.
const numberFormats = new Map<string, Intl.NumberFormat>()
const dateFormats = new Map<string, Intl.DateTimeFormat>()
const currencyFormats = new Map<string, Intl.NumberFormat>()

function numberFormat(key: string, make: () => Intl.NumberFormat): Intl.NumberFormat {
  return kept(numberFormats, key, make)
}

function dateFormat(key: string, make: () => Intl.DateTimeFormat): Intl.DateTimeFormat {
  return kept(dateFormats, key, make)
}

function decimalsOf(currency: string): Intl.NumberFormat {
  return kept(currencyFormats, currency, () => new Intl.NumberFormat('en', { style: 'currency', currency }))
}

function kept<Value>(cache: Map<string, Value>, key: string, make: () => Value): Value {
  const known = cache.get(key)
  if (known !== undefined) return known
  const made = make()
  cache.set(key, made)
  return made
}
