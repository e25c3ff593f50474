import type { CompanyTransaction, Database } from '../../../db/database.js'
import { Fault } from '../../../i18n/fault.js'
import { installNextMasterKey, layNextMasterKey, loadMasterKeys, masterKeyId, type MasterKeyPlace } from './master-key.js'
import { rewrapDataKey } from '../../protection/data-key.js'
import { type MasterKeyRow, type Rewrap } from './wrapping-key.js'
import { unwrapKey, wrapKey, wrapperOf } from './wrapping.js'

/** Everything that is wrapped with the master key is wrapped with `newKey`, company by company; broken off, it goes on where it stopped. */
export interface Rotation {
  readonly database: Database
  readonly place: MasterKeyPlace
  readonly companies: readonly string[]
  readonly newKey: Buffer
  readonly now: () => Date
  /** Wraps anew what else of a company is wrapped with the master key, in the same transaction. @returns how many */
  readonly others?: (transaction: CompanyTransaction, rewrap: Rewrap) => Promise<number>
  readonly onProgress?: (company: string, rewrapped: number) => void
}

/** The new key's id, and how much was wrapped anew. */
export interface RotationResult {
  readonly id: string
  readonly rewrapped: number
  /** File that keeps the old key, for older backups. */
  readonly retiredFile: string | undefined
}

/**
 * Wraps every secret of all companies with a new master key. While it runs every process accepts both keys; a crash at any
 * point loses nothing, and the same command goes on where it stopped. Afterwards nothing needs the old key.
 * @throws Fault SIGN-MASTER-KEY-ROTATION-RUNNING, SIGN-KEY-UNWRAP
 */
export async function rotateMasterKey(rotation: Rotation): Promise<RotationResult> {
  const { database, place, newKey, now } = rotation
  const id = masterKeyId(newKey)
  const accepted = loadMasterKeys(place)
  layNextMasterKey(place, newKey)
  await database.host(async (transaction) => {
    // Waits for whoever is wrapping a secret with the old key this moment; who comes later sees the new one.
    const rows = await transaction<MasterKeyRow>('core_master_key').forUpdate().select('id', 'state')
    const other = rows.find((row) => row.state === 'next' && row.id !== id)
    if (other !== undefined) throw new Fault('SIGN-MASTER-KEY-ROTATION-RUNNING', { params: { file: '', id: other.id }, status: 409 })
    if (rows.some((row) => row.id === id && row.state !== 'retired')) return
    await transaction('core_master_key')
      .insert({ id, state: 'next', created_at: now() })
      .onConflict('id')
      .merge({ state: 'next', retired_at: null })
  })
  let rewrapped = 0
  const keys = [newKey, ...accepted] as const
  for (const companyId of rotation.companies) {
    const count = await database.company(companyId, (transaction) => rewrapCompany(transaction, keys, id, rotation.others))
    rewrapped += count
    rotation.onProgress?.(companyId, count)
  }
  await database.host(async (transaction) => {
    await transaction('core_master_key').whereNot({ id }).update({ state: 'retired', retired_at: now() })
    await transaction('core_master_key').where({ id }).update({ state: 'current' })
  })
  return { id, rewrapped, retiredFile: installNextMasterKey(place) }
}

async function rewrapCompany(
  transaction: CompanyTransaction,
  keys: readonly [Buffer, ...Buffer[]],
  id: string,
  others: Rotation['others'],
): Promise<number> {
  const { companyId } = transaction
  const [newKey] = keys
  const rewrap: Rewrap = (name, wrapped) => {
    if (wrapperOf(wrapped) === id) return wrapped
    const secret = unwrapKey(keys, companyId, name, wrapped)
    try {
      const again = wrapKey(newKey, companyId, name, secret)
      // What cannot be opened again must not replace what can.
      const check = unwrapKey(newKey, companyId, name, again)
      const same = check.equals(secret)
      check.fill(0)
      if (!same) throw new Fault('SIGN-KEY-UNWRAP', { params: { key: name }, status: 500 })
      return again
    } finally {
      secret.fill(0)
    }
  }
  const rows = await transaction
    .knex('core_key')
    .where({ company_id: companyId, provider: 'software' })
    .forUpdate()
    .select<{ id: string; stored: Readonly<Record<string, string>> }[]>('id', 'stored')
  let count = 0
  for (const row of rows) {
    const { wrapped } = row.stored
    const again = wrapped === undefined ? undefined : rewrap(row.id, wrapped)
    if (again === undefined || again === wrapped) continue
    await transaction
      .knex('core_key')
      .where({ company_id: companyId, id: row.id })
      .update({ stored: JSON.stringify({ ...row.stored, wrapped: again }) })
    count++
  }
  count += await rewrapDataKey(transaction, rewrap)
  return count + ((await others?.(transaction, rewrap)) ?? 0)
}

/** Ids of master keys, as the database and this host know them. */
export interface MasterKeyState {
  readonly current: string | undefined
  /** Of a rotation that has not ended. */
  readonly next: string | undefined
  /** Ids of the keys this host holds. */
  readonly held: readonly string[]
}

/** What the doctor tells: which master key the database works with, and whether this host has it. */
export async function masterKeyState(database: Database, place: MasterKeyPlace): Promise<MasterKeyState> {
  const rows = await database.host((transaction) => transaction<MasterKeyRow>('core_master_key').select('id', 'state'))
  const idOf = (state: MasterKeyRow['state']): string | undefined => rows.find((row) => row.state === state)?.id
  return { current: idOf('current'), next: idOf('next'), held: loadMasterKeys(place).map(masterKeyId) }
}
