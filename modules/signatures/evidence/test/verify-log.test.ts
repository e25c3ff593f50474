import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
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

  const khatm = async (...args: string[]): Promise<{ status: number; lines: string[] }> => {
    const main = join(import.meta.dirname, '../../../../bin/khatm.mjs')
    const { status, stdout } = await new Promise<{ status: number; stdout: string }>((resolve) => {
      const where = ['--data', house.host.dataDir, ...args]
      execFile(process.execPath, [main, 'signatures', 'verify-log', ...where], { env: { PATH: process.env.PATH } }, (error, stdout) => {
        resolve({ status: typeof error?.code === 'number' ? error.code : 0, stdout })
      })
    })
    return { status, lines: stdout.trim().split('\n') }
  }

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

  it('`khatm signatures verify-log` names the event, and ends with 1; one log alone that holds, with 0', async () => {
    const { request } = finished
    const { code } = await house.host.access.company(house.context.companyId)
    assert.deepEqual(await khatm(request.number, '--company', code, '--lang', 'en'), {
      status: 0,
      lines: [
        `${request.number}: ${String(finished.events.length)} events, chain intact and as sealed`,
        'Logs checked: 1; broken or gone: 0',
      ],
    })
    await asOwner(house, (knex) =>
      knex('signatures_event').where({ request_id: request.id, sequence: 4 }).update({ origin: '{"ip":"198.51.100.1"}' }),
    )
    const event = finished.events[3]
    const arabic = await khatm(request.number, '--company', code, '--lang', 'ar')
    assert.equal(arabic.status, 1)
    assert.match(arabic.lines[0] ?? '', /السجل معيب عند الحدث 4/)
    assert.ok(arabic.lines[0]?.includes(event?.at.toISOString() ?? '-'))
    const json = await khatm('--all', '--company', code, '--json')
    const [answer] = JSON.parse(json.lines.join('\n')) as { requests: LogCheck[] }[] // printed by the command
    const one = answer?.requests.find(({ requestId }) => requestId === request.id)
    assert.deepEqual([json.status, one?.intact, one?.reason, one?.brokenAt, one?.broken?.type], [1, false, 'chain', 4, event?.type])
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
