import type { CompanyContext } from '../../../core/access/context.js'
import type { RenderedDocument } from '../../../core/documents/documents.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { applySeal } from '../../seal/index.js'
import type { InvoiceDocument } from '../document.js'

export interface SealedPdf {
  readonly pdf: Buffer
  /** Null when the company has designed no seal: the PDF is stored as rendered, and its page says so. */
  readonly level: string | null
}

/**
 * Puts the company's seal under the rendered invoice. Only a company that never designed a seal gets an unsealed PDF; a seal that
 * cannot be applied is a fault, never a file without it.
 * @throws Fault SEAL-KEY-MISSING, SIGN-…
 */
export async function sealPdf(
  host: Host,
  context: CompanyContext,
  rendered: RenderedDocument,
  document: InvoiceDocument,
): Promise<SealedPdf> {
  const box = rendered.boxes.find(({ label }) => label === 'seal')
  try {
    const sealed = await applySeal(host, context, {
      pdf: rendered.pdf,
      ...(box === undefined ? {} : { box }),
      subject: { type: 'invoicing.invoice', id: document.id, label: document.number },
      amount: { value: document.totals.taxInclusive, currency: document.currency },
    })
    return { pdf: sealed.pdf, level: sealed.level }
  } catch (error) {
    if (error instanceof Fault && error.code === 'SEAL-DESIGN-MISSING') return { pdf: rendered.pdf, level: null }
    throw error
  }
}
