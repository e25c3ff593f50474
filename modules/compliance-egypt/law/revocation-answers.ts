import { isEndEntity } from '../../../core/validation/certificate/extensions.js'
import { readRevocationList, type RevocationList } from '../../../core/validation/revocation/crl.js'
import { answerFor, readOcspResponse } from '../../../core/validation/revocation/ocsp.js'
import type { NamedCertificate } from './dossier-certificates.js'

/** What a list or an OCSP answer says of one certificate of the dossier. */
export interface AnswerAbout {
  /** File of the certificate. */
  readonly certificate: string
  /** File of its issuer. */
  readonly issuer: string
  /** Hexadecimal, without zeros in front. */
  readonly serial: string
  readonly status: 'good' | 'revoked' | 'unknown'
  readonly revokedAt: string | null
  /** CRLReason (RFC 5280 5.3.1) by name. */
  readonly reason: string | null
}

/** A list or an OCSP answer as it says of itself. */
export interface ReadAnswer {
  readonly madeAt: Date
  readonly until: Date | undefined
  readonly about: readonly AnswerAbout[]
}

/** Reads an OCSP answer (RFC 6960) and finds the certificates it speaks of: the signer's, an issuer's or a responder's. */
export function readAnswer(bytes: Uint8Array, known: readonly NamedCertificate[]): ReadAnswer {
  const response = readOcspResponse(bytes)
  const about = known.flatMap(({ file, certificate }): AnswerAbout[] => {
    for (const issuer of issuersIn(known, certificate.issuerKey)) {
      const told = answerFor(response, certificate, issuer.certificate)
      if (told === undefined) continue
      const { status, revokedAt, reason } = told
      return [
        { ...placed(file, issuer, certificate.serialHex), status, revokedAt: revokedAt?.toISOString() ?? null, reason: reason ?? null },
      ]
    }
    return []
  })
  return { madeAt: response.producedAt, until: response.answers[0]?.nextUpdate, about }
}

/** Reads a list (RFC 5280 5) and what it says of the certificates of its own issuer. */
export function readList(bytes: Uint8Array, known: readonly NamedCertificate[]): ReadAnswer {
  const list = readRevocationList(bytes)
  const about = known.flatMap(({ file, certificate }): AnswerAbout[] => {
    const [issuer] = issuersIn(known, list.issuerKey)
    if (issuer === undefined || certificate.issuerKey !== list.issuerKey || certificate.subjectKey === certificate.issuerKey) return []
    const entry = list.find(certificate.issuerKey, certificate.serialHex)
    const revoked = entry !== undefined && entry.reason !== 'removeFromCRL'
    // That a list of changes alone, or one of other certificates, does not name it says nothing.
    if (!revoked && (list.baseNumber !== undefined || !covers(list, isEndEntity(certificate)))) return []
    const at = placed(file, issuer, certificate.serialHex)
    if (!revoked) return [{ ...at, status: 'good', revokedAt: null, reason: null }]
    return [{ ...at, status: 'revoked', revokedAt: entry.revokedAt.toISOString(), reason: entry.reason }]
  })
  return { madeAt: list.thisUpdate, until: list.nextUpdate, about }
}

function issuersIn(known: readonly NamedCertificate[], subjectKey: string): NamedCertificate[] {
  return known.filter(({ certificate }) => certificate.subjectKey === subjectKey)
}

function placed(certificate: string, issuer: NamedCertificate, serialHex: string): Pick<AnswerAbout, 'certificate' | 'issuer' | 'serial'> {
  return { certificate, issuer: issuer.file, serial: serialHex.replace(/^0+(?=.)/, '') }
}

/** issuingDistributionPoint (RFC 5280 5.2.5). */
function covers({ point }: RevocationList, endEntity: boolean): boolean {
  return point === undefined || !(point.onlyAttributes || (point.onlyUsers && !endEntity) || (point.onlyAuthorities && endEntity))
}
