import type { Knex } from 'knex'

/**
 * One transaction of one company. `app.company_id` is set in it, so row-level security shows that company's
 * rows alone; the application role neither owns the tables nor bypasses RLS.
 */
export interface CompanyTransaction {
  readonly companyId: string
  readonly knex: Knex.Transaction
  /**
   * Takes `count` consecutive numbers of a gapless counter and returns the first. The counter's row is locked once
   * per transaction, advanced in memory and written back before commit: no gap after a rollback, no duplicate.
   * A counter starts at 1.
   */
  takeNumbers(counter: string, count?: number): Promise<number>
  /**
   * Runs inside the transaction just before commit (flush of batches). Works are started in the order added and do not wait for each
   * other: a work must not need what another one, added beside it, answers.
   */
  beforeCommit(work: () => Promise<void>): void
  /** Runs after a successful commit; what must not be lost belongs into a job instead. */
  afterCommit(work: () => void): void
  /** One value for the life of this transaction: caches, batch writers. */
  once<Value>(key: symbol, make: () => Value): Value
}

/** Transactions of companies and of the host; row-level security holds in both, since the role of the application owns no table. */
export interface Database {
  /** Retries the whole work on 40001 and 40P01 with jitter, at most 8 times: work must have no effect outside the transaction. */
  company<Result>(companyId: string, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result>
  /** Tables of the host that belong to no company (users, sessions, companies, modules). Application role too. */
  host<Result>(work: (transaction: Knex.Transaction) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}
