import type { CompanyTransaction } from '../../../db/database.js'
import { Fault } from '../../../i18n/fault.js'
import { loadMasterKeys, masterKeyId, type MasterKeyPlace } from './master-key.js'

/** Gives a secret of another table its new wrapping; what is wrapped with the new key already comes back as it is. */
export type Rewrap = (name: string, wrapped: string) => string

/** A row of `core_master_key`; the key itself is never there. */
export interface MasterKeyRow {
  id: string
  state: 'current' | 'next' | 'retired'
}

/**
 * The key to wrap a new secret with, in the transaction that stores it: a rotation that begins meanwhile waits for this
 * transaction, and one that has begun is seen here.
 * @throws Fault SIGN-MASTER-KEY-UNKNOWN when the database works with a master key this host does not have
 */
export async function wrappingKeyFor(transaction: CompanyTransaction, place: MasterKeyPlace, now: Date): Promise<Buffer> {
  const accepted = loadMasterKeys(place)
  const read = (): Promise<MasterKeyRow[]> =>
    transaction.knex<MasterKeyRow>('core_master_key').whereNot({ state: 'retired' }).forShare().select('id', 'state')
  let rows = await read()
  if (rows.length === 0) {
    const [key] = accepted
    await transaction
      .knex('core_master_key')
      .insert({ id: masterKeyId(key), state: 'current', created_at: now })
      .onConflict('id')
      .ignore()
    rows = await read()
  }
  const wanted = rows.find((row) => row.state === 'next') ?? rows[0]
  const key = accepted.find((one) => masterKeyId(one) === wanted?.id)
  if (key === undefined) throw new Fault('SIGN-MASTER-KEY-UNKNOWN', { params: { id: wanted?.id ?? '' }, status: 500 })
  return key
}
