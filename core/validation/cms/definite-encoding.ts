import { MalformedDer } from '../der-reader.js'

const maximumDepth = 32
const maximumElements = 200_000

/**
 * Rewrites a BER encoding with indefinite lengths or octet strings in pieces (RFC 5652 allows both outside of what is
 * signed) with definite lengths and whole strings. Signed parts are DER in every sound signature and come out as they
 * went in; where they are not, the signature does not hold afterwards.
 * @throws MalformedDer
 */
export function definiteEncoding(bytes: Uint8Array): Buffer {
  const { der, length } = definitePrefix(bytes)
  if (length !== bytes.length) throw new MalformedDer('bytes after the element', length)
  return der
}

/**
 * The same of the element at the start of the bytes, with the length it takes there.
 * @throws MalformedDer
 */
export function definitePrefix(bytes: Uint8Array): { readonly der: Buffer; readonly length: number } {
  const { der, end } = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).element(0, bytes.length, 0)
  return { der, length: end }
}

interface Rewritten {
  readonly der: Buffer
  readonly tag: number
  readonly content: Buffer
  readonly end: number
}

class Reader {
  private elements = 0

  constructor(private readonly source: Buffer) {}

  element(start: number, limit: number, depth: number): Rewritten {
    if (depth > maximumDepth) throw new MalformedDer('nested too deep', start)
    if (++this.elements > maximumElements) throw new MalformedDer('too many elements', start)
    const tag = this.source[start]
    const first = this.source[start + 1]
    if (tag === undefined || first === undefined || start + 2 > limit) throw new MalformedDer('truncated header', start)
    if ((tag & 0x1f) === 0x1f) throw new MalformedDer('multi-byte tag', start)
    const constructed = (tag & 0x20) !== 0
    if (first === 0x80) {
      if (!constructed) throw new MalformedDer('indefinite length of a primitive', start)
      const { parts, end } = this.parts(start + 2, limit, depth, true)
      return this.put(tag, parts, end)
    }
    const { length, at } = this.length(start, first, limit)
    const end = at + length
    if (end > limit) throw new MalformedDer('element beyond its parent', start)
    if (!constructed) return this.write(tag, this.source.subarray(at, end), end)
    return this.put(tag, this.parts(at, end, depth, false).parts, end)
  }

  private length(start: number, first: number, limit: number): { length: number; at: number } {
    if (first < 0x80) return { length: first, at: start + 2 }
    const count = first & 0x7f
    if (count > 4 || start + 2 + count > limit) throw new MalformedDer('length', start)
    return { length: this.source.readUIntBE(start + 2, count), at: start + 2 + count }
  }

  private parts(from: number, limit: number, depth: number, open: boolean): { parts: Rewritten[]; end: number } {
    const parts: Rewritten[] = []
    let at = from
    while (at < limit) {
      if (open && this.source[at] === 0 && this.source[at + 1] === 0) return { parts, end: at + 2 }
      const part = this.element(at, limit, depth + 1)
      parts.push(part)
      at = part.end
    }
    if (open) throw new MalformedDer('end of contents missing', from)
    return { parts, end: at }
  }

  /** An OCTET STRING in pieces becomes one; all else keeps its parts. */
  private put(tag: number, parts: readonly Rewritten[], end: number): Rewritten {
    if (tag !== 0x24) return this.write(tag, Buffer.concat(parts.map((part) => part.der)), end)
    if (parts.some((part) => part.tag !== 0x04)) throw new MalformedDer('pieces of an octet string', end)
    return this.write(0x04, Buffer.concat(parts.map((part) => part.content)), end)
  }

  private write(tag: number, content: Buffer, end: number): Rewritten {
    const { length } = content
    const size = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4
    const head = Buffer.alloc(2 + size)
    head[0] = tag
    if (size === 0) head[1] = length
    else {
      head[1] = 0x80 | size
      head.writeUIntBE(length, 2, size)
    }
    return { der: Buffer.concat([head, content]), tag, content, end }
  }
}
