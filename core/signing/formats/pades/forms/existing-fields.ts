import type { PdfDocument } from '../../../../validation/pdf/document.js'
import { isDictionary, nameOf, PdfName, PdfReference, PdfString, type PdfValue } from '../../../../validation/pdf/objects.js'
import { formFields, type FormField } from '../../../../validation/pdf/signature-fields.js'
import { textOf } from '../../../../validation/pdf/text-string.js'
import { fromPage, geometryOf, rectangleOf, seenSize } from '../page-geometry.js'
import { fieldFlags, type FormFieldKind } from './form-field.js'
import { widgetsOf } from './widgets.js'

/** A field of a form that somebody else made. */
export interface ExistingField {
  /** Full name. */
  readonly name: string
  readonly kind: FormFieldKind
  readonly tooltip?: string
  readonly required: boolean
  readonly readonly: boolean
  readonly value?: string
  readonly options?: readonly string[]
  /** Fractions of the page as it is seen, from its upper left corner. */
  readonly areas: readonly ExistingArea[]
}

/** One place of a field, in points of the page as its reader sees it. */
export interface ExistingArea {
  /** From 1. */
  readonly page: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** Of a radio: what this place stands for. */
  readonly option?: string
}

/** The fields of a file's own form that can be filled or signed and have a place on a page; push buttons are left out. */
export function existingFields(document: PdfDocument): ExistingField[] {
  const pages = document.pages()
  const numbers = new Map(pages.map(({ reference }, index) => [reference.number, index]))
  const pageOfWidget = new Map<number, number>()
  for (const [index, { page }] of pages.entries())
    for (const annotation of document.array(page.get('Annots')) ?? [])
      if (annotation instanceof PdfReference) pageOfWidget.set(annotation.number, index)

  const areaOf = (widget: { readonly reference: PdfReference; readonly dictionary: Map<string, PdfValue> }): ExistingArea | undefined => {
    const named = widget.dictionary.get('P')
    const index = (named instanceof PdfReference ? numbers.get(named.number) : undefined) ?? pageOfWidget.get(widget.reference.number)
    const page = index === undefined ? undefined : pages[index]
    const rectangle = rectangleOf(document, document.resolve(widget.dictionary.get('Rect')))
    if (index === undefined || page === undefined || rectangle === undefined) return undefined
    const geometry = geometryOf(document, page.page)
    const seen = seenSize(geometry)
    const [x, y, width, height] = fromPage(geometry, rectangle)
    if (!(width > 0) || !(height > 0)) return undefined
    return {
      page: index + 1,
      x: x / seen.width,
      y: (seen.height - y - height) / seen.height,
      width: width / seen.width,
      height: height / seen.height,
    }
  }

  return formFields(document).flatMap((field) => {
    const kind = kindOf(field)
    if (kind === undefined || !field.dictionary.has('T')) return []
    const widgets = widgetsOf(document, field)
    const options = optionsOf(document, field)
    const areas = widgets.flatMap((widget, index) => {
      const area = areaOf(widget)
      if (area === undefined) return []
      return kind === 'radio' ? [{ ...area, option: options[index] ?? stateOf(document, widget.dictionary) ?? '' }] : [area]
    })
    if (areas.length === 0) return []
    const tooltip = document.resolve(field.dictionary.get('TU'))
    const value = valueText(document, field)
    const choices = kind === 'radio' ? areas.flatMap((area) => area.option ?? []) : options
    return [
      {
        name: field.name,
        kind,
        required: (field.flags & fieldFlags.required) !== 0,
        readonly: (field.flags & fieldFlags.readOnly) !== 0,
        areas,
        ...(tooltip instanceof PdfString ? { tooltip: textOf(tooltip) } : {}),
        ...(value === undefined ? {} : { value }),
        ...(kind === 'radio' || kind === 'choice' ? { options: [...new Set(choices)] } : {}),
      },
    ]
  })
}

function kindOf({ type, flags }: FormField): FormFieldKind | undefined {
  switch (type) {
    case 'Tx':
      return (flags & fieldFlags.multiline) !== 0 ? 'multiline' : 'text'
    case 'Btn':
      return (flags & fieldFlags.pushButton) !== 0 ? undefined : (flags & fieldFlags.radio) !== 0 ? 'radio' : 'checkbox'
    case 'Ch':
      return 'choice'
    case 'Sig':
      return 'signature'
    default:
      return undefined
  }
}

function optionsOf(document: PdfDocument, { dictionary }: FormField): string[] {
  return (document.array(dictionary.get('Opt')) ?? []).flatMap((option) => {
    const resolved = document.resolve(option)
    const text = Array.isArray(resolved) ? document.resolve(resolved[1] ?? resolved[0]) : resolved
    return text instanceof PdfString ? [textOf(text)] : []
  })
}

function stateOf(document: PdfDocument, widget: Map<string, PdfValue>): string | undefined {
  const states = document.resolve(document.dictionary(widget.get('AP'))?.get('N'))
  return isDictionary(states) ? [...states.keys()].find((state) => state !== 'Off') : undefined
}

function valueText(document: PdfDocument, field: FormField): string | undefined {
  const value = document.resolve(field.value)
  if (value instanceof PdfString) return textOf(value)
  if (value instanceof PdfName) return nameOf(value) === 'Off' ? undefined : value.value
  return undefined
}
