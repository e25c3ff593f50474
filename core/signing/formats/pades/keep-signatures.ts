import { Fault } from '../../../i18n/fault.js'
import { explainChanges } from '../../../validation/pdf/changes/explain-changes.js'
import { PdfDocument } from '../../../validation/pdf/document.js'
import { permissionOf } from '../../../validation/pdf/permission.js'
import { signatureFields } from '../../../validation/pdf/signature-fields.js'

/**
 * Refuses an update that an earlier signature of the document does not allow, by the rules our own verifier judges with: a picture laid
 * over a certified page, say. Asked before a key is used, so that nobody signs for nothing.
 * @param update the bytes to append, the place of the signature value still empty
 * @throws Fault SIGN-PDF-BREAKS-SIGNATURE naming the earlier signature and what it forbids
 */
export function keepEarlierSignatures(before: PdfDocument, update: Buffer): void {
  const signed = signatureFields(before)
  if (signed.length === 0) return
  const after = PdfDocument.open(Buffer.concat([before.bytes, update]))
  for (const field of signed) {
    const refused = explainChanges(before, after, permissionOf(before, field)).changes.find((change) => !change.allowed)
    if (refused !== undefined)
      throw new Fault('SIGN-PDF-BREAKS-SIGNATURE', { params: { field: field.name, kind: refused.kind }, status: 409 })
  }
}
