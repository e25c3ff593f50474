import { createHash } from 'node:crypto'
import { Fault } from '../../../core/i18n/fault.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'

/** What the stamp takes from a certificate, made once and kept. */
export interface StampCertificate {
  readonly certificate: Certificate
  /** Base64 without line ends: the text that is put into the file and hashed. */
  readonly base64: string
  /** base64(hex(SHA-256(base64 text))): not over the DER bytes. */
  readonly digest: string
  /** RFC 2253 order, ", " between: `CN=…, DC=gov, DC=local`. */
  readonly issuerName: string
  /** Decimal. */
  readonly serialNumber: string
  /** DER SubjectPublicKeyInfo: QR tag 8. */
  readonly publicKey: Buffer
  /** Signature of the issuer over this certificate, DER: QR tag 9. */
  readonly signature: Buffer
}

/** Text of a digest in the way of the Saudi stamp: base64 over the lower-case hex text. */
export function hexDigest(text: string): string {
  return Buffer.from(createHash('sha256').update(text, 'utf8').digest('hex'), 'ascii').toString('base64')
}

const kept = new Map<string, StampCertificate>()
const keepAtMost = 500

/** @throws Fault SA-CERTIFICATE-UNREADABLE */
export function readStampCertificate(der: Buffer): StampCertificate {
  const base64 = der.toString('base64')
  const known = kept.get(base64)
  if (known !== undefined) return known
  let certificate: Certificate
  try {
    certificate = readCertificate(der)
  } catch (cause) {
    throw new Fault('SA-CERTIFICATE-UNREADABLE', { cause })
  }
  const read: StampCertificate = {
    certificate,
    base64,
    digest: hexDigest(base64),
    issuerName: certificate.issuer,
    serialNumber: certificate.serialDecimal,
    publicKey: Buffer.from(certificate.spki),
    signature: Buffer.from(certificate.signatureValue),
  }
  if (kept.size >= keepAtMost) kept.clear()
  kept.set(base64, read)
  return read
}
