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
