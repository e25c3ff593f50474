import { tmpdir } from 'node:os'
import { DebianPostgres, debianPostgresInstalled } from '../helpers/debian-postgres.js'
import { databaseContract } from './database-contract.js'

if (debianPostgresInstalled()) {
  databaseContract('PostgreSQL 15 of Debian', async () => {
    const server = new DebianPostgres()
    await server.start()
    return {
      url: server.url,
      dataDir: tmpdir(),
      crash: async () => {
        process.kill(server.pid(), 'SIGKILL')
        await server.run()
      },
      end: () => {
        server.stop()
        return Promise.resolve()
      },
    }
  })
} else {
  describe('database contract on PostgreSQL 15 of Debian', () => {
    it.skip('the Debian package postgresql is not installed')
  })
}
