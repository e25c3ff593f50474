import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AccessDescription,
  AlgorithmIdentifier,
  AuthorityInfoAccessSyntax,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  CertificatePolicies,
  CRLDistributionPoints,
  DistributionPoint,
  DistributionPointName,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ad_caIssuers,
  id_ad_ocsp,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_cRLDistributionPoints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  id_pe_authorityInfoAccess,
  KeyUsage,
  type Name,
  PolicyInformation,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'

export const ecdsaWithSha256 = '1.2.840.10045.4.3.2'

/** An ECDSA key of a sandbox authority. It certifies nothing outside this machine. */
export interface AuthorityKey {
  readonly privateKey: KeyObject
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Buffer
}

export type AuthorityCurve = 'prime256v1' | 'secp256k1'

export function generateAuthorityKey(curve: AuthorityCurve): AuthorityKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
  return { privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }) }
}

export function loadAuthorityKey(pkcs8Pem: string): AuthorityKey {
  const privateKey = createPrivateKey(pkcs8Pem)
  return { privateKey, spki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) }
}

export function signWith(key: AuthorityKey, bytes: Uint8Array): Buffer {
  return sign('sha256', bytes, key.privateKey)
}

export function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength)
  new Uint8Array(copy).set(bytes)
  return copy
}

/** RFC 5280 4.2.1.2, method 1: SHA-1 over the bits of the public key. */
export function keyIdentifier(spki: Uint8Array): Buffer {
  const info = AsnConvert.parse(spki, SubjectPublicKeyInfo)
  return createHash('sha1').update(Buffer.from(info.subjectPublicKey)).digest()
}

/** Positive, 16 octets, never with a leading zero (RFC 5280 4.1.2.2 allows 20). */
export function newSerial(): Buffer {
  const serial = randomBytes(16)
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0)
  return serial
}

export function extension(oid: string, value: unknown, critical = false): Extension {
  return new Extension({ extnID: oid, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })
}

/** An extension whose DER is already there. */
export function rawExtension(oid: string, der: Uint8Array, critical = false): Extension {
  return new Extension({ extnID: oid, critical, extnValue: new OctetString(der) })
}

export interface CertificateShape {
  readonly subject: Name
  readonly spki: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  /** KeyUsageFlags of @peculiar/asn1-x509. */
  readonly keyUsage: number
  readonly extendedKeyUsage?: { readonly oids: readonly string[]; readonly critical: boolean }
  readonly authority?: { readonly pathLength?: number }
  readonly policies?: readonly string[]
  readonly further?: readonly Extension[]
}

export interface IssuerAddresses {
  readonly ocsp?: string
  readonly issuerCertificate?: string
  readonly crl?: string
}

/** Builds and signs one X.509 v3 certificate (RFC 5280); self-signed when `issuer.name` is the subject and the key its own. */
export function buildCertificate(
  issuer: { readonly name: Name; readonly key: AuthorityKey },
  shape: CertificateShape,
  addresses: IssuerAddresses,
): { readonly der: Buffer; readonly serial: Buffer } {
  const extensions: Extension[] = []
  extensions.push(
    extension(
      id_ce_basicConstraints,
      new BasicConstraints(shape.authority === undefined ? {} : { cA: true, pathLenConstraint: shape.authority.pathLength }),
      true,
    ),
    extension(id_ce_keyUsage, new KeyUsage(shape.keyUsage), true),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(shape.spki))),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new SubjectKeyIdentifier(keyIdentifier(issuer.key.spki)) }),
    ),
  )
  if (shape.extendedKeyUsage !== undefined) {
    const usage = shape.extendedKeyUsage
    extensions.push(extension(id_ce_extKeyUsage, new ExtendedKeyUsage([...usage.oids]), usage.critical))
  }
  if (shape.policies !== undefined) {
    const policies = shape.policies.map((policyIdentifier) => new PolicyInformation({ policyIdentifier }))
    extensions.push(extension(id_ce_certificatePolicies, new CertificatePolicies(policies)))
  }
  if (addresses.crl !== undefined) {
    const fullName = [new GeneralName({ uniformResourceIdentifier: addresses.crl })]
    const point = new DistributionPoint({ distributionPoint: new DistributionPointName({ fullName }) })
    extensions.push(extension(id_ce_cRLDistributionPoints, new CRLDistributionPoints([point])))
  }
  const access: AccessDescription[] = []
  const describe = (accessMethod: string, uniformResourceIdentifier: string): void => {
    access.push(new AccessDescription({ accessMethod, accessLocation: new GeneralName({ uniformResourceIdentifier }) }))
  }
  if (addresses.ocsp !== undefined) describe(id_ad_ocsp, addresses.ocsp)
  if (addresses.issuerCertificate !== undefined) describe(id_ad_caIssuers, addresses.issuerCertificate)
  if (access.length > 0) extensions.push(extension(id_pe_authorityInfoAccess, new AuthorityInfoAccessSyntax(access)))
  extensions.push(...(shape.further ?? []))

  const serial = newSerial()
  const algorithm = new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 })
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: arrayBufferOf(serial),
    signature: algorithm,
    issuer: issuer.name,
    validity: new Validity({ notBefore: wholeSecond(shape.notBefore), notAfter: wholeSecond(shape.notAfter) }),
    subject: shape.subject,
    subjectPublicKeyInfo: AsnConvert.parse(shape.spki, SubjectPublicKeyInfo),
    extensions: new Extensions(extensions),
  })
  const toSign = Buffer.from(AsnConvert.serialize(tbsCertificate))
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: arrayBufferOf(signWith(issuer.key, toSign)),
  })
  return { der: Buffer.from(AsnConvert.serialize(certificate)), serial }
}

export function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000)
}

export function pemOf(der: Uint8Array, label = 'CERTIFICATE'): string {
  const text = Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')
  return `-----BEGIN ${label}-----\n${text}-----END ${label}-----\n`
}

export function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, '').replace(/\s+/g, ''), 'base64')
}
