import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault } from '../../i18n/fault.js'

const stoppedFile = z.record(z.string(), z.object({ at: z.string(), reason: z.string() }))

/** Why a credential is stopped. */
export interface Stop {
  readonly at: string
  readonly reason: string
}

/**
 * Credentials reported lost or stolen: a file beside the use log, written by `khatm signer stop` in a process of its own and
 * looked at before every authorisation and every signature. When it cannot be read, everything counts as stopped.
 */
export class StoppedCredentials {
  private state = 'unread'
  private known: ReadonlyMap<string, Stop> | undefined

  constructor(private readonly folder: string) {}

  /** Why the credential is stopped; undefined when it is not. While the list cannot be read all are. */
  get(credential: string): Stop | undefined {
    const stops = this.read()
    return stops === undefined ? { at: '', reason: 'the list of stopped credentials cannot be read' } : stops.get(credential)
  }

  /** Ids on the list; none while it cannot be read. */
  all(): readonly string[] {
    return [...(this.read() ?? new Map<string, Stop>()).keys()]
  }

  private read(): ReadonlyMap<string, Stop> | undefined {
    const file = fileIn(this.folder)
    let state: string
    try {
      const { mtimeMs, size, ino } = statSync(file)
      state = `${mtimeMs}|${size}|${ino}`
    } catch (error) {
      state = error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'none' : 'unreadable'
    }
    if (state === this.state) return this.known
    this.state = state
    this.known = state === 'none' ? new Map() : state === 'unreadable' ? undefined : readStops(file)
    return this.known
  }
}

/** A report in progress by another process takes milliseconds; one that died is stepped over after this. */
const lockMs = 5_000

/**
 * @returns false when it was stopped before; the first reason stays
 * @throws Fault SIGNER-STOPS-UNREADABLE: a list that cannot be read is never replaced, since what it stopped would start again
 */
export function stopCredential(folder: string, credential: string, reason: string, at: Date): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = fileIn(folder)
  const coming = `${file}.new`
  lock(coming)
  try {
    const stops = existsSync(file) ? readStops(file) : new Map<string, Stop>()
    if (stops === undefined) throw new Fault('SIGNER-STOPS-UNREADABLE', { params: { file }, status: 500 })
    if (stops.has(credential)) {
      rmSync(coming, { force: true })
      return false
    }
    // Written beside and renamed: the running signer reads the old list or the new one, never half of one.
    const all = new Map(stops).set(credential, { at: at.toISOString(), reason })
    writeFileSync(coming, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`, { mode: 0o600 })
    renameSync(coming, file)
    return true
  } catch (error) {
    rmSync(coming, { force: true })
    throw error
  }
}

/** The coming file is the lock too: two reports at once would each lose what the other stopped. */
function lock(coming: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (const until = performance.now() + lockMs; ;) {
    try {
      writeFileSync(coming, '', { flag: 'wx', mode: 0o600 })
      return
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      if (performance.now() > until) rmSync(coming, { force: true })
      else Atomics.wait(pause, 0, 0, 10)
    }
  }
}

/** @returns undefined for a file that is damaged or belongs to somebody else */
function readStops(file: string): ReadonlyMap<string, Stop> | undefined {
  try {
    return new Map(Object.entries(stoppedFile.parse(JSON.parse(readFileSync(file, 'utf8')))))
  } catch {
    return undefined
  }
}

function fileIn(folder: string): string {
  return join(folder, 'stopped.json')
}
