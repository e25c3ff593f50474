import { createHash } from 'node:crypto'
import type { FaultDetail } from '../../i18n/fault.js'
import { childElements, type TreeElement } from '../../xml/tree.js'
import { readCertificate, type Certificate } from '../certificate/certificate.js'
import { DerElement } from '../der-reader.js'
import type { RevocationEvidence } from '../revocation/evidence.js'
import { canonicalNames, digestMethods, xades141Namespace, xadesNamespace } from './names.js'
import { malformed, refuse } from './refusal.js'
import {
  attributeOf,
  base64Of,
  isSignatureElement,
  onlyText,
  partsOf,
  readTransform,
  type WrittenSignature,
  type WrittenTransform,
} from './signature-structure.js'

/** A reference to a certificate: xades:Cert of SigningCertificate or SigningCertificateV2. */
export interface CertificateReference {
  readonly digest: string
  readonly value: Buffer
  readonly serial: string | undefined
}

/** What XAdES adds to an XML signature (EN 319 132-1 clause 5). */
export interface QualifyingProperties {
  readonly element: TreeElement
  readonly signedProperties: TreeElement
  readonly claimedAt: Date | undefined
  /** First of the list is the signer's (5.2.2). */
  readonly signingCertificate: { readonly version: 1 | 2; readonly references: readonly CertificateReference[] } | undefined
  /** Ids of references whose format is told. */
  readonly formats: ReadonlySet<string>
  readonly timeStamps: readonly { readonly token: Buffer; readonly canonicalization: WrittenTransform }[]
  readonly certificates: readonly Certificate[]
  readonly evidence: RevocationEvidence
  /** Unsigned properties that are there and not judged. */
  readonly findings: readonly FaultDetail[]
}

const maximumValues = 64

function isXades(element: TreeElement, local: string): boolean {
  return element.local === local && element.namespace === xadesNamespace
}

function child(element: TreeElement | undefined, local: string): TreeElement | undefined {
  const found = element === undefined ? [] : childElements(element).filter((one) => isXades(one, local))
  if (found.length > 1) throw malformed(`${local} twice`)
  return found[0]
}

/** The XAdES properties of a signature, or undefined when it has none. @throws Refusal when they are not soundly built */
export function readQualifyingProperties(signature: WrittenSignature): QualifyingProperties | undefined {
  const found = signature.objects.flatMap((object) => partsOfObject(object).filter((part) => isXades(part, 'QualifyingProperties')))
  const [element, second] = found
  if (element === undefined) return undefined
  // EN 319 132-1 4.4.2: all in one QualifyingProperties, which names its signature.
  if (second !== undefined) throw malformed('QualifyingProperties twice')
  if (signature.id === undefined || attributeOf(element, 'Target') !== `#${signature.id}`) throw malformed('Target of QualifyingProperties')
  for (const part of partsOf(element))
    if (!isXades(part, 'SignedProperties') && !isXades(part, 'UnsignedProperties')) throw malformed(`${part.local} in QualifyingProperties`)
  const signedProperties = child(element, 'SignedProperties')
  if (signedProperties === undefined) throw malformed('SignedProperties')
  const own = child(signedProperties, 'SignedSignatureProperties')
  const data = child(signedProperties, 'SignedDataObjectProperties')
  const time = child(own, 'SigningTime')
  const unsignedProperties = child(element, 'UnsignedProperties')
  const unsignedData =
    unsignedProperties === undefined ? [] : partsOf(unsignedProperties).filter((part) => !isXades(part, 'UnsignedSignatureProperties'))
  const unsigned = readUnsigned(child(unsignedProperties, 'UnsignedSignatureProperties'))
  return {
    element,
    signedProperties,
    claimedAt: time === undefined ? undefined : readTime(onlyText(time)),
    signingCertificate: readSigningCertificate(own),
    formats: new Set(data === undefined ? [] : formatsOf(data)),
    ...unsigned,
    findings: [...unsigned.findings, ...unsignedData.map((part) => ignored(part.local)), ...notJudged(own, data)],
  }
}

const judgedProperties = new Set(['SigningTime', 'SigningCertificate', 'SigningCertificateV2', 'DataObjectFormat'])

/** Signed properties that this code does not look into: policies, roles, places, commitments, content time stamps. */
function notJudged(...lists: readonly (TreeElement | undefined)[]): FaultDetail[] {
  return lists
    .flatMap((list) => (list === undefined ? [] : childElements(list)))
    .filter((property) => !judgedProperties.has(property.local))
    .map((property) => ignored(property.local))
}

function ignored(property: string): FaultDetail {
  return { code: 'VERIFY-XML-PROPERTY-IGNORED', params: { property: property.slice(0, 100) }, level: 'warning' }
}

/** An Object may hold text (an enveloped document); only its elements matter here. */
function partsOfObject(object: TreeElement): TreeElement[] {
  return childElements(object)
}

/** xs:dateTime with a zone; without one it names no moment. */
function readTime(text: string): Date | undefined {
  if (!/^\s*\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})\s*$/u.test(text)) return undefined
  const time = new Date(text.trim())
  return Number.isNaN(time.getTime()) ? undefined : time
}

function formatsOf(data: TreeElement): string[] {
  return childElements(data)
    .filter((one) => isXades(one, 'DataObjectFormat') && childElements(one).some((part) => isXades(part, 'MimeType')))
    .map((one) => attributeOf(one, 'ObjectReference') ?? '')
    .filter((reference) => reference.startsWith('#'))
    .map((reference) => reference.slice(1))
}

function readSigningCertificate(own: TreeElement | undefined): QualifyingProperties['signingCertificate'] {
  const second = child(own, 'SigningCertificateV2')
  const list = second ?? child(own, 'SigningCertificate')
  if (list === undefined) return undefined
  const version = second === undefined ? 1 : 2
  const references = partsOf(list).map((certificate) => {
    const digest = child(certificate, 'CertDigest')
    const [method, value] = digest === undefined ? [] : partsOf(digest)
    if (
      method === undefined ||
      value === undefined ||
      !isSignatureElement(method, 'DigestMethod') ||
      !isSignatureElement(value, 'DigestValue')
    )
      throw malformed('CertDigest')
    const algorithm = attributeOf(method, 'Algorithm') ?? ''
    const name = digestMethods.get(algorithm)
    if (name === undefined) throw refuse('CRYPTO_CONSTRAINTS_FAILURE', 'VERIFY-ALGORITHM', { oid: algorithm })
    return { digest: name, value: base64Of(value), serial: serialOf(certificate, version) }
  })
  if (references.length === 0) throw malformed('SigningCertificate')
  return { version, references }
}

function serialOf(certificate: TreeElement, version: 1 | 2): string | undefined {
  if (version === 1) {
    const issuer = child(certificate, 'IssuerSerial')
    const serial = issuer === undefined ? undefined : childElements(issuer).find((one) => isSignatureElement(one, 'X509SerialNumber'))
    return serial === undefined ? undefined : onlyText(serial).trim()
  }
  const issuer = child(certificate, 'IssuerSerialV2')
  if (issuer === undefined) return undefined
  // IssuerSerial of RFC 5035: GeneralNames and the number.
  const value = DerElement.read(base64Of(issuer), 0, { whole: true }).expect(0x30)
  return value.child(1).expect(0x02).integer().toString(10)
}

/** Does the first reference name this certificate? */
export function namesCertificate(reference: CertificateReference, certificate: Certificate): boolean {
  if (reference.serial !== undefined && reference.serial !== certificate.serialDecimal) return false
  return createHash(reference.digest).update(certificate.der).digest().equals(reference.value)
}

type Unsigned = Pick<QualifyingProperties, 'timeStamps' | 'certificates' | 'evidence' | 'findings'>

/** Unsigned properties help or are left aside: none of them can make a signature better than its evidence is. */
function readUnsigned(unsigned: TreeElement | undefined): Unsigned {
  const timeStamps: { token: Buffer; canonicalization: WrittenTransform }[] = []
  const certificates: Certificate[] = []
  const crls: Buffer[] = []
  const ocspResponses: Buffer[] = []
  const findings: FaultDetail[] = []
  const note = (property: string): void => {
    findings.push(ignored(property))
  }
  const values = (element: TreeElement, local: string): TreeElement[] => {
    const found = childElements(element).filter((one) => isXades(one, local))
    if (found.length > maximumValues) throw malformed(local)
    return found
  }
  const readCertificates = (element: TreeElement): void => {
    for (const one of values(element, 'EncapsulatedX509Certificate')) {
      try {
        certificates.push(readCertificate(base64Of(one)))
      } catch {
        note('EncapsulatedX509Certificate')
      }
    }
  }
  const readRevocation = (element: TreeElement): void => {
    for (const group of childElements(element)) {
      if (isXades(group, 'CRLValues')) crls.push(...values(group, 'EncapsulatedCRLValue').map(base64Of))
      else if (isXades(group, 'OCSPValues')) ocspResponses.push(...values(group, 'EncapsulatedOCSPValue').map(base64Of))
      else note(group.local)
    }
  }
  for (const property of unsigned === undefined ? [] : partsOf(unsigned)) {
    const is141 = property.namespace === xades141Namespace
    if (isXades(property, 'SignatureTimeStamp')) timeStamps.push(...readTimeStamps(property))
    else if (isXades(property, 'CertificateValues')) readCertificates(property)
    else if (isXades(property, 'RevocationValues')) readRevocation(property)
    else if (is141 && property.local === 'TimeStampValidationData') {
      for (const part of childElements(property)) {
        if (isXades(part, 'CertificateValues')) readCertificates(part)
        else if (isXades(part, 'RevocationValues')) readRevocation(part)
      }
    } else note(property.local)
  }
  return { timeStamps, certificates, evidence: { crls, ocspResponses }, findings }
}

/** XAdESTimeStampType for a signature time stamp (5.3): implicit, so what is stamped is the canonical ds:SignatureValue. */
function readTimeStamps(property: TreeElement): { token: Buffer; canonicalization: WrittenTransform }[] {
  let canonicalization: WrittenTransform = { algorithm: canonicalNames.c14n10, prefixes: [] }
  const tokens: Buffer[] = []
  for (const part of partsOf(property)) {
    if (isSignatureElement(part, 'CanonicalizationMethod')) canonicalization = readTransform(part)
    else if (isXades(part, 'EncapsulatedTimeStamp')) tokens.push(base64Of(part))
    else throw malformed(`${part.local} in SignatureTimeStamp`)
  }
  if (tokens.length === 0) throw malformed('SignatureTimeStamp')
  return tokens.map((token) => ({ token, canonicalization }))
}
