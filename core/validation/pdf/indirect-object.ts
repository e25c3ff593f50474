import { Keyword, type ObjectParser } from './object-parser.js'
import { isDictionary, MalformedPdf, PdfStream, type PdfValue } from './objects.js'

/** An object with its header, `12 0 obj`, and its stream if it has one (ISO 32000-2 7.3.8, 7.3.10); the parser stands before `endobj` then. */
export function readIndirect(parser: ObjectParser, number: number, lengthOf: (value: PdfValue | undefined) => number): PdfValue {
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
  if (!parser.standsAt('stream')) {
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
