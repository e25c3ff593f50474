interface Kept {
  readonly bytes: readonly Buffer[]
  readonly size: number
  readonly until: number
}

/** How much is kept. */
export interface EvidenceCacheOptions {
  /** Bytes kept at most; 64 MiB unless told. */
  readonly maximumBytes?: number
  /** Answers kept at most; 5,000 unless told. */
  readonly maximumEntries?: number
}

/**
 * Answers of responders and lists, kept in memory until they name a newer one. Bounded; the one longest unused goes
 * first. A question that is under way is not asked a second time.
 */
export class EvidenceCache {
  private readonly kept = new Map<string, Kept>()
  private readonly underWay = new Map<string, Promise<readonly Buffer[]>>()
  private size = 0
  private readonly maximumBytes: number
  private readonly maximumEntries: number

  constructor(options: EvidenceCacheOptions = {}) {
    this.maximumBytes = options.maximumBytes ?? 64 * 1024 * 1024
    this.maximumEntries = options.maximumEntries ?? 5_000
  }

  /**
   * What is kept under this name, or what `fetch` brings. Its failure is told to all who wait and not kept.
   * @param fetch answers with the bytes and until when they hold; without a time they are not kept
   */
  async get(name: string, now: Date, fetch: () => Promise<{ bytes: readonly Buffer[]; until?: Date }>): Promise<readonly Buffer[]> {
    const known = this.kept.get(name)
    if (known !== undefined) {
      if (known.until > now.getTime()) {
        this.kept.delete(name)
        this.kept.set(name, known)
        return known.bytes
      }
      this.drop(name, known)
    }
    const running = this.underWay.get(name)
    if (running !== undefined) return running
    const question = fetch()
      .then(({ bytes, until }) => {
        if (until !== undefined) this.keep(name, bytes, until)
        return bytes
      })
      .finally(() => this.underWay.delete(name))
    this.underWay.set(name, question)
    return question
  }

  /** Bytes of all answers kept now. */
  get bytesKept(): number {
    return this.size
  }

  private keep(name: string, bytes: readonly Buffer[], until: Date): void {
    const size = bytes.reduce((sum, one) => sum + one.length, 0)
    if (size > this.maximumBytes) return
    const before = this.kept.get(name)
    if (before !== undefined) this.drop(name, before)
    this.kept.set(name, { bytes, size, until: until.getTime() })
    this.size += size
    for (const [oldest, entry] of this.kept) {
      if (this.size <= this.maximumBytes && this.kept.size <= this.maximumEntries) break
      this.drop(oldest, entry)
    }
  }

  private drop(name: string, entry: Kept): void {
    if (this.kept.delete(name)) this.size -= entry.size
  }
}
