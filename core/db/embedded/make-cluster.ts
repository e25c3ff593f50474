import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { Fault } from '../../i18n/fault.js'
import { applicationRole } from '../connection.js'
import type { PostgresBinaries } from './binaries.js'
import { identityOf, type ServerUser } from './server-user.js'

/** The database inside the embedded server. */
export const embeddedDatabaseName = 'khatm'
/** Owns the tables; not a superuser, so that forced row-level security holds for it too. */
export const embeddedOwner = 'khatm'
/** Serves people. It logs in by itself, so not even a statement smuggled in could make it the owner again. */
export const embeddedApplication = applicationRole
/** Superuser of the cluster; used only by this supervisor. */
export const clusterUser = 'khatm_cluster'

/**
 * Makes the cluster of a data folder where there is none: in a folder beside, moved into place whole, so that a kill in between leaves nothing half-made.
 * @param base folder of the server's account that the cluster lies in
 * @throws Fault DB-EMBEDDED-START with the last words of initdb
 */
export async function makeCluster(binaries: PostgresBinaries, user: ServerUser, base: string, dataFolder: string): Promise<void> {
  if ((await stat(path.join(dataFolder, 'PG_VERSION')).catch(() => null)) !== null) return
  const half = path.join(base, `new-${randomBytes(6).toString('hex')}`)
  const common = ['-D', half, '-U', clusterUser]
  await run(user, base, binaries.initdb, [
    ...common,
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--locale=C.UTF-8',
    '--auth-local=trust',
    '--auth-host=reject',
    '--no-sync',
    '--no-instructions',
  ])
  await run(user, base, binaries.initdb, [...common, '--sync-only'])
  try {
    await rename(half, dataFolder)
  } catch {
    await rm(half, { recursive: true, force: true }) // another host was faster
  }
  const folder = await open(base, 'r')
  await folder.sync()
  await folder.close()
}

async function run(user: ServerUser, base: string, program: string, parameters: string[]): Promise<void> {
  const child = spawn(program, parameters, {
    cwd: base,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    ...identityOf(user),
  })
  let words = ''
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Fault('DB-EMBEDDED-START', { params: { reason: words.slice(-600) }, status: 503 })
}

/** Makes the database and its two roles where they are missing. Several hosts may do this at once. @param client superuser of the cluster */
export async function makeDatabase(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ made: boolean; login: boolean | null }>(
    `select exists (select 1 from pg_database where datname = $1) as made,
            (select rolcanlogin from pg_roles where rolname = $2) as login`,
    [embeddedDatabaseName, embeddedApplication],
  )
  if (rows[0]?.login === false) await client.query(`alter role ${embeddedApplication} login`)
  if (rows[0]?.made === true) return
  const ignoreTaken = (error: unknown): void => {
    // 42710, 42P04, 23505: another host made it a moment ago
    const code = error instanceof pg.DatabaseError ? error.code : undefined
    if (code !== '42710' && code !== '42P04' && code !== '23505') throw error
  }
  await client.query(`create role ${embeddedApplication} login`).catch(ignoreTaken)
  await client.query(`create role ${embeddedOwner} login nosuperuser nocreatedb createrole`).catch(ignoreTaken)
  await client.query(`grant ${embeddedApplication} to ${embeddedOwner} with admin option`).catch(ignoreTaken)
  await client.query(`create database ${embeddedDatabaseName} owner ${embeddedOwner}`).catch(ignoreTaken)
}
