import { createHash } from 'node:crypto'
import { Fault } from '../../../core/i18n/fault.js'
import { parseLiteral, type LiteralValue } from './literal-value.js'

const safeName = /^[A-Z][A-Z0-9]*$/i
const safeNumber = /^-?(?:0|[1-9]\d*)(?:\.\d{1,5})?$/
const unsafeEscape = /\\[u/]/

/**
 * The text whose SHA-256 is signed (sdk.invoicing.eta.gov.eg, document serialisation approach): in the document's own order, every
 * name in capitals and quotes, every scalar in quotes as it is written; an array repeats its name before each object in it. The
 * root's `signatures` are left out.
 *
 * Strict, which is the default, refuses what implementations read differently: null, booleans, exponents, numeric escapes, names that
 * are not ASCII, more than five decimals, arrays in arrays.
 * @param json the bytes as they were sent
 * @throws Fault EG-JSON-… as parseLiteral; EG-CANONICAL-UNSAFE in strict reading
 */
export function canonicalText(json: Uint8Array, options: { readonly strict?: boolean } = {}): Buffer {
  return canonicalTextOf(parseLiteral(json), options)
}

export function canonicalTextOf(root: LiteralValue, { strict = true }: { readonly strict?: boolean } = {}): Buffer {
  if (root.kind !== 'object') throw new Fault('EG-CANONICAL-UNSAFE', { path: '', params: { what: root.kind } })
  const parts: string[] = []
  for (const { name, value } of root.members) {
    if (name !== 'signatures') serialize(name, value, name, strict, parts)
  }
  return Buffer.from(parts.join(''), 'utf8')
}

/** SHA-256 of a canonical text, in hexadecimal: the name of a receipt, and what a signature's message digest must hold. */
export function canonicalHash(text: Uint8Array): string {
  return createHash('sha256').update(text).digest('hex')
}

function serialize(name: string, value: LiteralValue, path: string, strict: boolean, parts: string[]): void {
  if (strict && !safeName.test(name)) unsafe(path, 'name')
  const title = `"${name.toUpperCase()}"`
  parts.push(title)
  if (value.kind !== 'array') {
    content(value, path, strict, parts)
    return
  }
  for (const [index, item] of value.items.entries()) {
    const at = `${path}[${String(index)}]`
    if (item.kind === 'array') {
      if (strict) unsafe(at, 'array')
      serialize(name, item, at, strict, parts)
      continue
    }
    // Texts follow the array's name directly; objects have it once more each.
    if (item.kind === 'object') parts.push(title)
    content(item, at, strict, parts)
  }
}

function content(value: LiteralValue, path: string, strict: boolean, parts: string[]): void {
  switch (value.kind) {
    case 'object':
      for (const member of value.members) serialize(member.name, member.value, `${path}.${member.name}`, strict, parts)
      return
    case 'array':
      return
    case 'string':
      if (strict && unsafeEscape.test(value.text)) unsafe(path, 'escape')
      break
    case 'number':
      if (strict && !safeNumber.test(value.text)) unsafe(path, 'number')
      break
    default:
      if (strict) unsafe(path, value.text)
  }
  parts.push(`"${value.text}"`)
}

function unsafe(path: string, what: string): never {
  throw new Fault('EG-CANONICAL-UNSAFE', { path, params: { path, what } })
}
