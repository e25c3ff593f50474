import assert from 'node:assert/strict'
import { algorithmProblem } from '../algorithm-policy.js'

const on = (day: string): Date => new Date(`${day}T12:00:00Z`)

describe('algorithm policy by date (ETSI TS 119 312)', () => {
  it('takes today what is recommended', () => {
    for (const digest of ['sha256', 'sha384', 'sha512', 'sha3-256']) assert.equal(algorithmProblem({ digest }, on('2026-11-22')), undefined)
    for (const curve of ['prime256v1', 'secp384r1', 'secp256k1', 'brainpoolP256r1']) {
      assert.equal(algorithmProblem({ digest: 'sha256', scheme: 'ecdsa', curve }, on('2026-11-22')), undefined)
    }
    assert.equal(algorithmProblem({ scheme: 'rsa-pkcs1', keyBits: 2048, exponent: 65537n }, on('2026-11-22')), undefined)
  })

  it('what was fine at a proven time stays fine, and says until when', () => {
    assert.equal(algorithmProblem({ digest: 'sha1' }, on('2011-05-01')), undefined)
    assert.deepEqual(algorithmProblem({ digest: 'sha1' }, on('2026-11-22')), {
      algorithm: 'SHA-1',
      until: new Date('2012-08-01T23:59:59Z'),
    })
    assert.equal(algorithmProblem({ scheme: 'rsa-pkcs1', keyBits: 1024 }, on('2015-01-01')), undefined)
    assert.equal(algorithmProblem({ scheme: 'rsa-pkcs1', keyBits: 1024 }, on('2026-11-22'))?.algorithm, 'RSA 1024')
    assert.equal(algorithmProblem({ scheme: 'rsa-pss', keyBits: 2048 }, on('2029-01-01'))?.algorithm, 'RSA 2048')
    assert.equal(algorithmProblem({ scheme: 'dsa', keyBits: 1024 }, on('2014-01-01')), undefined)
    assert.equal(algorithmProblem({ scheme: 'dsa', keyBits: 1024 }, on('2026-11-22'))?.algorithm, 'DSA 1024')
  })

  it('never takes what proves nothing or only keeps a verifier busy', () => {
    const never = [
      { digest: 'md2' },
      { scheme: 'rsa-pkcs1', keyBits: 512 },
      { scheme: 'rsa-pkcs1', keyBits: 65536 },
      { scheme: 'rsa-pkcs1', keyBits: 2048, exponent: 1n },
      { scheme: 'rsa-pkcs1', keyBits: 2048, exponent: 65536n },
      { scheme: 'rsa-pkcs1', keyBits: 2048, exponent: (1n << 2000n) + 1n },
      { scheme: 'ecdsa', curve: 'explicit curve' },
      { scheme: 'ecdsa', curve: 'secp112r1' },
    ] as const
    for (const use of never)
      assert.equal(algorithmProblem(use, on('2000-01-01'))?.until, null, JSON.stringify(Object.values(use).map(String)))
  })
})
