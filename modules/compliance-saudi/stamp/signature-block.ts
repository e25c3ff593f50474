import { escapeText } from '../../../core/xml/canonical-writer.js'
import { signatureNames, ubl } from '../ubl/names.js'
import { hexDigest, type StampCertificate } from './certificate.js'

/** Algorithms of the Saudi signature block (XML Implementation Standard, KSA-15). */
export const algorithms = {
  canonical: 'http://www.w3.org/2006/12/xml-c14n11',
  signature: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
  xpath: 'http://www.w3.org/TR/1999/REC-xpath-19991116',
  digest: 'http://www.w3.org/2001/04/xmlenc#sha256',
  propertiesType: 'http://www.w3.org/2000/09/xmldsig#SignatureProperties',
} as const

export const excludedPaths = [
  'not(//ancestor-or-self::ext:UBLExtensions)',
  'not(//ancestor-or-self::cac:Signature)',
  "not(//ancestor-or-self::cac:AdditionalDocumentReference[cbc:ID='QR'])",
] as const

/**
 * xades:SignedProperties with the indentation the authority's own tool writes. `hashed` gives the text the digest is taken over:
 * the same element with its namespaces declared on it and on each ds element, the empty element kept self-closed.
 */
function signedProperties(certificate: StampCertificate, signingTime: string, hashed: boolean): string {
  const xades = hashed ? ` xmlns:xades="${ubl.xades}"` : ''
  const ds = hashed ? ` xmlns:ds="${ubl.ds}"` : ''
  const at = (steps: number): string => `\n${' '.repeat(32 + 4 * steps)}`
  return [
    `<xades:SignedProperties${xades} Id="xadesSignedProperties">`,
    `${at(1)}<xades:SignedSignatureProperties>`,
    `${at(2)}<xades:SigningTime>${signingTime}</xades:SigningTime>`,
    `${at(2)}<xades:SigningCertificate>`,
    `${at(3)}<xades:Cert>`,
    `${at(4)}<xades:CertDigest>`,
    `${at(5)}<ds:DigestMethod${ds} Algorithm="${algorithms.digest}"/>`,
    `${at(5)}<ds:DigestValue${ds}>${certificate.digest}</ds:DigestValue>`,
    `${at(4)}</xades:CertDigest>`,
    `${at(4)}<xades:IssuerSerial>`,
    `${at(5)}<ds:X509IssuerName${ds}>${escapeText(certificate.issuerName)}</ds:X509IssuerName>`,
    `${at(5)}<ds:X509SerialNumber${ds}>${certificate.serialNumber}</ds:X509SerialNumber>`,
    `${at(4)}</xades:IssuerSerial>`,
    `${at(3)}</xades:Cert>`,
    `${at(2)}</xades:SigningCertificate>`,
    `${at(1)}</xades:SignedSignatureProperties>`,
    `${at(0)}</xades:SignedProperties>`,
  ].join('')
}

/** base64(hex(SHA-256)) of the signed properties as they will stand in the file. */
export function signedPropertiesDigest(certificate: StampCertificate, signingTime: string): string {
  return hexDigest(signedProperties(certificate, signingTime, true))
}

/** Depth of a line in the block; `pad(3)` is twelve spaces. */
function pad(depth: number): string {
  return `\n${'    '.repeat(depth)}`
}

function transform(path: string): string {
  return `${pad(9)}<ds:Transform Algorithm="${algorithms.xpath}">${pad(10)}<ds:XPath>${path}</ds:XPath>${pad(9)}</ds:Transform>`
}

/** Everything before the invoice's own digest. */
const opening = [
  `<ext:UBLExtensions>${pad(1)}<ext:UBLExtension>`,
  `${pad(2)}<ext:ExtensionURI>${signatureNames.method}</ext:ExtensionURI>`,
  `${pad(2)}<ext:ExtensionContent>`,
  `${pad(3)}<sig:UBLDocumentSignatures xmlns:sig="${ubl.sig}" xmlns:sac="${ubl.sac}" xmlns:sbc="${ubl.sbc}">`,
  `${pad(4)}<sac:SignatureInformation>`,
  `${pad(5)}<cbc:ID>${signatureNames.information}</cbc:ID>`,
  `${pad(5)}<sbc:ReferencedSignatureID>${signatureNames.referenced}</sbc:ReferencedSignatureID>`,
  `${pad(5)}<ds:Signature xmlns:ds="${ubl.ds}" Id="signature">`,
  `${pad(6)}<ds:SignedInfo>`,
  `${pad(7)}<ds:CanonicalizationMethod Algorithm="${algorithms.canonical}"/>`,
  `${pad(7)}<ds:SignatureMethod Algorithm="${algorithms.signature}"/>`,
  `${pad(7)}<ds:Reference Id="invoiceSignedData" URI="">`,
  `${pad(8)}<ds:Transforms>`,
  ...excludedPaths.map(transform),
  `${pad(9)}<ds:Transform Algorithm="${algorithms.canonical}"/>`,
  `${pad(8)}</ds:Transforms>`,
  `${pad(8)}<ds:DigestMethod Algorithm="${algorithms.digest}"/>`,
  `${pad(8)}<ds:DigestValue>`,
].join('')

const betweenDigests = [
  `</ds:DigestValue>${pad(7)}</ds:Reference>`,
  `${pad(7)}<ds:Reference Type="${algorithms.propertiesType}" URI="#xadesSignedProperties">`,
  `${pad(8)}<ds:DigestMethod Algorithm="${algorithms.digest}"/>`,
  `${pad(8)}<ds:DigestValue>`,
].join('')

const beforeSignature = `</ds:DigestValue>${pad(7)}</ds:Reference>${pad(6)}</ds:SignedInfo>${pad(6)}<ds:SignatureValue>`
const beforeCertificate = `</ds:SignatureValue>${pad(6)}<ds:KeyInfo>${pad(7)}<ds:X509Data>${pad(8)}<ds:X509Certificate>`
const beforeProperties = [
  `</ds:X509Certificate>${pad(7)}</ds:X509Data>${pad(6)}</ds:KeyInfo>${pad(6)}<ds:Object>`,
  `${pad(7)}<xades:QualifyingProperties xmlns:xades="${ubl.xades}" Target="signature">${pad(8)}`,
].join('')
const closing = [
  `${pad(7)}</xades:QualifyingProperties>${pad(6)}</ds:Object>${pad(5)}</ds:Signature>`,
  `${pad(4)}</sac:SignatureInformation>${pad(3)}</sig:UBLDocumentSignatures>`,
  `${pad(2)}</ext:ExtensionContent>${pad(1)}</ext:UBLExtension>\n</ext:UBLExtensions>`,
].join('')

/** Signed properties and their digest for one certificate and one second: a batch shares them. */
export interface PreparedProperties {
  readonly written: string
  readonly digest: string
}

export function prepareProperties(certificate: StampCertificate, signingTime: string): PreparedProperties {
  return { written: signedProperties(certificate, signingTime, false), digest: signedPropertiesDigest(certificate, signingTime) }
}

/** ext:UBLExtensions with the whole ds:Signature. */
export function signatureBlock(certificate: StampCertificate, properties: PreparedProperties, hash: string, signature: string): string {
  return (
    opening +
    hash +
    betweenDigests +
    properties.digest +
    beforeSignature +
    signature +
    beforeCertificate +
    certificate.base64 +
    beforeProperties +
    properties.written +
    closing
  )
}

/** The QR reference and cac:Signature, which stand together before the seller. */
export function qrAndSignatureReference(qr: string): string {
  return [
    `<cac:AdditionalDocumentReference>${pad(2)}<cbc:ID>QR</cbc:ID>${pad(2)}<cac:Attachment>`,
    `${pad(3)}<cbc:EmbeddedDocumentBinaryObject mimeCode="text/plain">${qr}</cbc:EmbeddedDocumentBinaryObject>`,
    `${pad(2)}</cac:Attachment>${pad(1)}</cac:AdditionalDocumentReference>`,
    `<cac:Signature>${pad(2)}<cbc:ID>${signatureNames.referenced}</cbc:ID>`,
    `${pad(2)}<cbc:SignatureMethod>${signatureNames.method}</cbc:SignatureMethod>${pad(1)}</cac:Signature>`,
  ].join('')
}
