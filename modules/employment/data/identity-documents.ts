import type { LocalizedText } from '../../../core/i18n/locale.js'
import type { EmploymentCountry } from '../models/employee.js'

/** Papers that prove who an employee is, with the day from which the form of their number holds. */
export interface IdentityDocument {
  readonly type: string
  /** Null: of any country. */
  readonly country: EmploymentCountry | null
  readonly title: LocalizedText
  readonly from: string
  readonly to: string | null
  /** How the number is checked; `services/identity-numbers.ts`. */
  readonly form: 'sa-10' | 'eg-14' | 'kw-12' | 'bg-egn' | 'bg-lnch' | 'passport'
  /** First digit, where it tells kinds apart. */
  readonly first?: string
  readonly expires: boolean
}

export const identityDocuments: readonly IdentityDocument[] = [
  {
    type: 'sa-national',
    country: 'SA',
    title: { ar: 'الهوية الوطنية السعودية', en: 'Saudi national ID', bg: 'Саудитска лична карта' },
    from: '1990-01-01',
    to: null,
    form: 'sa-10',
    first: '1',
    expires: true,
  },
  {
    type: 'sa-iqama',
    country: 'SA',
    title: { ar: 'هوية مقيم (إقامة)', en: 'Resident ID (iqama)', bg: 'Саудитско разрешение за пребиваване (икама)' },
    from: '1990-01-01',
    to: null,
    form: 'sa-10',
    first: '2',
    expires: true,
  },
  {
    type: 'eg-national',
    country: 'EG',
    title: { ar: 'بطاقة الرقم القومي', en: 'Egyptian national ID', bg: 'Египетска лична карта' },
    from: '1995-01-01',
    to: null,
    form: 'eg-14',
    expires: true,
  },
  {
    type: 'kw-civil',
    country: 'KW',
    title: { ar: 'البطاقة المدنية الكويتية', en: 'Kuwaiti civil ID', bg: 'Кувейтска гражданска карта' },
    from: '1982-01-01',
    to: null,
    form: 'kw-12',
    expires: true,
  },
  {
    type: 'bg-egn',
    country: 'BG',
    title: { ar: 'الرقم المدني البلغاري (EGN)', en: 'Bulgarian personal number (EGN)', bg: 'ЕГН' },
    from: '1977-01-01',
    to: null,
    form: 'bg-egn',
    expires: false,
  },
  {
    type: 'bg-lnch',
    country: 'BG',
    title: { ar: 'رقم الأجنبي في بلغاريا (LNCH)', en: 'Bulgarian number of a foreigner (LNCH)', bg: 'ЛНЧ' },
    from: '1998-01-01',
    to: null,
    form: 'bg-lnch',
    expires: false,
  },
  {
    type: 'passport',
    country: null,
    title: { ar: 'جواز سفر', en: 'Passport', bg: 'Паспорт' },
    from: '1900-01-01',
    to: null,
    form: 'passport',
    expires: true,
  },
]
