import { createWriteStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { writeHeapSnapshot } from 'node:v8'
import pino from 'pino'
import { DeskHouse } from '../../core/agent/test/desk-house.js'
import { dumpTables } from '../helpers/table-dump.js'
import { until } from '../helpers/until.js'

/**
 * A host process with a key on a desk of another process: prints a pairing code, has a document signed there, then lays down
 * everything the PIN could have got into: its heap, its log, all its tables. Argument: folder. Input: the key's id on its token.
 */
const [folder = ''] = process.argv.slice(2)
const logger = pino({ level: 'trace' }, createWriteStream(path.join(folder, 'log.ndjson')))
const house = await DeskHouse.open({ waitSeconds: 60, waitWithoutDeskSeconds: 60, logger })
const tell = (facts: object): void => {
  process.stdout.write(`${JSON.stringify(facts)}\n`)
}
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
tell({ url: house.url, code: await house.code() })
const keyId = String((await lines.next()).value)
const found = await until('the desk tells its key', async () => {
  const desks = await house.scratch.database.company(house.companyId, (transaction) => house.provider.desks.list(transaction))
  const [desk] = desks
  const [token] = desk?.tokens ?? []
  if (desk === undefined || token === undefined) return undefined
  return house.provider.foundKey(house.companyId, { agentId: desk.id, tokenSerial: token.serial, keyId })
})
const reference = { keyId: 'seal', companyId: house.companyId, algorithm: found.algorithm, stored: found.stored }
const subject = { type: 'invoice', id: 'canary', label: 'INV/canary' }
const signature = await house.provider.signDigest(reference, {
  scheme: 'ecdsa',
  digestAlgorithm: 'sha256',
  digest: Buffer.alloc(32, 7),
  uses: [{ purpose: 'stamp-e-invoice', subject }],
})
const rows = await dumpTables(house.scratch.database, house.companyId, path.join(folder, 'dump.txt'))
logger.info({ signature: signature.toString('base64') }, 'signed at a desk')
writeHeapSnapshot(path.join(folder, 'host.heapsnapshot'))
tell({ signature: signature.toString('base64'), rows })
await lines.next()
await house.end()
process.exit(0)
