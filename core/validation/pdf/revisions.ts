import type { FaultDetail } from '../../i18n/fault.js'
import { explainChanges, type Explanation } from './changes/explain-changes.js'
import type { Permission } from './changes/kinds.js'
import type { PdfDocument } from './document.js'
import { Keyword, ObjectParser } from './object-parser.js'
import { MalformedPdf } from './objects.js'

/** Comparisons of two saves one file may cost: a hundred signatures times hundreds of saves is an attack on the verifier. */
const maximumComparisons = 150

/** Prefixes of the file opened as documents, and what changed between them, each once. */
export class Revisions {
  private readonly opened = new Map<number, PdfDocument>()
  private readonly compared = new Map<string, Explanation>()
  private comparisons = 0

  constructor(readonly newest: PdfDocument) {}

  /** The document as its first `end` bytes have it. */
  at(end: number): PdfDocument {
    let document = this.opened.get(end)
    if (document === undefined) {
      document = this.newest.earlier(end)
      this.opened.set(end, document)
    }
    return document
  }

  /** @throws MalformedPdf */
  changes(before: PdfDocument, after: PdfDocument, permission: Permission): Explanation {
    const name = `${before.bytes.length} ${after.bytes.length} ${permission.level} ${String(permission.certified)}`
    const known = permission.locked ? undefined : this.compared.get(name)
    if (known !== undefined) return known
    if (++this.comparisons > maximumComparisons) throw new MalformedPdf('too many saves and signatures', after.bytes.length)
    const explained = explainChanges(before, after, permission)
    const found = holdsMore(after, before.bytes.length)
      ? { ...explained, changes: [...explained.changes, { kind: 'unreferenced-data' as const, allowed: false }] }
      : explained
    if (!permission.locked) this.compared.set(name, found)
    return found
  }
}

/** Ends of the saves after `signedEnd`, oldest first: each prefix of the file up to one is the document as it then was. */
export function laterRevisionEnds(document: PdfDocument, signedEnd: number): number[] {
  const offsets = document.sections
    .map((section) => section.offset)
    .filter((offset) => offset >= signedEnd)
    .sort((left, right) => left - right)
  const ends: number[] = []
  for (const offset of offsets) {
    const keyword = document.bytes.indexOf('startxref', offset)
    const mark = keyword < 0 ? -1 : document.bytes.indexOf('%%EOF', keyword)
    if (mark < 0) throw new MalformedPdf('revision without end', offset)
    const end = afterLineEnd(document.bytes, mark + 5)
    if (ends[ends.length - 1] !== end) ends.push(end)
  }
  return ends
}

function afterLineEnd(bytes: Buffer, position: number): number {
  let at = position
  if (bytes[at] === 13) at++
  if (bytes[at] === 10) at++
  return at
}

/**
 * Whether a save holds more than its cross-reference section names: an object that a reader finds who looks for objects
 * instead of believing the section, as readers do when they think a file damaged.
 * @param start where the save begins
 */
function holdsMore(after: PdfDocument, start: number): boolean {
  const places: { start: number; end: number }[] = []
  for (const section of after.sections) {
    if (section.offset < start) continue
    places.push({ start: section.offset, end: section.end })
    for (const [number, entry] of section.entries) {
      if (entry.kind !== 'offset' || entry.offset < start || entry.offset === section.offset) continue
      const current = after.entries.get(number)
      if (current?.kind !== 'offset' || current.offset !== entry.offset) return true
      const extent = after.extent(number)
      if (extent !== undefined) places.push(extent)
    }
  }
  places.sort((left, right) => left.start - right.start)
  let at = start
  for (const place of places) {
    // One object inside of another is read by some and not by others.
    if (place.start < at) return true
    if (!onlySpace(after.bytes, at, place.start)) return true
    at = place.end
  }
  return !closes(after.bytes, at)
}

function onlySpace(bytes: Buffer, start: number, end: number): boolean {
  const parser = new ObjectParser(bytes, start, end)
  parser.skipSpace()
  return parser.position >= end
}

/** Whether a number behind `startxref` and then only space and comments (`%%EOF`) are left. */
function closes(bytes: Buffer, position: number): boolean {
  const parser = new ObjectParser(bytes, position)
  const keyword = parser.token()
  if (!(keyword instanceof Keyword) || keyword.text !== 'startxref' || typeof parser.value() !== 'number') return false
  return onlySpace(bytes, parser.position, bytes.length)
}

/** Whether a prefix of the file ends as a save does: `%%EOF` and white space. */
export function endsLikeRevision(bytes: Buffer, end: number): boolean {
  return /%%EOF[\0\t\n\f\r ]*$/.test(bytes.toString('latin1', Math.max(0, end - 64), end))
}

/** Whether only white space follows. */
export function onlySpaceAfter(bytes: Buffer, position: number): boolean {
  for (let at = position; at < bytes.length; at++) if (![0, 9, 10, 12, 13, 32].includes(bytes[at] ?? 0)) return false
  return true
}

/**
 * Bytes before the header. Some readers count offsets from the start of the file and some from the header: where both
 * find a document, they find two.
 * @throws MalformedPdf
 */
export function checkHeader(bytes: Buffer): FaultDetail[] {
  const header = bytes.subarray(0, 1024).indexOf('%PDF-')
  if (header <= 0) return []
  const keyword = bytes.lastIndexOf('startxref')
  const stated = keyword < 0 ? NaN : Number(/^startxref\s+(\d+)/.exec(bytes.toString('latin1', keyword, keyword + 40))?.[1])
  const other = bytes.toString('latin1', stated + header, stated + header + 40)
  if (/^\s*(?:xref|\d+\s+\d+\s+obj)/.test(other)) throw new MalformedPdf('two documents by two ways of counting', header)
  return [{ code: 'VERIFY-PDF-BYTES-BEFORE', params: { count: header }, level: 'warning' }]
}
