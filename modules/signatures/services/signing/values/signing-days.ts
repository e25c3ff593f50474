import { isDayOfSigning, type FieldValues, type TemplateField } from '../../../models/field.js'

/** The day of signing in the fields of a role that can hold nothing else, whatever the sender or the signer said. */
export function signingDays(fields: readonly TemplateField[], role: string, day: string): FieldValues {
  return Object.fromEntries(
    fields.filter((field) => field.role === role && field.readonly && isDayOfSigning(field)).map((field) => [field.id, day]),
  )
}
