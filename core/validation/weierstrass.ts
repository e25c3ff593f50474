/**
 * Arithmetic on the NIST prime curves over BigInt, for the one operation node:crypto has no door to: checking an ECDSA
 * signature when only the digest is at hand. Public values only pass here, so running time may depend on them.
 */
export interface Curve {
  readonly p: bigint
  readonly b: bigint
  /** Order of the base point (cofactor 1). */
  readonly n: bigint
  readonly gx: bigint
  readonly gy: bigint
  /** Bytes of a coordinate. */
  readonly size: number
}

/** FIPS 186-5 / SP 800-186; a = p - 3 for all of them. */
export const curves = {
  'ec-p256': {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
    size: 32,
  },
  'ec-p384': {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    gx: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    gy: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
    size: 48,
  },
} as const satisfies Record<string, Curve>

/** The rest that is never negative. */
export function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus
  return rest >= 0n ? rest : rest + modulus
}

/** Inverse by the extended Euclidean algorithm; `value` must not be a multiple of the prime modulus. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [low, high] = [modulo(value, modulus), modulus]
  let [left, right] = [1n, 0n]
  while (low > 1n) {
    const quotient = high / low
    ;[low, high] = [high - quotient * low, low]
    ;[left, right] = [right - quotient * left, left]
  }
  if (low !== 1n) throw new RangeError('no inverse')
  return modulo(left, modulus)
}

/** Jacobian coordinates; z = 0 is the point at infinity. */
interface Point {
  readonly x: bigint
  readonly y: bigint
  readonly z: bigint
}
const infinity: Point = { x: 0n, y: 1n, z: 0n }

function double(curve: Curve, point: Point): Point {
  const { p } = curve
  if (point.z === 0n || point.y === 0n) return infinity
  const zz = (point.z * point.z) % p
  const yy = (point.y * point.y) % p
  const s = (4n * point.x * yy) % p
  const m = (3n * (point.x - zz) * (point.x + zz)) % p
  const x = modulo(m * m - 2n * s, p)
  return { x, y: modulo(m * (s - x) - 8n * yy * yy, p), z: (2n * point.y * point.z) % p }
}

function add(curve: Curve, left: Point, right: Point): Point {
  const { p } = curve
  if (left.z === 0n) return right
  if (right.z === 0n) return left
  const lzz = (left.z * left.z) % p
  const rzz = (right.z * right.z) % p
  const u1 = (left.x * rzz) % p
  const u2 = (right.x * lzz) % p
  const s1 = (left.y * rzz * right.z) % p
  const s2 = (right.y * lzz * left.z) % p
  if (u1 === u2) return s1 === s2 ? double(curve, left) : infinity
  const h = modulo(u2 - u1, p)
  const r = modulo(s2 - s1, p)
  const hh = (h * h) % p
  const hhh = (h * hh) % p
  const v = (u1 * hh) % p
  const x = modulo(r * r - hhh - 2n * v, p)
  return { x, y: modulo(r * (v - x) - s1 * hhh, p), z: (((h * left.z) % p) * right.z) % p }
}

/** Whether the point lies on the curve y² = x³ - 3x + b; coordinates below p. */
export function isOnCurve(curve: Curve, x: bigint, y: bigint): boolean {
  const { p } = curve
  return x < p && y < p && modulo(y * y - x * x * x + 3n * x - curve.b, p) === 0n
}

/** Affine x of u·G + v·Q, or undefined at infinity (Shamir's trick: both scalars in one walk). */
export function combine(curve: Curve, u: bigint, v: bigint, qx: bigint, qy: bigint): bigint | undefined {
  const base: Point = { x: curve.gx, y: curve.gy, z: 1n }
  const other: Point = { x: qx, y: qy, z: 1n }
  const both = add(curve, base, other)
  let sum = infinity
  for (let bit = BigInt(curve.size * 8 - 1); bit >= 0n; bit--) {
    sum = double(curve, sum)
    const first = (u >> bit) & 1n
    const second = (v >> bit) & 1n
    if (first === 1n) sum = add(curve, sum, second === 1n ? both : base)
    else if (second === 1n) sum = add(curve, sum, other)
  }
  if (sum.z === 0n) return undefined
  const z = inverse(sum.z, curve.p)
  return (sum.x * z * z) % curve.p
}
