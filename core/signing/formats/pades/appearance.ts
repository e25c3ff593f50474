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

/** A parsed appearance: the page as a form and everything it needs, with the numbers of its own file. */
interface ParsedAppearance {
  readonly width: number
  readonly height: number
  readonly content: Buffer
  readonly compressed: boolean
  readonly box: readonly number[]
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
  const inherited = (key: string): PdfValue => {
    let node: PdfDictionary | undefined = first.page
    for (let depth = 0; node !== undefined && depth < 60; depth++) {
      const value = document.resolve(node.get(key))
      if (value !== null) return value
      node = document.dictionary(node.get('Parent'))
    }
    return null
  }
  const box = inherited('MediaBox')
  const corners = Array.isArray(box) ? box.map((value) => document.resolve(value)) : []
  const [x1, y1, x2, y2] = corners
  if (typeof x1 !== 'number' || typeof y1 !== 'number' || typeof x2 !== 'number' || typeof y2 !== 'number')
    throw new MalformedPdf('media box', 0)
  const resources = inherited('Resources')
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
    width: x2 - x1,
    height: y2 - y1,
    content,
    compressed: asIs,
    box: [x1, y1, x2, y2],
    resources: resourceDictionary,
    objects,
    group,
  }
}

/**
 * Embeds the first page of a PDF as a form XObject and returns its reference. A signature widget scales the form's box
 * to its rectangle (ISO 32000-2 12.5.5, algorithm 8), so no matrix is needed.
 * @throws Fault SIGN-APPEARANCE-UNREADABLE
 */
export function embedAppearance(update: IncrementalUpdate, pdf: Buffer): PdfReference {
  const hash = createHash('sha256').update(pdf).digest('hex')
  let parsed = parsedAppearances.get(hash)
  if (parsed === undefined) {
    try {
      parsed = parse(pdf)
    } catch (error) {
      throw new Fault('SIGN-APPEARANCE-UNREADABLE', { cause: error })
    }
    if (parsedAppearances.size >= 64) parsedAppearances.clear()
    parsedAppearances.set(hash, parsed)
  }
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
