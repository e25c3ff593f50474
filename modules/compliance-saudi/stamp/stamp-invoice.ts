import { createHash } from 'node:crypto'
import type { Signer } from '../../../core/signing/signing-service.js'
import { Fault } from '../../../core/i18n/fault.js'
import { readStampCertificate } from './certificate.js'
import { invoiceHash } from './invoice-hash.js'
import { maximumQrLength, qrText, type QrFacts } from './qr.js'
import { prepareProperties, qrAndSignatureReference, signatureBlock, type PreparedProperties } from './signature-block.js'

export interface StampRequest {
  /** What `writeInvoice` made. */
  readonly payload: Buffer
  readonly facts: QrFacts
  readonly simplified: boolean
}

export interface StampedInvoice {
  readonly bytes: Buffer
  readonly qr: string
  /** base64 of the raw invoice hash. */
  readonly hash: string
}

const sellerMark = '<cac:AccountingSupplierParty>'

/** `2026-11-22T13:30:00`: Saudi time (UTC+3 all year), without a zone, as the authority's tool writes it. */
export function saudiTime(instant: Date): string {
  return new Date(instant.getTime() + 3 * 3_600_000).toISOString().slice(0, 19)
}

/**
 * Stamps prepared bytes: signs the 32 raw bytes of the invoice hash (ECDSA over SHA-256 of them; SignedInfo is not what is
 * signed), then puts signature and QR code into the bytes without writing anything else anew.
 * Security Features Implementation Standards, parts 2.3 and 4.
 * @throws Fault SA-KEY-ALGORITHM, SA-CERTIFICATE-MISSING, SA-QR-01
 */
export async function stampInvoice(request: StampRequest, signer: Signer, at: Date): Promise<StampedInvoice> {
  const [stamped] = await stampInvoices([request], signer, at)
  if (stamped === undefined) throw new RangeError('nothing was stamped')
  return stamped
}

/** The same for many: certificate and signed properties are shared. */
export async function stampInvoices(requests: readonly StampRequest[], signer: Signer, at: Date): Promise<StampedInvoice[]> {
  if (signer.algorithm !== 'ec-secp256k1') throw new Fault('SA-KEY-ALGORITHM', { params: { algorithm: signer.algorithm } })
  const own = signer.certificates[0]
  if (own === undefined) throw new Fault('SA-CERTIFICATE-MISSING')
  const certificate = readStampCertificate(own)
  const properties = prepareProperties(certificate, saudiTime(at))
  const stamped: StampedInvoice[] = []
  for (const request of requests) {
    const hash = invoiceHash(request.payload)
    const signature = await signer.signDigest(createHash('sha256').update(hash).digest())
    stamped.push(assemble(request, certificate, properties, hash, signature))
  }
  return stamped
}

function assemble(
  request: StampRequest,
  certificate: ReturnType<typeof readStampCertificate>,
  properties: PreparedProperties,
  rawHash: Buffer,
  rawSignature: Buffer,
): StampedInvoice {
  const hash = rawHash.toString('base64')
  const signature = rawSignature.toString('base64')
  const qr = qrText(request.facts, {
    hash,
    signature,
    publicKey: certificate.publicKey,
    certificateSignature: request.simplified ? certificate.signature : null,
  })
  if (qr.length > maximumQrLength) throw new Fault('SA-QR-01', { params: { length: qr.length, limit: maximumQrLength } })
  const { payload } = request
  // A raw `<` cannot stand in text, so these marks are found in markup alone. The root's tag is the second `>`, after the declaration's.
  const rootEnd = payload.indexOf('>', payload.indexOf('<Invoice ')) + 1
  const seller = payload.indexOf(sellerMark)
  if (rootEnd === 0 || seller === -1) throw new RangeError('not a payload of this writer')
  const bytes = Buffer.concat([
    payload.subarray(0, rootEnd),
    Buffer.from(signatureBlock(certificate, properties, hash, signature), 'utf8'),
    payload.subarray(rootEnd, seller),
    Buffer.from(qrAndSignatureReference(qr), 'latin1'),
    payload.subarray(seller),
  ])
  return { bytes, qr, hash }
}
