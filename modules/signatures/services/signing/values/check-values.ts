import { Decimal } from 'decimal.js'
import type { FaultDetail, FaultParameters } from '../../../../../core/i18n/fault.js'
import { isIban } from '../../../../../core/identity/iban.js'
import {
  isoDay,
  readBulgarianNumber,
  readEgyptianNumber,
  readKuwaitiNumber,
  readSaudiNumber,
} from '../../../../../core/identity/identity-numbers.js'
import type { FieldCondition, FieldValue, FieldValues, TemplateField } from '../../../models/field.js'

/** Who gave the values, and what is known beside them. */
export interface ValuesOf {
  readonly role: string
  /** Given by the sender for this person's fields: what a readonly field keeps. */
  readonly values: FieldValues
  /** Given by the sender and by those before him, by field id: conditions may ask for them. */
  readonly others?: FieldValues
}

/** Fields that a signer is asked for by a drawing, and those he uploads a file into. */
const captureTypes: ReadonlySet<string> = new Set(['signature', 'initials'])

const arabicDigits = /[\u0660-\u0669\u06F0-\u06F9]/g

/** Arabic-Indic and Persian digits as Latin ones, the Arabic decimal and group signs as `.` and nothing. */
export function latinDigits(text: string): string {
  return text
    .replace(arabicDigits, (digit) => String(digit.charCodeAt(0) & 0xf))
    .replace(/\u066B/g, '.')
    .replace(/\u066C/g, '')
}

/**
 * A value as it is stored: text is trimmed and in NFC; numbers, days and what must be digits have Latin ones. What does not fit stays as it
 * was given, so that the fault names it.
 */
export function normalisedValue(field: Pick<TemplateField, 'type' | 'validation'>, value: FieldValue): FieldValue {
  if (typeof value !== 'string') return value
  const text = value.normalize('NFC').replace(/\r\n?/g, '\n').trim()
  const { pattern } = field.validation
  const isDigits = field.type === 'number' || field.type === 'date' || field.type === 'phone'
  if (!isDigits && (pattern === undefined || pattern === 'letters' || pattern === 'url')) return text
  return field.type === 'number' ? latinDigits(text).replace(/[ \u00a0]/g, '') : latinDigits(text)
}

/** True for what counts as not given. */
export function isEmpty(value: FieldValue | undefined): boolean {
  return value === undefined || value === '' || value === false
}

/**
 * Whether a field is shown: all its conditions hold. A field that is itself hidden counts as empty for those that ask for it.
 */
export function isShown(
  field: TemplateField,
  fields: readonly TemplateField[],
  values: FieldValues,
  seen: readonly string[] = [],
): boolean {
  if (seen.includes(field.id)) return false
  return field.conditions.every((condition) => {
    const asked = fields.find((one) => one.id === condition.field)
    if (asked === undefined) return false
    const shown = asked.conditions.length === 0 || isShown(asked, fields, values, [...seen, field.id])
    return holds(condition, shown ? values[asked.id] : undefined)
  })
}

function holds({ operator, value: wanted = '' }: FieldCondition, value: FieldValue | undefined): boolean {
  switch (operator) {
    case 'equals':
      return value === wanted
    case 'not_equals':
      return value !== wanted
    case 'filled':
      return !isEmpty(value)
    case 'empty':
      return isEmpty(value)
    case 'checked':
      return value === true
    case 'unchecked':
      return value !== true
    case 'greater':
    case 'less':
      return typeof value === 'string' && compared(value, wanted, operator)
  }
}

/** Numbers by their worth, days (and all else) by their text. */
function compared(value: string, wanted: string, operator: 'greater' | 'less'): boolean {
  const [one, other] = [numberOf(value), numberOf(wanted)]
  const order = one !== undefined && other !== undefined ? one.cmp(other) : value < wanted ? -1 : value > wanted ? 1 : 0
  return value !== '' && (operator === 'greater' ? order > 0 : order < 0)
}

function numberOf(text: string): Decimal | undefined {
  return /^-?\d{1,30}(?:\.\d{1,20})?$/.test(text) ? new Decimal(text) : undefined
}

/**
 * Checks what a signer gave against the fields of his role: nothing foreign, nothing hidden, nothing readonly changed, all that is
 * required, each value of its kind and within its limits. Pure: the signer's page runs the same on each field.
 *
 * @param fields of the whole request
 * @param values by field id, `normalisedValue`d
 * @returns faults with paths `values.<field id>`; empty when all is right. That a capture or file is this signer's own is checked where it is read
 */
export function checkValues(fields: readonly TemplateField[], values: FieldValues, signer: ValuesOf): FaultDetail[] {
  const own = fields.filter((field) => field.role === signer.role)
  const fixed = Object.fromEntries(own.filter((field) => field.readonly).flatMap((field) => fixedValue(field, signer)))
  const known: FieldValues = { ...signer.others, ...values, ...fixed }
  const faults = Object.keys(values)
    .filter((id) => !own.some((field) => field.id === id))
    .map((id): FaultDetail => ({ code: 'SIGNATURES-VALUE-UNKNOWN', path: `values.${id}`, params: { field: id.slice(0, 60) } }))
  for (const field of own)
    faults.push(...checkField(field, Object.hasOwn(values, field.id) ? values[field.id] : undefined, { fields, known, fixed }))
  return faults
}

function fixedValue(field: TemplateField, signer: ValuesOf): [string, FieldValue][] {
  const value = signer.values[field.id] ?? field.defaultValue
  return value === undefined ? [] : [[field.id, field.type === 'checkbox' && typeof value === 'string' ? value === 'true' : value]]
}

interface Surroundings {
  readonly fields: readonly TemplateField[]
  readonly known: FieldValues
  readonly fixed: FieldValues
}

function checkField(field: TemplateField, value: FieldValue | undefined, { fields, known, fixed }: Surroundings): FaultDetail[] {
  const path = `values.${field.id}`
  const name = field.label === '' ? field.id : field.label
  const fault = (code: string, params: FaultParameters = {}): FaultDetail => ({
    code: `SIGNATURES-VALUE-${code}`,
    path,
    params: { field: name, ...params },
  })
  if (field.readonly && !captureTypes.has(field.type)) {
    return value === undefined || value === fixed[field.id] || (isEmpty(value) && isEmpty(fixed[field.id])) ? [] : [fault('READONLY')]
  }
  if (!isShown(field, fields, known)) return isEmpty(value) ? [] : [fault('HIDDEN')]
  if (value === undefined || isEmpty(value)) {
    const isRightType = value === undefined || value === '' || field.type === 'checkbox'
    return !isRightType ? [fault('TYPE')] : field.required && field.type !== 'stamp' ? [fault('MISSING')] : []
  }
  const problem = problemOf(field, value)
  if (problem === undefined) return []
  const [code, params] = problem
  const said = field.validation.message
  // What the sender wrote for a wrong value is said instead; what he could not mean (a wrong kind) is not.
  return code === 'TYPE' || said === undefined || said === '' ? [fault(code, params)] : [fault('SAID', { message: said })]
}

type Problem = readonly [code: string, params?: FaultParameters]

function problemOf(field: TemplateField, value: FieldValue): Problem | undefined {
  if (captureTypes.has(field.type)) return typeof value === 'object' && 'capture' in value && isId(value.capture) ? undefined : ['TYPE']
  if (field.type === 'attachment')
    return typeof value === 'object' && 'attachment' in value && isId(value.attachment) ? undefined : ['TYPE']
  if (field.type === 'checkbox') return value === true ? undefined : ['TYPE']
  if (field.type === 'stamp' || typeof value !== 'string') return ['TYPE']
  switch (field.type) {
    case 'radio':
    case 'select':
      return field.options?.includes(value) === true ? undefined : ['OPTION']
    case 'number':
      return numberProblem(field, value)
    case 'date':
      return dateProblem(field, value)
    case 'email':
      return textProblem(field, value) ?? (/^[^\s@<>"]{1,64}@[^\s@<>"]{1,190}\.[^\s@<>".]{2,63}$/u.test(value) ? undefined : ['EMAIL'])
    case 'phone':
      return (
        textProblem(field, value) ??
        (/^\+?[\d ().\-/]{4,30}$/.test(value) && /\d{4}/.test(value.replace(/\D/g, '')) ? undefined : ['PHONE'])
      )
    default:
      return textProblem(field, value)
  }
}

const isId = (text: unknown): boolean => typeof text === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

/** Control characters, and marks that turn the order of what follows: a reader would see another text than is stored. */
const hidden = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069\uFFF9-\uFFFB\p{Cs}]/u

function textProblem(field: TemplateField, value: string): Problem | undefined {
  if (hidden.test(value) || (field.type !== 'multiline' && value.includes('\n'))) return ['CHARACTERS']
  const { minimumLength, maximumLength = 5000, pattern } = field.validation
  // Letters as people count them: an Arabic letter with its vowel sign is one.
  const { length } = Array.from(value)
  if (minimumLength !== undefined && length < minimumLength) return ['SHORT', { minimum: minimumLength, length }]
  if (length > maximumLength) return ['LONG', { maximum: maximumLength, length }]
  return pattern === undefined || fitsPattern(pattern, value) ? undefined : [`PATTERN-${pattern.toUpperCase()}`]
}

function numberProblem(field: TemplateField, value: string): Problem | undefined {
  const number = numberOf(value)
  if (number === undefined) return ['NUMBER']
  const { decimals, minimum, maximum, pattern } = field.validation
  if (decimals !== undefined && number.decimalPlaces() > decimals) return ['DECIMALS', { decimals }]
  const [low, high] = [minimum === undefined ? undefined : numberOf(minimum), maximum === undefined ? undefined : numberOf(maximum)]
  if (low !== undefined && number.lessThan(low)) return ['SMALL', { minimum: minimum ?? '' }]
  if (high !== undefined && number.greaterThan(high)) return ['LARGE', { maximum: maximum ?? '' }]
  return pattern === undefined || fitsPattern(pattern, value) ? undefined : [`PATTERN-${pattern.toUpperCase()}`]
}

function dateProblem(field: TemplateField, value: string): Problem | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value)
  if (parts === null || isoDay(Number(parts[1]), Number(parts[2]), Number(parts[3])) === undefined) return ['DATE']
  const { minimum, maximum } = field.validation
  if (minimum !== undefined && minimum !== '' && value < minimum) return ['EARLY', { minimum }]
  if (maximum !== undefined && maximum !== '' && value > maximum) return ['LATE', { maximum }]
  return undefined
}

type Pattern = NonNullable<TemplateField['validation']['pattern']>

/** Whether a text is one of a pattern; digits in it are Latin. */
export function fitsPattern(pattern: Pattern, value: string): boolean {
  switch (pattern) {
    case 'digits':
      return /^\d+$/.test(value)
    case 'letters':
      return /^[\p{L}\p{M}][\p{L}\p{M} '’.-]*$/u.test(value)
    case 'iban':
      return isIban(value)
    case 'national-id-sa':
      return readSaudiNumber(value) !== undefined
    case 'national-id-eg':
      return readEgyptianNumber(value) !== undefined
    case 'egn-bg':
      return readBulgarianNumber(value) !== undefined
    case 'civil-id-kw':
      return readKuwaitiNumber(value) !== undefined
    case 'url':
      return isAddress(value)
  }
}

function isAddress(value: string): boolean {
  if (/\s/.test(value) || !URL.canParse(value)) return false
  const { protocol, hostname } = new URL(value)
  return (protocol === 'https:' || protocol === 'http:') && hostname.includes('.')
}
