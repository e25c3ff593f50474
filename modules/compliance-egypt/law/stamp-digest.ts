import type { Host } from '../../../core/host/module.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { createTimeStampClient } from '../../../core/signing/tsp/time-stamp-client.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import { checkTimeStamp } from '../../../core/validation/cms/time-stamp-token.js'
import { openTrust } from '../../../core/validation/trust/open-trust.js'
import type { TimeAuthority } from './time-authorities.js'

/** A token as an archive gave it, and what its certificate says of it. */
export interface Stamped {
  readonly token: Buffer
  readonly at: Date
  readonly authority: string
  readonly trusted: boolean
  readonly certificate: Certificate | undefined
}

/** Roots this host trusts, practice authorities left out. Trusted lists hold thousands: a job reads them once, whatever it stamps. */
export function trustedRoots(host: Host): Certificate[] {
  const { dataDir, validation } = host.config
  const { anchors } = openTrust({ dataDir, trustFiles: validation.trustFiles, now: host.now() })
  return anchors.map((der) => readCertificate(der))
}

/**
 * A token of an archive over a SHA-256, or why there is none. What the archive is worth is asked of its certificate too.
 * @param roots whom the host trusts (`trustedRoots`); the root the company pinned for this archive is asked beside them
 */
export async function stampDigest(
  host: Host,
  authority: TimeAuthority,
  digest: Buffer,
  roots: readonly Certificate[],
): Promise<Stamped | FaultDetail> {
  const pinned = authority.root === null ? [] : [authority.root]
  const client = createTimeStampClient(authority.url, {
    allowPrivate: host.config.allowedPrivateOrigins,
    now: () => host.now(),
    ...(authority.root === null ? {} : { trust: [authority.root.der] }),
  })
  try {
    const { token, at, authority: name } = await client.stamp('sha256', digest)
    const imprint = (algorithm: string): Buffer => (algorithm === 'sha256' ? digest : Buffer.alloc(0))
    const check = checkTimeStamp(token, imprint, [...roots, ...pinned])
    return { token, at, authority: name, trusted: check.trusted, certificate: check.certificate }
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, params: error.params }
    throw error
  }
}
