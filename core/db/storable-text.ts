/** U+0000 and halves of surrogate pairs: no text PostgreSQL, XML or a PDF could hold. */
const unstorable = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** Deeper than any of our bodies; the schema names what is wrong with such a one. */
const deepest = 32

/** Place of the first text (or name) that could not be stored, `lines[2].description`; undefined when all can. */
export function unstorableAt(value: unknown, path = '', depth = 0): string | undefined {
  if (typeof value === 'string') return unstorable.test(value) ? path : undefined
  if (typeof value !== 'object' || value === null || depth > deepest) return undefined
  for (const [name, inner] of Object.entries(value)) {
    const place = Array.isArray(value) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`
    const found = unstorable.test(name) ? path : unstorableAt(inner, place, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
