import { z } from 'zod'
import { locales } from '../../../core/i18n/locale.js'

const optionalText = (length: number) =>
  z
    .string()
    .trim()
    .max(length)
    .nullish()
    .transform((value) => (value === undefined || value === null || value === '' ? null : value))
const optionalDay = z.iso
  .date()
  .nullish()
  .transform((value) => value ?? null)
const optionalCount = (most: number) =>
  z.coerce
    .number()
    .int()
    .min(0)
    .max(most)
    .nullish()
    .transform((value) => value ?? null)
/** A decimal text: at most three digits after the point (KWD), never negative. */
const optionalAmount = z
  .string()
  .trim()
  .regex(/^\d{1,12}(?:\.\d{1,3})?$/)
  .nullish()
  .transform((value) => value ?? null)

export const contractKinds = ['fixed', 'indefinite'] as const
export const employeeStatuses = ['active', 'leaving', 'left'] as const
/** Countries whose contract templates and law rows the module brings. */
export const employmentCountries = ['SA', 'EG', 'KW', 'BG'] as const
export type EmploymentCountry = (typeof employmentCountries)[number]

/** The person: kept in the contact that the employee is. */
export const personInput = z
  .object({
    name: z.string().trim().min(1).max(1000),
    nameAr: optionalText(1000),
    email: optionalText(254),
    mobile: optionalText(40),
    street: optionalText(1000),
    city: optionalText(127),
    addressCountry: optionalText(2),
    locale: z
      .enum(locales)
      .nullish()
      .transform((value) => value ?? null),
  })
  .strict()
export type PersonInput = z.infer<typeof personInput>

export const jobInput = z
  .object({
    number: optionalText(40),
    jobTitleAr: optionalText(200),
    jobTitleEn: optionalText(200),
    jobTitleBg: optionalText(200),
    department: optionalText(200),
    departmentEn: optionalText(200),
    managerId: z
      .uuid()
      .nullish()
      .transform((value) => value ?? null),
    site: optionalText(300),
    siteEn: optionalText(300),
    country: z.enum(employmentCountries),
    startDate: optionalDay,
    probationEnd: optionalDay,
    contractKind: z.enum(contractKinds).default('indefinite'),
    contractEnd: optionalDay,
    hoursWeek: z
      .string()
      .trim()
      .regex(/^\d{1,3}(?:\.\d{1,2})?$/)
      .nullish()
      .transform((value) => value ?? null),
    leaveDays: optionalCount(366),
    noticeDays: optionalCount(366),
    nationality: optionalText(2),
    birthDate: optionalDay,
    gender: z
      .enum(['male', 'female'])
      .nullish()
      .transform((value) => value ?? null),
    identityType: optionalText(20),
    identityNumber: optionalText(40),
    identityExpiry: optionalDay,
    status: z.enum(employeeStatuses).default('active'),
    notes: optionalText(10_000),
  })
  .strict()
export type JobInput = z.infer<typeof jobInput>

export const payInput = z
  .object({
    basic: optionalAmount,
    housing: optionalAmount,
    transport: optionalAmount,
    other: optionalAmount,
    currency: z.string().regex(/^[A-Z]{3}$/),
    iban: optionalText(42),
  })
  .strict()
export type PayInput = z.infer<typeof payInput>

export interface Employee extends JobInput, PersonInput {
  readonly id: string
  readonly contactId: string
  readonly number: string
  readonly active: boolean
}

/** Columns of `employment_employee` by the name of their field. */
export const jobColumns = {
  number: 'number',
  jobTitleAr: 'job_title_ar',
  jobTitleEn: 'job_title_en',
  jobTitleBg: 'job_title_bg',
  department: 'department',
  departmentEn: 'department_en',
  managerId: 'manager_id',
  site: 'site',
  siteEn: 'site_en',
  country: 'country',
  startDate: 'start_date',
  probationEnd: 'probation_end',
  contractKind: 'contract_kind',
  contractEnd: 'contract_end',
  hoursWeek: 'hours_week',
  leaveDays: 'leave_days',
  noticeDays: 'notice_days',
  nationality: 'nationality',
  birthDate: 'birth_date',
  gender: 'gender',
  identityType: 'identity_type',
  identityNumber: 'identity_number',
  identityExpiry: 'identity_expiry',
  status: 'status',
  notes: 'notes',
} as const satisfies Record<keyof JobInput, string>
// The keys of a literal object are exactly its type's keys.
export const jobFields = Object.keys(jobColumns) as (keyof JobInput)[]
export const payFields = ['basic', 'housing', 'transport', 'other', 'currency', 'iban'] as const satisfies readonly (keyof PayInput)[]
export const personFields = [
  'name',
  'nameAr',
  'email',
  'mobile',
  'street',
  'city',
  'addressCountry',
  'locale',
] as const satisfies readonly (keyof PersonInput)[]
