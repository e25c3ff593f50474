import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { runMigrations as migrateWorkerSchema } from 'graphile-worker'
import type { Knex } from 'knex'
import type { Logger } from '../host/logger.js'
import type { FaultDetail } from '../i18n/fault.js'
import { Fault } from '../i18n/fault.js'
import type { ConnectionSettings } from './connection.js'
import { applicationRole } from './connection.js'
import { asFault } from './database-faults.js'
import { openDriverPool } from './driver-pool.js'
import { OwnerSchema } from './migration-schema.js'
import type { Migration } from './migration.js'

/** Where the migrations of a module lie. */
export interface MigrationSource {
  readonly module: string
  /** Holds `<version>__<slug>.ts` (or `.js` when compiled). A missing folder means nothing to do. */
  readonly folder: string
}

/** What was run for a module, and why it stopped if it did. */
export interface MigrationReport {
  readonly module: string
  /** File names run now, without extension. */
  readonly applied: readonly string[]
  readonly fault?: FaultDetail
}

interface MigrationFile {
  readonly name: string
  readonly form: string
  readonly file: string
  readonly checksum: string
}

/** `0001__foundation.ts` of the host, `1.0.0__tables.ts` of a module (the module version that needs it). */
const fileShape = /^(\d+(?:\.\d+){0,3}__[a-z0-9-]+)\.(ts|js|mts|mjs)$/

/** Runs the new migrations of each source, each in its own transaction, after `prepareBookkeeping`. One host at a time: the bookkeeping table is locked. */
export async function runMigrations(owner: Knex, sources: readonly MigrationSource[], logger: Logger): Promise<MigrationReport[]> {
  const reports: MigrationReport[] = []
  for (const source of sources) {
    const applied: string[] = []
    try {
      for (const file of await filesOf(source)) {
        const ran = await owner.transaction((transaction) => runOne(transaction, source.module, file))
        if (ran === undefined) continue
        applied.push(file.name)
        logger.info({ module: source.module, migration: file.name, milliseconds: ran }, 'migrated')
      }
      reports.push({ module: source.module, applied })
    } catch (error) {
      const fault = asFault(error)
      logger.error({ module: source.module, err: error }, 'migration failed and was rolled back')
      if (fault instanceof Fault && fault.code === 'DB-UNREACHABLE') throw fault
      reports.push({ module: source.module, applied, fault: detailOf(fault, source.module) })
    }
  }
  return reports
}

/** Makes the tables of the bookkeeping and of the job queue, or brings them up to date. Repeatable. */
export async function prepareBookkeeping(owner: Knex, connection: ConnectionSettings): Promise<void> {
  const { rows } = await owner.raw<{ rows: { ready: boolean }[] }>(
    `select to_regclass('core_migration') is not null and to_regclass('graphile_worker.migrations') is not null as ready`,
  )
  if (rows[0]?.ready !== true) {
    await owner.transaction(async (transaction) => {
      // Two first starts at once: `create if not exists` alone may still collide in the catalogue.
      await transaction.raw(`select pg_advisory_xact_lock(hashtext('khatm.migrate'))`)
      await transaction.raw(`grant usage on schema public to ${applicationRole}`)
      await transaction.raw(
        `create table if not exists core_migration (
           module text not null, name text not null, form text not null, checksum text not null,
           ran_at timestamptz not null default now(), milliseconds integer not null,
           primary key (module, name))`,
      )
      await transaction.raw(`grant select on core_migration to ${applicationRole}`)
    })
  }
  // The worker's own tables; it keeps its own bookkeeping and is repeatable.
  const pool = openDriverPool(connection, 1)
  try {
    await migrateWorkerSchema({ pgPool: pool })
  } finally {
    await pool.end()
  }
}

async function filesOf(source: MigrationSource): Promise<MigrationFile[]> {
  let entries: string[]
  try {
    entries = await readdir(source.folder)
  } catch {
    return []
  }
  const files: MigrationFile[] = []
  for (const entry of entries.sort(new Intl.Collator('en', { numeric: true }).compare)) {
    if (!/\.m?[jt]s$/.test(entry) || entry.endsWith('.d.ts')) continue
    const match = fileShape.exec(entry)
    // Left out in silence, its tables would be missed much later.
    if (match === null) throw new Fault('DB-MIGRATION-SHAPE', { params: { module: source.module, migration: entry }, status: 503 })
    const [, name = '', form = ''] = match
    const file = path.join(source.folder, entry)
    const text = (await readFile(file, 'utf8')).replaceAll('\r\n', '\n')
    files.push({ name, form: form.replace('m', ''), file, checksum: createHash('sha256').update(text).digest('hex') })
  }
  return files
}

/** Milliseconds it took, or undefined when it ran before. */
async function runOne(transaction: Knex.Transaction, module: string, file: MigrationFile): Promise<number | undefined> {
  await transaction.raw('lock table core_migration in share row exclusive mode')
  const before = await transaction<{ module: string; name: string; form: string; checksum: string }>('core_migration')
    .where({ module, name: file.name })
    .first()
  if (before !== undefined) {
    // The compiled file of a release has another text than its source: only like is compared with like.
    if (before.form === file.form && before.checksum !== file.checksum) {
      throw new Fault('DB-MIGRATION-CHANGED', { params: { module, migration: file.name }, status: 503 })
    }
    return undefined
  }
  const loaded = (await import(pathToFileURL(file.file).href)) as { default?: Migration }
  if (typeof loaded.default?.up !== 'function') {
    throw new Fault('DB-MIGRATION-SHAPE', { params: { module, migration: file.name }, status: 503 })
  }
  const started = performance.now()
  await loaded.default.up(new OwnerSchema(transaction))
  const milliseconds = Math.round(performance.now() - started)
  await transaction('core_migration').insert({ module, name: file.name, form: file.form, checksum: file.checksum, milliseconds })
  return milliseconds
}

function detailOf(error: unknown, module: string): FaultDetail {
  if (error instanceof Fault) return { code: error.code, params: error.params }
  const reason = error instanceof Error ? error.message : String(error)
  return { code: 'DB-MIGRATION-FAILED', params: { module, reason: reason.slice(0, 500) } }
}
