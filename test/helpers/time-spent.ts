import { readdirSync, readFileSync } from 'node:fs'

/** Processor time that proc(5) counts for one tick: 100 in a second on every Linux (USER_HZ). */
const millisecondsOfTick = 10

/**
 * Begins to measure work of this process; the answer tells the milliseconds it took so far: by the clock, or by the processor where the
 * process had to wait for others. A limit on this finds slow code; it does not find a busy machine.
 */
export function timeSpent(): () => number {
  const began = performance.now()
  const used = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(used)
    return Math.min(performance.now() - began, (user + system) / 1000)
  }
}

/**
 * The same for work that this process shares with the children of another one, as the connections of a PostgreSQL are. Ticks of ten
 * milliseconds are counted there: measure many turns together. Elsewhere than on Linux it is the time by the clock.
 */
export function timeSpentWith(parent: number): () => number {
  const began = performance.now()
  const used = process.cpuUsage()
  const theirs = ticksOfChildren(parent)
  return () => {
    const passed = performance.now() - began
    const now = ticksOfChildren(parent)
    if (theirs === undefined || now === undefined) return passed
    const { user, system } = process.cpuUsage(used)
    return Math.min(passed, (user + system) / 1000 + (now - theirs) * millisecondsOfTick)
  }
}

/** Fields of proc(5) stat: ppid is the fourth, utime and stime are the 14th and 15th; the second may hold blanks. */
function ticksOfChildren(parent: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  let ticks = 0
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(fields[1]) === parent) ticks += Number(fields[11]) + Number(fields[12])
    } catch {
      // It ended while the list was read.
    }
  }
  return ticks
}
