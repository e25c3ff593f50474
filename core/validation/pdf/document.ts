import { lastStartXref, maximumObjects, readSections, type CrossReference, type Section } from './cross-reference.js'
import { readIndirect } from './indirect-object.js'
import { Keyword, ObjectParser } from './object-parser.js'
import { isDictionary, MalformedPdf, nameOf, PdfReference, PdfStream, type PdfDictionary, type PdfValue } from './objects.js'
import { decodeStream, DecodingBudget } from './stream-filters.js'

export type { CrossReference, Section } from './cross-reference.js'

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

  /** The trailer of the newest section. @throws MalformedPdf */
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

  /** Where the document catalog stands. @throws MalformedPdf when the trailer names none */
  get catalogReference(): PdfReference {
    const root = this.trailer.get('Root')
    if (!(root instanceof PdfReference)) throw new MalformedPdf('no document catalog', 0)
    return root
  }

  /** The document catalog (ISO 32000-2, clause 7.7.2). @throws MalformedPdf */
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

  /** The dictionary that the value is or refers to; undefined when it is another. @throws MalformedPdf */
  dictionary(value: PdfValue | undefined): PdfDictionary | undefined {
    const resolved = this.resolve(value)
    return isDictionary(resolved) ? resolved : undefined
  }

  /** The array that the value is or refers to; undefined when it is another. @throws MalformedPdf */
  array(value: PdfValue | undefined): PdfValue[] | undefined {
    const resolved = this.resolve(value)
    return Array.isArray(resolved) ? resolved : undefined
  }

  /** The object of a number; null when it is free or was never there (ISO 32000-2, clause 7.3.10). @throws MalformedPdf */
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
