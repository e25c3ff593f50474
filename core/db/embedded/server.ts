import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chown, mkdir, open, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { isAlive, isTaken } from '../../host/living-process.js'
import type { Logger } from '../../host/logger.js'
import { Fault } from '../../i18n/fault.js'
import { findBinaries, type PostgresBinaries } from './binaries.js'
import { HostRegister } from './host-register.js'
import { clusterUser, makeCluster, makeDatabase } from './make-cluster.js'
import { isServerOf, readPostmasterFile } from './postmaster-file.js'
import { identityOf, openTheWay, serverUser, type ServerUser } from './server-user.js'
import { makeSocketFolder, removeSocketFolder } from './socket-folder.js'

const port = 5432
const startLimitMs = 60_000

/** A PostgreSQL of this installation's own, shared by all hosts of the same data folder. */
export interface EmbeddedServer {
  /** Folder of the Unix socket: the `host` of a PostgreSQL connection.  */
  readonly socketFolder: string
  readonly port: number
  readonly dataFolder: string
  pid(): number | undefined
  /** Leaves the server; stops it when no other living host uses it. */
  stop(): Promise<void>
}

/**
 * Starts the PostgreSQL of a data folder, or joins the one that runs already: of another host, or left by a host that
 * was killed. The server listens on a Unix socket alone, inside a folder only its account (and root) may enter, which is
 * what authenticates; there is no password to lose. While this host lives, a server that dies is started again.
 * @throws Fault DB-EMBEDDED-MISSING, DB-EMBEDDED-UNREADABLE, DB-EMBEDDED-NO-USER, DB-EMBEDDED-START
 */
export async function startEmbeddedServer(dataDir: string, logger: Logger): Promise<EmbeddedServer> {
  await mkdir(dataDir, { recursive: true, mode: 0o750 })
  const supervisor = new Supervisor(await realpath(dataDir), logger)
  await supervisor.start()
  return supervisor
}

class Supervisor implements EmbeddedServer {
  #user: ServerUser = { name: 'own', uid: -1, gid: -1, switched: false }
  #binaries: PostgresBinaries | undefined
  #base = ''
  #register: HostRegister
  #pid: number | undefined
  #stopping = false
  #watch: NodeJS.Timeout | undefined
  #reviving: Promise<void> | undefined
  readonly port = port
  dataFolder = ''
  socketFolder = ''

  constructor(
    private readonly dataDir: string,
    private readonly logger: Logger,
  ) {
    this.#register = new HostRegister(path.join(dataDir, 'database-hosts'))
  }

  pid(): number | undefined {
    return this.#pid
  }

  async start(): Promise<void> {
    this.#user = await serverUser()
    this.#base = await this.#placeOfCluster()
    this.dataFolder = path.join(this.#base, 'cluster')
    await this.#register.enter()
    try {
      await this.#reachForGood()
    } catch (error) {
      await this.#register.leave()
      throw error
    }
    this.#watch = setInterval(() => {
      this.#lookAfter()
    }, 250)
    this.#watch.unref()
  }

  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    clearInterval(this.#watch)
    await this.#reviving
    const { othersLeft } = await this.#register.leave()
    const pid = this.#pid
    if (othersLeft || pid === undefined || !(await isServerOf(pid, this.dataFolder))) return
    // A host that came meanwhile keeps it.
    if (this.#register.holdsLiving() || !endServer(pid)) return
    for (let waited = 0; isAlive(pid) && waited < 30_000; waited += 20) await sleep(20)
    if (isAlive(pid)) this.logger.warn({ pid }, 'embedded PostgreSQL did not stop within 30 seconds')
    // The next host may be about to start its server in the same folder.
    if (!this.#register.holdsLiving()) removeSocketFolder(this.socketFolder)
  }

  /** The cluster lies in the data folder; if its account cannot get there, below /var/lib, and a file in the data folder says so. */
  async #placeOfCluster(): Promise<string> {
    const blocked = await openTheWay(this.#user, this.dataDir)
    let base = path.join(this.dataDir, 'postgresql')
    if (blocked !== undefined) {
      const mark = createHash('sha256').update(this.dataDir).digest('hex').slice(0, 16)
      base = path.join('/var/lib/khatm', mark)
      await mkdir('/var/lib/khatm', { recursive: true, mode: 0o755 })
      const record = { cluster: base, because: `${this.#user.name} may not enter ${blocked}` }
      await writeFile(path.join(this.dataDir, 'postgresql-location.json'), `${JSON.stringify(record, null, 2)}\n`)
      this.logger.warn(record, 'the embedded database lies outside the data folder')
    }
    await mkdir(base, { recursive: true, mode: 0o700 })
    if (this.#user.switched) await chown(base, this.#user.uid, this.#user.gid)
    return base
  }

  /** The last host that leaves stops its server, be it the one that was joined a moment ago: then the next one is started. */
  async #reachForGood(): Promise<void> {
    const limit = performance.now() + startLimitMs
    for (;;) {
      await this.#reach()
      try {
        await this.#asCluster(this.socketFolder, 'postgres', makeDatabase)
        if (await this.#stays()) return
      } catch (error) {
        if (performance.now() > limit || (await this.#stays())) throw error
      }
      await sleep(20)
    }
  }

  /** Whether the server that was reached runs and was not told to stop. */
  async #stays(): Promise<boolean> {
    const file = await readPostmasterFile(this.dataFolder)
    return file !== undefined && file.pid === this.#pid && file.status.startsWith('ready') && isAlive(file.pid)
  }

  /** Joins a running server or starts one. Several hosts may do this at once: PostgreSQL's own lock file lets one win. */
  async #reach(): Promise<void> {
    const limit = performance.now() + startLimitMs
    let lastError = ''
    while (performance.now() < limit) {
      if (await this.#join()) return
      const exit = await this.#launch()
      if (exit === undefined) return
      lastError = exit
      // Another host's server is coming up, or backends of a killed server still hold its shared memory.
      if (!/lock file|shared memory|already exists|in use/i.test(exit)) break
      await sleep(100)
    }
    throw new Fault('DB-EMBEDDED-START', { params: { reason: lastError.slice(-600) }, status: 503 })
  }

  async #join(): Promise<boolean> {
    const limit = performance.now() + startLimitMs
    for (;;) {
      const file = await readPostmasterFile(this.dataFolder)
      if (file === undefined) return false
      if (file.dataFolder !== this.dataFolder || !(await isServerOf(file.pid, this.dataFolder))) {
        if (isTaken(file.pid)) {
          // The number belongs to another program, or to a server that ended and that nobody has asked about: PostgreSQL would refuse to start.
          this.logger.warn({ pid: file.pid }, 'postmaster.pid names no server of this folder; removed')
          await rm(path.join(this.dataFolder, 'postmaster.pid'), { force: true })
        }
        return false
      }
      if (file.socketFolder !== '' && (await this.#answers(file.socketFolder))) {
        if (this.#pid !== file.pid) this.logger.info({ pid: file.pid }, 'joined the running embedded PostgreSQL')
        this.#pid = file.pid
        this.socketFolder = file.socketFolder
        return true
      }
      if (performance.now() > limit) return false
      await sleep(20)
    }
  }

  /** Whether a server of exactly this data folder answers there. */
  async #answers(socketFolder: string): Promise<boolean> {
    try {
      return await this.#asCluster(socketFolder, 'postgres', async (client) => {
        const { rows } = await client.query<{ folder: string }>(`select current_setting('data_directory') as folder`)
        return rows[0]?.folder === this.dataFolder
      })
    } catch {
      return false
    }
  }

  async #asCluster<Result>(host: string, database: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const client = new pg.Client({ host, port, user: clusterUser, database, connectionTimeoutMillis: 5_000 })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }

  /** Starts the server; answers with its last words when it ended instead of getting ready. */
  async #launch(): Promise<string | undefined> {
    this.#binaries ??= await findBinaries(this.#user)
    await makeCluster(this.#binaries, this.#user, this.#base, this.dataFolder)
    this.socketFolder = await makeSocketFolder(this.#user, this.dataFolder)
    const logFile = path.join(this.#base, 'postgresql.log')
    const size = (await stat(logFile).catch(() => null))?.size ?? 0
    const log = await open(logFile, size > 10_000_000 ? 'w' : 'a')
    const from = size > 10_000_000 ? 0 : size
    const settings = {
      listen_addresses: '',
      unix_socket_directories: this.socketFolder,
      unix_socket_permissions: '0700',
      max_connections: '200',
      shared_buffers: '64MB',
      wal_compression: 'on',
      jit: 'off',
      fsync: 'on',
      synchronous_commit: 'on',
      timezone: 'UTC',
      log_timezone: 'UTC',
      log_checkpoints: 'off',
    }
    const parameters = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    // Detached and with its own log: it must outlive a killed host with its memory intact.
    const child = spawn(this.#binaries.postgres, ['-D', this.dataFolder, '-p', String(port), ...parameters], {
      cwd: this.#base,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      ...identityOf(this.#user),
    })
    await log.close()
    const life = { ended: false }
    const end = (): void => {
      life.ended = true
    }
    child.once('exit', end)
    child.once('error', end)
    child.unref()
    const limit = performance.now() + startLimitMs
    while (!life.ended && performance.now() < limit) {
      const file = await readPostmasterFile(this.dataFolder)
      if (file?.pid === child.pid && file?.status.startsWith('ready') === true && (await this.#answers(this.socketFolder))) {
        this.#pid = child.pid
        this.logger.info({ pid: child.pid, dataFolder: this.dataFolder }, 'embedded PostgreSQL started')
        return undefined
      }
      await sleep(8)
    }
    const words = (await readFile(logFile, 'utf8').catch(() => '')).slice(from)
    return words === '' ? 'it ended without a word' : words
  }

  /** Brings a server back that died while this host uses it. */
  #lookAfter(): void {
    if (this.#stopping || this.#reviving !== undefined) return
    if (this.#pid !== undefined && isAlive(this.#pid)) return
    this.logger.error({ pid: this.#pid }, 'embedded PostgreSQL is gone; starting it again')
    this.#reviving = this.#reach()
      .catch((error: unknown) => {
        this.logger.error({ err: error }, 'embedded PostgreSQL did not start again')
      })
      .finally(() => {
        this.#reviving = undefined
      })
  }
}

/** Fast shutdown: running transactions are rolled back, the checkpoint is written. @returns false when it had ended before */
function endServer(pid: number): boolean {
  try {
    process.kill(pid, 'SIGINT')
    return true
  } catch {
    return false
  }
}
