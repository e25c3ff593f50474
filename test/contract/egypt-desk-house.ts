import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { softHsmLibrary, SoftToken } from '../../core/signing/test/soft-token.js'
import { startSandbox, type Sandbox } from '../../modules/sandbox/index.js'
import { until } from '../helpers/until.js'
import { DeskWire } from './desk-wire.js'
import { fillToken, invoiceOf } from './egypt-desk-rows.js'
import { kill, LineProcess } from './line-process.js'

export const repository = path.join(import.meta.dirname, '../..')

/** Lies between a desk and the driver of its token, and writes down every call. */
export const spyLibrary = '/usr/lib/x86_64-linux-gnu/pkcs11-spy.so'

/** A document as egypt-desk-host.ts tells it. */
export interface Row {
  readonly number: string
  readonly state: string
  readonly code: string | null
  readonly held: boolean
  readonly invoiceId: string
  readonly sha256: string | null
}

/** What waits at the desk, as its page is told it. */
export interface Pending {
  readonly id: string
  readonly tie: string
  readonly uses: readonly { readonly label: string; readonly amount: { readonly value: string; readonly currency: string } }[]
  readonly facts: readonly { readonly label: string; readonly value: string }[]
  readonly fault: { readonly code: string; readonly message: string } | null
}

/**
 * The office of an Egyptian accountant: host, desk, token driver, network and authority are processes and sockets of their own, and host
 * and desk can be killed.
 */
export class EgyptDeskHouse {
  readonly desk: string
  readonly spyLog: string
  readonly token = new SoftToken('e-invoices', '905318264417')
  readonly wire = new DeskWire(() => this.url)
  /** What the desk printed. */
  readonly agentOutput: string[] = []
  host: LineProcess | undefined
  agent: ChildProcess | undefined
  /** Invoices posted so far. */
  posted = 0
  /** The certificate in use and those of its authority. */
  chain: readonly Buffer[] = []
  private readonly url: string
  private origin = ''
  private secret = ''
  private apiKey = ''

  private constructor(
    readonly folder: string,
    readonly sandbox: Sandbox,
    private readonly port: number,
    private readonly patience: number,
  ) {
    this.desk = path.join(folder, 'desk')
    this.spyLog = path.join(folder, 'spy.log')
    this.url = `http://127.0.0.1:${String(port)}`
  }

  /** The token is filled, the host runs, a desk is paired and runs. @param patience milliseconds until the authority has accepted what was signed */
  static async open(patience: number): Promise<EgyptDeskHouse> {
    const folder = mkdtempSync(path.join(tmpdir(), 'khatm-egypt-desk-'))
    const sandbox = await startSandbox({ dataDir: path.join(folder, 'sandbox') })
    const house = new EgyptDeskHouse(folder, sandbox, await freePort(), patience)
    try {
      house.chain = await fillToken(house.token, sandbox)
      await house.startHost('fresh')
      const [{ code }, { secret }] = [await house.ask('code'), await house.ask('apiKey')]
      house.apiKey = String(secret)
      // Not the synchronous one: the wire is in this process.
      const pair = house.khatm('pair', await house.wire.listen(), String(code), '--name', 'Accountant')
      await promisify(execFile)(process.execPath, pair, { cwd: repository })
      await house.startAgent()
    } catch (error) {
      await house.close().catch(() => undefined)
      throw error
    }
    return house
  }

  async close(): Promise<void> {
    for (const one of [this.agent, this.host?.child]) await kill(one)
    await this.wire.close()
    await this.sandbox.close()
    this.token.remove()
    await stopDatabase(path.join(this.folder, 'data'))
    rmSync(this.folder, { recursive: true, force: true })
  }

  async startHost(...more: string[]): Promise<void> {
    // The host knows neither token nor driver.
    const { SOFTHSM2_CONF: _token, ...environment } = process.env
    const anchors = JSON.stringify([this.sandbox.caCertificate.toString('base64')])
    const script = path.join(import.meta.dirname, 'egypt-desk-host.ts')
    const reading = ['--import', path.join(repository, 'bin/typescript.mjs')]
    const args = [...reading, script, this.folder, String(this.port), this.sandbox.url, anchors, ...more]
    this.host = await LineProcess.start(args, environment, path.join(this.folder, 'host.log'))
  }

  async startAgent(): Promise<void> {
    const running = path.join(this.desk, 'running.json')
    rmSync(running, { force: true })
    const child = spawn(process.execPath, this.khatm('run', '--library', spyLibrary, '--no-open'), {
      cwd: repository,
      env: { ...process.env, PKCS11SPY: softHsmLibrary, PKCS11SPY_OUTPUT: this.spyLog },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.agent = child
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => this.agentOutput.push(chunk.toString()))
    await until('the desk runs', () => existsSync(running))
    const { url } = JSON.parse(readFileSync(running, 'utf8')) as { url: string } // written by running-file.ts
    ;[this.origin = '', this.secret = ''] = url.split('/#')
  }

  killHost(): Promise<void> {
    return kill(this.host?.child)
  }

  killAgent(): Promise<void> {
    return kill(this.agent)
  }

  /** Asks the host's process, by its own lines. */
  ask(line: string): Promise<Record<string, unknown>> {
    return this.host?.ask(line) ?? assert.fail('the host does not run')
  }

  /** Asks the desk as its page does. */
  async page(place: string, body?: Buffer): Promise<string> {
    const answer = await fetch(`${this.origin}${place}`, {
      headers: { 'x-khatm-desk': this.secret },
      ...(body === undefined ? {} : { method: 'POST', body: new Uint8Array(body) }),
    })
    return answer.text()
  }

  /** What waits at the desk. */
  async pending(): Promise<Pending[]> {
    const state = JSON.parse(await this.page('/api/state?since=-1&lang=en')) as { pending: Pending[] } // as page-state.ts writes it
    return state.pending
  }

  shown(wanted: number): Promise<Pending[]> {
    return until(
      `${String(wanted)} shown`,
      async () => {
        const pending = await this.pending()
        return pending.length === wanted && pending
      },
      60_000,
    )
  }

  /** As the page sends it: ids, a NUL byte, the PIN. */
  givePin(pending: readonly Pending[]): Promise<string> {
    const ids = Buffer.from(`${JSON.stringify({ ids: pending.map(({ id }) => id), finalTry: false })}\0`)
    return this.page('/api/sign', Buffer.concat([ids, Buffer.from(this.token.pin)]))
  }

  /** How often somebody logged in to the token. */
  logins(): number {
    return textOf(this.spyLog).match(/: C_Login$/gm)?.length ?? 0
  }

  /** How much the desk has signed, by its own history. */
  signed(): number {
    return textOf(path.join(this.desk, 'history.ndjson'))
      .split('\n')
      .filter((line) => line.includes('"event":"signed"')).length
  }

  async rows(): Promise<Row[]> {
    return (await this.ask('status'))['documents'] as Row[] // as egypt-desk-host.ts tells it
  }

  /** Waits until the authority has accepted as many. */
  filed(wanted: number): Promise<Row[]> {
    return until(
      `${String(wanted)} accepted`,
      async () => {
        const all = await this.rows()
        return all.filter((row) => row.state === 'accepted').length === wanted && all
      },
      this.patience,
    ).catch(async (error: unknown) =>
      assert.fail(`${String(error)} ${JSON.stringify((await this.rows()).filter((row) => row.state !== 'accepted').slice(0, 3))}`),
    )
  }

  /** Eight callers of the API at once, one invoice in each call. */
  async postInvoices(wanted: number): Promise<void> {
    let next = 0
    const caller = async (): Promise<void> => {
      while (next < wanted) {
        const index = this.posted + next++
        const answer = await fetch(`${this.url}/api/v1/invoices`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${this.apiKey}`,
            'content-type': 'application/json',
            'idempotency-key': `order-${String(index)}`,
          },
          body: JSON.stringify(invoiceOf(index)),
        })
        const text = await answer.text()
        assert.equal(answer.status, 201, text)
        assert.match(text, /"prepared"/, 'the caller is told at once that it waits for its signature')
      }
    }
    await Promise.all(Array.from({ length: 8 }, caller))
    this.posted += wanted
  }

  /** What the authority has: each number once. */
  assertTakenOnce(): void {
    const numbers = this.sandbox.etaDocuments().map((document) => document.internalId)
    assert.equal(new Set(numbers).size, numbers.length, 'the authority has a number twice')
    assert.equal(numbers.length, this.posted)
  }

  private khatm(...args: string[]): string[] {
    return [path.join(repository, 'bin/khatm.mjs'), 'agent', '--folder', this.desk, '--json', ...args]
  }
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
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
