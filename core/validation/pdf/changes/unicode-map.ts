import type { PdfDocument } from '../document.js'
import { Keyword, ObjectParser } from '../object-parser.js'
import { isDictionary, nameOf, PdfStream, PdfString, type PdfDictionary, type PdfValue } from '../objects.js'

/** What the codes of a text in one font mean. */
export type UnicodeMap = (codes: Buffer) => string

const maximumTokens = 100_000
const largestMap = 512 * 1024

/** How a font says what its codes mean; undefined when it does not: an encoding of its own without a map to Unicode. */
export function readUnicodeMap(document: PdfDocument, font: PdfDictionary): UnicodeMap | undefined {
  const subtype = nameOf(document.resolve(font.get('Subtype')))
  const encoding = document.resolve(font.get('Encoding'))
  const map = document.resolve(font.get('ToUnicode'))
  if (subtype === 'Type0') {
    if (nameOf(encoding) !== 'Identity-H' || !(map instanceof PdfStream)) return undefined
    const texts = readMap(document.decode(map, largestMap))
    return (codes) => {
      let text = ''
      for (let at = 0; at + 1 < codes.length; at += 2) text += texts.get(codes.readUInt16BE(at)) ?? '\ufffd'
      return text
    }
  }
  // A simple font whose codes are letters by a standard encoding.
  if ((subtype !== 'Type1' && subtype !== 'TrueType') || (isDictionary(encoding) && encoding.has('Differences'))) return undefined
  return (codes) => codes.toString('latin1')
}

/** `bfchar` and `bfrange` of a map to Unicode (ISO 32000-2 9.10.3). */
function readMap(bytes: Buffer): Map<number, string> {
  const texts = new Map<number, string>()
  const parser = new ObjectParser(bytes, 0)
  let operands: PdfValue[] = []
  for (let count = 0; count < maximumTokens; count++) {
    parser.skipSpace()
    if (parser.position >= parser.end) return texts
    const token = parser.token()
    if (!(token instanceof Keyword)) {
      operands.push(token)
      continue
    }
    if (token.text === 'endbfchar') for (let at = 0; at + 1 < operands.length; at += 2) set(operands[at], operands[at + 1])
    if (token.text === 'endbfrange')
      for (let at = 0; at + 2 < operands.length; at += 3) range(operands[at], operands[at + 1], operands[at + 2])
    operands = []
  }
  return texts

  function set(code: PdfValue | undefined, text: PdfValue | undefined): void {
    const number = codeOf(code)
    if (number !== undefined && text instanceof PdfString) texts.set(number, unicode(text.bytes))
  }

  function range(first: PdfValue | undefined, last: PdfValue | undefined, target: PdfValue | undefined): void {
    const [from, to] = [codeOf(first), codeOf(last)]
    if (from === undefined || to === undefined || to - from > 0xffff) return
    for (let code = from; code <= to; code++) {
      if (Array.isArray(target)) {
        const one = target[code - from]
        if (one instanceof PdfString) texts.set(code, unicode(one.bytes))
      } else if (target instanceof PdfString && target.bytes.length >= 2) {
        const bytes = Buffer.from(target.bytes)
        bytes.writeUInt16BE((bytes.readUInt16BE(bytes.length - 2) + code - from) & 0xffff, bytes.length - 2)
        texts.set(code, unicode(bytes))
      }
    }
  }
}

function codeOf(value: PdfValue | undefined): number | undefined {
  return value instanceof PdfString && value.bytes.length === 2 ? value.bytes.readUInt16BE(0) : undefined
}

function unicode(bytes: Buffer): string {
  return bytes.length % 2 === 0 ? Buffer.from(bytes).swap16().toString('utf16le') : ''
}
