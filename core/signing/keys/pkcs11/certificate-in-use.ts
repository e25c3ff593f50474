import type { Certificate } from '../../../validation/certificate/certificate.js'

type Judged = Pick<Certificate, 'notBefore' | 'notAfter' | 'issuerKey' | 'subjectKey'>

/**
 * Of several certificates for one key, as they lie on a token after a renewal, the one to sign with: one in force before one that is over
 * or has not begun, an issued one before the self-signed one that programs leave there when they make a key, then the one that ends
 * last. Their order on the token says nothing.
 */
export function certificateInUse<Kind extends Judged>(certificates: readonly Kind[], now: Date): Kind | undefined {
  const inForce = ({ notBefore, notAfter }: Judged): number => Number(notBefore <= now && now <= notAfter)
  const issued = ({ issuerKey, subjectKey }: Judged): number => Number(issuerKey !== subjectKey)
  return [...certificates].sort(
    (one, other) => inForce(other) - inForce(one) || issued(other) - issued(one) || other.notAfter.getTime() - one.notAfter.getTime(),
  )[0]
}
