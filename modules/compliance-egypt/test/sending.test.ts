import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { until } from '../../../test/helpers/until.js'
import { authorityControl } from '../../../test/helpers/authority-control.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { processDocuments, retryNow } from '../../compliance/index.js'
import { claimForSending, recordFailures } from '../../compliance/models/document-rows.js'
import type { PostedOutcome } from '../../invoicing/index.js'
import type { FaultPlan } from '../../sandbox/state/faults.js'
import { limitsOf, limitsOn } from '../authority/batch-limits.js'
import { submissionOf, updateSubmission } from '../authority/submission-rows.js'
import { egyptDemonstration } from '../demonstration.js'
import { egyptianCompany, post, rowsOf, settle } from './running-company.js'

interface Filed {
  readonly uuid: string
  readonly internalId: string
  readonly submission: string
}

describe('Egyptian documents are sent once, whatever becomes of the answer', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  let ahead = 0
  const [example] = egyptDemonstration().invoices
  const { company: _company, ...input } = example ?? assert.fail('no example')

  before(async () => {
    running = await startTestHost({ sandbox: true, now: () => new Date(Date.now() + ahead) })
    context = await egyptianCompany(running)
  })
  after(() => running.stop())
  beforeEach(async () => {
    ahead = 0
    // The same bytes would be taken a second time: nothing but the sender's own care prevents it.
    await control('PUT', 'eta/settings', { decisionMs: 0, searchDelayMs: 0, duplicateMinutes: 0, maximumCharacters: 5_000_000 })
    await setting({ batchDocuments: null, batchBytes: null, searchSeconds: 120 })
  })
  afterEach(() => control('DELETE', 'faults'))

  const control = authorityControl(() => running)
  const fault = (plan: FaultPlan): Promise<unknown> => control('POST', 'faults', plan)
  const setting = (changes: object): Promise<void> =>
    running.host.db.company(context.companyId, (transaction) =>
      running.host.settings.set(transaction, context, 'compliance-egypt', changes),
    )
  const filed = async (...posted: readonly PostedOutcome[]): Promise<Filed[]> => {
    const numbers = new Set(posted.map((one) => one.number))
    return ((await control('GET', 'eta/documents')) as Filed[]).filter((one) => numbers.has(one.internalId)) // the sandbox's own shape
  }
  const invoices = (count: number): Promise<PostedOutcome[]> => post(running.host, context, ...Array.from({ length: count }, () => input))
  /** Time goes by: for the host, and for the claims and waits, which run by the database's clock. */
  const pass = async (seconds: number): Promise<void> => {
    ahead += seconds * 1000
    await running.host.db.company(context.companyId, async ({ knex }) => {
      await knex.raw('update compliance_document set claimed_until = claimed_until - make_interval(secs => ?)', [seconds])
      await knex.raw('update compliance_egypt_submission set send_again_at = send_again_at - make_interval(secs => ?)', [seconds])
    })
  }
  const tryAll = (posted: readonly PostedOutcome[]): Promise<void> =>
    processDocuments(running.host, context, { invoiceIds: posted.map((one) => one.invoiceId) })

  it('a lost answer and a search that shows the document late: asked for until it appears, never sent a second time', async () => {
    await control('PUT', 'eta/settings', { searchDelayMs: 60_000 })
    await fault({ kind: 'status-after-commit', status: 504, path: 'documentsubmissions' })
    const posted = await invoices(2)
    await tryAll(posted)
    for (const seconds of [5, 25, 25]) {
      await pass(seconds)
      await tryAll(posted)
      for (const row of await rowsOf(running.host, context, posted)) {
        assert.match(String(row.lastError?.params?.reason), /not shown by the authority yet/)
        assert.ok((row.nextTryAt?.getTime() ?? Infinity) <= (row.firstSentAt?.getTime() ?? 0) + 120_000)
      }
    }
    assert.equal((await filed(...posted)).length, 2)
    // The authority's clock is the true one: it shows them now.
    await control('PUT', 'eta/settings', { searchDelayMs: 0 })
    const rows = await settle(running.host, context, posted)
    assert.deepEqual(
      rows.map((row) => row.state),
      ['accepted', 'accepted'],
    )
    assert.equal((await filed(...posted)).length, 2)
  })

  it('what never arrived is sent again once the authority would have shown it', async () => {
    await fault({ kind: 'reset-before-commit', path: 'documentsubmissions' })
    const posted = await invoices(1)
    await tryAll(posted)
    await pass(110)
    await tryAll(posted)
    assert.equal((await filed(...posted)).length, 0)
    await pass(11)
    const [row] = await settle(running.host, context, posted)
    assert.equal(row?.state, 'accepted')
    assert.equal((await filed(...posted)).length, 1)
  })

  it('taken, and then unknown for a while under the name it was given: not sent again', async () => {
    await control('PUT', 'eta/settings', { searchDelayMs: 300_000 })
    const posted = await invoices(1)
    await tryAll(posted)
    await fault({ kind: 'status-before-commit', status: 404, path: 'documentsubmissions/', times: 0 })
    await pass(200)
    await tryAll(posted)
    const [waiting] = await rowsOf(running.host, context, posted)
    assert.match(String(waiting?.lastError?.params?.reason), /not shown by the authority yet/)
    assert.equal((await filed(...posted)).length, 1)
    await control('DELETE', 'faults')
    await control('PUT', 'eta/settings', { searchDelayMs: 0 })
    const [row] = await settle(running.host, context, posted)
    assert.equal(row?.state, 'accepted')
  })

  for (const minutes of [-10, -45, 45]) {
    it(`an answer is lost, and the host's clock is then ${String(Math.abs(minutes))} minutes ${minutes < 0 ? 'behind' : 'ahead'}: found at the authority, not sent again`, async () => {
      await fault({ kind: 'status-after-commit', status: 504, path: 'documentsubmissions' })
      const posted = await invoices(1)
      await tryAll(posted)
      assert.equal((await filed(...posted)).length, 1)
      ahead = minutes * 60_000
      // Leases and waits are over by this clock too, and so is the authority's time to show it: what is not found now would be sent again.
      await running.host.db.company(context.companyId, async ({ knex }) => {
        await knex('compliance_document').update({ claimed_until: null, next_try_at: null })
        await knex('compliance_egypt_submission').update({ send_again_at: null })
      })
      const [row] = await until('the document has its answer', async () => {
        await tryAll(posted)
        const rows = await rowsOf(running.host, context, posted)
        return rows.every(({ answeredAt }) => answeredAt !== null) && rows
      })
      assert.equal(row?.state, 'accepted', JSON.stringify(row?.lastError))
      assert.equal((await filed(...posted)).length, 1)
    })
  }

  it('the host’s clock is ahead: an invoice dated ahead of the authority’s clock is refused in words, once, and not sent again', async () => {
    ahead = 10 * 60_000
    const posted = await invoices(1)
    const [row] = await settle(running.host, context, posted)
    assert.equal(row?.state, 'rejected', JSON.stringify(row?.lastError))
    assert.match(JSON.stringify(row.faults), /future/)
    assert.equal((await filed(...posted)).length, 0)
  })

  it('the lease of a slow sender ends while its call is on the way: the next one does not send', async () => {
    await fault({ kind: 'timeout-after-commit', milliseconds: 2000, path: 'documentsubmissions' })
    const posted = await invoices(1)
    const slow = tryAll(posted)
    await until('the authority has it', async () => (await filed(...posted)).length === 1)
    await running.host.db.company(context.companyId, ({ knex }) => knex('compliance_document').update({ claimed_until: null }))
    await control('PUT', 'eta/settings', { searchDelayMs: 60_000 })
    // Another process, which knows nothing of what this one is sending.
    const other: Host = Object.create(running.host) as Host // all of it, under another name
    await processDocuments(other, context, { invoiceIds: posted.map((one) => one.invoiceId) })
    assert.equal((await rowsOf(running.host, context, posted))[0]?.attempts, 2)
    await slow
    assert.equal((await filed(...posted)).length, 1)
    await control('PUT', 'eta/settings', { searchDelayMs: 0 })
    const [row] = await settle(running.host, context, posted)
    assert.equal(row?.state, 'accepted')
    assert.equal((await filed(...posted)).length, 1)
  })

  it('«Try again» pressed while it is on the way: it is tried when that sender has had his time, not twice at once', async () => {
    await fault({ kind: 'timeout-after-commit', milliseconds: 2000, path: 'documentsubmissions' })
    const posted = await invoices(1)
    const slow = tryAll(posted)
    await until('the authority has it', async () => (await filed(...posted)).length === 1)
    assert.equal(await retryNow(running.host, context, posted[0]?.invoiceId ?? ''), true)
    await tryAll(posted)
    const [during] = await rowsOf(running.host, context, posted)
    assert.equal(during?.attempts, 1)
    await slow
    assert.equal((await settle(running.host, context, posted))[0]?.state, 'accepted')
    assert.equal((await filed(...posted)).length, 1)
  })

  it('whoever finds it taken by another leaves a job for the time after him: a sender that died is no end', async () => {
    const posted = await invoices(1)
    const ids = posted.map((one) => one.invoiceId)
    // Taken, and nobody lives who sends it.
    await running.host.db.company(context.companyId, (transaction) => claimForSending(transaction, ids, new Date(), 60))
    await running.host.jobs.drain()
    assert.equal((await rowsOf(running.host, context, posted))[0]?.attempts, 1)
    // His time is over, for the document and for the job that was left.
    await pass(61)
    const { rowCount } = await running.database.ownerKnex.raw<{ rowCount: number }>(
      `update graphile_worker._private_jobs set run_at = now() where run_at > now() + interval '30 seconds' and payload::text like ?
         and task_id = (select id from graphile_worker._private_tasks where identifier = 'compliance.process')`,
      [`%${ids[0] ?? ''}%`],
    )
    assert.equal(rowCount, 1)
    await running.host.jobs.drain()
    assert.equal((await rowsOf(running.host, context, posted))[0]?.attempts, 2)
    assert.equal((await settle(running.host, context, posted))[0]?.state, 'accepted')
    assert.equal((await filed(...posted)).length, 1)
  })

  it('words no database can hold do not keep an answer, or those beside it, from being written down', async () => {
    const posted = await invoices(2)
    const words = 'half a letter: \ud83d, nothing: \u0000'
    await running.host.db.company(context.companyId, async (transaction) => {
      const failed = posted.map(({ invoiceId }) => ({
        invoice_id: invoiceId,
        state: 'signed' as const,
        last_error: { code: 'COMPLIANCE-UNCERTAIN', params: { reason: words } },
        next_try_at: null,
      }))
      await recordFailures(transaction, failed)
    })
    const rows = await rowsOf(running.host, context, posted)
    assert.deepEqual(
      rows.map(({ lastError }) => lastError?.params?.reason),
      Array(2).fill('half a letter: \ufffd, nothing: \ufffd'),
    )
    await settle(running.host, context, posted)
    await running.host.db.company(context.companyId, async (transaction) => {
      await updateSubmission(transaction, posted[0]?.invoiceId ?? '', { statusReason: words })
      assert.equal((await submissionOf(transaction, posted[0]?.invoiceId ?? ''))?.statusReason, 'half a letter: \ufffd, nothing: \ufffd')
    })
  })

  it('«the same was submitted a short while ago, come back in ten minutes»: asked for meanwhile, sent again only then', async () => {
    await fault({ kind: 'status-before-commit', status: 422, retryAfter: '600', path: 'documentsubmissions' })
    const posted = await invoices(1)
    await tryAll(posted)
    await pass(590)
    await tryAll(posted)
    assert.equal((await filed(...posted)).length, 0)
    const [waiting] = await rowsOf(running.host, context, posted)
    // Not ten minutes after this look, but at the time that was named.
    assert.ok(((waiting?.nextTryAt?.getTime() ?? 0) - Date.now()) / 1000 < 602, String(waiting?.nextTryAt))
    await pass(11)
    const [row] = await settle(running.host, context, posted)
    assert.equal(row?.state, 'accepted')
    assert.equal((await filed(...posted)).length, 1)
  })

  it('too many calls: certainly not taken, and sent as soon as the authority allows', async () => {
    await fault({ kind: 'status-before-commit', status: 429, retryAfter: '1', path: 'documentsubmissions' })
    const posted = await invoices(1)
    await tryAll(posted)
    const row = await running.host.db.company(context.companyId, (transaction) => submissionOf(transaction, posted[0]?.invoiceId ?? ''))
    assert.equal(row?.sendAgainSeconds, null)
    await sleep(1100)
    assert.equal((await settle(running.host, context, posted))[0]?.state, 'accepted')
  })

  it('one document is too large: it alone is refused, in words, and the others are filed', async () => {
    const [lines] = [input.lines]
    assert.ok(Array.isArray(lines))
    const [line] = lines as object[]
    const large = { ...input, lines: Array.from({ length: 40 }, () => ({ ...line })) }
    await control('PUT', 'eta/settings', { maximumCharacters: 20_000 })
    const posted = await post(running.host, context, input, large, input, input)
    const rows = await settle(running.host, context, posted)
    assert.deepEqual(
      rows.map((row) => [row.state, row.faults.map((one) => one.code)]),
      [
        ['accepted', []],
        ['rejected', ['EG-ETA-MAXIMUM-SIZE-EXCEEDED']],
        ['accepted', []],
        ['accepted', []],
      ],
    )
    assert.equal((await filed(...posted)).length, 3)
  })

  it('a gateway refuses a large body without a word of the authority: refused in words all the same', async () => {
    await fault({ kind: 'status-before-commit', status: 413, path: 'documentsubmissions' })
    const [row] = await settle(running.host, context, await invoices(1))
    assert.deepEqual([row?.state, row?.faults[0]?.code], ['rejected', 'EG-ETA-MAXIMUM-SIZE-EXCEEDED'])
  })

  it('batches are as large as the company says, else as the table of the day says', async () => {
    await setting({ batchDocuments: 2, searchSeconds: null })
    const posted = await invoices(5)
    await settle(running.host, context, posted)
    assert.equal(new Set((await filed(...posted)).map((one) => one.submission)).size, 3)
    const limits = await running.host.db.company(context.companyId, (transaction) => limitsOf(running.host, transaction))
    assert.deepEqual(limits, { documents: 2, bytes: 1_000_000, searchSeconds: 0 })
    assert.equal(limitsOn('2026-11-22', 'production').searchSeconds, 120)
    await assert.rejects(setting({ batchDocuments: 0 }))
  })
})
