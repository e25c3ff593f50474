/** What waits to be signed together. */
interface Waiting {
  readonly digest: Buffer
  readonly resolve: (signature: Buffer) => void
  readonly reject: (error: unknown) => void
}

/** What the service takes at once. */
export interface BatchLimits {
  /** Digests in one request at most. */
  readonly size: number
  /** Requests under way at once; while they are, digests gather. */
  readonly atOnce: number
}

/**
 * Gathers digests that arrive while requests are under way and sends them together: one authorisation and one call for all.
 * A single digest on a quiet line leaves at once.
 */
export class SignatureBatches {
  private readonly waiting: Waiting[] = []
  private running = 0
  private scheduled = false

  /** @param send signs all or throws; answers in the order of the digests */
  constructor(
    private readonly limits: () => Promise<BatchLimits>,
    private readonly send: (digests: readonly Buffer[]) => Promise<readonly Buffer[]>,
  ) {}

  /** The signature over the digest, made in the next batch that has room. */
  add(digest: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ digest, resolve, reject })
      this.schedule()
    })
  }

  /** Whether nothing runs and nothing waits. */
  get idle(): boolean {
    return this.running === 0 && this.waiting.length === 0
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    // After the present turn of the event loop: calls made side by side leave together.
    setImmediate(() => {
      void this.flush()
    })
  }

  private async flush(): Promise<void> {
    try {
      const { size, atOnce } = await this.limits()
      while (this.running < atOnce && this.waiting.length > 0) void this.run(this.waiting.splice(0, size))
    } catch (error) {
      for (const one of this.waiting.splice(0)) one.reject(error)
    } finally {
      this.scheduled = false
    }
  }

  private async run(batch: readonly Waiting[]): Promise<void> {
    this.running++
    try {
      const signatures = await this.send(batch.map((one) => one.digest))
      for (const [index, one] of batch.entries()) {
        const signature = signatures[index]
        if (signature === undefined) one.reject(new RangeError('fewer signatures than digests'))
        else one.resolve(signature)
      }
    } catch (error) {
      for (const one of batch) one.reject(error)
    } finally {
      this.running--
      if (this.waiting.length > 0) this.schedule()
    }
  }
}
