import { Fault } from '../../../core/i18n/fault.js'
import type { LiteralValue } from './literal-value.js'

/** What a document is written from: decimals are `{ decimal }`, texts are texts; members that are undefined are left out. */
export type Writable = string | { readonly decimal: string } | readonly Writable[] | { readonly [name: string]: Writable | undefined }

const plainDecimal = /^-?(?:0|[1-9]\d*)(?:\.\d{1,5})?$/
const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
}

/**
 * JSON within the subset every known reading of the authority's serialisation agrees on: raw UTF-8, the seven short escapes, decimals
 * as they are, no null, no booleans, no exponents.
 * @throws Fault EG-JSON-TEXT, EG-JSON-NUMBER
 */
export function writeJson(value: Writable): string {
  if (typeof value === 'string') return `"${escaped(value)}"`
  if (isDecimal(value)) {
    if (!plainDecimal.test(value.decimal)) throw new Fault('EG-JSON-NUMBER', { params: { value: value.decimal } })
    return value.decimal
  }
  if (isList(value)) return `[${value.map(writeJson).join(',')}]`
  let members = ''
  for (const name of Object.keys(value)) {
    const member = value[name]
    if (member !== undefined) members += `${members === '' ? '' : ','}"${name}":${writeJson(member)}`
  }
  return `{${members}}`
}

function isDecimal(value: Exclude<Writable, string>): value is { readonly decimal: string } {
  return 'decimal' in value && typeof value.decimal === 'string'
}

function isList(value: Exclude<Writable, string>): value is readonly Writable[] {
  return Array.isArray(value)
}

/** Whatever is escaped or refused, and whatever takes a closer look. */
const unusual = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ud800-\udfff]/

function escaped(text: string): string {
  if (!unusual.test(text)) return text
  if (!isSafeText(text)) throw new Fault('EG-JSON-TEXT', { params: { text: text.slice(0, 40) } })
  return text.replace(/["\\\n\r\t\u0008\f]/g, (character) => escapes[character] ?? character)
}

/** Text that stands in JSON without a numeric escape: well-formed, no control characters but those with a short escape. */
export function isSafeText(text: string): boolean {
  return !/\p{Surrogate}/u.test(text) && !/[\u0000-\u0007\v\u000e-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(text)
}

/** A value that was read, written without white space and otherwise as it stood: reading it again gives the same value. */
export function writeLiteral(value: LiteralValue): string {
  switch (value.kind) {
    case 'object':
      return `{${value.members.map((member) => `"${member.name}":${writeLiteral(member.value)}`).join(',')}}`
    case 'array':
      return `[${value.items.map(writeLiteral).join(',')}]`
    case 'string':
      return `"${value.text}"`
    default:
      return value.text
  }
}
