import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Fault } from '../../i18n/fault.js'
import { readKeyMaterial } from '../keys/software/key-material.js'
import { hasRocaFingerprint } from '../keys/software/key-safety.js'
import { issueCertificate } from './test-authority.js'

function refusedWith(...codes: string[]) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof Fault)
    assert.ok(codes.includes(error.code), error.code)
    return true
  }
}

describe('key files', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(path.join(tmpdir(), 'key-files-'))
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const file = (name: string): string => path.join(folder, name)
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' })
  }

  it('opens PKCS#12 of old and new kinds, with several certificates and with an empty password; names a wrong one', () => {
    const root = issueCertificate({ commonName: 'Root', ca: true })
    const middle = issueCertificate({ commonName: 'Middle', ca: true, issuer: root })
    const own = issueCertificate({ commonName: 'Own', algorithm: 'rsa-2048', issuer: middle })
    writeFileSync(file('key.pem'), own.privateKey.export({ format: 'pem', type: 'pkcs8' }))
    writeFileSync(file('own.pem'), own.pem)
    writeFileSync(file('chain.pem'), root.pem + middle.pem)
    for (const [kind, password] of [
      [[], 'secret'],
      [['-keypbe', 'AES-256-CBC', '-certpbe', 'AES-256-CBC', '-macalg', 'SHA256'], 'كلمة سر'],
      [['-legacy'], 'secret'],
      [['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'SHA1'], 'secret'],
      [[], ''],
    ] as const) {
      const made = ['pkcs12', '-export', '-inkey', file('key.pem'), '-in', file('own.pem'), '-certfile', file('chain.pem')]
      openssl(...made, ...kind, '-out', file('k.p12'), '-passout', `pass:${password}`)
      const read = readKeyMaterial(readFileSync(file('k.p12')), password)
      assert.equal(read.algorithm, 'rsa-2048')
      assert.equal(read.certificates.length, 3)
      assert.deepEqual(read.certificates[0], own.der)
      assert.throws(() => readKeyMaterial(readFileSync(file('k.p12')), `${password}x`), refusedWith('SIGN-IMPORT-PASSWORD'))
    }
  })

  it('opens PKCS#8 plain and encrypted, PEM and DER, and SEC1; names a wrong password', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    for (const format of ['pem', 'der'] as const) {
      const locked = privateKey.export({ format, type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' } as {
        format: 'der'
        type: 'pkcs8'
      })
      assert.equal(readKeyMaterial(Buffer.from(locked), 'secret').algorithm, 'ec-p384')
      for (const password of [undefined, 'wrong']) {
        assert.throws(() => readKeyMaterial(Buffer.from(locked), password), refusedWith('SIGN-IMPORT-PASSWORD'))
      }
      for (const type of ['pkcs8', 'sec1'] as const) {
        const open = privateKey.export({ format, type } as { format: 'der'; type: 'sec1' })
        assert.equal(readKeyMaterial(Buffer.from(open)).algorithm, 'ec-p384')
      }
    }
  })

  it('refuses small and odd RSA keys, and curves it does not sign with', () => {
    const refused = (key: KeyObject, code: string): void => {
      assert.throws(() => readKeyMaterial(key.export({ format: 'der', type: 'pkcs8' })), refusedWith(code))
    }
    refused(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'SIGN-KEY-UNSUPPORTED')
    refused(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey, 'SIGN-IMPORT-EXPONENT')
    refused(generateKeyPairSync('ec', { namedCurve: 'P-224' }).privateKey, 'SIGN-KEY-UNSUPPORTED')
    refused(generateKeyPairSync('ed25519').privateKey, 'SIGN-KEY-UNSUPPORTED')
  })

  it('refuses halves that do not belong together', () => {
    // The public point inside SEC1 (RFC 5915) of one key beside the private scalar of another.
    const [one, other] = [0, 1].map(() =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'sec1' }),
    )
    assert.ok(one && other)
    const mixed = Buffer.concat([one.subarray(0, one.length - 64), other.subarray(other.length - 64)])
    assert.throws(() => readKeyMaterial(mixed), refusedWith('SIGN-IMPORT-MISMATCH', 'SIGN-IMPORT-UNREADABLE'))
    // One bit of an RSA prime changed.
    const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
    const prime = Buffer.from(jwk.p ?? '', 'base64url')
    prime[40] = (prime[40] ?? 0) ^ 4
    const altered = createPrivateKey({ key: { ...jwk, p: prime.toString('base64url') }, format: 'jwk' })
    const bytes = altered.export({ format: 'der', type: 'pkcs8' })
    assert.throws(() => readKeyMaterial(bytes), refusedWith('SIGN-IMPORT-MISMATCH', 'SIGN-IMPORT-UNREADABLE'))
  })

  it('knows the fingerprint of ROCA, and no sound modulus by it', () => {
    // Primes of that library are k * M + (65537^a mod M), M the product of the first primes: any product of such residues has the mark.
    const primes = [
      3n,
      5n,
      7n,
      11n,
      13n,
      17n,
      19n,
      23n,
      29n,
      31n,
      37n,
      41n,
      43n,
      47n,
      53n,
      59n,
      61n,
      67n,
      71n,
      73n,
      79n,
      83n,
      89n,
      97n,
      101n,
    ]
    const more = [103n, 107n, 109n, 113n, 127n, 131n, 137n, 139n, 149n, 151n, 157n, 163n, 167n]
    const product = [...primes, ...more].reduce((all, prime) => all * prime, 1n)
    const power = (exponent: number): bigint => {
      let value = 1n
      for (let count = 0; count < exponent; count++) value = (value * 65537n) % product
      return value
    }
    assert.equal(hasRocaFingerprint((12345n * product + power(1234)) * (987n * product + power(77))), true)
    for (let count = 0; count < 2; count++) {
      const { n } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
      assert.equal(hasRocaFingerprint(BigInt(`0x${Buffer.from(n ?? '', 'base64url').toString('hex')}`)), false)
    }
  })
})
