import type { Database } from '../db/database.js'
import { hashSecret, newSecret } from './secrets.js'

/** A session dies 30 minutes after its last request and 12 hours after its login, whatever happens. */
export const idleMinutes = 30
/** A session ends after so many hours however busy it is. */
const longestHours = 12

/** A session of a browser; the cookie holds the secret, the table its hash. */
export interface Session {
  readonly idHash: string
  readonly userId: string
  readonly companyId: string | null
}

interface SessionRow {
  id_hash: string
  user_id: string
  company_id: string | null
  last_seen_at: Date
}

/** Sessions in rows; the cookie's secret is stored as its SHA-256 alone. */
export class Sessions {
  constructor(
    private readonly db: Database,
    private readonly now: () => Date,
  ) {}

  /** A new session with a new secret (never the one the browser came with). Old ones are swept on the way. */
  async open(userId: string, companyId: string | null, address: string, agent: string): Promise<string> {
    const secret = newSecret()
    const now = this.now()
    await this.db.host(async (knex) => {
      await knex('core_session').where('last_seen_at', '<', this.#idleLimit(now)).delete()
      await knex('core_session').insert({
        id_hash: hashSecret(secret),
        user_id: userId,
        company_id: companyId,
        address,
        agent: agent.slice(0, 300),
        created_at: now,
        last_seen_at: now,
      })
    })
    return secret
  }

  /**
   * The session of a cookie's secret; undefined when unknown, idle for too long or older than `longestHours`. Its use is written
   * down at most once a minute.
   */
  async find(secret: string): Promise<Session | undefined> {
    const now = this.now()
    const idHash = hashSecret(secret)
    return this.db.host(async (knex) => {
      const row = await knex<SessionRow>('core_session')
        .where({ id_hash: idHash })
        .where('last_seen_at', '>=', this.#idleLimit(now))
        .where('created_at', '>=', new Date(now.getTime() - longestHours * 3_600_000))
        .first('id_hash', 'user_id', 'company_id', 'last_seen_at')
      if (row === undefined) return undefined
      // One write a minute is exact enough for a limit of thirty.
      if (now.getTime() - row.last_seen_at.getTime() > 60_000)
        await knex('core_session').where({ id_hash: idHash }).update({ last_seen_at: now })
      return { idHash, userId: row.user_id, companyId: row.company_id }
    })
  }

  /** Works for this company from the next request on. Whether the user belongs to it is asked at every request. */
  async chooseCompany(session: Session, companyId: string): Promise<void> {
    await this.db.host((knex) => knex('core_session').where({ id_hash: session.idHash }).update({ company_id: companyId }))
  }

  /** Ends the session; an unknown secret is no fault. */
  async close(secret: string): Promise<void> {
    await this.db.host((knex) =>
      knex('core_session')
        .where({ id_hash: hashSecret(secret) })
        .delete(),
    )
  }

  /** All sessions of a user: after a password change or when the account is switched off. */
  async closeAll(userId: string, except?: string): Promise<void> {
    await this.db.host((knex) =>
      knex('core_session')
        .where({ user_id: userId })
        .modify((query) => {
          if (except !== undefined) void query.whereNot({ id_hash: hashSecret(except) })
        })
        .delete(),
    )
  }

  #idleLimit(now: Date): Date {
    return new Date(now.getTime() - idleMinutes * 60_000)
  }
}
