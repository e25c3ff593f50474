import { isUtf8 } from 'node:buffer'
import { Fault } from '../../../core/i18n/fault.js'

/**
 * JSON as it stands in the file: numbers and strings keep their source text, because the authority hashes that text. `10.50` is not
 * `10.5` here, and nothing is ever a JavaScript number.
 */
export type LiteralValue = LiteralObject | LiteralArray | LiteralScalar

export interface LiteralMember {
  /** Source text between the quotes. */
  readonly name: string
  /** The name in capitals, by which names are told apart and written into the signed text. */
  readonly capitals: string
  readonly value: LiteralValue
  /** Byte offset of the name's first quote. */
  readonly start: number
}

export interface LiteralObject {
  readonly kind: 'object'
  readonly members: readonly LiteralMember[]
  /** Byte offsets in the file: of `{`, and one past `}`. */
  readonly start: number
  readonly end: number
}

export interface LiteralArray {
  readonly kind: 'array'
  readonly items: readonly LiteralValue[]
  readonly start: number
  readonly end: number
}

export interface LiteralScalar {
  readonly kind: 'string' | 'number' | 'boolean' | 'null'
  /** Source text; of a string what stands between its quotes, escapes and all. */
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Documents are flat; deeper files are no documents. */
const deepest = 32
/** Ten times what the authority takes in one submission that was ever described. */
const longest = 50 * 1024 * 1024
/** A document of ten thousand lines has half of it; each value costs many times its bytes in memory. */
const mostValues = 1_000_000
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?/iy
const shortEscapes: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'))
const longEscape = /\\u[0-9a-fA-F]{4}/y
const word = /true|false|null/y
const space = /[ \t\r\n]*/y
const [blank, quote, backslash] = [0x20, 0x22, 0x5c]

/**
 * Reads JSON of RFC 8259 in UTF-8 without a byte order mark. Names may stand once only in an object, in any case of letters: a
 * reader that takes the first and one that takes the last would see two documents.
 * @throws Fault EG-JSON-ENCODING, EG-JSON-SYNTAX, EG-JSON-DEPTH, EG-JSON-NAME-TWICE, EG-JSON-SIZE, EG-JSON-VALUES
 */
export function parseLiteral(json: Uint8Array): LiteralValue {
  if (json.byteLength > longest) throw new Fault('EG-JSON-SIZE', { params: { limit: longest } })
  return new Parser(json).document()
}

class Parser {
  private readonly bytes: Buffer
  /** One character for each byte: places are byte offsets, JSON's own signs are ASCII, and only texts beyond ASCII are decoded. */
  private readonly source: string
  private at = 0
  private values = 0

  constructor(json: Uint8Array) {
    if (!isUtf8(json)) throw new Fault('EG-JSON-ENCODING')
    this.bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength)
    this.source = this.bytes.toString('latin1')
  }

  document(): LiteralValue {
    const value = this.value(0)
    this.skip()
    if (this.at !== this.source.length) this.fail()
    return value
  }

  private value(depth: number): LiteralValue {
    if (depth > deepest) throw new Fault('EG-JSON-DEPTH', { params: { limit: deepest } })
    if (++this.values > mostValues) throw new Fault('EG-JSON-VALUES', { params: { limit: mostValues } })
    this.skip()
    switch (this.source[this.at]) {
      case '{':
        return this.object(depth)
      case '[':
        return this.array(depth)
      case '"': {
        const start = this.at
        return { kind: 'string', text: this.string(), start, end: this.at }
      }
      case 't':
      case 'f':
      case 'n': {
        const start = this.at
        const text = this.match(word)
        return { kind: text === 'null' ? 'null' : 'boolean', text, start, end: this.at }
      }
      default: {
        const start = this.at
        return { kind: 'number', text: this.match(number), start, end: this.at }
      }
    }
  }

  private object(depth: number): LiteralObject {
    const start = this.at
    const members: LiteralMember[] = []
    const seen = new Set<string>()
    this.at += 1
    this.skip()
    if (!this.take('}')) {
      do {
        this.skip()
        const memberStart = this.at
        const name = this.string()
        const capitals = name.toUpperCase()
        if (seen.has(capitals)) throw new Fault('EG-JSON-NAME-TWICE', { params: { name } })
        seen.add(capitals)
        this.skip()
        if (!this.take(':')) this.fail()
        members.push({ name, capitals, value: this.value(depth + 1), start: memberStart })
        this.skip()
      } while (this.take(','))
      if (!this.take('}')) this.fail()
    }
    return { kind: 'object', members, start, end: this.at }
  }

  private array(depth: number): LiteralArray {
    const start = this.at
    const items: LiteralValue[] = []
    this.at += 1
    this.skip()
    if (!this.take(']')) {
      do {
        items.push(this.value(depth + 1))
        this.skip()
      } while (this.take(','))
      if (!this.take(']')) this.fail()
    }
    return { kind: 'array', items, start, end: this.at }
  }

  /** Source text of a string, without its quotes. */
  private string(): string {
    const start = this.at + 1
    if (this.source.charCodeAt(this.at) !== quote) this.fail()
    let [end, all] = [start, 0]
    for (let code = this.source.charCodeAt(end); code !== quote; code = this.source.charCodeAt(end)) {
      // Not a number is past the end; control characters stand in no string.
      if (!(code >= blank)) this.fail()
      all |= code
      end = code === backslash ? this.afterEscape(end) : end + 1
    }
    this.at = end + 1
    return all < 0x80 ? this.source.slice(start, end) : this.bytes.toString('utf8', start, end)
  }

  private afterEscape(at: number): number {
    if (shortEscapes.has(this.source.charCodeAt(at + 1))) return at + 2
    longEscape.lastIndex = at
    return longEscape.test(this.source) ? longEscape.lastIndex : this.fail()
  }

  private match(pattern: RegExp): string {
    const start = this.at
    pattern.lastIndex = start
    if (!pattern.test(this.source)) return this.fail()
    this.at = pattern.lastIndex
    return this.source.slice(start, this.at)
  }

  private skip(): void {
    // Documents are written without white space: the pattern is seldom asked.
    if (this.source.charCodeAt(this.at) > blank) return
    space.lastIndex = this.at
    if (space.test(this.source)) this.at = space.lastIndex
  }

  private take(character: string): boolean {
    if (this.source[this.at] !== character) return false
    this.at += 1
    return true
  }

  /** Where it went wrong is told in characters, as an editor counts them. */
  private fail(): never {
    throw new Fault('EG-JSON-SYNTAX', { params: { place: this.bytes.toString('utf8', 0, this.at).length } })
  }
}

export function memberOf(value: LiteralValue | undefined, name: string): LiteralValue | undefined {
  if (value?.kind !== 'object') return undefined
  return value.members.find((member) => member.name === name)?.value
}

export function itemsOf(value: LiteralValue | undefined): readonly LiteralValue[] {
  return value?.kind === 'array' ? value.items : []
}

/** Source text of a scalar below an object, by its path. */
export function textAt(value: LiteralValue | undefined, ...path: readonly string[]): string | undefined {
  const found = path.reduce<LiteralValue | undefined>((under, name) => memberOf(under, name), value)
  return found === undefined || found.kind === 'object' || found.kind === 'array' ? undefined : found.text
}
