import { createHash } from 'node:crypto'
import { Fault } from '../../../core/i18n/fault.js'
import { parseLiteral, type LiteralArray, type LiteralMember, type LiteralValue } from './literal-value.js'
import { pathOf } from './path.js'

const safeName = /^[A-Z][A-Z0-9]*$/i
const safeNumber = /^-?(?:0|[1-9]\d*)(?:\.\d{1,5})?$/
/** An escape that implementations read differently (`\u0041`, `\/`). A backslash that is itself escaped begins none: `C:\\usr` is safe. */
export const unsafeEscape = /(?<!\\)(?:\\\\)*\\[u/]/

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
  const writer = new Writer(strict)
  for (const member of root.members) {
    if (member.name !== 'signatures') writer.member(member)
  }
  return Buffer.from(writer.text, 'utf8')
}

/** SHA-256 of a canonical text, in hexadecimal: the name of a receipt, and what a signature's message digest must hold. */
export function canonicalHash(text: Uint8Array): string {
  return createHash('sha256').update(text).digest('hex')
}

class Writer {
  text = ''
  /** Where it writes; put together only when something is wrong. */
  private readonly path: (string | number)[] = []

  constructor(private readonly strict: boolean) {}

  member({ name, capitals, value }: LiteralMember): void {
    this.path.push(name)
    if (this.strict && !safeName.test(name)) this.unsafe('name')
    this.named(`"${capitals}"`, value)
    this.path.pop()
  }

  private named(title: string, value: LiteralValue): void {
    this.text += title
    if (value.kind !== 'array') {
      this.content(value)
      return
    }
    for (const [index, item] of value.items.entries()) {
      this.path.push(index)
      if (item.kind === 'array') {
        if (this.strict) this.unsafe('array')
        this.named(title, item)
      } else {
        // Texts follow the array's name directly; objects have it once more each.
        if (item.kind === 'object') this.text += title
        this.content(item)
      }
      this.path.pop()
    }
  }

  private content(value: Exclude<LiteralValue, LiteralArray>): void {
    switch (value.kind) {
      case 'object':
        for (const member of value.members) this.member(member)
        return
      case 'string':
        if (this.strict && unsafeEscape.test(value.text)) this.unsafe('escape')
        break
      case 'number':
        if (this.strict && !safeNumber.test(value.text)) this.unsafe('number')
        break
      default:
        if (this.strict) this.unsafe(value.text)
    }
    this.text += `"${value.text}"`
  }

  private unsafe(what: string): never {
    const path = pathOf(this.path)
    throw new Fault('EG-CANONICAL-UNSAFE', { path, params: { path, what } })
  }
}
