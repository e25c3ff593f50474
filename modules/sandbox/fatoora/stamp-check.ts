import { createHash, verify, X509Certificate, type KeyObject } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate } from '@peculiar/asn1-x509'
import { nameText } from '../ca/names.js'
import type { Findings } from './answers.js'
import { all, descendants, find, textAt, type Element, type ReadDocument } from './canonical-tree.js'

/** The cryptographic stamp of a document, read and found whole. */
export interface Stamp {
  /** DER. */
  readonly certificate: Buffer
  readonly spki: Buffer
  /** DER signature value of the certificate (QR tag 9). */
  readonly certificateSignature: Buffer
  /** Base64 text as it stands. */
  readonly signatureValue: string
  readonly signingTime: string
  /** Validity of the certificate, milliseconds since 1970. */
  readonly validFrom: number
  readonly validTo: number
}

const category = 'CERTIFICATE_ERRORS'
const algorithms = {
  canonicalization: 'http://www.w3.org/2006/12/xml-c14n11',
  signature: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
  digest: 'http://www.w3.org/2001/04/xmlenc#sha256',
} as const

/** SHA-256 of the canonical document without its three excluded parts, base64. */
export function invoiceHash(document: ReadDocument): string {
  return createHash('sha256').update(document.hashed).digest('base64')
}

export function hasStamp(root: Element): boolean {
  return find(root, 'UBLExtensions') !== undefined
}

/**
 * Checks everything the stamp says about the document and itself (Security Features, XAdES part): digests, signature, certificate
 * digest, issuer and serial number. Who owns the certificate is the caller's question.
 * @returns the stamp when it can be read, whatever was found about it
 */
export function checkStamp(document: ReadDocument, hash: string, findings: Findings): Stamp | null {
  const signatures = descendants(document.root, 'Signature').filter((element) => element.namespace === 'http://www.w3.org/2000/09/xmldsig#')
  const signature = signatures[0]
  const fail = (code: string, message: string): void => {
    findings.error(code, category, message)
  }
  if (signature === undefined || signatures.length !== 1) {
    fail('X509Certificate', 'The document must hold exactly one ds:Signature')
    return null
  }
  const information = find(document.root, 'UBLExtensions/UBLExtension/ExtensionContent/UBLDocumentSignatures/SignatureInformation')
  if (textAt(information, 'ID') !== 'urn:oasis:names:specification:ubl:signature:1')
    findings.error('BR-KSA-28', 'KSA', '[BR-KSA-28] signature information ID')
  if (textAt(information, 'ReferencedSignatureID') !== 'urn:oasis:names:specification:ubl:signature:Invoice')
    findings.warning('BR-KSA-29', 'KSA', '[BR-KSA-29] referenced signature ID')
  if (textAt(document.root, 'Signature/SignatureMethod') !== 'urn:oasis:names:specification:ubl:dsig:enveloped:xades')
    findings.error('BR-KSA-30', 'KSA', '[BR-KSA-30] signature method of the cryptographic stamp')
  if (textAt(document.root, 'Signature/ID') !== 'urn:oasis:names:specification:ubl:signature:Invoice')
    findings.warning('BR-KSA-29', 'KSA', '[BR-KSA-29] signature ID')

  const signedInfo = find(signature, 'SignedInfo')
  if (find(signedInfo, 'CanonicalizationMethod')?.attributes.get('Algorithm') !== algorithms.canonicalization)
    fail('invalid-digital-signature', 'canonicalization method')
  if (find(signedInfo, 'SignatureMethod')?.attributes.get('Algorithm') !== algorithms.signature)
    fail('invalid-digital-signature', 'signature method')
  const references = all(signedInfo, 'Reference')
  const documentReference = references.find((reference) => reference.attributes.get('URI') === '')
  const propertiesReference = references.find((reference) => reference.attributes.get('URI') === '#xadesSignedProperties')
  if (references.length !== 2 || documentReference === undefined || propertiesReference === undefined) {
    fail('invalid-digital-signature', 'SignedInfo must refer to the document and to #xadesSignedProperties')
    return null
  }
  for (const reference of references)
    if (find(reference, 'DigestMethod')?.attributes.get('Algorithm') !== algorithms.digest)
      fail('invalid-digital-signature', 'digest method')
  if (textAt(documentReference, 'DigestValue') !== hash)
    findings.error(
      'invalid-invoice-hash',
      'INVOICE_HASHING_ERRORS',
      'The digest in the stamp does not match the calculated hash of the XML',
    )
  checkProperties(document, propertiesReference, fail)

  const certificateText = textAt(signature, 'KeyInfo/X509Data/X509Certificate')?.replace(/\s+/g, '') ?? ''
  const signatureValue = textAt(signature, 'SignatureValue')?.replace(/\s+/g, '') ?? ''
  const read = readCertificate(certificateText)
  if (read === null) {
    fail('X509Certificate', 'The certificate in the stamp cannot be read')
    return null
  }
  if (!verifies(hash, signatureValue, read.key))
    fail('invalid-digital-signature', 'The signature does not match the hash and the public key of the certificate')
  const signed = find(signature, 'Object/QualifyingProperties/SignedProperties/SignedSignatureProperties')
  const cert = find(signed, 'SigningCertificate/Cert')
  const digestText = createHash('sha256').update(certificateText).digest('hex')
  if (textAt(cert, 'CertDigest/DigestValue') !== Buffer.from(digestText).toString('base64'))
    fail('certificate-hashing', 'The digest of the certificate is wrong')
  if (textAt(cert, 'IssuerSerial/X509SerialNumber') !== read.serial)
    fail('X509SerialNumber', 'The serial number of the certificate is wrong')
  if (normalName(textAt(cert, 'IssuerSerial/X509IssuerName') ?? '') !== normalName(read.issuer))
    fail('X509IssuerName', 'The issuer of the certificate is wrong')
  const signingTime = textAt(signed, 'SigningTime') ?? ''
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z?$/.test(signingTime))
    fail('SigningTime', 'The signing time must be written yyyy-MM-ddTHH:mm:ss')
  return {
    certificate: read.der,
    spki: read.spki,
    certificateSignature: read.signature,
    signatureValue,
    signingTime,
    validFrom: read.validFrom,
    validTo: read.validTo,
  }
}

/**
 * The digest is over the element as it stands, with the namespaces it uses declared where they are used and an empty
 * ds:DigestMethod closed at once: exclusive canonical form but for that one tag. It is base64 of the hexadecimal text.
 */
function checkProperties(document: ReadDocument, reference: Element, fail: (code: string, message: string) => void): void {
  const [canonical] = document.signedProperties
  const text = canonical?.replaceAll('></ds:DigestMethod>', '/>')
  const digest = text === undefined ? '' : Buffer.from(createHash('sha256').update(text).digest('hex')).toString('base64')
  if (document.signedProperties.length !== 1 || textAt(reference, 'DigestValue') !== digest)
    fail('signed-properties-hashing', "Invalid signed properties hashing, SignedProperties with id='xadesSignedProperties'")
}

interface ReadCertificate {
  readonly der: Buffer
  readonly spki: Buffer
  readonly signature: Buffer
  readonly serial: string
  readonly issuer: string
  readonly key: KeyObject
  readonly validFrom: number
  readonly validTo: number
}

const known = new Map<string, ReadCertificate>()

function readCertificate(text: string): ReadCertificate | null {
  const before = known.get(text)
  if (before !== undefined) return before
  if (!/^[A-Z0-9+/]+={0,2}$/i.test(text)) return null
  const der = Buffer.from(text, 'base64')
  try {
    const structure = AsnConvert.parse(der, Certificate)
    const certificate = new X509Certificate(der)
    const read: ReadCertificate = {
      der,
      spki: certificate.publicKey.export({ type: 'spki', format: 'der' }),
      signature: Buffer.from(structure.signatureValue),
      serial: BigInt(`0x${certificate.serialNumber}`).toString(),
      issuer: nameText(structure.tbsCertificate.issuer),
      key: certificate.publicKey,
      validFrom: Date.parse(certificate.validFrom),
      validTo: Date.parse(certificate.validTo),
    }
    if (known.size > 1000) known.clear()
    known.set(text, read)
    return read
  } catch {
    return null
  }
}

/** ECDSA with SHA-256 over the 32 octets of the hash, not over SignedInfo. */
function verifies(hash: string, signatureValue: string, key: KeyObject): boolean {
  try {
    return verify('sha256', Buffer.from(hash, 'base64'), key, Buffer.from(signatureValue, 'base64'))
  } catch {
    return false
  }
}

function normalName(name: string): string {
  return name
    .split(',')
    .map((part) => part.trim())
    .join(',')
}
