import { nameOf, PdfReference, PdfString, type PdfDictionary, type PdfValue } from '../objects.js'
import { differingKeys, reachable, sameValue } from '../same-value.js'
import { formFields, textOf, type FormField } from '../signature-fields.js'
import type { Comparison } from './comparison.js'
import { shownText } from './shown-text.js'

/** Entries a signature field and its widget have (ISO 32000-2 tables 166, 192, 226, 230); any other may run or show something. */
const widgetKeys: ReadonlySet<string> = new Set(
  'Type Subtype FT T TU TM V F Ff Rect P AP MK DA Lock SV Border BS M NM Q H Parent StructParent'.split(' '),
)
const filledKeys: ReadonlySet<string> = new Set(['V', 'AP', 'AS', 'M', 'MK', 'DA', 'I', 'RV'])

const pushButton = 1 << 16
const password = 1 << 13

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
    const [names, more] = [before.dictionary(value), after.dictionary(other)]
    return names !== undefined && more !== undefined && [...names].every(([name, one]) => sameValue(one, more.get(name)))
  })
  if (grown && now instanceof PdfReference && comparison.isRole(now, old)) comparison.explainApart(now.number)
  return grown
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

function newSignatureValue(comparison: Comparison, value: PdfValue, fieldName: string, visible = false): void {
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

/** Existing fields that got a value: filling, or signing a field that stood ready. */
export function fieldsFilled(comparison: Comparison): void {
  const { before, after, open } = comparison
  if (open.size === 0) return
  const old = new Map(formFields(before).map((field) => [field.reference?.number ?? -1, field]))
  const now = formFields(after)
  const filled: { previous: FormField; field: FormField }[] = []
  for (const field of now) {
    const number = field.reference?.number
    const previous = number === undefined ? undefined : old.get(number)
    if (number === undefined || !open.has(number) || previous === undefined) continue
    // A writer may state flags that held by default.
    const keys = differingKeys(previous.dictionary, field.dictionary).filter((key) => key !== 'Ff' || previous.flags !== field.flags)
    if (keys.some((key) => !filledKeys.has(key)) || previous.type !== field.type) continue
    open.delete(number)
    filled.push({ previous, field })
  }
  if (filled.length === 0) return
  const apart = objectsApart(comparison, filled)
  for (const { previous, field } of filled) {
    const allowed = field.type === 'Sig' ? fieldSigned(comparison, previous, field) : fieldFilled(comparison, previous, field)
    for (const number of reachable(after, field.dictionary.get('AP') ?? null)) {
      if (!comparison.differing.has(number)) continue
      if (allowed && apart.has(number)) {
        open.delete(number)
        comparison.redrawn.add(number)
      } else comparison.note('field-appearance', false, field.name)
    }
  }
}

/** Objects of the earlier revision that only the widgets being filled lead to: writers draw their pictures over. */
function objectsApart({ before, differing }: Comparison, filled: readonly { previous: FormField }[]): ReadonlySet<number> {
  const widgets = filled.map(({ previous }) => previous.reference?.number ?? -1)
  const elsewhere = reachable(before, before.trailer, widgets)
  return new Set([...differing].filter((number) => !elsewhere.has(number)))
}

function fieldSigned(comparison: Comparison, previous: FormField, field: FormField): boolean {
  const wasSigned = comparison.before.resolve(previous.value) !== null
  if (wasSigned || field.value === undefined || !comparison.permission.mayFill(field.name)) {
    comparison.note('signature', false, field.name)
    return false
  }
  // A widget apart from its field has the picture alone; the field above it has the value and is judged for it.
  if (field.dictionary.has('V')) newSignatureValue(comparison, field.value, field.name)
  return true
}

function fieldFilled(comparison: Comparison, previous: FormField, field: FormField): boolean {
  const { before, after, permission } = comparison
  const keys = differingKeys(previous.dictionary, field.dictionary)
  const drawn = keys.filter((key) => key === 'AP' || key === 'MK' || key === 'DA')
  const button = field.type === 'Btn'
  const changed = !sameValue(before.resolve(previous.value), after.resolve(field.value))
  const hadPicture = previous.dictionary.has('AP')
  // A picture that changes while the value stays was prepared to say something else than what was signed.
  const redrawnOnly = drawn.length > 0 && !changed && hadPicture
  const otherButton = button && (drawn.some((key) => key !== 'AP' || hadPicture) || (field.flags & pushButton) !== 0)
  if (redrawnOnly || otherButton) {
    comparison.note('field-appearance', false, field.name)
    return false
  }
  const shows =
    drawn.includes('AP') && field.type === 'Tx' && (field.flags & password) === 0 ? otherTextShown(comparison, field) : undefined
  // A first picture for a value that was there may be drawn at any time, if it says that value.
  const unfounded = drawn.length > 0 && !changed && field.type === 'Tx' && shows !== ''
  const allowed = permission.level >= 2 && permission.mayFill(field.name) && !unfounded
  comparison.note(unfounded ? 'field-appearance' : 'form-fill', allowed, field.name)
  if (shows !== undefined && shows !== '') comparison.warn('VERIFY-FIELD-SHOWS-OTHER', { field: field.name, shown: shows.slice(0, 60) })
  return allowed
}

/** What a field shows instead of the text it holds; empty where they agree, undefined where that cannot be read. */
function otherTextShown(comparison: Comparison, field: FormField): string | undefined {
  const { after } = comparison
  const value = after.resolve(field.value)
  const shown = shownText(after, after.dictionary(field.dictionary.get('AP'))?.get('N'))
  if (shown === undefined || (value !== null && !(value instanceof PdfString))) return undefined
  return shown === (value === null ? '' : textOf(value).replace(/\s+/g, '')) ? '' : shown
}
