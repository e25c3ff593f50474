/**
 * Which algorithms a signature may rest on, and until when: a dated table after ETSI TS 119 312 (cryptographic suites) and the
 * SOG-IS agreed mechanisms it refers to, with the historical ends that European validation services apply. What was fine at a
 * proven time stays fine for a signature proven to be of that time (EN 319 102-1 clause 5.2.8); the same algorithm without
 * such a proof is judged by the time of validation.
 */
export interface AlgorithmUse {
  /** Digest as node names it: `sha1`, `sha256`, `sha3-256`. Absent where the scheme brings its own (EdDSA). */
  readonly digest?: string
  readonly scheme?: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa' | 'dsa' | 'eddsa'
  /** Modulus of RSA, prime of DSA. */
  readonly keyBits?: number
  /** Curve as node names it: `prime256v1`, `secp384r1`, `secp256k1`, `brainpoolP256r1`. */
  readonly curve?: string
  /** Public exponent of RSA. */
  readonly exponent?: bigint
}

/** An algorithm that does not hold at the time asked for. */
export interface AlgorithmProblem {
  /** What is too weak, in words people know: `SHA-1`, `RSA 1024`. */
  readonly algorithm: string
  /** Last moment it was accepted; null when it never is. */
  readonly until: Date | null
}

/** Last day of acceptance. `open`: recommended with no end stated. Absent from the table: never accepted. */
type End = string | 'open'

/** TS 119 312 clause 5; MD5 after its collisions of 2004, SHA-1 after the end of its legacy use in certificates. */
const digests: Readonly<Record<string, End>> = {
  md5: '2004-08-01',
  sha1: '2012-08-01',
  ripemd160: '2014-08-01',
  sha224: '2025-12-31',
  sha256: 'open',
  sha384: 'open',
  sha512: 'open',
  'sha512-256': 'open',
  'sha3-256': 'open',
  'sha3-384': 'open',
  'sha3-512': 'open',
}

/** TS 119 312 clause 6.2: the largest row whose size the key reaches holds. */
const keySizes: Readonly<Record<'rsa' | 'dsa', readonly (readonly [bits: number, end: End])[]>> = {
  rsa: [
    [3000, 'open'],
    [1900, '2028-12-31'],
    [1536, '2019-10-01'],
    [1024, '2019-10-01'],
    [786, '2010-08-01'],
  ],
  dsa: [
    [3072, 'open'],
    [2048, '2028-12-31'],
    [1024, '2015-12-31'],
  ],
}

/** TS 119 312 clause 6.2.2. secp256k1 is not in its list but equal in strength to P-256, and Saudi law prescribes it. */
const curves: Readonly<Record<string, End>> = {
  prime256v1: 'open',
  secp384r1: 'open',
  secp521r1: 'open',
  secp256k1: 'open',
  brainpoolP256r1: 'open',
  brainpoolP384r1: 'open',
  brainpoolP512r1: 'open',
  secp224r1: '2016-02-01',
  prime192v1: '2013-02-01',
}

/** Keys beyond these sizes are refused, since checking them costs more than any honest signature is worth. */
const maximumKeyBits = 16384
const maximumExponentBits = 64

const names: Readonly<Record<string, string>> = { md5: 'MD5', sha1: 'SHA-1', sha224: 'SHA-224', ripemd160: 'RIPEMD-160' }

function endOf(end: End | undefined): Date | 'open' | null {
  if (end === undefined) return null
  return end === 'open' ? 'open' : new Date(`${end}T23:59:59Z`)
}

/** The one of several digests that was given up first: what they protect together is as strong as that. One on no list is the weakest. */
export function weakestDigest(names: readonly string[]): string | undefined {
  const rank = (name: string): number => {
    const end = endOf(digests[name])
    return end === null ? 0 : end === 'open' ? Number.MAX_SAFE_INTEGER : end.getTime()
  }
  return [...names].sort((left, right) => rank(left) - rank(right))[0]
}

/** The first thing about an algorithm that is too weak at that time, or undefined when all of it is strong enough. */
export function algorithmProblem(use: AlgorithmUse, at: Date): AlgorithmProblem | undefined {
  const late = (algorithm: string, end: Date | 'open' | null): AlgorithmProblem | undefined =>
    end === 'open' || (end !== null && at <= end) ? undefined : { algorithm, until: end }
  const { digest, scheme, keyBits, curve, exponent } = use
  if (digest !== undefined) {
    const found = late(names[digest] ?? digest.toUpperCase(), endOf(digests[digest]))
    if (found !== undefined) return found
  }
  if (curve !== undefined) {
    const found = late(curve, endOf(curves[curve]))
    if (found !== undefined) return found
  }
  if (keyBits !== undefined && scheme !== 'ecdsa' && scheme !== 'eddsa') {
    const kind = scheme === 'dsa' ? 'dsa' : 'rsa'
    const row = keySizes[kind].find(([bits]) => keyBits >= bits)
    const named = `${kind.toUpperCase()} ${keyBits}`
    if (keyBits > maximumKeyBits) return { algorithm: named, until: null }
    const found = late(named, endOf(row?.[1]))
    if (found !== undefined) return found
  }
  // An exponent of 1 leaves the message as it is; a huge one is a way to keep a verifier busy.
  if (exponent !== undefined && (exponent < 3n || exponent % 2n === 0n || exponent >> BigInt(maximumExponentBits) > 0n)) {
    return { algorithm: `RSA e=${exponent < 1000n ? exponent.toString() : 'huge'}`, until: null }
  }
  return undefined
}
