import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAudit, type AuditSystem } from '../../core/audit/create-audit.js'
import { createLogger } from '../../core/host/logger.js'
import { issueCertificate } from '../../core/signing/test/test-authority.js'
import { Fault } from '../../core/i18n/fault.js'
import { createSigningService } from '../../core/signing/create-signing-service.js'
import type { KeyReference } from '../../core/signing/key.js'
import type { CscService } from '../../core/signing/keys/csc/connection.js'
import { CscKeyProvider, type CscOptions } from '../../core/signing/keys/csc/csc-provider.js'
import type { SigningService } from '../../core/signing/signing-service.js'
import { verifyDigestSignature } from '../../core/validation/ecdsa.js'
import { startSandbox, type FaultPlan, type Sandbox } from '../../modules/sandbox/index.js'
import { systemContextOf } from '../helpers/company-context.js'
import { scratchDatabase, type ScratchDatabase } from '../helpers/scratch-database.js'

const fault = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.equal(error.code, code, error.message)
  return true
}

describe('a remote signing service that fails (CSC)', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(path.join(tmpdir(), 'khatm-csc-'))
  const secretFile = path.join(folder, 'secret')
  const pinFile = path.join(folder, 'pin')
  let sandbox: Sandbox
  const open: CscKeyProvider[] = []

  before(async () => {
    sandbox = await startSandbox({ dataDir: path.join(folder, 'sandbox') })
    writeFileSync(secretFile, sandbox.csc.clientSecret)
    writeFileSync(pinFile, `${sandbox.csc.pin}\n`)
    await provider().credentials('qtsp')
  })
  afterEach(async () => {
    sandbox.reset()
    for (const one of open.splice(0)) await one.close()
  })
  after(async () => {
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const service = (more: Partial<CscService> = {}): CscService => ({
    name: 'qtsp',
    url: `${sandbox.csc.url}/v2`,
    version: '2',
    clientId: sandbox.csc.clientId,
    clientSecretFile: secretFile,
    authorityFile: null,
    certificateFile: null,
    keyFile: null,
    pinFile: null,
    ...more,
  })

  function provider(more: Partial<CscService> = {}, options: CscOptions = {}): CscKeyProvider {
    const made = new CscKeyProvider([service(more)], options)
    open.push(made)
    return made
  }

  async function sign(by: CscKeyProvider, credentialId = 'seal-p256'): Promise<void> {
    const found = await by.findKey({ service: 'qtsp', credentialId })
    await signWith(by, found.stored, found.publicKey)
  }

  async function signWith(by: CscKeyProvider, stored: KeyReference['stored'], publicKey: Buffer): Promise<void> {
    const reference = { keyId: 'k', companyId: 'c', algorithm: 'ec-p256', stored } as const
    const request = { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: randomBytes(32) } as const
    const signature = await by.signDigest(reference, request)
    assert.equal(verifyDigestSignature({ publicKeySpki: publicKey, ...request, signature }), true)
  }

  it('lists credentials with chain, algorithms, level of sole control and way of authorisation', async () => {
    for (const version of ['1', '2'] as const) {
      const found = await provider({ version, url: `${sandbox.csc.url}/v${version}` }).credentials('qtsp')
      assert.equal(found.length, 9)
      const person = found.find((one) => one.credentialId === 'person-otp')
      assert.deepEqual(person?.authorisation, { mode: 'explicit', pin: 'PIN', oneTimePassword: true })
      const seal = found.find((one) => one.credentialId === 'seal-rsa')
      assert.deepEqual([seal?.algorithm, seal?.scal, seal?.multisign, seal?.certificates.length], ['rsa-2048', '2', 100, 3])
      assert.equal(found.find((one) => one.credentialId === 'disabled')?.enabled, false)
    }
  })

  it('takes signatures that come as r||s', () => sign(provider(), 'seal-raw'))

  it('logs in again once when the token has ended, and says so when that does not help', async () => {
    const by = provider()
    await sign(by)
    sandbox.revokeCscTokens()
    await Promise.all([sign(by), sign(by), sign(by)])
    sandbox.faults.inject({ kind: 'unauthorized', path: 'credentials/authorize', times: 2 })
    await assert.rejects(sign(by), fault('SIGN-CSC-LOGIN-REFUSED'))
    await sign(by)
  })

  it('names a wrong client secret', async () => {
    const wrong = path.join(folder, 'wrong-secret')
    writeFileSync(wrong, 'guess')
    await assert.rejects(sign(provider({ clientSecretFile: wrong })), fault('SIGN-CSC-LOGIN-REFUSED'))
    await assert.rejects(sign(provider({ clientSecretFile: '/nonexistent/secret' })), fault('SIGN-CSC-FILE-MISSING'))
  })

  it('waits when asked to for a moment, and gives up when asked for long', async () => {
    const by = provider({}, { patienceMs: 1000 })
    await sign(by)
    sandbox.faults.inject({ kind: 'rate-limited', path: 'signHash', milliseconds: 1000 })
    await sign(by)
    sandbox.faults.inject({ kind: 'rate-limited', path: 'signHash', milliseconds: 90_000 })
    await assert.rejects(sign(by), (error) => fault('SIGN-CSC-BUSY')(error) && error instanceof Fault && error.params['seconds'] === 90)
  })

  /** For a service that does not answer; whoever answers, however late on a busy machine, is waited for. */
  const hasty: CscOptions = { timeoutMs: 2_000 }
  const failures: readonly [string, FaultPlan['kind'], string][] = [
    ['an answer of 500', 'error-500', 'SIGN-CSC-UNREACHABLE'],
    ['an answer that never comes', 'timeout-before-commit', 'SIGN-CSC-UNREACHABLE'],
    ['a connection that breaks', 'reset-before-commit', 'SIGN-CSC-UNREACHABLE'],
    ['a redirect', 'redirect', 'SIGN-CSC-MALFORMED'],
    ['half an answer', 'malformed-json', 'SIGN-CSC-MALFORMED'],
    ['ten megabytes', 'huge-body', 'SIGN-CSC-MALFORMED'],
    ['fewer signatures than digests', 'fewer-signatures', 'SIGN-CSC-MALFORMED'],
    ['bytes that are no signature', 'garbage-signature', 'SIGN-CSC-MALFORMED'],
  ]
  for (const [what, kind, code] of failures)
    it(`refuses ${what}, and works at the next try`, async () => {
      const by = provider({}, kind === 'timeout-before-commit' ? hasty : {})
      await sign(by)
      sandbox.faults.inject({ kind, path: 'signHash', milliseconds: 20_000 })
      await assert.rejects(sign(by), fault(code))
      await sign(by)
    })

  for (const kind of ['reset-mid-body', 'timeout-after-commit'] as const)
    it(`does not ask twice for a signature whose answer was lost (${kind})`, async () => {
      const by = provider({}, kind === 'timeout-after-commit' ? hasty : {})
      await sign(by)
      // A second request would be answered rightly, so the rejection shows that none was made.
      sandbox.faults.inject({ kind, path: 'signHash', milliseconds: 20_000, times: 1 })
      await assert.rejects(sign(by), fault('SIGN-CSC-UNREACHABLE'))
    })

  for (const version of ['1', '2'] as const)
    it(`sends a wrong PIN once, however many wait, and again only after its file changed (version ${version})`, async () => {
      const file = path.join(folder, `other-pin-${version}`)
      writeFileSync(file, '000000')
      const by = provider({ version, url: `${sandbox.csc.url}/v${version}`, pinFile: file })
      const found = await by.findKey({ service: 'qtsp', credentialId: 'person-pin' })
      const tries = (): Promise<PromiseSettledResult<void>[]> =>
        Promise.allSettled(Array.from({ length: 25 }, () => signWith(by, found.stored, found.publicKey)))
      for (let round = 0; round < 4; round++)
        for (const one of await tries()) {
          assert.equal(one.status, 'rejected')
          fault('SIGN-PIN-WRONG')(one.reason)
        }
      // The service locks after three: a hundred tries of ours were one of them.
      writeFileSync(file, `${sandbox.csc.pin}\n`)
      for (const one of await tries()) assert.equal(one.status, 'fulfilled')
    })

  it('does not send a PIN again whose answer was lost, unless it was accepted before or saved again', async () => {
    const file = path.join(folder, 'unsure-pin')
    writeFileSync(file, sandbox.csc.pin)
    const by = provider({ pinFile: file })
    sandbox.faults.inject({ kind: 'reset-mid-body', path: 'authorize' })
    await assert.rejects(sign(by, 'person-pin'), fault('SIGN-CSC-UNREACHABLE'))
    await assert.rejects(sign(by, 'person-pin'), fault('SIGN-CSC-PIN-UNSURE'))
    writeFileSync(file, `${sandbox.csc.pin}\n`)
    await sign(by, 'person-pin')
    sandbox.faults.inject({ kind: 'reset-mid-body', path: 'authorize' })
    await assert.rejects(sign(by, 'person-pin'), fault('SIGN-CSC-UNREACHABLE'))
    await sign(by, 'person-pin')
  })

  it('sends a wrong PIN once whatever a service calls it, and hands on no words that hold it', async () => {
    const answers = [
      [401, 'invalid_pin', 'wrong'],
      [400, 'invalid_request', 'The PIN 604417 is wrong'],
      [400, 'invalid_request', 'Authorisation failed'],
    ] as const
    for (const [status, error, description] of answers) {
      let sent = 0
      const hostile = createServer((request, response) => {
        const path = request.url ?? ''
        request.resume().on('end', () => {
          const authorising = path.endsWith('authorize')
          if (authorising) sent++
          const [certificate] = certificates
          const body = path.endsWith('info')
            ? path.includes('credentials')
              ? {
                  key: { status: 'enabled', algo: ['1.2.840.10045.4.3.2'] },
                  cert: { certificates: [certificate] },
                  auth: { mode: 'explicit', objects: [{ type: 'Password', id: 'PIN' }] },
                }
              : { authType: ['oauth2client'] }
            : authorising
              ? { error, error_description: description }
              : { access_token: 'token' }
          response.writeHead(authorising ? status : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
        })
      }).listen(0, '127.0.0.1')
      await once(hostile, 'listening')
      const { port } = hostile.address() as AddressInfo // it listens on a port
      const file = path.join(folder, 'hostile-pin')
      writeFileSync(file, '604417')
      const certificates = [issueCertificate({ commonName: 'x' }).der.toString('base64')]
      const by = provider({ url: `http://127.0.0.1:${port}/csc/v2`, pinFile: file })
      try {
        for (let round = 0; round < 4; round++)
          await assert.rejects(
            by.signDigest(
              { keyId: 'k', companyId: 'c', algorithm: 'ec-p256', stored: { service: 'qtsp', credentialId: 'x' } },
              { scheme: 'ecdsa', digestAlgorithm: 'sha256', digest: randomBytes(32) },
            ),
            (thrown) => {
              assert.ok(thrown instanceof Fault)
              assert.match(thrown.code, /^SIGN-(?:PIN-WRONG|CSC-)/)
              assert.doesNotMatch(inspect(thrown, { depth: 9 }), /604417/)
              return true
            },
          )
        assert.equal(sent, 1, description)
      } finally {
        await by.close()
        hostile.close()
      }
    }
  })

  it('refuses credentials that want a person, are switched off or not there, and services that are not safe', async () => {
    await assert.rejects(sign(provider({ pinFile }), 'person-otp'), fault('SIGN-CSC-PERSON-NEEDED'))
    await assert.rejects(sign(provider(), 'person-pin'), fault('SIGN-CSC-PIN-MISSING'))
    await assert.rejects(sign(provider(), 'disabled'), fault('SIGN-CSC-CREDENTIAL-DISABLED'))
    await assert.rejects(sign(provider(), 'nobody'), fault('SIGN-CSC-CREDENTIAL-UNKNOWN'))
    await assert.rejects(provider().findKey({ service: 'other', credentialId: 'seal-p256' }), fault('SIGN-CSC-SERVICE-UNKNOWN'))
    await assert.rejects(sign(provider({ url: 'http://qtsp.example/csc/v2' })), fault('SIGN-CSC-INSECURE'))
    const nobody = provider({ url: 'http://127.0.0.1:9/csc/v2' })
    await assert.rejects(sign(nobody), fault('SIGN-CSC-UNREACHABLE'))
  })

  it('signs PSS only where the credential names PSS', async () => {
    const by = provider()
    const { stored } = await by.findKey({ service: 'qtsp', credentialId: 'seal-p256' })
    const reference = { keyId: 'k', companyId: 'c', algorithm: 'ec-p256', stored } as const
    const request = { scheme: 'rsa-pss', digestAlgorithm: 'sha256', digest: randomBytes(32) } as const
    await assert.rejects(by.signDigest(reference, request), fault('SIGN-CSC-ALGORITHM'))
  })

  describe('behind the signing service', () => {
    let scratch: ScratchDatabase
    let audit: AuditSystem
    let signing: SigningService
    before(async () => {
      scratch = await scratchDatabase()
      const logger = createLogger({ logLevel: 'silent' })
      const now = (): Date => new Date()
      audit = createAudit({ database: scratch.database, anchorFile: path.join(scratch.dataDir, 'anchors'), now, logger })
      const config = {
        dataDir: scratch.dataDir,
        signing: { masterKey: null, timeStampUrl: null, pkcs11: [], csc: [service()] },
      }
      signing = createSigningService({ database: scratch.database, audit, config, now, logger })
    })
    after(async () => {
      await signing.close()
      await audit.close()
      await scratch.end()
    })

    it('a remote key is adopted with its certificate, signs for the policy, and wrong signatures never leave', async () => {
      const companyId = randomUUID()
      const context = await systemContextOf(companyId)
      const remote = signing.provider('csc')
      assert.ok(remote instanceof CscKeyProvider)
      const found = await remote.findKey({ service: 'qtsp', credentialId: 'seal-p256' })
      const key = await scratch.database.company(companyId, (transaction) =>
        signing.adoptKey(transaction, context, { ...found, name: 'Remote seal', purposes: ['seal-document'] }),
      )
      assert.equal(key.attributes['provider'], 'Khatm Sandbox Remote Signing')
      assert.equal(key.certificates.length, 3)
      const use = { purpose: 'seal-document', subject: { type: 'invoice', id: '1', label: 'INV/1' } } as const
      const signer = await signing.open(context, key.id, use)
      const digest = createHash('sha256').update('sealed').digest()
      const signature = await signer.signDigest(digest)
      const check = { publicKeySpki: key.publicKey, scheme: 'ecdsa', digestAlgorithm: 'sha256', digest, signature } as const
      assert.equal(verifyDigestSignature(check), true)
      // Two digests in one request, answered in the wrong order: each is a good signature, of the other document.
      sandbox.faults.inject({ kind: 'swapped-signatures', path: 'signHash' })
      const mixed = await Promise.allSettled([signer.signDigest(randomBytes(32)), signer.signDigest(randomBytes(32))])
      for (const one of mixed) {
        assert.equal(one.status, 'rejected')
        fault('SIGN-SIGNATURE-WRONG')(one.reason)
      }
    })
  })
})
