import { directionOf, type Locale } from '../../../core/i18n/locale.js'

type Direction = 'rtl' | 'ltr'

const rightToLeft = /\p{Script=Arabic}|\p{Script=Hebrew}/u
const firstStrongIsolate = '\u2068'
const popIsolate = '\u2069'

/** Direction of a text by its first letter; digits and signs alone stand from left to right. */
export function directionOfText(text: string): Direction {
  const [letter] = /\p{L}/u.exec(text) ?? []
  return letter !== undefined && rightToLeft.test(letter) ? 'rtl' : 'ltr'
}

/**
 * A value inside a sentence of a mail. Programs that read mail lay out plain text by themselves: without an isolate the brackets, dots and
 * digits of `Salma Haddad (HR)` or `REQ/2026/00012` go astray in Arabic, and an Arabic name tears a Bulgarian sentence (Unicode Standard
 * Annex 9, 2.4.2). Words of the sentence's own script alone need none.
 */
export function inSentence(locale: Locale, value: string): string {
  const foreign = directionOf(locale) === 'rtl' ? /[^\p{Script=Arabic}\p{Mark}\s]/u : rightToLeft
  return foreign.test(value) ? `${firstStrongIsolate}${value}${popIsolate}` : value
}

/** An instant's distance from UTC as clocks of a zone have it: `GMT+3`. A reader in another country needs it beside a time. */
export function offsetOf(instant: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'shortOffset' }).formatToParts(instant)
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT'
  // Versions of the tables of languages differ in this one.
  return name === 'GMT+0' ? 'GMT' : name
}
