import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { ScratchDatabase } from '../../../test/helpers/scratch-database.js'
import { scratchDatabase } from '../../../test/helpers/scratch-database.js'
import { sqlState } from '../../db/database-faults.js'
import { Fault } from '../../i18n/fault.js'
import { createFiles } from '../create-files.js'

describe('files', function () {
  this.timeout(180_000)
  let scratch: ScratchDatabase
  const files = createFiles()
  const company = randomUUID()
  before(async () => {
    scratch = await scratchDatabase()
  })
  after(() => scratch.end())

  it('give back the same bytes under their SHA-256', async () => {
    const bytes = randomBytes(300_000)
    const stored = await scratch.database.company(company, (transaction) => files.put(transaction, bytes, 'application/pdf'))
    assert.deepEqual(stored, { sha256: createHash('sha256').update(bytes).digest('hex'), size: 300_000, mediaType: 'application/pdf' })
    const back = await scratch.database.company(company, (transaction) => files.get(transaction, stored.sha256))
    assert.equal(back.mediaType, 'application/pdf')
    assert.ok(back.bytes.equals(bytes))
  })

  it('are stored once however often they are put', async () => {
    const bytes = randomBytes(1_000)
    const many = Array.from({ length: 5 }, () => ({ bytes, mediaType: 'text/plain' }))
    await scratch.database.company(company, async (transaction) => {
      assert.equal((await files.putMany(transaction, [...many, { bytes: new Uint8Array(0), mediaType: 'text/plain' }])).length, 6)
      await files.put(transaction, bytes, 'text/plain')
    })
    const count = await scratch.database.company(company, (transaction) =>
      transaction
        .knex('core_blob')
        .where({ sha256: createHash('sha256').update(bytes).digest('hex') })
        .count({ count: '*' })
        .first(),
    )
    assert.equal(count?.count, 1)
  })

  it('stay in their company', async () => {
    const stored = await scratch.database.company(company, (transaction) => files.put(transaction, randomBytes(10), 'text/plain'))
    await assert.rejects(
      scratch.database.company(randomUUID(), (transaction) => files.get(transaction, stored.sha256)),
      (error: unknown) => error instanceof Fault && error.code === 'FILE-MISSING' && error.status === 404,
    )
  })

  it('cannot be changed or removed by the application, and damage is told', async () => {
    const stored = await scratch.database.company(company, (transaction) => files.put(transaction, randomBytes(50), 'text/plain'))
    for (const statement of ['update core_blob set size = 1', 'delete from core_blob']) {
      await assert.rejects(
        scratch.database.company(company, (transaction) => transaction.knex.raw(statement)),
        (error: unknown) => sqlState(error) === '42501',
      )
    }
    await scratch.database.ownerKnex.transaction(async (transaction) => {
      await transaction.raw(`select set_config('app.company_id', ?, true)`, [company])
      await transaction('core_blob')
        .where({ sha256: stored.sha256 })
        .update({ bytes: randomBytes(50) })
    })
    await assert.rejects(
      scratch.database.company(company, (transaction) => files.get(transaction, stored.sha256)),
      (error: unknown) => error instanceof Fault && error.code === 'FILE-CORRUPT',
    )
  })

  it('that are too large are refused', async () => {
    await assert.rejects(
      scratch.database.company(company, (transaction) => files.put(transaction, new Uint8Array(64 * 1024 * 1024 + 1), 'text/plain')),
      (error: unknown) => error instanceof Fault && error.code === 'FILE-TOO-LARGE',
    )
  })
})
