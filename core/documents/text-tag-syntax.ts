/** What the words between double braces say. */
export interface TagMeaning {
  /** `signature`, `initials`, `text`, `date`, `checkbox`, … in lower case; `text` when a tag names none. */
  readonly type: string
  readonly name?: string
  /** `First`, `Employee`, or `1` for the first recipient (`r1`). */
  readonly role?: string
  readonly required?: boolean
  readonly readonly?: boolean
  readonly label?: string
  readonly options?: readonly string[]
  readonly defaultValue?: string
  /** All that was said, keys in lower case. */
  readonly attributes: Readonly<Record<string, string>>
}

/** Names other programs use, by ours. */
const types: Readonly<Record<string, string>> = {
  signature: 'signature',
  sign: 'signature',
  free_signature: 'signature',
  initials: 'initials',
  initial: 'initials',
  name: 'name',
  email: 'email',
  phone: 'phone',
  company: 'company',
  date: 'date',
  datenow: 'date',
  text: 'text',
  cells: 'text',
  textarea: 'multiline',
  multiline: 'multiline',
  number: 'number',
  checkbox: 'checkbox',
  radio: 'radio',
  select: 'select',
  dropdown: 'select',
  stamp: 'stamp',
  image: 'attachment',
  file: 'attachment',
  attachment: 'attachment',
}

/**
 * Reads a tag in either of the two common writings: `Name;type=text;role=First;required=false` (DocuSeal) and
 * `signature, r1, required=true, label="…"` (Documenso).
 * @returns undefined for what is no tag of a field: a merge field, words that only stand in braces
 */
export function readTag(text: string): TagMeaning | undefined {
  const parts = split(text, text.includes(';') ? ';' : ',')
  const [first = '', ...rest] = parts
  const attributes: Record<string, string> = {}
  const alone: string[] = []
  for (const part of first.includes('=') ? parts : rest) {
    const at = part.indexOf('=')
    if (at < 0) alone.push(part)
    else attributes[part.slice(0, at).trim().toLowerCase()] = unquoted(part.slice(at + 1))
  }
  const named = first.includes('=') ? '' : unquoted(first)
  const kind = types[named.toLowerCase()]
  const stated = attributes['type']?.toLowerCase()
  const type = stated === undefined ? kind : types[stated]
  if (type === undefined && (stated !== undefined || parts.length < 2)) return undefined
  const recipient = alone.map((one) => /^r(\d{1,3})$/i.exec(one)?.[1]).find((one) => one !== undefined)
  const role = attributes['role'] ?? attributes['recipient'] ?? recipient
  // A list without any key is a sentence in braces.
  if (type === undefined && Object.keys(attributes).length === 0) return undefined
  const name = attributes['name'] ?? (kind === undefined || stated !== undefined ? named : '')
  const options = attributes['options'] ?? attributes['option']
  const label = attributes['label'] ?? attributes['title']
  const required = flag(attributes['required'])
  const readonly = flag(attributes['readonly'])
  const defaultValue = attributes['default'] ?? attributes['default_value'] ?? attributes['value']
  return {
    type: type ?? 'text',
    attributes,
    ...(name === '' ? {} : { name }),
    ...(role === undefined || role === '' ? {} : { role }),
    ...(required === undefined ? {} : { required }),
    ...(readonly === undefined ? {} : { readonly }),
    ...(label === undefined ? {} : { label }),
    ...(options === undefined
      ? {}
      : {
          options: options
            .split(/[|,،]/u)
            .map((one) => one.trim())
            .filter((one) => one !== ''),
        }),
    ...(defaultValue === undefined ? {} : { defaultValue }),
  }
}

/** Parts between separators; one inside of quotes is none. */
function split(text: string, separator: string): string[] {
  const parts: string[] = []
  let part = ''
  let quoted = false
  for (const one of text) {
    if (/["“”]/u.test(one)) quoted = !quoted
    if (one === separator && !quoted) {
      parts.push(part.trim())
      part = ''
    } else part += one
  }
  return [...parts, part.trim()]
}

function unquoted(text: string): string {
  return text
    .trim()
    .replace(/^["“”']|["“”']$/gu, '')
    .trim()
}

function flag(value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined
  return !/^(?:false|no|0)$/i.test(value)
}
