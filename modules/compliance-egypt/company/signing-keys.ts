import type { CompanyContext } from '../../../core/access/context.js'
import type { Key } from '../../../core/signing/key.js'
import { readCertificate, type Certificate } from '../../../core/validation/certificate/certificate.js'
import type { MandatesNow } from '../law/mandates.js'
import { shortcomings } from '../signing/choose-key.js'

/** Keys that could sign documents of this taxpayer now; the one whose certificate lasts longest first. */
export function fittingKeys(
  keys: readonly Key[],
  registrationNumber: string,
  now: Date,
  context: CompanyContext,
  mandates?: MandatesNow,
): { key: Key; certificate: Certificate }[] {
  return keys
    .flatMap((key) => {
      const [own] = key.certificates
      return own === undefined ? [] : [{ key, certificate: readCertificate(own) }]
    })
    .filter(({ key, certificate }) => {
      const wish = { rin: registrationNumber, now, context, ...(mandates === undefined ? {} : { mandates }) }
      return shortcomings(key, certificate, wish).length === 0
    })
    .sort((one, other) => other.certificate.notAfter.getTime() - one.certificate.notAfter.getTime())
}
