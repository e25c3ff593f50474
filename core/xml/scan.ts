import { Fault } from '../i18n/fault.js'

/** One element with the exact place of its bytes. */
export interface ScannedElement {
  /** Qualified name as written: `cbc:ID`. */
  readonly name: string
  /** Offset of `<` of the start tag. */
  readonly start: number
  /** Offset after `>` of the start tag. */
  contentStart: number
  /** Offset of `<` of the end tag; equals `end` for an empty-element tag. */
  contentEnd: number
  /** Offset after the last byte of the element. */
  end: number
  readonly depth: number
  /** Index of the parent in the list; -1 for the root. */
  readonly parent: number
}

/** How large a document may be. */
export interface ScanLimits {
  readonly maxBytes: number
  readonly maxDepth: number
  readonly maxElements: number
}

/** Far above every real document, far below what fills the memory. */
export const defaultScanLimits: ScanLimits = { maxBytes: 10 * 1024 * 1024, maxDepth: 64, maxElements: 200_000 }

const lessThan = 0x3c
const greaterThan = 0x3e

function malformed(at: number): Fault {
  return new Fault('XML-MALFORMED', { params: { at, reason: 'scan' }, status: 400 })
}

function isNameByte(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x3a ||
    byte === 0x2d ||
    byte === 0x5f ||
    byte === 0x2e ||
    byte >= 0x80
  )
}

/**
 * Finds every element with its byte range, in document order, without building a tree and without touching the bytes: for blocks
 * that are cut out, put in or shown as they stand. It accepts what a parser accepts and more; well-formedness is the parser's
 * business. DOCTYPE and processing instructions inside the root are refused.
 * @throws Fault XML-TOO-LARGE, XML-TOO-DEEP, XML-DOCTYPE, XML-INSTRUCTION, XML-MALFORMED
 */
export function scanElements(bytes: Buffer, limits: ScanLimits = defaultScanLimits): ScannedElement[] {
  if (bytes.length > limits.maxBytes)
    throw new Fault('XML-TOO-LARGE', { params: { size: bytes.length, limit: limits.maxBytes }, status: 413 })
  const found: ScannedElement[] = []
  const open: number[] = []
  let at = bytes.indexOf(lessThan)
  while (at !== -1) {
    const next = bytes[at + 1]
    if (next === 0x21) at = skipDeclaration(bytes, at)
    else if (next === 0x3f) {
      // Nothing we read needs one inside the document, and the parser's tree has no way past it.
      if (open.length > 0) throw new Fault('XML-INSTRUCTION', { params: { at }, status: 400 })
      at = after(bytes, '?>', at + 2)
    } else if (next === 0x2f) {
      const end = bytes.indexOf(greaterThan, at)
      const element = found[open.pop() ?? -1]
      if (end === -1 || element === undefined) throw malformed(at)
      const name = bytes.toString('latin1', at + 2, end).trimEnd()
      if (name !== Buffer.from(element.name, 'utf8').toString('latin1')) throw malformed(at)
      element.contentEnd = at
      element.end = end + 1
      at = end + 1
    } else {
      if (open.length >= limits.maxDepth) throw new Fault('XML-TOO-DEEP', { params: { limit: limits.maxDepth }, status: 400 })
      if (found.length >= limits.maxElements)
        throw new Fault('XML-TOO-LARGE', { params: { size: found.length, limit: limits.maxElements }, status: 413 })
      at = startTag(bytes, at, found, open)
    }
    at = bytes.indexOf(lessThan, at)
  }
  if (open.length > 0 || found.length === 0) throw malformed(bytes.length)
  return found
}

function after(bytes: Buffer, mark: string, from: number): number {
  const at = bytes.indexOf(mark, from, 'latin1')
  if (at === -1) throw malformed(from)
  return at + mark.length
}

function skipDeclaration(bytes: Buffer, at: number): number {
  if (bytes.toString('latin1', at, at + 4) === '<!--') return after(bytes, '-->', at + 4)
  if (bytes.toString('latin1', at, at + 9) === '<![CDATA[') return after(bytes, ']]>', at + 9)
  throw new Fault('XML-DOCTYPE', { params: { at }, status: 400 })
}

function startTag(bytes: Buffer, start: number, found: ScannedElement[], open: number[]): number {
  let at = start + 1
  while (at < bytes.length && isNameByte(bytes[at] ?? 0)) at++
  if (at === start + 1) throw malformed(start)
  const element: ScannedElement = {
    name: bytes.toString('utf8', start + 1, at),
    start,
    contentStart: 0,
    contentEnd: 0,
    end: 0,
    depth: open.length,
    parent: open.at(-1) ?? -1,
  }
  for (;;) {
    const byte = bytes[at]
    if (byte === undefined || byte === lessThan) throw malformed(at)
    if (byte === 0x22 || byte === 0x27) {
      const quote = bytes.indexOf(byte, at + 1)
      if (quote === -1) throw malformed(at)
      at = quote + 1
    } else if (byte === greaterThan) break
    else at++
  }
  element.contentStart = at + 1
  found.push(element)
  if (bytes[at - 1] === 0x2f) {
    element.contentEnd = at + 1
    element.end = at + 1
  } else open.push(found.length - 1)
  return at + 1
}

/** Text of a range without its tags, for elements that hold text alone. */
export function contentOf(bytes: Buffer, element: ScannedElement): string {
  return bytes.toString('utf8', element.contentStart, element.contentEnd)
}
