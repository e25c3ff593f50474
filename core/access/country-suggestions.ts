import type { Locale } from '../i18n/locale.js'

/** What a country suggests for its companies; every field stays editable. */
export interface CountrySuggestion {
  readonly code: string
  readonly currency: string
  readonly timeZone: string
  readonly locale: Locale
}

/** What the form of a new company proposes for a country; everything can be changed, and other countries are open. */
export const countrySuggestions: readonly CountrySuggestion[] = [
  { code: 'SA', currency: 'SAR', timeZone: 'Asia/Riyadh', locale: 'ar' },
  { code: 'EG', currency: 'EGP', timeZone: 'Africa/Cairo', locale: 'ar' },
  { code: 'KW', currency: 'KWD', timeZone: 'Asia/Kuwait', locale: 'ar' },
  { code: 'BG', currency: 'EUR', timeZone: 'Europe/Sofia', locale: 'bg' },
  { code: 'AE', currency: 'AED', timeZone: 'Asia/Dubai', locale: 'ar' },
  { code: 'QA', currency: 'QAR', timeZone: 'Asia/Qatar', locale: 'ar' },
  { code: 'BH', currency: 'BHD', timeZone: 'Asia/Bahrain', locale: 'ar' },
  { code: 'OM', currency: 'OMR', timeZone: 'Asia/Muscat', locale: 'ar' },
  { code: 'JO', currency: 'JOD', timeZone: 'Asia/Amman', locale: 'ar' },
]

/**
 * Currency and time zone after another country was chosen: those it suggests, each as long as the present one is only what some country
 * suggested. What a person chose himself stays.
 */
export function suggestedFor(country: string, present: { readonly currency: string; readonly timeZone: string }): typeof present {
  const suggestion = countrySuggestions.find(({ code }) => code === country)
  if (suggestion === undefined) return present
  const isSuggested = (name: 'currency' | 'timeZone'): boolean => countrySuggestions.some((one) => one[name] === present[name])
  return {
    currency: isSuggested('currency') ? suggestion.currency : present.currency,
    timeZone: isSuggested('timeZone') ? suggestion.timeZone : present.timeZone,
  }
}
