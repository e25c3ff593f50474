import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CompanyContext } from '../../core/access/context.js'
import { processDocuments, rowsOfInvoices, type DocumentRow } from '../../modules/compliance/index.js'
import { egyptDemonstration } from '../../modules/compliance-egypt/demonstration.js'
import { egyptianCompany, post, settle } from '../../modules/compliance-egypt/test/running-company.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'

/** KHATM_FULL=1: the figure of the promise. */
const full = process.env.KHATM_FULL === '1'
const kills = full ? 100 : 3
/** Of the two hosts that file one queue. */
const queued = full ? 400 : 40

interface Filed {
  readonly uuid: string
  readonly internalId: string
  readonly sha256: string
}

describe(`Egyptian documents while their host is killed ${String(kills)} times`, function () {
  this.timeout(full ? 1_800_000 : 300_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let house: TestHost
  let context: CompanyContext
  let worker: ChildProcess | undefined
  const acknowledged: string[] = []
  const example = egyptDemonstration().invoices[0] ?? assert.fail('no example')
  const { company: _company, ...input } = example

  before(async () => {
    folder = await temporaryFolder()
    // Holds the database and the authority, which outlive every kill; posts and files nothing itself until the end.
    house = await startTestHost({ dataDir: folder.path, sandbox: true })
    context = await egyptianCompany(house)
  })
  after(async () => {
    worker?.kill('SIGKILL')
    await house.stop()
    await folder.remove()
  })

  const control = async (path: string): Promise<unknown> =>
    (await fetch(`${house.authorities?.url ?? ''}/control/${path}`, { signal: AbortSignal.timeout(10_000) })).json()
  const filed = async (): Promise<Filed[]> => (await control('eta/documents')) as Filed[] // the sandbox's own shape
  const allRows = (): Promise<DocumentRow[]> =>
    house.host.db.company(context.companyId, async (transaction) => {
      const invoices: { id: string }[] = await transaction.knex('invoicing_invoice').orderBy('number').select('id')
      return rowsOfInvoices(
        transaction,
        invoices.map((one) => one.id),
      )
    })

  /** A host that works until it is killed. */
  async function start(batch: number): Promise<{ readonly process: ChildProcess; readonly exit: Promise<unknown> }> {
    const script = join(import.meta.dirname, 'egypt-worker.ts')
    const values = [folder.path, context.companyId, JSON.stringify(input), String(batch)]
    const started = spawn(process.execPath, ['--import', join(import.meta.dirname, '../../bin/typescript.mjs'), script, ...values], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    worker = started
    const exit = once(started, 'exit')
    const lines = createInterface({ input: started.stdout })
    const ready = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (line === 'ready') resolve()
        else acknowledged.push(...line.split(' '))
      })
    })
    await Promise.race([ready, exit.then(() => assert.fail('the host ended before it was ready'))])
    return { process: started, exit }
  }

  /** Brings what is left to its end, as the next host would. */
  async function finish(): Promise<DocumentRow[]> {
    // The lease of a killed host's claim is two minutes; what it held is claimed again after it.
    await house.host.db.company(context.companyId, (transaction) =>
      transaction.knex('compliance_document').whereNotNull('claimed_until').update({ claimed_until: null }),
    )
    for (const until = Date.now() + 240_000; Date.now() < until;) {
      const rows = await allRows()
      const open = rows.filter((row) => row.answeredAt === null).map((row) => row.invoiceId)
      if (open.length === 0) return rows
      await processDocuments(house.host, context, { invoiceIds: open.slice(0, 100) })
      await sleep(50)
    }
    return allRows()
  }

  async function assertOnce(rows: readonly DocumentRow[]): Promise<void> {
    const byNumber = new Map<string, Filed[]>()
    for (const one of await filed()) byNumber.set(one.internalId, [...(byNumber.get(one.internalId) ?? []), one])
    for (const row of rows) {
      assert.equal(row.state, 'accepted', JSON.stringify([row.number, row.lastError, row.faults]))
      const own = byNumber.get(row.number) ?? []
      assert.deepEqual(
        own.map((one) => [one.uuid, one.sha256]),
        [[row.authorityReference, row.legalSha256]],
        row.number,
      )
    }
    assert.equal(byNumber.size, rows.length, 'the authority has a document that nobody posted')
  }

  it('nothing acknowledged is lost, nothing is filed twice, no number is missing', async () => {
    let calls = 0
    for (let kill = 0; kill < kills; kill += 1) {
      const { process: running, exit } = await start(randomInt(1, 8))
      const before = acknowledged.length
      // In the middle of posting and signing, or while what was posted is on its way.
      const until = Date.now() + 20_000
      while (kill % 2 === 0 && acknowledged.length === before && Date.now() < until) await sleep(2)
      await sleep(randomInt(0, 1500))
      running.kill('SIGKILL')
      await exit
      calls += 1
    }
    assert.equal(calls, kills)
    assert.deepEqual(
      acknowledged.filter((number) => number.startsWith('!')),
      [],
    )
    const rows = await finish()
    await assertOnce(rows)
    const numbers = rows.map((row) => Number(/(\d+)$/.exec(row.number)?.[1])).sort((one, other) => one - other)
    assert.deepEqual(
      numbers,
      numbers.map((_number, index) => index + 1),
    )
    const known = new Set(rows.map((row) => row.number))
    assert.deepEqual(
      acknowledged.filter((number) => !known.has(number)),
      [],
    )
    assert.ok(acknowledged.length > kills, `${String(acknowledged.length)} documents in ${String(kills)} kills`)
    for (const report of await house.host.audit.verify(context.companyId)) assert.equal(report.intact, true)
  })

  it('two hosts file one queue: each document once', async () => {
    const posted = await post(house.host, context, ...Array.from({ length: queued }, () => input))
    const ids = posted.map((one) => one.invoiceId)
    const other = await startTestHost({ dataDir: folder.path, sandbox: true, migrate: false })
    try {
      // Both take up all of them, again and again, as two workers with the same jobs would.
      for (let round = 0; round < 3; round += 1)
        await Promise.all([house, other].map(({ host }) => processDocuments(host, context, { invoiceIds: ids })))
      const rows = await settle(house.host, context, posted)
      assert.equal(rows.length, queued)
      await assertOnce(await allRows())
    } finally {
      await other.stop()
    }
  })
})
