import { nameOf, PdfReference, type PdfDictionary, type PdfValue } from '../objects.js'
import { differingKeys, sameValue } from '../same-value.js'
import type { Comparison } from './comparison.js'
import type { Covering } from './covering.js'
import { isVisible } from './form.js'

/** Annotations that are fields, play something or hold a file. */
const activeAnnotations: ReadonlySet<string> = new Set(['Widget', 'Screen', 'Movie', 'Sound', 'RichMedia', '3D', 'FileAttachment'])
/** Annotations that leave what lies under them to be seen, unless they bring a picture of their own. */
const transparentAnnotations: ReadonlySet<string> = new Set([
  'Link',
  'Popup',
  'Text',
  'Underline',
  'Squiggly',
  'StrikeOut',
  'Highlight',
  'Caret',
])

/** Pages and what lies on them (ISO 32000-2 7.7.3, 12.5). */
export function comparePages(comparison: Comparison): void {
  const { before, after } = comparison
  const [old, now] = [before.pages(), after.pages()]
  const [oldNumbers, nowNumbers] = [old, now].map((pages) => pages.map(({ reference }) => reference.number))
  compareOrder(comparison, oldNumbers ?? [], nowNumbers ?? [])
  const placed = new Set<number>()
  for (const [index, { reference, page }] of now.entries()) {
    const previous = before.dictionary(reference)
    if (previous === undefined) continue
    const keys = differingKeys(previous, page)
    for (const key of keys) {
      if (key === 'Annots') continue
      comparison.note(key === 'AA' ? 'script' : key === 'AF' ? 'embedded-file' : 'page-content', false, String(index + 1))
    }
    compareAnnotations(new PageComparison(comparison, page, index + 1, placed), previous.get('Annots'), page.get('Annots'))
    if (keys.every((key) => key === 'Annots')) comparison.open.delete(reference.number)
  }
}

function compareOrder(comparison: Comparison, old: readonly number[], now: readonly number[]): void {
  if (now.some((number) => !old.includes(number))) comparison.note('page-added', false)
  if (old.some((number) => !now.includes(number))) comparison.note('page-removed', false)
  if (old.length === now.length ? old.some((number, index) => number !== now[index]) : false) comparison.note('page-order', false)
  if (old.length !== now.length && new Set(now).size === new Set(old).size) comparison.note('page-order', false)
}

/** One page of the later revision. */
class PageComparison {
  constructor(
    readonly comparison: Comparison,
    readonly page: PdfDictionary,
    readonly number: number,
    /** New widgets seen on a page already: one widget stands on one page. */
    readonly placed: Set<number>,
  ) {}

  covered(rectangle: PdfValue | undefined): Covering {
    return this.comparison.coverings.of(this.page, this.number, rectangle)
  }
}

function compareAnnotations(on: PageComparison, oldValue: PdfValue | undefined, newValue: PdfValue | undefined): void {
  const { comparison } = on
  const { before, after } = comparison
  const subject = String(on.number)
  const old = before.array(oldValue) ?? []
  const now = after.array(newValue) ?? []
  if (after.resolve(newValue) !== null && after.array(newValue) === undefined) comparison.note('annotation-changed', false, subject)
  if (newValue instanceof PdfReference && comparison.isRole(newValue, oldValue)) comparison.open.delete(newValue.number)
  const mayAnnotate = comparison.permission.level === 3
  const places = new Map<string, number[]>()
  for (const [index, one] of old.entries()) {
    const name = nameForPlace(one)
    places.set(name, [...(places.get(name) ?? []), index])
  }
  let last = -1
  let left = old.length
  for (const annotation of now) {
    const index = places.get(nameForPlace(annotation))?.find((one) => sameValue(old[one], annotation))
    if (index !== undefined) {
      const waiting = places.get(nameForPlace(annotation)) ?? []
      waiting.splice(waiting.indexOf(index), 1)
      // The later one lies on top: another order shows another page.
      if (index < last) comparison.note('annotation-changed', mayAnnotate, subject)
      last = index
      left--
      changedAnnotation(on, annotation, mayAnnotate)
    } else if (annotation instanceof PdfReference && comparison.newWidgets.has(annotation.number)) newWidget(on, annotation)
    else newAnnotation(on, annotation, mayAnnotate)
  }
  if (left === 0) return
  const gone = [...places.values()].flat().map((index) => nameOf(before.resolve(before.dictionary(old[index])?.get('Subtype'))))
  comparison.note('annotation-removed', mayAnnotate && gone.every((subtype) => subtype !== 'Widget'), subject)
}

function nameForPlace(annotation: PdfValue): string {
  return annotation instanceof PdfReference ? String(annotation.number) : 'direct'
}

/**
 * The picture of a new signature over what was on the page: a certified document does not allow it (that is the sneaky
 * signature attack), another tells of it, unless the picture is no signature any more.
 */
function newWidget(on: PageComparison, reference: PdfReference): void {
  const { comparison } = on
  const field = comparison.after.dictionary(reference)
  const name = comparison.newWidgets.get(reference.number) ?? ''
  if (on.placed.has(reference.number)) comparison.note('annotation-added', false, String(on.number))
  on.placed.add(reference.number)
  if (field === undefined || !isVisible(comparison, field)) return
  const { content, isLarge } = on.covered(field.get('Rect'))
  if (isLarge || (content && comparison.permission.certified)) comparison.note('signature', false, name)
  if (content || isLarge) comparison.warn('VERIFY-COVERS-CONTENT', { what: name, page: on.number })
}

function newAnnotation(on: PageComparison, annotation: PdfValue, mayAnnotate: boolean): void {
  const { comparison } = on
  const plain = isPlainAnnotation(comparison, annotation)
  comparison.note('annotation-added', mayAnnotate && plain, String(on.number))
  const dictionary = comparison.after.dictionary(annotation)
  const subtype = nameOf(comparison.after.resolve(dictionary?.get('Subtype'))) ?? ''
  if (!mayAnnotate || !plain || (transparentAnnotations.has(subtype) && dictionary?.has('AP') !== true)) return
  if (on.covered(dictionary?.get('Rect')).content) comparison.warn('VERIFY-COVERS-CONTENT', { what: subtype, page: on.number })
}

/** An annotation that is no form field in disguise, runs nothing and plays nothing. */
function isPlainAnnotation({ after }: Comparison, annotation: PdfValue): boolean {
  const dictionary = after.dictionary(annotation)
  const subtype = nameOf(after.resolve(dictionary?.get('Subtype')))
  return subtype !== undefined && !activeAnnotations.has(subtype) && dictionary?.has('A') !== true && dictionary?.has('AA') !== true
}

function changedAnnotation(on: PageComparison, annotation: PdfValue, mayAnnotate: boolean): void {
  const { comparison } = on
  const { before, after, open } = comparison
  if (!(annotation instanceof PdfReference) || !open.has(annotation.number)) return
  const previous = before.dictionary(annotation)
  if (nameOf(before.resolve(previous?.get('Subtype'))) === 'Widget' || comparison.playsApart(annotation.number)) return
  open.delete(annotation.number)
  comparison.note('annotation-changed', mayAnnotate && isPlainAnnotation(comparison, annotation), String(on.number))
  const current = after.dictionary(annotation)
  // Another picture or another place for what was signed with the page.
  if (
    mayAnnotate &&
    differingKeys(previous ?? new Map<string, PdfValue>(), current ?? new Map<string, PdfValue>()).some(
      (key) => key === 'AP' || key === 'Rect',
    )
  )
    comparison.warn('VERIFY-ANNOTATION-REDRAWN', { what: nameOf(current?.get('Subtype')) ?? '', page: on.number })
}
