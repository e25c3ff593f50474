import type { Configuration } from '../../../config/schema.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { loadMasterKeys } from '../../../core/signing/keys/software/master-key.js'
import { wrappingKeyFor } from '../../../core/signing/keys/software/wrapping-key.js'
import { unwrapKey, wrapKey } from '../../../core/signing/keys/software/wrapping.js'

type KeyConfiguration = Pick<Configuration, 'dataDir' | 'signing'>

/**
 * Wraps the secret of a CSID, bound to company and unit, with the master key the database works with: in the transaction that stores
 * it, so that a rotation that is under way neither misses it nor leaves it under the old key.
 * @throws Fault SIGN-MASTER-KEY-UNKNOWN
 */
export async function wrapSecret(
  { config, now }: { readonly config: KeyConfiguration; readonly now: () => Date },
  transaction: CompanyTransaction,
  unitId: string,
  secret: string,
): Promise<string> {
  const masterKey = await wrappingKeyFor(transaction, config, now())
  return wrapKey(masterKey, transaction.companyId, nameOf(unitId), Buffer.from(secret, 'utf8'))
}

/** @throws Fault SIGN-KEY-UNWRAP */
export function unwrapSecret(config: KeyConfiguration, companyId: string, unitId: string, wrapped: string): string {
  return unwrapKey(loadMasterKeys(config), companyId, nameOf(unitId), wrapped).toString('utf8')
}

function nameOf(unitId: string): string {
  return `zatca-csid:${unitId}`
}

/** Secrets of all units, wrapped anew with another master key. @returns how many changed */
export async function rewrapSecrets(transaction: CompanyTransaction, rewrap: (name: string, wrapped: string) => string): Promise<number> {
  const rows = await transaction
    .knex('compliance_saudi_unit')
    .where({ company_id: transaction.companyId })
    .forUpdate()
    .select<{ id: string; compliance_secret: string | null; production_secret: string | null }[]>(
      'id',
      'compliance_secret',
      'production_secret',
    )
  let count = 0
  for (const row of rows) {
    const changes: Record<string, string> = {}
    for (const column of ['compliance_secret', 'production_secret'] as const) {
      const wrapped = row[column]
      const again = wrapped === null ? null : rewrap(nameOf(row.id), wrapped)
      if (again !== null && again !== wrapped) changes[column] = again
    }
    const changed = Object.keys(changes).length
    if (changed > 0)
      await transaction.knex('compliance_saudi_unit').where({ company_id: transaction.companyId, id: row.id }).update(changes)
    count += changed
  }
  return count
}
