import assert from 'node:assert/strict'
import { Fault } from '../../../../core/i18n/fault.js'
import { readEvents } from '../../services/events.js'
import { readRequest } from '../../services/request-rows.js'
import { holdOf, releaseHold, setHold } from '../legal-hold.js'
import { keptUntil, dutiesOf, readDuties } from '../retention-duties.js'
import { deletableRequests, runRetention } from '../retention.js'
import { verifyRequestLog } from '../verify-log.js'
import { evidenceHouse, finishedRequest, type EvidenceHouse, type FinishedRequest } from './finished-request.js'

describe('retention and legal hold', function () {
  this.timeout(180_000)
  let house: EvidenceHouse
  let kept: FinishedRequest
  let held: FinishedRequest
  const inCompany: EvidenceHouse['host']['host']['db']['company'] = (companyId, work) => house.host.host.db.company(companyId, work)
  const years = (count: number): Promise<void> =>
    inCompany(house.context.companyId, (transaction) =>
      house.host.host.settings.set(transaction, house.context, 'signatures', { retentionYears: count }),
    )
  const due = (): Promise<string[]> =>
    inCompany(house.context.companyId, async (transaction) => (await deletableRequests(house.host.host, transaction)).map((one) => one.id))
  const inYears = (count: number): void => {
    const at = new Date()
    at.setUTCFullYear(at.getUTCFullYear() + count)
    at.setUTCDate(at.getUTCDate() + 2)
    house.at(at)
  }
  const stored = (sha256: string | null): Promise<boolean> =>
    inCompany(house.context.companyId, (transaction) => house.host.host.files.get(transaction, sha256 ?? '')).then(
      () => true,
      () => false,
    )

  before(async () => {
    house = await evidenceHouse('B')
    kept = await finishedRequest(house, { source: '= First' })
    held = await finishedRequest(house, { source: '= Second' })
  })
  after(() => house.stop())

  it('for ever is the default, and a short term never undercuts a duty of the country', async () => {
    inYears(50)
    assert.deepEqual(await due(), [])
    await years(1)
    inYears(2)
    assert.deepEqual(await due(), [], 'Saudi commercial books: ten years')
    inYears(10)
    assert.deepEqual(await due(), [kept.request.id, held.request.id])
  })

  it('a hold wants a reason, stands in the log, and keeps the files', async () => {
    const { host } = house.host
    const { companyId } = house.context
    await assert.rejects(
      inCompany(companyId, (transaction) => setHold(host, transaction, house.context, held.request.id, '  ')),
      (error) => error instanceof Fault && error.code === 'SIGNATURES-HOLD-REASON',
    )
    await inCompany(companyId, (transaction) => setHold(host, transaction, house.context, held.request.id, 'Case 17/2036'))
    assert.equal(await inCompany(companyId, (transaction) => holdOf(transaction, held.request.id)), 'Case 17/2036')
    assert.deepEqual(await due(), [kept.request.id])
    const [deleted, ...others] = await runRetention(host, house.context)
    assert.deepEqual([deleted?.number, others], [kept.request.number, []], 'the run says what it deleted')
    assert.ok((deleted?.files ?? 0) >= 5 && (deleted?.bytes ?? 0) > 10_000)
    assert.deepEqual(await runRetention(host, house.context), [], 'once')
    assert.equal(await stored(held.request.sealedSha256), true)
  })

  it('what was due is gone; number, people and a log that still holds remain', async () => {
    const { request } = kept
    for (const sha256 of [request.sealedSha256, request.originalSha256, request.frozenSha256]) assert.equal(await stored(sha256), false)
    const { after, events, log } = await inCompany(house.context.companyId, async (transaction) => ({
      after: await readRequest(transaction, request.id),
      events: await readEvents(transaction, request.id),
      log: await verifyRequestLog(house.host.host, transaction, request.id),
    }))
    assert.deepEqual(
      [after.number, after.signers.map((signer) => signer.name)],
      [request.number, request.signers.map((signer) => signer.name)],
    )
    assert.ok(after.signers.every((signer) => Object.keys(signer.values).length === 0))
    const last = events.at(-1)
    assert.equal(last?.type, 'files_deleted')
    assert.ok(JSON.stringify(last.facts).includes(request.sealedSha256 ?? '-'), 'the log says what was deleted')
    assert.equal(log.intact, true)
    assert.ok((await house.host.host.audit.verify(house.context.companyId)).every((one) => one.intact))
  })

  it('a file that another request holds too stays for it', async () => {
    assert.equal(kept.attachment.sha256, held.attachment.sha256)
    assert.equal(await stored(kept.attachment.sha256), true)
  })

  it('released, it goes as well', async () => {
    const { host } = house.host
    await inCompany(house.context.companyId, (transaction) => releaseHold(host, transaction, house.context, held.request.id, 'Case closed'))
    assert.equal((await runRetention(host, house.context)).length, 1)
    for (const sha256 of [held.request.sealedSha256, held.attachment.sha256]) assert.equal(await stored(sha256), false)
    await assert.rejects(
      inCompany(house.context.companyId, (transaction) => setHold(host, transaction, house.context, held.request.id, 'late')),
      (error) => error instanceof Fault && error.code === 'SIGNATURES-FILES-DELETED',
    )
  })

  it('counts from the end of the certificates where the law does', () => {
    const duties = dutiesOf(readDuties(), 'CN', '2026-01-01')
    assert.deepEqual(
      keptUntil(new Date('2026-01-01'), 1, duties, new Date('2028-02-29T00:00:00Z')).from.toISOString(),
      '2033-03-01T00:00:00.000Z',
    )
    assert.deepEqual(dutiesOf(readDuties(), 'CN', '2001-01-01'), [], 'not before the law')
  })

  it('a duty that ended keeps files until another of its kind follows', () => {
    const [first] = readDuties()
    assert.ok(first)
    const ended = { ...first, id: 'ended', countries: ['BG'], from: '2016-01-01', until: '2025-12-31' }
    const next = { ...ended, id: 'next', from: '2026-03-01', until: null }
    const ids = (day: string, ...duties: (typeof first)[]): string[] => dutiesOf(duties, 'BG', day).map(({ id }) => id)
    assert.deepEqual(ids('2025-12-31', ended, next), ['ended'])
    assert.deepEqual(ids('2026-02-01', ended, next), ['ended'], 'between two laws')
    assert.deepEqual(ids('2026-03-01', ended, next), ['next'])
    assert.deepEqual(ids('2030-01-01', ended), ['ended'], 'none follows')
    const other = { ...next, counted: 'certificate-end' as const }
    assert.deepEqual(ids('2026-03-01', ended, other), ['ended', 'next'], 'a duty counted otherwise does not replace it')
  })
})
