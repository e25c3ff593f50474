import { inflateSync } from 'node:zlib'
import { isDictionary, MalformedPdf, nameOf, type PdfStream, type PdfDictionary, type PdfValue } from './objects.js'

/** What the streams of one document's structure may grow to together: a bomb is a fault, and so are many small ones. */
export class DecodingBudget {
  left = 96 * 1024 * 1024
}

/** Decodes a stream whose filters are FlateDecode or none (cross-reference and object streams are always so). */
export function decodeStream(
  stream: PdfStream,
  resolve: (value: PdfValue | undefined) => PdfValue,
  budget: DecodingBudget,
  limit = Infinity,
): Buffer {
  const filter = resolve(stream.dictionary.get('Filter'))
  const parameters = resolve(stream.dictionary.get('DecodeParms'))
  const filters = Array.isArray(filter) ? filter.map((one) => resolve(one)) : filter === null ? [] : [filter]
  let bytes = stream.raw
  for (const [index, one] of filters.entries()) {
    if (nameOf(one) !== 'FlateDecode' && nameOf(one) !== 'Fl') throw new MalformedPdf(`filter ${nameOf(one) ?? '?'}`, 0)
    try {
      bytes = inflateSync(bytes, { maxOutputLength: Math.max(1, Math.min(budget.left, limit)) })
      budget.left -= bytes.length
    } catch {
      // Also what grew too large has cost its time.
      budget.left -= Math.min(budget.left, limit, 4 * 1024 * 1024)
      throw new MalformedPdf('compressed stream', 0)
    }
    const own = Array.isArray(parameters) ? resolve(parameters[index]) : parameters
    if (isDictionary(own)) bytes = undoPredictor(bytes, own)
  }
  return bytes
}

/** PNG predictors (ISO 32000-2 7.4.4.4). */
function undoPredictor(bytes: Buffer, parameters: PdfDictionary): Buffer {
  const number = (key: string, fallback: number): number => {
    const value = parameters.get(key)
    return typeof value === 'number' ? value : fallback
  }
  const predictor = number('Predictor', 1)
  if (predictor === 1) return bytes
  if (predictor < 10) throw new MalformedPdf('TIFF predictor', 0)
  const pixel = Math.max(1, (number('Colors', 1) * number('BitsPerComponent', 8)) >> 3)
  const width = Math.ceil((number('Colors', 1) * number('BitsPerComponent', 8) * number('Columns', 1)) / 8)
  if (!Number.isInteger(width) || width < 1 || width > 1_000_000) throw new MalformedPdf('predictor width', 0)
  const rows = Math.floor(bytes.length / (width + 1))
  const out = Buffer.alloc(rows * width)
  for (let row = 0; row < rows; row++) {
    const kind = bytes[row * (width + 1)] ?? 0
    for (let column = 0; column < width; column++) {
      const value = bytes[row * (width + 1) + 1 + column] ?? 0
      const left = column >= pixel ? (out[row * width + column - pixel] ?? 0) : 0
      const up = row > 0 ? (out[(row - 1) * width + column] ?? 0) : 0
      const corner = row > 0 && column >= pixel ? (out[(row - 1) * width + column - pixel] ?? 0) : 0
      out[row * width + column] = value + predicted(kind, left, up, corner)
    }
  }
  return out
}

function predicted(kind: number, left: number, up: number, corner: number): number {
  switch (kind) {
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4: {
      const estimate = left + up - corner
      const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)]
      return a <= b && a <= c ? left : b <= c ? up : corner
    }
    default:
      return 0
  }
}
