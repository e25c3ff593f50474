import assert from 'node:assert/strict'
import type { CompanyContext } from '../../core/access/context.js'
import { demonstrationCompany } from '../../modules/compliance/index.js'
import { postInvoices } from '../../modules/invoicing/index.js'
import { sampleInvoices } from '../helpers/sample-invoices.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'

/** Invoices of each of two hosts on one chain. KHATM_FULL=1: the figure of the promise. */
const each = process.env.KHATM_FULL === '1' ? 5000 : 500

describe(`two hosts on one data folder post ${String(each)} invoices each on one chain`, function () {
  this.timeout(1_200_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let hosts: TestHost[] = []
  let context: CompanyContext
  const key = 'one-key'

  before(async () => {
    folder = await temporaryFolder()
    const first = await startTestHost({ dataDir: folder.path, sandbox: true, role: { web: true } })
    hosts.push(first)
    const company = await demonstrationCompany(first.host, 'demo-sa')
    context = await first.host.access.systemContext(company?.id ?? '', 'cli')
    hosts.push(await startTestHost({ dataDir: folder.path, sandbox: true }))
  })
  after(async () => {
    for (const host of [...hosts].reverse()) await host.stop()
    hosts = []
    await folder.remove()
  })

  it('gives counters 1..N, each linked to the one before, whoever posted it', async () => {
    const sizes = [1, 7, 50]
    const work = async (host: TestHost): Promise<void> => {
      for (let done = 0, round = 0; done < each; round += 1) {
        const size = Math.min(sizes[round % sizes.length] ?? 1, each - done)
        const outcomes = await postInvoices(
          host.host,
          context,
          sampleInvoices(size).map((input) => ({ input })),
          { print: false },
        )
        for (const outcome of outcomes) assert.equal(outcome.status, 'posted', JSON.stringify(outcome))
        done += size
      }
    }
    await Promise.all(hosts.flatMap((host) => [work(host)]))
    const { documents, numbers } = await firstOf(hosts).host.db.company(context.companyId, async ({ knex }) => ({
      documents: await knex('compliance_document')
        .orderBy('counter')
        .select<{ counter: number; previous_hash: string; hash: string; legal_sha256: string | null }[]>(),
      numbers: await knex('invoicing_invoice').select<{ number: string }[]>('number'),
    }))
    assert.deepEqual(
      documents.map((document) => document.counter),
      Array.from({ length: 2 * each }, (_unused, index) => index + 1),
    )
    for (const [index, document] of documents.entries()) {
      if (index > 0) assert.equal(document.previous_hash, documents[index - 1]?.hash, `link of ${String(index + 1)}`)
      assert.notEqual(document.legal_sha256, null)
    }
    assert.equal(new Set(numbers.map((row) => row.number)).size, 2 * each)
    for (const report of await firstOf(hosts).host.audit.verify(context.companyId)) assert.equal(report.intact, true)
  })

  it('one idempotency key, a hundred calls of the API at once: one invoice, the same answer; another body is refused', async () => {
    const [first] = hosts
    assert.ok(first !== undefined)
    const { url } = await first.listen()
    const { secret } = await first.host.access.createApiKey(context, 'program', ['invoicing.user'])
    const call = async (input: object): Promise<{ status: number; text: string; replayed: boolean }> => {
      const answer = await fetch(`${url}/api/v1/invoices`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(input),
      })
      return { status: answer.status, text: await answer.text(), replayed: answer.headers.get('idempotency-replayed') === 'true' }
    }
    const [input] = sampleInvoices(1)
    assert.ok(input !== undefined)
    const answers = await Promise.all(Array.from({ length: 100 }, () => call(input)))
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [201], answers[0]?.text)
    assert.equal(new Set(answers.map((answer) => answer.text)).size, 1)
    assert.equal(answers.filter((answer) => !answer.replayed).length, 1)
    assert.equal((await call({ ...input, notes: 'another body' })).status, 422)
    const posted = await first.host.db.company(context.companyId, ({ knex }) =>
      knex('invoicing_invoice').count<{ count: number }[]>('* as count'),
    )
    assert.equal(Number(posted[0]?.count), 2 * each + 1)
  })
})

function firstOf(hosts: readonly TestHost[]): TestHost {
  const [first] = hosts
  return first ?? assert.fail('no host runs')
}
