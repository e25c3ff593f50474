import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { defaultDigest, defaultScheme, signatureIdentifier } from '../algorithms.js'
import { encodeName, toPem } from '../certificate-request.js'
import { bitString, boolean, context, element, integer, objectIdentifier, octetString, sequence, time } from '../der.js'
import type { DigestAlgorithm, KeyAlgorithm, SignatureScheme } from '../key.js'
import { SoftwareKeyProvider } from '../keys/software/software-provider.js'
import { wrapKey } from '../keys/software/wrapping.js'
import type { Signer } from '../signing-service.js'

export interface TestCertificate {
  readonly der: Buffer
  readonly pem: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly algorithm: KeyAlgorithm
  readonly name: Parameters<typeof encodeName>[0]
}

export interface CertificateWishes {
  readonly commonName: string
  readonly algorithm?: KeyAlgorithm
  readonly issuer?: TestCertificate
  readonly ca?: boolean
  readonly pathLength?: number
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly extendedKeyUsage?: string
  /** keyUsage bits; digitalSignature and nonRepudiation (or keyCertSign and cRLSign) unless told. */
  readonly keyUsage?: number
  readonly extra?: readonly Buffer[]
  readonly serial?: bigint
  /** `VATEG-113317713`: whom the subject is by law, beside its names. */
  readonly organizationIdentifier?: string
}

function keyPair(algorithm: KeyAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'ec-p256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (algorithm === 'ec-p384') return generateKeyPairSync('ec', { namedCurve: 'P-384' })
  if (algorithm === 'ec-secp256k1') return generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  return generateKeyPairSync('rsa', { modulusLength: Number(algorithm.slice(4)) })
}

let serialCounter = BigInt(Date.now())

/** A certificate of a test authority; self-signed without an issuer. */
export function issueCertificate(wishes: CertificateWishes): TestCertificate {
  const algorithm = wishes.algorithm ?? 'ec-p256'
  const own = keyPair(algorithm)
  return certify(wishes, algorithm, own.publicKey, own.privateKey)
}

export function certify(wishes: CertificateWishes, algorithm: KeyAlgorithm, publicKey: KeyObject, privateKey: KeyObject): TestCertificate {
  const name = [
    { type: 'C', value: 'SA' },
    { type: 'O', value: 'Khatm tests' },
    ...(wishes.organizationIdentifier === undefined ? [] : [{ type: 'ORGANIZATIONIDENTIFIER', value: wishes.organizationIdentifier }]),
    { type: 'CN', value: wishes.commonName },
  ]
  const issuerKey = wishes.issuer?.privateKey ?? privateKey
  const issuerAlgorithm = wishes.issuer?.algorithm ?? algorithm
  const digest = defaultDigest(issuerAlgorithm)
  const identifier = signatureIdentifier(defaultScheme(issuerAlgorithm), digest)
  const extension = (oid: string, critical: boolean, value: Buffer): Buffer =>
    critical ? sequence(objectIdentifier(oid), boolean(true), octetString(value)) : sequence(objectIdentifier(oid), octetString(value))
  const ca = wishes.ca === true
  const usage = wishes.keyUsage ?? (ca ? 0b0000_0110 : 0b1100_0000)
  const extensions = [
    extension(
      '2.5.29.19',
      true,
      ca ? sequence(boolean(true), ...(wishes.pathLength === undefined ? [] : [integer(wishes.pathLength)])) : sequence(),
    ),
    extension('2.5.29.15', true, bitString(Buffer.from([usage]), usage === 0 ? 0 : 31 - Math.clz32(usage & -usage))),
    extension(
      '2.5.29.14',
      false,
      octetString(
        createHash('sha1')
          .update(publicKey.export({ format: 'der', type: 'spki' }))
          .digest(),
      ),
    ),
    ...(wishes.issuer === undefined
      ? []
      : [
          extension(
            '2.5.29.35',
            false,
            sequence(
              element(
                0x80,
                createHash('sha1')
                  .update(wishes.issuer.publicKey.export({ format: 'der', type: 'spki' }))
                  .digest(),
              ),
            ),
          ),
        ]),
    ...(wishes.extendedKeyUsage === undefined ? [] : [extension('2.5.29.37', true, sequence(objectIdentifier(wishes.extendedKeyUsage)))]),
    ...(wishes.extra ?? []),
  ]
  const tbs = sequence(
    context(0, integer(2)),
    integer(wishes.serial ?? ++serialCounter),
    identifier,
    encodeName(wishes.issuer?.name ?? name),
    sequence(time(wishes.notBefore ?? new Date('2025-01-01T00:00:00Z')), time(wishes.notAfter ?? new Date('2035-01-01T00:00:00Z'))),
    encodeName(name),
    publicKey.export({ format: 'der', type: 'spki' }),
    context(3, sequence(...extensions)),
  )
  const der = sequence(tbs, identifier, bitString(sign(digest, tbs, issuerKey)))
  return { der, pem: toPem('CERTIFICATE', der), privateKey, publicKey, algorithm, name }
}

/** A signer over the software provider, without a database. */
export function signerOf(
  certificate: TestCertificate,
  chain: readonly TestCertificate[] = [],
  scheme?: SignatureScheme,
  digest?: DigestAlgorithm,
): Signer {
  const masterKey = Buffer.alloc(32, 7)
  const provider = new SoftwareKeyProvider(() => masterKey)
  const wrapped = wrapKey(masterKey, 'company', 'key', certificate.privateKey.export({ format: 'der', type: 'pkcs8' }))
  const reference = { keyId: 'key', companyId: 'company', algorithm: certificate.algorithm, stored: { wrapped } }
  const digestAlgorithm = digest ?? defaultDigest(certificate.algorithm)
  const used = scheme ?? defaultScheme(certificate.algorithm)
  return {
    algorithm: certificate.algorithm,
    scheme: used,
    digestAlgorithm,
    certificates: [certificate, ...chain].map((one) => one.der),
    signDigest: (digest) => provider.signDigest(reference, { scheme: used, digestAlgorithm, digest }),
    signMessage: (message) => {
      const digest = createHash(digestAlgorithm).update(message).digest()
      return provider.signDigest(reference, { scheme: used, digestAlgorithm, digest, message })
    },
  }
}
