import { companyRole, isDayOfSigning, type TemplateField } from '../../models/field.js'
import type { SignRequest } from '../../models/request.js'

/** Is it the sender who says what stands in the field? The seal's place takes no value, and the day a signer signs is nobody's to say. */
export function isSent(field: TemplateField): boolean {
  return field.type !== 'stamp' && (field.role === companyRole || (field.readonly && !isDayOfSigning(field)))
}

/**
 * What stands in the fields that the sender fills, by field; a field without a value is not among them.
 * @param today ISO day of sending where the company is
 */
export function senderValues(
  request: Pick<SignRequest, 'values' | 'signers'>,
  fields: readonly TemplateField[],
  today: string,
): Map<TemplateField, string | boolean> {
  const filled = new Map<TemplateField, string | boolean>()
  for (const field of fields.filter(isSent)) {
    const given =
      field.role === companyRole ? request.values[field.id] : request.signers.find((signer) => signer.role === field.role)?.values[field.id]
    const value = given ?? (isDayOfSigning(field) ? today : field.defaultValue)
    if (typeof value === 'string' && value !== '') filled.set(field, field.type === 'checkbox' ? value === 'true' : value)
    else if (typeof value === 'boolean') filled.set(field, value)
  }
  return filled
}
