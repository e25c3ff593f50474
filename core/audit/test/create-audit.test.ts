import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { systemContextOf } from '../../../test/helpers/company-context.js'
import type { ScratchDatabase } from '../../../test/helpers/scratch-database.js'
import { scratchDatabase } from '../../../test/helpers/scratch-database.js'
import { until } from '../../../test/helpers/until.js'
import { createLogger } from '../../host/logger.js'
import type { AuditHead } from '../audit.js'
import type { AuditSystem } from '../create-audit.js'
import { createAudit } from '../create-audit.js'
import { chainStart, eventHash } from '../event-hash.js'
import { hashedOf, type EventRow } from '../event-row.js'

describe('event log', function () {
  this.timeout(180_000)
  let scratch: ScratchDatabase
  let audit: AuditSystem
  let anchorFile: string

  before(async () => {
    scratch = await scratchDatabase()
    anchorFile = path.join(scratch.dataDir, 'audit-anchors.ndjson')
    audit = createAudit({ database: scratch.database, anchorFile, now: () => new Date(), logger: createLogger({ logLevel: 'silent' }) })
  })
  after(async () => {
    await audit.close()
    await scratch.end()
  })

  const record = async (
    companyId: string,
    count: number,
    facts: Record<string, unknown> = { amount: '115.00', lines: 2 },
  ): Promise<void> => {
    const context = await systemContextOf(companyId)
    await scratch.database.company(companyId, (transaction) => {
      for (let number = 1; number <= count; number += 1) {
        audit.record(transaction, context, {
          action: 'invoice.posted',
          subject: { type: 'invoice', id: String(number), label: `INV/${String(number)}` },
          facts,
        })
      }
      return Promise.resolve()
    })
  }
  const verify = async (companyId: string): Promise<object | undefined> => (await audit.verify(companyId))[0]
  /** As the owner of the database, who may switch off every rule in it. */
  const tamper = (companyId: string, statement: string): Promise<unknown> =>
    scratch.database.ownerKnex.transaction(async (transaction) => {
      await transaction.raw(`select set_config('app.company_id', ?, true)`, [companyId])
      await transaction.raw(statement)
    })

  it('chains the events of a transaction and of the next', async () => {
    const company = randomUUID()
    await record(company, 3)
    await record(company, 2)
    assert.deepEqual(await verify(company), { companyId: company, events: 5, intact: true })
  })

  it('tells the head of a chain: what somebody outside writes down', async () => {
    const company = randomUUID()
    const head = (): Promise<AuditHead> => scratch.database.company(company, (transaction) => audit.head(transaction))
    assert.deepEqual(await head(), { sequence: 0, hash: chainStart.toString('hex') })
    await record(company, 3)
    const { sequence, hash } = await head()
    assert.equal(sequence, 3)
    assert.equal((await audit.verifyPieces(company, [2], { sequence, hash })).intact, true)
    await audit.anchor()
    // Another hash of a place that was written down does not take the place of what was written down.
    const other = await audit.verifyPieces(company, [2], { sequence, hash: 'ab'.repeat(32) })
    assert.deepEqual([other.intact, other.brokenAt, other.reason], [false, 3, 'anchor'])
    await rechain(company)
    const rebuilt = await audit.verifyPieces(company, [2], await head())
    assert.deepEqual([rebuilt.intact, rebuilt.brokenAt, rebuilt.reason], [false, 3, 'anchor'])
  })

  it('keeps nothing of a transaction that was rolled back, and no gap', async () => {
    const company = randomUUID()
    await record(company, 1)
    const context = await systemContextOf(company)
    await scratch.database
      .company(company, (transaction) => {
        audit.record(transaction, context, { action: 'invoice.posted', subject: { type: 'invoice', id: 'x' } })
        return Promise.reject(new Error('no'))
      })
      .catch(() => undefined)
    await record(company, 1)
    assert.deepEqual(await verify(company), { companyId: company, events: 2, intact: true })
  })

  it('stays whole when many write at once, the very first events too', async () => {
    const company = randomUUID()
    await Promise.all(Array.from({ length: 30 }, () => record(company, 2)))
    assert.deepEqual(await verify(company), { companyId: company, events: 60, intact: true })
  })

  it('verifies whatever facts JSON can hold', async () => {
    const company = randomUUID()
    await record(company, 1, {
      z: 1,
      a: [1e21, 1e-7, -0, 0.1, 12345678901234567890, null, true, { b: undefined, a: 'ختم' }],
      text: 'NUL \0 lone \ud800 quote " back \\ line \n emoji 😀',
      کلید: { nested: { '10': 1, '9': 2 } },
    })
    await record(company, 1)
    assert.deepEqual(await verify(company), { companyId: company, events: 2, intact: true })
  })

  it('answers the log of one record, newest first', async () => {
    const company = randomUUID()
    await record(company, 3)
    const log = await scratch.database.company(company, (transaction) => audit.of(transaction, { type: 'invoice', id: '2' }))
    assert.equal(log.length, 1)
    assert.equal(log[0]?.sequence, 2)
    assert.deepEqual(log[0].subject, { type: 'invoice', id: '2', label: 'INV/2' })
    assert.deepEqual(log[0].facts, { amount: '115.00', lines: 2 })
    assert.deepEqual(log[0].actor, { kind: 'system', id: null, name: 'Khatm' })
  })

  for (const [column, value] of [
    ['facts', `'{"amount":"1.00","lines":2}'::jsonb`],
    ['at', `at + interval '1 second'`],
    ['actor_name', `'Somebody'`],
    ['subject_id', `'9'`],
    ['source', `'web'`],
    ['hash', `decode(repeat('00', 32), 'hex')`],
  ] as const) {
    it(`finds one changed row: ${column}`, async () => {
      const company = randomUUID()
      await record(company, 5)
      await tamper(company, `update core_audit_event set ${column} = ${value} where sequence = 3`)
      assert.deepEqual(await verify(company), { companyId: company, events: 5, intact: false, brokenAt: 3, reason: 'hash' })
    })
  }

  it('finds a row taken from the middle', async () => {
    const company = randomUUID()
    await record(company, 5)
    await tamper(company, `delete from core_audit_event where sequence = 3`)
    assert.deepEqual(await verify(company), { companyId: company, events: 5, intact: false, brokenAt: 3, reason: 'gap' })
  })

  it('finds the last row deleted', async () => {
    const company = randomUUID()
    await record(company, 5)
    await tamper(company, `delete from core_audit_event where sequence = 5`)
    assert.deepEqual(await verify(company), { companyId: company, events: 4, intact: false, brokenAt: 5, reason: 'gap' })
  })

  it('finds the last row deleted with the head set back, by the anchor', async () => {
    const company = randomUUID()
    await record(company, 5)
    await audit.anchor()
    await tamper(
      company,
      `delete from core_audit_event where sequence = 5;
       update core_audit_head set sequence = 4, hash = (select hash from core_audit_event where sequence = 4)`,
    )
    assert.deepEqual(await verify(company), { companyId: company, events: 4, intact: false, brokenAt: 5, reason: 'anchor' })
  })

  it('finds a whole chain computed anew, by the anchor', async () => {
    const company = randomUUID()
    await record(company, 5)
    await audit.anchor()
    await rechain(company)
    assert.deepEqual(await verify(company), { companyId: company, events: 5, intact: false, brokenAt: 5, reason: 'anchor' })
  })

  it('finds a company whose log was emptied and which was forgotten', async () => {
    const company = randomUUID()
    await record(company, 2)
    await audit.anchor()
    await tamper(company, `delete from core_audit_event; delete from core_audit_head`)
    const all = await audit.verify()
    assert.deepEqual(
      all.find((one) => one.companyId === company),
      { companyId: company, events: 0, intact: false, brokenAt: 1, reason: 'anchor' },
    )
  })

  it('writes heads down by itself, and only appends', async () => {
    const before = await readFile(anchorFile, 'utf8')
    const company = randomUUID()
    await record(company, 1)
    const text = await until('the head is written down', async () => {
      const now = await readFile(anchorFile, 'utf8')
      return now.includes(company) && now
    })
    assert.ok(text.startsWith(before))
  })

  /** What a clever owner would do: change an event and compute every later hash and the head again. */
  async function rechain(companyId: string): Promise<void> {
    await scratch.database.ownerKnex.transaction(async (transaction) => {
      await transaction.raw(`select set_config('app.company_id', ?, true)`, [companyId])
      await transaction.raw(`update core_audit_event set actor_name = 'Nobody' where sequence = 2`)
      let previous: Buffer = chainStart
      for (const row of await transaction<EventRow>('core_audit_event').orderBy('sequence')) {
        const hash = eventHash(previous, hashedOf(row))
        await transaction('core_audit_event').where({ sequence: row.sequence }).update({ previous, hash })
        previous = hash
      }
      await transaction('core_audit_head').update({ hash: previous })
    })
  }

  it('verifies the pieces in which some events lie, and finds there what the whole would find', async () => {
    const company = randomUUID()
    for (const count of [3, 4, 5, 2]) {
      await record(company, count)
      await audit.anchor()
    }
    // Heads 3, 7, 12, 14: events 5 and 6 lie in one piece of four, 14 in one of two.
    assert.deepEqual(await audit.verifyPieces(company, [6, 5, 14]), { companyId: company, events: 6, intact: true })
    assert.deepEqual(await audit.verifyPieces(company, [15]), {
      companyId: company,
      events: 0,
      intact: false,
      brokenAt: 15,
      reason: 'gap',
    })
    await tamper(
      company,
      `alter table core_audit_event disable trigger all;
       update core_audit_event set facts = '{"amount":"999.00"}' where company_id = '${company}' and sequence = 10;
       alter table core_audit_event enable trigger all`,
    )
    assert.equal((await audit.verifyPieces(company, [6, 5, 14])).intact, true)
    const found = await audit.verifyPieces(company, [8])
    assert.deepEqual([found.intact, found.brokenAt, found.reason], [false, 10, 'hash'])
  })
})
