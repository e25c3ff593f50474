import { uptime } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { isAlive, isSameAlive, startMark } from '../host/living-process.js'
import { readIfThere, removeFile, writePrivateFile } from './private-file.js'

const runningShape = z.object({ pid: z.number().int(), startedAt: z.string(), url: z.string().nullable(), mark: z.string().optional() })
/** The desk that runs on a folder. */
export type Running = z.infer<typeof runningShape>

/** How far the clock may have been set since the machine started. Milliseconds. */
const clockTolerance = 300_000

/** `running.json` of the folder: which process serves it, and the address of its page (with the secret: mode 600). */
export function readRunning(folder: string): Running | undefined {
  const text = readIfThere(join(folder, 'running.json'))
  if (text === undefined) return undefined
  try {
    const running = runningShape.parse(JSON.parse(text))
    return isSame(running) ? running : undefined
  } catch {
    // A file that a killed desk left behind.
    return undefined
  }
}

/** Numbers of processes come again: what was written before this machine started is of a desk that ended with it. */
function isSame({ pid, mark, startedAt }: Running): boolean {
  if (Date.parse(startedAt) + clockTolerance < Date.now() - uptime() * 1000) return false
  return mark === undefined ? isAlive(pid) : isSameAlive(pid, mark)
}

/** Writes down the desk that runs on this folder, with the start mark of its process. */
export function writeRunning(folder: string, running: Omit<Running, 'mark'>): void {
  writePrivateFile(join(folder, 'running.json'), `${JSON.stringify({ ...running, mark: startMark(running.pid) })}\n`)
}

/** The desk ended. */
export function removeRunning(folder: string): void {
  removeFile(join(folder, 'running.json'))
}
