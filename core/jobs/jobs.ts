import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'

/** When and how often a job is tried. */
export interface JobOptions {
  /** Jobs of one queue name run one after another (per-chain order). */
  readonly queue?: string
  /** By this host's clock; the queue waits as long by the database's. */
  readonly runAt?: Date
  /** Default 25, with exponential back-off. */
  readonly maxAttempts?: number
  /** A later job with the same key replaces the earlier one that has not started. */
  readonly key?: string
  readonly priority?: number
}

/** One try of a job. `signal` ends it when the host stops. */
export interface JobCall {
  readonly context: CompanyContext
  /** 1 at the first try. */
  readonly attempt: number
  readonly maxAttempts: number
  readonly signal: AbortSignal
}

/** Runs at least once: after a crash of host or database it may run again, so what it did before must be found and respected. */
export type JobHandler<Payload> = (payload: Payload, call: JobCall) => Promise<void>

/** Thrown by a handler that wants to run again at a known time (Retry-After) without counting as an error. */
export class RunAgain extends Error {
  constructor(
    /** By this host's clock. */
    readonly at: Date,
    readonly reason: string,
  ) {
    super(`run again at ${at.toISOString()}: ${reason}`)
    this.name = 'RunAgain'
  }
}

/** How a module says which jobs it does. */
export interface JobRegistration {
  /** `name` is `<module>.<verb>`: `zatca.submit`. Called in setup. */
  define<Payload extends object>(name: string, handler: JobHandler<Payload>): void
  /** Cron line in UTC; runs once per company that enabled the module. */
  schedule(name: string, cron: string): void
}

/** Work that must happen: kept as rows, done after the commit, tried again when it fails. */
export interface Jobs {
  /** Inserts the job in the caller's transaction: it exists if and only if the document does. */
  add(transaction: CompanyTransaction, name: string, payload: object, options?: JobOptions): Promise<void>
  /** Several at once, one statement. */
  addMany(transaction: CompanyTransaction, name: string, jobs: readonly { payload: object; options?: JobOptions }[]): Promise<void>
  /** Runs jobs until none is ready (command line, tests). Resolves with the number run. */
  drain(options?: { untilIdleMs?: number }): Promise<number>
}
