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

/** A picture: the first page of a PDF, or a page of one that several pictures share with its fonts. */
export type PagePicture = Buffer | { readonly pdf: Buffer; readonly page: number }

/** A parsed page as a form and everything it needs, with the numbers of its own file. */
interface ParsedPage {
  readonly content: Buffer
  readonly compressed: boolean
  readonly box: readonly [number, number, number, number]
  readonly resources: PdfDictionary
  readonly needed: ReadonlySet<number>
  readonly group: PdfValue | undefined
}

interface ParsedFile {
  readonly document: PdfDocument
  readonly pages: Map<number, ParsedPage>
}

/** Bulk sealing stamps one design on thousands of files: it is parsed once. */
const parsedFiles = new Map<string, ParsedFile>()
const hashes = new WeakMap<Buffer, string>()

function parse(document: PdfDocument, number: number): ParsedPage {
  const page = document.pages()[number - 1]?.page
  if (page === undefined) throw new MalformedPdf('no page', 0)
  const corners = rectangleOf(document, inherited(document, page, 'MediaBox'))
  if (corners === undefined) throw new MalformedPdf('media box', 0)
  const resources = inherited(document, page, 'Resources')
  const contents = document.resolve(page.get('Contents'))
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
  const needed = new Set<number>()
  const collect = (value: PdfValue, depth: number): void => {
    if (depth > 60) throw new MalformedPdf('appearance nested too deep', 0)
    if (value instanceof PdfReference) {
      if (needed.has(value.number)) return
      needed.add(value.number)
      collect(document.object(value.number), depth + 1)
    } else if (value instanceof PdfStream) collect(value.dictionary, depth)
    else if (Array.isArray(value)) for (const one of value) collect(one, depth + 1)
    else if (isDictionary(value)) for (const one of value.values()) collect(one, depth + 1)
  }
  const resourceDictionary = isDictionary(resources) ? resources : new Map<string, PdfValue>()
  collect(resourceDictionary, 0)
  const group = page.get('Group')
  if (group !== undefined) collect(group, 0)
  return { content, compressed: asIs, box: corners, resources: resourceDictionary, needed, group }
}

function hashOf(pdf: Buffer): string {
  const known = hashes.get(pdf)
  if (known !== undefined) return known
  const hash = createHash('sha256').update(pdf).digest('hex')
  hashes.set(pdf, hash)
  return hash
}

function parsedOnce(pdf: Buffer, number: number): { file: ParsedFile; page: ParsedPage } {
  try {
    const hash = hashOf(pdf)
    let file = parsedFiles.get(hash)
    if (file === undefined) {
      file = { document: PdfDocument.open(pdf), pages: new Map() }
      if (parsedFiles.size >= 64) parsedFiles.clear()
      parsedFiles.set(hash, file)
    }
    let page = file.pages.get(number)
    if (page === undefined) {
      page = parse(file.document, number)
      file.pages.set(number, page)
    }
    return { file, page }
  } catch (error) {
    throw new Fault('SIGN-APPEARANCE-UNREADABLE', { cause: error })
  }
}

/** What an update holds of one file: its pages share fonts, and a picture shown in many places is written once. */
interface Embedded {
  readonly numbers: Map<number, PdfReference>
  readonly pages: Map<ParsedPage, PdfReference>
  readonly frames: Map<string, PdfReference>
}

const embeddedFiles = new WeakMap<IncrementalUpdate, Map<ParsedFile, Embedded>>()

function embeddedOf(update: IncrementalUpdate, file: ParsedFile): Embedded {
  const files = embeddedFiles.get(update) ?? new Map<ParsedFile, Embedded>()
  embeddedFiles.set(update, files)
  const embedded = files.get(file) ?? { numbers: new Map(), pages: new Map(), frames: new Map() }
  files.set(file, embedded)
  return embedded
}

/** Writes the page as a form XObject with everything it needs under new numbers, as far as the update has it not yet. */
function embed(update: IncrementalUpdate, { document }: ParsedFile, parsed: ParsedPage, { numbers, pages }: Embedded): PdfReference {
  const known = pages.get(parsed)
  if (known !== undefined) return known
  const fresh = [...parsed.needed].filter((number) => !numbers.has(number))
  for (const number of fresh) numbers.set(number, update.reserve())
  const renumber = (value: PdfValue): PdfValue => {
    if (value instanceof PdfReference) return numbers.get(value.number) ?? null
    if (Array.isArray(value)) return value.map(renumber)
    if (isDictionary(value)) return new Map([...value].map(([key, one]) => [key, renumber(one)]))
    return value
  }
  for (const number of fresh) {
    const reference = numbers.get(number)
    if (reference === undefined) continue
    const value = document.object(number)
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
  pages.set(parsed, form)
  return form
}

/** Where a picture is shown: its size as the reader of the page sees it, and how the page is turned. */
export interface ShownSize {
  readonly width: number
  readonly height: number
  readonly rotation: PageGeometry['rotation']
}

/**
 * Embeds a page as the appearance of a widget and returns its reference. A viewer scales the box of the appearance to the
 * widget's rectangle (ISO 32000-2 12.5.5, algorithm 8); so a picture of another shape, or on a turned page, gets a frame
 * around it in which it stands upright, in the middle and undistorted.
 * @throws Fault SIGN-APPEARANCE-UNREADABLE
 */
export function embedAppearance(update: IncrementalUpdate, picture: PagePicture, shown: ShownSize): PdfReference {
  const source = picture instanceof Uint8Array ? { pdf: picture, page: 1 } : picture
  const { file, page: parsed } = parsedOnce(source.pdf, source.page)
  const embedded = embeddedOf(update, file)
  const form = embed(update, file, parsed, embedded)
  const [left, bottom, right, top] = parsed.box
  const [width, height] = [right - left, top - bottom]
  const matrix = uprightMatrix(shown.rotation)
  const isSameShape = Math.abs(width * shown.height - height * shown.width) <= 0.01 * height * shown.width
  if (isSameShape && matrix === undefined) return form
  const key = `${form.number} ${shown.width} ${shown.height} ${shown.rotation}`
  const known = embedded.frames.get(key)
  if (known !== undefined) return known
  const scale = Math.min(shown.width / width, shown.height / height)
  const move = [(shown.width - scale * width) / 2 - scale * left, (shown.height - scale * height) / 2 - scale * bottom]
  const numbers = [scale, 0, 0, scale, ...move].map((value) => String(Number(value.toFixed(6))))
  const frame = update.reserve()
  embedded.frames.set(key, frame)
  const dictionary = dictionaryOf({
    Type: name('XObject'),
    Subtype: name('Form'),
    BBox: [0, 0, shown.width, shown.height],
    Matrix: matrix,
    Resources: dictionaryOf({ XObject: dictionaryOf({ Picture: form }) }),
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
