import { Fault } from '../../../../i18n/fault.js'
import { isDictionary, nameOf, PdfString, type PdfName, type PdfReference, type PdfValue } from '../../../../validation/pdf/objects.js'
import type { FormField } from '../../../../validation/pdf/signature-fields.js'
import { textOf } from '../../../../validation/pdf/text-string.js'
import { embedAppearance, emptyAppearance } from '../appearance.js'
import { IncrementalUpdate } from '../incremental-update.js'
import { keepEarlierSignatures } from '../keep-signatures.js'
import { dictionaryOf, name, textString } from '../object-writer.js'
import { isSelected, openPdf, readable, type OpenedPdf } from '../open-pdf.js'
import { fieldFlags, type FieldFill } from './form-field.js'
import { widgetsOf, WidgetPages, type Widget } from './widgets.js'

/** A fill whose field is found and whose value fits it. */
export interface PlannedFill {
  readonly field: FormField
  readonly reference: PdfReference
  readonly widgets: readonly Widget[]
  readonly fill: FieldFill
}

/**
 * Fills fields of the form by one incremental update and signs nothing: the sender's values, before the document is frozen, or those of
 * somebody who answers without signing. Earlier signatures must allow it.
 * @throws Fault those of `planFills`, SIGN-PDF-UNREADABLE, SIGN-PDF-ENCRYPTED, SIGN-PDF-NO-CHANGES-ALLOWED, SIGN-PDF-BREAKS-SIGNATURE,
 * SIGN-APPEARANCE-UNREADABLE
 */
export function fillFormFields(pdf: Buffer, fills: readonly FieldFill[], at: Date): Buffer {
  if (fills.length === 0) return pdf
  const opened = openPdf(pdf)
  if (opened.permission === 1) throw new Fault('SIGN-PDF-NO-CHANGES-ALLOWED')
  return readable(() => {
    const planned = planFills(opened, fills)
    if (planned.length === 0) return pdf
    const update = new IncrementalUpdate(opened.document)
    putFills(opened, update, planned)
    const bytes = update.finish(`${at.toISOString()}|${fills.map((fill) => fill.name).join('|')}`)
    keepEarlierSignatures(opened.document, bytes)
    return Buffer.concat([pdf, bytes])
  })
}

/**
 * Finds the fields and checks the values. What a field holds already is not written again: a picture that changes while the value stays
 * is a change no earlier signature allows.
 * @throws Fault SIGN-PDF-FIELD-UNKNOWN, SIGN-PDF-FIELD-TWICE, SIGN-PDF-FIELD-LOCKED, SIGN-PDF-FIELD-VALUE, SIGN-PDF-FIELD-PICTURES
 */
export function planFills(opened: OpenedPdf, fills: readonly FieldFill[]): PlannedFill[] {
  const byName = new Map(opened.fields.map((field) => [field.name, field]))
  const seen = new Set<string>()
  return fills.flatMap((fill) => {
    const params = { field: fill.name }
    const field = byName.get(fill.name)
    if (field?.reference === undefined || field.type === 'Sig') throw new Fault('SIGN-PDF-FIELD-UNKNOWN', { params })
    if (seen.has(fill.name)) throw new Fault('SIGN-PDF-FIELD-TWICE', { params })
    seen.add(fill.name)
    if (opened.locks.some((lock) => isSelected(lock, fill.name))) throw new Fault('SIGN-PDF-FIELD-LOCKED', { params })
    const widgets = widgetsOf(opened.document, field)
    if (widgets.length === 0) throw new Fault('SIGN-PDF-FIELD-UNKNOWN', { params })
    const planned = { field, reference: field.reference, widgets, fill }
    const value = valueOf(opened, planned)
    const held = opened.document.resolve(field.value)
    if (sameText(value, held)) return []
    const pictures = fill.pictures?.length ?? 0
    if (field.type !== 'Btn' && value !== null && pictures !== 1 && pictures !== widgets.length)
      throw new Fault('SIGN-PDF-FIELD-PICTURES', { params })
    return [planned]
  })
}

/** Writes values, states and pictures of fields; nothing else of them changes. */
export function putFills(opened: OpenedPdf, update: IncrementalUpdate, planned: readonly PlannedFill[]): void {
  const pages = new WidgetPages(opened.document)
  for (const plan of planned) {
    const { field, reference, widgets } = plan
    const value = valueOf(opened, plan)
    const own = new Map<string, PdfValue>([...field.dictionary, ['V', value]])
    if (value === null) own.delete('V')
    for (const [index, widget] of widgets.entries()) {
      const changes = field.type === 'Btn' ? stateEntries(opened, widget, value) : pictureEntries(update, pages, plan, widget, index)
      if (widget.reference.number === reference.number) for (const [key, one] of Object.entries(changes)) own.set(key, one)
      else if (Object.keys(changes).length > 0) update.put(widget.reference, new Map([...widget.dictionary, ...Object.entries(changes)]))
    }
    update.put(reference, own)
  }
}

/** V as the kind of field has it (ISO 32000-2 12.7.5); null for none. */
function valueOf({ document }: OpenedPdf, { field, widgets, fill }: PlannedFill): PdfName | PdfString | null {
  const { value } = fill
  const wrong = (): Fault => new Fault('SIGN-PDF-FIELD-VALUE', { params: { field: fill.name, value: String(value).slice(0, 60) } })
  if (field.type === 'Tx' && typeof value === 'string') return value === '' ? null : textString(value)
  const options = optionsOf()
  if (field.type === 'Ch' && typeof value === 'string') {
    if (value === '') return null
    if (!options.includes(value)) throw wrong()
    return textString(value)
  }
  if (field.type !== 'Btn' || (field.flags & fieldFlags.pushButton) !== 0) throw wrong()
  if (typeof value === 'string') {
    if (value === '') return name('Off')
    const states = widgets.map(({ dictionary }) => onState(dictionary))
    const state = options.length > 0 ? states[options.indexOf(value)] : states.find((one) => one === value)
    if (state === undefined) throw wrong()
    return name(state)
  }
  if ((field.flags & fieldFlags.radio) !== 0) throw wrong()
  if (!value) return name('Off')
  const [first] = widgets
  const state = first === undefined ? undefined : onState(first.dictionary)
  if (state === undefined) throw wrong()
  return name(state)

  function optionsOf(): string[] {
    return (document.array(field.dictionary.get('Opt')) ?? []).map((option) => {
      const resolved = document.resolve(option)
      const text = Array.isArray(resolved) ? document.resolve(resolved[0]) : resolved
      return text instanceof PdfString ? textOf(text) : ''
    })
  }

  function onState(widget: Widget['dictionary']): string | undefined {
    const states = document.resolve(document.dictionary(widget.get('AP'))?.get('N'))
    return isDictionary(states) ? [...states.keys()].find((state) => state !== 'Off') : undefined
  }
}

function stateEntries({ document }: OpenedPdf, { dictionary }: Widget, value: PdfValue): Record<string, PdfValue> {
  const states = document.dictionary(document.dictionary(dictionary.get('AP'))?.get('N'))
  const wanted = nameOf(value) ?? 'Off'
  const state = states?.has(wanted) === true ? wanted : 'Off'
  return nameOf(document.resolve(dictionary.get('AS'))) === state ? {} : { AS: name(state) }
}

function pictureEntries(
  update: IncrementalUpdate,
  pages: WidgetPages,
  { fill }: PlannedFill,
  widget: Widget,
  index: number,
): Record<string, PdfValue> {
  const shown = pages.shownSize(widget)
  if (shown === undefined) return {}
  const picture = fill.value === '' ? undefined : (fill.pictures?.[index] ?? fill.pictures?.[0])
  if (picture !== undefined) return { AP: dictionaryOf({ N: embedAppearance(update, picture, shown) }) }
  return { AP: dictionaryOf({ N: emptyAppearance(update, shown.width, shown.height) }) }
}

function sameText(value: PdfName | PdfString | null, held: PdfValue): boolean {
  if (value === null) return held === null
  if (value instanceof PdfString) return held instanceof PdfString && textOf(held) === textOf(value)
  return (nameOf(held) ?? 'Off') === value.value
}
