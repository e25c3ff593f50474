import type { Certificate } from '../../validation/certificate/certificate.js'
import { DerElement, MalformedDer } from '../../validation/der-reader.js'

const authorityInformationAccess = '1.3.6.1.5.5.7.1.1'
const accessMethods = { ocsp: '1.3.6.1.5.5.7.48.1', caIssuers: '1.3.6.1.5.5.7.48.2' } as const
const distributionPoints = '2.5.29.31'
const freshestCrl = '2.5.29.46'

/** A certificate that names a hundred servers does not make this host knock at all of them. */
const maximumAddresses = 3

/** Places a certificate names for its status and its issuer; http and https only (ldap is not asked). */
export interface EvidenceAddresses {
  readonly ocsp: readonly string[]
  readonly crls: readonly string[]
  readonly deltaCrls: readonly string[]
  readonly issuers: readonly string[]
}

/** Reads authorityInfoAccess, cRLDistributionPoints and freshestCRL (RFC 5280 4.2.2.1, 4.2.1.13, 4.2.1.15). Malformed ones name nothing. */
export function evidenceAddresses(certificate: Certificate): EvidenceAddresses {
  return {
    ocsp: accessLocations(certificate, accessMethods.ocsp),
    issuers: accessLocations(certificate, accessMethods.caIssuers),
    crls: pointsOf(certificate.extensions.get(distributionPoints)?.value),
    deltaCrls: pointsOf(certificate.extensions.get(freshestCrl)?.value),
  }
}

/** Addresses of DER CRLDistributionPoints: of a certificate's extension, or of freshestCRL inside a list. */
export function pointsOf(value: Uint8Array | undefined): readonly string[] {
  if (value === undefined) return []
  return quietly(() =>
    DerElement.read(value, 0, { whole: true })
      .expect(0x30)
      .children.flatMap((point) => point.children.find((part) => part.is(0xa0))?.children ?? [])
      // DistributionPointName: fullName [0]; a name relative to the issuer is no address.
      .filter((name) => name.is(0xa0))
      .flatMap((name) => name.children)
      .filter((general) => general.is(0x86))
      .map((general) => general.content.toString('latin1')),
  )
}

function accessLocations(certificate: Certificate, method: string): readonly string[] {
  const value = certificate.extensions.get(authorityInformationAccess)?.value
  if (value === undefined) return []
  return quietly(() =>
    DerElement.read(value, 0, { whole: true })
      .expect(0x30)
      .children.filter((description) => description.child(0).oid() === method && description.child(1).is(0x86))
      .map((description) => description.child(1).content.toString('latin1')),
  )
}

function quietly(read: () => string[]): readonly string[] {
  try {
    return [...new Set(read())].filter((address) => /^https?:\/\//i.test(address) && URL.canParse(address)).slice(0, maximumAddresses)
  } catch (error) {
    if (error instanceof MalformedDer) return []
    throw error
  }
}
