import pg from 'pg'
import type { ConnectionSettings } from './connection.js'

/** Connections of the bare driver, for the job worker, which takes no Knex. */
export type DriverPool = pg.Pool

/**
 * A pool of the driver itself, as the owner role: the job worker brings its own queries. A lost idle connection must not end the process.
 * Its commits do not wait for the disk: should the machine fail, a job counts as not taken or not finished and runs again, which
 * every handler must bear anyhow. What handlers write goes through the database's own connections, which do wait.
 */
export function openDriverPool(connection: ConnectionSettings, max: number): DriverPool {
  const pool = new pg.Pool({
    ...connection,
    max,
    keepAlive: true,
    application_name: 'khatm-worker',
    connectionTimeoutMillis: 10_000,
    // before anybody gets the new connection
    verify: (client, done) => {
      client.query('set synchronous_commit = off').then(() => {
        done()
      }, done)
    },
  })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => {
    client.on('error', () => undefined)
  })
  return pool
}
