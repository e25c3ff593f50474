import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OpenDatabase } from '../../open-database.js'
import { openDatabase } from '../../open-database.js'
import { isAlive } from '../../../host/living-process.js'
import { readingTypeScript } from '../../../../test/helpers/reading-typescript.js'
import { until } from '../../../../test/helpers/until.js'

const open = (dataDir: string): Promise<OpenDatabase> => openDatabase({ dataDir, database: { url: null, poolSize: 4 }, logLevel: 'silent' })

/** A host in its own process, with what it printed. */
class ChildHost {
  readonly process: ChildProcess
  readonly wrote: number[] = []
  server = 0
  closed = false

  constructor(dataDir: string) {
    this.process = spawn(process.execPath, [...readingTypeScript, path.join(import.meta.dirname, 'child-host.ts'), dataDir], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    if (this.process.stdout === null) throw new Error('no output')
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      const [word, number] = line.split(' ')
      if (word === 'server') this.server = Number(number)
      if (word === 'wrote') this.wrote.push(Number(number))
      if (word === 'closed') this.closed = true
    })
  }

  async writing(): Promise<void> {
    const seen = this.wrote.length
    await until('the child host writes', () => this.wrote.length >= seen + 5)
  }

  async end(how: 'kill' | 'close'): Promise<void> {
    // Not `exit`: what it printed last may still be on its way then.
    const exited = once(this.process, 'close')
    if (how === 'kill') this.process.kill('SIGKILL')
    else this.process.stdin?.write('close\n')
    await exited
  }
}

async function storedNumbers(database: OpenDatabase): Promise<Set<number>> {
  const rows = await database.ownerKnex<{ number: number }>('child_note').select('number')
  return new Set(rows.map((row) => row.number))
}

describe('embedded PostgreSQL', function () {
  this.timeout(180_000)
  let dataDir: string
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'khatm-supervisor-'))
  })
  afterEach(() => rm(dataDir, { recursive: true, force: true }))

  it('starts, is no superuser for the host, listens on no network address, keeps fsync on, and stops', async () => {
    const database = await open(dataDir)
    const pid = database.serverPid() ?? 0
    const { rows } = await database.ownerKnex.raw<{ rows: object[] }>(
      `select current_setting('listen_addresses') as listen, current_setting('fsync') as fsync, current_setting('server_encoding') as encoding,
              current_setting('is_superuser') as super, current_setting('server_version_num')::int / 10000 as major`,
    )
    assert.deepEqual(rows, [{ listen: '', fsync: 'on', encoding: 'UTF8', super: 'off', major: 18 }])
    for (const statement of ['set role khatm', 'set session authorization khatm']) {
      await assert.rejects(
        database.host((transaction) => transaction.raw(statement)),
        'the application role cannot become the owner',
      )
    }
    const folder = await stat(database.connection.host ?? '')
    assert.equal(folder.mode & 0o077, 0, 'only the account of the server may enter the folder of the socket')
    assert.ok(Buffer.byteLength(`${database.connection.host ?? ''}/.s.PGSQL.5432`) <= 107)
    await database.close()
    assert.equal(isAlive(pid), false)
    await assert.rejects(stat(database.connection.host ?? ''))
  })

  it('outlives a killed host, is joined by the next, and nothing acknowledged is lost: five kills', async () => {
    const acknowledged: number[] = []
    let server = 0
    for (let round = 0; round < 5; round += 1) {
      const child = new ChildHost(dataDir)
      await child.writing()
      if (server !== 0) assert.equal(child.server, server, 'the server of the killed host is joined')
      server = child.server
      await child.end('kill')
      acknowledged.push(...child.wrote)
      assert.ok(isAlive(server))
    }
    const database = await open(dataDir)
    assert.equal(database.serverPid(), server)
    const stored = await storedNumbers(database)
    assert.deepEqual(
      acknowledged.filter((number) => !stored.has(number)),
      [],
    )
    await database.close()
    assert.equal(isAlive(server), false, 'no orphan is left by the last clean stop')
    assert.deepEqual(await readdir(path.join(dataDir, 'database-hosts')), [])
  })

  it('is started again when it is killed itself, five times, also without its host', async () => {
    const child = new ChildHost(dataDir)
    await child.writing()
    process.kill(child.server, 'SIGKILL')
    await child.end('kill') // host and server both gone: postmaster.pid is stale
    let database = await open(dataDir)
    for (let round = 0; round < 4; round += 1) {
      const before = database.serverPid() ?? 0
      process.kill(before, 'SIGKILL')
      await until('another server runs', () => database.serverPid() !== before)
      const stored = await storedNumbers(database)
      assert.deepEqual(
        child.wrote.filter((number) => !stored.has(number)),
        [],
      )
    }
    await database.close()
    database = await open(dataDir)
    await database.close()
  })

  it('serves two hosts, and stops with the last', async () => {
    const child = new ChildHost(dataDir)
    await child.writing()
    const database = await open(dataDir)
    assert.equal(database.serverPid(), child.server)
    await child.end('close')
    assert.ok(child.closed)
    assert.ok(isAlive(child.server), 'still used here')
    assert.ok((await storedNumbers(database)).size > 0)
    await database.close()
    assert.equal(isAlive(child.server), false)
  })

  it('is there for a host that comes at any moment while the last one leaves', async () => {
    let last = await open(dataDir)
    for (let round = 0; round < 12; round += 1) {
      const leaving = last.close()
      await sleep(round * 2)
      const next = await open(dataDir)
      await next.ownerKnex.raw('select 1')
      await leaving
      await next.ownerKnex.raw('select 1')
      last = next
    }
    await last.close()
    assert.equal(isAlive(last.serverPid() ?? 0), false)
  })

  it('is made once when two hosts start on an empty folder at the same moment', async () => {
    const [one, two] = await Promise.all([open(dataDir), open(dataDir)])
    assert.equal(one.serverPid(), two.serverPid())
    await Promise.all([one.close(), two.close()])
    assert.equal(isAlive(one.serverPid() ?? 0), false)
  })

  it('neither trusts nor harms a foreign process whose number stands in a stale postmaster.pid', async () => {
    const database = await open(dataDir)
    await database.close()
    const cluster = path.join(dataDir, 'postgresql', 'cluster')
    const foreign = spawn('sleep', ['60'], { stdio: 'ignore' })
    await writeFile(path.join(cluster, 'postmaster.pid'), `${String(foreign.pid)}\n${cluster}\n1\n5432\n/tmp\n\n0 0\nready   \n`)
    const again = await open(dataDir)
    assert.notEqual(again.serverPid(), foreign.pid)
    assert.equal(isAlive(foreign.pid ?? 0), true)
    await again.close()
    assert.equal(isAlive(foreign.pid ?? 0), true)
    foreign.kill('SIGKILL')
  })

  it('finds another place, and says so, when its account may not reach the data folder', async function () {
    if (process.getuid?.() !== 0) return this.skip()
    // a parent of root's own outside the temporary folder
    const closed = await mkdtemp(path.join(homedir(), 'khatm-closed-'))
    await chmod(closed, 0o700)
    const below = path.join(closed, 'data')
    await mkdir(below)
    const database = await open(below)
    const record = JSON.parse(await readFile(path.join(below, 'postgresql-location.json'), 'utf8')) as { cluster: string; because: string }
    assert.match(record.cluster, /^\/var\/lib\/khatm\//)
    assert.ok((await stat(path.join(record.cluster, 'cluster', 'PG_VERSION'))).isFile())
    assert.equal((await stat(closed)).mode & 0o777, 0o700, 'the closed folder stays closed')
    await database.close()
    await rm(record.cluster, { recursive: true, force: true })
    await rm(closed, { recursive: true, force: true })
  })
})
