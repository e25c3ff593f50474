import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { CompanyContext } from '../../core/access/context.js'
import { createAudit } from '../../core/audit/create-audit.js'
import { createLogger } from '../../core/host/logger.js'
import { createSigningService } from '../../core/signing/create-signing-service.js'
import type { Key, KeyAlgorithm } from '../../core/signing/key.js'
import type { KeyUse, Signer, SigningService } from '../../core/signing/signing-service.js'
import { systemContextOf } from '../helpers/company-context.js'
import { scratchDatabase } from '../helpers/scratch-database.js'

const use: KeyUse = { purpose: 'seal-document', subject: { type: 'invoice', id: '1', label: 'INV/1' } }

/** The signing service with a database of its own, as a host has it: policy, log of uses and state of keys included. */
export interface SigningHouse {
  readonly service: SigningService
  openSoftware(algorithm: KeyAlgorithm): Promise<Signer & { readonly publicKey: Buffer }>
  openToken(module: string, keyLabel: string): Promise<Signer>
  end(): Promise<void>
}

export async function signingHouse(
  pkcs11: readonly { name: string; library: string; pinFile: string; pinEnvironment: null }[],
): Promise<SigningHouse> {
  const scratch = await scratchDatabase()
  const logger = createLogger({ logLevel: 'silent' })
  const now = (): Date => new Date()
  const audit = createAudit({ database: scratch.database, anchorFile: path.join(scratch.dataDir, 'anchors'), now, logger })
  const signing = { masterKey: null, timeStampUrl: null, pkcs11: [...pkcs11], csc: [] }
  const service = createSigningService({ database: scratch.database, audit, config: { dataDir: scratch.dataDir, signing }, now, logger })
  const companyId = randomUUID()
  const context: CompanyContext = await systemContextOf(companyId)
  const open = async (key: Key): Promise<Signer> => service.open(context, key.id, use, { withoutCertificate: true })
  return {
    service,
    openSoftware: async (algorithm) => {
      const key = { name: algorithm, algorithm, purposes: ['seal-document'] } as const
      const made = await scratch.database.company(companyId, (transaction) => service.generateKey(transaction, context, key))
      return { ...(await open(made)), publicKey: made.publicKey }
    },
    openToken: async (module, keyLabel) => {
      const key = { name: keyLabel, purposes: ['seal-document'], module, keyLabel } as const
      return open(await scratch.database.company(companyId, (transaction) => service.adoptTokenKey(transaction, context, key)))
    },
    end: async () => {
      await service.close()
      await audit.close()
      await scratch.end()
    },
  }
}
