import { createHash } from 'node:crypto'
import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import { DerElement, MalformedDer } from '../der-reader.js'
import { digestByOid } from '../signature-algorithm.js'
import type { CmsSignerInfo } from './signed-data.js'

const oid = {
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  algorithmProtection: '1.2.840.113549.1.9.52',
  counterSignature: '1.2.840.113549.1.9.6',
} as const

/** Unsigned attributes of the archive forms of CAdES, which are not followed (ETSI EN 319 122-1 clause 5.5, TS 101 733). */
const archiveAttributes: ReadonlySet<string> = new Set([
  '0.4.0.1733.2.4',
  '0.4.0.1733.2.5',
  '1.2.840.113549.1.9.16.2.27',
  '1.2.840.113549.1.9.16.2.48',
])

/** The single value of an attribute. An attribute given twice, or with several values, is malformed. */
export function attributeValue(attributes: DerElement | undefined, type: string): DerElement | undefined {
  const found = (attributes?.children ?? []).filter((attribute) => attribute.child(0).oid() === type)
  const [only, second] = found
  if (only === undefined) return undefined
  if (second !== undefined || only.child(1).expect(0x31).children.length !== 1) throw new MalformedDer('attribute not single', only.start)
  return only.child(1).child(0)
}

/** An attribute type given twice could mean one thing to this reader and another to the next (RFC 5652 11). */
export function refuseDoubles(attributes: DerElement): void {
  const seen = new Set<string>()
  for (const attribute of attributes.children) {
    const type = attribute.child(0).oid()
    if (seen.has(type)) throw new MalformedDer('attribute given twice', attribute.start)
    seen.add(type)
  }
}

export function hasCertificateReference(attributes: DerElement): boolean {
  const types = attributes.children.map((attribute) => attribute.child(0).oid())
  return types.includes(oid.signingCertificateV2) || types.includes(oid.signingCertificate)
}

export interface CertificateReference {
  readonly matches: boolean
  readonly notes: readonly FaultDetail[]
}

/** The signed reference to the signing certificate; undefined when neither ESS attribute is there. The first identifier must name the signer (RFC 5035 section 4). */
export function checkCertificateReference(attributes: DerElement, certificate: Certificate): CertificateReference | undefined {
  const second = attributeValue(attributes, oid.signingCertificateV2)
  if (second !== undefined) return checkSecondVersion(second.child(0).child(0).expect(0x30), certificate)
  const first = attributeValue(attributes, oid.signingCertificate)
  if (first === undefined) return undefined
  const identifier = first.child(0).child(0)
  const hash = identifier.child(0).expect(0x04).content
  return {
    matches: createHash('sha1').update(certificate.der).digest().equals(hash),
    notes: noteOnIssuer(identifier.children[1], certificate),
  }
}

function checkSecondVersion(identifier: DerElement, certificate: Certificate): CertificateReference {
  const notes: FaultDetail[] = []
  const named = identifier.child(0).is(0x30)
  let algorithm: string | undefined = 'sha256'
  if (named) {
    const type = identifier.child(0).child(0).oid()
    algorithm = digestByOid[type]
    // A family of signing tools puts the attribute's own identifier here; the hash beside it is SHA-256 all the same.
    if (type === oid.signingCertificateV2) {
      algorithm = 'sha256'
      notes.push({ code: 'VERIFY-CMS-REFERENCE-ALGORITHM', level: 'warning' })
    }
  }
  const hash = identifier.child(named ? 1 : 0).expect(0x04).content
  notes.push(...noteOnIssuer(identifier.children[named ? 2 : 1], certificate))
  return { matches: algorithm !== undefined && createHash(algorithm).update(certificate.der).digest().equals(hash), notes }
}

/** Issuer and serial number in the reference are a hint beside the hash (EN 319 102-1 clause 5.2.3): another one is worth a word, no more. */
function noteOnIssuer(issuerSerial: DerElement | undefined, certificate: Certificate): FaultDetail[] {
  if (issuerSerial === undefined) return []
  const names = issuerSerial.child(0).children
  const named = names.some((name) => name.is(0xa4) && name.child(0).bytes.equals(certificate.issuerDer))
  const same = named && issuerSerial.child(1).content.equals(certificate.serialBytes)
  return same ? [] : [{ code: 'VERIFY-CMS-REFERENCE-ISSUER', level: 'warning' }]
}

/** cmsAlgorithmProtection (RFC 6211): where it is, the algorithms outside must be the signed ones. */
export function keepsAlgorithmProtection(attributes: DerElement, signer: CmsSignerInfo): boolean {
  const value = attributeValue(attributes, oid.algorithmProtection)
  if (value === undefined) return true
  const signature = value.children.find((part) => part.is(0xa1))
  const outside = DerElement.read(signer.signatureAlgorithm, 0, { whole: true })
  return value.child(0).child(0).oid() === signer.digestOid && signature?.content.equals(outside.content) === true
}

/**
 * The signed attributes as DER has a SET OF, undefined when they are in that order already. RFC 5652 5.4 wants the
 * signature over this form whichever way they travel.
 */
export function inOrder(attributes: DerElement): Buffer | undefined {
  const parts = attributes.children.map((one) => one.bytes)
  const ordered = [...parts].sort((left, right) => Buffer.compare(left, right))
  if (ordered.every((one, index) => one === parts[index])) return undefined
  const head = Buffer.from(attributes.bytes.subarray(0, attributes.contentStart - attributes.start))
  head[0] = 0x31
  return Buffer.concat([head, ...ordered])
}

export function noteOnUnsigned(type: string): FaultDetail[] {
  if (type === oid.counterSignature) return [{ code: 'VERIFY-COUNTER-SIGNATURE-IGNORED', level: 'warning' }]
  return archiveAttributes.has(type) ? [{ code: 'VERIFY-ARCHIVE-ATTRIBUTE-IGNORED', params: { oid: type }, level: 'warning' }] : []
}
