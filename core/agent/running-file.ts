import { join } from 'node:path'
import { z } from 'zod'
import { readIfThere, removeFile, writePrivateFile } from './private-file.js'

const runningShape = z.object({ pid: z.number().int(), startedAt: z.string(), url: z.string().nullable() })
export type Running = z.infer<typeof runningShape>

/** `running.json` of the folder: which process serves it, and the address of its page (with the secret: mode 600). */
export function readRunning(folder: string): Running | undefined {
  const text = readIfThere(join(folder, 'running.json'))
  if (text === undefined) return undefined
  try {
    const running = runningShape.parse(JSON.parse(text))
    // Signal 0 asks whether the process is there; Windows answers too.
    process.kill(running.pid, 0)
    return running
  } catch {
    // A file that a killed desk left behind.
    return undefined
  }
}

export function writeRunning(folder: string, running: Running): void {
  writePrivateFile(join(folder, 'running.json'), `${JSON.stringify(running)}\n`)
}

export function removeRunning(folder: string): void {
  removeFile(join(folder, 'running.json'))
}
