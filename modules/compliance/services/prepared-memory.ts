import type { InvoiceDocument } from '../../invoicing/index.js'
import type { PreparedDocument } from '../regime.js'

export type SignableDocument = PreparedDocument & { readonly invoice: InvoiceDocument }

/**
 * Payloads on their way from the posting transaction to the signature right after it, so that they are not read back from the
 * database. A cache and nothing more: what is not here is loaded.
 */
const onTheWay = new Map<string, SignableDocument>()
const keepAtMost = 2_000

export function rememberPrepared(document: SignableDocument): void {
  if (onTheWay.size >= keepAtMost) {
    const oldest = onTheWay.keys().next()
    if (oldest.done !== true) onTheWay.delete(oldest.value)
  }
  onTheWay.set(document.invoiceId, document)
}

/** Gives it out once. */
export function takePrepared(invoiceId: string): SignableDocument | undefined {
  const found = onTheWay.get(invoiceId)
  onTheWay.delete(invoiceId)
  return found
}
