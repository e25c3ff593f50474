import type { PagePicture } from '../appearance.js'
import type { FieldLock } from '../field-lock.js'
import type { SeenRectangle } from '../page-geometry.js'

/** What is filled in. */
export type FormFieldKind = 'text' | 'multiline' | 'checkbox' | 'radio' | 'choice' | 'signature'

/** A place of a field on a page. */
export interface FormFieldArea {
  /** From 1. */
  readonly page: number
  readonly rect: SeenRectangle
  /** Of a radio: the option that this place stands for. */
  readonly option?: string
}

/** How the field looks before it is filled. */
export interface FormFieldStyle {
  /** Points; what the form says of the text, its picture is drawn by whoever fills. */
  readonly fontSize?: number
  /** Side at which the text begins. */
  readonly align?: 'left' | 'center' | 'right'
  /** Frame of a box or circle; without it only the mark is drawn, for pages that have the box printed. True unless told. */
  readonly outline?: boolean
}

/** A field to be put into a form. */
export interface NewFormField {
  /** Full name: `buyer.signature` makes the field `signature` below `buyer`. */
  readonly name: string
  readonly kind: FormFieldKind
  /** What readers show or say of the field. */
  readonly tooltip?: string
  readonly required?: boolean
  /** One or more; a signature has one. */
  readonly areas: readonly FormFieldArea[]
  /** Of radio and choice. */
  readonly options?: readonly string[]
  /** What signing this field locks. */
  readonly lock?: FieldLock
  readonly style?: FormFieldStyle
}

/** A value for a field of the form. */
export interface FieldFill {
  /** Full name of the field. */
  readonly name: string
  /** Text; of a radio or choice one of its options; of a checkbox true or false. An empty text empties the field. */
  readonly value: string | boolean
  /**
   * What a text, choice or picture field shows: one page per area, or one for all of them. Checkboxes and radios have their
   * pictures since they were made. A page is scaled into its area, upright and undistorted.
   */
  readonly pictures?: readonly PagePicture[]
}

/** Flags of fields (ISO 32000-2 tables 227, 229, 231, 233). */
export const fieldFlags = {
  readOnly: 1,
  required: 1 << 1,
  multiline: 1 << 12,
  noToggleToOff: 1 << 14,
  radio: 1 << 15,
  pushButton: 1 << 16,
  combo: 1 << 17,
  radiosInUnison: 1 << 25,
} as const
