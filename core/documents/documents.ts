import type { Digits, Locale } from '../i18n/locale.js'

/** A file inside the PDF (ISO 32000-2, clause 7.11.4), and what it is to the document: its AFRelationship (clause 14.13). */
export interface DocumentAttachment {
  readonly name: string
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly relationship: 'source' | 'data' | 'alternative' | 'supplement'
  readonly description: string
}

/** A document to be rendered. */
export interface DocumentRequest {
  /** `<module>/<name>` of a `templates/<module>/<name>.typ`. */
  readonly template: string
  /** JSON handed to the template as data, never as markup. */
  readonly data: object
  readonly locale: Locale
  readonly digits: Digits
  /** Pictures by name: the template shows them with `image("/assets/<name>")`. */
  readonly images?: Readonly<
    Record<string, { readonly bytes: Uint8Array; readonly mediaType: 'image/svg+xml' | 'image/png' | 'image/jpeg' }>
  >
  readonly attachments?: readonly DocumentAttachment[]
  readonly standard?: '1.7' | 'a-3b' | 'a-3a'
  /** Creation date in the file: same input, same bytes. */
  readonly createdAt: Date
  readonly title: string
}

/** Where a labelled box landed: points from the lower left corner of the page. */
export interface PlacedBox {
  readonly label: string
  /** 1 for the first page. */
  readonly page: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** The PDF, not yet sealed. */
export interface RenderedDocument {
  readonly pdf: Buffer
  readonly pages: number
  /** Boxes that the template marked for signatures and seals. */
  readonly boxes: readonly PlacedBox[]
}

/** One page of a template as SVG. */
export interface DrawingRequest {
  readonly template: string
  readonly data: object
  readonly locale: Locale
  readonly digits: Digits
}

/** PDF by Typst in worker threads; the event loop of the host only waits. */
export interface Documents {
  /**
   * @throws Fault DOC-TEMPLATE-UNKNOWN, DOC-ATTACHMENT-NAME, DOC-ATTACHMENT-DESCRIPTION, DOC-RENDER-FAILED (template or data
   *   wrong, or the standard cannot be met), DOC-TIMEOUT, DOC-WORKER-LOST (both may be tried again), DOC-CLOSED
   */
  render(request: DocumentRequest): Promise<RenderedDocument>
  /** SVG without fonts: letters are shaped and drawn as outlines. Faults as `render`. */
  draw(request: DrawingRequest): Promise<string>
  close(): Promise<void>
}
