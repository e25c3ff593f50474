import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { systemContextOf } from '../../../test/helpers/company-context.js'
import { scratchDatabase, type ScratchDatabase } from '../../../test/helpers/scratch-database.js'
import type { CompanyContext } from '../../access/context.js'
import { createAudit, type AuditSystem } from '../../audit/create-audit.js'
import { createLogger } from '../../host/logger.js'
import { Fault } from '../../i18n/fault.js'
import { verifyDigestSignature } from '../../validation/ecdsa.js'
import { objectIdentifier, printableString, sequence } from '../der.js'
import { createSigningService } from '../create-signing-service.js'
import type { Key, KeyAlgorithm } from '../key.js'
import type { KeyUse, SigningService } from '../signing-service.js'
import { certify, issueCertificate } from './test-authority.js'
import { createPublicKey } from 'node:crypto'
import { softHsmIsHere, SoftToken } from './soft-token.js'

const use: KeyUse = { purpose: 'seal-document', subject: { type: 'invoice', id: '1', label: 'INV/1' } }

function refusedWith(code: string) {
  return (error: unknown): boolean => error instanceof Fault && error.code === code
}

describe('signing service', function () {
  this.timeout(180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const companyId = randomUUID()
  let scratch: ScratchDatabase
  let audit: AuditSystem
  let service: SigningService
  let context: CompanyContext
  let now = new Date()
  let token: SoftToken | undefined

  before(async () => {
    scratch = await scratchDatabase()
    const logger = createLogger({ logLevel: 'silent' })
    audit = createAudit({ database: scratch.database, anchorFile: path.join(scratch.dataDir, 'anchors'), now: () => now, logger })
    context = await systemContextOf(companyId)
    if (softHsmIsHere) {
      token = new SoftToken()
      token.generate('EC:prime256v1', '0a', 'seal')
    }
    const signing = { masterKey: null, timeStampUrl: null, pkcs11: token === undefined ? [] : [token.configuration()], csc: [] }
    service = createSigningService({
      database: scratch.database,
      audit,
      config: { dataDir: scratch.dataDir, signing },
      now: () => now,
      logger,
    })
  })
  after(async () => {
    await service.close()
    await audit.close()
    token?.remove()
    await scratch.end()
  })
  afterEach(() => {
    now = new Date()
  })

  const generate = (algorithm: KeyAlgorithm, certificateUntil = new Date('2035-01-01')): Promise<Key> =>
    scratch.database.company(companyId, async (transaction) => {
      const key = await service.generateKey(transaction, context, { name: `Seal ${algorithm}`, algorithm, purposes: ['seal-document'] })
      const publicKey = createPublicKey({ key: key.publicKey, format: 'der', type: 'spki' })
      const certificate = certify({ commonName: 'Seal', issuer: root, notAfter: certificateUntil }, algorithm, publicKey, root.privateKey)
      return service.installCertificates(transaction, context, key.id, [certificate.der, root.der])
    })

  for (const algorithm of ['ec-secp256k1', 'ec-p256', 'rsa-2048'] as const) {
    it(`signs given digests with a generated ${algorithm} key`, async () => {
      const key = await generate(algorithm)
      const signer = await service.open(context, key.id, use)
      const digest = createHash('sha256').update('hash of an invoice').digest()
      const signature = await signer.signDigest(digest)
      const check = {
        certificateDer: key.certificates[0],
        scheme: signer.scheme,
        digestAlgorithm: signer.digestAlgorithm,
        digest,
        signature,
      }
      assert.equal(verifyDigestSignature(check), true)
    })
  }

  it('a key opened again has the same list of certificates, so that what was made for them is there; another key has its own', async () => {
    const [key, other] = [await generate('ec-p256'), await generate('ec-p256')]
    const [first, again, stranger] = [key, key, other].map(async ({ id }) => (await service.open(context, id, use)).certificates)
    assert.deepEqual(await first, key.certificates)
    assert.equal(await first, await again)
    assert.deepEqual(await stranger, other.certificates)
  })

  it('keeps the private key wrapped, under a file only its owner reads', async () => {
    const key = await generate('ec-p256')
    const rows = await scratch.database.company(companyId, (transaction) => transaction.knex('core_key').where({ id: key.id }).select('*'))
    const row = JSON.stringify(rows)
    assert.match(row, /wrapped/)
    assert.doesNotMatch(row, /BEGIN|PRIVATE/)
    const file = path.join(scratch.dataDir, 'master.key')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(Buffer.from(readFileSync(file, 'utf8'), 'base64').length, 32)
  })

  it('checks the policy and logs every use before the first signature', async () => {
    const key = await generate('ec-p256')
    await assert.rejects(service.open(context, key.id, { ...use, purpose: 'issue-certificate' }), refusedWith('SIGN-PURPOSE-NOT-ALLOWED'))
    const uses = Array.from({ length: 50 }, (_, index) => ({
      ...use,
      subject: { type: 'invoice', id: String(index), label: `INV/${index}` },
    }))
    await service.open(context, key.id, uses)
    const events = await scratch.database.company(companyId, (transaction) => audit.of(transaction, { type: 'key', id: key.id }, 200))
    assert.equal(events.filter((event) => event.action === 'key.used').length, 50)
    assert.equal((await audit.verify(companyId))[0]?.intact, true)
    await scratch.database.company(companyId, (transaction) =>
      service.setPolicy(transaction, context, key.id, {
        limits: { amount: { value: '1000.00', currency: 'SAR' }, until: new Date(Date.now() + 60_000) },
      }),
    )
    await assert.rejects(service.open(context, key.id, use), refusedWith('SIGN-AMOUNT-LIMIT'))
    await assert.rejects(
      service.open(context, key.id, { ...use, amount: { value: '1000.01', currency: 'SAR' } }),
      refusedWith('SIGN-AMOUNT-LIMIT'),
    )
    // Not «1000.0000 SAR», as the column keeps it.
    await assert.rejects(service.open(context, key.id, { ...use, amount: { value: '1000.50', currency: 'SAR' } }), {
      params: { name: key.name, limit: '1000 SAR', amount: '1000.5 SAR' },
    })
    await service.open(context, key.id, { ...use, amount: { value: '1000.00', currency: 'SAR' } })
    now = new Date(Date.now() + 120_000)
    await assert.rejects(
      service.open(context, key.id, { ...use, amount: { value: '1', currency: 'SAR' } }),
      refusedWith('SIGN-KEY-PERIOD-ENDED'),
    )
  })

  it('a key is one company’s alone: another one is refused and not told whose it is, also after it was reported lost', async () => {
    const stranger = await systemContextOf(randomUUID())
    const key = await generate('ec-p256')
    const { algorithm, publicKey, certificates, attributes } = key
    const found = { name: 'Token', purposes: ['stamp-e-invoice'], provider: 'agent', algorithm, publicKey, certificates } as const
    const adopt = (who: CompanyContext): Promise<Key> =>
      scratch.database.company(who.companyId, (transaction) => service.adoptKey(transaction, who, { ...found, attributes, stored: {} }))
    const elsewhere = (error: unknown): boolean =>
      error instanceof Fault && error.code === 'SIGN-KEY-ELSEWHERE' && !JSON.stringify(error.details).includes(companyId)
    await assert.rejects(adopt(stranger), elsewhere)
    assert.deepEqual(await scratch.database.company(stranger.companyId, (transaction) => service.keys(transaction)), [])
    assert.equal((await adopt(context)).name, 'Token', 'a second registration in the company that has it')
    await scratch.database.company(companyId, (transaction) => service.stopKey(transaction, context, key.id, 'token lost'))
    await assert.rejects(adopt(stranger), elsewhere)
    for (const statement of ['select company_id from core_key_holder', 'delete from core_key_holder'])
      await assert.rejects(
        scratch.database.company(stranger.companyId, ({ knex }) => knex.raw(statement)),
        /permission denied/,
      )
  })

  it('two companies that take one key at the same moment: one has it', async () => {
    const [one, other] = [await systemContextOf(randomUUID()), await systemContextOf(randomUUID())]
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' })
    const shape = { name: 'Shared', purposes: ['seal-document'] as const, bytes: Buffer.from(pem) }
    const tries = await Promise.allSettled(
      [one, other].map((who) =>
        scratch.database.company(who.companyId, (transaction) =>
          service.importKey(transaction, who, { ...shape, bytes: Buffer.from(pem) }),
        ),
      ),
    )
    assert.deepEqual(tries.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.ok(tries.some((result) => result.status === 'rejected' && refusedWith('SIGN-KEY-ELSEWHERE')(result.reason)))
  })

  it('refuses expired and missing certificates, and a certificate of another key', async () => {
    const key = await generate('ec-p256', new Date('2026-01-01'))
    await assert.rejects(service.open(context, key.id, use), refusedWith('SIGN-CERT-EXPIRED'))
    const bare = await scratch.database.company(companyId, (transaction) =>
      service.generateKey(transaction, context, { name: 'Bare', algorithm: 'ec-p256', purposes: ['seal-document'] }),
    )
    await assert.rejects(service.open(context, bare.id, use), refusedWith('SIGN-CERT-MISSING'))
    await assert.rejects(
      scratch.database.company(companyId, (transaction) => service.installCertificates(transaction, context, bare.id, [root.der])),
      refusedWith('SIGN-CERT-MISMATCH'),
    )
  })

  it('stops a key at once, also for a signer that is open', async () => {
    const key = await generate('ec-p256')
    const signer = await service.open(context, key.id, use)
    await scratch.database.company(companyId, (transaction) => service.stopKey(transaction, context, key.id, 'laptop stolen'))
    await assert.rejects(signer.signDigest(Buffer.alloc(32)), refusedWith('SIGN-KEY-STOPPED'))
    await assert.rejects(service.open(context, key.id, use), refusedWith('SIGN-KEY-STOPPED'))
  })

  it('does not show a key to another company', async () => {
    const key = await generate('ec-p256')
    const other = randomUUID()
    await assert.rejects(service.open(await systemContextOf(other), key.id, use), refusedWith('SIGN-KEY-UNKNOWN'))
  })

  it('makes certificate requests that openssl reads, extensions and secp256k1 included', async () => {
    for (const algorithm of ['ec-secp256k1', 'rsa-2048'] as const) {
      const key = await generate(algorithm)
      const pem = await scratch.database.company(companyId, (transaction) =>
        service.certificateRequest(transaction, context, key.id, {
          name: [
            { type: 'C', value: 'SA' },
            { type: 'OU', value: 'فرع الرياض' },
            { type: 'O', value: 'Khatm' },
            { type: 'CN', value: 'TST-886431145-399999999900003' },
          ],
          extensions: [
            { oid: '1.3.6.1.4.1.311.20.2', value: printableString('ZATCA-Code-Signing') },
            { oid: '2.5.29.37', critical: true, value: sequence(objectIdentifier('1.3.6.1.5.5.7.3.8')) },
          ],
        }),
      )
      const file = path.join(scratch.dataDir, 'request.pem')
      writeFileSync(file, pem)
      const text = execFileSync('openssl', ['req', '-in', file, '-noout', '-verify', '-text'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      assert.match(text, /1\.3\.6\.1\.4\.1\.311\.20\.2/)
      assert.match(text, /X509v3 Extended Key Usage: critical\s+Time Stamping/)
    }
  })

  it('imports PKCS#8, SEC1 and PKCS#12 (RSA and elliptic), and names a wrong password', async () => {
    const folder = scratch.dataDir
    for (const algorithm of ['rsa-2048', 'ec-p256', 'ec-secp256k1'] as const) {
      const made = issueCertificate({ commonName: `Imported ${algorithm}`, algorithm, issuer: root })
      const keyFile = path.join(folder, 'key.pem')
      writeFileSync(keyFile, made.privateKey.export({ format: 'pem', type: 'pkcs8' }))
      writeFileSync(path.join(folder, 'cert.pem'), made.pem)
      writeFileSync(path.join(folder, 'root.pem'), root.pem)
      const container = path.join(folder, 'key.p12')
      execFileSync('openssl', [
        'pkcs12',
        '-export',
        '-inkey',
        keyFile,
        '-in',
        path.join(folder, 'cert.pem'),
        '-certfile',
        path.join(folder, 'root.pem'),
        '-out',
        container,
        '-passout',
        'pass:secret',
      ])
      const load = (bytes: Buffer, password?: string): Promise<Key> =>
        scratch.database.company(companyId, (transaction) =>
          service.importKey(transaction, context, {
            name: `Imported ${algorithm}`,
            purposes: ['seal-document'],
            bytes,
            ...(password === undefined ? {} : { password }),
          }),
        )
      const key = await load(readFileSync(container), 'secret')
      assert.equal(key.algorithm, algorithm)
      assert.deepEqual(
        key.certificates.map((der) => der.equals(made.der) || der.equals(root.der)),
        [true, true],
      )
      const signer = await service.open(context, key.id, use)
      await signer.signMessage?.(Buffer.from('message'))
      await assert.rejects(load(readFileSync(container), 'wrong'), refusedWith('SIGN-IMPORT-PASSWORD'))
      assert.equal((await load(readFileSync(keyFile))).algorithm, algorithm)
      if (algorithm !== 'rsa-2048') {
        const sec1 = createPrivateKey(readFileSync(keyFile)).export({ format: 'der', type: 'sec1' })
        assert.equal((await load(sec1)).algorithm, algorithm)
      }
      await assert.rejects(load(Buffer.from('no key')), refusedWith('SIGN-IMPORT-UNREADABLE'))
    }
  })

  it('adopts a token key and signs with it', async function () {
    if (token === undefined) return this.skip()
    const key = await scratch.database.company(companyId, (transaction) =>
      service.adoptTokenKey(transaction, context, {
        name: 'Token seal',
        purposes: ['seal-document'],
        module: 'soft',
        tokenLabel: 'khatm',
        keyLabel: 'seal',
      }),
    )
    assert.equal(key.provider, 'pkcs11')
    assert.equal(key.attributes.neverExtractable, true)
    const publicKey = createPublicKey({ key: key.publicKey, format: 'der', type: 'spki' })
    const certificate = certify({ commonName: 'Token', issuer: root }, 'ec-p256', publicKey, root.privateKey)
    await scratch.database.company(companyId, (transaction) => service.installCertificates(transaction, context, key.id, [certificate.der]))
    const signer = await service.open(context, key.id, use)
    const digest = createHash('sha256').update('x').digest()
    const signature = await signer.signDigest(digest)
    assert.equal(
      verifyDigestSignature({ publicKeySpki: key.publicKey, scheme: 'ecdsa', digestAlgorithm: 'sha256', digest, signature }),
      true,
    )
  })
})
