const lookEveryMs = 5_000

/** How long a token stays unlocked after a batch. A PC that slept does not count the minutes: the clock on the wall does. */
export class UnlockedTime {
  /** Milliseconds since 1970; undefined: locked, as far as this desk knows. */
  private until: number | undefined
  private look: NodeJS.Timeout | undefined

  /** @param lock what happens when the time has passed */
  constructor(
    private readonly now: () => Date,
    private readonly lock: () => void,
  ) {}

  /** Whether the time has run out, by the clock, though the timer may not have rung (a computer that slept). */
  get passed(): boolean {
    return this.until !== undefined && this.now().getTime() >= this.until
  }

  /** Counts from now on. */
  begin(minutes: number): void {
    this.until = this.now().getTime() + minutes * 60_000
    this.watch()
  }

  /** A batch is under way: the time is not looked at until it begins again. */
  pause(): void {
    clearTimeout(this.look)
  }

  /** The tokens are locked: no time runs. */
  end(): void {
    clearTimeout(this.look)
    this.until = undefined
  }

  private watch(): void {
    clearTimeout(this.look)
    if (this.until === undefined) return
    // Looked at again within seconds after the PC woke up.
    const wait = Math.max(0, Math.min(this.until - this.now().getTime(), lookEveryMs))
    this.look = setTimeout(() => {
      if (this.passed) this.lock()
      else this.watch()
    }, wait)
    this.look.unref()
  }
}
