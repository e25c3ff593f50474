import { randomUUID } from 'node:crypto'
import type { Database } from '../db/database.js'
import { hashSecret, newSecret } from './secrets.js'

const prefix = 'khatm_'

/** A key that was found: whose it is and what it may do. The secret itself is kept by nobody, only its hash. */
export interface ApiKey {
  readonly id: string
  readonly companyId: string
  readonly name: string
  readonly groups: readonly string[]
}

interface ApiKeyRow {
  id: string
  company_id: string
  name: string
  groups: string[]
  last_used_at: Date | null
}

/** Keys of programs. The secret is shown once, at its making; the row holds its SHA-256. */
export class ApiKeys {
  constructor(private readonly db: Database) {}

  /** Makes a key for the company. The secret is in this answer alone: it cannot be shown again. `groups` are names of access groups. */
  async create(
    companyId: string,
    name: string,
    groups: readonly string[],
    createdBy: string | null,
  ): Promise<{ id: string; secret: string }> {
    const id = randomUUID()
    const secret = `${prefix}${newSecret()}`
    await this.db.host((knex) =>
      knex('core_api_key').insert({
        id,
        company_id: companyId,
        name,
        secret_hash: hashSecret(secret),
        hint: `${secret.slice(0, prefix.length + 4)}…`,
        groups: JSON.stringify(groups),
        created_by: createdBy,
      }),
    )
    return { id, secret }
  }

  /** The key of a secret; undefined when it is unknown or was revoked. Its last use is written down at most once a minute. */
  async find(secret: string): Promise<ApiKey | undefined> {
    if (!secret.startsWith(prefix) || secret.length > 100) return undefined
    return this.db.host(async (knex) => {
      const row = await knex<ApiKeyRow>('core_api_key')
        .where('secret_hash', hashSecret(secret))
        .whereNull('revoked_at')
        .first('id', 'company_id', 'name', 'groups', 'last_used_at')
      if (row === undefined) return undefined
      if (row.last_used_at === null || Date.now() - row.last_used_at.getTime() > 60_000) {
        await knex('core_api_key').where({ id: row.id }).update({ last_used_at: knex.fn.now() })
      }
      return { id: row.id, companyId: row.company_id, name: row.name, groups: row.groups }
    })
  }

  /** Ends these keys of the company at once; keys of others and those already ended stay as they are. */
  async revoke(companyId: string, ids: readonly string[]): Promise<void> {
    await this.db.host((knex) =>
      knex('core_api_key')
        .where({ company_id: companyId })
        .whereIn('id', [...ids])
        .whereNull('revoked_at')
        .update({ revoked_at: knex.fn.now() }),
    )
  }
}
