import { contactFields, type ContactField } from '../../models/contact.js'
import { isCountry } from '../save-contact.js'
import { fold } from '../search-text.js'

/** Where a column goes: a field of the contact, `identifier.VAT`, or nowhere (`''`). */
export type ColumnTarget = Exclude<ContactField, 'parentId'> | `identifier.${string}` | ''
/** Target of each column, by its position. */
export type ColumnMapping = readonly ColumnTarget[]

export const importFields = contactFields.filter((field): field is Exclude<ContactField, 'parentId'> => field !== 'parentId')

/** Heads people give their columns, folded; the technical names of the fields count too. */
const names: Readonly<Record<string, readonly string[]>> = {
  name: [
    'name',
    'company',
    'company name',
    'customer',
    'الاسم',
    'اسم العميل',
    'الشركة',
    'العميل',
    'име',
    'фирма',
    'клиент',
    'наименование',
  ],
  nameAr: ['name ar', 'arabic name', 'name arabic', 'الاسم بالعربية', 'الاسم العربي', 'име на арабски'],
  kind: ['kind', 'type', 'النوع', 'вид', 'тип'],
  email: ['email', 'e-mail', 'mail', 'البريد الإلكتروني', 'البريد', 'имейл', 'ел. поща'],
  phone: ['phone', 'telephone', 'tel', 'الهاتف', 'رقم الهاتف', 'телефон'],
  mobile: ['mobile', 'cell', 'الجوال', 'الموبايل', 'المحمول', 'мобилен', 'мобилен телефон'],
  website: ['website', 'web', 'url', 'الموقع الإلكتروني', 'الموقع', 'уебсайт', 'сайт'],
  street: ['street', 'address', 'address 1', 'الشارع', 'العنوان', 'улица', 'адрес'],
  additionalStreet: ['street 2', 'street2', 'address 2', 'الشارع 2', 'улица 2'],
  building: ['building', 'building number', 'رقم المبنى', 'المبنى', 'сграда', 'номер'],
  additionalNumber: ['additional number', 'الرقم الإضافي'],
  district: ['district', 'الحي', 'район', 'квартал'],
  city: ['city', 'town', 'المدينة', 'град'],
  region: ['region', 'state', 'province', 'المنطقة', 'المحافظة', 'област'],
  postalCode: ['zip', 'postal code', 'postcode', 'zip code', 'الرمز البريدي', 'пощенски код'],
  country: ['country', 'الدولة', 'البلد', 'държава', 'страна'],
  locale: ['language', 'lang', 'locale', 'اللغة', 'език'],
  reference: ['reference', 'ref', 'internal reference', 'code', 'المرجع', 'الرمز', 'رمز العميل', 'код', 'референция'],
  notes: ['notes', 'note', 'comment', 'ملاحظات', 'бележки'],
  role: ['role', 'address type', 'نوع العنوان', 'вид адрес'],
  'identifier.VAT': [
    'vat',
    'tax id',
    'vat number',
    'tax number',
    'vat no',
    'الرقم الضريبي',
    'رقم ضريبة القيمة المضافة',
    'ддс',
    'ддс номер',
    'ддс №',
  ],
  'identifier.CRN': ['crn', 'cr', 'company registry', 'registration number', 'السجل التجاري', 'رقم السجل التجاري'],
  'identifier.EIK': ['eik', 'еик', 'булстат'],
  'identifier.TIN': ['tin', 'الرقم المميز', 'رقم التسجيل الضريبي'],
  'identifier.NAT': ['national id', 'الهوية الوطنية', 'رقم الهوية', 'егн'],
}

const byHead = new Map<string, ColumnTarget>()
for (const [target, heads] of Object.entries(names)) {
  // The keys above are targets.
  for (const head of [target, ...heads]) byHead.set(fold(head), target as ColumnTarget)
}

/** A mapping guessed from the heads; a head that is no name maps nowhere, a target is used once. */
export function guessMapping(heads: readonly string[], schemes: readonly string[]): ColumnTarget[] {
  const used = new Set<string>()
  return heads.map((head) => {
    const folded = fold(head)
      .replace(/[_*:]+/g, ' ')
      .trim()
    const scheme = schemes.find((code) => fold(code) === folded)
    const target = byHead.get(folded) ?? (scheme === undefined ? '' : (`identifier.${scheme}` as const))
    if (target === '' || used.has(target)) return ''
    used.add(target)
    return target
  })
}

/** A row as the contact it means, still to be checked: words of the three languages become codes. */
export function contactOfRow(row: readonly string[], mapping: ColumnMapping): Record<string, unknown> {
  const contact: Record<string, unknown> = {}
  const identifiers: { scheme: string; value: string }[] = []
  for (const [index, target] of mapping.entries()) {
    const value = row[index] ?? ''
    if (target === '' || value === '') continue
    if (target.startsWith('identifier.')) identifiers.push({ scheme: target.slice('identifier.'.length), value })
    else if (target === 'country') contact['country'] = countryOf(value)
    else if (target === 'kind') contact['kind'] = words.kind.get(fold(value)) ?? value
    else if (target === 'locale') contact['locale'] = words.locale.get(fold(value)) ?? value
    else if (target === 'role') contact['role'] = words.role.get(fold(value)) ?? value
    else contact[target] = value
  }
  if (contact['kind'] === undefined) contact['kind'] = 'company'
  // A list with Arabic names alone is a list of names.
  if (contact['name'] === undefined && contact['nameAr'] !== undefined) contact['name'] = contact['nameAr']
  return { ...contact, identifiers }
}

const words = {
  kind: folded({
    company: ['company', 'شركة', 'فرم', 'фирма', 'компания'],
    person: ['person', 'individual', 'شخص', 'فرد', 'лице', 'човек'],
  }),
  locale: folded({
    ar: ['ar', 'arabic', 'العربية', 'عربي', 'арабски'],
    en: ['en', 'english', 'الإنجليزية', 'английски'],
    bg: ['bg', 'bulgarian', 'البلغارية', 'български'],
  }),
  role: folded({
    contact: ['contact', 'جهة اتصال', 'контакт'],
    billing: ['billing', 'invoice', 'عنوان الفوترة', 'فوترة', 'фактуриране'],
    delivery: ['delivery', 'shipping', 'عنوان التوصيل', 'توصيل', 'доставка'],
    other: ['other', 'آخر', 'друг'],
  }),
}

function folded(choices: Readonly<Record<string, readonly string[]>>): Map<string, string> {
  return new Map(Object.entries(choices).flatMap(([value, texts]) => [value, ...texts].map((text) => [fold(text), value] as const)))
}

let countries: Map<string, string> | undefined

/** A country code from a code or a name in one of the three languages; what is not known is left, and refused later. */
function countryOf(value: string): string {
  const code = value.trim().toUpperCase()
  if (isCountry(code)) return code
  if (countries === undefined) {
    countries = new Map()
    const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ')
    for (const locale of ['bg', 'en', 'ar']) {
      const display = new Intl.DisplayNames([locale], { type: 'region', fallback: 'none' })
      for (const first of letters) {
        for (const second of letters) {
          const name = isCountry(first + second) ? display.of(first + second) : undefined
          if (name !== undefined) countries.set(fold(name), first + second)
        }
      }
    }
    for (const [name, known] of [
      ['السعودية', 'SA'],
      ['الامارات', 'AE'],
      ['uae', 'AE'],
      ['ksa', 'SA'],
      ['usa', 'US'],
      ['uk', 'GB'],
    ] as const)
      countries.set(fold(name), known)
  }
  return countries.get(fold(value)) ?? value
}
