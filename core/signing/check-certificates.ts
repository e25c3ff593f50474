import { Fault } from '../i18n/fault.js'
import { readCertificate } from '../validation/certificate/certificate.js'
import type { Key } from './key.js'

/**
 * Certificates that are to be kept with a key: readable, and the first one carries the key itself.
 * @throws Fault SIGN-CERT-MISSING, SIGN-CERT-UNREADABLE, SIGN-CERT-MISMATCH
 */
export function checkCertificates(key: Pick<Key, 'name' | 'publicKey'>, certificates: readonly Uint8Array[]): void {
  const [own] = certificates
  if (own === undefined) throw new Fault('SIGN-CERT-MISSING', { params: { name: key.name } })
  for (const [index, der] of certificates.entries()) {
    try {
      readCertificate(der)
    } catch (error) {
      throw new Fault('SIGN-CERT-UNREADABLE', { path: `certificates[${index}]`, cause: error })
    }
  }
  if (!readCertificate(own).spki.equals(key.publicKey)) throw new Fault('SIGN-CERT-MISMATCH', { params: { name: key.name } })
}
