import type { ExistingField } from '../../../../core/signing/formats/pades/forms/inspect-upload.js'
import { freeId } from '../free-id.js'
import type { FieldType, TemplateFieldInput } from '../../models/field.js'

const types: Readonly<Record<ExistingField['kind'], FieldType>> = {
  text: 'text',
  multiline: 'multiline',
  checkbox: 'checkbox',
  radio: 'radio',
  choice: 'select',
  signature: 'signature',
}

/** Fields of a form that somebody made elsewhere, as fields of one role. Those without a place on a page, or too small, are left out. */
export function fieldsOfForm(existing: readonly ExistingField[], role: string): TemplateFieldInput[] {
  const taken = new Set<string>()
  return existing.flatMap((field): TemplateFieldInput[] => {
    const areas = field.areas.map((area) => ({ ...area, ...within(area) })).filter(({ width, height }) => width > 0.002 && height > 0.001)
    const type = types[field.kind]
    const options = field.options?.map((option) => option.trim().slice(0, 200)).filter((option) => option !== '')
    if (areas.length === 0 || ((type === 'select' || type === 'radio') && (options ?? []).length < (type === 'radio' ? 2 : 1))) return []
    return [
      {
        id: freeId(field.name, 34, 'field', taken, ['signature', 'seal']),
        type,
        role,
        areas: areas.map(({ page, x, y, width, height, option }) => ({
          page,
          x,
          y,
          width,
          height,
          ...(type === 'radio' && option !== undefined ? { option: option.trim().slice(0, 200) } : {}),
        })),
        label: (field.tooltip ?? field.name).replace(/\s+/g, ' ').trim().slice(0, 200),
        required: field.required,
        readonly: field.readonly && (field.value ?? '') !== '',
        ...(field.value === undefined || field.value === '' || type === 'signature' ? {} : { defaultValue: field.value.slice(0, 5000) }),
        ...(options === undefined || (type !== 'select' && type !== 'radio') ? {} : { options: [...new Set(options)] }),
      },
    ]
  })
}

/** A place that reaches over the edge of its page is cut to it. */
function within(area: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }): {
  x: number
  y: number
  width: number
  height: number
} {
  const cut = (value: number): number => Math.min(1, Math.max(0, value))
  const [x, y] = [cut(area.x), cut(area.y)]
  return { x, y, width: cut(area.x + area.width) - x, height: cut(area.y + area.height) - y }
}
