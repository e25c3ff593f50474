import { constants, createPrivateKey, privateEncrypt, sign, type KeyObject } from 'node:crypto'
import secp256k1 from 'secp256k1'
import { Fault } from '../../../i18n/fault.js'
import { digestInfoPrefixes, digestLengths, ecdsaFromRaw } from '../../../validation/ecdsa.js'
import type { KeyProvider, KeyReference, SignDigestRequest } from '../../key.js'
import { signDigestOnNistCurve } from './digest-ecdsa.js'
import { encodePss } from './pss-encoding.js'
import { unwrapKey } from './wrapping.js'

interface OpenKey {
  readonly key: KeyObject
  /** Private scalar, read out only for the curves that need it. */
  readonly scalar: Buffer | undefined
  readonly modulusBits: number
  readonly until: number
}

/** Unwrapped keys stay in memory this long, and at most so many: a thousand invoices a second cost one unwrapping. */
const openMilliseconds = 60_000
const openLimit = 64

/** Keys that lie wrapped in the database. They are open in this process alone, for a minute after a use. */
export class SoftwareKeyProvider implements KeyProvider {
  readonly kind = 'software'
  private readonly open = new Map<string, OpenKey>()

  constructor(private readonly masterKeys: () => Buffer | readonly Buffer[]) {}

  /**
   * The raw signature with a key of this host. ECDSA as DER (RFC 3279, clause 2.2.3). With `message` the digest is computed over it
   * by OpenSSL's own threads. @throws Fault SIGN-DIGEST-LENGTH, SIGN-ALGORITHM-MISMATCH
   */
  async signDigest(reference: KeyReference, request: SignDigestRequest): Promise<Buffer> {
    const { scheme, digestAlgorithm, digest, message } = request
    if (digest.length !== digestLengths[digestAlgorithm]) {
      throw new Fault('SIGN-DIGEST-LENGTH', { params: { digest: digestAlgorithm, length: digest.length } })
    }
    const { key, scalar, modulusBits } = this.keyOf(reference)
    if (scheme === 'ecdsa') {
      if (reference.algorithm === 'ec-secp256k1') {
        if (scalar === undefined || digest.length < 32) throw new Fault('SIGN-ALGORITHM-MISMATCH')
        return ecdsaFromRaw(secp256k1.ecdsaSign(digest.subarray(0, 32), scalar).signature)
      }
      if (reference.algorithm !== 'ec-p256' && reference.algorithm !== 'ec-p384') throw new Fault('SIGN-ALGORITHM-MISMATCH')
      if (message !== undefined) return sign(digestAlgorithm, message, key)
      if (scalar === undefined) throw new Fault('SIGN-ALGORITHM-MISMATCH')
      return signDigestOnNistCurve(reference.algorithm, BigInt(`0x${scalar.toString('hex')}`), digest)
    }
    if (!reference.algorithm.startsWith('rsa-')) throw new Fault('SIGN-ALGORITHM-MISMATCH')
    if (message !== undefined) return signRsaInPool(digestAlgorithm, message, key, scheme === 'rsa-pss')
    if (scheme === 'rsa-pkcs1') {
      const info = Buffer.concat([digestInfoPrefixes[digestAlgorithm], digest])
      return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, info)
    }
    return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encodePss(digest, modulusBits, digestAlgorithm))
  }

  /** Forgets the opened key (it was stopped). */
  forget(keyId: string): void {
    const known = this.open.get(keyId)
    known?.scalar?.fill(0)
    this.open.delete(keyId)
  }

  /** Forgets all opened keys. */
  close(): Promise<void> {
    for (const keyId of [...this.open.keys()]) this.forget(keyId)
    return Promise.resolve()
  }

  private keyOf(reference: KeyReference): OpenKey {
    const known = this.open.get(reference.keyId)
    if (known !== undefined && known.until > Date.now()) return known
    const wrapped = reference.stored['wrapped']
    if (wrapped === undefined) throw new Fault('SIGN-KEY-UNREACHABLE', { params: { key: reference.keyId }, status: 503 })
    const pkcs8 = unwrapKey(this.masterKeys(), reference.companyId, reference.keyId, wrapped)
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    pkcs8.fill(0)
    const exported = reference.algorithm.startsWith('ec-') ? key.export({ format: 'jwk' }).d : undefined
    const size = reference.algorithm === 'ec-p384' ? 48 : 32
    const scalar =
      exported === undefined ? undefined : Buffer.concat([Buffer.alloc(size), Buffer.from(exported, 'base64url')]).subarray(-size)
    const opened = { key, scalar, modulusBits: key.asymmetricKeyDetails?.modulusLength ?? 0, until: Date.now() + openMilliseconds }
    this.open.delete(reference.keyId)
    this.open.set(reference.keyId, opened)
    for (const keyId of this.open.keys()) {
      if (this.open.size <= openLimit) break
      this.forget(keyId)
    }
    return opened
  }
}

/** RSA costs about a millisecond: it runs in the thread pool, so that the event loop and the second core are free. */
function signRsaInPool(algorithm: string, message: Uint8Array, key: KeyObject, pss: boolean): Promise<Buffer> {
  const padding = pss ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
  const options = pss ? { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : { key, padding }
  return new Promise((resolve, reject) => {
    sign(algorithm, message, options, (error, signature) => {
      if (error === null) resolve(signature)
      else reject(error)
    })
  })
}
