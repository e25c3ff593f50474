/**
 * A small DER encoder (ITU-T X.690). The hot path of every signature builds its structures with it: concatenating
 * buffers is many times faster than a schema-driven serialiser, and cached parts (certificates) are used as they are.
 */

/** Octets of a length: one below 128, else their count and themselves (X.690 8.1.3). */
function lengthSize(length: number): number {
  if (length < 0x80) return 1
  if (length < 0x100) return 2
  if (length < 0x10000) return 3
  return length < 0x1000000 ? 4 : 5
}

/** One element from its identifier octet and content. Written into one piece of memory: a signature has dozens. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let length = 0
  for (const content of contents) length += content.length
  const size = lengthSize(length)
  const bytes = Buffer.allocUnsafe(1 + size + length)
  bytes[0] = tag
  if (size === 1) bytes[1] = length
  else {
    bytes[1] = 0x80 | (size - 1)
    bytes.writeUIntBE(length, 2, size - 1)
  }
  let at = 1 + size
  for (const content of contents) {
    bytes.set(content, at)
    at += content.length
  }
  return bytes
}

/** SEQUENCE of complete elements (X.690, clause 8.9). */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, ...parts)

/** SET OF: elements in ascending order of their encodings (X.690 11.6). */
export function setOf(...parts: readonly Uint8Array[]): Buffer {
  return element(0x31, ...sortedForSet(parts))
}

/** The order DER wants inside a SET OF; exported for implicitly tagged sets. */
export function sortedForSet(parts: readonly Uint8Array[]): Uint8Array[] {
  return [...parts].sort((left, right) => Buffer.compare(left, right))
}

/** INTEGER from a non-negative number, bigint or unsigned big-endian bytes. */
export function integer(value: number | bigint | Uint8Array): Buffer {
  let bytes: Buffer
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (value < 0) throw new RangeError('negative INTEGER')
    const hex = value.toString(16)
    bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  } else bytes = Buffer.from(value)
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  bytes = bytes.subarray(start)
  if (bytes.length === 0) bytes = Buffer.from([0])
  return (bytes[0] ?? 0) >= 0x80 ? element(0x02, Buffer.from([0]), bytes) : element(0x02, bytes)
}

const objectIdentifiers = new Map<string, Buffer>()

/** OBJECT IDENTIFIER from its dotted form; encodings are remembered. */
export function objectIdentifier(dotted: string): Buffer {
  const known = objectIdentifiers.get(dotted)
  if (known !== undefined) return known
  const arcs = dotted.split('.').map((arc) => BigInt(arc))
  const [first, second, ...rest] = arcs
  if (first === undefined || second === undefined || first > 2n) throw new RangeError(`not an object identifier: ${dotted}`)
  const bytes: number[] = []
  for (const arc of [first * 40n + second, ...rest]) {
    const groups: number[] = [Number(arc & 0x7fn)]
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80)
    bytes.push(...groups)
  }
  const encoded = element(0x06, Buffer.from(bytes))
  // Only a product's own handful of identifiers passes here often; a bound keeps foreign ones from piling up.
  if (objectIdentifiers.size < 500) objectIdentifiers.set(dotted, encoded)
  return encoded
}

/** OCTET STRING (X.690, clause 8.7). */
export const octetString = (bytes: Uint8Array): Buffer => element(0x04, bytes)
/** BIT STRING; `unusedBits` of the last byte (X.690, clause 8.6.2). */
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer => element(0x03, Buffer.from([unusedBits]), bytes)
/** UTF8String (X.690, clause 8.23). */
export const utf8String = (text: string): Buffer => element(0x0c, Buffer.from(text, 'utf8'))
/** PrintableString; its letters (X.680, clause 41.4) are the caller's care. */
export const printableString = (text: string): Buffer => element(0x13, Buffer.from(text, 'latin1'))
/** IA5String; ASCII, the caller's care. */
export const ia5String = (text: string): Buffer => element(0x16, Buffer.from(text, 'latin1'))
/** BOOLEAN; true is FF in DER (X.690, clause 11.1). */
export const boolean = (value: boolean): Buffer => Buffer.from([0x01, 0x01, value ? 0xff : 0x00])
/** NULL (X.690, clause 8.8). */
export const nullValue = Buffer.from([0x05, 0x00])

/** `[n]` around complete elements (explicit), or constructed implicit content. */
export const context = (number: number, ...parts: readonly Uint8Array[]): Buffer => element(0xa0 | number, ...parts)
/** `[n]` IMPLICIT of a primitive. */
export const contextPrimitive = (number: number, content: Uint8Array): Buffer => element(0x80 | number, content)

/** Time of X.509 (RFC 5280 4.1.2.5): UTCTime through 2049, GeneralizedTime after; whole seconds, UTC. */
export function time(date: Date): Buffer {
  const year = date.getUTCFullYear()
  const two = (value: number): string => String(value).padStart(2, '0')
  const rest = `${two(date.getUTCMonth() + 1)}${two(date.getUTCDate())}${two(date.getUTCHours())}${two(date.getUTCMinutes())}${two(date.getUTCSeconds())}Z`
  if (year >= 1950 && year < 2050) return element(0x17, Buffer.from(two(year % 100) + rest, 'latin1'))
  return element(0x18, Buffer.from(String(year).padStart(4, '0') + rest, 'latin1'))
}

/** GeneralizedTime, whole seconds, UTC. */
export function generalizedTime(date: Date): Buffer {
  const text = date.toISOString()
  return element(0x18, Buffer.from(`${text.slice(0, 19).replace(/[-:T]/g, '')}Z`, 'latin1'))
}

/** AlgorithmIdentifier; parameters are absent, NULL or given. */
export function algorithmIdentifier(oid: string, parameters?: Uint8Array): Buffer {
  return parameters === undefined ? sequence(objectIdentifier(oid)) : sequence(objectIdentifier(oid), parameters)
}
