import type { TextTag } from '../../../../core/documents/text-tags.js'
import { companyRole, fieldTypes, type FieldType, type TemplateFieldInput } from '../../models/field.js'
import type { TemplateRoleInput } from '../../models/role.js'
import { freeId } from '../free-id.js'

/** Room that a signature needs, as a part of an A4 page; a tag is as high as its letters. */
const least = {
  signature: { width: 0.26, height: 0.055 },
  initials: { width: 0.1, height: 0.03 },
  stamp: { width: 0.17, height: 0.12 },
} as const

/**
 * Roles and fields as the tags of a document name them. Tags of one name and role are one field in several places; a tag of an unknown
 * kind is a text. A radio needs a place for each choice, which one tag does not tell: it becomes a list.
 */
export function placementOfTags(
  tags: readonly TextTag[],
  firstRole: TemplateRoleInput,
): { roles: TemplateRoleInput[]; fields: TemplateFieldInput[] } {
  const roles: TemplateRoleInput[] = []
  const roleIds = new Set([companyRole])
  const named = new Map<string, string>()
  const roleOf = (name: string | undefined): string => {
    const key = (name ?? '').toLowerCase()
    const known = named.get(key)
    if (known !== undefined) return known
    const id = freeId(name ?? firstRole.id, 34, 'role', roleIds)
    named.set(key, id)
    roles.push(name === undefined ? { ...firstRole, id } : { id, name: name.slice(0, 100) })
    return id
  }
  const taken = new Set<string>()
  const fields = new Map<string, TemplateFieldInput>()
  for (const tag of tags) {
    const type = typeOf(tag)
    const role = type === 'stamp' ? companyRole : roleOf(tag.role)
    const key = `${role} ${type} ${tag.name ?? String(fields.size)}`
    const area = areaOf(tag, type)
    const before = fields.get(key)
    if (before !== undefined) {
      before.areas.push(area)
      continue
    }
    fields.set(key, {
      id: freeId(tag.name ?? type, 34, 'field', taken, ['signature', 'seal']),
      type,
      role,
      areas: [area],
      label: (tag.label ?? tag.name ?? '').slice(0, 200),
      required: tag.required ?? true,
      readonly: tag.readonly ?? false,
      ...(tag.defaultValue === undefined ? {} : { defaultValue: tag.defaultValue.slice(0, 5000) }),
      ...(type === 'select' ? { options: [...(tag.options ?? [])] } : {}),
    })
  }
  return { roles, fields: [...fields.values()] }
}

function typeOf(tag: TextTag): FieldType {
  const known = fieldTypes.find((type) => type === tag.type) ?? 'text'
  if (known !== 'select' && known !== 'radio') return known
  return (tag.options ?? []).length > 0 ? 'select' : 'text'
}

function areaOf(tag: TextTag, type: FieldType): TemplateFieldInput['areas'][number] {
  const room = type === 'signature' || type === 'initials' || type === 'stamp' ? least[type] : { width: 0, height: 0 }
  const width = Math.min(1, Math.max(tag.width, room.width))
  const height = Math.min(1, Math.max(tag.height, room.height))
  return { page: tag.page, x: Math.min(Math.max(0, tag.x), 1 - width), y: Math.min(Math.max(0, tag.y), 1 - height), width, height }
}
