import { setTimeout as sleep } from 'node:timers/promises'
import { startTestHost } from '../helpers/test-host.js'

/** A host in a process of its own that sends what another has posted, until it is killed. */
const [dataDir = '', sandboxUrl = ''] = process.argv.slice(2)
await startTestHost({
  dataDir,
  role: { worker: true },
  migrate: false,
  config: { sandbox: { url: sandboxUrl }, allowedPrivateOrigins: [sandboxUrl] },
})
process.stdout.write('ready\n')
await sleep(3_600_000)
