import { readIndirect } from './indirect-object.js'
import { Keyword, ObjectParser } from './object-parser.js'
import { isDictionary, MalformedPdf, nameOf, PdfStream, type PdfDictionary, type PdfValue } from './objects.js'
import { decodeStream, type DecodingBudget } from './stream-filters.js'

/** Where an object lies (ISO 32000-2, clauses 7.5.4 and 7.5.8); offsets in bytes of the file. */
export type CrossReference =
  | { readonly kind: 'free' }
  | { readonly kind: 'offset'; readonly offset: number; readonly generation: number }
  | { readonly kind: 'compressed'; readonly stream: number; readonly index: number }

/** One cross-reference section: what one save of the file changed. */
export interface Section {
  readonly offset: number
  readonly entries: ReadonlyMap<number, CrossReference>
  readonly trailer: PdfDictionary
  readonly kind: 'table' | 'stream'
  /** Behind its last byte. */
  readonly end: number
}

const maximumSections = 500
/** Of one file. */
export const maximumObjects = 500_000
const free: CrossReference = { kind: 'free' }

/** Position the last `startxref` names. */
export function lastStartXref(bytes: Buffer): number {
  const keyword = bytes.lastIndexOf('startxref')
  if (keyword < 0) throw new MalformedPdf('no startxref', bytes.length)
  const offset = new ObjectParser(bytes, keyword + 9).value()
  if (typeof offset !== 'number' || !Number.isInteger(offset) || offset < 0 || offset >= bytes.length)
    throw new MalformedPdf('startxref', keyword)
  return offset
}

/**
 * The sections from the newest to the first (ISO 32000-2 7.5.4, 7.5.8).
 * @throws MalformedPdf
 */
export function readSections(bytes: Buffer, newest: number, budget: DecodingBudget): Section[] {
  const sections: Section[] = []
  let entries = 0
  const seen = new Set<number>()
  for (let next: number | undefined = newest; next !== undefined;) {
    if (seen.has(next) || sections.length >= maximumSections) throw new MalformedPdf('cross-reference sections in a circle', next)
    seen.add(next)
    const section: Section = readSection(bytes, next, budget)
    sections.push(section)
    entries += section.entries.size
    if (entries > maximumObjects) throw new MalformedPdf('too many objects', next)
    const hybrid = section.trailer.get('XRefStm')
    if (hybrid !== undefined && section.kind === 'table') {
      if (typeof hybrid !== 'number') throw new MalformedPdf('XRefStm is no number', next)
      if (seen.has(hybrid)) throw new MalformedPdf('cross-reference sections in a circle', hybrid)
      seen.add(hybrid)
      sections.pop()
      sections.push(...hybridSections(section, readSection(bytes, hybrid, budget)))
    }
    const previous = section.trailer.get('Prev')
    if (previous !== undefined && typeof previous !== 'number') throw new MalformedPdf('Prev is no number', next)
    next = previous
  }
  return sections
}

/** A hybrid save (ISO 32000-2 7.5.8.4): what its table calls free so that old readers skip it, the stream brings. */
function hybridSections(table: Section, stream: Section): [Section, Section] {
  const entries = new Map(table.entries)
  for (const [number, entry] of table.entries) {
    const other = stream.entries.get(number)
    if (other === undefined || other.kind === 'free') continue
    if (entry.kind === 'free') entries.delete(number)
    else if (entry.kind !== 'offset' || other.kind !== 'offset' || entry.offset !== other.offset)
      throw new MalformedPdf('two places for one object in a hybrid save', table.offset)
  }
  return [{ ...table, entries }, stream]
}

function readSection(bytes: Buffer, offset: number, budget: DecodingBudget): Section {
  if (!Number.isInteger(offset) || offset < 0 || offset >= bytes.length) throw new MalformedPdf('cross-reference offset', offset)
  const parser = new ObjectParser(bytes, offset)
  const token = parser.token()
  if (token instanceof Keyword && token.text === 'xref') return readTable(parser, offset)
  if (typeof token === 'number') return readXrefStream(bytes, offset, token, budget)
  throw new MalformedPdf('no cross-reference section', offset)
}

function readTable(parser: ObjectParser, offset: number): Section {
  const entries = new Map<number, CrossReference>()
  for (;;) {
    const first = parser.token()
    if (first instanceof Keyword && first.text === 'trailer') break
    const count = parser.token()
    if (typeof first !== 'number' || typeof count !== 'number' || count > maximumObjects)
      throw new MalformedPdf('cross-reference table', offset)
    if (first + count > 10_000_000) throw new MalformedPdf('cross-reference table', offset)
    for (let index = 0; index < count; index++) {
      const quick = readRow(parser)
      if (quick !== undefined) {
        if (entries.has(first + index)) throw new MalformedPdf('object twice in one cross-reference table', offset)
        entries.set(first + index, quick)
        continue
      }
      const [position, generation, kind] = [parser.token(), parser.token(), parser.token()]
      if (typeof position !== 'number' || typeof generation !== 'number' || !(kind instanceof Keyword))
        throw new MalformedPdf('cross-reference table', offset)
      if (entries.has(first + index)) throw new MalformedPdf('object twice in one cross-reference table', offset)
      if (kind.text !== 'n' && kind.text !== 'f') throw new MalformedPdf('cross-reference table', offset)
      entries.set(first + index, kind.text === 'n' ? { kind: 'offset', offset: position, generation } : free)
    }
  }
  const trailer = parser.value()
  if (!isDictionary(trailer)) throw new MalformedPdf('trailer', offset)
  return { offset, entries, trailer, kind: 'table', end: parser.position }
}

/** A row of a table in its usual form, `0000000017 00000 n`, at the parser's place. */
function readRow(parser: ObjectParser): CrossReference | undefined {
  parser.skipSpace()
  const { bytes, position } = parser
  if (position + 19 > parser.end || bytes[position + 10] !== 0x20 || bytes[position + 16] !== 0x20) return undefined
  let offset = 0
  let generation = 0
  for (let index = 0; index < 16; index++) {
    if (index === 10) continue
    const digit = (bytes[position + index] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return undefined
    if (index < 10) offset = offset * 10 + digit
    else generation = generation * 10 + digit
  }
  const kind = bytes[position + 17]
  const next = bytes[position + 18]
  if (next !== 0x20 && next !== 0x0d && next !== 0x0a) return undefined
  if (kind !== 0x6e && kind !== 0x66) return undefined
  parser.position = position + 18
  return kind === 0x6e ? { kind: 'offset', offset, generation } : free
}

function readXrefStream(bytes: Buffer, offset: number, number: number, budget: DecodingBudget): Section {
  const direct = (value: PdfValue | undefined): number => {
    if (typeof value !== 'number') throw new MalformedPdf('cross-reference stream', offset)
    return value
  }
  const parser = new ObjectParser(bytes, offset)
  const stream = readIndirect(parser, number, direct)
  if (!(stream instanceof PdfStream) || nameOf(stream.dictionary.get('Type')) !== 'XRef')
    throw new MalformedPdf('cross-reference stream', offset)
  const data = decodeStream(stream, (value) => value ?? null, budget)
  const widths = stream.dictionary.get('W')
  const [w0, w1, w2] = Array.isArray(widths) ? widths.map(direct) : []
  if (w0 === undefined || w1 === undefined || w2 === undefined || [w0, w1, w2].some((width) => width < 0 || width > 6)) {
    throw new MalformedPdf('cross-reference stream', offset)
  }
  const index = stream.dictionary.get('Index')
  const ranges = Array.isArray(index) ? index.map(direct) : [0, direct(stream.dictionary.get('Size'))]
  const width = w0 + w1 + w2
  const entries = new Map<number, CrossReference>()
  let at = 0
  for (let range = 0; range + 1 < ranges.length; range += 2) {
    const [first, count] = [ranges[range] ?? 0, ranges[range + 1] ?? 0]
    if (width === 0 || count * width > data.length - at || count < 0) throw new MalformedPdf('cross-reference stream', offset)
    if (entries.size + count > maximumObjects) throw new MalformedPdf('too many objects', offset)
    for (let step = 0; step < count; step++, at += width) {
      if (entries.has(first + step)) throw new MalformedPdf('object twice in one cross-reference stream', offset)
      const kind = w0 === 0 ? 1 : data.readUIntBE(at, w0)
      const second = w1 === 0 ? 0 : data.readUIntBE(at + w0, w1)
      const third = w2 === 0 ? 0 : data.readUIntBE(at + w0 + w1, w2)
      if (kind === 0) entries.set(first + step, free)
      else if (kind === 1) entries.set(first + step, { kind: 'offset', offset: second, generation: third })
      else if (kind === 2) entries.set(first + step, { kind: 'compressed', stream: second, index: third })
    }
  }
  const close = parser.token()
  if (!(close instanceof Keyword) || close.text !== 'endobj') throw new MalformedPdf('cross-reference stream', offset)
  return { offset, entries, trailer: stream.dictionary, kind: 'stream', end: parser.position }
}
