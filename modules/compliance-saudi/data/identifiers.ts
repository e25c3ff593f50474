import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { IdentifierScheme } from '../../contacts/index.js'

/** BR-KSA-40, -44: 15 digits, first and last 3. */
export function isVatNumber(value: string): boolean {
  return /^3\d{13}3$/.test(value)
}

interface Shape {
  readonly scheme: string
  readonly pattern: RegExp
  readonly appliesTo: IdentifierScheme['appliesTo']
  readonly title: IdentifierScheme['title']
  /** How a right value looks, for the fault's text. */
  readonly example: string
}

/** Schemes of BR-KSA-08 and BR-KSA-14; patterns of BR-KSA-F-07 to F-11 and, where the authority gives none, letters and digits. */
const shapes: readonly Shape[] = [
  {
    scheme: 'VAT',
    pattern: /^3\d{13}3$/,
    appliesTo: 'both',
    title: { ar: 'رقم التسجيل الضريبي', en: 'VAT registration number', bg: 'Номер по ДДС' },
    example: '300000000000003',
  },
  {
    scheme: 'TIN',
    pattern: /^3\d{9}$/,
    appliesTo: 'both',
    title: { ar: 'الرقم المميز', en: 'Tax identification number', bg: 'Данъчен номер' },
    example: '3000000000',
  },
  {
    scheme: 'CRN',
    pattern: /^\d{10}$/,
    appliesTo: 'company',
    title: { ar: 'رقم السجل التجاري', en: 'Commercial registration', bg: 'Търговска регистрация' },
    example: '1010010000',
  },
  {
    scheme: '700',
    pattern: /^7\d{9}$/,
    appliesTo: 'company',
    title: { ar: 'الرقم الموحد (٧٠٠)', en: 'Unified number (700)', bg: 'Единен номер (700)' },
    example: '7000000000',
  },
  {
    scheme: 'MOM',
    pattern: /^[A-Z0-9]+$/i,
    appliesTo: 'company',
    title: { ar: 'رخصة البلدية', en: 'Municipal licence', bg: 'Общински лиценз' },
    example: '1234567890',
  },
  {
    scheme: 'MLS',
    pattern: /^[A-Z0-9]+$/i,
    appliesTo: 'company',
    title: { ar: 'رخصة وزارة الموارد البشرية', en: 'Labour ministry licence', bg: 'Лиценз на министерството на труда' },
    example: '1234567890',
  },
  {
    scheme: 'SAG',
    pattern: /^[A-Z0-9]+$/i,
    appliesTo: 'company',
    title: { ar: 'رخصة وزارة الاستثمار', en: 'Investment ministry licence', bg: 'Лиценз на министерството на инвестициите' },
    example: '1234567890',
  },
  {
    scheme: 'NAT',
    pattern: /^1\d{9}$/,
    appliesTo: 'person',
    title: { ar: 'الهوية الوطنية', en: 'National ID', bg: 'Национална идентичност' },
    example: '1000000000',
  },
  {
    scheme: 'IQA',
    pattern: /^2\d{9}$/,
    appliesTo: 'person',
    title: { ar: 'رقم الإقامة', en: 'Iqama number', bg: 'Номер на разрешение за пребиваване' },
    example: '2000000000',
  },
  {
    scheme: 'GCC',
    pattern: /^[A-Z0-9]+$/i,
    appliesTo: 'both',
    title: { ar: 'هوية دول الخليج', en: 'GCC ID', bg: 'Идентификатор на държава от ССЗ' },
    example: '784198012345678',
  },
  {
    scheme: 'PAS',
    pattern: /^[A-Z0-9]+$/i,
    appliesTo: 'person',
    title: { ar: 'رقم جواز السفر', en: 'Passport number', bg: 'Номер на паспорт' },
    example: 'A1234567',
  },
  {
    scheme: 'OTH',
    pattern: /^[A-Z0-9]+$/i,
    appliesTo: 'both',
    title: { ar: 'معرّف آخر', en: 'Other identifier', bg: 'Друг идентификатор' },
    example: '12345',
  },
]

const byScheme = new Map(shapes.map((shape) => [shape.scheme, shape]))

/** Faults of one identifier; unknown schemes are not this country's business. */
export function identifierFaults(scheme: string, value: string): FaultDetail[] {
  const shape = byScheme.get(scheme)
  if (shape === undefined || shape.pattern.test(value)) return []
  return [{ code: 'SA-IDENTIFIER-01', params: { scheme, value, example: shape.example } }]
}

export const identifierSchemes: readonly IdentifierScheme[] = shapes.map((shape) => ({
  scheme: shape.scheme,
  country: 'SA',
  title: shape.title,
  appliesTo: shape.appliesTo,
  validate: (value) => identifierFaults(shape.scheme, value),
}))
