/** Forms of a counted noun. Plural and adjective agree as grammar asks: ثلاثة ريالات سعودية، أحد عشر ريالًا سعوديًا. */
export interface ArabicNoun {
  readonly gender: 'masculine' | 'feminine'
  readonly singular: string
  readonly dual: string
  /** After 3 to 10. */
  readonly plural: string
  /** After 11 to 99 (accusative). */
  readonly accusative: string
}

type Gender = ArabicNoun['gender']

/** 1-10 as they stand before a masculine and before a feminine noun (polarity from 3 on). */
const units: Record<Gender, readonly string[]> = {
  masculine: ['', 'واحد', 'اثنان', 'ثلاثة', 'أربعة', 'خمسة', 'ستة', 'سبعة', 'ثمانية', 'تسعة', 'عشرة'],
  feminine: ['', 'واحدة', 'اثنتان', 'ثلاث', 'أربع', 'خمس', 'ست', 'سبع', 'ثماني', 'تسع', 'عشر'],
}
const eleven: Record<Gender, string> = { masculine: 'أحد عشر', feminine: 'إحدى عشرة' }
const twelve: Record<Gender, string> = { masculine: 'اثنا عشر', feminine: 'اثنتا عشرة' }
const tens = ['', '', 'عشرون', 'ثلاثون', 'أربعون', 'خمسون', 'ستون', 'سبعون', 'ثمانون', 'تسعون']
const hundreds = ['', 'مائة', 'مائتان', 'ثلاثمائة', 'أربعمائة', 'خمسمائة', 'ستمائة', 'سبعمائة', 'ثمانمائة', 'تسعمائة']

/** Numbers that are themselves counted nouns, from the greatest down. */
const scales: readonly { readonly size: bigint; readonly noun: ArabicNoun }[] = [
  { size: 10n ** 12n, noun: scale('تريليون', 'تريليونان', 'تريليونات', 'تريليونًا') },
  { size: 10n ** 9n, noun: scale('مليار', 'ملياران', 'مليارات', 'مليارًا') },
  { size: 10n ** 6n, noun: scale('مليون', 'مليونان', 'ملايين', 'مليونًا') },
  { size: 1000n, noun: scale('ألف', 'ألفان', 'آلاف', 'ألفًا') },
]

function scale(singular: string, dual: string, plural: string, accusative: string): ArabicNoun {
  return { gender: 'masculine', singular, dual, plural, accusative }
}

/** In construct with the noun that follows: the dual loses its nun, the tanween goes (ألفا ريال، أحد عشر ألف ريال). */
function construct(text: string): string {
  if (/(?:ائتان|ألفان|ونان|اران)$/.test(text)) return text.slice(0, -1)
  return text
    .replace(/ألفًا$/, 'ألف')
    .replace(/مليونًا$/, 'مليون')
    .replace(/مليارًا$/, 'مليار')
    .replace(/تريليونًا$/, 'تريليون')
}

/** 1 to 99 in front of a noun of this gender. */
function belowHundred(value: number, gender: Gender): string {
  if (value <= 10) return units[gender][value] ?? ''
  if (value === 11) return eleven[gender]
  if (value === 12) return twelve[gender]
  const ones = value % 10
  if (value < 20) return `${units[gender][ones] ?? ''} ${gender === 'masculine' ? 'عشر' : 'عشرة'}`
  const ten = tens[Math.floor(value / 10)] ?? ''
  if (ones === 0) return ten
  // Standing alone and indefinite, eight before a feminine noun is ثمانٍ; and 21 feminine is إحدى وعشرون.
  const one = gender === 'feminine' && ones === 8 ? 'ثمانٍ' : gender === 'feminine' && ones === 1 ? 'إحدى' : (units[gender][ones] ?? '')
  return `${one} و${ten}`
}

/** `count` (1 to 999) of a noun, number and noun together. */
function countedBelowThousand(count: number, noun: ArabicNoun): string {
  const rest = count % 100
  const hundred = hundreds[Math.floor(count / 100)] ?? ''
  const short = noun.singular.split(' ')[0] ?? noun.singular
  const shortDual = noun.dual.split(' ').length > 1 && !noun.dual.startsWith('اثنان') ? (noun.dual.split(' ')[0] ?? noun.dual) : noun.dual
  if (hundred === '') {
    if (rest === 1) return noun.singular
    if (rest === 2) return noun.dual
    return `${belowHundred(rest, noun.gender)} ${rest <= 10 ? noun.plural : noun.accusative}`
  }
  if (rest === 0) return `${construct(hundred)} ${noun.singular}`
  // As in «ألف ليلة وليلة»: one and two after a hundred repeat the noun.
  if (rest === 1) return `${construct(hundred)} ${noun.singular} و${short}`
  if (rest === 2) return `${construct(hundred)} ${noun.singular} و${shortDual}`
  return `${hundred} و${belowHundred(rest, noun.gender)} ${rest <= 10 ? noun.plural : noun.accusative}`
}

/** «ألف ومائة وخمسون ريالًا سعوديًا». Zero gives «صفر ريال سعودي», one «ريال سعودي واحد». */
export function arabicCounted(count: bigint, noun: ArabicNoun): string {
  const one = noun.gender === 'masculine' ? 'واحد' : 'واحدة'
  if (count === 0n) return `صفر ${noun.singular}`
  if (count === 1n) return `${noun.singular} ${one}`
  const parts: string[] = []
  let left = count
  for (const { size, noun: scaleNoun } of scales) {
    const group = Number(left / size)
    left %= size
    if (group > 0) parts.push(countedBelowThousand(group, scaleNoun))
  }
  const rest = Number(left)
  if (rest === 0) {
    const last = parts.pop() ?? ''
    parts.push(`${construct(last)} ${noun.singular}`)
    return parts.join(' و')
  }
  if (parts.length === 0) {
    const text = countedBelowThousand(rest, noun)
    return rest > 100 && rest % 100 === 1 ? `${text} ${one}` : text
  }
  if (rest === 1 || rest === 2) {
    const last = parts.pop() ?? ''
    const short = noun.singular.split(' ')[0] ?? noun.singular
    const dual = noun.dual.startsWith('اثنان') ? noun.dual : (noun.dual.split(' ')[0] ?? noun.dual)
    parts.push(`${construct(last)} ${noun.singular}`, rest === 1 ? `${short} ${one}` : dual)
    return parts.join(' و')
  }
  parts.push(countedBelowThousand(rest, noun))
  const text = parts.join(' و')
  return rest > 100 && rest % 100 === 1 ? `${text} ${one}` : text
}
