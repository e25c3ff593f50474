import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { systemContextOf } from '../../../test/helpers/company-context.js'
import { scratchDatabase, type ScratchDatabase } from '../../../test/helpers/scratch-database.js'
import { createAudit, type AuditSystem } from '../../audit/create-audit.js'
import { createLogger } from '../../host/logger.js'
import { Fault } from '../../i18n/fault.js'
import { createSigningService } from '../create-signing-service.js'
import { loadMasterKey, masterKeyId } from '../keys/software/master-key.js'
import { masterKeyState, rotateMasterKey, type Rotation } from '../keys/software/rotate-master-key.js'
import { wrapKey, wrapperOf } from '../keys/software/wrapping.js'
import type { SigningService } from '../signing-service.js'

describe('a new master key', function () {
  this.timeout(180_000)
  const companies = Array.from({ length: 4 }, () => randomUUID())
  let scratch: ScratchDatabase
  let audit: AuditSystem
  let place: { dataDir: string; signing: { masterKey: null; timeStampUrl: null; pkcs11: []; csc: [] } }
  const keys: { companyId: string; keyId: string }[] = []

  const service = (): SigningService => {
    const logger = createLogger({ logLevel: 'silent' })
    return createSigningService({ database: scratch.database, audit, config: place, now: () => new Date(), logger })
  }
  const generate = async (companyId: string, by: SigningService): Promise<void> => {
    const context = await systemContextOf(companyId)
    const key = await scratch.database.company(companyId, (transaction) =>
      by.generateKey(transaction, context, { name: 'Seal', algorithm: 'ec-p256', purposes: ['seal-document'] }),
    )
    keys.push({ companyId, keyId: key.id })
  }
  const signWithAll = async (by: SigningService): Promise<void> => {
    for (const { companyId, keyId } of keys) {
      const use = { purpose: 'seal-document', subject: { type: 'x', id: '1', label: 'x' } } as const
      const signer = await by.open(await systemContextOf(companyId), keyId, use, { withoutCertificate: true })
      await signer.signDigest(randomBytes(32))
    }
  }
  const wrappers = async (): Promise<Set<string | undefined>> => {
    const found = new Set<string | undefined>()
    for (const companyId of companies) {
      const rows = await scratch.database.company(companyId, (transaction) =>
        transaction.knex('core_key').select<{ stored: { wrapped: string } }[]>('stored'),
      )
      for (const { stored } of rows) found.add(wrapperOf(stored.wrapped))
    }
    return found
  }
  const rotation = (newKey: Buffer, more: Partial<Rotation> = {}): Rotation => ({
    database: scratch.database,
    place,
    companies,
    newKey,
    now: () => new Date(),
    ...more,
  })

  before(async () => {
    scratch = await scratchDatabase()
    place = { dataDir: scratch.dataDir, signing: { masterKey: null, timeStampUrl: null, pkcs11: [], csc: [] } }
    const logger = createLogger({ logLevel: 'silent' })
    audit = createAudit({ database: scratch.database, anchorFile: path.join(scratch.dataDir, 'anchors'), now: () => new Date(), logger })
    const first = service()
    for (const companyId of companies) for (let count = 0; count < 3; count++) await generate(companyId, first)
    await first.close()
  })
  after(async () => {
    await audit.close()
    await scratch.end()
  })

  it('stops half-way and loses nothing: both keys open, new keys get the new one, the same command ends it', async () => {
    const old = loadMasterKey(place)
    const newKey = randomBytes(32)
    const running = service()
    await signWithAll(running)
    let seen = 0
    const broken = rotation(newKey, {
      onProgress: () => {
        if (++seen === 2) throw new RangeError('power cut')
      },
    })
    await assert.rejects(rotateMasterKey(broken), /power cut/)
    assert.deepEqual(await wrappers(), new Set([masterKeyId(old), masterKeyId(newKey)]))
    const state = await masterKeyState(scratch.database, place)
    assert.deepEqual([state.current, state.next], [masterKeyId(old), masterKeyId(newKey)])

    // A process that ran all the time, and one started now.
    await generate(companies[3] ?? '', running)
    const fresh = service()
    await signWithAll(running)
    await signWithAll(fresh)
    await assert.rejects(
      rotateMasterKey(rotation(randomBytes(32))),
      (error) => error instanceof Fault && error.code === 'SIGN-MASTER-KEY-ROTATION-RUNNING',
    )

    const result = await rotateMasterKey(rotation(newKey))
    assert.equal(result.id, masterKeyId(newKey))
    assert.equal(result.rewrapped, 6)
    assert.deepEqual(await wrappers(), new Set([masterKeyId(newKey)]))
    assert.deepEqual(loadMasterKey(place), newKey)
    assert.equal(existsSync(path.join(scratch.dataDir, 'master.key.next')), false)
    assert.equal(Buffer.from(readFileSync(result.retiredFile ?? '', 'utf8'), 'base64').equals(old), true)
    const after = service()
    await signWithAll(after)
    assert.equal((await rotateMasterKey(rotation(newKey))).rewrapped, 0)
    for (const one of [running, fresh, after]) await one.close()
  })

  it('refuses to store a key when the database works with a master key that is not here', async () => {
    const elsewhere = { ...place, signing: { ...place.signing, masterKey: randomBytes(32).toString('base64') } }
    const logger = createLogger({ logLevel: 'silent' })
    const stranger = createSigningService({ database: scratch.database, audit, config: elsewhere, now: () => new Date(), logger })
    await assert.rejects(
      generate(companies[0] ?? '', stranger),
      (error) => error instanceof Fault && error.code === 'SIGN-MASTER-KEY-UNKNOWN',
    )
    await stranger.close()
  })

  it('names the master key in the wrapping and binds it', () => {
    const key = randomBytes(32)
    assert.equal(wrapperOf(wrapKey(key, 'company', 'key', Buffer.from('secret'))), masterKeyId(key))
  })
})
