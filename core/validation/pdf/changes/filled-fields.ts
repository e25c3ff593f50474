import { nameOf, PdfName, PdfString, type PdfDictionary } from '../objects.js'
import { differingKeys, reachable, sameValue } from '../same-value.js'
import { formFields, type FormField } from '../signature-fields.js'
import { textOf } from '../text-string.js'
import type { Comparison } from './comparison.js'
import { isVisible, newSignatureValue } from './form.js'
import { saysTheSame, shownText } from './shown-text.js'

const filledKeys: ReadonlySet<string> = new Set(['V', 'AP', 'AS', 'M', 'MK', 'DA', 'I', 'RV'])
/** Those that make or choose the picture. */
const drawnKeys: ReadonlySet<string> = new Set(['AP', 'AS', 'MK', 'DA'])
/** What else signing programs state of a field that they sign: that it is printed and locked, and where it stands. */
const signedKeys: ReadonlySet<string> = new Set([...filledKeys, 'F', 'P'])

const pushButton = 1 << 16
const password = 1 << 13
const combo = 1 << 17

interface Filling {
  readonly previous: FormField
  readonly field: FormField
  readonly keys: readonly string[]
}

/** Existing fields that got a value: filling, or signing a field that stood ready (ISO 32000-2 12.7.4, 12.7.5). */
export function fieldsFilled(comparison: Comparison): void {
  const { before, after, open } = comparison
  if (open.size === 0) return
  const old = new Map(formFields(before).map((field) => [field.reference?.number ?? -1, field]))
  const filled: Filling[] = []
  for (const field of formFields(after)) {
    const number = field.reference?.number
    const previous = number === undefined ? undefined : old.get(number)
    if (number === undefined || !open.has(number) || previous === undefined || comparison.playsApart(number)) continue
    // A writer may state flags that held by default.
    const keys = differingKeys(previous.dictionary, field.dictionary).filter((key) => key !== 'Ff' || previous.flags !== field.flags)
    const usual = field.type === 'Sig' ? signedKeys : filledKeys
    if (keys.some((key) => !usual.has(key) && !(key === 'Rect' && isUnseen(comparison, field))) || previous.type !== field.type) continue
    open.delete(number)
    filled.push({ previous, field, keys })
  }
  if (filled.length === 0) return
  const apart = objectsApart(comparison, filled)
  for (const filling of filled) {
    const { field } = filling
    const allowed = field.type === 'Sig' ? fieldSigned(comparison, filling) : fieldFilled(comparison, filling)
    for (const number of reachable(after, field.dictionary.get('AP') ?? null)) {
      if (!comparison.differing.has(number)) continue
      if (allowed && apart.has(number)) {
        open.delete(number)
        comparison.redrawn.add(number)
      } else comparison.note('field-appearance', false, field.name)
    }
  }
}

/** PDFBox takes the room from a field that it signs without a picture. */
function isUnseen({ after }: Comparison, field: FormField): boolean {
  return field.type === 'Sig' && (after.array(field.dictionary.get('Rect')) ?? [1]).every((edge) => after.resolve(edge) === 0)
}

/** Objects of the earlier revision that only the widgets being filled lead to: writers draw their pictures over. */
function objectsApart({ before, differing }: Comparison, filled: readonly Filling[]): ReadonlySet<number> {
  const widgets = filled.map(({ previous }) => previous.reference?.number ?? -1)
  const elsewhere = reachable(before, before.trailer, widgets)
  return new Set([...differing].filter((number) => !elsewhere.has(number)))
}

function fieldSigned(comparison: Comparison, { previous, field, keys }: Filling): boolean {
  const wasSigned = comparison.before.resolve(previous.value) !== null
  if (wasSigned || field.value === undefined || !comparison.permission.mayFill(field.name)) {
    comparison.note('signature', false, field.name)
    return false
  }
  const drawn = keys.some((key) => drawnKeys.has(key) || key === 'F') && isVisible(comparison, field.dictionary)
  // A widget apart from its field has the picture alone; the field above it has the value and is judged for it.
  if (field.dictionary.has('V')) newSignatureValue(comparison, field.value, field.name, drawn)
  if (!drawn || !hidesPage(comparison, field)) return true
  comparison.note('signature', false, field.name)
  return false
}

/**
 * Whether the new picture of a field takes so much of a page that another page is shown than the one signed (the shadow
 * attack with fields); a small one over text, as over a dotted line, is told.
 */
function hidesPage({ coverings, warn }: Comparison, field: FormField): boolean {
  const covering = coverings.ofWidget(field.reference?.number ?? -1, field.dictionary.get('Rect'))
  if (covering?.content !== true) return false
  warn('VERIFY-COVERS-CONTENT', { what: field.name, page: covering.page })
  return covering.isLarge
}

function fieldFilled(comparison: Comparison, { previous, field, keys }: Filling): boolean {
  const { before, after, permission } = comparison
  const drawn = keys.filter((key) => drawnKeys.has(key))
  const button = field.type === 'Btn'
  const changed = !sameValue(before.resolve(previous.value), after.resolve(field.value))
  const hadPicture = previous.dictionary.has('AP')
  const prepared = button
    ? drawn.some((key) => key !== 'AS' && (key !== 'AP' || hadPicture)) ||
      (field.flags & pushButton) !== 0 ||
      (drawn.includes('AS') && !stateFits(comparison, field))
    : // A picture or rich text that changes while the value stays was prepared to say something else than what was signed.
      drawn.includes('AS') || (!changed && ((drawn.length > 0 && hadPicture) || keys.includes('RV')))
  const hides = drawn.length > 0 && isVisible(comparison, field.dictionary) && hidesPage(comparison, field)
  if (prepared || hides) {
    comparison.note('field-appearance', false, field.name)
    return false
  }
  const shows = changed || drawn.includes('AP') ? otherTextShown(comparison, field) : undefined
  // A first picture for a value that was there may be drawn at any time, if it says that value.
  const unfounded = drawn.length > 0 && !changed && field.type === 'Tx' && shows !== 'same'
  // A picture drawn for a new value must say it, unless the form's author had its values formatted by a script of his.
  const other = typeof shows === 'object' ? shows.other : undefined
  const invented = drawn.includes('AP') && other !== undefined && other !== '' && !isFormatted(comparison, field)
  const allowed = permission.level >= 2 && permission.mayFill(field.name) && !unfounded && !invented
  comparison.note(unfounded || invented ? 'field-appearance' : 'form-fill', allowed, field.name)
  if (other !== undefined) comparison.warn('VERIFY-FIELD-SHOWS-OTHER', { field: field.name, shown: other.slice(0, 60) })
  return allowed
}

/** Whether a script was to show the values of a field in another way than they are held: amounts, dates. */
function isFormatted({ before }: Comparison, field: FormField): boolean {
  let dictionary: PdfDictionary | undefined = field.dictionary
  for (let height = 0; dictionary !== undefined && height < 32; height++) {
    if (before.dictionary(dictionary.get('AA'))?.has('F') === true) return true
    dictionary = before.dictionary(dictionary.get('Parent'))
  }
  return false
}

/** Whether the state a box shows is the one its value says; boxes that share one value show Off beside the one chosen. */
function stateFits({ after }: Comparison, field: FormField): boolean {
  const state = nameOf(after.resolve(field.dictionary.get('AS'))) ?? 'Off'
  const value = after.resolve(field.value)
  const stated = value instanceof PdfName ? value.value : value instanceof PdfString ? textOf(value) : 'Off'
  return state === stated || (state === 'Off' && !field.dictionary.has('T'))
}

/** What a field shows instead of the text it holds, which may be nothing; undefined where that cannot be read. */
function otherTextShown({ after }: Comparison, field: FormField): 'same' | { readonly other: string } | undefined {
  const isText = field.type === 'Tx' && (field.flags & password) === 0
  if (!isText && (field.type !== 'Ch' || (field.flags & combo) === 0)) return undefined
  const value = after.resolve(field.value)
  if (value !== null && !(value instanceof PdfString)) return undefined
  const held = value === null ? '' : textOf(value)
  const fitting = [held, ...displayed(field.dictionary, held)]
  const kids = (after.array(field.dictionary.get('Kids')) ?? []).flatMap((kid) => after.dictionary(kid) ?? [])
  const widgets = [field.dictionary, ...kids.filter((kid) => !kid.has('T'))]
  const shown = widgets.flatMap((one) => shownText(after, after.dictionary(one.get('AP'))?.get('N')) ?? [])
  if (shown.length === 0) return undefined
  const other = shown.find((text) => !fitting.some((one) => saysTheSame(text, one)))
  return other === undefined ? 'same' : { other }

  /** A list of choices may show another text than it holds. */
  function displayed(dictionary: PdfDictionary, choice: string): string[] {
    return (after.array(dictionary.get('Opt')) ?? []).flatMap((option) => {
      const [own, text] = (after.array(option) ?? []).map((one) => after.resolve(one))
      return own instanceof PdfString && text instanceof PdfString && textOf(own) === choice ? [textOf(text)] : []
    })
  }
}
