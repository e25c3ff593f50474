import { createRequire } from 'node:module'
import knex, { type Knex } from 'knex'
import pg from 'pg'
import type { Logger } from '../host/logger.js'

/** How to reach the server: what both knex and the job worker hand to the PostgreSQL driver. */
export interface ConnectionSettings {
  readonly connectionString?: string
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly database?: string
}

/** Role of everything that serves people: owns no table and cannot bypass row-level security. */
export const applicationRole = 'khatm_app'

const int8 = 20
const date = 1082
const numeric = 1700

/** Values keep what they are: numeric and date stay text, int8 is a number only where that is exact. */
const typeParsers = new pg.TypeOverrides()
typeParsers.setTypeParser(int8, (text: string) => {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : text
})
typeParsers.setTypeParser(date, (text: string) => text)
typeParsers.setTypeParser(numeric, (text: string) => text)

// pg types a parser by the format it reads; knex knows one type for both.
function parserOf(oid: number, format?: string): (value: string) => unknown {
  return typeParsers.getTypeParser(oid, format === 'binary' ? 'binary' : 'text') as unknown as (value: string) => unknown
}

/** Transaction options of ours, carried through knex to where `BEGIN` is sent. */
export interface TransactionOptions extends Knex.TransactionConfig {
  readonly companyId?: string
}

// knex has no typed way to subclass a dialect's transaction; these are the parts of it that are used.
interface RawResult {
  readonly command?: string
}
interface TransactionInternals {
  trxClient: { query(connection: unknown, sql: string): Promise<{ response?: RawResult } & RawResult> }
  _completed: boolean
  _resolver(value: unknown): void
  _rejecter(error: unknown): void
}
type TransactionClass = new (client: unknown, container: unknown, config?: TransactionOptions, outer?: unknown) => TransactionInternals
type ClientClass = new (config: Knex.Config) => object

const require = createRequire(import.meta.url)
// The classes exist in knex's published files but not in its types.
const PostgresClient = require('knex/lib/dialects/postgres/index.js') as ClientClass
const PostgresTransaction = require('knex/lib/dialects/postgres/execution/pg-transaction.js') as TransactionClass

/** Sends `BEGIN`, the company and the first statement in one round trip, and never takes a COMMIT that PostgreSQL turned into a ROLLBACK for success. */
class CompanyAwareTransaction extends PostgresTransaction {
  readonly #companyId: string | undefined
  #begun: Promise<unknown> = Promise.resolve()

  constructor(client: unknown, container: unknown, config?: TransactionOptions, outer?: unknown) {
    super(client, container, config, outer)
    this.#companyId = config?.companyId
  }

  begin(connection: unknown): Promise<unknown> {
    // companyId has been checked to be a UUID, so it may stand in the text of a statement
    const statement = this.#companyId === undefined ? 'begin' : `begin; select set_config('app.company_id', '${this.#companyId}', true)`
    // Not awaited: on a pipelined connection the statements behind it are under way already. Should it fail, the connection
    // is lost and they fail with it; what PostgreSQL would do outside a transaction is stopped by the commit below.
    this.#begun = this.trxClient.query(connection, statement)
    this.#begun.catch(() => undefined) // told by the commit, or by the statement that fails with it
    return Promise.resolve()
  }

  async commit(connection: unknown, value: unknown): Promise<void> {
    try {
      const sent = this.trxClient.query(connection, 'commit')
      // from here on knex must refuse further statements on this transaction
      this._completed = true
      const [result] = await Promise.all([sent, this.#begun])
      const command = result.response?.command ?? result.command
      if (command !== undefined && command !== 'COMMIT') throw new Error(`commit answered ${command}: an earlier statement failed`)
      this._resolver(value)
    } catch (error) {
      this._rejecter(error)
    }
  }
}

class CompanyAwareClient extends PostgresClient {
  transaction(container: unknown, config?: TransactionOptions, outer?: unknown): TransactionInternals {
    return new CompanyAwareTransaction(this, container, config, outer)
  }
}

/** A pool of connections. With `role`, every connection takes that role before it is used. */
export function connect(settings: ConnectionSettings, poolSize: number, logger: Logger, role?: string): Knex {
  const driverSettings = {
    ...settings,
    types: { getTypeParser: (oid: number, format?: string) => parserOf(oid, format) },
    keepAlive: true,
    // statements given without waiting for one another travel together; PostgreSQL still runs them in order
    pipeline: true,
    application_name: 'khatm',
    connectionTimeoutMillis: 10_000,
  }
  return knex({
    // a subclass of knex's own PostgreSQL client, seen through the narrow type above
    client: CompanyAwareClient as unknown as typeof Knex.Client,
    connection: driverSettings,
    acquireConnectionTimeout: 30_000,
    // what a statement carried (links, codes, pay of people) has no place in the message of its fault, which is logged and stored
    compileSqlOnError: false,
    // knex would print to the console; every failed statement also rejects, so nothing is hidden by this level
    log: {
      warn: (message: unknown) => {
        logger.debug({ area: 'database' }, String(message))
      },
      error: (message: unknown) => {
        logger.debug({ area: 'database' }, String(message))
      },
      deprecate: (method: unknown, alternative: unknown) => {
        logger.debug({ area: 'database' }, `${String(method)} is deprecated, use ${String(alternative)}`)
      },
    },
    pool: {
      min: 0,
      max: poolSize,
      idleTimeoutMillis: 30_000,
      afterCreate: (connection: pg.Client, done: (error: unknown, connection: pg.Client) => void) => {
        // A dropped idle connection is told here; the pool replaces it, so nothing may crash.
        connection.on('error', () => undefined)
        if (role === undefined) done(null, connection)
        else {
          connection.query(`set role ${role}`).then(
            () => {
              done(null, connection)
            },
            (error: unknown) => {
              done(error, connection)
            },
          )
        }
      },
    },
  })
}
