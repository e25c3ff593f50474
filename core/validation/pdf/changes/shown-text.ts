import type { PdfDocument } from '../document.js'
import { Keyword, ObjectParser } from '../object-parser.js'
import { isDictionary, nameOf, PdfName, PdfStream, PdfString, type PdfDictionary, type PdfValue } from '../objects.js'
import { textOf } from '../text-string.js'
import { readUnicodeMap, type UnicodeMap } from './unicode-map.js'

const maximumTokens = 20_000
const maximumDepth = 4

/** Left to right in the order they are drawn; a right-to-left text is drawn from its other end. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u

/**
 * The letters a form field's picture shows, without white space. Undefined where that cannot be known: a font that does not say what
 * its codes mean, an image, lines that may be letters.
 */
export function shownText(document: PdfDocument, picture: PdfValue | undefined): string | undefined {
  const form = document.resolve(picture)
  if (!(form instanceof PdfStream)) return undefined
  try {
    const reader = new TextReader(document)
    reader.read(form, undefined, 0)
    if (reader.text === '' && reader.painted) return undefined
    return withoutSpace(reader.text)
  } catch {
    return undefined
  }
}

/**
 * Whether a picture's letters are those of a value. In right-to-left text letters are drawn from the other end and by their joined
 * forms, so there the letters count and not their order.
 */
export function saysTheSame(shown: string, value: string): boolean {
  const [left, right] = [withoutSpace(shown), withoutSpace(value)]
  if (left === right) return true
  if (!rightToLeft.test(left) && !rightToLeft.test(right)) return false
  // Code points, not what a reader calls a letter: marks are drawn apart from their letters.
  const letters = (text: string): string =>
    Array.from(text)
      .filter((one) => !/[()[\]{}<>«»]/u.test(one))
      .sort()
      .join('')
  return letters(left) === letters(right)
}

/** Also without signs that only steer the layout of a text. */
function withoutSpace(text: string): string {
  return text.normalize('NFKC').replace(/[\s\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\u00ad]+/gu, '')
}

/** A picture whose text cannot be told. */
class Unreadable extends Error {}

class TextReader {
  text = ''
  /** Something was painted that is no text. */
  painted = false
  private tokens = 0
  private readonly fonts = new Map<PdfDictionary, UnicodeMap | undefined>()

  constructor(private readonly document: PdfDocument) {}

  read(form: PdfStream, above: PdfDictionary | undefined, depth: number): void {
    if (depth > maximumDepth) throw new Unreadable()
    const { document } = this
    const resources = document.dictionary(form.dictionary.get('Resources')) ?? above
    const parser = new ObjectParser(document.decode(form), 0)
    let operands: PdfValue[] = []
    let font: UnicodeMap | undefined
    /** Depth of marked content, and where a text stands in for what is drawn (14.9.4). */
    const marks: boolean[] = []
    for (;;) {
      parser.skipSpace()
      if (parser.position >= parser.end) return
      if (++this.tokens > maximumTokens) throw new Unreadable()
      const token = parser.token()
      if (!(token instanceof Keyword)) {
        operands.push(token)
        continue
      }
      switch (token.text) {
        case 'BI':
          throw new Unreadable()
        case 'Tf':
          font = this.font(resources, operands[0])
          break
        case 'BDC': {
          const replaced = isDictionary(operands[1]) ? document.resolve(operands[1].get('ActualText')) : null
          const isFirst = !marks.includes(true)
          if (replaced instanceof PdfString && isFirst) this.text += textOf(replaced)
          marks.push(replaced instanceof PdfString)
          break
        }
        case 'BMC':
          marks.push(false)
          break
        case 'EMC':
          marks.pop()
          break
        case 'Tj':
        case 'TJ':
        case "'":
        case '"':
          if (!marks.includes(true)) this.show(operands, font)
          break
        case 'Do':
          this.draw(resources, operands[0], depth)
          break
        case 'f':
        case 'F':
        case 'f*':
        case 'B':
        case 'B*':
        case 'b':
        case 'b*':
        case 'S':
        case 's':
        case 'sh':
          this.painted = true
      }
      operands = []
    }
  }

  private show(operands: readonly PdfValue[], font: UnicodeMap | undefined): void {
    if (font === undefined) throw new Unreadable()
    for (const operand of operands)
      for (const one of Array.isArray(operand) ? operand : [operand]) if (one instanceof PdfString) this.text += font(one.bytes)
  }

  private draw(resources: PdfDictionary | undefined, operand: PdfValue | undefined, depth: number): void {
    const object = this.document.resolve(this.document.dictionary(resources?.get('XObject'))?.get(nameOf(operand) ?? ''))
    if (!(object instanceof PdfStream) || nameOf(this.document.resolve(object.dictionary.get('Subtype'))) !== 'Form') throw new Unreadable()
    this.read(object, resources, depth + 1)
  }

  private font(resources: PdfDictionary | undefined, operand: PdfValue | undefined): UnicodeMap | undefined {
    const { document } = this
    const font =
      operand instanceof PdfName ? document.dictionary(document.dictionary(resources?.get('Font'))?.get(operand.value)) : undefined
    if (font === undefined) return undefined
    if (!this.fonts.has(font)) this.fonts.set(font, readUnicodeMap(document, font))
    return this.fonts.get(font)
  }
}
