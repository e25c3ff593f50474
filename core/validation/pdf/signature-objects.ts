import type { PdfDocument } from './document.js'
import { isDictionary, PdfReference, PdfString, type PdfDictionary } from './objects.js'

const maximumMarks = 1000

/** A place of the file that reads `/ByteRange`, and the signature dictionary there, if one is. */
export interface SignatureMark {
  readonly at: number
  readonly number: number | undefined
  readonly signature: PdfDictionary | undefined
}

/**
 * Signature dictionaries as they lie in the file, whatever leads to them: ByteRange and Contents are never encrypted and
 * never in an object stream (ISO 32000-2 7.6.2, 7.5.7).
 */
export function signatureMarks(document: PdfDocument): SignatureMark[] {
  let mark = document.bytes.indexOf('/ByteRange')
  if (mark < 0) return []
  const places = [...document.entries]
    .flatMap(([number, entry]) => (entry.kind === 'offset' ? [{ number, offset: entry.offset }] : []))
    .sort((left, right) => left.offset - right.offset)
  const marks: SignatureMark[] = []
  for (let count = 0; mark >= 0 && count < maximumMarks; count++, mark = document.bytes.indexOf('/ByteRange', mark + 1)) {
    const number = lastBefore(places, mark)?.number
    marks.push({ at: mark, number: holds(document, number, mark) ? number : undefined, signature: signatureOf(document, number) })
  }
  return marks
}

/**
 * Signatures behind `signedEnd` that the form no longer leads to: they were taken out. Those of usage rights (ISO 32000-2
 * 12.8.2.3) stand under Perms and are no signatures of a person.
 */
export function removedSignatures(document: PdfDocument, inForm: ReadonlySet<number>, signedEnd: number): SignatureMark[] {
  const later = signatureMarks(document).filter(({ at }) => at >= signedEnd)
  if (later.length === 0) return []
  const permissions = document.dictionary(document.catalog.get('Perms'))
  const rights = [permissions?.get('UR'), permissions?.get('UR3')]
  const granted = new Set(rights.map((value) => (value instanceof PdfReference ? value.number : -1)))
  return later.filter(({ number, signature }) => {
    if (number === undefined) return true
    return signature !== undefined && !inForm.has(number) && !granted.has(number)
  })
}

/** Whether the place lies within the object; one in an object that was overwritten lies in none. */
function holds(document: PdfDocument, number: number | undefined, place: number): boolean {
  if (number === undefined) return false
  try {
    const extent = document.extent(number)
    return extent !== undefined && place < extent.end
  } catch {
    return false
  }
}

function signatureOf(document: PdfDocument, number: number | undefined): PdfDictionary | undefined {
  if (number === undefined) return undefined
  try {
    const value = document.object(number)
    return isDictionary(value) && value.has('ByteRange') && value.get('Contents') instanceof PdfString ? value : undefined
  } catch {
    return undefined
  }
}

function lastBefore<Place extends { readonly offset: number }>(places: readonly Place[], position: number): Place | undefined {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((places[middle]?.offset ?? Infinity) <= position) low = middle + 1
    else high = middle
  }
  return places[low - 1]
}
