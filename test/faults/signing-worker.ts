import { setTimeout as sleep } from 'node:timers/promises'
import type { ConfigurationPart } from '../../config/load.js'
import { startTestHost } from '../helpers/test-host.js'

/**
 * A worker in a process of its own, on the data folder of a test, until it is killed. `stopBefore` names what it reaches and never does:
 * `signature` (a signature is made, not stored) or `seal` (the sealed document is made, not stored).
 */
const [dataDir = '', configuration = '{}', stopBefore = ''] = process.argv.slice(2)
// Written by the test that starts this.
const config = JSON.parse(configuration) as ConfigurationPart
const { host } = await startTestHost({ dataDir, migrate: false, config, role: { worker: true } })
const { files } = host
const put = files.put.bind(files)
files.put = async (transaction, bytes, mediaType) => {
  const isSealed = Buffer.from(bytes).includes('/DocTimeStamp')
  const isSigned = Buffer.from(bytes).includes('/ByteRange')
  if (stopBefore !== '' && isSigned && isSealed === (stopBefore === 'seal')) {
    process.stdout.write('reached\n')
    await sleep(3_600_000)
  }
  return put(transaction, bytes, mediaType)
}
process.stdout.write('ready\n')
await sleep(3_600_000)
