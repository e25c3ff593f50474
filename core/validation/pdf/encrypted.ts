import type { PdfDocument } from './document.js'
import { signatureFields, type SignatureField } from './signature-fields.js'
import { signatureMarks } from './signature-objects.js'

/** Signatures of an encrypted file, found also where the form that leads to them cannot be read. */
export function encryptedSignatures(document: PdfDocument): SignatureField[] {
  try {
    const led = signatureFields(document)
    // Names of fields are encrypted strings: nobody is helped by those.
    if (led.length > 0) return led.map((field) => ({ ...field, name: '' }))
  } catch {
    // Objects in encrypted streams: the form is one of them.
  }
  const found = new Map<number, SignatureField>()
  for (const { number, signature } of signatureMarks(document)) {
    if (number === undefined || signature === undefined) continue
    const nothing = { reference: undefined, dictionary: new Map(), value: null, flags: 0 }
    found.set(number, { name: '', type: 'Sig', ...nothing, signature, signatureNumber: number })
  }
  return [...found.values()]
}
