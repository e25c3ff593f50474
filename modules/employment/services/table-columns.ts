import type { Locale } from '../../../core/i18n/locale.js'
import { decimalFromTyped, latinDigits } from '../../../core/views/format.js'
import { fold } from '../../contacts/index.js'
import { identityDocuments } from '../data/identity-documents.js'
import { jobFields, payFields, personFields, type JobInput, type PayInput, type PersonInput } from '../models/employee.js'

/** Where a column of a table of employees goes; `''` is nowhere. */
export type EmployeeTarget = keyof PersonInput | Exclude<keyof JobInput, 'managerId'> | keyof PayInput | 'effectiveFrom' | ''

export const employeeTargets: readonly Exclude<EmployeeTarget, ''>[] = [
  ...personFields,
  ...jobFields.filter((field) => field !== 'managerId'),
  ...payFields,
]

/** Heads that people give their columns; the technical names count too. */
const heads: Readonly<Partial<Record<Exclude<EmployeeTarget, ''>, readonly string[]>>> = {
  number: ['employee number', 'employee no', 'no', 'id', 'الرقم الوظيفي', 'رقم الموظف', 'служебен номер', 'номер'],
  name: ['employee', 'full name', 'employee name', 'الاسم', 'اسم الموظف', 'име', 'служител'],
  nameAr: ['name ar', 'arabic name', 'الاسم بالعربية', 'الاسم العربي'],
  email: ['e-mail', 'mail', 'البريد الإلكتروني', 'البريد', 'имейл'],
  mobile: ['phone', 'الجوال', 'الهاتف', 'المحمول', 'телефон', 'мобилен'],
  street: ['address', 'العنوان', 'адрес'],
  city: ['town', 'المدينة', 'град'],
  addressCountry: ['residence country', 'بلد الإقامة'],
  locale: ['language', 'اللغة', 'език'],
  jobTitleAr: ['job title ar', 'المسمى الوظيفي', 'الوظيفة'],
  jobTitleEn: ['job title', 'position', 'title', 'job title en'],
  jobTitleBg: ['длъжност', 'job title bg'],
  department: ['dept', 'الإدارة', 'القسم', 'отдел'],
  departmentEn: ['department en', 'الإدارة بالإنجليزية', 'отдел на английски'],
  siteEn: ['site en', 'place of work en', 'مكان العمل بالإنجليزية', 'място на работа на английски'],
  site: ['work site', 'place of work', 'مكان العمل', 'موقع العمل', 'място на работа'],
  country: ['work country', 'بلد العمل', 'الدولة', 'държава'],
  startDate: ['start', 'start date', 'hire date', 'joining date', 'تاريخ المباشرة', 'تاريخ التعيين', 'начална дата', 'постъпване'],
  probationEnd: ['probation end', 'نهاية التجربة', 'край на изпитателния срок'],
  contractKind: ['contract kind', 'contract type', 'نوع العقد', 'вид на договора'],
  contractEnd: ['contract end', 'end date', 'نهاية العقد', 'край на договора'],
  hoursWeek: ['hours', 'weekly hours', 'ساعات العمل', 'часове'],
  leaveDays: ['leave', 'annual leave', 'الإجازة السنوية', 'отпуск'],
  noticeDays: ['notice', 'notice period', 'مدة الإشعار', 'предизвестие'],
  nationality: ['الجنسية', 'гражданство'],
  birthDate: ['date of birth', 'birth date', 'تاريخ الميلاد', 'дата на раждане'],
  gender: ['sex', 'الجنس', 'пол'],
  identityType: ['id type', 'نوع الهوية', 'вид документ'],
  identityNumber: ['id number', 'national id', 'iqama', 'رقم الهوية', 'الرقم القومي', 'الرقم المدني', 'егн'],
  identityExpiry: ['id expiry', 'انتهاء الهوية', 'валидност'],
  basic: ['basic', 'basic salary', 'salary', 'الراتب الأساسي', 'الأجر الأساسي', 'основна заплата', 'заплата'],
  housing: ['housing allowance', 'بدل السكن'],
  transport: ['transport allowance', 'بدل النقل'],
  other: ['other allowances', 'بدلات أخرى', 'други'],
  currency: ['العملة', 'валута'],
  iban: ['bank account', 'رقم الآيبان', 'الآيبان', 'сметка'],
  effectiveFrom: ['effective from', 'effective', 'سريان', 'в сила от'],
}

const byHead = new Map<string, EmployeeTarget>()
for (const target of [...employeeTargets, 'effectiveFrom'] as const) {
  for (const head of [target, target.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`), ...(heads[target] ?? [])])
    byHead.set(fold(head), target)
}

/** A mapping guessed from the heads; each target once. */
export function targetsOf(names: readonly string[]): EmployeeTarget[] {
  const used = new Set<EmployeeTarget>()
  return names.map((name) => {
    const target = byHead.get(fold(name.replace(/[_*:]+/g, ' '))) ?? ''
    if (target === '' || used.has(target)) return ''
    used.add(target)
    return target
  })
}

const amounts = new Set<EmployeeTarget>(['basic', 'housing', 'transport', 'other', 'hoursWeek', 'leaveDays', 'noticeDays'])
const days = new Set<EmployeeTarget>(['startDate', 'probationEnd', 'contractEnd', 'birthDate', 'identityExpiry', 'effectiveFrom'])

const words: Readonly<Partial<Record<EmployeeTarget, ReadonlyMap<string, string>>>> = {
  contractKind: folded({
    fixed: ['fixed', 'fixed term', 'محدد المدة', 'срочен'],
    indefinite: ['indefinite', 'permanent', 'غير محدد المدة', 'безсрочен'],
  }),
  gender: folded({ male: ['male', 'm', 'ذكر', 'мъж'], female: ['female', 'f', 'أنثى', 'жена'] }),
  locale: folded({ ar: ['ar', 'arabic', 'العربية'], en: ['en', 'english', 'الإنجليزية'], bg: ['bg', 'bulgarian', 'български'] }),
  country: countries(),
  nationality: countries(),
  addressCountry: countries(),
  status: folded({ active: ['active', 'على رأس العمل', 'работи'], leaving: ['leaving'], left: ['left', 'منتهية خدمته', 'напуснал'] }),
  identityType: folded(Object.fromEntries(identityDocuments.map(({ type, title }) => [type, [type, title.ar, title.en, title.bg]]))),
}

function folded(choices: Readonly<Record<string, readonly string[]>>): Map<string, string> {
  return new Map(Object.entries(choices).flatMap(([value, texts]) => texts.map((text) => [fold(text), value] as const)))
}

function countries(): Map<string, string> {
  const found = new Map<string, string>()
  for (const locale of ['bg', 'en', 'ar']) {
    const names = new Intl.DisplayNames([locale], { type: 'region', fallback: 'none' })
    const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ')
    for (const one of letters) {
      for (const other of letters) {
        const name = names.of(one + other)
        if (name !== undefined) found.set(fold(name), one + other)
      }
    }
  }
  return found
}

/** A cell as the input takes it: words of the three languages as codes, digits Latin, days in ISO form where they are unmistakable. */
export function valueOfCell(target: EmployeeTarget, cell: string, locale: Locale): string {
  const value = cell.trim()
  if (amounts.has(target)) return decimalFromTyped(value, locale)
  if (days.has(target)) return dayOfCell(latinDigits(value))
  const word = words[target]?.get(fold(value))
  if (word !== undefined) return word
  return target === 'country' || target === 'nationality' || target === 'addressCountry' || target === 'currency'
    ? value.toUpperCase()
    : value
}

/** `31/12/2027`, `31.12.2027` and `31-12-2027` are day, month, year: the order of the four countries. */
function dayOfCell(value: string): string {
  const match = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/.exec(value)
  if (match === null) return value
  const [, day = '', month = '', year = ''] = match
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}
