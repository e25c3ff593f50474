import type { PdfDocument } from '../document.js'
import { PdfReference, type PdfDictionary, type PdfValue } from '../objects.js'
import { coveredBy, readPageContent, rectangleOf, type PageContent } from './page-content.js'

/** A picture above this share of the page is no signature and no filled field any more. */
const largestShare = 0.25

/** What something laid on a page hides. */
export interface Covering {
  /** Text or a picture of the earlier page lies below. */
  readonly content: boolean
  readonly isLarge: boolean
  /** From 1. */
  readonly page: number
}

/** What the pictures of a save lie over: the pages as they were before it, each read when first asked for. */
export class Coverings {
  private readonly contents = new Map<PdfDictionary, PageContent>()
  private pageOfWidget: ReadonlyMap<number, { page: PdfDictionary; number: number }> | undefined

  constructor(
    private readonly before: PdfDocument,
    private readonly after: PdfDocument,
  ) {}

  /** What a rectangle laid on a page covers of it as it was signed. A value that is no rectangle covers nothing. */
  of(page: PdfDictionary, number: number, rectangle: PdfValue | undefined): Covering {
    const place = rectangleOf(this.after, rectangle)
    if (place === undefined) return { content: false, isLarge: false, page: number }
    let content = this.contents.get(page)
    if (content === undefined) {
      content = readPageContent(this.before, page)
      this.contents.set(page, content)
    }
    const covered = coveredBy(place, content)
    return { content: covered.content, isLarge: covered.share > largestShare, page: number }
  }

  /** Undefined when no page shows the widget. */
  ofWidget(widget: number, rectangle: PdfValue | undefined): Covering | undefined {
    const on = (this.pageOfWidget ??= this.findWidgets()).get(widget)
    return on === undefined ? undefined : this.of(on.page, on.number, rectangle)
  }

  private findWidgets(): ReadonlyMap<number, { page: PdfDictionary; number: number }> {
    const found = new Map<number, { page: PdfDictionary; number: number }>()
    for (const [index, { page }] of this.after.pages().entries()) {
      for (const annotation of this.after.array(page.get('Annots')) ?? [])
        if (annotation instanceof PdfReference) found.set(annotation.number, { page, number: index + 1 })
    }
    return found
  }
}
