import { constants, createHash, verify, type KeyObject } from 'node:crypto'
import type { DigestAlgorithm } from '../signing/key.js'
import { DerElement } from './der-reader.js'
import { verifyDigestSignature } from './ecdsa.js'

export type Outcome = 'valid' | 'invalid' | 'unsupported' | 'weak'

/** Digest algorithms by OID that a signature may rest on today (ETSI TS 119 312). */
export const digestByOid: Readonly<Record<string, DigestAlgorithm>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}
export const oidOfDigest: Readonly<Record<DigestAlgorithm, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}

const combined: Readonly<Record<string, { key: 'rsa' | 'ec'; digest: DigestAlgorithm }>> = {
  '1.2.840.113549.1.1.11': { key: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { key: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', digest: 'sha512' },
}
/** MD2, MD5, SHA-1 and SHA-224 with RSA, DSA or ECDSA, and the bare digests. */
const weak = new Set([
  '1.2.840.113549.1.1.2',
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10040.4.3',
  '1.2.840.10045.4.1',
  '1.3.14.3.2.26',
  '1.2.840.113549.2.5',
  '1.3.14.3.2.29',
])

export function isWeakAlgorithm(oid: string): boolean {
  return weak.has(oid)
}

/** RSA below 2048 bits or with exponent 1 (ETSI TS 119 312 clause 6.2): a signature under it proves nothing. */
export function isWeakKey(key: KeyObject): boolean {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {}
  return modulusLength !== undefined && (modulusLength < 2048 || publicExponent === undefined || publicExponent < 3n)
}

interface SignatureInput {
  /** DER AlgorithmIdentifier of the signature. */
  readonly algorithm: Uint8Array
  /** Needed where the algorithm names the key type alone (rsaEncryption in CMS). */
  readonly digestAlgorithm?: DigestAlgorithm
  readonly message: Uint8Array
  readonly spki: Uint8Array
  readonly key: () => KeyObject
  readonly signature: Uint8Array
}

/** Parameters of RSASSA-PSS (RFC 4055 3.1). Only the same digest for MGF1 is taken. */
function readPss(algorithm: DerElement): { digest: DigestAlgorithm; saltLength: number } | undefined {
  let digest: DigestAlgorithm | undefined
  let maskDigest: DigestAlgorithm | undefined
  let saltLength = 20
  for (const part of algorithm.children[1]?.children ?? []) {
    if (part.is(0xa0)) digest = digestByOid[part.child(0).child(0).oid()]
    else if (part.is(0xa1)) maskDigest = digestByOid[part.child(0).child(1).child(0).oid()]
    else if (part.is(0xa2)) saltLength = part.child(0).smallInteger()
  }
  if (digest === undefined || digest !== maskDigest || saltLength < 0 || saltLength > 512) return undefined
  return { digest, saltLength }
}

/** Checks a signature over a message under an X.509/CMS AlgorithmIdentifier. Bad bytes never throw. */
export function verifyMessageSignature(input: SignatureInput): Outcome {
  try {
    const algorithm = DerElement.read(input.algorithm, 0, { whole: true }).expect(0x30)
    const oid = algorithm.child(0).oid()
    if (weak.has(oid)) return 'weak'
    const key = input.key()
    if (isWeakKey(key)) return 'weak'
    if (oid === '1.2.840.113549.1.1.10') {
      const parameters = readPss(algorithm)
      if (parameters === undefined) return 'unsupported'
      if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'rsa-pss') return 'invalid'
      const { digest, saltLength } = parameters
      const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
      return verify(digest, input.message, options, input.signature) ? 'valid' : 'invalid'
    }
    if (oid === '1.3.101.112' || oid === '1.3.101.113') {
      if (key.asymmetricKeyType !== (oid === '1.3.101.112' ? 'ed25519' : 'ed448')) return 'invalid'
      return verify(null, input.message, key, input.signature) ? 'valid' : 'invalid'
    }
    const named =
      combined[oid] ??
      (input.digestAlgorithm === undefined
        ? undefined
        : oid === '1.2.840.113549.1.1.1'
          ? { key: 'rsa' as const, digest: input.digestAlgorithm }
          : oid === '1.2.840.10045.2.1'
            ? { key: 'ec' as const, digest: input.digestAlgorithm }
            : undefined)
    if (named === undefined) return 'unsupported'
    if (key.asymmetricKeyType !== named.key) return 'invalid'
    if (key.asymmetricKeyDetails?.namedCurve === 'secp256k1' && named.digest === 'sha256') {
      const digest = createHash('sha256').update(input.message).digest()
      const checked = { publicKeySpki: input.spki, scheme: 'ecdsa', digestAlgorithm: 'sha256', digest, signature: input.signature } as const
      return verifyDigestSignature(checked) ? 'valid' : 'invalid'
    }
    return verify(named.digest, input.message, key, input.signature) ? 'valid' : 'invalid'
  } catch {
    return 'invalid'
  }
}
