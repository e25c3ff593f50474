import { setTimeout as sleep } from 'node:timers/promises'
import { startTestHost } from '../helpers/test-host.js'

/** A worker in a process of its own, on the data folder of a test, until it is killed. */
const [dataDir = '', port = '0'] = process.argv.slice(2)
await startTestHost({
  dataDir,
  role: { worker: true },
  migrate: false,
  config: { publicUrl: 'https://sign.example.test', smtp: { host: '127.0.0.1', port: Number(port), from: 'Khatm <sign@example.test>' } },
})
process.stdout.write('ready\n')
await sleep(3_600_000)
