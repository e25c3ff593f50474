import type { PdfDocument } from './document.js'
import { MalformedPdf, PdfStream, type PdfValue } from './objects.js'
import { reachable } from './same-value.js'

/** Entries of a page, or of the nodes above it, that make its picture. */
const drawing = ['Contents', 'Resources', 'Group', 'MediaBox', 'CropBox'] as const

/**
 * @throws MalformedPdf when a part of it cannot be read, or lies in another file (ISO 32000-2 7.3.8.2), which no signature
 * of this one covers: two readers would show two documents
 */
export function checkDrawn(document: PdfDocument): void {
  for (const number of drawnIn(document)) {
    const value = document.object(number)
    if (value instanceof PdfStream && value.dictionary.has('F')) throw new MalformedPdf('content in another file', 0)
  }
}

/** A revision is compared with the one before and the one after it, and does not change meanwhile. */
const known = new WeakMap<PdfDocument, ReadonlySet<number>>()

/** Objects that take part in what is seen: contents and resources of the pages and the pictures of their annotations. */
export function drawnIn(document: PdfDocument): ReadonlySet<number> {
  let drawn = known.get(document)
  if (drawn === undefined) {
    drawn = findDrawn(document)
    known.set(document, drawn)
  }
  return drawn
}

function findDrawn(document: PdfDocument): ReadonlySet<number> {
  const roots: PdfValue[] = []
  const seen = new Set<unknown>()
  for (const { page } of document.pages()) {
    let node: ReturnType<PdfDocument['dictionary']> = page
    for (let height = 0; node !== undefined && !seen.has(node) && height < 64; height++) {
      seen.add(node)
      for (const key of drawing) roots.push(node.get(key) ?? null)
      node = document.dictionary(node.get('Parent'))
    }
    for (const annotation of document.array(page.get('Annots')) ?? []) roots.push(document.dictionary(annotation)?.get('AP') ?? null)
  }
  // Which layers are seen.
  roots.push(document.catalog.get('OCProperties') ?? null)
  return reachable(document, roots, [], (reference) => {
    const entry = document.entries.get(reference.number)
    // A strict reader finds nothing where a lax one finds the object (ISO 32000-2 7.3.10).
    if (entry?.kind === 'offset' ? entry.generation !== reference.generation : entry?.kind === 'compressed' && reference.generation !== 0)
      throw new MalformedPdf('reference to another generation', 0)
  })
}
