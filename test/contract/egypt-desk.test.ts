import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInterface } from 'node:readline'
import { until } from '../../core/agent/test/desk-house.js'
import { toPem } from '../../core/signing/certificate-request.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import { canonicalText, itemsOf, memberOf, parseLiteral, textAt } from '../../modules/compliance-egypt/index.js'

const count = 200
const repository = path.join(import.meta.dirname, '../..')

/** Whether bytes hold a text, plain, in base64 or as UTF-16, as heaps and drivers keep it. */
function holds(bytes: Buffer, secret: string): boolean {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '')
  return [Buffer.from(secret), Buffer.from(secret, 'utf16le'), Buffer.from(base64)].some((form) => bytes.includes(form))
}

/**
 * The usual day of an Egyptian accountant: the token is in his PC, a program there (`khatm agent`) shows what the host wants signed, he
 * gives the PIN once. Host, desk and token driver are processes of their own, as they are in an office.
 */
describe('Egyptian invoices signed by a token on a desk', function () {
  this.timeout(180_000)
  if (!softHsmIsHere || process.platform !== 'linux') {
    it('needs Linux and the Debian package softhsm2')
    return
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'khatm-egypt-desk-'))
  const desk = path.join(folder, 'desk')
  let token: SoftToken
  let host: ChildProcess
  let agent: ChildProcess | undefined
  let ask: (line: string) => Promise<Record<string, unknown>>
  let next: () => Promise<Record<string, unknown>>
  let origin = ''
  let secret = ''

  const khatm = (...args: string[]): string[] => [path.join(repository, 'bin/khatm.mjs'), 'agent', '--folder', desk, '--json', ...args]

  before(async () => {
    token = new SoftToken('e-invoices', '905318264417')
    token.generate('rsa:2048', '01', 'seal')
    // The host knows neither token nor driver.
    const { SOFTHSM2_CONF: _token, ...environment } = process.env
    const script = path.join(import.meta.dirname, 'egypt-desk-host.ts')
    host = spawn(process.execPath, ['--import', 'tsx', script, folder, String(count)], {
      env: environment,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    assert.ok(host.stdout)
    const told = createInterface({ input: host.stdout })[Symbol.asyncIterator]()
    next = async () => JSON.parse(String((await told.next()).value)) as Record<string, unknown> // printed by egypt-desk-host.ts
    ask = (line) => {
      host.stdin?.write(`${line}\n`)
      return next()
    }
    const { url, code } = await next()
    execFileSync(process.execPath, khatm('pair', String(url), String(code), '--name', 'Accountant'), { cwd: repository, stdio: 'pipe' })
    await startAgent()
    assert.deepEqual(await next(), { adopted: true })
  })
  after(async () => {
    for (const one of [agent, host]) {
      if (one?.exitCode !== null) continue
      one.kill('SIGKILL')
      await once(one, 'exit')
    }
    token.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  async function startAgent(): Promise<void> {
    const child = spawn(process.execPath, khatm('run', '--library', softHsmLibrary, '--no-open'), {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    agent = child
    await until('the desk runs', () => existsSync(path.join(desk, 'running.json')), 30_000)
    const { url } = JSON.parse(readFileSync(path.join(desk, 'running.json'), 'utf8')) as { url: string } // written by running-file.ts
    ;[origin = '', secret = ''] = url.split('/#')
  }
  async function stopAgent(): Promise<void> {
    agent?.kill('SIGTERM')
    if (agent?.exitCode === null) await once(agent, 'exit')
  }
  interface Pending {
    readonly id: string
    readonly tie: string
    readonly uses: readonly { readonly label: string; readonly amount: { readonly value: string } }[]
    readonly facts: readonly { readonly label: string; readonly value: string }[]
  }
  const state = async (): Promise<{ pending: Pending[] }> =>
    (await (await fetch(`${origin}/api/state?since=0&lang=en`, { headers: { 'x-khatm-desk': secret } })).json()) as { pending: Pending[] }

  it('while the desk is away nothing is signed and the signing time is kept', async () => {
    await stopAgent()
    const first = await ask('sign')
    assert.equal(first['signed'], 0, JSON.stringify(first))
    await sleep(1100)
    const second = await ask('sign')
    assert.deepEqual([second['signed'], second['times']], [0, first['times']])
    await startAgent()
  })

  it(`one PIN at the desk signs ${count} invoices, each read there; openssl accepts them`, async () => {
    const answer = ask('sign')
    const pending = await until(
      'all are shown',
      async () => {
        const shown = (await state()).pending
        return shown.length === count && shown
      },
      60_000,
    )
    for (const { tie, uses, facts } of pending) {
      assert.equal(tie, 'read', 'the desk made canonical text and hash from the document itself')
      assert.equal(uses.length, 1)
      const values = facts.map(({ value }) => value)
      assert.ok(values.includes('113317713') && values.includes(uses[0]?.amount.value ?? '?'), JSON.stringify(facts))
      assert.ok(uses[0]?.label.startsWith(values.find((value) => value.startsWith('INV/')) ?? '?'))
    }
    const whole = await fetch(`${origin}/api/document?id=${pending[0]?.id ?? ''}`, { headers: { 'x-khatm-desk': secret } })
    assert.match(await whole.text(), /invoiceLines\[1\]\.quantity: 2\.50000/)
    // As the page sends it: ids, a NUL byte, the PIN.
    const body = Buffer.concat([
      Buffer.from(`${JSON.stringify({ ids: pending.map(({ id }) => id), finalTry: false })}\0`),
      Buffer.from(token.pin),
    ])
    const given = await fetch(`${origin}/api/sign`, { method: 'POST', headers: { 'x-khatm-desk': secret }, body })
    assert.equal((await given.text()).match(/"signed"/g)?.length, count)
    const result = await answer
    assert.deepEqual([result['signed'], result['control']], [count, 'device-and-code'], JSON.stringify(result))
    const chain = (JSON.parse(readFileSync(path.join(folder, 'chain.json'), 'utf8')) as string[]).map((text) => Buffer.from(text, 'base64'))
    const trust = path.join(folder, 'trust.pem')
    writeFileSync(
      trust,
      chain
        .slice(1)
        .map((der) => toPem('CERTIFICATE', der))
        .join(''),
    )
    for (const index of [0, 99, count - 1]) {
      const bytes = readFileSync(path.join(folder, `${String(index)}.json`))
      const value = textAt(itemsOf(memberOf(parseLiteral(bytes), 'signatures'))[0], 'value') ?? ''
      const [cms, text] = [path.join(folder, 'cms'), path.join(folder, 'text')]
      writeFileSync(cms, Buffer.from(value, 'base64'))
      writeFileSync(text, canonicalText(bytes))
      const args = ['-inform', 'DER', '-in', cms, '-content', text, '-binary', '-CAfile', trust, '-purpose', 'any', '-out', '/dev/null']
      execFileSync('openssl', ['cms', '-verify', '-cades', ...args], { stdio: 'pipe' })
    }
    // Asked again, the host finds the answers and asks nobody.
    assert.equal((await ask('sign'))['signed'], count)
    assert.equal((await state()).pending.length, 0)
    const history = readFileSync(path.join(desk, 'history.ndjson'), 'utf8')
    assert.equal(history.match(/"event":"signed"/g)?.length, count)
  })

  it('the PIN is nowhere at the host: not its heap, tables, arguments, environment; and in no file of the desk', async () => {
    const { rows } = await ask('end')
    assert.ok(Number(rows) > count)
    const places = new Map<string, Buffer>()
    for (const name of ['host.heapsnapshot', 'dump.txt']) places.set(name, readFileSync(path.join(folder, name)))
    for (const name of readdirSync(desk, { recursive: true, encoding: 'utf8' })) {
      const file = path.join(desk, name)
      if (statSync(file).isFile()) places.set(file, readFileSync(file))
    }
    for (const pid of [host.pid, agent?.pid]) {
      for (const what of ['cmdline', 'environ']) places.set(`${what} of ${String(pid)}`, readFileSync(`/proc/${String(pid)}/${what}`))
    }
    // The search finds what is there: the documents are in heap and tables.
    assert.ok(
      places.get('host.heapsnapshot')?.includes('INV/2026/00001') === true && places.get('dump.txt')?.includes('INV/2026/00001') === true,
    )
    for (const [place, bytes] of places) assert.equal(holds(bytes, token.pin), false, `PIN in ${place}`)
    host.stdin?.write('end\n')
  })
})
