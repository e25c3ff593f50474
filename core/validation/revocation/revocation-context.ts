import type { Certificate } from '../certificate/certificate.js'
import type { AlgorithmRule, WorkingKey } from '../certificate/certificate-signature.js'
import type { RevocationStatus } from './evidence.js'
import type { RevocationList } from './crl.js'
import type { OcspResponse } from './ocsp.js'

/** Evidence after reading; what cannot be read is left out and counted. */
export interface ReadEvidence {
  readonly lists: readonly RevocationList[]
  readonly responses: readonly OcspResponse[]
  readonly unreadable: number
}

/** Who may vouch for a status, and by which rules. */
export interface RevocationContext {
  /** The certificate whose status is asked, its issuer in the path, and the issuer's key with inherited parameters. */
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly issuerKey: WorkingKey
  /** Time for which the status is wanted: a revocation after it does not count. */
  readonly at: Date
  /** Time of validation: evidence issued later is not believed. */
  readonly until: Date
  readonly evidence: ReadEvidence
  readonly algorithms: AlgorithmRule
  /** Certificates of that (folded) subject that may have signed a list. */
  signersNamed(subjectKey: string): readonly Certificate[]
  /** Key of a certificate that is part of the path being checked, undefined for any other. */
  keyInPath(certificate: Certificate): WorkingKey | undefined
  /** Key of a certificate outside the path, when a path of its own leads to the same anchor, and not through the one asked about. */
  keyByOwnPath(signer: Certificate, asked: Certificate): WorkingKey | undefined
}

/** Status without the facts of the certificate. */
export type Told = Omit<RevocationStatus, 'certificate' | 'name'>

/** No list and no answer told of the certificate. */
export const nothingTold: Told = {
  status: 'unknown',
  source: 'none',
  producedAt: null,
  thisUpdate: null,
  nextUpdate: null,
  revokedAt: null,
  reason: null,
}

/** Clocks of authorities and ours may differ by this much. */
export const tolerance = 5 * 60_000
/** Life of evidence that does not say when the next comes. */
const lifeWithoutNext = 24 * 3_600_000

/** Whether evidence of these times speaks about `at`: issued by the time of validation, and not outdated at `at`. */
export function speaksAbout(times: { readonly thisUpdate: Date; readonly nextUpdate: Date | undefined }, at: Date, until: Date): boolean {
  const issued = times.thisUpdate.getTime()
  if (issued > until.getTime() + tolerance) return false
  if (issued >= at.getTime()) return true
  return at.getTime() <= (times.nextUpdate?.getTime() ?? issued + lifeWithoutNext)
}
