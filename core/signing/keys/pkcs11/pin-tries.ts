import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PinSource } from './messages.js'
import { TokenFault } from './token-fault.js'

/** What became of a PIN on a token; `state` tells one PIN from the next without telling anything of it. */
interface Entry {
  readonly state: string
  readonly outcome: 'trying' | 'accepted' | 'refused'
  readonly process: number
}

/** Another process that is logging in has its answer within this time. */
const patienceMs = 5_000

/**
 * What is known of a PIN beyond the life of a process: a wrong one is not tried again by a host that was started anew, by a command
 * beside it, or by a second module with the same token, and one whose answer was lost with a crash is not tried again either. The
 * note is written before the try. Without a folder nothing is noted.
 */
export class PinTries {
  constructor(
    private readonly folder: string | undefined,
    private readonly source: PinSource,
  ) {}

  /** @throws TokenFault SIGN-PIN-WRONG, SIGN-PIN-UNSURE: the PIN was refused, or may have been, and is still the same */
  before(serial: string, label: string): void {
    const file = this.file(serial)
    if (file === undefined) return
    const state = this.state()
    const pause = new Int32Array(new SharedArrayBuffer(4))
    for (const until = performance.now() + patienceMs; ;) {
      const entry = read(file)
      if (entry?.state === state) {
        if (entry.outcome === 'accepted') return
        if (entry.outcome === 'refused') throw new TokenFault('SIGN-PIN-WRONG', { token: label, serial })
        if (!isAlive(entry.process) || performance.now() > until) throw new TokenFault('SIGN-PIN-UNSURE', { token: label, serial })
        Atomics.wait(pause, 0, 0, 20)
        continue
      }
      // What is noted is of an older PIN. Of two processes here at once one makes the new note.
      if (entry !== undefined) rmSync(file, { force: true })
      if (this.create(file, state)) return
    }
  }

  /** `nothing`: the token failed in another way, so the PIN was not judged. */
  after(serial: string, outcome: 'accepted' | 'refused' | 'nothing'): void {
    const file = this.file(serial)
    if (file === undefined) return
    const entry = read(file)
    if (outcome === 'nothing') {
      if (entry?.outcome === 'trying' && entry.process === process.pid) rmSync(file, { force: true })
      return
    }
    const state = this.state()
    if (entry?.state === state && entry.outcome === outcome) return
    const coming = `${file}.${process.pid}`
    writeFileSync(coming, JSON.stringify({ state, outcome, process: process.pid } satisfies Entry), { mode: 0o600 })
    renameSync(coming, file)
  }

  private create(file: string, state: string): boolean {
    try {
      mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
      writeFileSync(file, JSON.stringify({ state, outcome: 'trying', process: process.pid } satisfies Entry), { flag: 'wx', mode: 0o600 })
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
      throw new TokenFault('SIGN-PROVIDER-FAILED', { reason: 'pin-tries' })
    }
  }

  private file(serial: string): string | undefined {
    const { folder, source } = this
    if (folder === undefined || source.from === 'person' || source.from === 'nowhere') return undefined
    const place = source.from === 'file' ? source.file : source.from === 'host-environment' ? source.name : ''
    const name = createHash('sha256')
      .update(JSON.stringify([serial, source.from, place]))
      .digest('hex')
      .slice(0, 32)
    return join(folder, `${name}.json`)
  }

  /** A file's own state; a variable is the same as long as its process lives. */
  private state(): string {
    try {
      if (this.source.from === 'file') {
        const { mtimeMs, size, ino } = statSync(this.source.file)
        return `${mtimeMs}|${size}|${ino}`
      }
      // Field 22 of proc(5) stat: when the process began; numbers of processes come again.
      const began = readFileSync(`/proc/${process.ppid}/stat`, 'latin1').replace(/^.*\)/s, '').trim().split(' ')[19] ?? ''
      return `${process.ppid}|${began}`
    } catch {
      return this.source.from === 'file' ? 'missing' : String(process.ppid)
    }
  }
}

function read(file: string): Entry | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Entry // written here alone
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
