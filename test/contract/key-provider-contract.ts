import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { DigestAlgorithm, KeyAlgorithm, KeyProvider, KeyReference, SignatureScheme } from '../../core/signing/key.js'
import { verifyDigestSignature, type DigestSignature } from '../../core/validation/ecdsa.js'
import { Fault } from '../../core/i18n/fault.js'

export interface ProviderUnderTest {
  readonly provider: KeyProvider
  /** A key of that algorithm with its public half; undefined when the provider has none. */
  key(algorithm: KeyAlgorithm): Promise<{ reference: KeyReference; publicKey: Buffer } | undefined>
  /** A reference the provider cannot serve. */
  readonly unknown: KeyReference
  /** PINs, passwords and keys that no fault may repeat. */
  readonly secrets?: readonly string[]
  /** Requests at once; 200 unless the provider asks a person for each. */
  readonly atOnce?: number
  close(): Promise<void>
}

const digests: readonly DigestAlgorithm[] = ['sha256', 'sha384', 'sha512']
const ways: readonly (readonly [KeyAlgorithm, SignatureScheme, readonly DigestAlgorithm[]])[] = [
  ['rsa-2048', 'rsa-pkcs1', digests],
  ['rsa-2048', 'rsa-pss', digests],
  ['rsa-3072', 'rsa-pkcs1', ['sha384']],
  ['rsa-3072', 'rsa-pss', ['sha512']],
  ['ec-p256', 'ecdsa', digests],
  ['ec-p384', 'ecdsa', digests],
  ['ec-secp256k1', 'ecdsa', digests],
]

/** What every key provider must do, whatever its keys lie in. */
export function describeKeyProvider(name: string, open: () => Promise<ProviderUnderTest>): void {
  describe(`key provider contract: ${name}`, function () {
    let tested: ProviderUnderTest
    let closed = false
    before(async () => {
      tested = await open()
    })
    after(async () => {
      if (!closed) await tested.close()
    })

    const isCoded = (error: unknown): boolean => {
      assert.ok(error instanceof Fault)
      assert.match(error.code, /^SIGN-[A-Z0-9-]+$/)
      const told = `${error.message} ${JSON.stringify(error.details)} ${error.stack ?? ''}`
      for (const secret of tested.secrets ?? []) assert.equal(told.includes(secret), false)
      return true
    }

    for (const [algorithm, scheme, algorithms] of ways) {
      for (const digestAlgorithm of algorithms) {
        it(`signs a digest and a message with ${algorithm} ${scheme} ${digestAlgorithm}`, async function () {
          const key = await tested.key(algorithm)
          if (key === undefined) return this.skip()
          for (const withMessage of [false, true]) {
            const message = randomBytes(200)
            const digest = createHash(digestAlgorithm).update(message).digest()
            const request = { scheme, digestAlgorithm, digest, ...(withMessage ? { message } : {}) }
            const signature = await tested.provider.signDigest(key.reference, request)
            const check: DigestSignature = { publicKeySpki: key.publicKey, scheme, digestAlgorithm, digest, signature }
            assert.equal(verifyDigestSignature(check), true)
            assert.equal(verifyDigestSignature({ ...check, message }), true)
            // RSA fills the modulus; ECDSA is DER.
            if (algorithm.startsWith('rsa-')) assert.equal(signature.length, Number(algorithm.slice(4)) / 8)
            else assert.equal(signature[0], 0x30)
          }
        })
      }
    }

    it('refuses a digest of another length than its algorithm has', async () => {
      const key = await tested.key('ec-p256')
      assert.ok(key)
      for (const length of [0, 20, 31, 33, 48, 64]) {
        const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: Buffer.alloc(length, 1) } as const
        await assert.rejects(tested.provider.signDigest(key.reference, request), isCoded)
      }
    })

    it('refuses a scheme that the key does not have', async () => {
      const key = await tested.key('ec-p256')
      assert.ok(key)
      for (const scheme of ['rsa-pkcs1', 'rsa-pss'] as const) {
        const request = { scheme, digestAlgorithm: 'sha256', digest: randomBytes(32) } as const
        await assert.rejects(tested.provider.signDigest(key.reference, request), isCoded)
      }
    })

    it('signs many digests at once, each with its own signature', async () => {
      const key = await tested.key('ec-p256')
      assert.ok(key)
      const seen = new Set<string>()
      await Promise.all(
        Array.from({ length: tested.atOnce ?? 200 }, async () => {
          const message = randomBytes(40)
          const digest = createHash('sha256').update(message).digest()
          const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest } as const
          const signature = await tested.provider.signDigest(key.reference, request)
          assert.equal(verifyDigestSignature({ publicKeySpki: key.publicKey, ...request, signature, message }), true)
          seen.add(signature.toString('hex'))
        }),
      )
      assert.equal(seen.size, tested.atOnce ?? 200)
    })

    it('answers a coded fault for a key it does not have, and goes on working', async () => {
      const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: randomBytes(32) } as const
      await assert.rejects(tested.provider.signDigest(tested.unknown, request), isCoded)
      const key = await tested.key('ec-p256')
      assert.ok(key)
      await tested.provider.signDigest(key.reference, request)
    })

    it('forgets a key without harm, and closes with requests under way: each ends', async () => {
      const key = await tested.key('ec-p256')
      assert.ok(key)
      tested.provider.forget?.(key.reference.keyId)
      const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: randomBytes(32) } as const
      const running = Array.from({ length: 20 }, () =>
        tested.provider.signDigest(key.reference, request).then((signature) => signature.length > 0, isCoded),
      )
      closed = true
      await tested.close()
      assert.deepEqual(new Set(await Promise.all(running)), new Set([true]))
    })
  })
}
