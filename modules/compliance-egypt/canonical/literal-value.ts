import { Fault } from '../../../core/i18n/fault.js'

/**
 * JSON as it stands in the file: numbers and strings keep their source text, because the authority hashes that text. `10.50` is not
 * `10.5` here, and nothing is ever a JavaScript number.
 */
export type LiteralValue = LiteralObject | LiteralArray | LiteralScalar

export interface LiteralMember {
  /** Source text between the quotes. */
  readonly name: string
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
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?/iy
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const word = /true|false|null/y
const space = /[ \t\r\n]*/y

/**
 * Reads JSON of RFC 8259 in UTF-8 without a byte order mark. Names may stand once only in an object, in any case of letters: a
 * reader that takes the first and one that takes the last would see two documents.
 * @throws Fault EG-JSON-ENCODING, EG-JSON-SYNTAX, EG-JSON-DEPTH, EG-JSON-NAME-TWICE, EG-JSON-SIZE
 */
export function parseLiteral(json: Uint8Array): LiteralValue {
  if (json.byteLength > longest) throw new Fault('EG-JSON-SIZE', { params: { limit: longest } })
  return new Parser(json).document()
}

class Parser {
  private readonly source: string
  private at = 0
  /** Byte offset of a character is its place in the text, unless the text is not ASCII; then it is counted on. */
  private readonly ascii: boolean
  private counted = { character: 0, byte: 0 }

  constructor(json: Uint8Array) {
    try {
      this.source = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json)
    } catch {
      throw new Fault('EG-JSON-ENCODING')
    }
    this.ascii = this.source.length === json.byteLength
  }

  document(): LiteralValue {
    const value = this.value(0)
    this.skip()
    if (this.at !== this.source.length) this.fail()
    return value
  }

  private value(depth: number): LiteralValue {
    if (depth > deepest) throw new Fault('EG-JSON-DEPTH', { params: { limit: deepest } })
    this.skip()
    switch (this.source[this.at]) {
      case '{':
        return this.object(depth)
      case '[':
        return this.array(depth)
      case '"': {
        const start = this.offset()
        const text = this.match(string)
        return { kind: 'string', text: text.slice(1, -1), start, end: this.offset() }
      }
      case 't':
      case 'f':
      case 'n': {
        const start = this.offset()
        const text = this.match(word)
        return { kind: text === 'null' ? 'null' : 'boolean', text, start, end: this.offset() }
      }
      default: {
        const start = this.offset()
        const text = this.match(number)
        return { kind: 'number', text, start, end: this.offset() }
      }
    }
  }

  private object(depth: number): LiteralObject {
    const start = this.offset()
    const members: LiteralMember[] = []
    const seen = new Set<string>()
    this.at += 1
    this.skip()
    if (!this.take('}')) {
      do {
        this.skip()
        const memberStart = this.offset()
        const name = this.match(string).slice(1, -1)
        const key = name.toUpperCase()
        if (seen.has(key)) throw new Fault('EG-JSON-NAME-TWICE', { params: { name } })
        seen.add(key)
        this.skip()
        if (!this.take(':')) this.fail()
        members.push({ name, value: this.value(depth + 1), start: memberStart })
        this.skip()
      } while (this.take(','))
      if (!this.take('}')) this.fail()
    }
    return { kind: 'object', members, start, end: this.offset() }
  }

  private array(depth: number): LiteralArray {
    const start = this.offset()
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
    return { kind: 'array', items, start, end: this.offset() }
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const text = pattern.exec(this.source)?.[0]
    if (text === undefined || text === '') return this.fail()
    this.at += text.length
    return text
  }

  private skip(): void {
    // Documents are written without white space: the pattern is seldom asked.
    if (this.source.charCodeAt(this.at) > 0x20) return
    space.lastIndex = this.at
    this.at += space.exec(this.source)?.[0].length ?? 0
  }

  private take(character: string): boolean {
    if (this.source[this.at] !== character) return false
    this.at += 1
    return true
  }

  private offset(): number {
    if (this.ascii) return this.at
    this.counted.byte += Buffer.byteLength(this.source.slice(this.counted.character, this.at), 'utf8')
    this.counted.character = this.at
    return this.counted.byte
  }

  private fail(): never {
    throw new Fault('EG-JSON-SYNTAX', { params: { place: this.at } })
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
