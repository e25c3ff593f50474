import { createHash, X509Certificate } from 'node:crypto'
import { Fault } from '../../../core/i18n/fault.js'

/** What the stamp takes from a certificate, made once and kept. */
export interface StampCertificate {
  readonly der: Buffer
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
  readonly x509: X509Certificate
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
  let x509: X509Certificate
  let signature: Buffer
  let publicKey: Buffer
  try {
    x509 = new X509Certificate(der)
    signature = signatureOf(der)
    publicKey = x509.publicKey.export({ type: 'spki', format: 'der' })
  } catch (error) {
    throw new Fault('SA-CERTIFICATE-UNREADABLE', { cause: error })
  }
  const read: StampCertificate = {
    der,
    base64,
    digest: hexDigest(base64),
    issuerName: x509.issuer.split('\n').reverse().join(', '),
    serialNumber: BigInt(`0x${x509.serialNumber}`).toString(10),
    publicKey,
    signature,
    x509,
  }
  if (kept.size >= keepAtMost) kept.clear()
  kept.set(base64, read)
  return read
}

/** Reads one DER element: where its content begins and ends. */
function element(der: Buffer, at: number): { readonly tag: number; readonly content: number; readonly end: number } {
  const tag = der[at]
  const first = der[at + 1]
  if (tag === undefined || first === undefined) throw new RangeError('truncated DER')
  let content = at + 2
  let length = first
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count < 1 || count > 4 || content + count > der.length) throw new RangeError('bad DER length')
    length = der.readUIntBE(content, count)
    content += count
  }
  if (content + length > der.length) throw new RangeError('truncated DER')
  return { tag, content, end: content + length }
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING } (RFC 5280, 4.1). */
function signatureOf(der: Buffer): Buffer {
  const certificate = element(der, 0)
  if (certificate.end !== der.length) throw new RangeError('bytes after the certificate')
  const tbs = element(der, certificate.content)
  const algorithm = element(der, tbs.end)
  const value = element(der, algorithm.end)
  if (value.tag !== 0x03 || value.end !== certificate.end || der[value.content] !== 0) throw new RangeError('not a certificate')
  return der.subarray(value.content + 1, value.end)
}
