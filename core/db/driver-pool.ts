import pg from 'pg'
import type { ConnectionSettings } from './connection.js'

export type DriverPool = pg.Pool

/** A pool of the driver itself, as the owner role: the job worker brings its own queries. A lost idle connection must not end the process. */
export function openDriverPool(connection: ConnectionSettings, max: number): DriverPool {
  const pool = new pg.Pool({ ...connection, max, keepAlive: true, application_name: 'khatm-worker', connectionTimeoutMillis: 10_000 })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => {
    client.on('error', () => undefined)
  })
  return pool
}
