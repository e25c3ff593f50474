import type { FaultDetail } from '../../i18n/fault.js'
import type { PdfDocument } from './document.js'
import { nameOf, PdfString } from './objects.js'
import type { SignatureField } from './signature-fields.js'

/** What a signature covers: everything from the start to `end` but its own Contents. */
export interface CheckedRange {
  readonly gapStart: number
  readonly gapEnd: number
  readonly end: number
  /** The Contents value without its padding checked. */
  readonly contents: Buffer
}

/**
 * Checks ByteRange (ISO 32000-2 12.8.1) so that no attack on it is left room: two ranges, the first from byte 0, the gap
 * exactly the hexadecimal Contents of this very signature dictionary, the second up to the end of a revision.
 */
export function checkByteRange(document: PdfDocument, field: SignatureField): CheckedRange | FaultDetail {
  const bad = (reason: string): FaultDetail => ({ code: 'VERIFY-BYTE-RANGE', params: { reason } })
  const { bytes } = document
  const { signature, signatureNumber } = field
  if (signatureNumber === undefined) return bad('direct')
  // Both stand in the dictionary itself: what a reference leads to may be another thing in another revision.
  const range = signature.get('ByteRange')
  const contents = signature.get('Contents')
  if (!(contents instanceof PdfString) || !contents.hex) return bad('contents')
  if (!Array.isArray(range) || range.length !== 4) return bad('count')
  const [start, gapStart, gapEnd, length] = range
  if (typeof start !== 'number' || typeof gapStart !== 'number' || typeof gapEnd !== 'number' || typeof length !== 'number')
    return bad('numbers')
  if (![start, gapStart, gapEnd, length].every((value) => Number.isSafeInteger(value) && value >= 0)) return bad('numbers')
  const end = gapEnd + length
  if (start !== 0) return bad('start')
  const type = signature.get('Type')
  const stamp = nameOf(signature.get('SubFilter')) === 'ETSI.RFC3161'
  // Type may be missing (ISO 32000-2 table 255), but not say another thing.
  if (type !== undefined && nameOf(type) !== 'Sig' && !(stamp && nameOf(type) === 'DocTimeStamp')) return bad('type')
  if (gapStart >= gapEnd || end > bytes.length || length === 0) return bad('order')
  if (bytes[gapStart] !== 0x3c || bytes[gapEnd - 1] !== 0x3e) return bad('gap')
  const hex = bytes.toString('latin1', gapStart + 1, gapEnd - 1)
  if (!/^[0-9a-f]*$/i.test(hex) || hex.length % 2 !== 0) return bad('gap')
  if (!Buffer.from(hex, 'hex').equals(contents.bytes)) return bad('gap')
  const extent = document.extent(signatureNumber)
  if (extent === undefined || gapStart < extent.start || gapEnd > extent.end || extent.end > end) return bad('gap')
  // Written so that every reader reads these numbers: no comment, no sign, no other list before it.
  const written = /\/ByteRange[\0\t\n\f\r ]*\[[\0\t\n\f\r ]*(\d+)[\0\t\n\f\r ]+(\d+)[\0\t\n\f\r ]+(\d+)[\0\t\n\f\r ]+(\d+)[\0\t\n\f\r ]*\]/g
  const around = [bytes.toString('latin1', extent.start, gapStart), bytes.toString('latin1', gapEnd, extent.end)]
  const lists = around.flatMap((text) => [...text.matchAll(written)].map((match) => match.slice(1).map(Number)))
  if (!lists.some((list) => list.every((value, index) => value === range[index]))) return bad('numbers')
  if (!/\/Contents[\0\t\n\f\r ]*$/.test(bytes.toString('latin1', Math.max(0, gapStart - 40), gapStart))) return bad('gap')
  return { gapStart, gapEnd, end, contents: contents.bytes }
}
