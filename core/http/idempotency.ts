import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { CompanyContext } from '../access/context.js'
import type { Database } from '../db/database.js'
import { Fault } from '../i18n/fault.js'

/** An answer as it was sent, kept to be sent again. */
export interface StoredAnswer {
  readonly status: number
  readonly mediaType: string
  readonly disposition: string | null
  readonly body: Buffer
}

interface Row {
  actor: string
  key: string
  request_hash: string
  status: number | null
  media_type: string | null
  disposition: string | null
  body: Buffer | null
  leased_until: Date
}

/** Longer than any call takes; after it a claim of a host that died is free again. */
const leaseSeconds = 120
const patienceMs = 60_000

/**
 * One effect per Idempotency-Key and actor. The first call claims the key with a row, works and stores its answer; calls with
 * the same key wait for that answer and get the same bytes. A changed request under a used key is refused. Answers of our own
 * mistakes (5xx) are not kept: the claim is given back, so that a retry works. A host that dies in between leaves a claim that
 * expires; the handler is told the key too, and stores it with its effect where a repetition would do harm.
 */
export class Idempotency {
  constructor(private readonly db: Database) {}

  /**
   * Does the work once per key and caller; a repetition is given the first answer, after waiting for it if it is being made.
   * @throws Fault API-IDEMPOTENCY-KEY (400) on an unfit key, API-IDEMPOTENCY-BUSY (409) when the first does not end in time,
   * API-IDEMPOTENCY-MISMATCH when the key came before with another request
   */
  async run(
    context: CompanyContext,
    key: string,
    request: { method: string; path: string; body: unknown },
    work: () => Promise<StoredAnswer>,
  ): Promise<{ answer: StoredAnswer; replayed: boolean }> {
    if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new Fault('API-IDEMPOTENCY-KEY', { status: 400, path: 'Idempotency-Key' })
    const actor = `${context.actor.kind}:${context.actor.id ?? ''}`
    const requestHash = createHash('sha256')
      .update(JSON.stringify([request.method, request.path, request.body]))
      .digest('hex')
    const deadline = performance.now() + patienceMs
    for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
      const claim = await this.#claim(context.companyId, actor, key, requestHash)
      if (claim === 'mine') break
      if (claim !== 'busy') return { answer: claim, replayed: true }
      if (performance.now() > deadline) throw new Fault('API-IDEMPOTENCY-BUSY', { status: 409 })
      await wait(pause)
    }
    let answer: StoredAnswer
    try {
      answer = await work()
    } catch (error) {
      await this.#release(context.companyId, actor, key)
      throw error
    }
    if (answer.status >= 500) await this.#release(context.companyId, actor, key)
    else await this.#store(context.companyId, actor, key, answer)
    return { answer, replayed: false }
  }

  #claim(companyId: string, actor: string, key: string, requestHash: string): Promise<'mine' | 'busy' | StoredAnswer> {
    return this.db.company(companyId, async ({ knex }) => {
      const claimed = await knex.raw<{ rows: unknown[] }>(
        `insert into core_idempotency as i (company_id, actor, key, request_hash, leased_until)
         values (?, ?, ?, ?, clock_timestamp() + make_interval(secs => ?))
         on conflict (company_id, actor, key) do update set leased_until = excluded.leased_until
           where i.status is null and i.leased_until < clock_timestamp() and i.request_hash = excluded.request_hash
         returning 1`,
        [companyId, actor, key, requestHash, leaseSeconds],
      )
      if (claimed.rows.length > 0) return 'mine'
      const [row] = await knex<Row>('core_idempotency').where({ actor, key }).limit(1)
      if (row === undefined) return 'busy'
      if (row.request_hash !== requestHash) throw new Fault('API-IDEMPOTENCY-MISMATCH', { path: 'Idempotency-Key' })
      if (row.status === null) return 'busy'
      return {
        status: row.status,
        mediaType: row.media_type ?? 'application/json',
        disposition: row.disposition,
        body: row.body ?? Buffer.alloc(0),
      }
    })
  }

  async #store(companyId: string, actor: string, key: string, answer: StoredAnswer): Promise<void> {
    await this.db.company(companyId, ({ knex }) =>
      knex('core_idempotency')
        .where({ actor, key })
        .update({ status: answer.status, media_type: answer.mediaType, disposition: answer.disposition, body: answer.body }),
    )
  }

  async #release(companyId: string, actor: string, key: string): Promise<void> {
    await this.db.company(companyId, ({ knex }) => knex('core_idempotency').where({ actor, key, status: null }).delete())
  }
}
