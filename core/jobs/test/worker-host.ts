import { setTimeout as sleep } from 'node:timers/promises'
import { systemContextOf } from '../../../test/helpers/company-context.js'
import { openDatabase } from '../../db/open-database.js'
import { createLogger } from '../../host/logger.js'
import { createJobs } from '../create-jobs.js'

/** A worker for the tests in its own process: it starts the job, says so, and hangs until it is killed. */
const [dataDir = ''] = process.argv.slice(2)
const logger = createLogger({ logLevel: 'silent' })
const database = await openDatabase({ dataDir, database: { url: null, poolSize: 4 }, logLevel: 'silent' }, { logger })
const system = createJobs({ database, contextFor: systemContextOf, logger, now: () => new Date() })
system.define('test', 'test.hang', async () => {
  process.stdout.write('running\n')
  await sleep(600_000)
})
await system.startWorker({ concurrency: 2 })
