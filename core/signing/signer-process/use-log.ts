import { createHash } from 'node:crypto'
import { createReadStream, existsSync, linkSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isAlive, isSameAlive, startMark } from '../../host/living-process.js'
import { Fault } from '../../i18n/fault.js'

/** One entry, without the members that chain it. */
export interface UseEntry {
  readonly event: 'started' | 'reloaded' | 'ended' | 'recovered' | 'signing' | 'failed' | 'refused' | 'credential-stopped'
  readonly client?: string
  readonly credential?: string
  readonly scheme?: string
  readonly digest?: string
  /** Digests, hexadecimal. */
  readonly hashes?: readonly string[]
  /** What the client said it is for. */
  readonly for?: string
  readonly reason?: string
  readonly bytes?: number
}

/** The end of the log, for whoever writes it down elsewhere: a log cut off later no longer reaches it. */
export interface LogHead {
  readonly sequence: number
  readonly hash: string
}

/** What a walk along the log found. */
export interface LogVerification {
  readonly entries: number
  readonly intact: boolean
  readonly head: LogHead
  /** Line of the first entry that does not fit. */
  readonly brokenAt?: number
  readonly reason?: 'unreadable' | 'sequence' | 'link' | 'hash' | 'torn' | 'head'
}

const beginning: LogHead = { sequence: 0, hash: '0'.repeat(64) }

interface Queued {
  readonly text: string
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Append-only log of every use of a key: JSON lines, each with the hash of the one before. An entry is on disk (fdatasync)
 * before the key is used, so a signature without its entry cannot come to be. Entries that arrive together are written together.
 */
export class UseLog {
  private queue: Queued[] = []
  private writing = false
  /** Set when an entry could not be written: the chain in memory is ahead of the disk, so nothing is signed until a restart. */
  private broken: unknown

  private constructor(
    private readonly handle: FileHandle,
    private readonly lockFile: string,
    private last: LogHead,
  ) {}

  /**
   * Opens the log of a state folder for one process. An unfinished last line, left by a kill, is cut off: nobody was told
   * about it. @throws Fault SIGNER-RUNNING, SIGNER-LOG-BROKEN
   */
  static async open(folder: string, now: () => Date): Promise<UseLog> {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = logFile(folder)
    const lockFile = join(folder, 'signer.lock')
    takeLock(lockFile)
    try {
      const { head, torn } = endOf(file)
      const handle = await open(file, 'a', 0o600)
      const log = new UseLog(handle, lockFile, head)
      if (torn > 0) await log.append({ event: 'recovered', bytes: torn }, now())
      return log
    } catch (error) {
      rmSync(lockFile, { force: true })
      throw error
    }
  }

  /** The last entry: number and hash. */
  get head(): LogHead {
    return this.last
  }

  /** Resolves when the entry is on disk. After one that could not be written (disk full) every further one is refused. */
  append(entry: UseEntry, at: Date): Promise<void> {
    if (this.broken !== undefined) return Promise.reject(new Error('the use log cannot be written', { cause: this.broken }))
    const sequence = this.last.sequence + 1
    const unsigned = JSON.stringify({ sequence, at: at.toISOString(), ...entry, previous: this.last.hash })
    const hash = hashOf(unsigned)
    this.last = { sequence, hash }
    return new Promise((resolve, reject) => {
      this.queue.push({ text: `${unsigned.slice(0, -1)},"hash":"${hash}"}\n`, resolve, reject })
      void this.write()
    })
  }

  /** Waits for what is being written, then gives the file and its lock back. */
  async close(): Promise<void> {
    while (this.writing) await nextTurn()
    await this.handle.close()
    rmSync(this.lockFile, { force: true })
  }

  private async write(): Promise<void> {
    if (this.writing) return
    this.writing = true
    while (this.queue.length > 0) {
      const batch = this.queue
      this.queue = []
      try {
        await this.handle.appendFile(batch.map((one) => one.text).join(''))
        await this.handle.datasync()
        for (const one of batch) one.resolve()
      } catch (error) {
        this.broken = error
        for (const one of [...batch, ...this.queue.splice(0)]) one.reject(error)
      }
    }
    this.writing = false
  }
}

/** The log inside the signer's folder. */
export function logFile(folder: string): string {
  return join(folder, 'use.log')
}

/** Walks the whole log. @param expected a head that was written down: the log must still reach it */
export async function verifyUseLog(folder: string, expected?: LogHead): Promise<LogVerification> {
  const file = logFile(folder)
  if (!existsSync(file)) throw new Fault('SIGNER-FILE-MISSING', { params: { file } })
  let head = beginning
  let line = 0
  let reached = expected === undefined || expected.sequence === 0
  const broken = (reason: LogVerification['reason'] & string): LogVerification => ({
    entries: head.sequence,
    intact: false,
    head,
    brokenAt: line,
    reason,
  })
  const complete = endsWithLine(file)
  const lines = createInterface({ input: createReadStream(file), crlfDelay: 0 })
  try {
    let waiting: string | undefined
    for await (const text of lines) {
      if (waiting !== undefined) {
        line++
        const next = follow(waiting, head)
        if (typeof next === 'string') return broken(next)
        head = next
        if (expected?.sequence === head.sequence) {
          if (expected.hash !== head.hash) return broken('head')
          reached = true
        }
      }
      waiting = text
    }
    if (waiting !== undefined) {
      line++
      if (!complete) return broken('torn')
      const next = follow(waiting, head)
      if (typeof next === 'string') return broken(next)
      head = next
      if (expected?.sequence === head.sequence) reached = expected.hash === head.hash
    }
  } finally {
    lines.close()
  }
  return reached ? { entries: head.sequence, intact: true, head } : broken('head')
}

/** The head after this line, or why it does not follow. */
function follow(text: string, head: LogHead): LogHead | 'unreadable' | 'sequence' | 'link' | 'hash' {
  const read = /^(\{.+),"hash":"([0-9a-f]{64})"\}$/.exec(text)
  const [, unsigned = '', hash = ''] = read ?? []
  if (read === null) return 'unreadable'
  let entry: unknown
  try {
    entry = JSON.parse(`${unsigned}}`)
  } catch {
    return 'unreadable'
  }
  if (typeof entry !== 'object' || entry === null || !('sequence' in entry) || !('previous' in entry)) return 'unreadable'
  if (entry.sequence !== head.sequence + 1) return 'sequence'
  if (entry.previous !== head.hash) return 'link'
  if (hashOf(`${unsigned}}`) !== hash) return 'hash'
  return { sequence: head.sequence + 1, hash }
}

function hashOf(unsigned: string): string {
  return createHash('sha256').update(unsigned).digest('hex')
}

function endsWithLine(file: string): boolean {
  const bytes = readFileSync(file)
  return bytes.length === 0 || bytes[bytes.length - 1] === 0x0a
}

/** The last entry, checked against its own hash; the whole chain is checked by `khatm signer verify-log`. */
function endOf(file: string): { head: LogHead; torn: number } {
  if (!existsSync(file)) return { head: beginning, torn: 0 }
  const bytes = readFileSync(file)
  const whole = bytes.lastIndexOf(0x0a) + 1
  const torn = bytes.length - whole
  if (torn > 0) truncateSync(file, whole)
  if (whole === 0) return { head: beginning, torn }
  const text = bytes.subarray(bytes.lastIndexOf(0x0a, whole - 2) + 1, whole - 1).toString('utf8')
  const sequence = Number(/^\{"sequence":(\d{1,15}),/.exec(text)?.[1])
  const previous = /"previous":"([0-9a-f]{64})","hash":"[0-9a-f]{64}"\}$/.exec(text)?.[1]
  const head = previous === undefined ? 'unreadable' : follow(text, { sequence: sequence - 1, hash: previous })
  if (typeof head === 'string') throw new Fault('SIGNER-LOG-BROKEN', { params: { file, line: Number.isNaN(sequence) ? 0 : sequence } })
  return { head, torn }
}

/**
 * One process writes a log: two would each continue the same chain. The lock names the process by number and start: numbers come again,
 * in a container that is started anew after a kill even the very same one. It appears whole or not at all.
 */
function takeLock(lockFile: string): void {
  const own = `${lockFile}.${process.pid}`
  writeFileSync(own, `${process.pid} ${startMark(process.pid)}`, { mode: 0o600 })
  try {
    for (let round = 0; round < 2; round++) {
      try {
        linkSync(own, lockFile)
        return
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
        const [pid, mark] = readFileSync(lockFile, 'utf8').split(' ')
        // Without a start it is of an older version.
        const lives = mark === undefined ? isAlive(Number(pid)) : isSameAlive(Number(pid), mark)
        if (round > 0 || lives) throw new Fault('SIGNER-RUNNING', { params: { file: lockFile, pid: Number(pid) }, status: 409 })
        rmSync(lockFile, { force: true })
      }
    }
  } finally {
    rmSync(own, { force: true })
  }
}
