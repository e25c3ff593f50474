/** What may stand where in a document of the authority. Small on purpose: the same tables answer the question whether two documents can share a text. */
export type Shape = TextShape | DecimalShape | ObjectShape | ListShape

export interface TextShape {
  readonly kind: 'text'
  readonly pattern?: RegExp
  readonly longest: number
}

export interface DecimalShape {
  readonly kind: 'decimal'
}

export interface ObjectShape {
  readonly kind: 'object'
  readonly fields: Readonly<Record<string, Field>>
  /** Names of the fields that must be there. */
  readonly required: readonly string[]
}

export interface ListShape {
  readonly kind: 'list'
  readonly item: TextShape | ObjectShape
  readonly fewest: number
  readonly most: number
}

export interface Field {
  readonly shape: Shape
  readonly required: boolean
}

export function text(longest = 4000, pattern?: RegExp): TextShape {
  return pattern === undefined ? { kind: 'text', longest } : { kind: 'text', longest, pattern }
}

export const decimal: DecimalShape = { kind: 'decimal' }

export function list(item: TextShape | ObjectShape, fewest = 1, most = 10_000): ListShape {
  return { kind: 'list', item, fewest, most }
}

export function object(required: Readonly<Record<string, Shape>>, optional: Readonly<Record<string, Shape>> = {}): ObjectShape {
  const fields: Record<string, Field> = {}
  for (const [name, shape] of Object.entries(required)) fields[name] = { shape, required: true }
  for (const [name, shape] of Object.entries(optional)) fields[name] = { shape, required: false }
  return { kind: 'object', fields, required: Object.keys(required) }
}
