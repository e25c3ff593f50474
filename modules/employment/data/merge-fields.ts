import type { Locale, LocalizedText } from '../../../core/i18n/locale.js'
import type { ContractType } from '../models/contract-type.js'

export type MergeType = 'text' | 'number' | 'money' | 'date'

export interface MergeDefinition {
  readonly label: LocalizedText
  readonly type: MergeType
  /** Written by the host from other values; nobody is asked for it. */
  readonly computed?: true
  /** Signatures fill it in each language from the company; told only where the company has not told it. */
  readonly builtIn?: true
}

const text = (ar: string, en: string, bg: string): MergeDefinition => ({ label: { ar, en, bg }, type: 'text' })
const of = (type: MergeType, ar: string, en: string, bg: string): MergeDefinition => ({ label: { ar, en, bg }, type })
const languages = { Ar: ['بالعربية', 'in Arabic', 'на арабски'], En: ['بالإنجليزية', 'in English', 'на английски'], Bg: ['بالبلغارية', 'in Bulgarian', 'на български'] } as const

/** One merge field in each language: `job.titleAr`, `job.titleEn`, `job.titleBg`. */
function perLanguage(name: string, ar: string, en: string, bg: string, computed = false): Record<string, MergeDefinition> {
  return Object.fromEntries(
    Object.entries(languages).map(([suffix, [inAr, inEn, inBg]]) => [
      `${name}${suffix}`,
      { label: { ar: `${ar} ${inAr}`, en: `${en} ${inEn}`, bg: `${bg} ${inBg}` }, type: 'text', ...(computed ? { computed: true } : {}) },
    ]),
  )
}

/** Everything that the texts of data/ may name. */
export const mergeFields: Readonly<Record<string, MergeDefinition>> = {
  'company.name': { ...text('اسم المنشأة', 'Company name', 'Име на фирмата'), builtIn: true },
  'company.registration': { ...text('رقم السجل', 'Registration number', 'Регистрационен номер'), builtIn: true },
  'company.address': { ...text('عنوان المنشأة', 'Company address', 'Адрес на фирмата'), builtIn: true },
  'company.representative': text('من يوقع عن المنشأة', 'Who signs for the company', 'Представляващ фирмата'),
  'company.representativeAr': text('من يوقع عن المنشأة (بالعربية)', 'Who signs for the company, in Arabic', 'Представляващ на арабски'),
  ...perLanguage('company.representativeTitle', 'صفة من يوقع', 'Title of who signs', 'Длъжност на представляващия'),
  'employee.name': text('اسم الموظف', "Employee's name", 'Име на служителя'),
  'employee.nameAr': text('اسم الموظف بالعربية', "Employee's name in Arabic", 'Име на служителя на арабски'),
  'employee.identityNumber': text('رقم الهوية', 'Identity number', 'Номер на документа за самоличност'),
  ...perLanguage('employee.identityType', 'نوع الهوية', 'Kind of identity document', 'Вид документ', true),
  ...perLanguage('employee.nationality', 'الجنسية', 'Nationality', 'Гражданство', true),
  'employee.address': text('عنوان الموظف', "Employee's address", 'Адрес на служителя'),
  'employee.email': text('بريد الموظف', "Employee's e-mail", 'Имейл на служителя'),
  ...perLanguage('job.title', 'المسمى الوظيفي', 'Job title', 'Длъжност'),
  'job.department': text('الإدارة', 'Department', 'Отдел'),
  'job.departmentEn': text('الإدارة بالإنجليزية', 'Department in English', 'Отдел на английски'),
  'job.site': text('موقع العمل', 'Place of work', 'Място на работа'),
  'job.siteEn': text('موقع العمل بالإنجليزية', 'Place of work in English', 'Място на работа на английски'),
  'job.hoursWeek': of('number', 'ساعات العمل في الأسبوع', 'Hours a week', 'Часове седмично'),
  'job.leaveDays': of('number', 'أيام الإجازة السنوية', 'Days of annual leave', 'Дни годишен отпуск'),
  'job.noticeDays': of('number', 'أيام الإشعار', 'Days of notice', 'Дни предизвестие'),
  'contract.date': of('date', 'تاريخ المستند', 'Date of the document', 'Дата на документа'),
  'contract.start': of('date', 'تاريخ المباشرة', 'First day of work', 'Първи работен ден'),
  ...perLanguage('contract.term', 'مدة العقد', 'Term of the contract', 'Срок на договора', true),
  ...perLanguage('contract.probation', 'فترة التجربة', 'Probation', 'Изпитателен срок', true),
  'pay.basic': of('money', 'الأجر الأساسي', 'Basic wage', 'Основно възнаграждение'),
  'pay.housing': of('money', 'بدل السكن', 'Housing allowance', 'Плащане за жилище'),
  'pay.transport': of('money', 'بدل النقل', 'Transport allowance', 'Плащане за транспорт'),
  'pay.other': of('money', 'بدلات أخرى', 'Other allowances', 'Други плащания'),
  'pay.total': { ...of('money', 'إجمالي الأجر', 'Total wage', 'Общо възнаграждение'), computed: true },
  'pay.iban': text('رقم الحساب (IBAN)', 'Bank account (IBAN)', 'Банкова сметка (IBAN)'),
  'offer.validUntil': of('date', 'آخر يوم لقبول العرض', 'Last day of the offer', 'Последен ден на предложението'),
  'amendment.baseDate': of('date', 'تاريخ العقد المعدَّل', 'Date of the contract that changes', 'Дата на изменяния договор'),
  'amendment.effective': of('date', 'تاريخ سريان التعديل', 'Day the changes apply from', 'Действие на изменението от'),
  ...perLanguage('amendment.changes', 'التعديلات', 'Changes', 'Изменения', true),
  ...perLanguage('amendment.reason', 'سبب التعديل', 'Reason of the change', 'Причина за изменението'),
}

/** Ending of the names of one language. */
export const suffixOf: Readonly<Record<Locale, 'Ar' | 'En' | 'Bg'>> = { ar: 'Ar', en: 'En', bg: 'Bg' }

/** Names a text uses, each once, in the order they come. */
export function mergeNamesOf(type: Pick<ContractType, 'preamble' | 'clauses'>): string[] {
  const texts = [...Object.values(type.preamble), ...type.clauses.flatMap(({ body }) => Object.values(body))]
  return [...new Set(texts.flatMap((one) => Array.from(one.matchAll(/\{\{([\w.]+)\}\}/g), ([, name]) => name ?? '')))]
}
