/**
 * JSON text that depends on the value alone: keys in code-unit order, no blanks, numbers and strings as ECMAScript writes
 * them (the form RFC 8785 prescribes). Undefined members are left out; characters PostgreSQL's jsonb cannot hold are replaced.
 */
export function canonicalJson(value: unknown): string {
  return write(JSON.parse(JSON.stringify(value ?? null)))
}

function write(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(storableText(value))
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  const members = Object.entries(value)
    .map(([key, member]): [string, unknown] => [storableText(key), member])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`).join(',')}}`
}

/** NUL and lone surrogates have no place in a PostgreSQL text. */
export function storableText(text: string): string {
  return text.replace(/\p{Surrogate}|\0/gu, '\uFFFD')
}
