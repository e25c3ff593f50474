import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { until } from '../helpers/until.js'
import { toPem } from '../../core/signing/certificate-request.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import { canonicalText, itemsOf, memberOf, parseLiteral, textAt, type DossierReport } from '../../modules/compliance-egypt/index.js'
import { startSandbox, type Sandbox } from '../../modules/sandbox/index.js'
import { DeskWire } from './desk-wire.js'

/** KHATM_FULL=1 runs the figures of the promise; without it batches are as small as what they show allows. */
const full = process.env.KHATM_FULL === '1'
const count = full ? 200 : 20
/** More than the desk signs at once (32): some are left when it is killed. */
const killedAtDesk = full ? 200 : 48
const killedAtHost = full ? 200 : 16
const repository = path.join(import.meta.dirname, '../..')
const spy = '/usr/lib/x86_64-linux-gnu/pkcs11-spy.so'
const rin = '900100200'

interface Row {
  readonly number: string
  readonly state: string
  readonly code: string | null
  readonly held: boolean
  readonly invoiceId: string
  readonly sha256: string | null
}

interface Pending {
  readonly id: string
  readonly tie: string
  readonly uses: readonly { readonly label: string; readonly amount: { readonly value: string; readonly currency: string } }[]
  readonly facts: readonly { readonly label: string; readonly value: string }[]
  readonly fault: { readonly code: string; readonly message: string } | null
}

/** Whether bytes hold a text, plain, in base64 or as UTF-16, as heaps and drivers keep it. */
function holds(bytes: Buffer, secret: string): boolean {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '')
  return [Buffer.from(secret), Buffer.from(secret, 'utf16le'), Buffer.from(base64)].some((form) => bytes.includes(form))
}

/**
 * The usual day of an Egyptian accountant: invoices come over the API, the token is in his PC, a program there (`khatm agent`) shows them,
 * he gives the PIN once; the host files them with the authority. Host, desk, token driver, network and authority are processes and
 * sockets of their own, as in an office.
 */
describe('Egyptian invoices from the API to the authority, signed by a token on a desk', function () {
  this.timeout(600_000)
  if (!softHsmIsHere || process.platform !== 'linux' || !existsSync(spy)) {
    it('needs Linux and the Debian packages softhsm2 and opensc')
    return
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'khatm-egypt-desk-'))
  const desk = path.join(folder, 'desk')
  const spyLog = path.join(folder, 'spy.log')
  const figures: Record<string, number> = {}
  let token: SoftToken
  let sandbox: Sandbox
  let wire: DeskWire
  let port = 0
  let host: ChildProcess | undefined
  let agent: ChildProcess | undefined
  let ask: (line: string) => Promise<Record<string, unknown>>
  let origin = ''
  let secret = ''
  let apiKey = ''
  let posted = 0
  let openedNumber = ''
  let chain: readonly Buffer[] = []
  const agentOutput: string[] = []

  const khatm = (...args: string[]): string[] => [path.join(repository, 'bin/khatm.mjs'), 'agent', '--folder', desk, '--json', ...args]

  before(async () => {
    token = new SoftToken('e-invoices', '905318264417')
    sandbox = await startSandbox({ dataDir: path.join(folder, 'sandbox') })
    chain = await fillToken(token, sandbox)
    port = await freePort()
    wire = new DeskWire(() => `http://127.0.0.1:${String(port)}`)
    await startHost('fresh')
    const [{ code }, { secret: key }] = [await ask('code'), await ask('apiKey')]
    apiKey = String(key)
    // Not the synchronous one: the wire is in this process.
    await promisify(execFile)(process.execPath, khatm('pair', await wire.listen(), String(code), '--name', 'Accountant'), {
      cwd: repository,
    })
    await startAgent()
  })
  after(async () => {
    for (const one of [agent, host]) await kill(one)
    await wire.close()
    await sandbox.close()
    token.remove()
    await stopDatabase(path.join(folder, 'data'))
    rmSync(folder, { recursive: true, force: true })
    if (full) console.log(JSON.stringify(figures))
  })

  async function startHost(...more: string[]): Promise<void> {
    // The host knows neither token nor driver.
    const { SOFTHSM2_CONF: _token, ...environment } = process.env
    const anchors = JSON.stringify([sandbox.caCertificate.toString('base64')])
    const script = path.join(import.meta.dirname, 'egypt-desk-host.ts')
    const child = spawn(
      process.execPath,
      ['--import', path.join(repository, 'bin/typescript.mjs'), script, folder, String(port), sandbox.url, anchors, ...more],
      {
        env: environment,
        stdio: ['pipe', 'pipe', openSync(path.join(folder, 'host.log'), 'a')],
      },
    )
    host = child
    const waiting: ((answer: Record<string, unknown>) => void)[] = []
    const early: Record<string, unknown>[] = []
    const { stdin, stdout } = child
    assert.ok(stdin !== null && stdout !== null, 'both are pipes')
    createInterface({ input: stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Record<string, unknown> // printed by egypt-desk-host.ts
      const next = waiting.shift()
      if (next === undefined) early.push(said)
      else next(said)
    })
    const answer = (): Promise<Record<string, unknown>> =>
      new Promise((resolve) => {
        const said = early.shift()
        if (said === undefined) waiting.push(resolve)
        else resolve(said)
      })
    ask = (line) => {
      const answered = answer()
      stdin.write(`${line}\n`)
      return answered
    }
    const ended = once(child, 'exit').then(() => assert.fail('the host ended before it was ready'))
    assert.deepEqual(await Promise.race([answer(), ended]), { ready: true })
    ended.catch(() => undefined)
  }
  async function kill(one: ChildProcess | undefined, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (one === undefined || one.exitCode !== null || one.signalCode !== null) return
    one.kill(signal)
    await once(one, 'exit')
  }
  async function startAgent(): Promise<void> {
    rmSync(path.join(desk, 'running.json'), { force: true })
    const child = spawn(process.execPath, khatm('run', '--library', spy, '--no-open'), {
      cwd: repository,
      env: { ...process.env, PKCS11SPY: softHsmLibrary, PKCS11SPY_OUTPUT: spyLog },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    agent = child
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => agentOutput.push(chunk.toString()))
    await until('the desk runs', () => existsSync(path.join(desk, 'running.json')), 30_000)
    const { url } = JSON.parse(readFileSync(path.join(desk, 'running.json'), 'utf8')) as { url: string } // written by running-file.ts
    ;[origin = '', secret = ''] = url.split('/#')
  }
  const page = async (place: string, body?: Buffer): Promise<string> => {
    const answer = await fetch(`${origin}${place}`, {
      headers: { 'x-khatm-desk': secret },
      ...(body === undefined ? {} : { method: 'POST', body: new Uint8Array(body) }),
    })
    return answer.text()
  }
  const state = async (): Promise<{ pending: Pending[] }> => JSON.parse(await page('/api/state?since=-1&lang=en')) as { pending: Pending[] } // as page-state.ts writes it
  const shown = (wanted: number): Promise<Pending[]> =>
    until(
      `${String(wanted)} shown`,
      async () => {
        const { pending } = await state()
        return pending.length === wanted && pending
      },
      60_000,
    )
  /** As the page sends it: ids, a NUL byte, the PIN. */
  const givePin = (pending: readonly Pending[]): Promise<string> => {
    const ids = Buffer.from(`${JSON.stringify({ ids: pending.map(({ id }) => id), finalTry: false })}\0`)
    return page('/api/sign', Buffer.concat([ids, Buffer.from(token.pin)]))
  }
  const logins = (): number => (existsSync(spyLog) ? readFileSync(spyLog, 'utf8') : '').match(/: C_Login$/gm)?.length ?? 0
  const signedAtDesk = (): string[] =>
    (existsSync(path.join(desk, 'history.ndjson')) ? readFileSync(path.join(desk, 'history.ndjson'), 'utf8') : '')
      .split('\n')
      .filter((line) => line.includes('"event":"signed"'))
  const rows = async (): Promise<Row[]> => (await ask('status'))['documents'] as Row[] // as egypt-desk-host.ts tells it
  const filed = async (wanted: number): Promise<Row[]> =>
    until(
      `${String(wanted)} accepted`,
      async () => {
        const all = await rows()
        return all.filter((row) => row.state === 'accepted').length === wanted && all
      },
      // After a kill what was sent may be asked for only when its lease has ended.
      full ? 240_000 : 90_000,
    ).catch(async (error: unknown) =>
      assert.fail(`${String(error)} ${JSON.stringify((await rows()).filter((row) => row.state !== 'accepted').slice(0, 3))}`),
    )

  /** Eight callers of the API at once, one invoice in each call. */
  async function postInvoices(wanted: number): Promise<void> {
    let next = 0
    const caller = async (): Promise<void> => {
      while (next < wanted) {
        const index = posted + next++
        const answer = await fetch(`http://127.0.0.1:${String(port)}/api/v1/invoices`, {
          method: 'POST',
          headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': `order-${String(index)}` },
          body: JSON.stringify(invoice(index)),
        })
        const text = await answer.text()
        assert.equal(answer.status, 201, text)
        assert.match(text, /"prepared"/, 'the caller is told at once that it waits for its signature')
      }
    }
    await Promise.all(Array.from({ length: 8 }, caller))
    posted += wanted
  }
  /** What the authority has: each number once. */
  function taken(): void {
    const numbers = sandbox.etaDocuments().map((document) => document.internalId)
    assert.equal(new Set(numbers).size, numbers.length, 'the authority has a number twice')
    assert.equal(numbers.length, posted)
  }

  it('of five certificates on the token the one of this taxpayer in force is chosen', async () => {
    const adopted = await ask('adopt')
    assert.deepEqual(adopted['adopted'], ['another taxpayer', 'expired', 'seal'])
    assert.equal(adopted['keys'], 3, 'no software key was made: one on the token fits')
  })

  it(`${String(count)} invoices posted over the API wait at the desk; one PIN there signs them, and the authority has each once`, async () => {
    const start = performance.now()
    await postInvoices(count)
    figures['post'] = Math.round(performance.now() - start)
    const pending = await shown(count)
    for (const { tie, uses, facts } of pending) {
      assert.equal(tie, 'read', 'the desk made canonical text and hash from the document itself')
      const values = facts.map(({ value }) => value)
      assert.ok(values.includes(rin) && values.includes(uses[0]?.amount.value ?? '?'), JSON.stringify(facts))
      assert.ok(uses[0]?.label.startsWith(values.find((value) => value.startsWith('INV/')) ?? '?'))
    }
    const [progress] = (await ask('progress'))['progress'] as { waiting: number; total: number; desks: { name: string }[] }[] // deskProgress
    assert.deepEqual([progress?.waiting, progress?.total, progress?.desks[0]?.name], [count, count, 'Accountant'])
    assert.ok((await rows()).every((row) => row.state === 'prepared'))
    const [first] = pending
    const whole = JSON.parse(await page(`/api/document?id=${first?.id ?? ''}`)) as { text: string } // as page-server.ts writes it
    openedNumber = /^internalID: (.+)$/m.exec(whole.text)?.[1] ?? assert.fail('the whole document is not shown')
    const before = logins()
    const signing = performance.now()
    assert.equal((await givePin(pending)).match(/"signed"/g)?.length, count)
    figures['sign'] = Math.round(performance.now() - signing)
    await filed(count)
    figures['accepted'] = Math.round(performance.now() - signing)
    assert.equal(logins() - before, 1, 'one login for the whole batch')
    assert.equal(signedAtDesk().length, count)
    const { evidence } = (await ask('evidence'))['evidence'] as { evidence: { soleControl: string; attributes: Record<string, unknown> } } // a row
    assert.equal(evidence.soleControl, 'device-and-code')
    const { onToken, sensitive, alwaysSensitive, extractable, neverExtractable, loginRequired, pinInitialized } = evidence.attributes
    assert.deepEqual(
      { onToken, sensitive, alwaysSensitive, extractable, neverExtractable, loginRequired, pinInitialized },
      {
        onToken: true,
        sensitive: true,
        alwaysSensitive: true,
        extractable: false,
        neverExtractable: true,
        loginRequired: true,
        pinInitialized: true,
      },
    )
    for (const name of ['tokenSerial', 'tokenModel', 'firmware', 'desk'])
      assert.match(JSON.stringify(evidence.attributes[name]), /^"[^"]+"$/, name)
    taken()
  })

  it('dossiers: Art. 10 is shown by device and code; 2(f) only for the document the person opened, not for one seen as a line of the batch', async () => {
    const all = await rows()
    const dossierOf = async (row: Row | undefined): Promise<DossierReport> => {
      const { file } = await ask(`dossier ${row?.invoiceId ?? ''}`)
      return JSON.parse(execFileSync('unzip', ['-p', String(file), 'report.json'], { encoding: 'utf8' })) as DossierReport // its own report
    }
    const opened = await dossierOf(all.find(({ number }) => number === openedNumber))
    const listed = await dossierOf(all.find(({ number }) => number !== openedNumber))
    const told = ({ articles }: DossierReport, article: string): unknown => {
      const found = articles.find((one) => one.article === article)
      return [found?.state, ...(found?.findings ?? []).map(({ code }) => code)]
    }
    assert.deepEqual(told(opened, '2(f)'), ['shown', 'EG-ART-DOCUMENT-OPENED'])
    assert.deepEqual(told(listed, '2(f)'), ['not-shown', 'EG-ART-DOCUMENT-LISTED'])
    for (const report of [opened, listed]) {
      assert.deepEqual(
        ['1(12)', '2(a)', '2(e)', '3(d)', '8(b)', '10', '11'].map((article) => [article, (told(report, article) as string[])[0]]),
        ['1(12)', '2(a)', '2(e)', '3(d)', '8(b)', '10', '11'].map((article) => [article, 'shown']),
      )
      assert.equal(report.points.find(({ point }) => point === 'b')?.state, 'shown')
    }
  })

  it('openssl and `khatm verify` accept the files; a changed digit they refuse', async () => {
    await ask('files')
    const trust = path.join(folder, 'trust.pem')
    const anchors = chain.slice(1)
    writeFileSync(trust, anchors.map((der) => toPem('CERTIFICATE', der)).join(''))
    for (const index of [0, count >> 1, count - 1]) {
      const file = path.join(folder, `${String(index)}.json`)
      const bytes = readFileSync(file)
      const value = textAt(itemsOf(memberOf(parseLiteral(bytes), 'signatures'))[0], 'value') ?? ''
      const [cms, text] = [path.join(folder, 'cms'), path.join(folder, 'text')]
      writeFileSync(cms, Buffer.from(value, 'base64'))
      writeFileSync(text, canonicalText(bytes))
      const args = ['-inform', 'DER', '-in', cms, '-content', text, '-binary', '-CAfile', trust, '-purpose', 'any', '-out', '/dev/null']
      execFileSync('openssl', ['cms', '-verify', '-cades', ...args], { stdio: 'pipe' })
      writeFileSync(text, canonicalText(Buffer.from(bytes.toString().replace(/"internalID":"INV/, '"internalID":"INW'))))
      assert.throws(() => execFileSync('openssl', ['cms', '-verify', '-cades', ...args], { stdio: 'pipe' }))
    }
    const [good, changed] = [path.join(folder, '0.json'), path.join(folder, 'changed.json')]
    const total = /"totalAmount":(\d)/
    const other = (_whole: string, digit: string): string => `"totalAmount":${String((Number(digit) % 9) + 1)}`
    writeFileSync(changed, readFileSync(good, 'utf8').replace(total, other))
    const command = [path.join(repository, 'bin/khatm.mjs'), 'verify', good, changed, '--trust', trust, '--json']
    const { stdout } = spawnSync(process.execPath, command, { cwd: repository, encoding: 'utf8' })
    assert.deepEqual(
      [...stdout.matchAll(/"verdict":\s*"(\w+)"/g)].map(([, verdict]) => verdict),
      ['passed', 'failed'],
      stdout.slice(0, 600),
    )
  })

  it('what is refused at the desk waits for a person and says by whom; asked again it is signed', async () => {
    await postInvoices(1)
    const [one] = await shown(1)
    assert.ok(one)
    await page('/api/refuse', Buffer.from(JSON.stringify({ ids: [one.id], reason: 'wrong customer' })))
    const refused = await until('the refusal is written down', async () => (await rows()).find((row) => row.held), 20_000)
    assert.deepEqual([refused.state, refused.code], ['prepared', 'SIGN-AGENT-REFUSED'])
    await sleep(1_500)
    assert.equal((await state()).pending.length, 0, 'nobody asks again by himself')
    assert.deepEqual(await ask(`retry ${refused.invoiceId}`), { retried: true })
    await givePin(await shown(1))
    await filed(posted)
    taken()
  })

  it('the token is pulled: the desk says so in words, nothing is signed; put back, all is signed', async () => {
    await postInvoices(2)
    const pending = await shown(2)
    const away = `${token.folder}/away`
    renameSync(token.tokenFolder, away)
    const told = await until('the desk notices', async () => (await state()).pending.find(({ fault }) => fault !== null), 20_000)
    assert.equal(told.fault?.code, 'SIGN-TOKEN-MISSING')
    assert.ok(!/SIGN-|undefined|\{\{/.test(told.fault.message), told.fault.message)
    renameSync(away, token.tokenFolder)
    await until('the token is back', async () => (await state()).pending.every(({ fault }) => fault === null), 20_000)
    await givePin(pending)
    await filed(posted)
    taken()
  })

  it('the desk is killed in the middle of a batch: the PIN once more there, none signed into two answers, none lost', async () => {
    const before = signedAtDesk().length
    await postInvoices(killedAtDesk)
    const pending = await shown(killedAtDesk)
    void givePin(pending).catch(() => undefined)
    await until('some are signed', () => signedAtDesk().length - before >= (full ? 80 : 1), 30_000)
    await kill(agent)
    const done = signedAtDesk().length - before
    assert.ok(done < killedAtDesk, `all ${String(done)} were signed before the kill`)
    const count1 = logins()
    await startAgent()
    // What was signed and not confirmed comes from the outbox; the others are shown again.
    const left = await until(
      'the rest is shown',
      async () => {
        const all = await rows()
        const { pending: again } = await state()
        return again.length + all.filter((row) => row.state !== 'prepared').length === posted && again
      },
      60_000,
    )
    assert.ok(left.length > 0 && left.length <= killedAtDesk - done, 'what was signed is not asked for again')
    await givePin(left)
    await filed(posted)
    assert.equal(logins() - count1, 1)
    taken()
  })

  it('the host is killed while answers arrive: each invoice is filed once', async () => {
    const before = signedAtDesk().length
    await postInvoices(killedAtHost)
    const pending = await shown(killedAtHost)
    const given = givePin(pending)
    await until('some are signed', () => signedAtDesk().length - before >= (full ? 80 : 1), 30_000)
    await kill(host)
    await given
    await startHost()
    await filed(posted)
    taken()
  })

  it('the PIN is nowhere: no wire, table, file, log, heap, argument or environment of host and desk', async () => {
    // The wire tells in any run that the host never met the PIN; its heap takes a while to write.
    await ask(full ? 'dump with-heap' : 'dump')
    const places = new Map<string, Buffer>([
      ['wire', Buffer.concat(wire.passed)],
      ['output of the desk', Buffer.from(agentOutput.join(''))],
    ])
    const walk = (root: string): void => {
      for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
        const file = path.join(root, name)
        if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) places.set(file, readFileSync(file))
      }
    }
    for (const root of [desk, path.join(folder, 'data'), path.join(folder, 'sandbox')]) walk(root)
    const heap = full ? ['host.heapsnapshot'] : []
    for (const name of [...heap, 'dump.txt', 'host.log']) places.set(name, readFileSync(path.join(folder, name)))
    for (const pid of [host?.pid, agent?.pid]) {
      for (const what of ['cmdline', 'environ']) places.set(`${what} of ${String(pid)}`, readFileSync(`/proc/${String(pid)}/${what}`))
    }
    // The search finds what is there: documents in wire, heap and tables, the PIN in the log of the spy between desk and driver.
    for (const place of ['wire', ...heap, 'dump.txt']) assert.ok(places.get(place)?.includes('/00001'), place)
    assert.ok([...places.keys()].some((place) => place.includes('/pg_wal/')))
    assert.ok(spyShows(readFileSync(spyLog, 'utf8'), token.pin))
    for (const [place, bytes] of places) assert.equal(holds(bytes, token.pin), false, `PIN in ${place}`)
  })
})

/** The spy writes bytes in hex with their text beside, in lines of sixteen. */
function spyShows(log: string, pin: string): boolean {
  return log.includes(pin) || log.replace(/\s/g, '').includes(Buffer.from(pin).toString('hex').toUpperCase())
}

/** The key in use, and what else lies on tokens of the field: the issuer's certificate, a certificate that is over, somebody else's. */
async function fillToken(token: SoftToken, sandbox: Sandbox): Promise<readonly Buffer[]> {
  const keys = [
    { id: '01', label: 'expired', rin, days: 30, notBefore: new Date('2023-01-01T00:00:00Z') },
    { id: '02', label: 'another taxpayer', rin: '999888777', days: 900, notBefore: undefined },
    { id: '03', label: 'seal', rin, days: 900, notBefore: undefined },
  ]
  let own: readonly Buffer[] = []
  for (const { id, label, rin: named, days, notBefore } of keys) {
    token.generate('rsa:2048', id, label)
    const args = ['--module', softHsmLibrary, '--token-label', token.label, '--read-object', '--type', 'pubkey', '--id', id]
    own = await sandbox.issueCertificate({
      spki: execFileSync('pkcs11-tool', args, { stdio: ['ignore', 'pipe', 'ignore'] }),
      subject: [
        { type: 'C', value: 'EG' },
        { type: 'O', value: 'شركة نيل بيبر للتجارة ش.م.م' },
        { type: 'ORGANIZATIONIDENTIFIER', value: `VATEG-${named}` },
        { type: 'CN', value: 'شركة نيل بيبر للتجارة ش.م.م' },
      ],
      profile: 'egypt-invoice',
      days,
      ...(notBefore === undefined ? {} : { notBefore }),
    })
    token.installCertificate(own[0] ?? Buffer.alloc(0), id, label)
  }
  token.installCertificate(own[1] ?? Buffer.alloc(0), '0a', 'issuer')
  return own
}

function invoice(index: number): object {
  return {
    type: 'invoice',
    currency: 'EGP',
    customer: {
      name: 'Delta Contracting S.A.E.',
      nameAr: 'شركة الدلتا للمقاولات ش.م.م',
      identifiers: [{ scheme: 'VAT', value: '300400500' }],
      address: { street: 'شارع التسعين', building: '45', city: 'القاهرة الجديدة', region: 'القاهرة', postalCode: '11835', country: 'EG' },
    },
    lines: [
      {
        description: 'ورق تصوير A4',
        itemCode: 'EG-900100200-PAPER-A4',
        quantity: '2.5',
        unit: 'PCE',
        unitPrice: `${String(100 + index)}.50`,
        tax: 'V009',
      },
    ],
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo // a listening TCP server has an AddressInfo
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
  })
  return port
}

/** The database server outlives a killed host on purpose; the test must not leave it behind. */
async function stopDatabase(data: string): Promise<void> {
  if (!existsSync(data)) return
  const name = readdirSync(data, { recursive: true, encoding: 'utf8' }).find((one) => one.endsWith('postmaster.pid'))
  if (name === undefined) return
  const file = path.join(data, name)
  process.kill(Number(readFileSync(file, 'utf8').split('\n')[0]), 'SIGINT')
  for (let tries = 0; tries < 100 && existsSync(file); tries++) await sleep(50)
}
