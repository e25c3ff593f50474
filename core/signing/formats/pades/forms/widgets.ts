import type { PdfDocument } from '../../../../validation/pdf/document.js'
import { nameOf, PdfReference, type PdfDictionary } from '../../../../validation/pdf/objects.js'
import type { FormField } from '../../../../validation/pdf/signature-fields.js'
import type { ShownSize } from '../appearance.js'
import { geometryOf, rectangleOf, type PageGeometry } from '../page-geometry.js'

/** What is seen of a field, at one place. */
export interface Widget {
  readonly reference: PdfReference
  readonly dictionary: PdfDictionary
}

/** The widgets of a field in order: the field itself, or its kids without a name of their own (ISO 32000-2 12.7.4.1). */
export function widgetsOf(document: PdfDocument, { reference, dictionary }: FormField): Widget[] {
  const kids = document.array(dictionary.get('Kids'))
  if (kids === undefined)
    return reference !== undefined && nameOf(document.resolve(dictionary.get('Subtype'))) === 'Widget' ? [{ reference, dictionary }] : []
  return kids.flatMap((kid) => {
    const widget = document.dictionary(kid)
    const isWidget = kid instanceof PdfReference && widget !== undefined && !widget.has('T')
    return isWidget && nameOf(document.resolve(widget.get('Subtype'))) === 'Widget' ? [{ reference: kid, dictionary: widget }] : []
  })
}

/** Pages of widgets: a widget may name its page, and else the page names the widget. */
export class WidgetPages {
  private byPage: ReadonlyMap<number, PageGeometry['rotation']> | undefined
  private byWidget: ReadonlyMap<number, number> | undefined

  constructor(private readonly document: PdfDocument) {}

  /** How large a widget is seen and how its page is turned; undefined when it has no size. */
  shownSize({ reference, dictionary }: Widget): ShownSize | undefined {
    const rectangle = rectangleOf(this.document, this.document.resolve(dictionary.get('Rect')))
    if (rectangle === undefined || rectangle[0] >= rectangle[2] || rectangle[1] >= rectangle[3]) return undefined
    const named = dictionary.get('P')
    const page = named instanceof PdfReference ? named.number : this.pageOf(reference.number)
    const rotation = page === undefined ? 0 : (this.rotations().get(page) ?? 0)
    const [width, height] = [rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]]
    return rotation === 90 || rotation === 270 ? { width: height, height: width, rotation } : { width, height, rotation }
  }

  private rotations(): ReadonlyMap<number, PageGeometry['rotation']> {
    return (this.byPage ??= new Map(
      this.document.pages().map(({ reference, page }) => [reference.number, geometryOf(this.document, page).rotation]),
    ))
  }

  private pageOf(widget: number): number | undefined {
    if (this.byWidget === undefined) {
      const found = new Map<number, number>()
      for (const { reference, page } of this.document.pages())
        for (const annotation of this.document.array(page.get('Annots')) ?? [])
          if (annotation instanceof PdfReference) found.set(annotation.number, reference.number)
      this.byWidget = found
    }
    return this.byWidget.get(widget)
  }
}
