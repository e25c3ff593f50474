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
  close(): Promise<void>
}

const ways: readonly [KeyAlgorithm, SignatureScheme, DigestAlgorithm][] = [
  ['rsa-2048', 'rsa-pkcs1', 'sha256'],
  ['rsa-2048', 'rsa-pkcs1', 'sha512'],
  ['rsa-2048', 'rsa-pss', 'sha256'],
  ['rsa-3072', 'rsa-pkcs1', 'sha384'],
  ['ec-p256', 'ecdsa', 'sha256'],
  ['ec-p384', 'ecdsa', 'sha384'],
  ['ec-secp256k1', 'ecdsa', 'sha256'],
]

/** What every key provider must do, whatever its keys lie in. */
export function describeKeyProvider(name: string, open: () => Promise<ProviderUnderTest>): void {
  describe(`key provider contract: ${name}`, function () {
    let tested: ProviderUnderTest
    before(async () => {
      tested = await open()
    })
    after(() => tested.close())

    for (const [algorithm, scheme, digestAlgorithm] of ways) {
      it(`signs a digest and a message with ${algorithm} ${scheme} ${digestAlgorithm}`, async function () {
        const key = await tested.key(algorithm)
        if (key === undefined) return this.skip()
        for (const withMessage of [false, true]) {
          const message = randomBytes(200)
          const digest = createHash(digestAlgorithm).update(message).digest()
          const signature = await tested.provider.signDigest(key.reference, {
            scheme,
            digestAlgorithm,
            digest,
            ...(withMessage ? { message } : {}),
          })
          const check: DigestSignature = { publicKeySpki: key.publicKey, scheme, digestAlgorithm, digest, signature }
          assert.equal(verifyDigestSignature(check), true)
          assert.equal(verifyDigestSignature({ ...check, message }), true)
        }
      })
    }

    it('signs many digests at once', async () => {
      const key = await tested.key('ec-p256')
      assert.ok(key)
      await Promise.all(
        Array.from({ length: 40 }, async () => {
          const digest = randomBytes(32)
          const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest } as const
          const signature = await tested.provider.signDigest(key.reference, request)
          assert.equal(verifyDigestSignature({ publicKeySpki: key.publicKey, ...request, signature }), true)
        }),
      )
    })

    it('answers a coded fault for a key it does not have', async () => {
      const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: randomBytes(32) } as const
      await assert.rejects(
        tested.provider.signDigest(tested.unknown, request),
        (error) => error instanceof Fault && error.code.startsWith('SIGN-'),
      )
    })
  })
}
