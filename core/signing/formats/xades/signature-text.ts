import { createHash } from 'node:crypto'
import { escapeAttribute, escapeText } from '../../../xml/canonical-writer.js'
import type { CanonicalMethod } from '../../../xml/canonical.js'
import { readCertificate } from '../../../validation/certificate/certificate.js'
import {
  canonicalNames,
  digestNames,
  envelopedSignature,
  referenceTypes,
  signatureMethodName,
  signatureNamespace,
  xades141Namespace,
  xadesNamespace,
} from '../../../validation/xml/names.js'
import type { WrittenTransform } from '../../../validation/xml/signature-structure.js'
import { context, element as der, sequence } from '../../der.js'
import type { CollectedEvidence } from '../../revocation/collect-evidence.js'
import type { Signer } from '../../signing-service.js'

/** What one signature is made of, apart from what is computed. */
export interface SignatureParts {
  readonly id: string
  readonly signer: Signer
  readonly signedAt: Date
  readonly canonicalization: CanonicalMethod
  /** What is signed: URI of the reference, and whether the signature lies inside it. */
  readonly data: { readonly uri: string; readonly enveloped: boolean; readonly external: boolean }
  readonly mimeType: string
  /** ds:Object around enveloped content, written already. */
  readonly object: string
}

/** What is known by and by: each later text only fills what an earlier one left empty. */
export interface Computed {
  readonly dataDigest?: Buffer
  readonly propertiesDigest?: Buffer
  readonly value?: Buffer
  readonly timeStamp?: Buffer
  /** Of the signer's path and of the time stamp authority's. */
  readonly evidence?: { readonly signer: CollectedEvidence; readonly timeStamp: CollectedEvidence }
}

/** Transforms of the data reference and of the signed properties. */
export function dataTransforms(parts: SignatureParts): WrittenTransform[] {
  if (parts.data.external) return []
  const canonical = { algorithm: canonicalNames[parts.canonicalization], prefixes: [] }
  return parts.data.enveloped ? [{ algorithm: envelopedSignature, prefixes: [] }, canonical] : [canonical]
}

/** The one transform of the reference to the signed properties: their canonical form (ETSI EN 319 132-1, clause 5.1). */
export function propertiesTransforms(parts: SignatureParts): WrittenTransform[] {
  return [{ algorithm: canonicalNames[parts.canonicalization], prefixes: [] }]
}

/** Id of the signed properties, which the reference to them names. */
export const propertiesId = (parts: SignatureParts): string => `${parts.id}-properties`

const base64 = (bytes: Buffer | undefined): string => bytes?.toString('base64') ?? ''

/**
 * ds:Signature with the properties of XAdES baseline (ETSI EN 319 132-1 clause 6.3), in one line: white space inside would be
 * signed with it. Namespaces are declared where they are used first, so it may be put into any document.
 */
export function signatureText(parts: SignatureParts, computed: Computed): string {
  const { id, signer } = parts
  const digest = `<ds:DigestMethod Algorithm="${digestNames[signer.digestAlgorithm]}"></ds:DigestMethod>`
  const reference = (written: string, transforms: readonly WrittenTransform[], value: Buffer | undefined): string =>
    `<ds:Reference ${written}>${transformsText(transforms)}${digest}<ds:DigestValue>${base64(value)}</ds:DigestValue></ds:Reference>`
  const signedInfo =
    `<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${canonicalNames[parts.canonicalization]}"></ds:CanonicalizationMethod>` +
    `<ds:SignatureMethod Algorithm="${signatureMethodName(signer.scheme, signer.digestAlgorithm)}"></ds:SignatureMethod>` +
    reference(`Id="${id}-data" URI="${escapeAttribute(parts.data.uri)}"`, dataTransforms(parts), computed.dataDigest) +
    reference(
      `Type="${referenceTypes.signedProperties}" URI="#${propertiesId(parts)}"`,
      propertiesTransforms(parts),
      computed.propertiesDigest,
    ) +
    '</ds:SignedInfo>'
  const certificates = signer.certificates.map((one) => `<ds:X509Certificate>${base64(one)}</ds:X509Certificate>`).join('')
  return (
    `<ds:Signature xmlns:ds="${signatureNamespace}" Id="${id}">${signedInfo}` +
    `<ds:SignatureValue Id="${id}-value">${base64(computed.value)}</ds:SignatureValue>` +
    `<ds:KeyInfo><ds:X509Data>${certificates}</ds:X509Data></ds:KeyInfo>${parts.object}` +
    `<ds:Object><xades:QualifyingProperties xmlns:xades="${xadesNamespace}" Target="#${id}">` +
    `${signedProperties(parts, digest)}${unsignedProperties(parts, computed)}</xades:QualifyingProperties></ds:Object></ds:Signature>`
  )
}

function transformsText(transforms: readonly WrittenTransform[]): string {
  if (transforms.length === 0) return ''
  return `<ds:Transforms>${transforms.map(({ algorithm }) => `<ds:Transform Algorithm="${algorithm}"></ds:Transform>`).join('')}</ds:Transforms>`
}

function signedProperties(parts: SignatureParts, digest: string): string {
  const [own] = parts.signer.certificates
  if (own === undefined) return ''
  const value = createHash(parts.signer.digestAlgorithm).update(own).digest('base64')
  const time = parts.signedAt.toISOString().replace(/\.\d{3}Z$/u, 'Z')
  return (
    `<xades:SignedProperties Id="${propertiesId(parts)}"><xades:SignedSignatureProperties><xades:SigningTime>${time}</xades:SigningTime>` +
    `<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>${digest}<ds:DigestValue>${value}</ds:DigestValue></xades:CertDigest>` +
    `<xades:IssuerSerialV2>${base64(issuerSerial(own))}</xades:IssuerSerialV2></xades:Cert></xades:SigningCertificateV2>` +
    `</xades:SignedSignatureProperties><xades:SignedDataObjectProperties><xades:DataObjectFormat ObjectReference="#${parts.id}-data">` +
    `<xades:MimeType>${escapeText(parts.mimeType)}</xades:MimeType></xades:DataObjectFormat></xades:SignedDataObjectProperties></xades:SignedProperties>`
  )
}

/** IssuerSerial of RFC 5035: GeneralNames with one directoryName [4], and the serial number. */
function issuerSerial(certificate: Buffer): Buffer {
  const { issuerDer, serialBytes } = readCertificate(certificate)
  return sequence(sequence(context(4, issuerDer)), der(0x02, serialBytes))
}

/** Clauses 5.3 to 5.5: the signature time stamp, then what a later reader needs for the signer's path and for the authority's. */
function unsignedProperties(parts: SignatureParts, computed: Computed): string {
  const { timeStamp, evidence } = computed
  if (timeStamp === undefined) return ''
  const stamp =
    `<xades:SignatureTimeStamp Id="${parts.id}-stamp"><ds:CanonicalizationMethod Algorithm="${canonicalNames[parts.canonicalization]}">` +
    `</ds:CanonicalizationMethod><xades:EncapsulatedTimeStamp>${base64(timeStamp)}</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>`
  let values = ''
  if (evidence !== undefined) {
    // What KeyInfo holds need not stand twice.
    const more = evidence.signer.certificates.filter((one) => !parts.signer.certificates.some((known) => known.equals(one)))
    values =
      certificateValues(more) +
      revocationValues(evidence.signer) +
      `<xades141:TimeStampValidationData xmlns:xades141="${xades141Namespace}" URI="#${parts.id}-stamp">` +
      `${certificateValues(evidence.timeStamp.certificates)}${revocationValues(evidence.timeStamp)}</xades141:TimeStampValidationData>`
  }
  return (
    `<xades:UnsignedProperties><xades:UnsignedSignatureProperties>${stamp}${values}` +
    '</xades:UnsignedSignatureProperties></xades:UnsignedProperties>'
  )
}

function certificateValues(certificates: readonly Buffer[]): string {
  if (certificates.length === 0) return ''
  const values = certificates.map((one) => `<xades:EncapsulatedX509Certificate>${base64(one)}</xades:EncapsulatedX509Certificate>`)
  return `<xades:CertificateValues>${values.join('')}</xades:CertificateValues>`
}

function revocationValues({ crls, ocspResponses }: CollectedEvidence): string {
  const group = (name: string, value: string, all: readonly Buffer[]): string =>
    all.length === 0 ? '' : `<xades:${name}>${all.map((one) => `<xades:${value}>${base64(one)}</xades:${value}>`).join('')}</xades:${name}>`
  const values = group('CRLValues', 'EncapsulatedCRLValue', crls) + group('OCSPValues', 'EncapsulatedOCSPValue', ocspResponses)
  return values === '' ? '' : `<xades:RevocationValues>${values}</xades:RevocationValues>`
}
