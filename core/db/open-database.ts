import { setTimeout as sleep } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { Configuration } from '../../config/schema.js'
import type { Logger } from '../host/logger.js'
import { createLogger } from '../host/logger.js'
import { Fault } from '../i18n/fault.js'
import { OpenCompanyTransaction } from './company-transaction.js'
import type { ConnectionSettings, TransactionOptions } from './connection.js'
import { applicationRole, connect } from './connection.js'
import { asFault, isRetryable } from './database-faults.js'
import type { CompanyTransaction, Database } from './database.js'
import { embeddedApplication, embeddedDatabaseName, embeddedOwner } from './embedded/make-cluster.js'
import { startEmbeddedServer, type EmbeddedServer } from './embedded/server.js'
import type { MigrationReport, MigrationSource } from './migrate.js'
import { prepareBookkeeping, runMigrations } from './migrate.js'

const mostTries = 8
const uuidShape = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The database with what only the host may do with it. */
export interface OpenDatabase extends Database {
  readonly kind: 'embedded' | 'external'
  /** Connections of the role that owns the tables: for the host's own upkeep and the job worker, never for requests. */
  readonly ownerKnex: Knex
  /** The same for the PostgreSQL driver. */
  readonly connection: ConnectionSettings
  /** Process number of the embedded server. */
  serverPid(): number | undefined
  /** Runs what is new, core first in the given order; a module that fails is reported and the others go on. */
  migrate(sources: readonly MigrationSource[]): Promise<MigrationReport[]>
}

/** Where the database writes its log; nowhere unless told. */
export interface OpenDatabaseOptions {
  readonly logger?: Logger
}

/**
 * Connects to `config.database.url`, or runs the embedded PostgreSQL of the data folder.
 * @throws Fault DB-UNREACHABLE (503), DB-VERSION (server older than 14), DB-ROLE (the role may not create or take khatm_app),
 *   DB-EMBEDDED-* of the supervisor
 */
export async function openDatabase(
  config: Pick<Configuration, 'dataDir' | 'database' | 'logLevel'>,
  options: OpenDatabaseOptions = {},
): Promise<OpenDatabase> {
  const logger = options.logger ?? createLogger(config)
  let server: EmbeddedServer | undefined
  let connection: ConnectionSettings
  if (config.database.url === null) {
    server = await startEmbeddedServer(config.dataDir, logger)
    connection = { host: server.socketFolder, port: server.port, user: embeddedOwner, database: embeddedDatabaseName }
  } else {
    connection = { connectionString: config.database.url }
  }
  const ownerKnex = connect(connection, 4, logger)
  // An external server's login role takes the application role on every connection; on the embedded one that role logs in itself.
  const applicationKnex =
    server === undefined
      ? connect(connection, config.database.poolSize, logger, applicationRole)
      : connect({ ...connection, user: embeddedApplication }, config.database.poolSize, logger)
  const opened = new PostgresDatabase(ownerKnex, applicationKnex, connection, server, logger)
  try {
    await prepareRoles(ownerKnex)
  } catch (error) {
    await opened.close()
    throw asFault(error)
  }
  return opened
}

/** Makes the application role where it is missing; on an external server the login role needs CREATEROLE once. */
async function prepareRoles(owner: Knex): Promise<void> {
  const { rows } = await owner.raw<{ rows: { version: number; present: boolean; member: boolean }[] }>(
    `select current_setting('server_version_num')::int as version,
       exists (select 1 from pg_roles where rolname = '${applicationRole}') as present,
       coalesce((select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = '${applicationRole}'), false) as member`,
  )
  const facts = rows[0]
  if (facts === undefined || facts.version < 140_000) throw new Fault('DB-VERSION', { params: { needed: 14 }, status: 503 })
  if (facts.present && facts.member) return
  try {
    if (!facts.present) await owner.raw(`create role ${applicationRole} nologin`)
    await owner.raw(`grant ${applicationRole} to current_user`)
  } catch (cause) {
    throw new Fault('DB-ROLE', { params: { role: applicationRole }, status: 503, cause })
  }
}

class PostgresDatabase implements OpenDatabase {
  readonly kind: 'embedded' | 'external'
  #closed = false
  #prepared: Promise<void> | undefined

  constructor(
    readonly ownerKnex: Knex,
    private readonly applicationKnex: Knex,
    readonly connection: ConnectionSettings,
    private readonly server: EmbeddedServer | undefined,
    private readonly logger: Logger,
  ) {
    this.kind = server === undefined ? 'external' : 'embedded'
  }

  serverPid(): number | undefined {
    return this.server?.pid()
  }

  async company<Result>(companyId: string, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> {
    if (!uuidShape.test(companyId)) throw new Fault('DB-COMPANY-ID', { params: { companyId: companyId.slice(0, 64) } })
    const options: TransactionOptions = { companyId }
    return this.#withRetries(async () => {
      let open: OpenCompanyTransaction | undefined
      const result = await this.applicationKnex.transaction(async (knex) => {
        open = new OpenCompanyTransaction(companyId, knex)
        const value = await work(open)
        await open.finish()
        return value
      }, options)
      open?.committed((error) => {
        this.logger.error({ err: error }, 'work after a commit failed')
      })
      return result
    })
  }

  async host<Result>(work: (transaction: Knex.Transaction) => Promise<Result>): Promise<Result> {
    return this.#withRetries(() => this.applicationKnex.transaction(work))
  }

  async #withRetries<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (!isRetryable(error) || tries > mostTries) throw asFault(error)
        // 2..4 ms doubling to at most 256..512 ms: competitors drift apart
        await sleep(2 ** tries * (1 + Math.random()))
      }
    }
  }

  async migrate(sources: readonly MigrationSource[]): Promise<MigrationReport[]> {
    this.#prepared ??= prepareBookkeeping(this.ownerKnex, this.connection)
    try {
      await this.#prepared
    } catch (error) {
      this.#prepared = undefined
      throw asFault(error)
    }
    return runMigrations(this.ownerKnex, sources, this.logger)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.all([this.applicationKnex.destroy(), this.ownerKnex.destroy()])
    await this.server?.stop()
  }
}
