import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { numberYear, sampleInvoices } from '../helpers/sample-invoices.js'
import { startTestHost } from '../helpers/test-host.js'

/**
 * PostgreSQL is killed with SIGKILL, all its processes at once, while `khatm issue` posts, signs and files. The command may end with a
 * coded fault; called again on the same file it goes on. In the end every invoice was accepted exactly once.
 * KHATM_FULL=1 runs the figures of the promise (1,000 invoices, 50 kills).
 */
const full = process.env.KHATM_FULL === '1'
const count = full ? 1000 : 240
const kills = full ? 50 : 3

describe(`PostgreSQL killed ${String(kills)} times under khatm issue of ${String(count)} invoices`, function () {
  this.timeout(full ? 3_600_000 : 300_000)
  const folder = mkdtempSync(join(tmpdir(), 'khatm-database-kill-'))
  const [rows, out, data] = [join(folder, 'rows.ndjson'), join(folder, 'out'), join(folder, 'data')]
  let complaints = ''

  before(() => {
    writeFileSync(
      rows,
      sampleInvoices(count)
        .map((value) => `${JSON.stringify(value)}\n`)
        .join(''),
    )
  })
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('ends with every invoice accepted, whatever was killed when', async () => {
    let killed = 0
    let code: number | null = null
    for (let round = 0; round < kills * 3 && code !== 0; round += 1) {
      const child = issue()
      const exit = new Promise<number | null>((done) => void child.on('exit', done))
      rmSync(join(out, 'result.ndjson'), { force: true })
      if (killed < kills && (await reached(child, killed % 2 === 0)) && killDatabase(data)) killed += 1
      code = await exit
    }
    assert.equal(killed, kills, 'the command was done before the database was killed often enough')
    assert.equal(code, 0, complaints.slice(-2000))
    assert.deepEqual(
      acknowledged().map(({ line, status }) => [line, status]),
      Array.from({ length: count }, (_unused, index) => [index + 1, 'accepted']),
    )
  })

  it('told what was wrong by a code, and nothing unexpected', () => {
    const strange = complaints.split('\n').filter((line) => /^(?:CLI-UNEXPECTED|TypeError|RangeError)/.test(line))
    assert.deepEqual(strange, [])
  })

  it('left numbers, counters and links without gap, and an intact event log', async () => {
    const running = await startTestHost({ dataDir: data })
    try {
      const [company] = await running.access.companies()
      const companyId = company?.id ?? ''
      await running.host.db.company(companyId, async ({ knex }) => {
        const { rows: documents } = await knex.raw<{ rows: { counter: number; previous_hash: string; hash: string; state: string }[] }>(
          'select counter::int as counter, previous_hash, hash, state from compliance_document order by counter',
        )
        assert.deepEqual(
          documents.map((document) => document.counter),
          Array.from({ length: count }, (_unused, index) => index + 1),
        )
        for (const [index, document] of documents.entries()) {
          assert.match(document.state, /^accepted/)
          if (index > 0) assert.equal(document.previous_hash, documents[index - 1]?.hash)
        }
        const { rows: numbers } = await knex.raw<{ rows: { posted: number; different: number; last: string }[] }>(
          `select count(*)::int as posted, count(distinct number)::int as different, max(number) as last from invoicing_invoice where state = 'posted'`,
        )
        assert.deepEqual(numbers, [{ posted: count, different: count, last: `INV/${numberYear()}/${String(count).padStart(5, '0')}` }])
      })
      for (const report of await running.host.audit.verify(companyId)) assert.equal(report.intact, true, JSON.stringify(report))
    } finally {
      await running.stop()
    }
  })

  /** Every other kill falls before the first acknowledgement of a run, the others between two: by what was reached, not by the clock. */
  async function reached(child: ChildProcess, early: boolean): Promise<boolean> {
    const wanted = early ? 0 : randomInt(1, 40)
    while (child.exitCode === null && (early ? !existsSync(join(out, 'result.ndjson')) : acknowledged().length < wanted)) await pause(2)
    if (early) await pause(randomInt(0, 400))
    return child.exitCode === null
  }

  function issue(): ChildProcess {
    const main = join(import.meta.dirname, '../../bin/khatm.mjs')
    const child = spawn(process.execPath, [main, 'issue', rows, '--out', out, '--data', data, '--no-pdf'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr.on('data', (part: Buffer) => {
      complaints += part.toString('utf8')
    })
    return child
  }

  function acknowledged(): { line: number; status: string }[] {
    const file = join(out, 'result.ndjson')
    if (!existsSync(file)) return []
    const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    // Lines that `khatm issue` wrote; their shape is its contract.
    return whole.map((line) => JSON.parse(line) as { line: number; status: string })
  }
})

/** Kills the server of this data folder and all its children. @returns false when none runs */
function killDatabase(data: string): boolean {
  const file = join(data, 'postgresql', 'cluster', 'postmaster.pid')
  if (!existsSync(file)) return false
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  if (!(pid > 1)) return false
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number)
  let any = false
  for (const one of [pid, ...children]) {
    try {
      process.kill(one, 'SIGKILL')
      any = true
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return any
}

function parentOf(pid: string): number | undefined {
  try {
    // The name in brackets may hold blanks; the fields after it are state and parent.
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}
