import { Fault } from '../i18n/fault.js'
import type { LocalizedText } from '../i18n/locale.js'

/** A row of the dated currency table (ISO 4217). */
export interface Currency {
  readonly code: string
  /** Decimals of an amount: 2, for dinars and the Omani rial 3. */
  readonly minorUnits: number
  readonly name: LocalizedText
  /** Sign or short form printed beside amounts; the code where there is none people know. */
  readonly symbol: LocalizedText
  /** Last day it was legal tender, and what took its place at which fixed rate (old units for one new unit). */
  readonly closed?: { readonly on: string; readonly successor: string; readonly rate: string; readonly source: string }
}

function currency(code: string, minorUnits: number, name: LocalizedText, symbolAr?: string, closed?: Currency['closed']): Currency {
  const symbol = { ar: symbolAr ?? code, en: code, bg: code === 'BGN' ? 'лв.' : code }
  return { code, minorUnits, name, symbol, ...(closed === undefined ? {} : { closed }) }
}

const table: readonly Currency[] = [
  currency('SAR', 2, { ar: 'ريال سعودي', en: 'Saudi riyal', bg: 'саудитски риал' }, 'ر.س'),
  currency('EGP', 2, { ar: 'جنيه مصري', en: 'Egyptian pound', bg: 'египетска лира' }, 'ج.م'),
  currency('KWD', 3, { ar: 'دينار كويتي', en: 'Kuwaiti dinar', bg: 'кувейтски динар' }, 'د.ك'),
  currency('BHD', 3, { ar: 'دينار بحريني', en: 'Bahraini dinar', bg: 'бахрейнски динар' }, 'د.ب'),
  currency('OMR', 3, { ar: 'ريال عماني', en: 'Omani rial', bg: 'омански риал' }, 'ر.ع'),
  currency('JOD', 3, { ar: 'دينار أردني', en: 'Jordanian dinar', bg: 'йордански динар' }, 'د.أ'),
  currency('IQD', 3, { ar: 'دينار عراقي', en: 'Iraqi dinar', bg: 'иракски динар' }, 'د.ع'),
  currency('LYD', 3, { ar: 'دينار ليبي', en: 'Libyan dinar', bg: 'либийски динар' }, 'د.ل'),
  currency('TND', 3, { ar: 'دينار تونسي', en: 'Tunisian dinar', bg: 'тунизийски динар' }, 'د.ت'),
  currency('AED', 2, { ar: 'درهم إماراتي', en: 'UAE dirham', bg: 'дирхам на ОАЕ' }, 'د.إ'),
  currency('QAR', 2, { ar: 'ريال قطري', en: 'Qatari riyal', bg: 'катарски риал' }, 'ر.ق'),
  currency('MAD', 2, { ar: 'درهم مغربي', en: 'Moroccan dirham', bg: 'марокански дирхам' }, 'د.م'),
  currency('EUR', 2, { ar: 'يورو', en: 'euro', bg: 'евро' }, 'يورو'),
  currency('USD', 2, { ar: 'دولار أمريكي', en: 'US dollar', bg: 'щатски долар' }),
  currency('GBP', 2, { ar: 'جنيه إسترليني', en: 'pound sterling', bg: 'британска лира' }),
  currency('CHF', 2, { ar: 'فرنك سويسري', en: 'Swiss franc', bg: 'швейцарски франк' }),
  currency('TRY', 2, { ar: 'ليرة تركية', en: 'Turkish lira', bg: 'турска лира' }),
  currency('INR', 2, { ar: 'روبية هندية', en: 'Indian rupee', bg: 'индийска рупия' }),
  currency('CNY', 2, { ar: 'يوان صيني', en: 'Chinese yuan', bg: 'китайски юан' }),
  currency('JPY', 0, { ar: 'ين ياباني', en: 'Japanese yen', bg: 'японска йена' }),
  currency('RON', 2, { ar: 'ليو روماني', en: 'Romanian leu', bg: 'румънска лея' }),
  currency('BGN', 2, { ar: 'ليف بلغاري', en: 'Bulgarian lev', bg: 'български лев' }, 'ليف', {
    on: '2025-12-31',
    successor: 'EUR',
    rate: '1.95583',
    source: 'Council Regulation (EU) 2025/1409: euro in Bulgaria from 2026-01-01',
  }),
]

const byCode = new Map(table.map((row) => [row.code, row]))

/** All currencies, closed ones too (old documents keep them). */
export function currencies(): readonly Currency[] {
  return table
}

/** Currencies that are legal tender on a day (ISO date). */
export function currenciesOn(date: string): readonly Currency[] {
  return table.filter((row) => row.closed === undefined || date <= row.closed.on)
}

/** @throws Fault MONEY-CURRENCY-UNKNOWN */
export function currencyOf(code: string): Currency {
  const row = byCode.get(code)
  if (row === undefined) throw new Fault('MONEY-CURRENCY-UNKNOWN', { params: { code } })
  return row
}

/** Decimals of an amount in this currency. @throws Fault MONEY-CURRENCY-UNKNOWN */
export function minorUnits(code: string): number {
  return currencyOf(code).minorUnits
}

/**
 * For a new document of a day: the currency itself, if it was legal tender then.
 * @throws Fault MONEY-CURRENCY-UNKNOWN, MONEY-CURRENCY-CLOSED naming the day and the successor
 */
export function requireCurrencyOn(code: string, date: string): Currency {
  const row = currencyOf(code)
  if (row.closed !== undefined && date > row.closed.on) {
    throw new Fault('MONEY-CURRENCY-CLOSED', { params: { code, on: row.closed.on, successor: row.closed.successor } })
  }
  return row
}
