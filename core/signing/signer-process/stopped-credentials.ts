import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

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

  get(credential: string): Stop | undefined {
    const stops = this.read()
    return stops === undefined ? { at: '', reason: 'the list of stopped credentials cannot be read' } : stops.get(credential)
  }

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

/** @returns false when it was stopped before; the first reason stays */
export function stopCredential(folder: string, credential: string, reason: string, at: Date): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = fileIn(folder)
  const stops = new Map(existsSync(file) ? readStops(file) : [])
  if (stops.has(credential)) return false
  stops.set(credential, { at: at.toISOString(), reason })
  // Written beside and renamed: the running signer reads the old list or the new one, never half of one.
  writeFileSync(`${file}.new`, `${JSON.stringify(Object.fromEntries(stops), null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return true
}

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
