import { setTimeout as sleep } from 'node:timers/promises'
import path from 'node:path'
import { systemContextOf } from '../../../test/helpers/company-context.js'
import { createAudit } from '../../audit/create-audit.js'
import { openDatabase } from '../../db/open-database.js'
import { createFiles } from '../../files/create-files.js'
import { createLogger } from '../../host/logger.js'
import { createJobs } from '../../jobs/create-jobs.js'
import { createMail } from '../create-mail.js'

/** A host in its own process that sends the waiting mails of a data folder, until it is killed. */
const [dataDir = '', port = '0'] = process.argv.slice(2)
const logger = createLogger({ logLevel: 'silent' })
const now = (): Date => new Date()
const database = await openDatabase({ dataDir, database: { url: null, poolSize: 4 }, logLevel: 'silent' }, { logger })
const system = createJobs({ database, contextFor: systemContextOf, logger, now })
createMail({
  database,
  files: createFiles(),
  jobs: system.jobs,
  define: (name, handler) => {
    system.define('core', name, handler)
  },
  audit: createAudit({ database, anchorFile: path.join(dataDir, 'audit-anchors.ndjson'), now, logger }),
  smtp: { host: '127.0.0.1', port: Number(port), secure: false, user: null, password: null, from: 'Khatm <no-reply@khatm.test>' },
  logger,
  now,
})
await system.startWorker({ concurrency: 1 })
await sleep(600_000)
