import assert from 'node:assert/strict'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { batchCsv, batchOf, mostAtOnce, resumeBatch, startBatch, stopBatch } from '../services/post-batch.js'
import { saveDraft } from '../services/drafts.js'
import { parseInvoiceInput } from '../services/input-faults.js'
import { postInvoices } from '../services/post.js'
import { summaryOf } from '../services/read-invoices.js'
import { sampleInput, startTestHost, type TestHost } from './running-host.js'

describe('posting many drafts by a job', function () {
  this.timeout(180_000)
  let test: TestHost
  before(async () => {
    test = await startTestHost()
  })
  after(() => test.stop())

  const inCompany = <Result>(work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> =>
    test.host.db.company(test.company.id, work)
  const drafts = (count: number): Promise<string[]> =>
    inCompany(async (transaction) => {
      const ids: string[] = []
      for (let index = 0; index < count; index++) {
        // Every twentieth has no line, which a draft may lack and an invoice may not.
        const { input } = parseInvoiceInput(sampleInput({ notes: `draft ${String(index)}` }))
        assert.ok(input)
        const saved = await saveDraft(test.host, test.context, transaction, undefined, index % 20 === 19 ? { ...input, lines: [] } : input)
        ids.push(saved.id)
      }
      return ids
    })

  it('posts them in their order, counts, and says why a draft was refused', async () => {
    const ids = await drafts(mostAtOnce + 10)
    const batch = await inCompany((transaction) => startBatch(test.host, transaction, ids))
    await test.host.jobs.drain()
    const now = await inCompany((transaction) => batchOf(transaction, batch))
    assert.deepEqual([now.state, now.total, now.done, now.posted, now.refused], ['done', 60, 60, 57, 3])
    assert.deepEqual(
      now.results.map((result) => result.id),
      ids,
    )
    const refused = now.results[19]
    assert.ok(refused !== undefined && refused.faults.length > 0)
    assert.equal(refused.number, null)
    const numbers = now.results.flatMap((result) => (result.number === null ? [] : [result.number]))
    assert.deepEqual(numbers, [...numbers].sort())
    const lines = batchCsv(test.host, 'en', now.results).toString('utf8').trim().split('\r\n')
    assert.equal(lines.length, 61)
    assert.match(lines[20] ?? '', /^20,refused,,/)
  })

  it('goes on after a stop, and counts what an earlier try had posted without living to say so', async () => {
    const ids = await drafts(8)
    const batch = await inCompany(async (transaction) => {
      const started = await startBatch(test.host, transaction, ids)
      await stopBatch(transaction, started)
      return started
    })
    await test.host.jobs.drain()
    assert.equal((await inCompany((transaction) => batchOf(transaction, batch))).done, 0, 'a stopped batch posts nothing')
    const [killed] = await postInvoices(test.host, test.context, [{ draftId: ids[0] ?? '' }], { print: false })
    assert.equal(killed?.status, 'posted')
    await inCompany((transaction) => resumeBatch(test.host, transaction, batch))
    await test.host.jobs.drain()
    const now = await inCompany((transaction) => batchOf(transaction, batch))
    assert.deepEqual([now.state, now.posted, now.refused], ['done', 8, 0])
    assert.equal(now.results[0]?.number, killed.number)
    assert.equal((await inCompany((transaction) => summaryOf(transaction, ids[7] ?? ''))).state, 'posted')
  })
})
