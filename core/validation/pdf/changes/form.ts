import type { PdfDocument } from '../document.js'
import { isDictionary, nameOf, PdfReference, PdfStream, PdfString, type PdfDictionary, type PdfValue } from '../objects.js'
import { differingKeys, reachable, sameValue } from '../same-value.js'
import { formFields } from '../signature-fields.js'
import { textOf } from '../text-string.js'
import type { Comparison } from './comparison.js'

/** Entries a signature field and its widget have (ISO 32000-2 tables 166, 192, 226, 230); any other may run or show something. */
const widgetKeys: ReadonlySet<string> = new Set(
  'Type Subtype FT T TU TM V F Ff Rect P AP AS MK DA Lock SV Border BS M NM Q H Parent StructParent Contents Lang'.split(' '),
)

/** The form and its list of fields (ISO 32000-2 12.7.3). */
export function compareForms(comparison: Comparison): void {
  const { before, after } = comparison
  const [oldValue, newValue] = [before.catalog.get('AcroForm'), after.catalog.get('AcroForm')]
  const old = before.dictionary(oldValue)
  const now = after.dictionary(newValue)
  if (now === undefined) {
    if (old !== undefined) comparison.note('form', false)
    return
  }
  for (const key of differingKeys(old ?? new Map<string, PdfValue>(), now)) {
    if (key === 'Fields' || key === 'SigFlags') continue
    if (key === 'DR' ? resourcesOnlyGrew(comparison, old?.get('DR'), now.get('DR')) : key === 'DA' && old?.has(key) !== true) continue
    // Readers that draw fields afresh show what each of them thinks right, so only the end of that is harmless.
    if (key === 'NeedAppearances' && after.resolve(now.get(key)) !== true) continue
    comparison.note('form', false)
  }
  if (newValue instanceof PdfReference && comparison.isRole(newValue, oldValue)) comparison.open.delete(newValue.number)
  const fieldsValue = now.get('Fields')
  if (fieldsValue instanceof PdfReference && comparison.isRole(fieldsValue, old?.get('Fields'))) comparison.open.delete(fieldsValue.number)
  compareFields(comparison, before.array(old?.get('Fields')) ?? [], after.array(fieldsValue) ?? [])
}

/** Default resources may gain fonts and the like; what was there by a name stays what it was. */
function resourcesOnlyGrew(comparison: Comparison, old: PdfValue | undefined, now: PdfValue | undefined): boolean {
  const { before, after } = comparison
  if (old === undefined) return true
  const [left, right] = [before.dictionary(old), after.dictionary(now)]
  if (left === undefined || right === undefined) return false
  const grown = [...left].every(([category, value]) => {
    const other = right.get(category)
    if (sameValue(value, other)) return true
    // Default appearances set fonts and colours and paint nothing: PDFBox keeps the template of the last signature here.
    if ((category === 'XObject' || category === 'ProcSet') && picturesHaveResources(before)) return true
    const [names, more] = [before.dictionary(value), after.dictionary(other)]
    return names !== undefined && more !== undefined && [...names].every(([name, one]) => sameValue(one, more.get(name)))
  })
  if (grown && now instanceof PdfReference && comparison.isRole(now, old)) comparison.explainApart(now.number)
  return grown
}

/** Whether no annotation's picture lacks resources of its own, for which a lax reader might look in the form's. */
function picturesHaveResources(document: PdfDocument): boolean {
  const hold = (value: PdfValue | undefined, depth: number): boolean => {
    const picture = document.resolve(value)
    if (picture instanceof PdfStream) return picture.dictionary.has('Resources')
    return !isDictionary(picture) || depth > 1 || [...picture.values()].every((one) => hold(one, depth + 1))
  }
  return document
    .pages()
    .flatMap(({ page }) => document.array(page.get('Annots')) ?? [])
    .every((annotation) => hold(document.dictionary(annotation)?.get('AP'), 0))
}

function compareFields(comparison: Comparison, old: readonly PdfValue[], now: readonly PdfValue[]): void {
  const numbersOf = (fields: readonly PdfValue[]): Set<number> =>
    new Set(fields.map((field) => (field instanceof PdfReference ? field.number : -1)))
  const [oldNumbers, nowNumbers] = [numbersOf(old), numbersOf(now)]
  for (const number of oldNumbers) if (!nowNumbers.has(number)) comparison.note('form', false)
  if (now.length !== nowNumbers.size && now.length !== old.length) comparison.note('form', false)
  for (const field of now) {
    if (field instanceof PdfReference && oldNumbers.has(field.number)) continue
    if (!(field instanceof PdfReference) || !comparison.fresh.has(field.number)) comparison.note('form', false)
    else newSignatureField(comparison, field)
  }
}

function newSignatureField(comparison: Comparison, reference: PdfReference): void {
  const { after, permission } = comparison
  const field = after.dictionary(reference)
  const own = field === undefined ? undefined : after.resolve(field.get('T'))
  if (
    field === undefined ||
    nameOf(after.resolve(field.get('FT'))) !== 'Sig' ||
    !(own instanceof PdfString) ||
    [...field.keys()].some((key) => !widgetKeys.has(key)) ||
    field.has('Parent')
  ) {
    comparison.note('form', false)
    return
  }
  const fieldName = textOf(own)
  // Two fields of one name are one field to a reader, with a value nobody can foretell.
  if (formFields(comparison.before).some((one) => one.name === fieldName)) comparison.note('form', false, fieldName)
  comparison.newWidgets.set(reference.number, fieldName)
  const value = field.get('V')
  const visible = isVisible(comparison, field)
  if (value !== undefined && after.resolve(value) !== null) newSignatureValue(comparison, value, fieldName, visible)
  // Nobody answers for the picture of a field that nobody signed: it would be drawn over the document for free.
  else comparison.note('signature-field', permission.level >= 2 && !visible, fieldName)
  appearanceIsFresh(comparison, field.get('AP'))
}

/** Whether a widget shows anything: it has a picture and room for it. */
export function isVisible({ after }: Comparison, field: PdfDictionary): boolean {
  if (!field.has('AP') && !field.has('MK')) return false
  const rectangle = after.array(field.get('Rect'))
  const [left, bottom, right, top] = (rectangle ?? []).map((value) => after.resolve(value))
  return rectangle === undefined || (left !== right && bottom !== top)
}

/** A signature or document time stamp that came into a field; `visible` when it brought a picture. */
export function newSignatureValue(comparison: Comparison, value: PdfValue, fieldName: string, visible: boolean): void {
  const { after, fresh, open, permission } = comparison
  const signature = after.dictionary(value)
  const stamp = nameOf(after.resolve(signature?.get('SubFilter'))) === 'ETSI.RFC3161'
  const isFresh = signature !== undefined && value instanceof PdfReference && fresh.has(value.number) && !open.has(value.number)
  // A time stamp is no person and has nothing to show.
  if (stamp) comparison.note('time-stamp', isFresh && !visible)
  else comparison.note('signature', isFresh && permission.level >= 2, fieldName)
}

/** A picture drawn for a new field brings its own objects and changes none that were there. */
function appearanceIsFresh(comparison: Comparison, appearance: PdfValue | undefined): void {
  if (appearance === undefined) return
  for (const number of reachable(comparison.after, appearance)) if (comparison.differing.has(number)) comparison.note('object', false)
}
