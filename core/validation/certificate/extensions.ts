import { DerElement } from '../der-reader.js'
import type { Certificate } from './certificate.js'
import { readGeneralName, type GeneralName } from './general-name.js'

/** Readers of the extensions a path is judged by (RFC 5280 4.2.1). All throw MalformedDer when an extension is not what it should be. */

export const extensionOids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  distributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInformation: '1.3.6.1.5.5.7.1.1',
  qualifiedStatements: '1.3.6.1.5.5.7.1.3',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
  /** ETSI EN 319 412-1 clause 5.2: short-term certificate whose validity is assured. */
  validityAssured: '0.4.0.194121.2.1',
  /** RFC 9608: its issuer publishes no status of it. */
  noRevocationAvailable: '2.5.29.56',
  freshestList: '2.5.29.46',
} as const

/** anyPolicy (RFC 5280, clause 4.2.1.4). */
export const anyPolicy = '2.5.29.32.0'

function extensionOf(certificate: Certificate, oid: string): DerElement | undefined {
  const extension = certificate.extensions.get(oid)
  return extension === undefined ? undefined : DerElement.read(extension.value, 0, { whole: true })
}

/** RFC 5280, clause 4.2.1.9; without `pathLength` any number of authorities may follow. */
export interface BasicConstraints {
  readonly ca: boolean
  readonly pathLength?: number
}

/** Whether it is an authority, and how many may follow (RFC 5280, clause 4.2.1.9). @throws MalformedDer */
export function basicConstraintsOf(certificate: Certificate): BasicConstraints | undefined {
  const value = extensionOf(certificate, extensionOids.basicConstraints)?.expect(0x30)
  if (value === undefined) return undefined
  const [first, second] = value.children
  const ca = first?.is(0x01) === true && first.boolean()
  const length = first?.is(0x02) === true ? first : second
  return length === undefined ? { ca } : { ca, pathLength: length.smallInteger() }
}

/** Bits of keyUsage (RFC 5280 4.2.1.3), undefined when the extension is absent. */
export function keyUsageOf(certificate: Certificate): ((bit: number) => boolean) | undefined {
  return extensionOf(certificate, extensionOids.keyUsage)?.bits()
}

/** Object identifiers of what the key is for (RFC 5280, clause 4.2.1.12). @throws MalformedDer */
export function extendedKeyUsagesOf(certificate: Certificate): { critical: boolean; usages: string[] } | undefined {
  const extension = certificate.extensions.get(extensionOids.extendedKeyUsage)
  if (extension === undefined) return undefined
  const usages = DerElement.read(extension.value, 0, { whole: true })
    .expect(0x30)
    .children.map((usage) => usage.oid())
  return { critical: extension.critical, usages }
}

/** Policies by identifier; qualifiers are for people and not looked at. */
export function certificatePoliciesOf(certificate: Certificate): ReadonlySet<string> | undefined {
  const value = extensionOf(certificate, extensionOids.certificatePolicies)?.expect(0x30)
  return value === undefined ? undefined : new Set(value.children.map((policy) => policy.expect(0x30).child(0).oid()))
}

/** Two policies that the issuer takes as equal (RFC 5280, clause 4.2.1.5). */
export interface PolicyMapping {
  readonly issuerPolicy: string
  readonly subjectPolicy: string
}

/** Policies of the issuer that the subject's equal (RFC 5280, clause 4.2.1.5). @throws MalformedDer */
export function policyMappingsOf(certificate: Certificate): readonly PolicyMapping[] {
  const value = extensionOf(certificate, extensionOids.policyMappings)?.expect(0x30)
  return (value?.children ?? []).map((pair) => ({ issuerPolicy: pair.child(0).oid(), subjectPolicy: pair.child(1).oid() }))
}

/** Certificates that may follow before the constraint holds. */
export interface PolicyConstraints {
  readonly requireExplicit?: number
  readonly inhibitMapping?: number
}

/** After how many certificates a policy must be named and mapping ends (RFC 5280, clause 4.2.1.11). @throws MalformedDer */
export function policyConstraintsOf(certificate: Certificate): PolicyConstraints {
  let constraints: PolicyConstraints = {}
  for (const part of extensionOf(certificate, extensionOids.policyConstraints)?.expect(0x30).children ?? []) {
    if (part.is(0x80)) constraints = { ...constraints, requireExplicit: part.implicitInteger() }
    else if (part.is(0x81)) constraints = { ...constraints, inhibitMapping: part.implicitInteger() }
  }
  return constraints
}

/** After how many certificates anyPolicy counts no more (RFC 5280, clause 4.2.1.14). @throws MalformedDer */
export function inhibitAnyPolicyOf(certificate: Certificate): number | undefined {
  return extensionOf(certificate, extensionOids.inhibitAnyPolicy)?.smallInteger()
}

/** Hex of the key identifier, undefined when there is none. */
export function subjectKeyIdentifierOf(certificate: Certificate): string | undefined {
  return extensionOf(certificate, extensionOids.subjectKeyIdentifier)?.expect(0x04).content.toString('hex')
}

/** keyIdentifier of authorityKeyIdentifier as hex. */
export function authorityKeyIdentifierOf(certificate: Certificate): string | undefined {
  const parts = extensionOf(certificate, extensionOids.authorityKeyIdentifier)?.expect(0x30).children
  return parts?.find((part) => part.is(0x80))?.content.toString('hex')
}

/** Other names of the subject (RFC 5280, clause 4.2.1.6). @throws MalformedDer */
export function alternativeNamesOf(certificate: Certificate): readonly GeneralName[] {
  return (extensionOf(certificate, extensionOids.subjectAlternativeName)?.expect(0x30).children ?? []).map(readGeneralName)
}

/** May have issued nothing itself: no CA by basicConstraints. */
export function isEndEntity(certificate: Certificate): boolean {
  return basicConstraintsOf(certificate)?.ca !== true
}

/** Issued by a name to itself: key roll-over (RFC 5280 3.2). */
export function isSelfIssued(certificate: Certificate): boolean {
  return certificate.subjectKey === certificate.issuerKey
}
