import type { CompanyContext } from '../../../core/access/context.js'
import type { RenderedDocument } from '../../../core/documents/documents.js'
import type { Host } from '../../../core/host/module.js'

export interface SealedPdf {
  readonly pdf: Buffer
  /** Null when the company has no seal: the PDF is stored as rendered, and the page says so. */
  readonly level: string | null
}

export async function sealPdf(
  _host: Host,
  _context: CompanyContext,
  rendered: RenderedDocument,
  _invoice: { readonly invoiceId: string; readonly number: string },
): Promise<SealedPdf> {
  return Promise.resolve({ pdf: rendered.pdf, level: null })
}
