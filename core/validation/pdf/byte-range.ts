import type { FaultDetail } from '../../i18n/fault.js'
import type { PdfDocument } from './document.js'
import { PdfString } from './objects.js'
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
  const range = document.array(signature.get('ByteRange'))
  const contents = document.resolve(signature.get('Contents'))
  if (!(contents instanceof PdfString) || !contents.hex) return bad('contents')
  if (range?.length !== 4) return bad('count')
  const [start, gapStart, gapEnd, length] = range
  if (typeof start !== 'number' || typeof gapStart !== 'number' || typeof gapEnd !== 'number' || typeof length !== 'number')
    return bad('numbers')
  if (![start, gapStart, gapEnd, length].every((value) => Number.isSafeInteger(value) && value >= 0)) return bad('numbers')
  const end = gapEnd + length
  if (start !== 0) return bad('start')
  if (gapStart >= gapEnd || end > bytes.length || length === 0) return bad('order')
  if (bytes[gapStart] !== 0x3c || bytes[gapEnd - 1] !== 0x3e) return bad('gap')
  const hex = bytes.toString('latin1', gapStart + 1, gapEnd - 1)
  if (!/^[0-9a-f]*$/i.test(hex) || hex.length % 2 !== 0) return bad('gap')
  if (!Buffer.from(hex, 'hex').equals(contents.bytes)) return bad('gap')
  const extent = document.extent(signatureNumber)
  if (extent === undefined || gapStart < extent.start || gapEnd > extent.end || extent.end > end) return bad('gap')
  if (!/\/Contents[\0\t\n\f\r ]*$/.test(bytes.toString('latin1', Math.max(0, gapStart - 40), gapStart))) return bad('gap')
  return { gapStart, gapEnd, end, contents: contents.bytes }
}
