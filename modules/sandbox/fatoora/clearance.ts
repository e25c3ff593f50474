import { createHash } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate } from '@peculiar/asn1-x509'
import type { CertificateAuthorities } from '../ca/authority.js'
import { signWith, type AuthorityKey } from '../ca/certificate.js'
import { buildName, nameText } from '../ca/names.js'
import { find, textAt } from './canonical-tree.js'
import type { CheckedDocument } from './document-check.js'

interface AuthorityStamp {
  readonly key: AuthorityKey
  readonly certificateText: string
  readonly issuer: string
  readonly serial: string
}

const xmldsig = 'http://www.w3.org/2000/09/xmldsig#'
const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
const c14n11 = 'http://www.w3.org/2006/12/xml-c14n11'
const xpath = 'http://www.w3.org/TR/1999/REC-xpath-19991116'

/** Puts the authority's own stamp and QR code into a cleared document: the copy that counts. */
export class ClearanceStamp {
  private readonly stamp: AuthorityStamp

  constructor(authorities: CertificateAuthorities) {
    const subject = buildName({ C: 'SA', O: 'Khatm Sandbox', OU: 'Fatoora', CN: 'Khatm Sandbox Fatoora' })
    const service = authorities.service('fatoora-stamp', { authority: 'saudi', profile: 'e-invoice', curve: 'secp256k1', subject })
    const der = service.chain[0] ?? Buffer.alloc(0)
    const tbs = AsnConvert.parse(der, Certificate).tbsCertificate
    this.stamp = {
      key: service.key,
      certificateText: der.toString('base64'),
      issuer: nameText(tbs.issuer),
      serial: BigInt(`0x${Buffer.from(tbs.serialNumber).toString('hex')}`).toString(),
    }
  }

  /** DER certificate of the authority's stamp. */
  get certificate(): Buffer {
    return Buffer.from(this.stamp.certificateText, 'base64')
  }

  clear(checked: CheckedDocument, now: Date): Buffer {
    // Riyadh keeps UTC+3 all year and Saudi signing times carry no zone.
    const signingTime = new Date(now.getTime() + 3 * 3_600_000).toISOString().slice(0, 19)
    const signature = signWith(this.stamp.key, Buffer.from(checked.hash, 'base64')).toString('base64')
    const extensions = this.extensions(checked.hash, signature, signingTime)
    const body = checked.document.hashed
    const afterRoot = endOfRootTag(body)
    const prefixes = prefixesOf(body.slice(0, afterRoot))
    const beforeSeller = placeBefore(body, prefixes.cac, 'AccountingSupplierParty')
    const beforeProject = Math.min(...['ProjectReference', 'AccountingSupplierParty'].map((name) => placeBefore(body, prefixes.cac, name)))
    return Buffer.from(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        body.slice(0, afterRoot) +
        extensions +
        body.slice(afterRoot, beforeProject) +
        qrReference(qrText(checked, signature, this.stamp.key.spki)) +
        body.slice(beforeProject, beforeSeller) +
        signatureReference +
        body.slice(beforeSeller),
    )
  }

  private extensions(hash: string, signature: string, signingTime: string): string {
    const properties = this.signedProperties(signingTime, false)
    const digest = createHash('sha256').update(this.signedProperties(signingTime, true)).digest('hex')
    const transform = (text: string): string =>
      `<ds:Transform Algorithm="${xpath}"><ds:XPath>not(//ancestor-or-self::${text})</ds:XPath></ds:Transform>`
    const transforms = ['ext:UBLExtensions', 'cac:Signature', "cac:AdditionalDocumentReference[cbc:ID='QR']"].map(transform).join('')
    const signedInfo =
      `<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${c14n11}"/>` +
      '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>' +
      `<ds:Reference Id="invoiceSignedData" URI=""><ds:Transforms>${transforms}<ds:Transform Algorithm="${c14n11}"/></ds:Transforms>` +
      `<ds:DigestMethod Algorithm="${sha256}"/><ds:DigestValue>${hash}</ds:DigestValue></ds:Reference>` +
      `<ds:Reference Type="${xmldsig}SignatureProperties" URI="#xadesSignedProperties">` +
      `<ds:DigestMethod Algorithm="${sha256}"/><ds:DigestValue>${Buffer.from(digest).toString('base64')}</ds:DigestValue></ds:Reference></ds:SignedInfo>`
    const ubl = 'urn:oasis:names:specification:ubl'
    return (
      `<ext:UBLExtensions xmlns:ext="${ubl}:schema:xsd:CommonExtensionComponents-2"><ext:UBLExtension>` +
      `<ext:ExtensionURI>${ubl}:dsig:enveloped:xades</ext:ExtensionURI><ext:ExtensionContent>` +
      `<sig:UBLDocumentSignatures xmlns:sig="${ubl}:schema:xsd:CommonSignatureComponents-2" xmlns:sac="${ubl}:schema:xsd:SignatureAggregateComponents-2" xmlns:sbc="${ubl}:schema:xsd:SignatureBasicComponents-2">` +
      `<sac:SignatureInformation><cbc:ID xmlns:cbc="${ubl}:schema:xsd:CommonBasicComponents-2">${ubl}:signature:1</cbc:ID>` +
      `<sbc:ReferencedSignatureID>${ubl}:signature:Invoice</sbc:ReferencedSignatureID>` +
      `<ds:Signature xmlns:ds="${xmldsig}" Id="signature">${signedInfo}<ds:SignatureValue>${signature}</ds:SignatureValue>` +
      `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${this.stamp.certificateText}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` +
      `<ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Target="signature">${properties}` +
      '</xades:QualifyingProperties></ds:Object></ds:Signature></sac:SignatureInformation></sig:UBLDocumentSignatures>' +
      '</ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions>'
    )
  }

  /** @param alone as the digest sees it: each namespace declared where it is first used */
  private signedProperties(signingTime: string, alone: boolean): string {
    const xades = alone ? ' xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"' : ''
    const ds = alone ? ` xmlns:ds="${xmldsig}"` : ''
    const certificateDigest = Buffer.from(createHash('sha256').update(this.stamp.certificateText).digest('hex')).toString('base64')
    return (
      `<xades:SignedProperties${xades} Id="xadesSignedProperties"><xades:SignedSignatureProperties>` +
      `<xades:SigningTime>${signingTime}</xades:SigningTime><xades:SigningCertificate><xades:Cert><xades:CertDigest>` +
      `<ds:DigestMethod${ds} Algorithm="${sha256}"/><ds:DigestValue${ds}>${certificateDigest}</ds:DigestValue></xades:CertDigest>` +
      `<xades:IssuerSerial><ds:X509IssuerName${ds}>${this.stamp.issuer}</ds:X509IssuerName>` +
      `<ds:X509SerialNumber${ds}>${this.stamp.serial}</ds:X509SerialNumber></xades:IssuerSerial></xades:Cert></xades:SigningCertificate>` +
      '</xades:SignedSignatureProperties></xades:SignedProperties>'
    )
  }
}

const cacDeclared = ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
const cbcDeclared = ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'

function qrReference(text: string): string {
  return (
    `<cac:AdditionalDocumentReference${cacDeclared}${cbcDeclared}><cbc:ID>QR</cbc:ID><cac:Attachment>` +
    `<cbc:EmbeddedDocumentBinaryObject mimeCode="text/plain">${text}</cbc:EmbeddedDocumentBinaryObject>` +
    '</cac:Attachment></cac:AdditionalDocumentReference>'
  )
}

const signatureReference =
  `<cac:Signature${cacDeclared}${cbcDeclared}><cbc:ID>urn:oasis:names:specification:ubl:signature:Invoice</cbc:ID>` +
  '<cbc:SignatureMethod>urn:oasis:names:specification:ubl:dsig:enveloped:xades</cbc:SignatureMethod></cac:Signature>'

/** Tags 1 to 8; the ninth is for simplified documents. */
function qrText(checked: CheckedDocument, signature: string, spki: Buffer): string {
  const root = checked.document.root
  const seller = find(root, 'AccountingSupplierParty/Party')
  const fields = [
    textAt(seller, 'PartyLegalEntity/RegistrationName') ?? '',
    checked.seller,
    `${textAt(root, 'IssueDate') ?? ''}T${textAt(root, 'IssueTime') ?? ''}`,
    textAt(root, 'LegalMonetaryTotal/PayableAmount') ?? '',
    textAt(root, 'TaxTotal/TaxAmount') ?? '',
    checked.hash,
    signature,
  ].map((text) => Buffer.from(text))
  return Buffer.concat(
    [...fields, spki].map((value, index) => Buffer.concat([Buffer.from([index + 1, ...berLength(value.length)]), value])),
  ).toString('base64')
}

function berLength(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

function endOfRootTag(canonical: string): number {
  const tag = /^<[^\s>]+(?:\s[^\s=]+="[^"]*")*>/.exec(canonical)
  if (tag === null) throw new Error('canonical form must begin with the root element')
  return tag[0].length
}

function prefixesOf(rootTag: string): { readonly cac: string } {
  return { cac: /xmlns:([^=]+)="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"/.exec(rootTag)?.[1] ?? 'cac' }
}

function placeBefore(body: string, prefix: string, name: string): number {
  const found = body.search(new RegExp(`<(?:${prefix.replace(/\W/g, '\\$&')}:)?${name}[\\s>]`))
  return found === -1 ? Number.MAX_SAFE_INTEGER : found
}
