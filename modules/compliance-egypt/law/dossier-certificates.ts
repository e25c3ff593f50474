import type { Certificate } from '../../../core/validation/certificate/certificate.js'

/** A certificate of the dossier, with the file it lies in by itself: openssl takes issuer and subject of an answer one by one. */
export interface NamedCertificate {
  readonly file: string
  readonly certificate: Certificate
}

/** Of the signer, as the examined document carries it. */
export const signerFile = 'certificates/signer.pem'
/** All issuers together: where the paths of the commands end. */
export const issuersFile = 'certificates/issuers.pem'

/** Issuers of a path: those above the signer, then the accepted authorities that one of them names. */
export function issuersOf(path: readonly Certificate[], authorities: readonly Certificate[]): Certificate[] {
  const names = new Set(path.map(({ issuerKey }) => issuerKey))
  return unique([...path.slice(1), ...authorities.filter(({ subjectKey }) => names.has(subjectKey))])
}

/** Signer and issuers, each under its own file. */
export function namedCertificates(
  own: Certificate | undefined,
  path: readonly Certificate[],
  authorities: readonly Certificate[],
): NamedCertificate[] {
  const signer = own ?? path[0]
  const issuers = issuersOf(path, authorities).filter(({ sha256 }) => sha256 !== signer?.sha256)
  return [
    ...(signer === undefined ? [] : [{ file: signerFile, certificate: signer }]),
    ...issuers.map((certificate, index) => ({ file: `certificates/issuer-${String(index + 1)}.pem`, certificate })),
  ]
}

export function unique(certificates: readonly Certificate[]): Certificate[] {
  return certificates.filter((one, index) => certificates.findIndex(({ sha256 }) => sha256 === one.sha256) === index)
}
