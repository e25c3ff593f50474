import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { isAlive } from '../../host/living-process.js'

/** What a running PostgreSQL says about itself in its data folder (PostgreSQL docs, "postmaster.pid"). */
export interface PostmasterFile {
  readonly pid: number
  readonly dataFolder: string
  readonly port: number
  readonly socketFolder: string
  /** `ready`, `starting`, `stopping`, `standby`. */
  readonly status: string
}

/**
 * What `postmaster.pid` of a data folder says of its server; undefined when it is missing or not that of a server. That the process
 * still lives is not asked here.
 */
export async function readPostmasterFile(dataFolder: string): Promise<PostmasterFile | undefined> {
  let text: string
  try {
    text = await readFile(path.join(dataFolder, 'postmaster.pid'), 'utf8')
  } catch {
    return undefined
  }
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, dataFolder: lines[1] ?? '', port: Number(lines[3] ?? '0'), socketFolder: lines[4] ?? '', status: lines[7] ?? '' }
}

/**
 * Whether the process with this number is a PostgreSQL of this data folder. After a crash of the machine the number
 * may belong to any other program, which must neither be trusted nor harmed.
 */
export async function isServerOf(pid: number, dataFolder: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  const command = await commandLine(pid)
  if (command === undefined) return false
  return command.includes('postgres') && command.includes(dataFolder)
}

async function commandLine(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') return (await readFile(`/proc/${String(pid)}/cmdline`, 'utf8')).split('\0').join(' ')
    const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)])
    return stdout
  } catch {
    return undefined
  }
}
