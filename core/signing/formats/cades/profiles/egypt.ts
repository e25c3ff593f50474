import type { CmsProfile } from './profile.js'

/**
 * Signature of electronic invoices in Egypt: ITIDA "Digital Signature Format for E-Invoice System" 1.1. The content is the
 * canonical text of the invoice; it is called digested data although it is hashed once only.
 */
export const egyptProfile: CmsProfile = {
  name: 'egypt',
  contentType: '1.2.840.113549.1.7.5',
  version: 3,
  digestAlgorithm: 'sha256',
  scheme: 'rsa-pkcs1',
  signatureAlgorithm: '1.2.840.113549.1.1.1',
  detached: true,
  signerCertificateOnly: true,
  issuerSerial: false,
  signedAttributes: ['1.2.840.113549.1.9.3', '1.2.840.113549.1.9.5', '1.2.840.113549.1.9.4', '1.2.840.113549.1.9.16.2.47'],
  unsignedAttributes: false,
}
