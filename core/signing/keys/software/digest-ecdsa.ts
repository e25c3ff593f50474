import { createECDH, randomBytes } from 'node:crypto'
import { ecdsaFromRaw } from '../../../validation/ecdsa.js'
import { curves, inverse, modulo } from '../../../validation/weierstrass.js'

/**
 * ECDSA (FIPS 186-5 6.4.1) over a digest that is already made: node:crypto hashes whatever it is given, so a caller
 * that holds only the digest needs this. The one secret curve operation, k·G, is OpenSSL's own (a fresh ECDH key); what
 * stays here is arithmetic modulo n, blinded by a random factor, since BigInt does not run in constant time.
 */
export function signDigestOnNistCurve(curveName: 'ec-p256' | 'ec-p384', privateScalar: bigint, digest: Uint8Array): Buffer {
  const { n, size } = curves[curveName]
  const e = BigInt(`0x${Buffer.from(digest.subarray(0, size)).toString('hex')}`)
  for (;;) {
    const ephemeral = createECDH(curveName === 'ec-p256' ? 'prime256v1' : 'secp384r1')
    const point = ephemeral.generateKeys()
    const k = BigInt(`0x${ephemeral.getPrivateKey('hex')}`)
    const r = modulo(BigInt(`0x${point.subarray(1, 1 + size).toString('hex')}`), n)
    const blind = modulo(BigInt(`0x${randomBytes(size + 8).toString('hex')}`), n - 1n) + 1n
    const s = modulo(inverse(modulo(k * blind, n), n) * modulo(modulo(blind * e, n) + modulo(blind * privateScalar, n) * r, n), n)
    if (r === 0n || s === 0n) continue
    const raw = Buffer.from(r.toString(16).padStart(size * 2, '0') + s.toString(16).padStart(size * 2, '0'), 'hex')
    return ecdsaFromRaw(raw)
  }
}
