import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { databaseContract } from './database-contract.js'

databaseContract('the embedded PostgreSQL', async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'khatm-embedded-'))
  return {
    url: null,
    dataDir,
    crash: (database) => {
      const pid = database.serverPid()
      if (pid === undefined) throw new Error('no server')
      process.kill(pid, 'SIGKILL') // the supervisor brings it back
      return Promise.resolve()
    },
    end: () => rm(dataDir, { recursive: true, force: true }),
  }
})
