import { MalformedPdf, PdfName, PdfReference, PdfString, type PdfDictionary, type PdfValue } from './objects.js'

const whitespace = new Uint8Array(256)
for (const byte of [0, 9, 10, 12, 13, 32]) whitespace[byte] = 1
const delimiter = new Uint8Array(256)
for (const character of '()<>[]{}/%') delimiter[character.charCodeAt(0)] = 1

const maximumDepth = 64

/** The same few words stand in every object of a file: each is made once, and found again by where its letters lead. */
const recentWords: (string | undefined)[] = Array.from({ length: 0x1000 }, () => undefined)

/** A keyword that is no value: `obj`, `endobj`, `stream`, `xref`, `R`. */
export class Keyword {
  constructor(readonly text: string) {}
}

/** Reads PDF objects from bytes (ISO 32000-2 7.2, 7.3). Position moves; nothing is read beyond `end`. */
export class ObjectParser {
  constructor(
    readonly bytes: Buffer,
    public position: number,
    readonly end = bytes.length,
  ) {}

  /** Passes white space and comments (ISO 32000-2, clauses 7.2.3 and 7.2.4). */
  skipSpace(): void {
    while (this.position < this.end) {
      const byte = this.bytes[this.position] ?? 0
      if (whitespace[byte] === 1) this.position++
      else if (byte === 0x25) {
        while (this.position < this.end && this.bytes[this.position] !== 10 && this.bytes[this.position] !== 13) this.position++
      } else return
    }
  }

  /** A value; `12 0 R` is read as one reference. */
  value(depth = 0): PdfValue {
    const token = this.token(depth)
    if (token instanceof Keyword) throw new MalformedPdf(`unexpected ${token.text.slice(0, 20)}`, this.position)
    return token
  }

  /** The next value or keyword. */
  token(depth = 0): PdfValue | Keyword {
    if (depth > maximumDepth) throw new MalformedPdf('nested too deep', this.position)
    this.skipSpace()
    if (this.position >= this.end) throw new MalformedPdf('unexpected end', this.position)
    const byte = this.bytes[this.position] ?? 0
    if (byte === 0x2f) return this.name()
    if (byte === 0x28) return this.literalString()
    if (byte === 0x5b) {
      this.position++
      return this.array(depth)
    }
    if (byte === 0x3c) {
      if (this.bytes[this.position + 1] === 0x3c) {
        this.position += 2
        return this.dictionary(depth)
      }
      return this.hexString()
    }
    if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e) return this.numberOrReference()
    if (delimiter[byte] === 1) throw new MalformedPdf(`unexpected ${String.fromCharCode(byte)}`, this.position)
    const word = this.word()
    if (word === 'true') return true
    if (word === 'false') return false
    if (word === 'null') return null
    return new Keyword(word)
  }

  private word(): string {
    const start = this.position
    let at = start
    let place = 0
    for (; at < this.end; at++) {
      const byte = this.bytes[at] ?? 0
      if (whitespace[byte] === 1 || delimiter[byte] === 1) break
      place = (place * 31 + byte) & (recentWords.length - 1)
    }
    this.position = at
    const recent = recentWords[place]
    if (recent !== undefined && this.reads(recent, start, at)) return recent
    const word = this.bytes.toString('latin1', start, at)
    if (word.length <= 32) recentWords[place] = word
    return word
  }

  private reads(text: string, start: number, end: number): boolean {
    if (text.length !== end - start) return false
    for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== this.bytes[start + index]) return false
    return true
  }

  /** Whether these letters stand at the parser's place. */
  standsAt(text: string): boolean {
    return this.reads(text, this.position, this.position + text.length)
  }

  private name(): PdfName {
    this.position++
    const text = this.word()
    return new PdfName(
      text.includes('#') ? text.replace(/#([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))) : text,
    )
  }

  private numberOrReference(): number | PdfReference {
    const start = this.position
    let number = 0
    let at = start
    for (let byte = this.bytes[at] ?? 0; at < this.end && byte >= 0x30 && byte <= 0x39; byte = this.bytes[++at] ?? 0)
      number = number * 10 + byte - 0x30
    const after = this.bytes[at] ?? 32
    if (at === start || at - start > 10 || (at < this.end && whitespace[after] !== 1 && delimiter[after] !== 1)) return this.otherNumber()
    this.position = at
    // Look ahead for `generation R`, by hand: it happens at almost every number.
    while (at < this.end && whitespace[this.bytes[at] ?? 0] === 1) at++
    const digits = at
    let generation = 0
    while (at < this.end) {
      const byte = this.bytes[at] ?? 0
      if (byte < 0x30 || byte > 0x39 || at - digits > 5) break
      generation = generation * 10 + byte - 0x30
      at++
    }
    if (at === digits || at === this.position) return number
    const gap = at
    while (at < this.end && whitespace[this.bytes[at] ?? 0] === 1) at++
    const next = this.bytes[at + 1] ?? 32
    if (at === gap || this.bytes[at] !== 0x52 || (at + 1 < this.end && whitespace[next] !== 1 && delimiter[next] !== 1)) return number
    this.position = at + 1
    return new PdfReference(number, generation)
  }

  /** A number with a sign or a point, or a very long one. */
  private otherNumber(): number {
    const start = this.position
    const text = this.word()
    if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text)) throw new MalformedPdf('number', start)
    return Number(text)
  }

  private literalString(): PdfString {
    const start = this.position++
    const out: number[] = []
    let open = 1
    while (this.position < this.end) {
      const byte = this.bytes[this.position++] ?? 0
      if (byte === 0x5c) {
        this.escape(out)
        continue
      }
      if (byte === 0x28) open++
      else if (byte === 0x29 && --open === 0) return new PdfString(Buffer.from(out), false)
      if (byte === 0x0d) {
        if (this.bytes[this.position] === 0x0a) this.position++
        out.push(0x0a)
      } else out.push(byte)
    }
    throw new MalformedPdf('string without end', start)
  }

  private escape(out: number[]): void {
    const byte = this.bytes[this.position++] ?? 0
    const simple: Readonly<Record<number, number>> = { 0x6e: 10, 0x72: 13, 0x74: 9, 0x62: 8, 0x66: 12 }
    const known = simple[byte]
    if (known !== undefined) out.push(known)
    else if (byte >= 0x30 && byte <= 0x37) {
      let value = byte - 0x30
      for (let count = 1; count < 3; count++) {
        const next = this.bytes[this.position] ?? 0
        if (next < 0x30 || next > 0x37) break
        value = value * 8 + next - 0x30
        this.position++
      }
      out.push(value & 0xff)
    } else if (byte === 0x0d) {
      if (this.bytes[this.position] === 0x0a) this.position++
    } else if (byte !== 0x0a) out.push(byte)
  }

  private hexString(): PdfString {
    const start = this.position++
    const close = this.bytes.indexOf(0x3e, this.position)
    if (close < 0 || close >= this.end) throw new MalformedPdf('hexadecimal string without end', start)
    let text = this.bytes.toString('latin1', this.position, close)
    this.position = close + 1
    if (!/^[0-9a-f]*$/i.test(text)) {
      // NUL counts as white space in PDF.
      text = text.replace(/[\0\s]+/g, '')
      if (!/^[0-9a-f]*$/i.test(text)) throw new MalformedPdf('hexadecimal string', start)
    }
    return new PdfString(Buffer.from(text.length % 2 === 0 ? text : `${text}0`, 'hex'), true)
  }

  private array(depth: number): PdfValue[] {
    const values: PdfValue[] = []
    for (;;) {
      this.skipSpace()
      if (this.bytes[this.position] === 0x5d && this.position < this.end) {
        this.position++
        return values
      }
      values.push(this.value(depth + 1))
    }
  }

  private dictionary(depth: number): PdfDictionary {
    const entries: PdfDictionary = new Map()
    for (;;) {
      this.skipSpace()
      if (this.bytes[this.position] === 0x3e && this.bytes[this.position + 1] === 0x3e && this.position + 1 < this.end) {
        this.position += 2
        return entries
      }
      const key = this.value(depth + 1)
      if (!(key instanceof PdfName)) throw new MalformedPdf('dictionary key', this.position)
      // A key given twice is read differently by different readers: that is an attack or a wreck, not a document.
      if (entries.has(key.value)) throw new MalformedPdf(`dictionary key ${key.value} twice`, this.position)
      entries.set(key.value, this.value(depth + 1))
    }
  }
}
