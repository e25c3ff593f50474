import { twoDecimals } from '../ubl/amounts.js'
import { identifierOf, legalName } from '../ubl/party.js'
import type { InvoiceDocument } from '../../invoicing/index.js'

/** Tags of the QR code (E-invoicing security features, part 4). 6 and 7 hold base64 text, 8 and 9 raw DER. */
export const qrTags = {
  sellerName: 1,
  vatNumber: 2,
  timestamp: 3,
  total: 4,
  vatTotal: 5,
  hash: 6,
  signature: 7,
  publicKey: 8,
  certificateSignature: 9,
} as const

export interface QrField {
  readonly tag: number
  readonly value: Buffer
}

/** Longest QR text the authority takes (BR-CL-KSA-14), in characters of base64. */
export const maximumQrLength = 1000

/** Length of a TLV value: one byte to 127, from there BER long form, as the authority's own validator reads it. */
function berLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  if (length < 0x100) return Buffer.of(0x81, length)
  if (length < 0x10000) return Buffer.of(0x82, length >> 8, length & 0xff)
  throw new RangeError('a QR field is longer than 65535 bytes')
}

export function encodeQr(fields: readonly QrField[]): string {
  const parts: Buffer[] = []
  for (const field of fields) parts.push(Buffer.of(field.tag), berLength(field.value.length), field.value)
  return Buffer.concat(parts).toString('base64')
}

/**
 * Strict reading: canonical base64, minimal lengths, nothing after the last field; undefined when anything else is found.
 */
export function decodeQr(text: string): QrField[] | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 0 || bytes.toString('base64') !== text) return undefined
  const fields: QrField[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = bytes[at]
    const first = bytes[at + 1]
    if (tag === undefined || first === undefined) return undefined
    at += 2
    let length = first
    if (first >= 0x80) {
      const count = first & 0x7f
      if (count < 1 || count > 2 || at + count > bytes.length) return undefined
      length = bytes.readUIntBE(at, count)
      at += count
      if (length < (count === 1 ? 0x80 : 0x100)) return undefined
    }
    if (at + length > bytes.length) return undefined
    fields.push({ tag, value: bytes.subarray(at, at + length) })
    at += length
  }
  return fields
}

/** Tags 1 to 5 of a document. */
export interface QrFacts {
  readonly sellerName: string
  readonly vatNumber: string
  readonly timestamp: string
  readonly total: string
  readonly vatTotal: string
}

/**
 * Tag 4 is the payable amount (BT-115) in the document's currency and tag 5 the first tax total, the one in SAR: so the official
 * samples carry them.
 */
export function qrFactsOf(invoice: InvoiceDocument): QrFacts {
  const { totals } = invoice
  return {
    sellerName: legalName(invoice.seller),
    vatNumber: identifierOf(invoice.seller, 'VAT') ?? '',
    timestamp: `${invoice.issueDate}T${invoice.issueTime}`,
    total: twoDecimals(totals.payable),
    vatTotal: twoDecimals(invoice.currency === 'SAR' ? totals.tax : totals.taxInCompanyCurrency),
  }
}

export function qrText(
  facts: QrFacts,
  stamp: { readonly hash: string; readonly signature: string; readonly publicKey: Buffer; readonly certificateSignature: Buffer | null },
): string {
  const text = (tag: number, value: string): QrField => ({ tag, value: Buffer.from(value, 'utf8') })
  const fields: QrField[] = [
    text(qrTags.sellerName, facts.sellerName),
    text(qrTags.vatNumber, facts.vatNumber),
    text(qrTags.timestamp, facts.timestamp),
    text(qrTags.total, facts.total),
    text(qrTags.vatTotal, facts.vatTotal),
    text(qrTags.hash, stamp.hash),
    text(qrTags.signature, stamp.signature),
    { tag: qrTags.publicKey, value: stamp.publicKey },
  ]
  if (stamp.certificateSignature !== null) fields.push({ tag: qrTags.certificateSignature, value: stamp.certificateSignature })
  return encodeQr(fields)
}
