import { createHash } from 'node:crypto'
import { PdfDocument } from '../../../validation/pdf/document.js'
import {
  isDictionary,
  MalformedPdf,
  nameOf,
  PdfReference,
  PdfStream,
  type PdfDictionary,
  type PdfValue,
} from '../../../validation/pdf/objects.js'
import { Fault } from '../../../i18n/fault.js'
import type { IncrementalUpdate } from './incremental-update.js'
import { dictionaryOf, name } from './object-writer.js'
import { inherited, rectangleOf, uprightMatrix, type PageGeometry } from './page-geometry.js'

/** A parsed appearance: the page as a form and everything it needs, with the numbers of its own file. */
interface ParsedAppearance {
  readonly content: Buffer
  readonly compressed: boolean
  readonly box: readonly [number, number, number, number]
  readonly resources: PdfDictionary
  readonly objects: ReadonlyMap<number, PdfValue>
  readonly group: PdfValue | undefined
}

/** Bulk sealing stamps one design on thousands of files: it is parsed once. */
const parsedAppearances = new Map<string, ParsedAppearance>()

function parse(pdf: Buffer): ParsedAppearance {
  const document = PdfDocument.open(pdf)
  const [first] = document.pages()
  if (first === undefined) throw new MalformedPdf('no page', 0)
  const corners = rectangleOf(document, inherited(document, first.page, 'MediaBox'))
  if (corners === undefined) throw new MalformedPdf('media box', 0)
  const resources = inherited(document, first.page, 'Resources')
  const contents = document.resolve(first.page.get('Contents'))
  const streams = (Array.isArray(contents) ? contents.map((one) => document.resolve(one)) : [contents]).filter(
    (one) => one instanceof PdfStream,
  )
  const [only, second] = streams
  // One deflated stream is taken as it is; several are joined with white space between, as a page would be read.
  const asIs =
    only !== undefined &&
    second === undefined &&
    nameOf(only.dictionary.get('Filter')) === 'FlateDecode' &&
    !only.dictionary.has('DecodeParms')
  const content = asIs ? only.raw : Buffer.concat(streams.flatMap((stream) => [document.decode(stream), Buffer.from('\n')]))
  const objects = new Map<number, PdfValue>()
  const collect = (value: PdfValue, depth: number): void => {
    if (depth > 60) throw new MalformedPdf('appearance nested too deep', 0)
    if (value instanceof PdfReference) {
      if (objects.has(value.number)) return
      const target = document.object(value.number)
      objects.set(value.number, target)
      collect(target, depth + 1)
    } else if (value instanceof PdfStream) collect(value.dictionary, depth)
    else if (Array.isArray(value)) for (const one of value) collect(one, depth + 1)
    else if (isDictionary(value)) for (const one of value.values()) collect(one, depth + 1)
  }
  const resourceDictionary = isDictionary(resources) ? resources : new Map<string, PdfValue>()
  collect(resourceDictionary, 0)
  const group = first.page.get('Group')
  if (group !== undefined) collect(group, 0)
  return {
    content,
    compressed: asIs,
    box: corners,
    resources: resourceDictionary,
    objects,
    group,
  }
}

function parsedOnce(pdf: Buffer): ParsedAppearance {
  const hash = createHash('sha256').update(pdf).digest('hex')
  const known = parsedAppearances.get(hash)
  if (known !== undefined) return known
  try {
    const parsed = parse(pdf)
    if (parsedAppearances.size >= 64) parsedAppearances.clear()
    parsedAppearances.set(hash, parsed)
    return parsed
  } catch (error) {
    throw new Fault('SIGN-APPEARANCE-UNREADABLE', { cause: error })
  }
}

/** Writes the page as a form XObject with everything it needs under new numbers. */
function embed(update: IncrementalUpdate, parsed: ParsedAppearance): PdfReference {
  const numbers = new Map<number, PdfReference>()
  for (const number of parsed.objects.keys()) numbers.set(number, update.reserve())
  const renumber = (value: PdfValue): PdfValue => {
    if (value instanceof PdfReference) return numbers.get(value.number) ?? null
    if (Array.isArray(value)) return value.map(renumber)
    if (isDictionary(value)) return new Map([...value].map(([key, one]) => [key, renumber(one)]))
    return value
  }
  for (const [number, value] of parsed.objects) {
    const reference = numbers.get(number)
    if (reference === undefined) continue
    if (value instanceof PdfStream) {
      const dictionary = renumber(value.dictionary)
      if (isDictionary(dictionary)) update.putStream(reference, dictionary, value.raw)
    } else update.put(reference, renumber(value))
  }
  const form = update.reserve()
  const dictionary = dictionaryOf({
    Type: name('XObject'),
    Subtype: name('Form'),
    BBox: [...parsed.box],
    Resources: renumber(parsed.resources),
    Group: parsed.group === undefined ? undefined : renumber(parsed.group),
    Filter: parsed.compressed ? name('FlateDecode') : undefined,
  })
  update.putStream(form, dictionary, parsed.content)
  return form
}

/** Where a picture is shown: its size as the reader of the page sees it, and how the page is turned. */
export interface ShownSize {
  readonly width: number
  readonly height: number
  readonly rotation: PageGeometry['rotation']
}

/**
 * Embeds the first page of a PDF as the appearance of a widget and returns its reference. A viewer scales the box of the
 * appearance to the widget's rectangle (ISO 32000-2 12.5.5, algorithm 8); so a picture of another shape, or on a turned
 * page, gets a frame around it in which it stands upright, in the middle and undistorted.
 * @throws Fault SIGN-APPEARANCE-UNREADABLE
 */
export function embedAppearance(update: IncrementalUpdate, pdf: Buffer, shown: ShownSize): PdfReference {
  const parsed = parsedOnce(pdf)
  const picture = embed(update, parsed)
  const [left, bottom, right, top] = parsed.box
  const [width, height] = [right - left, top - bottom]
  const matrix = uprightMatrix(shown.rotation)
  const isSameShape = Math.abs(width * shown.height - height * shown.width) <= 0.01 * height * shown.width
  if (isSameShape && matrix === undefined) return picture
  const scale = Math.min(shown.width / width, shown.height / height)
  const move = [(shown.width - scale * width) / 2 - scale * left, (shown.height - scale * height) / 2 - scale * bottom]
  const numbers = [scale, 0, 0, scale, ...move].map((value) => String(Number(value.toFixed(6))))
  const frame = update.reserve()
  const dictionary = dictionaryOf({
    Type: name('XObject'),
    Subtype: name('Form'),
    BBox: [0, 0, shown.width, shown.height],
    Matrix: matrix,
    Resources: dictionaryOf({ XObject: dictionaryOf({ Picture: picture }) }),
  })
  update.putStream(frame, dictionary, Buffer.from(`q ${numbers.join(' ')} cm /Picture Do Q`, 'latin1'))
  return frame
}

/** An appearance with nothing in it: PDF/A wants one for every widget that has a size. */
export function emptyAppearance(update: IncrementalUpdate, width: number, height: number): PdfReference {
  const form = update.reserve()
  const dictionary = dictionaryOf({ Type: name('XObject'), Subtype: name('Form'), BBox: [0, 0, width, height] })
  update.putStream(form, dictionary, Buffer.alloc(0))
  return form
}
