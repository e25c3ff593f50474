/** Thrown by the reader and by what is built on it: the bytes are not what they claim to be. */
export class MalformedDer extends Error {
  constructor(
    readonly what: string,
    readonly at: number,
  ) {
    super(`${what} at ${at}`)
    this.name = 'MalformedDer'
  }
}

const maximumDepth = 64

/** Dotted form by content: a few dozen identifiers make up every signature. */
const objectIdentifiers = new Map<string, string>()

/**
 * One element of a DER encoding, read lazily. Reading is strict where it matters: definite lengths, minimal lengths,
 * everything inside its parent. Depth is bounded, so a nest of sequences is a fault and not a stack overflow.
 */
export class DerElement {
  private parts: DerElement[] | undefined
  private identifier: string | undefined

  private constructor(
    /** The bytes the element was read from. */
    readonly source: Uint8Array,
    /** Identifier octet: class, constructed bit, number (all under 31). */
    readonly tag: number,
    readonly start: number,
    readonly contentStart: number,
    readonly end: number,
    private readonly depth: number,
  ) {}

  /** Reads the element at `offset`. Bytes after it are left alone unless `whole` asks that there be none. */
  static read(source: Uint8Array, offset = 0, options: { whole?: boolean; limit?: number; depth?: number } = {}): DerElement {
    const limit = options.limit ?? source.length
    const depth = options.depth ?? 0
    if (depth > maximumDepth) throw new MalformedDer('nested too deep', offset)
    const tag = source[offset]
    const first = source[offset + 1]
    if (tag === undefined || first === undefined || offset + 2 > limit) throw new MalformedDer('truncated header', offset)
    if ((tag & 0x1f) === 0x1f) throw new MalformedDer('multi-byte tag', offset)
    let contentStart = offset + 2
    let length = first
    if (first >= 0x80) {
      const count = first & 0x7f
      if (count === 0 || count > 4) throw new MalformedDer('indefinite or oversized length', offset)
      if (contentStart + count > limit) throw new MalformedDer('truncated length', offset)
      length = 0
      for (let index = 0; index < count; index++) length = length * 256 + (source[contentStart + index] ?? 0)
      if (length < 0x80 || (count > 1 && source[contentStart] === 0)) throw new MalformedDer('length not minimal', offset)
      contentStart += count
    }
    const end = contentStart + length
    if (end > limit) throw new MalformedDer('element beyond its parent', offset)
    if (options.whole === true && end !== limit) throw new MalformedDer('bytes after the element', end)
    return new DerElement(source, tag, offset, contentStart, end, depth)
  }

  /** The whole encoding. */
  get bytes(): Buffer {
    return Buffer.from(this.source.buffer, this.source.byteOffset + this.start, this.end - this.start)
  }

  /** The contents octets, not copied. */
  get content(): Buffer {
    return Buffer.from(this.source.buffer, this.source.byteOffset + this.contentStart, this.end - this.contentStart)
  }

  /** Whether it holds elements (X.690, clause 8.1.2.5). */
  get constructed(): boolean {
    return (this.tag & 0x20) !== 0
  }

  /** The elements inside. @throws MalformedDer when it is primitive or they do not fill it */
  get children(): readonly DerElement[] {
    if (this.parts !== undefined) return this.parts
    if (!this.constructed) throw new MalformedDer('not constructed', this.start)
    const parts: DerElement[] = []
    for (let at = this.contentStart; at < this.end;) {
      const part = DerElement.read(this.source, at, { limit: this.end, depth: this.depth + 1 })
      parts.push(part)
      at = part.end
    }
    this.parts = parts
    return parts
  }

  /** One of the elements inside, from 0. @throws MalformedDer when there is none */
  child(index: number): DerElement {
    const part = this.children[index]
    if (part === undefined) throw new MalformedDer(`element ${index} missing`, this.start)
    return part
  }

  /** Whether the identifier octet is this one. */
  is(tag: number): boolean {
    return this.tag === tag
  }

  /** Itself. @throws MalformedDer when the identifier octet is another */
  expect(tag: number): this {
    if (this.tag !== tag) throw new MalformedDer(`tag ${tag.toString(16)} expected, ${this.tag.toString(16)} found`, this.start)
    return this
  }

  /** Dotted OBJECT IDENTIFIER. */
  oid(): string {
    return (this.identifier ??= this.readIdentifier())
  }

  private readIdentifier(): string {
    this.expect(0x06)
    const content = this.content
    if (content.length === 0 || content.length > 64) throw new MalformedDer('object identifier length', this.start)
    const encoded = content.toString('latin1')
    const known = objectIdentifiers.get(encoded)
    if (known !== undefined) return known
    const dotted = this.arcsOf(content).join('.')
    // A bound: a file full of identifiers of its own fills it and slows nobody down further.
    if (objectIdentifiers.size < 1000) objectIdentifiers.set(encoded, dotted)
    return dotted
  }

  private arcsOf(content: Buffer): bigint[] {
    const arcs: bigint[] = []
    let value = 0n
    for (const [index, byte] of content.entries()) {
      if (value === 0n && byte === 0x80) throw new MalformedDer('object identifier not minimal', this.start)
      value = (value << 7n) | BigInt(byte & 0x7f)
      if ((byte & 0x80) !== 0) {
        if (index === content.length - 1) throw new MalformedDer('object identifier cut', this.start)
        continue
      }
      if (arcs.length === 0) {
        const first = value < 40n ? 0n : value < 80n ? 1n : 2n
        arcs.push(first, value - first * 40n)
      } else arcs.push(value)
      value = 0n
    }
    return arcs
  }

  /** INTEGER or ENUMERATED content, two's complement. */
  integer(): bigint {
    if (this.tag !== 0x02 && this.tag !== 0x0a) throw new MalformedDer('INTEGER expected', this.start)
    return DerElement.readInteger(this.content, this.start)
  }

  private static readInteger(content: Buffer, start: number): bigint {
    const [first, second] = content
    if (first === undefined) throw new MalformedDer('empty INTEGER', start)
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw new MalformedDer('INTEGER not minimal', start)
    }
    const value = BigInt(`0x${content.toString('hex')}`)
    return first >= 0x80 ? value - (1n << BigInt(content.length * 8)) : value
  }

  /** An INTEGER of up to 2^53 - 1, not below zero. @throws MalformedDer */
  smallInteger(): number {
    return this.small(this.integer())
  }

  /** Content of an implicitly tagged INTEGER. */
  implicitInteger(): number {
    return this.small(DerElement.readInteger(this.content, this.start))
  }

  private small(value: bigint): number {
    if (value < -0x7fffffffn || value > 0x7fffffffn) throw new MalformedDer('INTEGER too large', this.start)
    return Number(value)
  }

  /** A BOOLEAN. @throws MalformedDer */
  boolean(): boolean {
    return this.expect(0x01).implicitBoolean()
  }

  /** Content of an implicitly tagged BOOLEAN. */
  implicitBoolean(): boolean {
    const content = this.content
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new MalformedDer('BOOLEAN', this.start)
    return content[0] === 0xff
  }

  /** BIT STRING of whole bytes. */
  bitString(): Buffer {
    this.expect(0x03)
    const content = this.content
    if (content[0] !== 0) throw new MalformedDer('BIT STRING with unused bits', this.start)
    return content.subarray(1)
  }

  /** Named bits of a BIT STRING: bit 0 is the first. */
  bits(): (bit: number) => boolean {
    return this.expect(0x03).implicitBits()
  }

  /** Named bits of an implicitly tagged BIT STRING. */
  implicitBits(): (bit: number) => boolean {
    const content = this.content
    if (content.length === 0 || (content[0] ?? 8) > 7) throw new MalformedDer('BIT STRING', this.start)
    return (bit) => ((content[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0
  }

  /** Text of any of the string types of X.520. */
  text(): string {
    const content = this.content
    switch (this.tag) {
      case 0x0c:
        return content.toString('utf8')
      case 0x1e: {
        if (content.length % 2 !== 0) throw new MalformedDer('BMPString', this.start)
        return Buffer.from(content).swap16().toString('utf16le')
      }
      case 0x1c:
        return Array.from({ length: content.length >> 2 }, (_, index) => codePoint(content.readUInt32BE(index * 4))).join('')
      default:
        return content.toString('latin1')
    }
  }

  /** UTCTime or GeneralizedTime in UTC; fractions of a second only where `fractions` allows them (time stamps). */
  time(fractions = false): Date {
    const text = this.content.toString('latin1')
    let match: RegExpExecArray | null
    let year: number
    if (this.tag === 0x17) {
      match = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
      year = Number(match?.[1])
      year += year >= 50 ? 1900 : 2000
    } else if (this.tag === 0x18) {
      match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/.exec(text)
      year = Number(match?.[1])
    } else throw new MalformedDer('time expected', this.start)
    if (match === null || (match[7] !== undefined && !fractions)) throw new MalformedDer('time', this.start)
    const [month, day, hour, minute, second] = [2, 3, 4, 5, 6].map((group) => Number(match[group]))
    const milliseconds = match[7] ? Math.floor(Number(`0${match[7]}`) * 1000) : 0
    const date = new Date(0)
    date.setUTCFullYear(year, (month ?? 0) - 1, day ?? 0)
    date.setUTCHours(hour ?? 0, minute ?? 0, second ?? 0, milliseconds)
    if (date.getUTCMonth() + 1 !== month || date.getUTCDate() !== day || date.getUTCHours() !== hour || date.getUTCMinutes() !== minute) {
      throw new MalformedDer('impossible date', this.start)
    }
    return date
  }
}

function codePoint(value: number): string {
  return value <= 0x10ffff ? String.fromCodePoint(value) : '\ufffd'
}
