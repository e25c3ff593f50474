import { readFileSync } from 'node:fs'

/**
 * Whether a process runs. One that ended and that its parent has not asked about yet (a zombie, ps(1) state Z) does not: in a container
 * whose first process asks about nobody it would stay for ever, and with it whatever it held.
 */
export function isAlive(pid: number): boolean {
  if (!isTaken(pid)) return false
  const state = statFields(pid)?.[0]
  return state !== 'Z' && state !== 'X'
}

/** Whether the number belongs to a process, be it one that ended: what other programs go by that look no closer. */
export function isTaken(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: under another account
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Start time of a process in the system's own unit; with the number it names a process for good. Linux only, elsewhere `0`. */
export function startMark(pid: number): string {
  return statFields(pid)?.[19] ?? '0'
}

/** Whether the very process that had this number and this mark still runs: numbers come again, in a container that is started anew at once. */
export function isSameAlive(pid: number, mark: string): boolean {
  return isAlive(pid) && startMark(pid) === mark
}

/** Fields of proc(5) `stat` from the third on, the state. The second is the command in parentheses and may hold blanks. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
