import type { PdfDocument } from '../document.js'
import { Keyword, ObjectParser } from '../object-parser.js'
import { nameOf, PdfName, PdfStream, PdfString, type PdfDictionary, type PdfValue } from '../objects.js'

/** Lower left and upper right corner in the page's own space. */
export type Rectangle = readonly [left: number, bottom: number, right: number, top: number]

/** Where text and pictures lie on a page; `area` is that of the page. */
export interface PageContent {
  readonly places: readonly Rectangle[]
  readonly area: number
}

type Matrix = readonly [number, number, number, number, number, number]

const maximumTokens = 400_000
const maximumPlaces = 20_000
const maximumDepth = 6
const identity: Matrix = [1, 0, 0, 1, 0, 0]

/** A rectangle (ISO 32000-2, clause 7.9.5), its corners put in order: left, bottom, right, top. Undefined for another value. */
export function rectangleOf(document: PdfDocument, value: PdfValue | undefined): Rectangle | undefined {
  const corners = (document.array(value) ?? []).map((one) => document.resolve(one))
  const [a, b, c, d] = corners
  if (typeof a !== 'number' || typeof b !== 'number' || typeof c !== 'number' || typeof d !== 'number') return undefined
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)]
}

/** Whether a rectangle lies over text or a picture, and what share of the page it takes. */
export function coveredBy(place: Rectangle, page: PageContent): { content: boolean; share: number } {
  const [left, bottom, right, top] = place
  const content = page.places.some((one) => one[0] < right && one[2] > left && one[1] < top && one[3] > bottom)
  return { content, share: page.area > 0 ? ((right - left) * (top - bottom)) / page.area : 1 }
}

/**
 * Places of text and pictures by the content streams (ISO 32000-2 8, 9). Widths of letters are estimated: it answers
 * "is something there", not where a line ends. A stream that cannot be read adds nothing.
 */
export function readPageContent(document: PdfDocument, page: PdfDictionary): PageContent {
  const box = rectangleOf(document, inherited(document, page, 'MediaBox')) ?? [0, 0, 612, 792]
  const reader = new ContentReader(document)
  const contents = document.resolve(page.get('Contents'))
  const streams = (Array.isArray(contents) ? contents.map((one) => document.resolve(one)) : [contents]).filter(
    (one) => one instanceof PdfStream,
  )
  try {
    // Parts of a page are one stream: an operator may begin in one and end in the next.
    const bytes = Buffer.concat(streams.flatMap((stream) => [document.decode(stream), Buffer.from('\n')]))
    reader.read(bytes, document.dictionary(inherited(document, page, 'Resources')), identity, 0)
  } catch {
    // What was read so far counts.
  }
  return { places: reader.places, area: (box[2] - box[0]) * (box[3] - box[1]) }
}

function inherited(document: PdfDocument, page: PdfDictionary, key: string): PdfValue {
  let node: PdfDictionary | undefined = page
  for (let height = 0; node !== undefined && height < 64; height++) {
    const value = document.resolve(node.get(key))
    if (value !== null) return value
    node = document.dictionary(node.get('Parent'))
  }
  return null
}

class ContentReader {
  readonly places: Rectangle[] = []
  private tokens = 0

  constructor(private readonly document: PdfDocument) {}

  read(bytes: Buffer, resources: PdfDictionary | undefined, start: Matrix, depth: number): void {
    const parser = new ObjectParser(bytes, 0)
    const saved: Matrix[] = []
    let current = start
    let line = identity
    let text = identity
    let size = 1
    let leading = 0
    let operands: PdfValue[] = []
    const move = (x: number, y: number): void => {
      line = multiply([1, 0, 0, 1, x, y], line)
      text = line
    }
    const number = (index: number): number => {
      const value = operands[index]
      return typeof value === 'number' ? value : 0
    }
    const six = (): Matrix => [number(0), number(1), number(2), number(3), number(4), number(5)]
    while (this.places.length < maximumPlaces) {
      parser.skipSpace()
      if (parser.position >= parser.end || ++this.tokens > maximumTokens) return
      const token = parser.token()
      if (!(token instanceof Keyword)) {
        operands.push(token)
        continue
      }
      switch (token.text) {
        case 'q':
          if (saved.length < 1000) saved.push(current)
          break
        case 'Q':
          current = saved.pop() ?? current
          break
        case 'cm':
          current = multiply(six(), current)
          break
        case 'BT':
          line = text = identity
          break
        case 'Tf':
          size = number(1)
          break
        case 'TL':
          leading = number(0)
          break
        case 'Td':
          move(number(0), number(1))
          break
        case 'TD':
          leading = -number(1)
          move(number(0), number(1))
          break
        case 'Tm':
          line = text = six()
          break
        case 'T*':
          move(0, -leading)
          break
        case "'":
        case '"':
          move(0, -leading)
          text = this.show(operands, text, current, size)
          break
        case 'Tj':
        case 'TJ':
          text = this.show(operands, text, current, size)
          break
        case 'Do':
          this.draw(operands[0], resources, current, depth)
          break
        case 'BI':
          // The bytes of a picture within the stream follow; they are no tokens.
          this.places.push(placeOf([0, 0, 1, 1], current))
          parser.position = afterInlineImage(bytes, parser.position)
          break
      }
      operands = []
    }
  }

  private show(operands: readonly PdfValue[], text: Matrix, current: Matrix, size: number): Matrix {
    const parts = operands.flatMap((one) => (Array.isArray(one) ? one : [one]))
    const letters = parts.reduce((sum: number, part) => sum + (part instanceof PdfString ? part.bytes.length : 0), 0)
    if (letters === 0) return text
    const width = letters * size * 0.4
    this.places.push(placeOf([0, 0, width, size * 0.7], multiply(text, current)))
    return multiply([1, 0, 0, 1, width, 0], text)
  }

  private draw(name: PdfValue | undefined, resources: PdfDictionary | undefined, current: Matrix, depth: number): void {
    const { document } = this
    if (!(name instanceof PdfName)) return
    const object = document.resolve(document.dictionary(resources?.get('XObject'))?.get(name.value))
    if (!(object instanceof PdfStream)) return
    if (nameOf(object.dictionary.get('Subtype')) === 'Image') {
      this.places.push(placeOf([0, 0, 1, 1], current))
      return
    }
    if (depth >= maximumDepth) return
    const own = (document.array(object.dictionary.get('Matrix')) ?? []).map((one) => document.resolve(one))
    const [a, b, c, d, e, f] = own.map((one) => (typeof one === 'number' ? one : 0))
    const matrix: Matrix = f === undefined ? identity : [a ?? 1, b ?? 0, c ?? 0, d ?? 1, e ?? 0, f]
    this.read(
      document.decode(object),
      document.dictionary(object.dictionary.get('Resources')) ?? resources,
      multiply(matrix, current),
      depth + 1,
    )
  }
}

function afterInlineImage(bytes: Buffer, position: number): number {
  const end = bytes.indexOf('EI', position)
  return end < 0 ? bytes.length : end + 2
}

function multiply(left: Matrix, right: Matrix): Matrix {
  const [a, b, c, d, e, f] = left
  const [g, h, i, j, k, l] = right
  return [a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l]
}

function placeOf(box: Rectangle, matrix: Matrix): Rectangle {
  const [a, b, c, d, e, f] = matrix
  const corners = [
    [box[0], box[1]],
    [box[2], box[1]],
    [box[0], box[3]],
    [box[2], box[3]],
  ].map(([x = 0, y = 0]) => [a * x + c * y + e, b * x + d * y + f] as const)
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)]
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}
