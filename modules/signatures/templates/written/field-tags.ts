import { companyRole, fieldTypes, type FieldType } from '../../models/field.js'

/**
 * A place to fill inside a written text: `[[type:role:id]]`, with `?` after the id when it may stay empty, `=option` for one button of a
 * radio field, and after bars a label and the options of a list:
 * `[[text:employee:iban|IBAN]]`, `[[checkbox:employee:remote?|Works from home]]`, `[[radio:employee:plan=Basic]]`,
 * `[[select:employee:size|Size|S;M;L]]`. Text around it stays text; in both languages the same id is one field in two places.
 */
export interface FieldTag {
  readonly type: FieldType
  readonly role: string
  readonly id: string
  readonly required: boolean
  readonly option?: string
  readonly label?: string
  readonly options?: readonly string[]
}

export const tagPattern =
  /^\[\[([a-z]+):([a-z0-9][a-z0-9-]{0,39}):([a-z0-9][a-z0-9-]{0,39})(\?)?(?:=([^|\][\n]{1,200}))?(?:\|([^|\][\n]{0,200}))?(?:\|([^|\][\n]{1,2000}))?\]\]/

/** What a tag says; undefined when it is none of ours and therefore text. */
export function readTag(match: readonly (string | undefined)[]): FieldTag | undefined {
  const [, type = '', role = '', id = '', optional, option, label, options] = match
  if (!isFieldType(type)) return undefined
  return {
    type,
    role,
    id,
    required: optional === undefined,
    ...(option === undefined ? {} : { option: option.trim() }),
    ...(label === undefined || label.trim() === '' ? {} : { label: label.trim() }),
    ...(options === undefined
      ? {}
      : {
          options: options
            .split(';')
            .map((one) => one.trim())
            .filter((one) => one !== ''),
        }),
  }
}

function isFieldType(type: string): type is FieldType {
  return (fieldTypes as readonly string[]).includes(type)
}

/** Width and height of the box that a field gets inside a text, in millimetres; wide enough to write in, no wider than a column. */
export function boxOf(type: FieldType): { readonly width: number; readonly height: number } {
  switch (type) {
    case 'signature':
      return { width: 62, height: 20 }
    case 'stamp':
      return { width: 36, height: 36 }
    case 'initials':
      return { width: 20, height: 9 }
    case 'checkbox':
    case 'radio':
      return { width: 4.2, height: 4.2 }
    case 'multiline':
      return { width: 74, height: 22 }
    case 'date':
    case 'number':
      return { width: 32, height: 6 }
    case 'phone':
      return { width: 42, height: 6 }
    default:
      return { width: 56, height: 6 }
  }
}

/** Label of the box, by which the place is found again when the text is laid out. */
export function boxLabel(tag: Pick<FieldTag, 'id' | 'option'>): string {
  return tag.option === undefined ? `field:${tag.id}` : `field:${tag.id}=${tag.option}`
}

/** True when the tag's role may stand there: one of the template, or the company for its seal and what the sender fills. */
export function roleKnown(tag: FieldTag, roles: readonly { readonly id: string }[]): boolean {
  return tag.role === companyRole || roles.some(({ id }) => id === tag.role)
}
