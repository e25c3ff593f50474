import type { FieldLock } from './field-lock.js'
import { addFormFields } from './forms/add-form-fields.js'
import type { SeenRectangle } from './page-geometry.js'

/** An empty signature field to be put into a form. */
export interface NewSignatureField {
  /** Full name: `buyer.signature` makes the field `signature` below `buyer`. */
  readonly name: string
  /** From 1. */
  readonly page: number
  readonly rect: SeenRectangle
  /** What readers show or say of the field. */
  readonly tooltip?: string
  /** What signing this field locks. */
  readonly lock?: FieldLock
}

/**
 * Makes empty signature fields for those who sign later.
 * @throws Fault as `addFormFields`
 */
export function addSignatureFields(pdf: Buffer, fields: readonly NewSignatureField[]): Buffer {
  return addFormFields(
    pdf,
    fields.map(({ page, rect, ...field }) => ({ ...field, kind: 'signature', areas: [{ page, rect }] })),
  )
}
