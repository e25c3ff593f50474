import { createHash } from 'node:crypto'
import { xmlDeclaration } from '../ubl/names.js'

const declarationBytes = Buffer.byteLength(xmlDeclaration)

/**
 * SHA-256 of what `writeInvoice` made: its bytes without the declaration are canonical and hold none of the three excluded
 * blocks. For XML from elsewhere use `foreignInvoiceHash`.
 */
export function invoiceHash(payload: Uint8Array): Buffer {
  return createHash('sha256').update(payload.subarray(declarationBytes)).digest()
}
