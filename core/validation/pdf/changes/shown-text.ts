import type { PdfDocument } from '../document.js'
import { Keyword, ObjectParser } from '../object-parser.js'
import { isDictionary, nameOf, PdfStream, PdfString, type PdfDictionary, type PdfValue } from '../objects.js'

const maximumTokens = 20_000

/**
 * The letters a form field's picture shows, without white space. Undefined where that cannot be known: a font with an
 * encoding of its own, a picture within the picture.
 */
export function shownText(document: PdfDocument, picture: PdfValue | undefined): string | undefined {
  const form = document.resolve(picture)
  if (!(form instanceof PdfStream)) return undefined
  try {
    const fonts = document.dictionary(document.dictionary(form.dictionary.get('Resources'))?.get('Font'))
    if (fonts === undefined || ![...fonts.values()].every((font) => isPlain(document, document.dictionary(font)))) return undefined
    const parser = new ObjectParser(document.decode(form), 0)
    let text = ''
    let operands: PdfValue[] = []
    for (let count = 0; count < maximumTokens; count++) {
      parser.skipSpace()
      if (parser.position >= parser.end) return text.replace(/\s+/g, '')
      const token = parser.token()
      if (!(token instanceof Keyword)) {
        operands.push(token)
        continue
      }
      if (token.text === 'Do' || token.text === 'BI') return undefined
      if (['Tj', 'TJ', "'", '"'].includes(token.text)) text += operands.map(lettersOf).join('')
      operands = []
    }
  } catch {
    return undefined
  }
  return undefined
}

function lettersOf(value: PdfValue): string {
  if (value instanceof PdfString) return value.bytes.toString('latin1')
  return Array.isArray(value) ? value.map(lettersOf).join('') : ''
}

/** A simple font whose codes are letters by a standard encoding. */
function isPlain(document: PdfDocument, font: PdfDictionary | undefined): boolean {
  const subtype = nameOf(document.resolve(font?.get('Subtype')))
  const encoding = document.resolve(font?.get('Encoding'))
  return (subtype === 'Type1' || subtype === 'TrueType') && !(isDictionary(encoding) && encoding.has('Differences'))
}
