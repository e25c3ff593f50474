import {
  constants,
  createHash,
  createPublicKey,
  publicDecrypt,
  timingSafeEqual,
  verify as verifyMessage,
  type KeyObject,
} from 'node:crypto'
import secp256k1 from 'secp256k1'
import type { DigestAlgorithm, SignatureScheme } from '../signing/key.js'
import { integer, sequence } from '../signing/der.js'
import { readCertificate } from './certificate/certificate.js'
import { DerElement } from './der-reader.js'
import { sumHasX } from './native-products.js'
import { combine, curves, inverse, isOnCurve, modulo, type Curve } from './weierstrass.js'

/** DigestInfo up to the digest itself (RFC 8017 9.2 note 1). */
export const digestInfoPrefixes: Readonly<Record<DigestAlgorithm, Buffer>> = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
}
/** Bytes of a digest. */
export const digestLengths: Readonly<Record<DigestAlgorithm, number>> = { sha256: 32, sha384: 48, sha512: 64 }

/** DER Ecdsa-Sig-Value to r||s with `size` bytes each, or undefined when the bytes are not strictly that. */
export function ecdsaToRaw(signature: Uint8Array, size: number): Buffer | undefined {
  try {
    const value = DerElement.read(signature, 0, { whole: true }).expect(0x30)
    if (value.children.length !== 2) return undefined
    const raw = Buffer.alloc(size * 2)
    for (const index of [0, 1]) {
      const number = value.child(index).expect(0x02).integer()
      if (number <= 0n || number >= 1n << BigInt(size * 8)) return undefined
      raw.write(number.toString(16).padStart(size * 2, '0'), index * size, 'hex')
    }
    return raw
  } catch {
    return undefined
  }
}

/** r||s to DER Ecdsa-Sig-Value. */
export function ecdsaFromRaw(raw: Uint8Array): Buffer {
  const half = raw.length / 2
  return sequence(integer(raw.subarray(0, half)), integer(raw.subarray(half)))
}

interface PublicPoint {
  readonly curve: 'ec-p256' | 'ec-p384' | 'ec-secp256k1'
  readonly point: Buffer
  readonly key: () => KeyObject
}
type KnownKey = PublicPoint | { readonly curve: 'other'; readonly key: KeyObject }

const namedCurves: Readonly<Record<string, PublicPoint['curve']>> = {
  '1.2.840.10045.3.1.7': 'ec-p256',
  '1.3.132.0.34': 'ec-p384',
  '1.3.132.0.10': 'ec-secp256k1',
}

/** Parsed public keys, newest last; reading a SubjectPublicKeyInfo through OpenSSL costs more than checking with it. */
const knownKeys = new Map<string, KnownKey>()
const knownKeyLimit = 512
/** RSA with 16384 bits takes 2,086 bytes. */
const largestKnownKey = 4096

function publicKeyOf(spki: Uint8Array): KnownKey {
  const name = Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength).toString('latin1')
  const known = knownKeys.get(name)
  if (known !== undefined) return known
  const info = DerElement.read(spki, 0, { whole: true }).expect(0x30)
  const algorithm = info.child(0)
  const curve = algorithm.child(0).oid() === '1.2.840.10045.2.1' ? namedCurves[algorithm.child(1).oid()] : undefined
  const bytes = Buffer.from(spki)
  let object: KeyObject | undefined
  const key = (): KeyObject => (object ??= createPublicKey({ key: bytes, format: 'der', type: 'spki' }))
  const parsed: KnownKey =
    curve === undefined ? { curve: 'other', key: key() } : { curve, point: Buffer.from(info.child(1).bitString()), key }
  // A larger one is read each time: nobody fills this process with keys of his own making.
  if (bytes.length > largestKnownKey) return parsed
  knownKeys.set(name, parsed)
  if (knownKeys.size > knownKeyLimit) {
    const oldest = knownKeys.keys().next()
    if (oldest.done !== true) knownKeys.delete(oldest.value)
  }
  return parsed
}

function verifyOnNistCurve(curve: Curve, point: Buffer, digest: Uint8Array, signature: Uint8Array): boolean {
  if (point.length !== 1 + 2 * curve.size || point[0] !== 4) return false
  const qx = BigInt(`0x${point.subarray(1, 1 + curve.size).toString('hex')}`)
  const qy = BigInt(`0x${point.subarray(1 + curve.size).toString('hex')}`)
  if (!isOnCurve(curve, qx, qy)) return false
  const raw = ecdsaToRaw(signature, curve.size)
  if (raw === undefined) return false
  const r = BigInt(`0x${raw.subarray(0, curve.size).toString('hex')}`)
  const s = BigInt(`0x${raw.subarray(curve.size).toString('hex')}`)
  if (r >= curve.n || s >= curve.n) return false
  const e = BigInt(`0x${Buffer.from(digest.subarray(0, curve.size)).toString('hex')}`)
  const w = inverse(s, curve.n)
  const u = modulo(e * w, curve.n)
  const v = modulo(r * w, curve.n)
  const native = curve === curves['ec-p256'] ? sumHasX({ u, v, point, qx, qy, r }) : undefined
  if (native !== undefined) return native
  const x = combine(curve, u, v, qx, qy)
  return x !== undefined && modulo(x, curve.n) === r
}

function verifySecp256k1(point: Buffer, digest: Uint8Array, signature: Uint8Array): boolean {
  const raw = ecdsaToRaw(signature, 32)
  if (raw === undefined || digest.length < 32) return false
  try {
    // libsecp256k1 refuses the upper half of s, which every other implementation emits half of the time.
    return secp256k1.ecdsaVerify(secp256k1.signatureNormalize(raw), digest.subarray(0, 32), point)
  } catch {
    return false
  }
}

/** MGF1 of RFC 8017 B.2.1. */
export function maskGeneration(seed: Uint8Array, length: number, algorithm: DigestAlgorithm): Buffer {
  const blocks: Buffer[] = []
  for (let counter = 0, made = 0; made < length; counter++) {
    const suffix = Buffer.alloc(4)
    suffix.writeUInt32BE(counter)
    const block = createHash(algorithm).update(seed).update(suffix).digest()
    blocks.push(block)
    made += block.length
  }
  return Buffer.concat(blocks).subarray(0, length)
}

/** EMSA-PSS-VERIFY (RFC 8017 9.1.2), MGF1 with the same digest, salt as long as the digest. */
function verifyPssEncoding(encoded: Buffer, modulusBits: number, algorithm: DigestAlgorithm, digest: Uint8Array): boolean {
  const length = digestLengths[algorithm]
  const bits = modulusBits - 1
  const size = Math.ceil(bits / 8)
  const message = encoded.subarray(encoded.length - size)
  if (encoded.subarray(0, encoded.length - size).some((byte) => byte !== 0)) return false
  if (size < 2 * length + 2 || message[size - 1] !== 0xbc) return false
  const masked = message.subarray(0, size - length - 1)
  const hash = message.subarray(size - length - 1, size - 1)
  const topMask = 0xff >> (8 * size - bits)
  if (((masked[0] ?? 0) & ~topMask & 0xff) !== 0) return false
  const mask = maskGeneration(hash, masked.length, algorithm)
  const block = Buffer.from(masked.map((byte, index) => byte ^ (mask[index] ?? 0)))
  block[0] = (block[0] ?? 0) & topMask
  const padding = block.length - length - 1
  if (block.subarray(0, padding).some((byte) => byte !== 0) || block[padding] !== 1) return false
  const again = createHash(algorithm)
    .update(Buffer.alloc(8))
    .update(digest)
    .update(block.subarray(padding + 1))
    .digest()
  return timingSafeEqual(again, hash)
}

interface FoundRight {
  readonly key: KeyObject
  readonly info: Buffer
}

/**
 * RSA signatures found right a moment ago, by their bytes: what a provider gave is checked at once, and again where the finished
 * structure is. The same key, digest and signature have the same answer; it is given once more and then forgotten.
 */
const foundRight = new Map<string, FoundRight>()
const foundRightLimit = 256

function verifyPkcs1(key: KeyObject, { digestAlgorithm, digest, signature }: DigestSignature): boolean {
  const info = Buffer.concat([digestInfoPrefixes[digestAlgorithm], digest])
  const name = Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString('latin1')
  const before = foundRight.get(name)
  if (before?.key === key && before.info.equals(info)) {
    foundRight.delete(name)
    return true
  }
  const opened = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature)
  if (opened.length !== info.length || !timingSafeEqual(opened, info)) return false
  foundRight.set(name, { key, info })
  if (foundRight.size > foundRightLimit) {
    const oldest = foundRight.keys().next()
    if (oldest.done !== true) foundRight.delete(oldest.value)
  }
  return true
}

/** A raw signature over a digest, with the key as SubjectPublicKeyInfo or in a certificate (DER). */
export interface DigestSignature {
  readonly publicKeySpki?: Uint8Array
  readonly certificateDer?: Uint8Array
  readonly scheme: SignatureScheme
  readonly digestAlgorithm: DigestAlgorithm
  readonly digest: Uint8Array
  /** DER Ecdsa-Sig-Value for ECDSA, the block for RSA. */
  readonly signature: Uint8Array
  /** The bytes `digest` was made of. With them the check of P-256 and P-384 is one native step. */
  readonly message?: Uint8Array
}

/**
 * Checks one signature over a digest. Never throws for bad signature bytes: they are false.
 * Curves P-256, P-384 and secp256k1 (libsecp256k1, both halves of s), RSA PKCS#1 v1.5 and PSS.
 * @throws MalformedDer or an OpenSSL error when the key itself cannot be read
 */
export function verifyDigestSignature(input: DigestSignature): boolean {
  const spki = input.publicKeySpki ?? (input.certificateDer === undefined ? undefined : readCertificate(input.certificateDer).spki)
  if (spki === undefined) throw new TypeError('verifyDigestSignature needs publicKeySpki or certificateDer')
  if (input.digest.length !== digestLengths[input.digestAlgorithm]) return false
  const known = publicKeyOf(spki)
  if (input.scheme === 'ecdsa') {
    if (known.curve === 'other') return false
    if (known.curve === 'ec-secp256k1') return verifySecp256k1(known.point, input.digest, input.signature)
    if (input.message !== undefined) {
      return verifyMessage(input.digestAlgorithm, input.message, known.key(), input.signature)
    }
    return verifyOnNistCurve(curves[known.curve], known.point, input.digest, input.signature)
  }
  if (known.curve !== 'other' || known.key.asymmetricKeyType !== 'rsa') return false
  try {
    if (input.scheme === 'rsa-pkcs1') return verifyPkcs1(known.key, input)
    const opened = publicDecrypt({ key: known.key, padding: constants.RSA_NO_PADDING }, input.signature)
    return verifyPssEncoding(opened, known.key.asymmetricKeyDetails?.modulusLength ?? 0, input.digestAlgorithm, input.digest)
  } catch {
    return false
  }
}
