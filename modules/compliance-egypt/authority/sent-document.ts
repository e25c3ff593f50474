import { createHash } from 'node:crypto'
import { canonicalTextOf } from '../canonical/canonical-text.js'
import { itemsOf, memberOf, parseLiteral, textAt, type LiteralValue } from '../canonical/literal-value.js'

/** What names a document beyond doubt: its own number, and its first signature, which no other bytes have. */
export interface DocumentName {
  /** `i`, `c`, `ei`, …: lower case, as the authority names its document types. */
  readonly type: string
  readonly internalId: string
  readonly signatureSha256: string
  /** RIN of the issuer: all of one call have the same. */
  readonly issuer: string
}

/** Reads the name from the bytes as they are sent. @throws Fault EG-JSON-… */
export function nameOfDocument(json: Uint8Array): DocumentName {
  const value = parseLiteral(json)
  return {
    type: (textAt(value, 'documentType') ?? 'i').toLowerCase(),
    internalId: textAt(value, 'internalID') ?? '',
    signatureSha256: signatureOf(value),
    issuer: textAt(value, 'issuer', 'id') ?? '',
  }
}

/** As above, for what the authority gives back; undefined when it is no document. */
export function nameOfReturned(text: string): DocumentName | undefined {
  try {
    return nameOfDocument(Buffer.from(text, 'utf8'))
  } catch {
    return undefined
  }
}

/** SHA-256 of the first signature's text; of the whole document where there is none (version 0.9). */
function signatureOf(value: LiteralValue): string {
  const [first] = itemsOf(memberOf(value, 'signatures'))
  const signature = first === undefined ? undefined : textAt(first, 'value')
  return createHash('sha256')
    .update(signature ?? canonicalTextOf(value, { strict: false }))
    .digest('hex')
}
