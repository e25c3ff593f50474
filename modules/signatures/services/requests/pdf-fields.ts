import type { FieldArea, TemplateField } from '../../models/field.js'
import { companyRole, pdfFieldName } from '../../models/field.js'
import type { TemplateRole } from '../../models/role.js'

export { toSeenRectangle as seenRectangle } from '../../../../core/signing/formats/pades/page-geometry.js'

/** Where the seal of the company stands, or, without such a place, that it signs unseen. */
export const sealFieldName = `${companyRole}.seal`

/** Name of the PDF signature field of a role. */
export const signatureFieldName = (role: string): string => `${role}.signature`

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
 */
export function planFields(fields: readonly TemplateField[], roles: readonly TemplateRole[]): PlannedField[] {
  const signing = new Set(roles.filter((role) => role.action === 'sign').map((role) => role.id))
  const signed = new Set<string>()
  let sealed = false
  return fields.flatMap((field): PlannedField[] => {
    const [first, ...others] = field.areas
    if (first === undefined) return []
    if (field.type === 'stamp') {
      if (sealed) return []
      sealed = true
      return [{ name: sealFieldName, kind: 'signature', field, areas: [first] }]
    }
    if (field.type === 'signature' && signing.has(field.role) && !signed.has(field.role)) {
      signed.add(field.role)
      const signature: PlannedField = { name: signatureFieldName(field.role), kind: 'signature', field, areas: [first] }
      return others.length === 0 ? [signature] : [signature, { name: pictureFieldName(field), kind: 'text', field, areas: others }]
    }
    return [
      { name: field.type === 'signature' ? pictureFieldName(field) : pdfFieldName(field), kind: kindOf(field), field, areas: field.areas },
    ]
  })
}

/** Name of the field with the further pictures of a signature; never that of the role's signature field. */
export function pictureFieldName(field: Pick<TemplateField, 'role' | 'id' | 'type'>): string {
  const name = pdfFieldName(field)
  return name === signatureFieldName(field.role) ? `${name}-pictures` : name
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
