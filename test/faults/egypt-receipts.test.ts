import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CompanyContext } from '../../core/access/context.js'
import { demonstrationCompany } from '../../modules/compliance/index.js'
import { postInvoices } from '../../modules/invoicing/index.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'
import { readingTypeScript } from '../helpers/reading-typescript.js'
import { until } from '../helpers/until.js'

/** Receipts of two hosts on one point of sale. KHATM_FULL=1: the figure of the promise. */
const full = process.env.KHATM_FULL === '1'
const each = full ? 5000 : 25
const kills = full ? 10 : 1

interface Filed {
  readonly uuid: string
  readonly previousUuid: string
  readonly errors: readonly { readonly code: string }[]
}

const sale = {
  simplified: true,
  paymentMeans: 'cash',
  lines: [{ description: 'قلم حبر', itemCode: 'EG-900100200-PEN-1', quantity: '1', unitPrice: '12.50', tax: 'V009' }],
}

describe(`two hosts race one point of sale with ${String(each)} receipts each, the sender killed ${String(kills)} times`, function () {
  this.timeout(full ? 1_800_000 : 400_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  const hosts: TestHost[] = []
  let context: CompanyContext
  let sender: ChildProcess | undefined

  before(async () => {
    folder = await temporaryFolder()
    const first = await startTestHost({ dataDir: folder.path, sandbox: true, role: { web: true } })
    hosts.push(first)
    const company = await demonstrationCompany(first.host, 'demo-eg')
    context = await first.host.access.systemContext(company?.id ?? '', 'cli')
    const url = first.authorities?.url ?? ''
    hosts.push(await startTestHost({ dataDir: folder.path, config: { sandbox: { url }, allowedPrivateOrigins: [url] } }))
  })
  after(async () => {
    sender?.kill('SIGKILL')
    for (const host of [...hosts].reverse()) await host.stop()
    await folder.remove()
  })

  const documents = (): Promise<{ counter: number; previous_hash: string; hash: string; state: string; last_error: object | null }[]> =>
    firstOf(hosts).host.db.company(context.companyId, ({ knex }) =>
      knex('compliance_document')
        .where('kind', 'receipt')
        .orderBy('counter')
        .select('counter', 'previous_hash', 'hash', 'state', 'last_error'),
    )
  const filed = async (): Promise<Filed[]> => {
    const answer = await fetch(`${firstOf(hosts).authorities?.url ?? ''}/control/eta/receipts`)
    return (await answer.json()) as Filed[] // the stand-in's own list
  }

  it('gives counters 1..N, each linked to the one before, whoever posted it', async () => {
    const sizes = [1, 7, 50]
    const work = async (host: TestHost): Promise<void> => {
      for (let done = 0, round = 0; done < each; round += 1) {
        const size = Math.min(sizes[round % sizes.length] ?? 1, each - done)
        const requests = Array.from({ length: size }, () => ({ input: sale }))
        for (const outcome of await postInvoices(host.host, context, requests, { print: false }))
          assert.equal(outcome.status, 'posted', JSON.stringify(outcome))
        done += size
      }
    }
    await Promise.all(hosts.map((host) => work(host)))
    const rows = await documents()
    assert.deepEqual(
      rows.map((row) => row.counter),
      Array.from({ length: 2 * each }, (_unused, index) => index + 1),
    )
    for (const [index, row] of rows.entries()) assert.equal(row.previous_hash, rows[index - 1]?.hash ?? '', `link of ${String(index + 1)}`)
  })

  it('files every receipt once, in one chain, however often the sender dies between posting and answer', async () => {
    for (let killed = 0; killed < kills; killed++) {
      const running = await startSender()
      // Somewhere between claiming, sending and writing down the answer.
      await sleep(150 + ((killed * 397) % 1300))
      const gone = once(running, 'exit')
      running.kill('SIGKILL')
      await gone
    }
    const [, second] = hosts
    assert.ok(second !== undefined)
    await leasePassed(second)
    const all = async (): Promise<boolean> => {
      await second.host.jobs.drain()
      return (await unanswered(second)) === 0
    }
    await until('every receipt has its answer', all, full ? 1_200_000 : 300_000)
    const rows = await documents()
    assert.deepEqual([...new Set(rows.map((row) => row.state))], ['accepted'], JSON.stringify(rows.find((row) => row.last_error !== null)))
    const taken = await filed()
    assert.deepEqual(
      taken.filter((one) => one.errors.length > 0),
      [],
    )
    assert.deepEqual(
      taken.map((one) => one.uuid),
      rows.map((row) => row.hash),
      'the authority has them once each, in the order of the chain',
    )
  })

  async function unanswered(host: TestHost): Promise<number> {
    const rows = await host.host.db.company(context.companyId, ({ knex }) =>
      knex('compliance_document').where('kind', 'receipt').whereNull('answered_at').count<{ count: string }[]>('* as count'),
    )
    return Number(rows[0]?.count ?? 0)
  }

  /** Two minutes after its death what a sender had claimed is free again, and the watch takes it up: here at once. */
  async function leasePassed(host: TestHost): Promise<void> {
    await host.host.db.company(context.companyId, async (transaction) => {
      const rows = await transaction
        .knex('compliance_document')
        .whereNull('answered_at')
        .update({ claimed_until: null })
        .returning<{ invoice_id: string }[]>('invoice_id')
      for (let start = 0; start < rows.length; start += 50) {
        const invoiceIds = rows.slice(start, start + 50).map((row) => row.invoice_id)
        await host.host.jobs.add(transaction, 'compliance.process', { invoiceIds })
      }
    })
  }

  async function startSender(): Promise<ChildProcess> {
    const script = join(import.meta.dirname, 'egypt-receipts-worker.ts')
    const child = spawn(process.execPath, [...readingTypeScript, script, folder.path, firstOf(hosts).authorities?.url ?? ''], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    sender = child
    await once(child.stdout, 'data')
    return child
  }
})

function firstOf(hosts: readonly TestHost[]): TestHost {
  const [first] = hosts
  return first ?? assert.fail('no host runs')
}
