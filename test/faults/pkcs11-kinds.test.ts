import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '../../core/i18n/fault.js'
import type { DigestAlgorithm, KeyReference, SignatureScheme } from '../../core/signing/key.js'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import { certify, issueCertificate } from '../../core/signing/test/test-authority.js'
import { verifyDigestSignature } from '../../core/validation/ecdsa.js'

const isFault =
  (...codes: string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof Fault)
    assert.ok(codes.includes(error.code), error.code)
    return true
  }
const compilerIsHere = spawnSync('gcc', ['--version']).status === 0

describe('PKCS#11 tokens of many kinds', function () {
  this.timeout(180_000)
  if (!softHsmIsHere || !compilerIsHere) {
    it('needs the Debian packages softhsm2 and gcc')
    return
  }
  let token: SoftToken
  let shim: string
  let logins: string
  const opened: Pkcs11KeyProvider[] = []
  const variables = ['SHIM_FLAGS', 'SHIM_MECHANISMS', 'SHIM_PINPAD', 'SHIM_LOGINS', 'SHIM_CRASH'] as const

  before(() => {
    token = new SoftToken('kinds')
    token.generate('rsa:2048', '01', 'rsa-2048')
    token.generate('EC:prime256v1', '02', 'ec-p256')
    shim = path.join(token.folder, 'shim.so')
    logins = path.join(token.folder, 'logins')
    execFileSync('gcc', ['-shared', '-fPIC', '-w', '-o', shim, path.resolve(import.meta.dirname, '../fixtures/token-shim.c'), '-ldl'])
  })
  after(() => {
    token.remove()
  })
  afterEach(async () => {
    for (const provider of opened.splice(0)) await provider.close()
    for (const name of variables) process.env[name] = ''
    for (const name of variables) Reflect.deleteProperty(process.env, name)
    rmSync(logins, { force: true })
  })

  /** A provider over the shim; what the shim shows is read by the child it starts. */
  const over = (shown: Partial<Record<(typeof variables)[number], string>>, pinFile: string | null = token.pinFile, timeoutMs = 30_000) => {
    for (const [name, value] of Object.entries({ SHIM_LOGINS: logins, ...shown })) process.env[name] = value
    const provider = new Pkcs11KeyProvider(
      [{ name: 'soft', library: shim, pinFile, pinEnvironment: null }],
      { warn: () => undefined },
      { timeoutMs },
    )
    opened.push(provider)
    return provider
  }
  const tries = (): string => (existsSync(logins) ? readFileSync(logins, 'utf8') : '')

  const signs = async (
    provider: Pkcs11KeyProvider,
    label: 'rsa-2048' | 'ec-p256',
    scheme: SignatureScheme,
    digestAlgorithm: DigestAlgorithm,
    withMessage: boolean,
  ): Promise<void> => {
    const found = await provider.findKey({ module: 'soft', keyLabel: label })
    const reference: KeyReference = { keyId: label, companyId: 'company', algorithm: found.algorithm, stored: found.stored }
    const message = randomBytes(100)
    const digest = createHash(digestAlgorithm).update(message).digest()
    const request = { scheme, digestAlgorithm, digest, ...(withMessage ? { message } : {}) }
    const signature = await provider.signDigest(reference, request)
    assert.equal(verifyDigestSignature({ publicKeySpki: found.publicKey, scheme, digestAlgorithm, digest, message, signature }), true)
  }

  for (const [flags, code, what] of [
    ['0x40000', 'SIGN-PIN-LOCKED', 'a locked PIN'],
    ['0x20000', 'SIGN-PIN-FINAL-TRY', 'one try left'],
  ] as const) {
    it(`does not try a PIN on a token that shows ${what}, and tells it`, async () => {
      const provider = over({ SHIM_FLAGS: flags })
      const [shown] = await provider.tokens('soft')
      assert.deepEqual([shown?.pinLocked, shown?.pinFinalTry], [flags === '0x40000', flags === '0x20000'])
      for (let round = 0; round < 3; round++)
        await assert.rejects(signs(provider, 'ec-p256', 'ecdsa', 'sha256', false), isFault(code, 'SIGN-PIN-WRONG'))
      assert.equal(tries(), '')
    })
  }

  it('lets the reader ask for the PIN on its own keys', async () => {
    const provider = over({ SHIM_FLAGS: '0x100', SHIM_PINPAD: token.pin }, null)
    assert.equal((await provider.tokens('soft'))[0]?.protectedPath, true)
    await signs(provider, 'ec-p256', 'ecdsa', 'sha256', false)
    assert.equal(tries(), 'n')
  })

  it('gives a key that wants it the PIN for each signature', async () => {
    execFileSync(
      'pkcs11-tool',
      [
        '--module',
        softHsmLibrary,
        '--token-label',
        token.label,
        '--login',
        '--pin',
        token.pin,
        '--keypairgen',
        '--key-type',
        'EC:prime256v1',
        '--id',
        '09',
        '--label',
        'each',
        '--always-auth',
      ],
      { stdio: 'ignore' },
    )
    const provider = over({})
    const found = await provider.findKey({ module: 'soft', keyLabel: 'each' })
    assert.equal(found.attributes['pinEachTime'], true)
    const reference: KeyReference = { keyId: 'each', companyId: 'company', algorithm: 'ec-p256', stored: found.stored }
    for (let round = 0; round < 3; round++) {
      const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: randomBytes(32) } as const
      const signature = await provider.signDigest(reference, request)
      assert.equal(verifyDigestSignature({ publicKeySpki: found.publicKey, ...request, signature }), true)
    }
    assert.equal(tries(), 'pppp')
  })

  // CKM_RSA_PKCS 1, RSA_X_509 3, SHA256_RSA_PKCS 0x40, RSA_PKCS_PSS 0xd, SHA256_RSA_PKCS_PSS 0x43, ECDSA 0x1041
  it('signs by the mechanisms a token has: hashing ones with the message, bare RSA with the padding made here', async () => {
    const hashing = over({ SHIM_MECHANISMS: '0x40,0x43' })
    await signs(hashing, 'rsa-2048', 'rsa-pkcs1', 'sha256', true)
    await signs(hashing, 'rsa-2048', 'rsa-pss', 'sha256', true)
    const wanting = over({ SHIM_MECHANISMS: '0x40,0x43' })
    await assert.rejects(signs(wanting, 'rsa-2048', 'rsa-pkcs1', 'sha256', false), isFault('SIGN-TOKEN-NEEDS-MESSAGE'))
    const bare = over({ SHIM_MECHANISMS: '0x3' })
    for (const digest of ['sha256', 'sha384', 'sha512'] as const) {
      await signs(bare, 'rsa-2048', 'rsa-pkcs1', digest, false)
      await signs(bare, 'rsa-2048', 'rsa-pss', digest, false)
    }
    const none = over({ SHIM_MECHANISMS: '0x1' })
    await signs(none, 'rsa-2048', 'rsa-pkcs1', 'sha512', false)
    await assert.rejects(signs(none, 'rsa-2048', 'rsa-pss', 'sha256', true), isFault('SIGN-TOKEN-MECHANISM'))
    await assert.rejects(signs(none, 'ec-p256', 'ecdsa', 'sha256', true), isFault('SIGN-TOKEN-MECHANISM'))
  })

  it('makes a key on the token that cannot leave it, and writes its certificate beside it', async () => {
    const provider = over({})
    const [shown] = await provider.tokens('soft')
    const tokenSerial = shown?.serial ?? ''
    const made = await provider.generateKey({ module: 'soft', tokenSerial, algorithm: 'rsa-2048', label: 'made here' })
    const { sensitive, alwaysSensitive, extractable, neverExtractable, madeOnToken } = made.attributes
    assert.deepEqual([sensitive, alwaysSensitive, extractable, neverExtractable, madeOnToken], [true, true, false, true, true])
    await assert.rejects(
      provider.generateKey({ module: 'soft', tokenSerial, algorithm: 'ec-p256', label: 'made here' }),
      isFault('SIGN-TOKEN-KEY-EXISTS'),
    )
    const root = issueCertificate({ commonName: 'Root', ca: true })
    const publicKey = createPublicKey({ key: made.publicKey, format: 'der', type: 'spki' })
    const certificate = certify({ commonName: 'On the token', issuer: root }, 'rsa-2048', publicKey, root.privateKey)
    await provider.writeCertificate(made.stored, certificate.der)
    await assert.rejects(provider.writeCertificate(made.stored, root.der), isFault('SIGN-CERT-MISMATCH'))
    // An independent program finds the pair.
    const args = ['--module', softHsmLibrary, '--token-label', token.label, '--read-object', '--type', 'cert', '--label', 'made here']
    assert.deepEqual(execFileSync('pkcs11-tool', args, { stdio: ['ignore', 'pipe', 'ignore'] }), certificate.der)
    const keys = await provider.keysOf({ module: 'soft', tokenSerial })
    assert.deepEqual(keys.find((key) => key.label === 'made here')?.certificates, [certificate.der])
    assert.ok(keys.length >= 3)
  })

  it('pairs a certificate that shares only the label, and none of another key', async () => {
    const root = issueCertificate({ commonName: 'Root', ca: true })
    const provider = over({})
    const found = await provider.findKey({ module: 'soft', keyLabel: 'ec-p256' })
    const publicKey = createPublicKey({ key: found.publicKey, format: 'der', type: 'spki' })
    token.installCertificate(root.der, '02', 'of another key')
    assert.deepEqual((await provider.findKey({ module: 'soft', keyLabel: 'ec-p256' })).certificates, [])
    const own = certify({ commonName: 'Own', issuer: root }, 'ec-p256', publicKey, root.privateKey)
    token.installCertificate(own.der, 'ee', 'ec-p256')
    assert.deepEqual((await provider.findKey({ module: 'soft', keyLabel: 'ec-p256' })).certificates, [own.der, root.der])
  })

  it('survives a library that is none, that crashes and that hangs', async () => {
    const text = path.join(token.folder, 'text.so')
    writeFileSync(text, 'no library')
    const empty = path.join(token.folder, 'empty.so')
    execFileSync('gcc', ['-shared', '-x', 'c', '-o', empty, '/dev/null'])
    const modules = [text, empty].map((library, index) => ({ name: `m${index}`, library, pinFile: null, pinEnvironment: null }))
    const broken = new Pkcs11KeyProvider(modules, { warn: () => undefined })
    opened.push(broken)
    for (const { name } of modules) await assert.rejects(broken.tokens(name), isFault('SIGN-MODULE-UNREADABLE'))

    const crashing = over({ SHIM_CRASH: '1' })
    for (let round = 0; round < 7; round++) await assert.rejects(crashing.tokens('soft'), isFault('SIGN-PROVIDER-CRASHED'))
    Reflect.deleteProperty(process.env, 'SHIM_CRASH')

    const hanging = over({}, token.pinFile, 1500)
    await signs(hanging, 'ec-p256', 'ecdsa', 'sha256', false)
    const pid = hanging.processOf('soft')
    assert.ok(pid !== undefined)
    process.kill(pid, 'SIGSTOP')
    await assert.rejects(signs(hanging, 'ec-p256', 'ecdsa', 'sha256', false), isFault('SIGN-PROVIDER-TIMEOUT'))
    await signs(hanging, 'ec-p256', 'ecdsa', 'sha256', false)
    assert.notEqual(hanging.processOf('soft'), pid)
  })

  it('ends each of 50 signatures when the process is killed under them, signed or with a coded fault', async () => {
    const provider = over({})
    const found = await provider.findKey({ module: 'soft', keyLabel: 'rsa-2048' })
    const reference: KeyReference = { keyId: 'rsa', companyId: 'company', algorithm: 'rsa-2048', stored: found.stored }
    let signed = 0
    let faults = 0
    const one = async (): Promise<void> => {
      const request = { scheme: 'rsa-pkcs1', digestAlgorithm: 'sha256', digest: randomBytes(32) } as const
      try {
        const signature = await provider.signDigest(reference, request)
        assert.equal(verifyDigestSignature({ publicKeySpki: found.publicKey, ...request, signature }), true)
        // Killed when the first are done and the others are on their way.
        if (++signed === 8) process.kill(provider.processOf('soft') ?? 0, 'SIGKILL')
      } catch (error) {
        isFault('SIGN-PROVIDER-CRASHED')(error)
        faults++
      }
    }
    await Promise.all(Array.from({ length: 50 }, one))
    assert.equal(signed + faults, 50)
    assert.ok(signed >= 8 && faults > 0, `${signed} signed, ${faults} faults`)
    await one()
    assert.ok(signed + faults === 51 && signed >= 9)
  })
})
