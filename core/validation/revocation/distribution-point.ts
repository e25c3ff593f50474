import { DerElement } from '../der-reader.js'
import type { Certificate } from '../certificate/certificate.js'
import { nameKeyParts, relativeNameKey } from '../certificate/distinguished-name.js'
import { extensionOids } from '../certificate/extensions.js'
import { generalNameKey, readGeneralName } from '../certificate/general-name.js'

/** Bits 1 to 8 of ReasonFlags (RFC 5280 4.2.1.13); bit 0 is unused. */
export const allReasons = 0x1fe

/** A place where revocation of a certificate is told (RFC 5280 4.2.1.13), names as comparable texts. */
export interface DistributionPoint {
  /** Full names, or the one made of a name relative to the issuer; empty when the point has none. */
  readonly names: readonly string[]
  readonly reasons: number
  /** Directory names of the CRL issuer, when it is another than the certificate's. */
  readonly crlIssuers: readonly string[]
}

/** ReasonFlags (RFC 5280, clause 4.2.1.13) as a mask; bit 0 is unused. */
export function readReasons(flags: DerElement): number {
  const has = flags.implicitBits()
  let mask = 0
  for (let bit = 1; bit <= 8; bit++) if (has(bit)) mask |= 1 << bit
  return mask
}

/** DistributionPointName: full names, or one relative to a name of `issuer`. */
export function readPointNames(name: DerElement, issuer: readonly string[]): readonly string[] {
  const choice = name.child(0)
  if (choice.is(0xa0)) return choice.children.map((one) => generalNameKey(readGeneralName(one)))
  return [`dn:${[...issuer, relativeNameKey(choice.expect(0xa1))].join('/')}`]
}

/**
 * Distribution points of a certificate; none when it names none.
 * @throws MalformedDer
 */
export function distributionPointsOf(certificate: Certificate): readonly DistributionPoint[] {
  const extension = certificate.extensions.get(extensionOids.distributionPoints)
  if (extension === undefined) return []
  const issuer = nameKeyParts(DerElement.read(certificate.issuerDer))
  return DerElement.read(extension.value, 0, { whole: true })
    .expect(0x30)
    .children.map((point) => {
      const part = (tag: number): DerElement | undefined => point.expect(0x30).children.find((one) => one.is(tag))
      const crlIssuers = (part(0xa2)?.children ?? []).map(readGeneralName).filter((name) => name.tag === 0xa4)
      const name = part(0xa0)
      const reasons = part(0x81)
      return {
        names: name === undefined ? [] : readPointNames(name, crlIssuers[0]?.rdns ?? issuer),
        reasons: reasons === undefined ? allReasons : readReasons(reasons),
        crlIssuers: crlIssuers.map((one) => one.rdns.join('/')),
      }
    })
}
