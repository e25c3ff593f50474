import type { Database } from '../db/database.js'
import { networkOf } from '../http/limit-calls.js'
import { hashSecret } from './secrets.js'

/** Failures that cost nothing, then 2, 4, 8 … seconds, at most a quarter of an hour. Forgotten an hour after the last. */
const free = { account: 5, address: 20 }
const longestSeconds = 900
const forgetAfter = '1 hour'

/**
 * Back-off of logins, in rows, so that it holds over several hosts and restarts. An attempt is counted before the password is
 * looked at: a hundred tries sent at once are a hundred failures, not one.
 */
export class LoginThrottle {
  constructor(private readonly db: Database) {}

  /** Undefined: go on. A number: refused, seconds to wait. */
  async reserve(login: string, address: string): Promise<number | undefined> {
    const account = await this.#count(accountKey(login), free.account)
    const origin = await this.#count(addressKey(address), free.address)
    if (account === undefined && origin === undefined) return undefined
    return Math.max(account ?? 0, origin ?? 0)
  }

  /** A login succeeded: the account starts anew, the address gets its attempt back. */
  async succeeded(login: string, address: string): Promise<void> {
    await this.db.host(async (knex) => {
      await knex('core_login_attempt')
        .where({ key: accountKey(login) })
        .delete()
      await knex('core_login_attempt')
        .where({ key: addressKey(address) })
        .update({ failures: knex.raw('greatest(failures - 1, 0)'), blocked_until: knex.fn.now() })
    })
  }

  async #count(key: string, freeTries: number): Promise<number | undefined> {
    return this.db.host(async (knex) => {
      // One statement: the row's lock orders parallel attempts, each sees the failures of those before it.
      const counted = await knex.raw<{ rows: { blocked: string | null }[] }>(
        `insert into core_login_attempt as a (key, failures, last_at, blocked_until) values (?, 1, now(), now())
         on conflict (key) do update set
           failures = case when a.last_at < now() - interval '${forgetAfter}' then 1 else a.failures + 1 end,
           last_at = now(),
           blocked_until = case when a.last_at < now() - interval '${forgetAfter}' or a.failures < ? then now()
             else now() + make_interval(secs => least(power(2, least(a.failures + 1 - ?, 12)), ?)) end
         where a.blocked_until <= now()
         returning null as blocked`,
        [key, freeTries, freeTries, longestSeconds],
      )
      if (counted.rows.length > 0) return undefined
      const row = await knex('core_login_attempt')
        .where({ key })
        .select<{ seconds: number | string }[]>(knex.raw('ceil(extract(epoch from blocked_until - now())) as seconds'))
        .first()
      return Math.max(1, Number(row?.seconds ?? 1))
    })
  }
}

function accountKey(login: string): string {
  return `account:${hashSecret(login.trim().toLowerCase())}`
}

function addressKey(address: string): string {
  return `address:${networkOf(address)}`
}
