import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { DerElement, MalformedDer } from '../der-reader.js'
import { displayName, nameKey, nameToText, readName, type NameAttribute } from './distinguished-name.js'

/** An extension (RFC 5280, clause 4.2). */
export interface CertificateExtension {
  readonly critical: boolean
  /** Content of the OCTET STRING. */
  readonly value: Buffer
}

/** An X.509 certificate as the rest of the product needs it. All buffers are views on `der`. */
export interface Certificate {
  readonly der: Buffer
  /** Signed part, complete encoding. */
  readonly tbs: Buffer
  readonly version: number
  /** Two's complement content of the serial INTEGER. */
  readonly serialBytes: Buffer
  readonly serialDecimal: string
  readonly serialHex: string
  /** `CN=…, O=…, C=…`: RFC 2253 order, separated by ", ". */
  readonly subject: string
  readonly issuer: string
  readonly subjectAttributes: readonly NameAttribute[]
  readonly issuerAttributes: readonly NameAttribute[]
  /** DER Name. */
  readonly subjectDer: Buffer
  readonly issuerDer: Buffer
  readonly subjectKey: string
  readonly issuerKey: string
  /** Common name (or organisation) of the holder. */
  readonly holder: string
  readonly issuerHolder: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Buffer
  readonly publicKeyAlgorithm: string
  readonly signatureAlgorithm: string
  /** DER AlgorithmIdentifier of the outer signature algorithm. */
  readonly signatureAlgorithmDer: Buffer
  /** Content of the signature BIT STRING. */
  readonly signatureValue: Buffer
  readonly extensions: ReadonlyMap<string, CertificateExtension>
  /** SHA-256 over `der`, lower-case hex. */
  readonly sha256: string
  readonly publicKey: () => KeyObject
}

/**
 * Reads a certificate (RFC 5280 4.1), strictly DER.
 * @throws MalformedDer when the bytes are no certificate
 */
export function readCertificate(bytes: Uint8Array): Certificate {
  const der = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const outer = DerElement.read(der, 0, { whole: true }).expect(0x30)
  const tbs = outer.child(0).expect(0x30)
  const outerAlgorithm = outer.child(1).expect(0x30)
  const signatureValue = outer.child(2).bitString()
  if (outer.children.length !== 3) throw new MalformedDer('certificate', 0)
  let index = 0
  let version = 1
  if (tbs.child(0).is(0xa0)) {
    version = tbs.child(0).child(0).smallInteger() + 1
    if (version < 1 || version > 3) throw new MalformedDer('certificate version', tbs.start)
    index = 1
  }
  const serial = tbs.child(index)
  const innerAlgorithm = tbs.child(index + 1)
  // RFC 5280 4.1.1.2: both must be the same, or an attacker could swap the outer one.
  if (!innerAlgorithm.bytes.equals(outerAlgorithm.bytes)) throw new MalformedDer('signature algorithms differ', innerAlgorithm.start)
  const issuer = tbs.child(index + 2)
  const validity = tbs.child(index + 3).expect(0x30)
  const subject = tbs.child(index + 4)
  const spki = tbs.child(index + 5).expect(0x30)
  const extensions = new Map<string, CertificateExtension>()
  const wrapped = tbs.children.slice(index + 6).find((part) => part.is(0xa3))
  for (const extension of wrapped?.child(0).expect(0x30).children ?? []) {
    const oid = extension.child(0).oid()
    if (extensions.has(oid)) throw new MalformedDer('extension twice', extension.start)
    const critical = extension.child(1).is(0x01) ? extension.child(1).boolean() : false
    const value = extension.child(extension.child(1).is(0x01) ? 2 : 1).expect(0x04).content
    extensions.set(oid, { critical, value })
  }
  if (extensions.size > 0 && version !== 3) throw new MalformedDer('extensions in an old version', tbs.start)
  const subjectAttributes = readName(subject)
  const issuerAttributes = readName(issuer)
  const serialNumber = serial.integer()
  let key: KeyObject | undefined
  let sha256: string | undefined
  return {
    der,
    tbs: tbs.bytes,
    version,
    serialBytes: serial.content,
    serialDecimal: serialNumber.toString(10),
    serialHex: serial.content.toString('hex'),
    subject: nameToText(subjectAttributes),
    issuer: nameToText(issuerAttributes),
    subjectAttributes,
    issuerAttributes,
    subjectDer: subject.bytes,
    issuerDer: issuer.bytes,
    subjectKey: nameKey(subject),
    issuerKey: nameKey(issuer),
    holder: displayName(subjectAttributes),
    issuerHolder: displayName(issuerAttributes),
    notBefore: validity.child(0).time(),
    notAfter: validity.child(1).time(),
    spki: spki.bytes,
    publicKeyAlgorithm: spki.child(0).child(0).oid(),
    signatureAlgorithm: outerAlgorithm.child(0).oid(),
    signatureAlgorithmDer: outerAlgorithm.bytes,
    signatureValue,
    extensions,
    get sha256() {
      return (sha256 ??= createHash('sha256').update(der).digest('hex'))
    },
    publicKey: () => (key ??= createPublicKey({ key: spki.bytes, format: 'der', type: 'spki' })),
  }
}

/** Certificates of a PEM text (or one DER certificate), in order. */
export function readCertificateFile(bytes: Uint8Array): Certificate[] {
  const text = Buffer.from(bytes).toString('latin1')
  const blocks = [...text.matchAll(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/g)]
  if (blocks.length === 0) return [readCertificate(bytes)]
  return blocks.map((block) => readCertificate(Buffer.from(block[1] ?? '', 'base64')))
}
