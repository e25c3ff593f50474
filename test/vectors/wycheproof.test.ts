import assert from 'node:assert/strict'
import { createHash, createPublicKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { algorithmIdentifier, context, integer, nullValue, sequence } from '../../core/signing/der.js'
import { digestLengths, ecdsaFromRaw, ecdsaToRaw, verifyDigestSignature } from '../../core/validation/ecdsa.js'
import { digestNameByOid, verifyMessageSignature } from '../../core/validation/signature-algorithm.js'
import type { DigestAlgorithm, SignatureScheme } from '../../core/signing/key.js'
import { readVectors, type Vector } from './wycheproof-reader.js'

/**
 * Project Wycheproof: signatures made to be wrongly accepted. The vectors are not part of this repository. Sources of Debian
 * packages hold them (`apt-get source NAME`): android-platform-external-boringssl in src/third_party/wycheproof_testvectors
 * (RSA and ECDSA on P-256 and P-384, as text), libsecp256k1 0.5 in src/wycheproof (secp256k1, as JSON), nss in
 * gtests/common/wycheproof/source_vectors (RSA-PSS, as JSON). test/helpers/install-test-vectors.mjs fetches the first two; any other
 * folder of such files is named in KHATM_WYCHEPROOF. Without them the tests say skipped. Not one signature may be wrongly accepted; each
 * kind of signature that is refused though its vector is valid is listed with the reason.
 */
const folders = [process.env.KHATM_WYCHEPROOF, join(import.meta.dirname, '../../../shared/data/wycheproof'), '/usr/local/share/wycheproof']
const folder = folders.find((one) => one !== undefined && existsSync(one)) ?? ''
const there = folder !== ''

const digests: readonly string[] = ['sha256', 'sha384', 'sha512']
const isDigest = (name: string): name is DigestAlgorithm => digests.includes(name)

/** Half of the order of secp256k1. */
const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/**
 * Bitcoin forbids the upper half of s; everybody else emits it half of the time (SEC 1), and so do tax authorities: here it is
 * a signature like any other, and what is expected of it there says nothing.
 */
const hasOtherRules = (vector: Vector): boolean => {
  if (!vector.file.includes('bitcoin')) return false
  const raw = ecdsaToRaw(vector.signature, 32)
  return raw !== undefined && BigInt(`0x${raw.subarray(32).toString('hex')}`) > halfOrder
}

const byDigest = (vector: Vector, scheme: SignatureScheme): boolean => {
  if (!isDigest(vector.digest)) return false
  const digest = createHash(vector.digest).update(vector.message).digest()
  const { spki, signature } = vector
  return verifyDigestSignature({ publicKeySpki: spki, scheme, digestAlgorithm: vector.digest, digest, signature })
}

const oids: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(digestNameByOid).map(([oid, name]) => [name, oid]))
const rsa: Readonly<Record<string, string>> = { sha1: '5', sha224: '14', sha256: '11', sha384: '12', sha512: '13' }
const ecdsa: Readonly<Record<string, string>> = { sha256: '2', sha384: '3', sha512: '4' }

const byMessage = (vector: Vector, algorithm: Buffer): boolean => {
  const { message, spki, signature } = vector
  const key = () => createPublicKey({ key: spki, format: 'der', type: 'spki' })
  return verifyMessageSignature({ algorithm, message, spki, key, signature }) === 'valid'
}
const pssAlgorithm = (vector: Vector): Buffer => {
  const hash = (name: string | undefined): Buffer => algorithmIdentifier(oids[name ?? ''] ?? '1.2.3', nullValue)
  const mask = algorithmIdentifier('1.2.840.113549.1.1.8', hash(vector.mask))
  const parameters = sequence(context(0, hash(vector.digest)), context(1, mask), context(2, integer(vector.saltLength ?? 0)))
  return algorithmIdentifier('1.2.840.113549.1.1.10', parameters)
}

interface Suite {
  readonly title: string
  /** Checked in our own arithmetic: every fifth vector, all with KHATM_FULL=1. */
  readonly slow?: true
  readonly files: RegExp
  readonly check: (vector: Vector) => boolean
  /** Vectors whose parameters are those of the entry point; all unless told. */
  readonly asks?: (vector: Vector) => boolean
  /** Vectors that the entry point cannot be asked about, so that refusing them is no fault. */
  readonly refused?: (vector: Vector) => boolean
}

const weakDigest = (vector: Vector): boolean => vector.digest === 'sha1' || vector.digest === 'sha224' || vector.digest.includes('-')
const weakKey = (vector: Vector): boolean => {
  const { modulusLength } = createPublicKey({ key: vector.spki, format: 'der', type: 'spki' }).asymmetricKeyDetails ?? {}
  return modulusLength !== undefined && modulusLength < 1900
}

const suites: readonly Suite[] = [
  {
    title: 'RSA PKCS#1 v1.5 over a digest',
    files: /^rsa_signature_(\d+_sha(256|384|512)_)?test\./,
    check: (vector) => byDigest(vector, 'rsa-pkcs1'),
    refused: (vector) => !isDigest(vector.digest),
  },
  {
    title: 'RSA PKCS#1 v1.5 over a message',
    files: /^rsa_signature_.*test\./,
    check: (vector) => byMessage(vector, algorithmIdentifier(`1.2.840.113549.1.1.${rsa[vector.digest] ?? '99'}`, nullValue)),
    refused: (vector) => weakDigest(vector) || weakKey(vector),
  },
  {
    title: 'RSA-PSS over a digest',
    files: /^rsa_pss_\d+_.*test\./,
    // The port of keys makes salts as long as the digest and masks with the same digest, and knows no others.
    asks: (vector) => isDigest(vector.digest) && vector.mask === vector.digest && vector.saltLength === digestLengths[vector.digest],
    check: (vector) => byDigest(vector, 'rsa-pss'),
  },
  {
    title: 'RSA-PSS over a message',
    files: /^rsa_pss_.*test\./,
    check: (vector) => byMessage(vector, pssAlgorithm(vector)),
    refused: (vector) => weakDigest(vector) || vector.mask !== vector.digest,
  },
  {
    title: 'ECDSA over a digest',
    slow: true,
    files: /^ecdsa_secp(256r1|384r1|256k1)_.*test\./,
    check: (vector) => byDigest(vector, 'ecdsa'),
  },
  {
    title: 'ECDSA over a message',
    files: /^ecdsa_secp(256r1|384r1|256k1)_.*test\./,
    check: (vector) => byMessage(vector, algorithmIdentifier(`1.2.840.10045.4.3.${ecdsa[vector.digest] ?? '9'}`)),
  },
  {
    title: 'ECDSA as r||s, there and back',
    slow: true,
    files: /^ecdsa_secp(256r1|384r1|256k1)_.*test\./,
    check: (vector) => {
      const raw = ecdsaToRaw(vector.signature, vector.file.includes('384r1') ? 48 : 32)
      return raw !== undefined && byDigest({ ...vector, signature: ecdsaFromRaw(raw) }, 'ecdsa')
    },
  },
]

describe('Project Wycheproof', function () {
  this.timeout(180_000)
  before(function () {
    if (!there) this.skip()
  })
  for (const suite of suites) {
    it(`${suite.title}: nothing wrongly accepted, nothing refused without a reason`, function () {
      const vectors = readVectors(folder, suite.files).filter(
        (vector, index) =>
          !hasOtherRules(vector) &&
          suite.asks?.(vector) !== false &&
          (suite.slow !== true || process.env.KHATM_FULL === '1' || index % 5 === 0),
      )
      if (vectors.length === 0) this.skip()
      const accepted: string[] = []
      const refused: string[] = []
      let explained = 0
      for (const vector of vectors) {
        const taken = suite.check(vector)
        const name = `${vector.file} ${vector.id} ${vector.comment} [${vector.flags.join(' ')}]`
        if (taken && vector.result === 'invalid') accepted.push(name)
        if (!taken && vector.result === 'valid') {
          if (suite.refused?.(vector) === true) explained++
          else refused.push(name)
        }
      }
      if (process.env.KHATM_FULL === '1') process.stderr.write(`      ${vectors.length} vectors, ${explained} refused with a reason\n`)
      assert.deepEqual(accepted, [])
      assert.deepEqual(refused, [])
    })
  }
})
