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

/**
 * Signed attributes by their types. A type given twice could mean one thing to this reader and another to the next (RFC 5652 11).
 */
export class SignedAttributes {
  private readonly byType = new Map<string, DerElement>()

  /** @throws MalformedDer */
  constructor(element: DerElement) {
    for (const attribute of element.children) {
      const type = attribute.child(0).oid()
      if (this.byType.has(type)) throw new MalformedDer('attribute given twice', attribute.start)
      this.byType.set(type, attribute)
    }
  }

  /** The single value; undefined where the attribute is not there. @throws MalformedDer for several values, or none */
  value(type: string): DerElement | undefined {
    const attribute = this.byType.get(type)
    if (attribute === undefined) return undefined
    const [, values, surplus] = attribute.children
    const [only, second] = values?.expect(0x31).children ?? []
    if (only === undefined || second !== undefined || surplus !== undefined) throw new MalformedDer('attribute not single', attribute.start)
    return only
  }

  /** Whether it refers to the signer's certificate (RFC 5035, RFC 2634). */
  get namesCertificate(): boolean {
    return this.byType.has(oid.signingCertificateV2) || this.byType.has(oid.signingCertificate)
  }
}

/** Whether signing-certificate names this certificate (RFC 5035; ETSI EN 319 122-1, clause 5.2.2). */
export interface CertificateReference {
  readonly matches: boolean
  readonly notes: readonly FaultDetail[]
}

/** The signed reference to the signing certificate; undefined when neither ESS attribute is there. The first identifier must name the signer (RFC 5035 section 4). */
export function checkCertificateReference(attributes: SignedAttributes, certificate: Certificate): CertificateReference | undefined {
  const second = attributes.value(oid.signingCertificateV2)
  if (second !== undefined) return checkSecondVersion(second.child(0).child(0).expect(0x30), certificate)
  const first = attributes.value(oid.signingCertificate)
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
  return { matches: algorithm !== undefined && isHashOf(certificate, algorithm, hash), notes }
}

function isHashOf(certificate: Certificate, algorithm: string, hash: Buffer): boolean {
  if (algorithm === 'sha256') return hash.toString('hex') === certificate.sha256
  return createHash(algorithm).update(certificate.der).digest().equals(hash)
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
export function keepsAlgorithmProtection(attributes: SignedAttributes, signer: CmsSignerInfo): boolean {
  const value = attributes.value(oid.algorithmProtection)
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

/** What a person should know of an unsigned attribute that is not judged here (ETSI EN 319 122-1, clause 5.5). */
export function noteOnUnsigned(type: string): FaultDetail[] {
  if (type === oid.counterSignature) return [{ code: 'VERIFY-COUNTER-SIGNATURE-IGNORED', level: 'warning' }]
  return archiveAttributes.has(type) ? [{ code: 'VERIFY-ARCHIVE-ATTRIBUTE-IGNORED', params: { oid: type }, level: 'warning' }] : []
}
