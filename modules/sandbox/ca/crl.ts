import { AsnConvert } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AuthorityKeyIdentifier,
  CertificateList,
  CRLNumber,
  CRLReason,
  CRLReasons,
  id_ce_authorityKeyIdentifier,
  id_ce_cRLNumber,
  id_ce_cRLReasons,
  RevokedCertificate,
  SubjectKeyIdentifier,
  TBSCertList,
  Time,
  Version,
} from '@peculiar/asn1-x509'
import type { AuthorityName, CertificateAuthorities, RevocationReason } from './authority.js'
import { arrayBufferOf, ecdsaWithSha256, extension, keyIdentifier, signWith, wholeSecond } from './certificate.js'

/** RFC 5280 5.3.1. */
export const reasonCodes: Readonly<Record<RevocationReason, CRLReasons>> = {
  unspecified: CRLReasons.unspecified,
  keyCompromise: CRLReasons.keyCompromise,
  affiliationChanged: CRLReasons.affiliationChanged,
  superseded: CRLReasons.superseded,
  cessationOfOperation: CRLReasons.cessationOfOperation,
}

/** Wrong lists a client must see through: `stale` ended yesterday, `wrong-signer` bears a foreign signature. */
export const crlFaults = ['stale', 'wrong-signer'] as const
export type CrlFault = (typeof crlFaults)[number]

/** Certificate revocation list v2 (RFC 5280 5) of one authority, good for a day, DER. */
export function buildCrl(authorities: CertificateAuthorities, authority: AuthorityName, at: Date, fault?: CrlFault): Buffer {
  const key = authorities.key(authority)
  const now = fault === 'stale' ? new Date(at.getTime() - 2 * 86_400_000) : at
  const algorithm = new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 })
  const revoked = authorities.revocations(authority).map(
    ([serial, revocation]) =>
      new RevokedCertificate({
        userCertificate: arrayBufferOf(Buffer.from(serial, 'hex')),
        revocationDate: new Time(wholeSecond(revocation.at)),
        // 5.3.1: the reason is left out rather than said to be "unspecified"
        ...(revocation.reason === 'unspecified'
          ? {}
          : { crlEntryExtensions: [extension(id_ce_cRLReasons, new CRLReason(reasonCodes[revocation.reason]))] }),
      }),
  )
  const tbsCertList = new TBSCertList({
    version: Version.v2,
    signature: algorithm,
    issuer: authorities.name(authority),
    thisUpdate: new Time(wholeSecond(new Date(now.getTime() - 60_000))),
    nextUpdate: new Time(wholeSecond(new Date(now.getTime() + 86_400_000))),
    // 5.1.2.6: absent, not empty, when nothing is revoked
    ...(revoked.length === 0 ? {} : { revokedCertificates: revoked }),
    crlExtensions: [
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({ keyIdentifier: new SubjectKeyIdentifier(keyIdentifier(key.spki)) }),
      ),
      extension(id_ce_cRLNumber, new CRLNumber(Math.floor(now.getTime() / 1000))),
    ],
  })
  const toSign = Buffer.from(AsnConvert.serialize(tbsCertList))
  const signingKey = fault === 'wrong-signer' ? authorities.key(authority === 'stranger' ? 'root' : 'stranger') : key
  const list = new CertificateList({ tbsCertList, signatureAlgorithm: algorithm, signature: arrayBufferOf(signWith(signingKey, toSign)) })
  return Buffer.from(AsnConvert.serialize(list))
}
