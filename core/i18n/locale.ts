/** The three languages every text of the product exists in. Arabic is designed first. */
export const locales = ['ar', 'en', 'bg'] as const
/** A language of the interface. */
export type Locale = (typeof locales)[number]

/** A text in all languages, as data files and manifests carry it. */
export type LocalizedText = Readonly<Record<Locale, string>>

/** Which digits a company prints and shows: 0-9 or ٠-٩. Never used in XML, JSON or hashes. */
export type Digits = 'latin' | 'arabic-indic'

/** Whether it names a language of the interface. */
export function isLocale(value: unknown): value is Locale {
  return typeof value === 'string' && (locales as readonly string[]).includes(value)
}

/** Writing direction of a language. */
export function directionOf(locale: Locale): 'rtl' | 'ltr' {
  return locale === 'ar' ? 'rtl' : 'ltr'
}
