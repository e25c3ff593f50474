import { Fault } from '../../../i18n/fault.js'
import { PdfReference, type PdfDictionary, type PdfValue } from '../../../validation/pdf/objects.js'
import { emptyAppearance } from './appearance.js'
import { lockDictionary, type FieldLock } from './field-lock.js'
import { addToPage, changeForm } from './form-update.js'
import { IncrementalUpdate } from './incremental-update.js'
import { dictionaryOf, name, textString } from './object-writer.js'
import { openPdf, pageOf, readable, type OpenedPdf } from './open-pdf.js'
import { geometryOf, toPage, type SeenRectangle } from './page-geometry.js'

export interface NewSignatureField {
  /** Full name: `buyer.signature` makes the field `signature` below `buyer`. */
  readonly name: string
  /** From 1. */
  readonly page: number
  readonly rect: SeenRectangle
  /** What readers show or say of the field. */
  readonly tooltip?: string
  /** What signing this field locks. */
  readonly lock?: FieldLock
}

/** Widgets are printed; locked they would be only once signed. */
const widgetFlags = 4

/**
 * Makes empty signature fields for those who sign later, by an incremental update. It must happen before the first
 * signature: a field that appears after one is a change that most signatures do not allow.
 * @throws Fault SIGN-PDF-UNREADABLE, SIGN-PDF-ENCRYPTED, SIGN-PDF-FIELDS-AFTER-SIGNATURE, SIGN-PDF-FIELD-EXISTS,
 * SIGN-PDF-FIELD-NAME, SIGN-PDF-PAGE-MISSING
 */
export function addSignatureFields(pdf: Buffer, fields: readonly NewSignatureField[]): Buffer {
  const opened = openPdf(pdf)
  if (opened.signed.length > 0) throw new Fault('SIGN-PDF-FIELDS-AFTER-SIGNATURE')
  if (fields.length === 0) return pdf
  return readable(() => {
    const update = new IncrementalUpdate(opened.document)
    const tree = new FieldTree(opened, update)
    const perPage = new Map<number, PdfReference[]>()
    for (const field of fields) {
      const widget = update.reserve()
      const { parent, ownName } = tree.place(field.name, widget)
      update.put(widget, fieldDictionary(opened, update, field, ownName, parent))
      perPage.set(field.page, [...(perPage.get(field.page) ?? []), widget])
    }
    for (const [number, widgets] of perPage) addToPage(opened.document, update, pageOf(opened, number), widgets)
    tree.writeParents()
    changeForm(opened, update, { fields: tree.top, isSigned: false })
    return Buffer.concat([pdf, update.finish(fields.map((field) => field.name).join('|'))])
  })
}

function fieldDictionary(
  opened: OpenedPdf,
  update: IncrementalUpdate,
  field: NewSignatureField,
  ownName: string,
  parent: PdfReference | undefined,
): PdfDictionary {
  const page = pageOf(opened, field.page)
  const rectangle = toPage(geometryOf(opened.document, page.page), field.rect)
  const [left, bottom, right, top] = rectangle
  let lock: PdfReference | undefined
  if (field.lock !== undefined) {
    lock = update.reserve()
    update.put(lock, lockDictionary(field.lock))
  }
  return dictionaryOf({
    Type: name('Annot'),
    Subtype: name('Widget'),
    FT: name('Sig'),
    Parent: parent,
    T: textString(ownName),
    TU: field.tooltip === undefined ? undefined : textString(field.tooltip),
    F: widgetFlags,
    Rect: rectangle,
    P: page.reference,
    AP: dictionaryOf({ N: emptyAppearance(update, right - left, top - bottom) }),
    Lock: lock,
  })
}

interface Parent {
  readonly reference: PdfReference
  readonly dictionary: PdfDictionary
  readonly kids: PdfValue[]
}

/** The fields of the form as a tree, with those that are added. */
class FieldTree {
  /** New fields without a parent. */
  readonly top: PdfReference[] = []
  private readonly parents = new Map<string, Parent>()
  private readonly names: Set<string>

  constructor(
    private readonly opened: OpenedPdf,
    private readonly update: IncrementalUpdate,
  ) {
    this.names = new Set(opened.fields.map((field) => field.name))
  }

  /** Finds the place of a new field, and makes the fields above it that are not there. */
  place(fullName: string, field: PdfReference): { parent: PdfReference | undefined; ownName: string } {
    const parts = fullName.split('.')
    const ownName = parts.pop() ?? ''
    if (ownName === '' || parts.includes('')) throw new Fault('SIGN-PDF-FIELD-NAME', { params: { field: fullName } })
    if (this.names.has(fullName)) throw new Fault('SIGN-PDF-FIELD-EXISTS', { params: { field: fullName } })
    this.names.add(fullName)
    let above: Parent | undefined
    for (let count = 1; count <= parts.length; count++) above = this.parent(parts.slice(0, count), above)
    if (above === undefined) this.top.push(field)
    else above.kids.push(field)
    return { parent: above?.reference, ownName }
  }

  writeParents(): void {
    for (const { reference, dictionary, kids } of this.parents.values())
      this.update.put(reference, new Map<string, PdfValue>([...dictionary, ['Kids', kids]]))
  }

  private parent(parts: readonly string[], above: Parent | undefined): Parent {
    const fullName = parts.join('.')
    const known = this.parents.get(fullName) ?? this.existing(fullName)
    if (known !== undefined) return known
    const reference = this.update.reserve()
    const dictionary = dictionaryOf({ T: textString(parts[parts.length - 1] ?? ''), Parent: above?.reference })
    const made = { reference, dictionary, kids: [] }
    if (above === undefined) this.top.push(reference)
    else above.kids.push(reference)
    this.parents.set(fullName, made)
    this.names.add(fullName)
    return made
  }

  /** A field of the file that has fields below it. One that holds a value itself takes none. */
  private existing(fullName: string): Parent | undefined {
    const { document } = this.opened
    const field = this.opened.fields.find((one) => one.name === fullName)
    if (field === undefined) return undefined
    const kids = document.array(field.dictionary.get('Kids'))
    const hasFields = kids?.every((kid) => document.dictionary(kid)?.has('T') === true) === true
    if (kids === undefined || !hasFields || !(field.reference instanceof PdfReference))
      throw new Fault('SIGN-PDF-FIELD-EXISTS', { params: { field: fullName } })
    const found = { reference: field.reference, dictionary: field.dictionary, kids: [...kids] }
    this.parents.set(fullName, found)
    return found
  }
}
