import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { numberYear, sampleInvoices } from '../helpers/sample-invoices.js'

/**
 * `khatm issue` is killed with SIGKILL again and again, at a random moment, and started anew on the same file. In the end: no gap, no
 * duplicate, no broken link, and nothing that was acknowledged by a line of `result.ndjson` is lost or changed.
 * KHATM_FULL=1 runs the figures of the promise (1,000 invoices, 20 kills); without it a tenth of that.
 */
const full = process.env.KHATM_FULL === '1'
const count = full ? 1000 : 150
const kills = full ? 20 : 5

interface Line {
  readonly line: number
  readonly status: string
  readonly number?: string
  readonly files?: { readonly legal?: string; readonly pdf?: string }
  readonly faults: readonly { readonly code: string }[]
}

describe(`khatm issue killed ${String(kills)} times over ${String(count)} invoices`, function () {
  // A kill while the first one is on its way costs the next run a whole lease.
  this.timeout(full ? 1_800_000 : 900_000)
  const folder = mkdtempSync(join(tmpdir(), 'khatm-kill-'))
  const rows = join(folder, 'rows.ndjson')
  const out = join(folder, 'out')
  const acknowledged = new Map<number, string>()

  before(() => {
    const values: object[] = sampleInvoices(count)
    // Two bad rows in the middle: they are answered with their fault and take no number.
    values.splice(count / 2, 0, { company: 'demo-sa', lines: [] }, { company: 'demo-sa', simplified: true, lines: [{ description: 'x' }] })
    writeFileSync(rows, values.map((value) => `${JSON.stringify(value)}\n`).join(''))
  })
  after(async () => {
    await stopDatabase(join(folder, 'data'))
    rmSync(folder, { recursive: true, force: true })
  })

  it('goes on where it stopped, and acknowledges the same numbers', async () => {
    let killed = 0
    for (let round = 0; killed < kills && round < kills * 4; round++) {
      const child = start(rows, out, join(folder, 'data'))
      const ended = await killSomewhere(child, out)
      remember(out, acknowledged)
      if (!ended) killed += 1
      else rmSync(join(out, 'result.ndjson'), { force: true })
    }
    assert.equal(killed, kills, 'the command ended before it could be killed often enough')
    const code = await new Promise<number | null>((done) => void start(rows, out, join(folder, 'data')).on('exit', done))
    assert.equal(code, 1, 'two rows are refused, so not everything is accepted')
    remember(out, acknowledged)
  })

  it('accepted every good row and refused the bad ones with code and line', () => {
    const lines = readLines(out)
    assert.deepEqual(
      lines.map((line) => line.line),
      Array.from({ length: count + 2 }, (_, index) => index + 1),
    )
    const invalid = lines.filter((line) => line.status === 'invalid')
    assert.deepEqual(
      invalid.map((line) => line.line),
      [count / 2 + 1, count / 2 + 2],
    )
    for (const line of invalid) assert.ok(line.faults.length > 0 && line.faults.every((fault) => /^[A-Z][A-Z0-9-]+$/.test(fault.code)))
    assert.equal(lines.filter((line) => line.status === 'accepted').length, count)
  })

  it('left no gap, no duplicate and no broken link in the chain', () => {
    const documents = readLines(out)
      .filter((line) => line.status === 'accepted')
      .map((line) => readDocument(join(out, line.files?.legal ?? '')))
      .sort((one, other) => one.counter - other.counter)
    assert.deepEqual(
      documents.map((document) => document.counter),
      Array.from({ length: count }, (_, index) => index + 1),
    )
    assert.equal(new Set(documents.map((document) => document.uuid)).size, count)
    assert.deepEqual(
      documents.map((document) => document.number).sort(),
      Array.from({ length: count }, (_, index) => `INV/${numberYear()}/${String(index + 1).padStart(5, '0')}`),
    )
    // ZATCA: the first document links to the hash of "0", hex, in base64; each other one to the one before.
    let previous = Buffer.from(createHash('sha256').update('0').digest('hex')).toString('base64')
    for (const document of documents) {
      assert.equal(document.previousHash, previous, `PIH of ICV ${String(document.counter)}`)
      previous = document.hash
    }
  })

  it('wrote a PDF for each, and nothing half-written', () => {
    const files = readdirSync(out)
    assert.equal(files.filter((name) => name.endsWith('.pdf')).length, count)
    for (const line of readLines(out)) if (line.files?.pdf !== undefined) assert.ok(existsSync(join(out, line.files.pdf)))
  })

  function remember(outFolder: string, known: Map<number, string>): void {
    for (const { line, number } of readLines(outFolder)) {
      if (number === undefined) continue
      assert.equal(known.get(line) ?? number, number, `line ${String(line)} was acknowledged with another number before`)
      known.set(line, number)
    }
  }
})

function start(rows: string, out: string, data: string): ChildProcess {
  const main = join(import.meta.dirname, '../../bin/khatm.mjs')
  return spawn(process.execPath, [main, 'issue', rows, '--out', out, '--data', data], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Kills at a random time, or after a random number of acknowledgements. @returns true when it ended by itself before */
async function killSomewhere(child: ChildProcess, out: string): Promise<boolean> {
  const exit = new Promise((done) => void child.on('exit', done))
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null
  const known = readLines(out).length
  const byTime = randomInt(2) === 0
  const deadline = Date.now() + randomInt(300, 4000)
  const wanted = randomInt(1, 40)
  while (!ended() && (byTime ? Date.now() < deadline : Date.now() < deadline + 30_000)) {
    const lines = readLines(out).length
    if (!byTime && lines !== known && lines >= wanted) break
    await pause(5)
  }
  if (ended()) return true
  child.kill('SIGKILL')
  await exit
  return false
}

/** Whole lines only: a line that was cut acknowledges nothing. */
function readLines(out: string): Line[] {
  const path = join(out, 'result.ndjson')
  if (!existsSync(path)) return []
  const text = readFileSync(path, 'utf8')
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

function readDocument(path: string): { counter: number; number: string; uuid: string; hash: string; previousHash: string } {
  const xml = readFileSync(path, 'utf8')
  const one = (pattern: RegExp): string => pattern.exec(xml)?.[1] ?? assert.fail(`${path}: ${String(pattern)}`)
  return {
    number: one(/<cbc:ID>([^<]+)<\/cbc:ID>\s*<cbc:UUID>/),
    uuid: one(/<cbc:UUID>([0-9a-f-]{36})<\/cbc:UUID>/),
    counter: Number(one(/<cbc:ID>ICV<\/cbc:ID>\s*<cbc:UUID>(\d+)<\/cbc:UUID>/)),
    previousHash: one(/<cbc:ID>PIH<\/cbc:ID>\s*<cac:Attachment>\s*<cbc:EmbeddedDocumentBinaryObject[^>]*>([^<]+)</),
    hash: one(/Id="invoiceSignedData"[\s\S]*?<ds:DigestValue>([^<]+)<\/ds:DigestValue>/),
  }
}

/** The server outlives a killed host on purpose; the test must not leave it behind. */
async function stopDatabase(data: string): Promise<void> {
  const pidFile = readdirSync(data, { recursive: true })
    .map(String)
    .find((name) => name.endsWith('postmaster.pid'))
  if (pidFile === undefined) return
  const pid = Number(readFileSync(join(data, pidFile), 'utf8').split('\n')[0])
  process.kill(pid, 'SIGINT')
  for (let tries = 0; tries < 100 && existsSync(join(data, pidFile)); tries++) await pause(50)
}
