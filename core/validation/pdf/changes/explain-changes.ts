import type { FaultDetail } from '../../../i18n/fault.js'
import type { PdfDocument } from '../document.js'
import { drawnIn } from '../drawn.js'
import { isDictionary, nameOf, PdfStream, type PdfValue } from '../objects.js'
import { reachable } from '../same-value.js'
import { compareCatalogs } from './catalog.js'
import { Comparison } from './comparison.js'
import { fieldsFilled } from './filled-fields.js'
import { compareForms } from './form.js'
import { catalogKind, catalogParts, typeKind, type Change, type ChangeKind, type Permission } from './kinds.js'
import { comparePages } from './pages.js'
import { compareTrailers } from './trailer.js'

/** What later updates did to the document as it was signed. */
export interface Explanation {
  readonly changes: readonly Change[]
  /** What is allowed and yet worth a look: something laid over the content, a field that shows another text than it holds. */
  readonly findings: readonly FaultDetail[]
}

/**
 * Explains every object that differs between two successive revisions. A change nobody can explain is not allowed:
 * a rule must know why an object may differ, or the difference counts as tampering.
 * @throws MalformedPdf
 */
export function explainChanges(before: PdfDocument, after: PdfDocument, permission: Permission): Explanation {
  const comparison = new Comparison(before, after, permission)
  compareTrailers(comparison)
  compareCatalogs(comparison)
  compareForms(comparison)
  comparePages(comparison)
  fieldsFilled(comparison)
  judgeDrawn(comparison)
  judgeTheRest(comparison)
  return { changes: comparison.changes, findings: comparison.findings }
}

/** What is drawn must not differ, whatever other part an object plays besides: a file may be prepared so that one plays two. */
function judgeDrawn(comparison: Comparison): void {
  const { before, after, differing, redrawn } = comparison
  if (differing.size === 0) return
  const drawn = new Set([...drawnIn(before), ...drawnIn(after)])
  for (const number of differing) {
    if (!drawn.has(number) || redrawn.has(number)) continue
    comparison.note(kindOf(before.object(number)) === 'font' ? 'font' : 'page-content', false)
  }
}

function judgeTheRest(comparison: Comparison): void {
  const { before, after, open } = comparison
  if (open.size === 0) return
  const used = new Set([...reachable(before), ...reachable(after)])
  // Left-overs that neither revision shows are no change of the document.
  const changed = [...open].filter((number) => used.has(number))
  if (changed.length === 0) return
  const parts = catalogParts
    .filter((key) => before.catalog.has(key))
    .map((key) => ({ kind: catalogKind(key), reached: reachable(before, before.catalog.get(key) ?? null, pageNumbers(before)) }))
  for (const number of changed) {
    if (after.object(number) === null) comparison.note('object-removed', false)
    const previous = before.object(number)
    const kind = kindOf(previous) ?? parts.find((part) => part.reached.has(number))?.kind
    comparison.note(kind ?? (previous instanceof PdfStream ? 'page-content' : 'object'), false)
  }
}

function kindOf(value: PdfValue): ChangeKind | undefined {
  const dictionary = value instanceof PdfStream ? value.dictionary : value
  if (!isDictionary(dictionary)) return undefined
  if (nameOf(dictionary.get('S')) === 'JavaScript' || dictionary.has('JS')) return 'script'
  if (dictionary.has('Length1') || dictionary.has('BaseFont')) return 'font'
  return typeKind(nameOf(dictionary.get('Type')))
}

function pageNumbers(document: PdfDocument): number[] {
  return document.pages().map(({ reference }) => reference.number)
}
