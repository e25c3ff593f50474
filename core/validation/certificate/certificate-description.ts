import { DerElement } from '../der-reader.js'
import { keyUseOf } from '../signature-algorithm.js'
import type { Certificate } from './certificate.js'
import { basicConstraintsOf, certificatePoliciesOf, extendedKeyUsagesOf, extensionOids, keyUsageOf } from './extensions.js'

/** Names of keyUsage bits (RFC 5280 4.2.1.3). */
const usageNames = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

const purposeNames: Readonly<Record<string, string>> = {
  '2.5.29.37.0': 'any',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'ocspSigning',
  '1.3.6.1.5.5.7.3.36': 'documentSigning',
  '1.3.6.1.4.1.311.10.3.12': 'documentSigning',
}

/** QC statements by name (ETSI EN 319 412-5). */
const statementNames: Readonly<Record<string, string>> = {
  '0.4.0.1862.1.1': 'qualified',
  '0.4.0.1862.1.2': 'limit',
  '0.4.0.1862.1.3': 'retention',
  '0.4.0.1862.1.4': 'device',
  '0.4.0.1862.1.5': 'disclosure',
  '0.4.0.1862.1.7': 'legislation',
}
const statementTypes: Readonly<Record<string, string>> = {
  '0.4.0.1862.1.6.1': 'esign',
  '0.4.0.1862.1.6.2': 'eseal',
  '0.4.0.1862.1.6.3': 'web',
}

/** A certificate in words people read; times are ISO 8601 in UTC, `sha256` lower-case hex. */
export interface CertificateDescription {
  readonly holder: string
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly notBefore: string
  readonly notAfter: string
  readonly sha256: string
  readonly selfSigned: boolean
  readonly authority: boolean
  readonly pathLength: number | null
  /** `RSA 2048`, `EC prime256v1`. */
  readonly key: string
  readonly signatureAlgorithm: string
  readonly usages: readonly string[]
  readonly purposes: readonly string[]
  readonly policies: readonly string[]
  /** `qualified`, `device` (key in a qualified device), `esign`, `eseal`, `web`, …, or the identifier of one not known. */
  readonly qualifiedStatements: readonly string[]
  readonly revocationLists: readonly string[]
  readonly ocsp: readonly string[]
  readonly issuerCertificates: readonly string[]
}

/** Facts of a certificate, nothing of them checked. An extension that cannot be read is left out. */
export function describeCertificate(certificate: Certificate): CertificateDescription {
  const constraints = lenient(() => basicConstraintsOf(certificate))
  const usage = lenient(() => keyUsageOf(certificate))
  const access = lenient(() => accessOf(certificate)) ?? []
  return {
    holder: certificate.holder,
    subject: certificate.subject,
    issuer: certificate.issuer,
    serial: certificate.serialDecimal,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    sha256: certificate.sha256,
    selfSigned: certificate.subjectKey === certificate.issuerKey,
    authority: constraints?.ca === true,
    pathLength: constraints?.pathLength ?? null,
    key: lenient(() => keyText(certificate)) ?? certificate.publicKeyAlgorithm,
    signatureAlgorithm: certificate.signatureAlgorithm,
    usages: usage === undefined ? [] : usageNames.filter((_name, bit) => usage(bit)),
    purposes: (lenient(() => extendedKeyUsagesOf(certificate))?.usages ?? []).map((oid) => purposeNames[oid] ?? oid),
    policies: [...(lenient(() => certificatePoliciesOf(certificate)) ?? [])],
    qualifiedStatements: lenient(() => statementsOf(certificate)) ?? [],
    revocationLists: lenient(() => listPlacesOf(certificate)) ?? [],
    ocsp: access.filter(({ method }) => method === '1.3.6.1.5.5.7.48.1').map(({ uri }) => uri),
    issuerCertificates: access.filter(({ method }) => method === '1.3.6.1.5.5.7.48.2').map(({ uri }) => uri),
  }
}

function lenient<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function keyText(certificate: Certificate): string {
  const key = certificate.publicKey()
  const { keyBits, curve } = keyUseOf(key)
  const kind = (key.asymmetricKeyType ?? '').toUpperCase()
  return [kind, curve ?? keyBits].filter((part) => part !== undefined).join(' ')
}

function sequenceOf(certificate: Certificate, oid: string): readonly DerElement[] {
  const extension = certificate.extensions.get(oid)
  return extension === undefined ? [] : DerElement.read(extension.value, 0, { whole: true }).expect(0x30).children
}

function accessOf(certificate: Certificate): readonly { method: string; uri: string }[] {
  return sequenceOf(certificate, extensionOids.authorityInformation)
    .filter((access) => access.child(1).is(0x86))
    .map((access) => ({ method: access.child(0).oid(), uri: access.child(1).content.toString('latin1') }))
}

function listPlacesOf(certificate: Certificate): readonly string[] {
  return sequenceOf(certificate, extensionOids.distributionPoints)
    .flatMap((point) => point.children.find((part) => part.is(0xa0))?.child(0).children ?? [])
    .filter((name) => name.is(0x86))
    .map((name) => name.content.toString('latin1'))
}

function statementsOf(certificate: Certificate): readonly string[] {
  return sequenceOf(certificate, extensionOids.qualifiedStatements).flatMap((statement) => {
    const oid = statement.expect(0x30).child(0).oid()
    if (oid !== '0.4.0.1862.1.6') return [statementNames[oid] ?? oid]
    return statement
      .child(1)
      .expect(0x30)
      .children.map((type) => statementTypes[type.oid()] ?? type.oid())
  })
}
