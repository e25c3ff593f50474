import type { Company } from '../../../core/access/context.js'
import { locales, type Locale, type LocalizedText } from '../../../core/i18n/locale.js'
import { minorUnits } from '../../../core/money/currencies.js'
import { fixed, sum } from '../../../core/money/decimal-text.js'
import { formatDecimal } from '../../../core/money/format-amount.js'
import { identityDocuments } from '../data/identity-documents.js'
import { mergeFields, mergeNamesOf, suffixOf, type MergeType } from '../data/merge-fields.js'
import type { ContractType } from '../models/contract-type.js'
import type { Employee, JobInput, PayInput, PersonInput } from '../models/employee.js'
import type { EmploymentSettings } from '../models/settings.js'
import { daysBetween } from './law-checks.js'

/** Changes of an employee's record that a document agrees: `contractEnd`, `pay.basic`; null empties. */
export type RecordChanges = Readonly<Record<string, string | null>>

/** A value that the text names and nobody has told yet. */
export interface MissingValue {
  readonly name: string
  readonly label: LocalizedText
  readonly type: MergeType | 'country' | 'identity'
}

export interface ContractSources {
  readonly company: Company
  readonly settings: EmploymentSettings
  /** As they stand once the document holds. */
  readonly employee: Employee
  readonly pay: PayInput
  /** Company-local day of the document. */
  readonly today: string
  readonly effectiveFrom: string | null
  readonly changes: RecordChanges
  /** The record before the changes, for "from … to …". */
  readonly before: { readonly employee: Employee; readonly pay: PayInput }
  /** Told in the form: by merge name. */
  readonly told: Readonly<Record<string, string>>
}

/** What of the record answers to a merge name, so that a value asked for once is kept. */
export const recordOfMerge: Readonly<
  Record<string, { part: 'person' | 'job' | 'pay'; field: keyof PersonInput | keyof JobInput | keyof PayInput }>
> = {
  'employee.nameAr': { part: 'person', field: 'nameAr' },
  'employee.email': { part: 'person', field: 'email' },
  'employee.address': { part: 'person', field: 'street' },
  'employee.identityNumber': { part: 'job', field: 'identityNumber' },
  'employee.identityType': { part: 'job', field: 'identityType' },
  'employee.nationality': { part: 'job', field: 'nationality' },
  'job.titleAr': { part: 'job', field: 'jobTitleAr' },
  'job.titleEn': { part: 'job', field: 'jobTitleEn' },
  'job.titleBg': { part: 'job', field: 'jobTitleBg' },
  'job.department': { part: 'job', field: 'department' },
  'job.departmentEn': { part: 'job', field: 'departmentEn' },
  'job.site': { part: 'job', field: 'site' },
  'job.siteEn': { part: 'job', field: 'siteEn' },
  'job.hoursWeek': { part: 'job', field: 'hoursWeek' },
  'job.leaveDays': { part: 'job', field: 'leaveDays' },
  'job.noticeDays': { part: 'job', field: 'noticeDays' },
  'contract.start': { part: 'job', field: 'startDate' },
  'pay.basic': { part: 'pay', field: 'basic' },
  'pay.iban': { part: 'pay', field: 'iban' },
}

const labels = {
  'employee.identityType': { ar: 'نوع الهوية', en: 'Kind of identity document', bg: 'Вид документ за самоличност' },
  'employee.nationality': { ar: 'الجنسية', en: 'Nationality', bg: 'Гражданство' },
} as const satisfies Record<string, LocalizedText>

/** Values of all merge fields of a document, and those that are missing. */
export function contractValues(type: ContractType, from: ContractSources): { variables: Record<string, string>; missing: MissingValue[] } {
  const variables: Record<string, string> = {}
  const missing = new Map<string, MissingValue>()
  for (const name of mergeNamesOf(type)) {
    const definition = mergeFields[name]
    if (definition === undefined) throw new Error(`nothing fills {{${name}}}`)
    // What the host writes from the terms is never typed beside them.
    const value = (definition.computed === true ? undefined : from.told[name]) ?? valueOf(name, from)
    if (value !== undefined && value !== '') variables[name] = value
    else if (definition.builtIn === true && builtInIsThere(name, from.company)) continue
    // The terms of an amendment have their own places in the form, and faults of their own.
    else if (name.startsWith('amendment.changes') || name === 'amendment.effective') continue
    else {
      const asked = askedFor(name)
      missing.set(asked, {
        name: asked,
        label: asked in labels ? labels[asked as keyof typeof labels] : definition.label,
        type: asked === 'employee.nationality' ? 'country' : asked === 'employee.identityType' ? 'identity' : definition.type,
      })
    }
  }
  return { variables, missing: [...missing.values()] }
}

/** What is asked when a computed value cannot be written. */
function askedFor(name: string): string {
  if (name.startsWith('employee.identityType')) return 'employee.identityType'
  if (name.startsWith('employee.nationality')) return 'employee.nationality'
  if (name.startsWith('contract.term') || name.startsWith('contract.probation')) return 'contract.start'
  if (name === 'pay.total') return 'pay.basic'
  return name
}

function builtInIsThere(name: string, company: Company): boolean {
  if (name === 'company.name') return true
  if (name === 'company.registration')
    return company.identifiers.some(({ scheme }) => ['CRN', 'EIK', 'TIN', 'PACI', '700'].includes(scheme))
  const { street, building, district, city, postalCode } = company.address
  return [street, building, district, city, postalCode].some((part) => part !== undefined && part !== '')
}

function valueOf(name: string, from: ContractSources): string | undefined {
  const { settings, employee, pay } = from
  for (const locale of locales) {
    const suffix = suffixOf[locale]
    if (name.endsWith(suffix) && perLanguage[name.slice(0, -suffix.length)] !== undefined)
      return perLanguage[name.slice(0, -suffix.length)]?.(from, locale)
  }
  const text = (value: string | number | null | undefined): string | undefined =>
    value === null || value === undefined ? undefined : String(value)
  switch (name) {
    case 'company.representative':
      return settings.representativeName
    case 'company.representativeAr':
      return settings.representativeNameAr === '' ? settings.representativeName : settings.representativeNameAr
    case 'employee.name':
      return employee.name
    case 'employee.nameAr':
      return text(employee.nameAr)
    case 'employee.email':
      return text(employee.email)
    case 'employee.address':
      return [employee.street, employee.city]
        .filter((part) => part !== null && part !== '')
        .join(/\p{Script=Arabic}/u.test(employee.street ?? employee.city ?? '') ? '، ' : ', ')
    case 'employee.identityNumber':
      return text(employee.identityNumber)
    case 'job.department':
      return text(employee.department)
    case 'job.departmentEn':
      return inEnglish(employee.department, employee.departmentEn)
    case 'job.site':
      return text(employee.site)
    case 'job.siteEn':
      return inEnglish(employee.site, employee.siteEn)
    case 'job.hoursWeek':
      return text(employee.hoursWeek)
    case 'job.leaveDays':
      return text(employee.leaveDays)
    case 'job.noticeDays':
      return text(employee.noticeDays)
    case 'contract.date':
      return from.today
    case 'contract.start':
      return text(employee.startDate)
    case 'amendment.effective':
      return text(from.effectiveFrom)
    case 'amendment.baseDate':
      return text(from.before.employee.startDate)
    case 'pay.iban':
      return text(pay.iban)
    case 'pay.basic':
      return pay.basic === null ? undefined : money(pay.basic, pay)
    case 'pay.housing':
    case 'pay.transport':
    case 'pay.other':
      return money(pay[name === 'pay.housing' ? 'housing' : name === 'pay.transport' ? 'transport' : 'other'] ?? '0', pay)
    case 'pay.total':
      return pay.basic === null ? undefined : totalOf(pay)
    default:
      return undefined
  }
}

/** A name that stands in Latin letters is good for the English column as it is; an Arabic or Cyrillic one is asked for. */
export function inEnglish(name: string | null, english: string | null): string | undefined {
  if (english !== null && english !== '') return english
  return name === null || name === '' || /[\p{Script=Arabic}\p{Script=Cyrillic}]/u.test(name) ? undefined : name
}

/** Basic wage and allowances together. */
export function totalOf(pay: PayInput): string {
  return money(sum([pay.basic ?? '0', pay.housing ?? '0', pay.transport ?? '0', pay.other ?? '0']), pay)
}

function money(amount: string, pay: PayInput): string {
  return fixed(amount, minorUnits(pay.currency))
}

/** `22 November 2026`, as the merge fields of dates stand in the text. */
function dayText(day: string, locale: Locale): string {
  const tag = { ar: 'ar-EG-u-nu-latn', en: 'en-GB', bg: 'bg-BG' }[locale]
  return new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`))
}

const perLanguage: Readonly<Record<string, (from: ContractSources, locale: Locale) => string | undefined>> = {
  'company.representativeTitle': ({ settings }, locale) => settings[`representativeTitle${suffixOf[locale]}`],
  'employee.identityType': ({ employee }, locale) => identityDocuments.find(({ type }) => type === employee.identityType)?.title[locale],
  'employee.nationality': ({ employee }, locale) => (employee.nationality === null ? undefined : countryName(employee.nationality, locale)),
  'job.title': ({ employee }, locale) => employee[`jobTitle${suffixOf[locale]}`] ?? undefined,
  'contract.term': ({ employee }, locale) => oneStop(termSentence(employee, locale)),
  'contract.probation': ({ employee }, locale) => oneStop(probationSentence(employee, locale)),
  'amendment.changes': (from, locale) => changesSentence(from, locale),
}

export function countryName(code: string, locale: Locale): string {
  return new Intl.DisplayNames([locale], { type: 'region' }).of(code) ?? code
}

/** A Bulgarian date ends with the full stop of „г.“; it is the one of the sentence too. */
function oneStop(sentence: string | undefined): string | undefined {
  return sentence?.replace(/\.{2,}/g, '.')
}

function termSentence({ startDate, contractKind, contractEnd }: Employee, locale: Locale): string | undefined {
  if (startDate === null) return undefined
  const start = dayText(startDate, locale)
  if (contractKind === 'indefinite') {
    return {
      ar: `هذا العقد غير محدد المدة، ويبدأ العمل به في ${start}.`,
      en: `This contract is of indefinite term and begins on ${start}.`,
      bg: `Договорът е за неопределено време и действа от ${start}.`,
    }[locale]
  }
  if (contractEnd === null) return undefined
  const end = dayText(contractEnd, locale)
  return {
    ar: `هذا العقد محدد المدة، يبدأ في ${start} وينتهي في ${end}.`,
    en: `This contract is for a fixed term; it begins on ${start} and ends on ${end}.`,
    bg: `Договорът е срочен; действа от ${start} до ${end}.`,
  }[locale]
}

function probationSentence({ startDate, probationEnd }: Employee, locale: Locale): string | undefined {
  if (probationEnd === null) {
    return {
      ar: 'لا يخضع الموظف لفترة تجربة.',
      en: 'The Employee is not subject to a probation period.',
      bg: 'Не се уговаря срок за изпитване.',
    }[locale]
  }
  if (startDate === null) return undefined
  const days = String(daysBetween(startDate, probationEnd))
  const end = dayText(probationEnd, locale)
  return {
    ar: `يخضع الموظف لفترة تجربة عدد أيامها (${days}) تبدأ من تاريخ المباشرة وتنتهي في ${end}.`,
    en: `The Employee is subject to a probation period of ${days} days from the first day of work, ending on ${end}.`,
    bg: `Уговаря се срок за изпитване от ${days} дни от постъпването на работа, който изтича на ${end}.`,
  }[locale]
}

/** Things an amendment may change, with their names in the text. */
export const amendable = {
  jobTitleAr: { ar: 'المسمى الوظيفي', en: 'job title', bg: 'длъжност' },
  jobTitleEn: { ar: 'المسمى الوظيفي', en: 'job title', bg: 'длъжност' },
  jobTitleBg: { ar: 'المسمى الوظيفي', en: 'job title', bg: 'длъжност' },
  department: { ar: 'الإدارة', en: 'department', bg: 'отдел' },
  departmentEn: { ar: 'الإدارة', en: 'department', bg: 'отдел' },
  site: { ar: 'مكان العمل', en: 'place of work', bg: 'място на работа' },
  siteEn: { ar: 'مكان العمل', en: 'place of work', bg: 'място на работа' },
  hoursWeek: { ar: 'ساعات العمل في الأسبوع', en: 'hours a week', bg: 'часове седмично' },
  leaveDays: { ar: 'أيام الإجازة السنوية', en: 'days of annual leave', bg: 'дни годишен отпуск' },
  contractKind: { ar: 'نوع العقد', en: 'kind of contract', bg: 'вид на договора' },
  contractEnd: { ar: 'نهاية العقد', en: 'end of the contract', bg: 'край на договора' },
  'pay.basic': { ar: 'الأجر الأساسي', en: 'basic wage', bg: 'основно възнаграждение' },
  'pay.housing': { ar: 'بدل السكن', en: 'housing allowance', bg: 'плащане за жилище' },
  'pay.transport': { ar: 'بدل النقل', en: 'transport allowance', bg: 'плащане за транспорт' },
  'pay.other': { ar: 'البدلات الأخرى', en: 'other allowances', bg: 'други плащания' },
} as const satisfies Record<string, LocalizedText>
export type Amendable = keyof typeof amendable
export function isAmendable(name: string): name is Amendable {
  return name in amendable
}

const kindNames = {
  fixed: { ar: 'محدد المدة', en: 'fixed term', bg: 'срочен' },
  indefinite: { ar: 'غير محدد المدة', en: 'indefinite term', bg: 'за неопределено време' },
} as const

function changesSentence(from: ContractSources, locale: Locale): string | undefined {
  const parts: string[] = []
  for (const [name, value] of Object.entries(from.changes)) {
    if (!isAmendable(name)) continue
    if (!standsIn(name, locale, from.changes)) continue
    const old = shownValue(name, oldValue(name, from), from, locale)
    const now = shownValue(name, value, from, locale)
    const what = amendable[name][locale]
    parts.push(
      {
        ar: old === '—' ? `${what}: ${now}` : `${what}: من ${old} إلى ${now}`,
        en: old === '—' ? `${what}: ${now}` : `${what}: from ${old} to ${now}`,
        bg: old === '—' ? `${what}: ${now}` : `${what}: от ${old} на ${now}`,
      }[locale],
    )
  }
  return parts.length === 0 ? undefined : parts.join(locale === 'ar' ? '؛ ' : '; ')
}

/** A title, a department, a place belongs to the column of its own language. */
function standsIn(name: Amendable, locale: Locale, changes: RecordChanges): boolean {
  if (name.startsWith('jobTitle')) return name.endsWith(suffixOf[locale])
  if (name === 'departmentEn' || name === 'siteEn') return locale === 'en'
  // Without an English name of its own it is written in Latin letters: `untranslated` asks for one otherwise.
  if (name === 'department' || name === 'site') return locale !== 'en' || !(`${name}En` in changes)
  return true
}

/** Names that an amendment changes in one column of the text and not in the other: what is to be told beside them. */
export function untranslated(changes: RecordChanges, record: Employee): Amendable[] {
  const native = record.country === 'BG' ? 'jobTitleBg' : 'jobTitleAr'
  const pairs: readonly (readonly [Amendable, Amendable])[] = [
    [native, 'jobTitleEn'],
    ['department', 'departmentEn'],
    ['site', 'siteEn'],
  ]
  return pairs.flatMap(([name, english]) => {
    if (english in changes) return name in changes ? [] : [name]
    if (!(name in changes)) return []
    const known = name === native || record[english as 'siteEn'] !== null
    return known || inEnglish(changes[name] ?? null, null) === undefined ? [english] : []
  })
}

function oldValue(name: Amendable, { before }: ContractSources): string | null {
  if (name.startsWith('pay.')) return before.pay[name.slice(4) as 'basic' | 'housing' | 'transport' | 'other']
  const value = before.employee[name as keyof Employee]
  return value === null ? null : String(value)
}

function shownValue(name: Amendable, value: string | null, { pay }: ContractSources, locale: Locale): string {
  if (value === null || value === '') return '—'
  if (name.startsWith('pay.')) {
    // As the merge fields of money stand in the text beside it.
    const amount = formatDecimal(value, minorUnits(pay.currency), locale)
    if (locale === 'en') return `${pay.currency} ${amount}`
    return `${amount} ${locale === 'ar' ? (new Intl.DisplayNames(['ar'], { type: 'currency' }).of(pay.currency) ?? pay.currency) : pay.currency}`
  }
  if (name === 'contractEnd') return dayText(value, locale)
  if (name === 'contractKind') return value === 'fixed' || value === 'indefinite' ? kindNames[value][locale] : value
  return value
}
