/**
 * A fixed form of CMS signatures that an authority prescribes. A profile is data: the builder and the verifier follow it
 * and know no country.
 */
export interface CmsProfile {
  readonly name: string
  /** Dotted eContentType. */
  readonly contentType: string
  /** SignedData.version that is written. */
  readonly version: number
  readonly digestAlgorithm: 'sha256' | 'sha384' | 'sha512'
  readonly scheme: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa'
  /** Dotted identifier in SignerInfo.signatureAlgorithm. */
  readonly signatureAlgorithm: string
  readonly detached: boolean
  /** Only the signer's own certificate lies in the structure. */
  readonly signerCertificateOnly: boolean
  /** ESSCertIDv2 carries issuer and serial number (RFC 5035 section 4). */
  readonly issuerSerial: boolean
  /** Exactly these signed attributes, dotted. */
  readonly signedAttributes: readonly string[]
  readonly unsignedAttributes: boolean
}
