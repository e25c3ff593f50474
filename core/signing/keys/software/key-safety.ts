import { createPublicKey, randomBytes, sign, verify, type KeyObject } from 'node:crypto'
import { Fault } from '../../../i18n/fault.js'

/**
 * Refuses a private key that is broken or known to be weak, with the reason. Size and curve are judged elsewhere.
 * @throws Fault SIGN-IMPORT-EXPONENT, SIGN-IMPORT-PRIMES, SIGN-IMPORT-ROCA, SIGN-IMPORT-MISMATCH
 */
export function requireSafeKey(key: KeyObject): void {
  if (key.asymmetricKeyType === 'rsa') requireSafeRsa(key)
  // What the file says is its public half must verify what its private half signs: with a wrong one every signature would be
  // useless, and with wrong RSA parameters it could give the key away.
  const probe = randomBytes(32)
  let fits: boolean
  try {
    fits = verify('sha256', probe, createPublicKey(key), sign('sha256', probe, key))
  } catch {
    fits = false
  }
  if (!fits) throw new Fault('SIGN-IMPORT-MISMATCH')
}

function requireSafeRsa(key: KeyObject): void {
  const jwk = key.export({ format: 'jwk' })
  const number = (text: string | undefined): bigint => BigInt(`0x0${Buffer.from(text ?? '', 'base64url').toString('hex')}`)
  const [n, e, d, p, q] = [number(jwk.n), number(jwk.e), number(jwk.d), number(jwk.p), number(jwk.q)]
  // NIST SP 800-56B 6.2: odd, 65537 or more, below 2^256.
  if (e < 65537n || e % 2n === 0n || e >= 1n << 256n) throw new Fault('SIGN-IMPORT-EXPONENT', { params: { exponent: e.toString() } })
  if (p * q !== n || p <= 1n || q <= 1n || (e * d) % (p - 1n) !== 1n || (e * d) % (q - 1n) !== 1n) throw new Fault('SIGN-IMPORT-MISMATCH')
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  const distance = p > q ? p - q : q - p
  // FIPS 186-5 A.1.3: primes that lie close together are found by Fermat's method; a small private exponent by Wiener's.
  if (distance <= 1n << BigInt(bits / 2 - 100) || d <= 1n << BigInt(bits / 2)) throw new Fault('SIGN-IMPORT-PRIMES')
  if (hasRocaFingerprint(n)) throw new Fault('SIGN-IMPORT-ROCA')
}

const smallPrimes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
  149, 151, 157, 163, 167,
]

/** Residues that powers of 65537 take modulo each small prime. */
const rocaResidues = smallPrimes.map((prime) => {
  const residues = new Set<number>()
  for (let power = 1; !residues.has(power); power = (power * 65537) % prime) residues.add(power)
  return { prime: BigInt(prime), residues }
})

/**
 * CVE-2017-15361 (ROCA): primes made by one maker's smart-card library are powers of 65537 modulo a product of small primes, so the
 * modulus is too, modulo each of them. A sound modulus passes for one by chance once in 2^30 or so.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return rocaResidues.every(({ prime, residues }) => residues.has(Number(modulus % prime)))
}
