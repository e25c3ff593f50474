import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../../test/helpers/until.js'
import { startSandbox } from '../index.js'
import { FatooraClient, invoice, onboard, scratch, TestUnit, type TestInvoice } from './support/unit.js'

const main = join(import.meta.dirname, '../../../bin/khatm.mjs')

/** `khatm sandbox --json` as its own process. */
async function startProcess(data: string): Promise<{ child: ChildProcess; fatooraUrl: string }> {
  const child = spawn(process.execPath, [main, '--data', data, 'sandbox', '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  let text = ''
  const output: AsyncIterable<unknown> = child.stdout
  for await (const piece of output) {
    text += String(piece)
    if (text.trimEnd().endsWith('}')) break
  }
  const { fatooraUrl } = JSON.parse(text) as { fatooraUrl: string } // the command's own contract, asserted next
  assert.match(fatooraUrl, /^http:\/\/127\.0\.0\.1:\d+\/fatoora\/e-invoicing\/developer-portal$/)
  return { child, fatooraUrl }
}

/** Kills the command and whatever it started, at once. */
async function killAtOnce(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => void child.once('exit', resolve))
  process.kill(-(child.pid ?? assert.fail('no pid')), 'SIGKILL')
  await ended
}

describe('sandbox state', () => {
  it('survives kill -9: whatever was answered is remembered, addresses and credentials stay', async function () {
    this.timeout(180_000)
    const folder = scratch()
    const unit = new TestUnit(folder.path)
    let running = await startProcess(folder.path)
    try {
      const client = new FatooraClient(running.fatooraUrl)
      await onboard(client, unit)
      for (let round = 0; round < 3; round++) {
        const answered: TestInvoice[] = []
        const reporting = (async () => {
          for (;;) {
            const one = invoice(unit)
            await client.report(one)
            answered.push(one)
          }
        })().catch(() => undefined)
        await until('an invoice was reported', () => answered.length > 0)
        await sleep(150 * round)
        await killAtOnce(running.child)
        await reporting
        const before = running.fatooraUrl
        running = await startProcess(folder.path)
        assert.equal(running.fatooraUrl, before)
        assert.ok(answered.length > 0)
        for (const one of answered) assert.equal((await client.report(one)).status, 409)
        // the one in flight may or may not have been stored; the unit sends the same bytes again and goes on
        const lost = unit.counter - 1
        assert.ok(answered.length <= lost + 1)
        const units: unknown = await (await fetch(new URL('/control/units', running.fatooraUrl))).json()
        assert.ok(Array.isArray(units))
        unit.counter = answered.at(-1)?.counter ?? 0
        unit.previousHash = answered.at(-1)?.hash ?? ''
        const [summary]: unknown[] = units
        if (typeof summary === 'object' && summary !== null && 'lastCounter' in summary && summary.lastCounter !== String(unit.counter)) {
          unit.counter++
          unit.previousHash = lastHash(folder.path)
        }
      }
      const units = (await (await fetch(new URL('/control/units', running.fatooraUrl))).json()) as { gaps: number; breaks: number }[] // our own endpoint
      assert.deepEqual(
        units.map(({ gaps, breaks }) => ({ gaps, breaks })),
        [{ gaps: 0, breaks: 0 }],
      )
    } finally {
      await killAtOnce(running.child)
      folder.remove()
    }
  })

  it('cuts off a torn last line, refuses a foreign one, and never runs twice on one folder', async () => {
    const folder = scratch()
    const journal = join(folder.path, 'fatoora.ndjson')
    const unit = new TestUnit(folder.path)
    const first = await startSandbox({ dataDir: folder.path })
    const client = new FatooraClient(first.fatooraUrl)
    await onboard(client, unit)
    const one = invoice(unit)
    await client.report(one)
    await assert.rejects(startSandbox({ dataDir: folder.path }), { code: 'SANDBOX-RUNNING' })
    const port = new URL(first.url).port
    await first.close()
    const whole = readFileSync(journal)
    appendFileSync(journal, '{"kind":"docu')
    const second = await startSandbox({ dataDir: folder.path })
    assert.equal(new URL(second.url).port, port)
    assert.deepEqual(readFileSync(journal), whole)
    assert.equal((await client.report(one)).status, 409)
    second.reset()
    assert.equal((await client.report(one)).status, 401)
    assert.deepEqual(second.units(), [])
    await second.close()
    appendFileSync(journal, '{"kind":"foreign"}\n')
    await assert.rejects(startSandbox({ dataDir: folder.path }), /is not a line of this journal/)
    folder.remove()
  })
})

function lastHash(data: string): string {
  const lines = readFileSync(join(data, 'sandbox', 'fatoora.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
  const last: unknown = JSON.parse(lines.at(-1) ?? '{}')
  return typeof last === 'object' && last !== null && 'hash' in last && typeof last.hash === 'string' ? last.hash : ''
}
