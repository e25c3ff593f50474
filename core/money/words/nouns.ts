import type { ArabicNoun } from './arabic.js'
import type { BulgarianNoun } from './bulgarian.js'
import type { EnglishNoun } from './english.js'

/** A currency's unit and its hundredth or thousandth, in each language. */
export interface CurrencyNouns {
  readonly ar: { readonly unit: ArabicNoun; readonly minor: ArabicNoun }
  readonly en: { readonly unit: EnglishNoun; readonly minor: EnglishNoun }
  readonly bg: { readonly unit: BulgarianNoun; readonly minor: BulgarianNoun }
}

const m = (singular: string, dual: string, plural: string, accusative: string): ArabicNoun => ({
  gender: 'masculine',
  singular,
  dual,
  plural,
  accusative,
})
const f = (singular: string, dual: string, plural: string): ArabicNoun => ({
  gender: 'feminine',
  singular,
  dual,
  plural,
  accusative: singular,
})
const en = (one: string, many: string): EnglishNoun => ({ one, many })
const bg = (gender: BulgarianNoun['gender'], one: string, many: string): BulgarianNoun => ({ gender, one, many })

const riyal = (adjective: string): ArabicNoun =>
  m(`ريال ${adjective}`, `ريالان ${adjective}ان`, `ريالات ${adjective}ة`, `ريالًا ${adjective}ًا`)
const dinar = (adjective: string): ArabicNoun =>
  m(`دينار ${adjective}`, `ديناران ${adjective}ان`, `دنانير ${adjective}ة`, `دينارًا ${adjective}ًا`)
const dirham = (adjective: string): ArabicNoun =>
  m(`درهم ${adjective}`, `درهمان ${adjective}ان`, `دراهم ${adjective}ة`, `درهمًا ${adjective}ًا`)
const pound = (adjective: string): ArabicNoun =>
  m(`جنيه ${adjective}`, `جنيهان ${adjective}ان`, `جنيهات ${adjective}ة`, `جنيهًا ${adjective}ًا`)

const fils = m('فلس', 'فلسان', 'فلوس', 'فلسًا')
const cent = m('سنت', 'سنتان', 'سنتات', 'سنتًا')
const plainDirham = m('درهم', 'درهمان', 'دراهم', 'درهمًا')
const filsEn = en('fils', 'fils')
const filsBg = bg('masculine', 'филс', 'филса')
const centBg = bg('masculine', 'цент', 'цента')

/** Counted nouns of the currencies, in the three languages. */
export const currencyNouns: Readonly<Record<string, CurrencyNouns>> = {
  SAR: {
    ar: { unit: riyal('سعودي'), minor: f('هللة', 'هللتان', 'هللات') },
    en: { unit: en('Saudi riyal', 'Saudi riyals'), minor: en('halala', 'halalas') },
    bg: { unit: bg('masculine', 'саудитски риал', 'саудитски риала'), minor: bg('feminine', 'халала', 'халали') },
  },
  EGP: {
    ar: { unit: pound('مصري'), minor: m('قرش', 'قرشان', 'قروش', 'قرشًا') },
    en: { unit: en('Egyptian pound', 'Egyptian pounds'), minor: en('piastre', 'piastres') },
    bg: { unit: bg('feminine', 'египетска лира', 'египетски лири'), minor: bg('masculine', 'пиастър', 'пиастъра') },
  },
  KWD: {
    ar: { unit: dinar('كويتي'), minor: fils },
    en: { unit: en('Kuwaiti dinar', 'Kuwaiti dinars'), minor: filsEn },
    bg: { unit: bg('masculine', 'кувейтски динар', 'кувейтски динара'), minor: filsBg },
  },
  BHD: {
    ar: { unit: dinar('بحريني'), minor: fils },
    en: { unit: en('Bahraini dinar', 'Bahraini dinars'), minor: filsEn },
    bg: { unit: bg('masculine', 'бахрейнски динар', 'бахрейнски динара'), minor: filsBg },
  },
  JOD: {
    ar: { unit: dinar('أردني'), minor: fils },
    en: { unit: en('Jordanian dinar', 'Jordanian dinars'), minor: filsEn },
    bg: { unit: bg('masculine', 'йордански динар', 'йордански динара'), minor: filsBg },
  },
  OMR: {
    ar: { unit: riyal('عماني'), minor: f('بيسة', 'بيستان', 'بيسات') },
    en: { unit: en('Omani rial', 'Omani rials'), minor: en('baisa', 'baisas') },
    bg: { unit: bg('masculine', 'омански риал', 'омански риала'), minor: bg('feminine', 'байса', 'байси') },
  },
  AED: {
    ar: { unit: dirham('إماراتي'), minor: fils },
    en: { unit: en('UAE dirham', 'UAE dirhams'), minor: filsEn },
    bg: { unit: bg('masculine', 'дирхам на ОАЕ', 'дирхама на ОАЕ'), minor: filsBg },
  },
  QAR: {
    ar: { unit: riyal('قطري'), minor: plainDirham },
    en: { unit: en('Qatari riyal', 'Qatari riyals'), minor: en('dirham', 'dirhams') },
    bg: { unit: bg('masculine', 'катарски риал', 'катарски риала'), minor: bg('masculine', 'дирхам', 'дирхама') },
  },
  USD: {
    ar: { unit: m('دولار أمريكي', 'دولاران أمريكيان', 'دولارات أمريكية', 'دولارًا أمريكيًا'), minor: cent },
    en: { unit: en('US dollar', 'US dollars'), minor: en('cent', 'cents') },
    bg: { unit: bg('masculine', 'щатски долар', 'щатски долара'), minor: centBg },
  },
  EUR: {
    ar: { unit: m('يورو', 'اثنان يورو', 'يورو', 'يورو'), minor: cent },
    en: { unit: en('euro', 'euros'), minor: en('cent', 'cents') },
    bg: { unit: bg('neuter', 'евро', 'евро'), minor: centBg },
  },
  GBP: {
    ar: { unit: pound('إسترليني'), minor: m('بنس', 'بنسان', 'بنسات', 'بنسًا') },
    en: { unit: en('pound sterling', 'pounds sterling'), minor: en('penny', 'pence') },
    bg: { unit: bg('feminine', 'британска лира', 'британски лири'), minor: bg('neuter', 'пени', 'пенита') },
  },
  BGN: {
    ar: { unit: m('ليف بلغاري', 'ليفان بلغاريان', 'ليفات بلغارية', 'ليفًا بلغاريًا'), minor: f('ستوتينكا', 'ستوتينكتان', 'ستوتينكات') },
    en: { unit: en('Bulgarian lev', 'Bulgarian leva'), minor: en('stotinka', 'stotinki') },
    bg: { unit: bg('masculine', 'лев', 'лева'), minor: bg('feminine', 'стотинка', 'стотинки') },
  },
}
