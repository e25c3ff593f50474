import { isDictionary, MalformedPdf, nameOf, PdfReference, PdfStream, type PdfDictionary, type PdfValue } from './objects.js'
import { Keyword, ObjectParser } from './object-parser.js'
import { decodeStream, DecodingBudget } from './stream-filters.js'

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
const maximumObjects = 500_000
const free: CrossReference = { kind: 'free' }

/**
 * A PDF file as its cross-reference sections describe it. Strict on purpose: there is no repair by scanning for objects,
 * since two readers that repair differently show two documents under one signature.
 */
export class PdfDocument {
  private readonly objects = new Map<number, PdfValue>()
  private readonly loading = new Set<number>()
  /** Newest entry of each object. */
  readonly entries = new Map<number, CrossReference>()

  private constructor(
    readonly bytes: Buffer,
    /** Newest first. */
    readonly sections: readonly Section[],
    private readonly read: ReadObjects,
  ) {
    for (const section of sections) {
      for (const [number, entry] of section.entries) if (!this.entries.has(number)) this.entries.set(number, entry)
    }
  }

  /** @throws MalformedPdf */
  static open(bytes: Buffer): PdfDocument {
    if (bytes.subarray(0, 1024).indexOf('%PDF-') < 0) throw new MalformedPdf('no PDF header', 0)
    const budget = new DecodingBudget()
    return new PdfDocument(bytes, readSections(bytes, lastStartXref(bytes), budget), new ReadObjects(budget))
  }

  /**
   * The document as it was when the file ended at `end`. What both have in common is read once.
   * @throws MalformedPdf
   */
  earlier(end: number): PdfDocument {
    if (end === this.bytes.length) return this
    const bytes = this.bytes.subarray(0, end)
    const newest = lastStartXref(bytes)
    const index = this.sections.findIndex((section) => section.offset === newest)
    const sections = index < 0 ? readSections(bytes, newest, this.read.budget) : this.sections.slice(index)
    return new PdfDocument(bytes, sections, this.read)
  }

  get trailer(): PdfDictionary {
    const [newest] = this.sections
    if (newest === undefined) throw new MalformedPdf('no cross-reference section', 0)
    return newest.trailer
  }

  /** One more than the highest object number. */
  get size(): number {
    let highest = 0
    for (const number of this.entries.keys()) if (number > highest) highest = number
    const declared = this.trailer.get('Size')
    return Math.max(highest + 1, typeof declared === 'number' && declared < maximumObjects ? declared : 0)
  }

  /** Size as the trailer states it: readers take every object from there on as missing (ISO 32000-2 7.5.5). */
  get declaredSize(): number {
    const declared = this.trailer.get('Size')
    return typeof declared === 'number' ? declared : 0
  }

  get catalogReference(): PdfReference {
    const root = this.trailer.get('Root')
    if (!(root instanceof PdfReference)) throw new MalformedPdf('no document catalog', 0)
    return root
  }

  get catalog(): PdfDictionary {
    const catalog = this.resolve(this.catalogReference)
    if (!isDictionary(catalog)) throw new MalformedPdf('no document catalog', 0)
    return catalog
  }

  /** Follows references; a missing object is null (ISO 32000-2 7.3.10). */
  resolve(value: PdfValue | undefined): PdfValue {
    let current = value ?? null
    for (let hops = 0; current instanceof PdfReference; hops++) {
      if (hops > 20) throw new MalformedPdf('reference cycle', 0)
      current = this.object(current.number)
    }
    return current
  }

  dictionary(value: PdfValue | undefined): PdfDictionary | undefined {
    const resolved = this.resolve(value)
    return isDictionary(resolved) ? resolved : undefined
  }

  array(value: PdfValue | undefined): PdfValue[] | undefined {
    const resolved = this.resolve(value)
    return Array.isArray(resolved) ? resolved : undefined
  }

  object(number: number): PdfValue {
    const known = this.objects.get(number)
    if (known !== undefined) return known
    const entry = this.entries.get(number)
    if (entry === undefined || entry.kind === 'free') return null
    if (this.loading.has(number)) throw new MalformedPdf(`object ${number} needs itself`, 0)
    this.loading.add(number)
    try {
      const value = entry.kind === 'offset' ? this.readAt(entry, number) : this.readCompressed(entry.stream, number)
      this.objects.set(number, value)
      return value
    } finally {
      this.loading.delete(number)
    }
  }

  /** Where an uncompressed object begins and ends in the file (`12 0 obj … endobj`). */
  extent(number: number): { start: number; end: number } | undefined {
    const entry = this.entries.get(number)
    if (entry?.kind !== 'offset') return undefined
    this.object(number)
    const parser = new ObjectParser(this.bytes, this.read.at.get(entry.offset)?.end ?? this.readIndirectAt(entry, number).end)
    const close = parser.token()
    if (!(close instanceof Keyword) || close.text !== 'endobj') throw new MalformedPdf('object without end', entry.offset)
    return { start: entry.offset, end: parser.position }
  }

  /** @param limit most bytes it may grow to */
  decode(stream: PdfStream, limit?: number): Buffer {
    return decodeStream(stream, (value) => this.resolve(value), this.read.budget, limit)
  }

  /** Pages in order with their references. */
  pages(): { reference: PdfReference; page: PdfDictionary }[] {
    const found: { reference: PdfReference; page: PdfDictionary }[] = []
    const seen = new Set<number>()
    const walk = (value: PdfValue | undefined, depth: number): void => {
      if (!(value instanceof PdfReference) || seen.has(value.number) || depth > 60) return
      seen.add(value.number)
      const node = this.dictionary(value)
      if (node === undefined) return
      const kids = this.array(node.get('Kids'))
      if (kids !== undefined && nameOf(node.get('Type')) !== 'Page') for (const kid of kids) walk(kid, depth + 1)
      else found.push({ reference: value, page: node })
    }
    walk(this.catalog.get('Pages'), 0)
    return found
  }

  private readAt(entry: { offset: number; generation: number }, number: number): PdfValue {
    const known = this.read.at.get(entry.offset)
    if (known?.number === number && known.generation === entry.generation && known.end <= this.bytes.length) return known.value
    const found = this.readIndirectAt(entry, number)
    // A length by reference belongs to one revision; all else lies in bytes that every later revision shares.
    const length = found.value instanceof PdfStream ? found.value.dictionary.get('Length') : undefined
    if (!(length instanceof PdfReference)) this.read.at.set(entry.offset, { number, generation: entry.generation, ...found })
    return found.value
  }

  private readIndirectAt({ offset, generation }: { offset: number; generation: number }, number: number): { value: PdfValue; end: number } {
    // The header repeats the generation; a reader that minds a difference finds nothing here.
    const header = new ObjectParser(this.bytes, offset)
    if (header.token() !== number || header.token() !== generation)
      throw new MalformedPdf(`object ${number} is not where the file says`, offset)
    const parser = new ObjectParser(this.bytes, offset)
    const value = readIndirect(parser, number, (length) => this.streamLength(length))
    return { value, end: parser.position }
  }

  private streamLength(length: PdfValue | undefined): number {
    const value = this.resolve(length)
    if (typeof value !== 'number' || value < 0 || !Number.isInteger(value)) throw new MalformedPdf('stream length', 0)
    return value
  }

  private readCompressed(streamNumber: number, number: number): PdfValue {
    if (this.entries.get(streamNumber)?.kind !== 'offset') throw new MalformedPdf('object stream in an object stream', 0)
    const stream = this.object(streamNumber)
    if (!(stream instanceof PdfStream)) throw new MalformedPdf('object stream', 0)
    let held = this.read.streams.get(stream)
    if (held === undefined) {
      held = this.openObjectStream(stream)
      this.read.streams.set(stream, held)
    }
    const known = held.values.get(number)
    if (known !== undefined) return known
    const offset = held.offsets.get(number)
    if (offset === undefined) throw new MalformedPdf(`object ${number} not in its stream`, 0)
    const value = new ObjectParser(held.bytes, held.first + offset).value()
    held.values.set(number, value)
    return value
  }

  private openObjectStream(stream: PdfStream): ObjectStream {
    if (nameOf(stream.dictionary.get('Type')) !== 'ObjStm') throw new MalformedPdf('object stream', 0)
    const bytes = this.decode(stream)
    const first = this.resolve(stream.dictionary.get('First'))
    const count = this.resolve(stream.dictionary.get('N'))
    if (typeof first !== 'number' || typeof count !== 'number' || first > bytes.length || count > bytes.length)
      throw new MalformedPdf('object stream', 0)
    const parser = new ObjectParser(bytes, 0, first)
    const offsets = new Map<number, number>()
    for (let index = 0; index < count; index++) {
      const [own, offset] = [parser.value(), parser.value()]
      if (typeof own !== 'number' || typeof offset !== 'number') throw new MalformedPdf('object stream', 0)
      // Some readers go by the number and some by the place: with both unique they read the same.
      if (offsets.has(own)) throw new MalformedPdf('object twice in one object stream', 0)
      offsets.set(own, offset)
    }
    return { bytes, first, offsets, values: new Map() }
  }
}

interface ObjectStream {
  readonly bytes: Buffer
  readonly first: number
  readonly offsets: ReadonlyMap<number, number>
  readonly values: Map<number, PdfValue>
}

/** What was read of a file, for all its revisions: an object at one place is one object. */
class ReadObjects {
  readonly at = new Map<number, { number: number; generation: number; value: PdfValue; end: number }>()
  readonly streams = new WeakMap<PdfStream, ObjectStream>()

  constructor(readonly budget: DecodingBudget) {}
}

/** Position the last `startxref` names. */
export function lastStartXref(bytes: Buffer): number {
  const keyword = bytes.lastIndexOf('startxref')
  if (keyword < 0) throw new MalformedPdf('no startxref', bytes.length)
  const offset = new ObjectParser(bytes, keyword + 9).value()
  if (typeof offset !== 'number' || !Number.isInteger(offset) || offset < 0 || offset >= bytes.length)
    throw new MalformedPdf('startxref', keyword)
  return offset
}

function readIndirect(parser: ObjectParser, number: number, lengthOf: (value: PdfValue | undefined) => number): PdfValue {
  const start = parser.position
  const own = parser.token()
  const generation = parser.token()
  const keyword = parser.token()
  if (own !== number || typeof generation !== 'number' || !(keyword instanceof Keyword) || keyword.text !== 'obj') {
    throw new MalformedPdf(`object ${number} is not where the file says`, start)
  }
  const value = parser.value()
  if (!isDictionary(value)) return value
  const before = parser.position
  parser.skipSpace()
  if (parser.bytes.toString('latin1', parser.position, parser.position + 6) !== 'stream') {
    parser.position = before
    return value
  }
  parser.position += 6
  if (parser.bytes[parser.position] === 13) parser.position++
  if (parser.bytes[parser.position] === 10) parser.position++
  const length = lengthOf(value.get('Length'))
  const from = parser.position
  if (from + length > parser.end) throw new MalformedPdf('stream beyond the file', from)
  parser.position = from + length
  const close = parser.token()
  if (!(close instanceof Keyword) || close.text !== 'endstream') throw new MalformedPdf('stream length does not fit', from)
  return new PdfStream(value, parser.bytes.subarray(from, from + length))
}

function readSections(bytes: Buffer, newest: number, budget: DecodingBudget): Section[] {
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
