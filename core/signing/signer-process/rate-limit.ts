/** So many a minute, spent evenly: a full bucket allows a burst of one minute's share. */
export class RateLimit {
  private left: number
  private at: number

  constructor(
    readonly perMinute: number,
    private readonly now: () => number = Date.now,
  ) {
    this.left = perMinute
    this.at = now()
  }

  /** Takes `count` when they are there. @returns 0, or the seconds after which they will be */
  take(count: number): number {
    const now = this.now()
    // A clock set back gives nothing and takes nothing.
    this.left = Math.min(this.perMinute, this.left + (Math.max(0, now - this.at) * this.perMinute) / 60_000)
    this.at = now
    if (this.left >= count) {
      this.left -= count
      return 0
    }
    return Math.max(1, Math.ceil(((count - this.left) * 60) / this.perMinute))
  }
}
