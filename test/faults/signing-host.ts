import { randomUUID } from 'node:crypto'
import { createWriteStream, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeHeapSnapshot } from 'node:v8'
import pino from 'pino'
import { createAudit } from '../../core/audit/create-audit.js'
import { createSigningService } from '../../core/signing/create-signing-service.js'
import { Pkcs11KeyProvider } from '../../core/signing/keys/pkcs11/pkcs11-provider.js'
import { withholdPins } from '../../core/signing/keys/pkcs11/pin-source.js'
import { systemContextOf } from '../helpers/company-context.js'
import { scratchDatabase } from '../helpers/scratch-database.js'
import { dumpTables } from '../helpers/table-dump.js'

/**
 * A host process that uses keys with PINs from a file and from the environment, and a password-protected key file, then lays
 * down everything a secret could have got into: its heap, its log, all its tables. Arguments: folder, library, PIN file.
 */
const [folder = '', library = '', pinFile = ''] = process.argv.slice(2)
const pkcs11 = [
  { name: 'by-file', library, pinFile, pinEnvironment: null },
  { name: 'by-variable', library, pinFile: null, pinEnvironment: 'CANARY_TOKEN_PIN' },
]
withholdPins(pkcs11)

const scratch = await scratchDatabase()
const logger = pino({ level: 'trace' }, createWriteStream(path.join(folder, 'log.ndjson')))
const now = (): Date => new Date()
const audit = createAudit({ database: scratch.database, anchorFile: path.join(scratch.dataDir, 'anchors'), now, logger })
const signing = { masterKey: null, timeStampUrl: null, pkcs11, csc: [] }
const service = createSigningService({ database: scratch.database, audit, config: { dataDir: scratch.dataDir, signing }, now, logger })
const companyId = randomUUID()
const context = await systemContextOf(companyId)
const use = { purpose: 'seal-document', subject: { type: 'x', id: '1', label: 'x' } } as const

for (const module of ['by-file', 'by-variable']) {
  const key = await scratch.database.company(companyId, (transaction) =>
    service.adoptTokenKey(transaction, context, { name: module, purposes: ['seal-document'], module, keyLabel: 'seal' }),
  )
  const signer = await service.open(context, key.id, use, { withoutCertificate: true })
  for (let count = 0; count < 5; count++) await signer.signDigest(Buffer.alloc(32, count))
}
await importKeyFile()

async function importKeyFile(): Promise<void> {
  const bytes = readFileSync(path.join(folder, 'key.p12'))
  const password = readFileSync(path.join(folder, 'password'), 'utf8')
  const key = await scratch.database.company(companyId, (transaction) =>
    service.importKey(transaction, context, { name: 'imported', purposes: ['seal-document'], bytes, password }),
  )
  await (await service.open(context, key.id, use, { withoutCertificate: true })).signDigest(Buffer.alloc(32, 1))
}

const rows = await dumpTables(scratch.database, companyId, path.join(folder, 'dump.txt'))
writeHeapSnapshot(path.join(folder, 'host.heapsnapshot'))

const provider = service.provider('pkcs11')
const children = provider instanceof Pkcs11KeyProvider ? ['by-file', 'by-variable'].map((module) => provider.processOf(module)) : []
process.stdout.write(`${JSON.stringify({ children, rows, variable: 'CANARY_TOKEN_PIN' in process.env })}\n`)
process.stdin.resume().once('end', () => {
  void (async () => {
    await service.close()
    await audit.close()
    await scratch.end()
    process.exit(0)
  })()
})
