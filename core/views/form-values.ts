import type { Locale } from '../i18n/locale.js'
import { decimalFromTyped, latinDigits } from './format.js'
import type { FieldDefinition, RecordValues } from './view.js'

/** A posted form as the parser of urlencoded or multipart bodies gives it: flat names, one or several values. */
export type PostedForm = Readonly<Record<string, unknown>>

/** Rows of an editable table keep their key (`lines.k3.price`), so that answers and errors find their inputs again. */
export const rowKey = '_key'
const mostRows = 1000

function posted(form: PostedForm, name: string): string | undefined {
  const value = form[name]
  if (typeof value === 'string') return value
  if (Array.isArray(value)) {
    const last: unknown = value.at(-1)
    return typeof last === 'string' ? last : undefined
  }
  return undefined
}

function all(form: PostedForm, name: string): string[] {
  const value = form[name]
  const list: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return list.filter((one): one is string => typeof one === 'string' && one !== '')
}

/** One field's value: numbers as decimal text, digits Latin, empty text as null. */
function readField(field: FieldDefinition, form: PostedForm, name: string, locale: Locale): unknown {
  if (field.type === 'lines') return readRows(field, form, name, locale)
  if (field.type === 'tags') {
    const given = all(form, name)
    return given.length === 1 && field.options === undefined
      ? (given[0] ?? '')
          .split(',')
          .map((tag) => tag.trim())
          .filter((tag) => tag !== '')
      : given
  }
  const text = posted(form, name)
  if (field.type === 'checkbox') return text === 'true' || text === 'on'
  if (text === undefined) return undefined
  const trimmed = field.type === 'password' ? text : text.replace(/\r\n/g, '\n').trim()
  if (trimmed === '') return null
  switch (field.type) {
    case 'number':
    case 'decimal':
    case 'money':
    case 'percent':
      return decimalFromTyped(trimmed, locale)
    case 'date':
    case 'datetime':
    case 'time':
    case 'phone':
    case 'email':
    case 'url':
    case 'code':
      return latinDigits(trimmed)
    default:
      return trimmed
  }
}

function readRows(field: FieldDefinition, form: PostedForm, name: string, locale: Locale): RecordValues[] {
  const keys = new Set<string>()
  const start = `${name}.`
  for (const posted of Object.keys(form)) {
    const match = posted.startsWith(start) ? /^([A-Z\d-]{1,40})\./i.exec(posted.slice(start.length)) : null
    if (match?.[1] !== undefined) keys.add(match[1])
  }
  const rows: RecordValues[] = []
  for (const key of [...keys].slice(0, mostRows)) {
    const row: Record<string, unknown> = {}
    let touched = false
    for (const column of field.columns ?? []) {
      const value = readField(column, form, `${name}.${key}.${column.name}`, locale)
      if (value === undefined) continue
      row[column.name] = value
      if (value !== null && value !== false && column.type !== 'select' && column.type !== 'checkbox') touched = true
    }
    const id = posted(form, `${name}.${key}.id`)
    if (id !== undefined && id !== '') row['id'] = id
    // A row nobody wrote in is the empty one at the end of the table, no error.
    if (touched) rows.push({ ...row, [rowKey]: key })
  }
  return rows
}

/** The editable values of a form; fields that were not posted (read-only, hidden by their module) are left out. */
export function readForm(fields: readonly FieldDefinition[], form: PostedForm, locale: Locale): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const field of fields) {
    // A check box that is off posts nothing: its form says that it was there.
    if (field.type === 'checkbox' && form[`${field.name}.there`] === undefined) continue
    const value = readField(field, form, field.name, locale)
    if (value !== undefined) values[field.name] = value
  }
  return values
}

/** Rows as the module knows them, without the keys of this page. */
export function withoutRowKeys(values: RecordValues): RecordValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.map(withoutKey) : value]))
}

function withoutKey(row: unknown): unknown {
  if (typeof row !== 'object' || row === null || !(rowKey in row)) return row
  const { [rowKey]: _key, ...rest } = row
  return rest
}

/** The input a fault's path points at: `lines[2].tax` is the tax of the third row, whatever its key. */
export function inputNameOf(path: string, values: RecordValues): string {
  const match = /^(\w+)\[(\d+)\](?:\.(.+))?$/.exec(path)
  // A field may be named by a path of its own: `country.export`.
  if (match === null) return path in values ? path : (path.split(/[.[]/)[0] ?? path)
  const [, name = '', index = '0', column] = match
  const rows: unknown = values[name]
  const row: unknown = Array.isArray(rows) ? rows[Number(index)] : undefined
  const key = typeof row === 'object' && row !== null && rowKey in row ? String(row[rowKey]) : `r${index}`
  if (column === undefined) return name
  const own = typeof row === 'object' && row !== null && column in row
  return `${name}.${key}.${own ? column : (column.split(/[.[]/)[0] ?? column)}`
}
