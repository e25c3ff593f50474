import type { Translator } from '../i18n/translator.js'
import { formatDate, formatDecimal, formatMoment, inDigits, type Presentation } from './format.js'
import type { FieldDefinition, RecordValues } from './view.js'

/** Labels of related records, found before drawing: model, then id. */
export type RelationLabels = ReadonlyMap<string, ReadonlyMap<string, string>>

/** For whom a page is drawn. */
export interface DrawCall {
  readonly shown: Presentation
  readonly texts: Pick<Translator, 'text'>
  readonly decimalsOf: (currency: string) => number
  readonly relations: RelationLabels
}

/** A value as a cell or a read-only field shows it. */
export interface ShownValue {
  readonly text: string
  readonly kind: 'text' | 'badge' | 'check' | 'tags' | 'link' | 'multiline'
  readonly color?: string
  readonly isolate: boolean
  readonly end: boolean
  readonly checked?: boolean
  readonly tags?: readonly string[]
  readonly href?: string
}

const isolatedTypes = new Set([
  'number',
  'decimal',
  'money',
  'percent',
  'date',
  'datetime',
  'time',
  'phone',
  'email',
  'url',
  'code',
  'tags',
])
const endTypes = new Set(['number', 'decimal', 'money', 'percent'])

/** Whether values stand at the end of a column, as numbers do. */
export function isEndAligned(field: FieldDefinition): boolean {
  return endTypes.has(field.type)
}

/** Whether values keep their own direction inside Arabic text: numbers, codes, addresses. */
export function isIsolated(field: FieldDefinition): boolean {
  return field.isolate ?? isolatedTypes.has(field.type)
}

/** Anything a record may hold, as plain text; objects that are no values show nothing. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'object' && value !== null && 'id' in value) return plainText(value.id)
  return ''
}

/** Id and, where the record carries it, the label of a relation: `{ id, label }`, or beside it `<name>Label` or `<name>_label`. */
export function relationOf(
  field: FieldDefinition,
  record: RecordValues,
  relations: RelationLabels,
): { readonly id: string; readonly label: string } {
  const value = record[field.name]
  const id = plainText(value)
  if (typeof value === 'object' && value !== null && 'label' in value) return { id, label: plainText(value.label) }
  const beside = plainText(record[`${field.name}Label`] ?? record[`${field.name}_label`])
  return { id, label: beside === '' ? (relations.get(field.relation?.model ?? '')?.get(id) ?? id) : beside }
}

/** As `showValue`, from the field's Arabic twin when the reader reads Arabic and it is filled. */
export function showForReader(field: FieldDefinition, record: RecordValues, call: DrawCall): ShownValue {
  const arabic = call.shown.locale === 'ar' && field.arabic !== undefined ? plainText(record[field.arabic]) : ''
  return showValue(arabic === '' ? field : { ...field, name: field.arabic ?? field.name }, record, call)
}

/** The value of a field as people read it, in their digits and language. */
export function showValue(field: FieldDefinition, record: RecordValues, call: DrawCall): ShownValue {
  const { shown, texts } = call
  const value = record[field.name]
  const text = plainText(value)
  const plain = (drawn: string): ShownValue => ({ text: drawn, kind: 'text', isolate: isIsolated(field), end: isEndAligned(field) })
  switch (field.type) {
    case 'checkbox':
      return { ...plain(texts.text(shown.locale, value === true ? 'core.yes' : 'core.no')), kind: 'check', checked: value === true }
    case 'money': {
      const currency = plainText(record[field.currencyField ?? 'currency'])
      return plain(formatDecimal(text, shown, currency === '' ? 2 : call.decimalsOf(currency)))
    }
    case 'number':
    case 'decimal':
      return plain(formatDecimal(text, shown))
    case 'percent':
      return plain(text === '' ? '' : `${formatDecimal(text, shown)}\u00a0%`)
    case 'date':
      return plain(value instanceof Date ? formatDate(value, shown) : formatDate(text, shown))
    case 'datetime':
      return plain(text === '' ? '' : formatMoment(value instanceof Date ? value : text, shown))
    case 'time':
      return plain(inDigits(text, shown))
    case 'select':
    case 'badge': {
      const option = field.options?.find((one) => one.value === text)
      const label = option === undefined ? text : optionText(option, call)
      if (field.type === 'badge' || option?.color !== undefined)
        return { ...plain(label), kind: label === '' ? 'text' : 'badge', color: option?.color ?? 'grey' }
      return plain(label)
    }
    case 'tags':
      return {
        ...plain(''),
        kind: 'tags',
        tags: (Array.isArray(value) ? value.map(plainText) : text === '' ? [] : text.split(',').map((tag) => tag.trim())).map((tag) => {
          const option = field.options?.find((one) => one.value === tag)
          return option === undefined ? tag : optionText(option, call)
        }),
      }
    case 'relation': {
      const { id, label } = relationOf(field, record, call.relations)
      const href =
        field.relation === undefined || id === '' ? undefined : `/app/${field.relation.model.replace('.', '/')}/${encodeURIComponent(id)}`
      return { ...plain(label), ...(href === undefined ? {} : { kind: 'link' as const, href }) }
    }
    case 'email':
      return text === '' ? plain('') : { ...plain(text), kind: 'link', href: `mailto:${text}` }
    case 'phone':
      return text === '' ? plain('') : { ...plain(text), kind: 'link', href: `tel:${text.replace(/[^\d+]/g, '')}` }
    case 'url':
      return /^https?:\/\//i.test(text) ? { ...plain(text), kind: 'link', href: text } : plain(text)
    case 'multiline':
      return { ...plain(text), kind: 'multiline' }
    case 'country':
      return plain(text === '' ? '' : countryName(text, shown.locale))
    case 'password':
      return plain(text === '' ? '' : '••••••••')
    case 'text':
    case 'code':
    case 'lines':
    case 'file':
      return plain(text)
  }
}

/** A total in a form: an amount that cannot be computed is a dash, for nothing at all reads as a mistake and 0.00 as a sum. */
export function showTotal(
  total: { readonly field: string; readonly label: string; readonly text?: boolean },
  record: RecordValues,
  call: DrawCall,
): ShownValue {
  const shown = showValue({ name: total.field, label: total.label, type: total.text === true ? 'text' : 'money' }, record, call)
  return total.text === true || shown.text !== '' ? shown : { ...shown, text: '—' }
}

/** The label of a choice, in the user's language. */
export function optionText(option: NonNullable<FieldDefinition['options']>[number], call: Pick<DrawCall, 'texts' | 'shown'>): string {
  return option.text?.[call.shown.locale] ?? call.texts.text(call.shown.locale, option.label)
}

const names = new Map<string, Intl.DisplayNames>()

/** The name of an ISO 3166-1 alpha-2 code in a language; the text itself when it is no such code. */
export function countryName(code: string, locale: string): string {
  let display = names.get(locale)
  if (display === undefined) {
    display = new Intl.DisplayNames([locale], { type: 'region' })
    names.set(locale, display)
  }
  return /^[A-Z]{2}$/.test(code) ? (display.of(code) ?? code) : code
}
