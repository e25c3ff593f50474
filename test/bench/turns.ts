/** What one contender did in one turn. CPU is what all its processes spent, which a busy machine changes little. */
export interface Turn {
  readonly done: number
  readonly milliseconds: number
  readonly cpuMicroseconds: number
}

/** One of those that are compared: works for so many milliseconds and says what it did. */
export type Contender = (milliseconds: number) => Promise<Turn>

export interface Speed {
  readonly perSecond: number
  readonly cpuMicroseconds: number
}

/** Contenders take turns, so that a busy machine is busy for each of them; the first turns, in which code gets compiled, do not count. */
export async function inTurns(
  contenders: readonly Contender[],
  { turns, milliseconds, warm }: { readonly turns: number; readonly milliseconds: number; readonly warm: number },
): Promise<Speed[]> {
  const totals = contenders.map(() => ({ done: 0, milliseconds: 0, cpuMicroseconds: 0 }))
  for (let turn = -warm; turn < turns; turn++) {
    for (const [index, contender] of contenders.entries()) {
      const made = await contender(milliseconds)
      const total = totals[index]
      if (turn < 0 || total === undefined) continue
      total.done += made.done
      total.milliseconds += made.milliseconds
      total.cpuMicroseconds += made.cpuMicroseconds
    }
  }
  return totals.map(({ done, milliseconds: spent, cpuMicroseconds }) => ({
    perSecond: (done * 1000) / spent,
    cpuMicroseconds: cpuMicroseconds / done,
  }))
}

/** A contender of this process: `callers` of them, each asking again when it is answered. @param others CPU of its other processes, in microseconds */
export function callers(count: number, work: () => unknown, others: () => number = () => 0): Contender {
  return async (milliseconds) => {
    const [before, beside, started] = [process.cpuUsage(), others(), performance.now()]
    let done = 0
    const caller = async (): Promise<void> => {
      while (performance.now() - started < milliseconds) {
        await work()
        done++
      }
    }
    await Promise.all(Array.from({ length: count }, caller))
    const { user, system } = process.cpuUsage(before)
    return { done, milliseconds: performance.now() - started, cpuMicroseconds: user + system + others() - beside }
  }
}
