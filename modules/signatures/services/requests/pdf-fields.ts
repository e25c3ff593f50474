import type { FieldArea, TemplateField } from '../../models/field.js'
import { companyRole, pdfFieldName } from '../../models/field.js'
import type { TemplateRole } from '../../models/role.js'

/** Name of the field where the seal of the company stands, or, without such a place, signs unseen. */
export const sealFieldName = (prefix: string): string => `${prefix}${companyRole}.seal`

/** Name of the PDF signature field of a role. */
export const signatureFieldName = (role: string, prefix: string): string => `${prefix}${role}.signature`

const topOf = (name: string): string => name.split('.', 1)[0] ?? ''

/**
 * What stands before all our names in a document, so that none of them is one of its own form: nothing where they are free, else
 * `khatm.`, `khatm-2.` and so on. A name of the file that only begins like one of ours is kept apart too: nobody's field then
 * stands among ours.
 * @param existing full names of the file's fields
 * @param wanted ours without a prefix
 */
export function freePrefix(existing: readonly string[], wanted: readonly string[]): string {
  const taken = new Set(existing.map(topOf))
  if (!wanted.some((name) => taken.has(topOf(name)))) return ''
  let free = 'khatm'
  for (let next = 2; taken.has(free); next++) free = `khatm-${String(next)}`
  return `${free}.`
}

/** One form field of the frozen document, its places still in fractions of the page. */
export interface PlannedField {
  readonly name: string
  readonly kind: 'text' | 'multiline' | 'checkbox' | 'radio' | 'choice' | 'signature'
  readonly field: TemplateField
  readonly areas: readonly FieldArea[]
}

/**
 * Which form fields a document gets: of each role that signs, one signature field at the first place of its first `signature` field;
 * every further place for signature and initials a text field that shows the picture; the seal at the first place for a stamp; all
 * else as what it is.
 * @param prefix of `freePrefix`, with its dot
 */
export function planFields(fields: readonly TemplateField[], roles: readonly TemplateRole[], prefix: string): PlannedField[] {
  const signing = new Set(roles.filter((role) => role.action === 'sign').map((role) => role.id))
  const signed = new Set<string>()
  let sealed = false
  return fields.flatMap((field): PlannedField[] => {
    const [first, ...others] = field.areas
    if (first === undefined) return []
    if (field.type === 'stamp') {
      if (sealed) return []
      sealed = true
      return [{ name: sealFieldName(prefix), kind: 'signature', field, areas: [first] }]
    }
    if (field.type === 'signature' && signing.has(field.role) && !signed.has(field.role)) {
      signed.add(field.role)
      const signature: PlannedField = { name: signatureFieldName(field.role, prefix), kind: 'signature', field, areas: [first] }
      return others.length === 0 ? [signature] : [signature, { name: pictureFieldName(field, prefix), kind: 'text', field, areas: others }]
    }
    return [
      {
        name: field.type === 'signature' ? pictureFieldName(field, prefix) : `${prefix}${pdfFieldName(field)}`,
        kind: kindOf(field),
        field,
        areas: field.areas,
      },
    ]
  })
}

/** Name of the field with the further pictures of a signature; never that of the role's signature field. */
export function pictureFieldName(field: Pick<TemplateField, 'role' | 'id' | 'type'>, prefix: string): string {
  const name = `${prefix}${pdfFieldName(field)}`
  return name === signatureFieldName(field.role, prefix) ? `${name}-pictures` : name
}

function kindOf(field: TemplateField): PlannedField['kind'] {
  switch (field.type) {
    case 'multiline':
      return 'multiline'
    case 'checkbox':
      return 'checkbox'
    case 'radio':
      return 'radio'
    case 'select':
      return 'choice'
    default:
      return 'text'
  }
}
