import assert from 'node:assert/strict'
import { constants, createHash, generateKeyPairSync, sign } from 'node:crypto'
import { verifyDigestSignature } from '../ecdsa.js'

describe('signatures over a digest', () => {
  const message = Buffer.from('فاتورة 123')
  for (const [curve, digestAlgorithm] of [
    ['P-256', 'sha256'],
    ['P-384', 'sha384'],
    ['P-256', 'sha512'],
    ['secp256k1', 'sha256'],
  ] as const) {
    it(`agrees with OpenSSL on ${curve} with ${digestAlgorithm}, and refuses every changed bit`, () => {
      const pair = generateKeyPairSync('ec', { namedCurve: curve })
      const publicKeySpki = pair.publicKey.export({ format: 'der', type: 'spki' })
      const digest = createHash(digestAlgorithm).update(message).digest()
      for (let round = 0; round < 8; round++) {
        const signature = sign(digestAlgorithm, message, pair.privateKey)
        const base = { publicKeySpki, scheme: 'ecdsa', digestAlgorithm, digest, signature } as const
        assert.equal(verifyDigestSignature(base), true)
        assert.equal(verifyDigestSignature({ ...base, message }), true)
        const bit = Math.floor(Math.random() * signature.length * 8)
        const changed = Buffer.from(signature)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        assert.equal(verifyDigestSignature({ ...base, signature: changed }), false)
        assert.equal(verifyDigestSignature({ ...base, digest: createHash(digestAlgorithm).update('other').digest() }), false)
      }
    })
  }

  it('an RSA signature found right a moment ago is right for its own key and digest alone', () => {
    const [pair, other] = [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('rsa', { modulusLength: 2048 })]
    const publicKeySpki = pair.publicKey.export({ format: 'der', type: 'spki' })
    const digest = createHash('sha256').update(message).digest()
    const signature = sign('sha256', message, pair.privateKey)
    const base = { publicKeySpki, scheme: 'rsa-pkcs1', digestAlgorithm: 'sha256', digest, signature } as const
    for (let round = 0; round < 3; round++) {
      assert.equal(verifyDigestSignature(base), true)
      assert.equal(verifyDigestSignature({ ...base, digest: createHash('sha256').update('other').digest() }), false)
      assert.equal(verifyDigestSignature({ ...base, publicKeySpki: other.publicKey.export({ format: 'der', type: 'spki' }) }), false)
      assert.equal(verifyDigestSignature({ ...base, scheme: 'rsa-pss' }), false)
    }
  })

  for (const scheme of ['rsa-pkcs1', 'rsa-pss'] as const) {
    it(`agrees with OpenSSL on ${scheme}`, () => {
      const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const publicKeySpki = pair.publicKey.export({ format: 'der', type: 'spki' })
      for (const digestAlgorithm of ['sha256', 'sha384', 'sha512'] as const) {
        const digest = createHash(digestAlgorithm).update(message).digest()
        const signature = sign(digestAlgorithm, message, {
          key: pair.privateKey,
          padding: scheme === 'rsa-pss' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING,
          saltLength: digest.length,
        })
        const base = { publicKeySpki, scheme, digestAlgorithm, digest, signature } as const
        assert.equal(verifyDigestSignature(base), true)
        assert.equal(verifyDigestSignature({ ...base, scheme: scheme === 'rsa-pss' ? 'rsa-pkcs1' : 'rsa-pss' }), false)
        const changed = Buffer.from(signature)
        changed[40] = (changed[40] ?? 0) ^ 4
        assert.equal(verifyDigestSignature({ ...base, signature: changed }), false)
      }
    })
  }
})
