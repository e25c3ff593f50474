import { Fault } from '../../../../i18n/fault.js'
import type { PdfDictionary, PdfReference, PdfValue } from '../../../../validation/pdf/objects.js'
import { emptyAppearance, type ShownSize } from '../appearance.js'
import { lockDictionary } from '../field-lock.js'
import { addToPage, changeForm } from '../form-update.js'
import { IncrementalUpdate } from '../incremental-update.js'
import { dictionaryOf, name, textString } from '../object-writer.js'
import { openPdf, pageOf, readable, type OpenedPdf } from '../open-pdf.js'
import { geometryOf, toPage } from '../page-geometry.js'
import { defaultAppearance, withDefaultFont } from './default-font.js'
import { FieldTree } from './field-tree.js'
import { fieldFlags, type FormFieldArea, type NewFormField } from './form-field.js'
import { statePicture } from './state-pictures.js'

/** Print, as PDF/A wants it; a signature's widget may still be drawn afresh by whoever signs. */
const printed = 4
/** Nobody moves or deletes the widget of a value. */
const locked = 128

const quadding = { left: 0, center: 1, right: 2 } as const

/**
 * Makes empty fields for those who fill and sign later, by one incremental update; text fields have no picture yet, boxes and circles all
 * theirs. It must happen before the first signature: a field that appears after one is a change that most signatures do not allow.
 *
 * Fields of values are read-only from the start. Nobody is to type into them in a PDF reader: values come from the page on which
 * signers are asked who they are. And the flag is never touched again, so that filling a field later changes its value and its picture
 * alone, which an earlier signature allows (ISO 32000-2 table 257, P = 2) where a changed flag would be a change of the form.
 * @throws Fault SIGN-PDF-UNREADABLE, SIGN-PDF-ENCRYPTED, SIGN-PDF-FIELDS-AFTER-SIGNATURE, SIGN-PDF-FIELD-EXISTS,
 * SIGN-PDF-FIELD-NAME, SIGN-PDF-PAGE-MISSING, SIGN-PDF-FIELD-AREAS (no place, a signature in several, a place without size),
 * SIGN-PDF-FIELD-OPTIONS (a radio or choice without options, a place of an option that is none)
 */
export function addFormFields(pdf: Buffer, fields: readonly NewFormField[]): Buffer {
  const opened = openPdf(pdf)
  if (opened.signed.length > 0) throw new Fault('SIGN-PDF-FIELDS-AFTER-SIGNATURE')
  if (fields.length === 0) return pdf
  return readable(() => {
    const update = new IncrementalUpdate(opened.document)
    const tree = new FieldTree(opened, update)
    const writer = new FieldWriter(opened, update, tree)
    for (const field of fields) writer.write(checked(field))
    for (const [number, widgets] of writer.perPage) addToPage(opened.document, update, pageOf(opened, number), widgets)
    tree.writeParents()
    const form = fields.some((field) => field.kind !== 'signature') ? withDefaultFont(opened.document, opened.form, update) : undefined
    changeForm(opened, update, { fields: tree.top, isSigned: false, ...(form === undefined ? {} : { form }) })
    return Buffer.concat([pdf, update.finish(fields.map((field) => field.name).join('|'))])
  })
}

function checked(field: NewFormField): NewFormField {
  const params = { field: field.name }
  const hasSize = field.areas.every(({ rect: [x, y, width, height] }) => Number.isFinite(x + y) && width > 0 && height > 0)
  const isOne = field.areas.length === 1
  if (field.areas.length === 0 || (field.kind === 'signature' ? !isOne : !hasSize)) throw new Fault('SIGN-PDF-FIELD-AREAS', { params })
  const options = field.options ?? []
  if (field.kind !== 'radio' && field.kind !== 'choice') return field
  if (options.length === 0 || new Set(options).size !== options.length) throw new Fault('SIGN-PDF-FIELD-OPTIONS', { params })
  if (field.kind === 'radio' && field.areas.some(({ option }) => option === undefined || !options.includes(option)))
    throw new Fault('SIGN-PDF-FIELD-OPTIONS', { params })
  return field
}

class FieldWriter {
  readonly perPage = new Map<number, PdfReference[]>()

  constructor(
    private readonly opened: OpenedPdf,
    private readonly update: IncrementalUpdate,
    private readonly tree: FieldTree,
  ) {}

  /** A field in one place is one object with its widget; in several it has them as kids. A radio always has kids. */
  write(field: NewFormField): void {
    const { update } = this
    const reference = update.reserve()
    const { parent, ownName } = this.tree.place(field.name, reference)
    const own = dictionaryOf({
      ...this.fieldEntries(field),
      Parent: parent,
      T: textString(ownName),
      TU: field.tooltip === undefined ? undefined : textString(field.tooltip),
    })
    const [first, ...more] = field.areas
    if (first !== undefined && more.length === 0 && field.kind !== 'radio') {
      update.put(reference, new Map([...own, ...this.widgetEntries(field, first)]))
      this.onPage(first.page, reference)
      return
    }
    const kids = field.areas.map((area) => {
      const kid = update.reserve()
      update.put(kid, new Map<string, PdfValue>([['Parent', reference], ...this.widgetEntries(field, area)]))
      this.onPage(area.page, kid)
      return kid
    })
    update.put(reference, new Map<string, PdfValue>([...own, ['Kids', kids]]))
  }

  private onPage(page: number, widget: PdfReference): void {
    this.perPage.set(page, [...(this.perPage.get(page) ?? []), widget])
  }

  private fieldEntries(field: NewFormField): Record<string, PdfValue | undefined> {
    const { kind, style, options = [] } = field
    const required = field.required === true ? fieldFlags.required : 0
    const text = { DA: textString(defaultAppearance(style?.fontSize)), Q: style?.align === undefined ? undefined : quadding[style.align] }
    switch (kind) {
      case 'text':
        return { FT: name('Tx'), Ff: fieldFlags.readOnly | required, ...text }
      case 'multiline':
        return { FT: name('Tx'), Ff: fieldFlags.readOnly | required | fieldFlags.multiline, ...text }
      case 'choice':
        return { FT: name('Ch'), Ff: fieldFlags.readOnly | required | fieldFlags.combo, Opt: options.map(textString), ...text }
      case 'checkbox':
        return { FT: name('Btn'), Ff: fieldFlags.readOnly | required, V: name('Off') }
      case 'radio': {
        const repeated = new Set(field.areas.map(({ option }) => option)).size < field.areas.length
        const flags = fieldFlags.radio | fieldFlags.noToggleToOff | (repeated ? fieldFlags.radiosInUnison : 0)
        // States are named by number, since a name is no text; what each stands for is the entry of Opt (table 230).
        const opt = field.areas.map(({ option }) => textString(option ?? ''))
        return { FT: name('Btn'), Ff: fieldFlags.readOnly | required | flags, V: name('Off'), Opt: opt }
      }
      case 'signature': {
        let lock: PdfReference | undefined
        if (field.lock !== undefined) {
          lock = this.update.reserve()
          this.update.put(lock, lockDictionary(field.lock))
        }
        return { FT: name('Sig'), Lock: lock }
      }
    }
  }

  private widgetEntries(field: NewFormField, area: FormFieldArea): PdfDictionary {
    const page = pageOf(this.opened, area.page)
    const geometry = geometryOf(this.opened.document, page.page)
    const rectangle = toPage(geometry, area.rect)
    const [width, height] = [rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]]
    const { rotation } = geometry
    const shown = rotation === 90 || rotation === 270 ? { width: height, height: width, rotation } : { width, height, rotation }
    return dictionaryOf({
      Type: name('Annot'),
      Subtype: name('Widget'),
      F: field.kind === 'signature' ? printed : printed | locked,
      Rect: rectangle,
      P: page.reference,
      ...this.pictureEntries(field, area, shown),
    })
  }

  private pictureEntries(field: NewFormField, area: FormFieldArea, shown: ShownSize): Record<string, PdfValue> {
    const { update } = this
    const outline = field.style?.outline ?? true
    const { kind } = field
    if (kind !== 'checkbox' && kind !== 'radio')
      return {
        AP: dictionaryOf({
          N: emptyAppearance(
            update,
            ...(shown.rotation % 180 === 0 ? ([shown.width, shown.height] as const) : ([shown.height, shown.width] as const)),
          ),
        }),
      }
    const state = kind === 'checkbox' ? 'Yes' : radioState(field, area.option)
    const states = dictionaryOf({
      [state]: statePicture(update, kind, { on: true, outline }, shown),
      Off: statePicture(update, kind, { on: false, outline }, shown),
    })
    return { AP: dictionaryOf({ N: states }), AS: name('Off') }
  }
}

/** Places of one option share a state: the number of the first of them. */
function radioState(field: NewFormField, option: string | undefined): string {
  return String(field.areas.findIndex((area) => area.option === option))
}
