import { constants, createHash, verify, type KeyObject } from 'node:crypto'
import type { DigestAlgorithm } from '../signing/key.js'
import { algorithmProblem, type AlgorithmProblem, type AlgorithmUse } from './algorithm-policy.js'
import { DerElement } from './der-reader.js'
import { verifyDigestSignature } from './ecdsa.js'

/** `weak`: the mathematics hold, the algorithm does not. `unsupported`: nothing was computed. */
export type Outcome = 'valid' | 'invalid' | 'unsupported' | 'weak'

/** Digest algorithms by OID that a signature may rest on today (ETSI TS 119 312). */
export const digestByOid: Readonly<Record<string, DigestAlgorithm>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}
/** Object identifiers of the digests (NIST, RFC 5754). */
export const oidOfDigest: Readonly<Record<DigestAlgorithm, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}

/** Digests by OID that may be met, also those whose time has passed; the algorithm policy says until when each was accepted. */
export const digestNameByOid: Readonly<Record<string, string>> = {
  ...digestByOid,
  '1.2.840.113549.2.5': 'md5',
  '1.3.14.3.2.26': 'sha1',
  '1.3.36.3.2.1': 'ripemd160',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.6': 'sha512-256',
  '2.16.840.1.101.3.4.2.8': 'sha3-256',
  '2.16.840.1.101.3.4.2.9': 'sha3-384',
  '2.16.840.1.101.3.4.2.10': 'sha3-512',
}

interface Combination {
  readonly key: 'rsa' | 'ec' | 'dsa'
  readonly digest: string
}

const combined: Readonly<Record<string, Combination>> = {
  '1.2.840.113549.1.1.5': { key: 'rsa', digest: 'sha1' },
  '1.3.14.3.2.29': { key: 'rsa', digest: 'sha1' },
  '1.2.840.113549.1.1.14': { key: 'rsa', digest: 'sha224' },
  '1.2.840.113549.1.1.11': { key: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', digest: 'sha512' },
  '2.16.840.1.101.3.4.3.14': { key: 'rsa', digest: 'sha3-256' },
  '2.16.840.1.101.3.4.3.15': { key: 'rsa', digest: 'sha3-384' },
  '2.16.840.1.101.3.4.3.16': { key: 'rsa', digest: 'sha3-512' },
  '1.2.840.10045.4.1': { key: 'ec', digest: 'sha1' },
  '1.2.840.10045.4.3.1': { key: 'ec', digest: 'sha224' },
  '1.2.840.10045.4.3.2': { key: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', digest: 'sha512' },
  '2.16.840.1.101.3.4.3.10': { key: 'ec', digest: 'sha3-256' },
  '2.16.840.1.101.3.4.3.11': { key: 'ec', digest: 'sha3-384' },
  '2.16.840.1.101.3.4.3.12': { key: 'ec', digest: 'sha3-512' },
  '1.2.840.10040.4.3': { key: 'dsa', digest: 'sha1' },
  '2.16.840.1.101.3.4.3.1': { key: 'dsa', digest: 'sha224' },
  '2.16.840.1.101.3.4.3.2': { key: 'dsa', digest: 'sha256' },
}
/** Broken before any time a signature of this product could be proven for: MD2 and MD5 with RSA, and bare digests in place of a scheme. */
const broken = new Set(['1.2.840.113549.1.1.2', '1.2.840.113549.1.1.4', '1.3.14.3.2.26', '1.2.840.113549.2.5'])

type KeyFacts = Pick<AlgorithmUse, 'keyBits' | 'curve' | 'exponent'>

/** OpenSSL takes longer to tell them than to check a signature. */
const knownFacts = new WeakMap<KeyObject, KeyFacts>()

/** Key facts for the algorithm policy. */
export function keyUseOf(key: KeyObject): KeyFacts {
  const known = knownFacts.get(key)
  if (known !== undefined) return known
  const facts = readFacts(key)
  knownFacts.set(key, facts)
  return facts
}

function readFacts(key: KeyObject): KeyFacts {
  const { modulusLength, publicExponent, namedCurve } = key.asymmetricKeyDetails ?? {}
  return {
    ...(modulusLength === undefined ? {} : { keyBits: modulusLength }),
    ...(publicExponent === undefined ? {} : { exponent: publicExponent }),
    // A curve given by parameters has no name: it is on no list.
    ...(key.asymmetricKeyType === 'ec' ? { curve: namedCurve ?? 'explicit curve' } : {}),
  }
}

/** A signature and what it was made over. */
export interface SignatureInput {
  /** DER AlgorithmIdentifier of the signature. */
  readonly algorithm: Uint8Array
  /** Needed where the algorithm names the key type alone (rsaEncryption in CMS). */
  readonly digestAlgorithm?: string
  readonly message: Uint8Array
  readonly spki: Uint8Array
  readonly key: () => KeyObject
  readonly signature: Uint8Array
  /** Proven or assumed time of the signature, by which its algorithm is judged; now unless told. */
  readonly at?: Date
  /** The mathematics alone: for measuring path logic on old test suites. */
  readonly anyAlgorithm?: boolean
}

/** Digest that a signature AlgorithmIdentifier names itself; undefined where it leaves that to others, or names none we know. */
export function digestNamedBy(algorithm: Uint8Array): string | undefined {
  const read = DerElement.read(algorithm, 0, { whole: true }).expect(0x30)
  const oid = read.child(0).oid()
  return oid === '1.2.840.113549.1.1.10' ? readPss(read)?.digest : combined[oid]?.digest
}

/** Parameters of RSASSA-PSS (RFC 4055 3.1). Only the same digest for MGF1 and trailer 1 are taken. */
function readPss(algorithm: DerElement): { digest: string; saltLength: number } | undefined {
  let digest: string | undefined = 'sha1'
  let maskDigest: string | undefined = 'sha1'
  let saltLength = 20
  let trailer = 1
  for (const part of algorithm.children[1]?.children ?? []) {
    if (part.is(0xa0)) digest = digestNameByOid[part.child(0).child(0).oid()]
    else if (part.is(0xa1)) maskDigest = digestNameByOid[part.child(0).child(1).child(0).oid()]
    else if (part.is(0xa2)) saltLength = part.child(0).smallInteger()
    else if (part.is(0xa3)) trailer = part.child(0).smallInteger()
  }
  if (digest === undefined || digest !== maskDigest || saltLength < 0 || saltLength > 512 || trailer !== 1) return undefined
  return { digest, saltLength }
}

/** The algorithm that was found, and its computation. */
export interface SignatureMethod {
  readonly use: AlgorithmUse
  check(): boolean
}

/**
 * How a signature is to be checked: facts for the policy, and the mathematics.
 * @throws MalformedDer or an OpenSSL error when algorithm or key cannot be read
 */
export function signatureMethod(input: SignatureInput): SignatureMethod | 'unsupported' | 'weak' | 'invalid' {
  const algorithm = DerElement.read(input.algorithm, 0, { whole: true }).expect(0x30)
  const oid = algorithm.child(0).oid()
  if (broken.has(oid)) return 'weak'
  const key = input.key()
  const facts = keyUseOf(key)
  const { message, signature } = input
  if (oid === '1.2.840.113549.1.1.10') {
    const parameters = readPss(algorithm)
    if (parameters === undefined) return 'unsupported'
    if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'rsa-pss') return 'invalid'
    const { digest, saltLength } = parameters
    const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    return { use: { digest, scheme: 'rsa-pss', ...facts }, check: () => verify(digest, message, options, signature) }
  }
  if (oid === '1.3.101.112' || oid === '1.3.101.113') {
    if (key.asymmetricKeyType !== (oid === '1.3.101.112' ? 'ed25519' : 'ed448')) return 'invalid'
    return { use: { scheme: 'eddsa' }, check: () => verify(null, message, key, signature) }
  }
  const { digestAlgorithm } = input
  const kinds: Readonly<Record<string, Combination['key']>> = { '1.2.840.113549.1.1.1': 'rsa', '1.2.840.10045.2.1': 'ec' }
  const kind = kinds[oid]
  const named = combined[oid] ?? (digestAlgorithm === undefined || kind === undefined ? undefined : { key: kind, digest: digestAlgorithm })
  if (named === undefined) return 'unsupported'
  if (key.asymmetricKeyType !== named.key) return 'invalid'
  const scheme = ({ rsa: 'rsa-pkcs1', ec: 'ecdsa', dsa: 'dsa' } as const)[named.key]
  const use = { digest: named.digest, scheme, ...facts }
  if (facts.curve === 'secp256k1' && named.digest === 'sha256') {
    const digest = createHash('sha256').update(message).digest()
    const checked = { publicKeySpki: input.spki, scheme: 'ecdsa', digestAlgorithm: 'sha256', digest, signature } as const
    return { use, check: () => verifyDigestSignature(checked) }
  }
  return { use, check: () => verify(named.digest, message, key, signature) }
}

/**
 * Checks a signature over a message under an X.509/CMS AlgorithmIdentifier. `weak`: the algorithm was no longer accepted at
 * `at`, and the mathematics was not done. Bad bytes never throw.
 */
export function verifyMessageSignature(input: SignatureInput): Outcome {
  return checkMessageSignature(input).outcome
}

/** The same, with what was too weak. */
function checkMessageSignature(input: SignatureInput): { readonly outcome: Outcome; readonly problem?: AlgorithmProblem } {
  try {
    const method = signatureMethod(input)
    if (typeof method === 'string') return { outcome: method }
    const problem = input.anyAlgorithm === true ? undefined : algorithmProblem(method.use, input.at ?? new Date())
    if (problem !== undefined) return { outcome: 'weak', problem }
    return { outcome: method.check() ? 'valid' : 'invalid' }
  } catch {
    return { outcome: 'invalid' }
  }
}
