import { Fault } from '../i18n/fault.js'
import type { Locale } from '../i18n/locale.js'
import { currencyOf } from './currencies.js'
import { absolute, isNegative, round } from './decimal-text.js'
import { arabicCounted } from './words/arabic.js'
import { bulgarianCounted } from './words/bulgarian.js'
import { englishCounted } from './words/english.js'
import { currencyNouns } from './words/nouns.js'

const limit = 10n ** 15n

/**
 * An amount as it is written on invoices and cheques, rounded half up to the currency's decimals:
 * «ألف ومائة وخمسون ريالًا سعوديًا وخمسون هللة فقط لا غير». A currency whose nouns are not known is written as number,
 * code and decimal fraction (“one hundred CHF 50/100”).
 * @throws Fault MONEY-CURRENCY-UNKNOWN, MONEY-DECIMAL, MONEY-WORDS-RANGE from 10^15 units on
 */
export function amountInWords(amount: string, currency: string, locale: Locale): string {
  const { minorUnits } = currencyOf(currency)
  const rounded = round(amount, minorUnits)
  const [wholeText = '0', minorText = ''] = absolute(rounded).split('.')
  const whole = BigInt(wholeText)
  const minor = BigInt(minorText === '' ? '0' : minorText)
  if (whole >= limit) throw new Fault('MONEY-WORDS-RANGE', { params: { amount } })
  const nouns = currencyNouns[currency]
  const counted = (count: bigint, part: 'unit' | 'minor'): string => {
    if (locale === 'ar') return arabicCounted(count, nouns?.ar[part] ?? plainArabic(currency))
    if (locale === 'bg') return bulgarianCounted(count, nouns?.bg[part] ?? { gender: 'masculine', one: currency, many: currency })
    return englishCounted(count, nouns?.en[part] ?? { one: currency, many: currency })
  }
  const parts: string[] = []
  if (whole > 0n || minor === 0n || nouns === undefined) parts.push(counted(whole, 'unit'))
  if (minor > 0n) parts.push(nouns === undefined ? `${minorText}/${'1'.padEnd(minorUnits + 1, '0')}` : counted(minor, 'minor'))
  const sign = isNegative(rounded) ? { ar: 'سالب ', en: 'minus ', bg: 'минус ' }[locale] : ''
  if (locale === 'ar') return `${sign}${parts.join(' و')} فقط لا غير`
  if (locale === 'bg') return `${sign}${parts.join(' и ')}`
  const text = `${sign}${parts.join(' and ')} only`
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function plainArabic(code: string): { gender: 'masculine'; singular: string; dual: string; plural: string; accusative: string } {
  return { gender: 'masculine', singular: code, dual: `اثنان ${code}`, plural: code, accusative: code }
}
