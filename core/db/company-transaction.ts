import type { Knex } from 'knex'
import type { CompanyTransaction } from './database.js'

/** Numbers of one counter that this transaction holds: the row is locked until it ends. */
interface HeldCounter {
  /** The next number to give. */
  next: number
  /** What the row says now. */
  written: number
}

/** The transaction handed to the work, and what must happen before and after its commit. */
export class OpenCompanyTransaction implements CompanyTransaction {
  readonly #before: (() => Promise<void>)[] = []
  readonly #after: (() => void)[] = []
  readonly #values = new Map<symbol, unknown>()
  readonly #counters = new Map<string, HeldCounter>()
  #taking: Promise<unknown> = Promise.resolve()

  constructor(
    readonly companyId: string,
    readonly knex: Knex.Transaction,
  ) {}

  /**
   * Takes `count` numbers without a gap and answers the first. The counter's row stays locked to the end of the transaction, and
   * numbers of one that fails are taken again. @throws RangeError when `count` is no positive safe integer
   */
  async takeNumbers(counter: string, count = 1): Promise<number> {
    if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`takeNumbers: count ${String(count)}`)
    // One after another: two callers inside one transaction must not both find the counter not yet held.
    const taken = this.#taking.then(() => this.#take(counter, count))
    this.#taking = taken.catch(() => undefined)
    return taken
  }

  async #take(counter: string, count: number): Promise<number> {
    const held = this.#counters.get(counter)
    if (held !== undefined) {
      const first = held.next
      held.next += count
      return first
    }
    // Creates, locks and advances in one round trip; a lone number needs no further statement.
    const { rows } = await this.knex.raw<{ rows: { next: number }[] }>(
      `insert into core_counter (company_id, name, next) values (?, ?, ? + 1)
       on conflict (company_id, name) do update set next = core_counter.next + ? returning next`,
      [this.companyId, counter, count, count],
    )
    const next = rows[0]?.next
    if (next === undefined) throw new Error(`counter ${counter} gave no row`)
    this.#counters.set(counter, { next, written: next })
    return next - count
  }

  /** Does the work last inside the transaction; if it fails, nothing is committed. */
  beforeCommit(work: () => Promise<void>): void {
    this.#before.push(work)
  }

  /** Does the work once the transaction stands; never when it fails or is retried. */
  afterCommit(work: () => void): void {
    this.#after.push(work)
  }

  /** The value of `make`, made at the first asking for `key` in this transaction. */
  once<Value>(key: symbol, make: () => Value): Value {
    if (!this.#values.has(key)) this.#values.set(key, make())
    // The map holds under this key only what `make` of the same key returned.
    return this.#values.get(key) as Value
  }

  /**
   * Starts the added works in order, so that their statements travel together and PostgreSQL runs them in that order; works that
   * these add come after. Then writes advanced counters.
   */
  async finish(): Promise<void> {
    for (let started = 0; started < this.#before.length;) {
      const works = this.#before.slice(started)
      started = this.#before.length
      await Promise.all(works.map((work) => work()))
    }
    const advanced = [...this.#counters].filter(([, held]) => held.next !== held.written)
    if (advanced.length === 0) return
    const values = advanced.map(() => '(?::text, ?::bigint)').join(', ')
    await this.knex.raw(
      `update core_counter set next = held.next from (values ${values}) as held (name, next)
       where core_counter.company_id = ? and core_counter.name = held.name`,
      [...advanced.flatMap(([name, held]) => [name, held.next]), this.companyId],
    )
  }

  /** Does what waits for the commit. Its failures go to `report`: the transaction stands all the same. */
  committed(report: (error: unknown) => void): void {
    for (const work of this.#after) {
      try {
        work()
      } catch (error) {
        report(error)
      }
    }
  }
}
