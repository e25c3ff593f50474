import { PdfReference, PdfString, type PdfValue } from '../objects.js'
import { differingKeys, sameValue } from '../same-value.js'
import type { Comparison } from './comparison.js'

/** Root, Encrypt, Size and document information (ISO 32000-2 7.5.5, 14.3.3). */
export function compareTrailers(comparison: Comparison): void {
  const { before, after } = comparison
  if (after.declaredSize < before.declaredSize) comparison.note('object-removed', false)
  // Beyond Size a strict reader finds nothing where a lax one finds the object.
  if (after.size > after.declaredSize) comparison.note('cross-reference', false)
  if (!sameValue(before.trailer.get('Root'), after.trailer.get('Root'))) comparison.note('catalog', false)
  if (!sameValue(before.trailer.get('Encrypt'), after.trailer.get('Encrypt'))) comparison.note('encryption', false)
  const previous = before.dictionary(before.trailer.get('Info')) ?? new Map<string, PdfValue>()
  const current = after.dictionary(after.trailer.get('Info')) ?? new Map<string, PdfValue>()
  const keys = differingKeys(previous, current)
  if (keys.length === 0) return
  // Writers stamp their name and the time; a changed title or author is shown to readers and is not theirs to change.
  const isText = (value: PdfValue | undefined): boolean => value === undefined || value instanceof PdfString
  const harmless = keys.every((key) => (key === 'ModDate' || key === 'Producer') && isText(previous.get(key)) && isText(current.get(key)))
  comparison.note('metadata', harmless)
  const info = after.trailer.get('Info')
  if (info instanceof PdfReference && comparison.isRole(info, before.trailer.get('Info'))) comparison.explainApart(info.number)
}
