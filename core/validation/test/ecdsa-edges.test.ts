import assert from 'node:assert/strict'
import { createECDH, createHash, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { algorithmIdentifier, bitString, integer, objectIdentifier, sequence } from '../../signing/der.js'
import type { DigestAlgorithm } from '../../signing/key.js'
import { ecdsaFromRaw, ecdsaToRaw, verifyDigestSignature } from '../ecdsa.js'
import { combine, curves, inverse, modulo } from '../weierstrass.js'

const rounds = process.env['KHATM_FULL'] === '1' ? 2000 : 40

for (const { kind, name, oid, digestAlgorithm } of [
  { kind: 'ec-p256', name: 'prime256v1', oid: '1.2.840.10045.3.1.7', digestAlgorithm: 'sha256' },
  { kind: 'ec-p384', name: 'secp384r1', oid: '1.3.132.0.34', digestAlgorithm: 'sha384' },
] as const) {
  describe(`ECDSA over a digest on ${name}`, function () {
    this.timeout(180_000)
    const curve = curves[kind]
    const { n, p, size } = curve
    const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex')
    const number = (value: Uint8Array): bigint => BigInt(`0x${Buffer.from(value).toString('hex')}`)
    const random = (): bigint => modulo(number(randomBytes(size + 8)), n - 1n) + 1n
    const pointOf = (d: bigint): Buffer => {
      const key = createECDH(name)
      key.setPrivateKey(bytes(d))
      return key.getPublicKey()
    }
    const spkiOf = (point: Uint8Array): Buffer =>
      sequence(algorithmIdentifier('1.2.840.10045.2.1', objectIdentifier(oid)), bitString(point))
    const rawSignature = (r: bigint, s: bigint): Buffer => sequence(integer(bytes(r)), integer(bytes(s)))
    const checked = (point: Uint8Array, e: bigint, r: bigint, s: bigint): boolean =>
      verifyDigestSignature({
        publicKeySpki: spkiOf(point),
        scheme: 'ecdsa',
        digestAlgorithm,
        digest: bytes(e),
        signature: rawSignature(r, s),
      })
    /** x of k·G modulo n, by our own arithmetic. */
    const rOf = (k: bigint): bigint => modulo(combine(curve, k, 0n, curve.gx, curve.gy) ?? 0n, n)

    it('says what node:crypto says of random keys, messages, digests and changed bits', () => {
      for (let round = 0; round < rounds; round++) {
        const pair = generateKeyPairSync('ec', { namedCurve: name })
        const publicKeySpki = pair.publicKey.export({ format: 'der', type: 'spki' })
        const message = randomBytes(round)
        const other: DigestAlgorithm = (['sha256', 'sha384', 'sha512'] as const)[round % 3] ?? 'sha256'
        const digest = createHash(other).update(message).digest()
        const signature = sign(other, message, pair.privateKey)
        const changed = Buffer.from(signature)
        changed[round % signature.length] = (changed[round % signature.length] ?? 0) ^ (1 << (round % 8))
        for (const one of [signature, changed]) {
          const ours = verifyDigestSignature({ publicKeySpki, scheme: 'ecdsa', digestAlgorithm: other, digest, signature: one })
          assert.equal(ours, verify(other, message, pair.publicKey, one), `${publicKeySpki.toString('hex')} ${one.toString('hex')}`)
        }
      }
    })

    it('takes both halves of s, and refuses the same signature under the opposite point and any other key', () => {
      for (let round = 0; round < rounds / 8; round++) {
        const [d, message] = [random(), randomBytes(20)]
        const point = pointOf(d)
        const opposite = Buffer.concat([point.subarray(0, 1 + size), bytes(p - number(point.subarray(1 + size)))])
        const pair = { key: spkiOf(point), format: 'der', type: 'spki' } as const
        const k = random()
        const r = rOf(k)
        const e = number(createHash(digestAlgorithm).update(message).digest())
        const s = modulo(inverse(k, n) * (e + r * d), n)
        assert.ok(verify(digestAlgorithm, message, pair, rawSignature(r, s)))
        assert.ok(checked(point, e, r, s) && checked(point, e, r, n - s))
        for (const wrong of [opposite, pointOf(random()), pointOf(modulo(2n * d, n))]) assert.equal(checked(wrong, e, r, s), false)
        assert.equal(checked(point, modulo(-e, n), r, s), false)
      }
    })

    it('refuses numbers outside 1 to n-1, written in more or fewer bytes too', () => {
      const d = random()
      const [point, k, e] = [pointOf(d), random(), random()]
      const r = rOf(k)
      const s = modulo(inverse(k, n) * (e + r * d), n)
      assert.ok(checked(point, e, r, s))
      const publicKey = { key: spkiOf(point), format: 'der', type: 'spki' } as const
      for (const [badR, badS] of [
        [0n, s],
        [r, 0n],
        [0n, 0n],
        [n, s],
        [r, n],
        [n - 1n, s],
        [r, n - 1n],
        [n - 1n, n - 1n],
        [1n, 1n],
        [p - 1n, s],
        [(1n << BigInt(size * 8)) - 1n, s],
      ] as const) {
        assert.equal(checked(point, e, badR, badS), false, `${badR} ${badS}`)
        assert.equal(verify(digestAlgorithm, randomBytes(3), publicKey, rawSignature(badR, badS)), false)
      }
      const raw = ecdsaFromRaw(ecdsaToRaw(rawSignature(r, s), size) ?? Buffer.alloc(0))
      assert.deepEqual(raw, rawSignature(r, s))
    })

    it('refuses points that are not on the curve, and points written in other forms', () => {
      const d = random()
      const [point, k, e] = [pointOf(d), random(), random()]
      const r = rOf(k)
      const s = modulo(inverse(k, n) * (e + r * d), n)
      const moved = Buffer.from(point)
      moved[size * 2] = (moved[size * 2] ?? 0) ^ 1
      const tooLarge = Buffer.concat([point.subarray(0, 1 + size), Buffer.alloc(size, 0xff)])
      const compressed = Buffer.concat([Buffer.of(2 + ((point[size * 2] ?? 0) & 1)), point.subarray(1, 1 + size)])
      for (const wrong of [moved, tooLarge, compressed, Buffer.alloc(1), Buffer.concat([Buffer.of(4), Buffer.alloc(size * 2)])])
        assert.equal(checked(wrong, e, r, s), false)
    })

    it('decides the cases the native way leaves out, as the definition has them', () => {
      for (let round = 0; round < 4; round++) {
        const [d, k] = [random(), random()]
        const [point, r] = [pointOf(d), rOf(k)]
        const signed = (e: bigint): bigint => modulo(inverse(k, n) * (e + r * d), n)
        // u = 0: a digest that is nothing, or n itself.
        assert.ok(checked(point, 0n, r, signed(0n)) && checked(point, n, r, signed(0n)))
        assert.equal(checked(point, 0n, r, signed(1n)), false)
        // v = n - 1, that is s = -r.
        const atEnd = modulo(-r * k - r * d, n)
        assert.equal(signed(atEnd), n - r)
        assert.ok(checked(point, atEnd, r, n - r))
        assert.equal(checked(point, modulo(atEnd + 1n, n), r, n - r), false)
        // v = 1, that is s = r.
        const atStart = modulo(r * k - r * d, n)
        assert.ok(checked(point, atStart, r, r))
        // u·G = v·Q, a doubling; and u·G = -v·Q, whose sum is no point at all.
        assert.ok(checked(point, modulo(r * d, n), r, signed(modulo(r * d, n))))
        assert.equal(checked(point, modulo(-r * d, n), r, random()), false)
        // The key is the base point itself or its opposite.
        for (const own of [1n, n - 1n]) {
          const s = modulo(inverse(k, n) * (5n + r * own), n)
          assert.ok(checked(pointOf(own), 5n, r, s))
          assert.equal(checked(pointOf(n - own), 5n, r, s), false)
        }
      }
    })
  })
}
