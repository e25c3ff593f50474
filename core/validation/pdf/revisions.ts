import type { PdfDocument } from './document.js'
import { MalformedPdf } from './objects.js'

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

/** Whether a prefix of the file ends as a save does: `%%EOF` and white space. */
export function endsLikeRevision(bytes: Buffer, end: number): boolean {
  return /%%EOF[\0\t\n\f\r ]*$/.test(bytes.toString('latin1', Math.max(0, end - 64), end))
}

/** Whether only white space follows. */
export function onlySpaceAfter(bytes: Buffer, position: number): boolean {
  for (let at = position; at < bytes.length; at++) if (![0, 9, 10, 12, 13, 32].includes(bytes[at] ?? 0)) return false
  return true
}
