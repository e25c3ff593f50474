import assert from 'node:assert/strict'
import { requestEventHash, readEvents } from '../../services/events.js'
import { makeCompletionFiles } from '../completion-files.js'
import { lostRequests, verifyRequestLog, type LogCheck } from '../verify-log.js'
import { evidenceHouse, finishedRequest, type EvidenceHouse, type FinishedRequest } from './finished-request.js'
import { asOwner } from './as-owner.js'

describe('event log of a request', function () {
  this.timeout(180_000)
  let house: EvidenceHouse
  let finished: FinishedRequest
  const check = (id = finished.request.id): Promise<LogCheck> =>
    house.host.host.db.company(house.context.companyId, (transaction) => verifyRequestLog(house.host.host, transaction, id))

  before(async () => {
    house = await evidenceHouse('B')
  })
  after(() => house.stop())

  beforeEach(async () => {
    finished = await finishedRequest(house)
    const { eventLog } = await makeCompletionFiles(house.host.host, house.context, finished.request, finished.events)
    await house.host.host.db.company(house.context.companyId, async (transaction) => {
      const { sha256 } = await house.host.host.files.put(transaction, eventLog, 'application/pdf')
      await transaction
        .knex('signatures_request')
        .where({ company_id: house.context.companyId, id: finished.request.id })
        .update({ event_log_sha256: sha256 })
    })
  })

  it('holds, as the company log and the sealed file say too', async () => {
    const { intact, sealed, events } = await check()
    assert.deepEqual([intact, sealed, events], [true, true, finished.events.length])
    assert.ok((await house.host.host.audit.verify(house.context.companyId)).every((one) => one.intact))
  })

  it('one row changed', async () => {
    await asOwner(house, (knex) =>
      knex('signatures_event').where({ request_id: finished.request.id, sequence: 4 }).update({ origin: '{"ip":"198.51.100.1"}' }),
    )
    assert.deepEqual(pick(await check()), [false, 'chain', 4])
  })

  it('last row deleted', async () => {
    const last = finished.events.length
    await asOwner(house, (knex) => knex('signatures_event').where({ request_id: finished.request.id, sequence: last }).delete())
    assert.deepEqual(pick(await check()), [false, 'company-log', last])
  })

  it('every hash computed anew by the owner of the database: the company log tells, and where that was rewritten too, the sealed file', async () => {
    const { id } = finished.request
    await asOwner(house, async (knex) => {
      await knex('signatures_event')
        .where({ request_id: id, sequence: 6 })
        .update({ actor: '{"id":null,"kind":"signer","name":"Somebody else"}' })
    })
    const events = await house.host.host.db.company(house.context.companyId, (transaction) => readEvents(transaction, id))
    let before: Buffer = Buffer.alloc(32)
    const hashes = events.map(({ hash: _hash, ...event }) => (before = requestEventHash(before, event)))
    await asOwner(house, async (knex) => {
      for (const [index, hash] of hashes.entries())
        await knex('signatures_event')
          .where({ request_id: id, sequence: index + 1 })
          .update({ hash })
    })
    assert.deepEqual(pick(await check()), [false, 'company-log', 6])
    await asOwner(house, async (knex) => {
      for (const [index, hash] of hashes.entries())
        await knex.raw(
          `update core_audit_event set facts = jsonb_set(facts, '{hash}', to_jsonb(?::text)) where subject_id = ? and (facts->>'sequence')::int = ?`,
          [hash.toString('hex'), id, index + 1],
        )
    })
    assert.deepEqual(pick(await check()), [false, 'sealed-log', 6])
    assert.ok(
      (await house.host.host.audit.verify(house.context.companyId)).some((one) => !one.intact),
      'khatm audit verify finds it as well',
    )
  })

  it('a whole request taken out is missed', async () => {
    const { id } = finished.request
    await asOwner(house, async (knex) => {
      await knex('signatures_event').where({ request_id: id }).delete()
      await knex('signatures_request').where({ id }).delete()
    })
    const lost = await house.host.host.db.company(house.context.companyId, lostRequests)
    assert.deepEqual(lost, [id])
  })
})

function pick({ intact, reason, brokenAt }: LogCheck): unknown[] {
  return [intact, reason, brokenAt]
}
