import { formatDate, formatNumber, type FormatOptions } from '../../../../../core/i18n/format.js'
import type { FieldValue, TemplateField } from '../../../models/field.js'

/** A value as the document shows it: days and numbers as the language writes them, all else as it was given. */
export function shownValue(field: Pick<TemplateField, 'type'>, value: FieldValue | undefined, options: FormatOptions): string {
  if (typeof value !== 'string') return ''
  if (field.type === 'date' && /^\d{4}-\d{2}-\d{2}$/.test(value)) return formatDate(value, options)
  if (field.type === 'number' && /^-?\d+(?:\.\d+)?$/.test(value)) return formatNumber(value, options)
  return value
}
