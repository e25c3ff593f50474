import { Fault } from '../../../i18n/fault.js'
import type { PdfDocument } from '../../../validation/pdf/document.js'
import { isDictionary, nameOf, PdfReference, type PdfDictionary, type PdfValue } from '../../../validation/pdf/objects.js'
import type { FormField } from '../../../validation/pdf/signature-fields.js'
import type { IncrementalUpdate } from './incremental-update.js'
import type { OpenedPdf } from './open-pdf.js'

/** Adds widgets to a page: its own array is rewritten with the page, one that is an object of its own alone. */
export function addToPage(
  document: PdfDocument,
  update: IncrementalUpdate,
  page: { readonly reference: PdfReference; readonly page: PdfDictionary },
  widgets: readonly PdfReference[],
): void {
  const annotations = page.page.get('Annots')
  const list = document.array(annotations) ?? []
  if (annotations instanceof PdfReference) update.put(annotations, [...list, ...widgets])
  else update.put(page.reference, new Map([...page.page, ['Annots', [...list, ...widgets]]]))
}

/** What an update changes in the form and the catalog. */
export interface FormChange {
  /** New fields at the top of the form. */
  readonly fields: readonly PdfReference[]
  /** The document holds a signature from now on: SignaturesExist and AppendOnly (ISO 32000-2 table 225). */
  readonly isSigned: boolean
  /** Entries of the form that change; null takes one away. */
  readonly form?: ReadonlyMap<string, PdfValue>
  /** Certification signature. */
  readonly certification?: PdfReference
  /** Further entries of the catalog. */
  readonly catalog?: ReadonlyMap<string, PdfValue>
}

/** Rewrites of form and catalog only what changes. */
export function changeForm({ document, form }: OpenedPdf, update: IncrementalUpdate, change: FormChange): void {
  const formValue = document.catalog.get('AcroForm')
  const fieldsValue = form?.get('Fields')
  const fields = [...(document.array(fieldsValue) ?? []), ...change.fields]
  const catalogChanges = new Map<string, PdfValue>(change.catalog)
  const flags = document.resolve(form?.get('SigFlags'))
  const had = typeof flags === 'number' ? flags : 0
  const wanted = change.isSigned ? had | 3 : had
  const inPlace = fieldsValue instanceof PdfReference
  if (inPlace && change.fields.length > 0) update.put(fieldsValue, fields)
  if ((!inPlace && change.fields.length > 0) || had !== wanted || (change.form?.size ?? 0) > 0) {
    const entries = new Map<string, PdfValue>([...(form ?? []), ['Fields', inPlace ? fieldsValue : fields], ...(change.form ?? [])])
    for (const [key, value] of change.form ?? []) if (value === null) entries.delete(key)
    if (wanted !== 0) entries.set('SigFlags', wanted)
    if (formValue instanceof PdfReference) update.put(formValue, entries)
    else catalogChanges.set('AcroForm', entries)
  }
  if (change.certification !== undefined) {
    const permissions = document.dictionary(document.catalog.get('Perms'))
    catalogChanges.set('Perms', new Map<string, PdfValue>([...(permissions ?? []), ['DocMDP', change.certification]]))
  }
  if (catalogChanges.size > 0) update.put(document.catalogReference, new Map([...document.catalog, ...catalogChanges]))
}

/** The name of a new signature field: `Signature1`, `Signature2`, … the first that is free. */
export function freeName(opened: OpenedPdf, stem: string): string {
  const names = new Set(opened.fields.map((field) => field.name))
  let index = 1
  while (names.has(`${stem}${index}`)) index++
  return `${stem}${index}`
}

/** A signature field that stands ready in the file. */
export interface ReadyField {
  readonly name: string
  readonly reference: PdfReference
  readonly dictionary: PdfDictionary
  /** What is seen of it: the field itself, or its kid. */
  readonly widget: { readonly reference: PdfReference; readonly dictionary: PdfDictionary }
}

/**
 * The empty signature field of that name, or the first empty one in the order of the form.
 * @returns undefined when no field has that name
 * @throws Fault SIGN-PDF-FIELD-SIGNED, SIGN-PDF-FIELD-EXISTS (it is no signature field), SIGN-PDF-FIELD-MISSING (none is empty)
 */
export function readyField(opened: OpenedPdf, wanted: { readonly name: string } | 'next'): ReadyField | undefined {
  const { document } = opened
  if (wanted === 'next') {
    for (const field of opened.fields) {
      if (field.type !== 'Sig' || document.resolve(field.dictionary.get('V')) !== null) continue
      const ready = withWidget(document, field)
      if (ready !== undefined) return ready
    }
    throw new Fault('SIGN-PDF-FIELD-MISSING', { params: { field: '' } })
  }
  const field = opened.fields.find((one) => one.name === wanted.name)
  if (field === undefined) return undefined
  const params = { field: wanted.name }
  const ready = field.type === 'Sig' ? withWidget(document, field) : undefined
  if (ready === undefined) throw new Fault('SIGN-PDF-FIELD-EXISTS', { params })
  if (document.resolve(field.dictionary.get('V')) !== null) throw new Fault('SIGN-PDF-FIELD-SIGNED', { params })
  return ready
}

/** A field is one object with its widget, or has it as its kid (ISO 32000-2 12.7.4.1); a field above others has named kids. */
function withWidget(document: PdfDocument, field: FormField): ReadyField | undefined {
  const { name, reference, dictionary } = field
  if (reference === undefined) return undefined
  const kids = document.array(dictionary.get('Kids'))
  if (kids === undefined) return { name, reference, dictionary, widget: { reference, dictionary } }
  const [kid] = kids
  const value = kid instanceof PdfReference ? document.resolve(kid) : null
  if (!(kid instanceof PdfReference) || !isDictionary(value) || value.has('T')) return undefined
  return nameOf(document.resolve(value.get('Subtype'))) === 'Widget'
    ? { name, reference, dictionary, widget: { reference: kid, dictionary: value } }
    : undefined
}
