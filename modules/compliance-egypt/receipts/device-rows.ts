import type { CompanyTransaction } from '../../../core/db/database.js'

/** A point of sale as the authority registered it. */
export interface ReceiptDevice {
  readonly id: string
  readonly name: string
  /** Serial number of the point of sale; names the chain. */
  readonly serial: string
  readonly osVersion: string
  /** At most 10 characters. */
  readonly model: string
  readonly hasPresharedKey: boolean
  readonly branchCode: string
  readonly syndicateLicense: string | null
  /** Of its sales: `s`, or the one of its trade. */
  readonly receiptType: string
  /** Whether its submissions carry a signature, which the authority does not ask for. */
  readonly signBatches: boolean
  readonly isDefault: boolean
  readonly active: boolean
  readonly lastCounter: number
  /** Uuid of the last receipt; empty before the first. */
  readonly lastUuid: string
}

const columns = `id, name, serial, os_version as "osVersion", model, preshared_key is not null as "hasPresharedKey", branch_code as "branchCode",
  syndicate_license as "syndicateLicense", receipt_type as "receiptType", sign_batches as "signBatches", is_default as "isDefault", active, last_counter::float8 as "lastCounter", last_uuid as "lastUuid"`

/** The default one first. */
export async function devicesOf(transaction: CompanyTransaction): Promise<ReceiptDevice[]> {
  const { rows } = await transaction.knex.raw<{ rows: ReceiptDevice[] }>(
    `select ${columns} from compliance_egypt_device where company_id = ? order by is_default desc, serial`,
    [transaction.companyId],
  )
  return rows
}

/**
 * Rows of devices, locked until the transaction ends: one receipt after another, whichever host makes them. In the order of their
 * serial numbers, so that two transactions that need the same two never wait for each other.
 */
export async function holdDevices(transaction: CompanyTransaction, serials: readonly string[]): Promise<Map<string, ReceiptDevice>> {
  const { rows } = await transaction.knex.raw<{ rows: ReceiptDevice[] }>(
    `select ${columns} from compliance_egypt_device where company_id = ? and serial = any(?::text[]) order by serial for update`,
    [transaction.companyId, [...new Set(serials)]],
  )
  return new Map(rows.map((row) => [row.serial, row]))
}

/** Writes the new end of a chain; the row is held. */
export async function advanceDevice(transaction: CompanyTransaction, serial: string, counter: number, uuid: string): Promise<void> {
  await transaction
    .knex('compliance_egypt_device')
    .where({ company_id: transaction.companyId, serial })
    .update({ last_counter: counter, last_uuid: uuid })
}

export interface NewDevice {
  readonly name: string
  readonly serial: string
  readonly osVersion: string
  readonly model: string
  readonly branchCode: string
  readonly syndicateLicense: string | null
  readonly receiptType: string
  readonly signBatches: boolean
}

/** Adds a device or writes over the facts of the one with its serial; its chain stays. The first becomes the default. */
export async function saveDevice(
  transaction: CompanyTransaction,
  device: NewDevice,
  presharedKey: Buffer | undefined,
  now: Date,
): Promise<void> {
  const known = await devicesOf(transaction)
  const row = {
    name: device.name,
    os_version: device.osVersion,
    model: device.model,
    branch_code: device.branchCode,
    syndicate_license: device.syndicateLicense,
    receipt_type: device.receiptType,
    sign_batches: device.signBatches,
    ...(presharedKey === undefined ? {} : { preshared_key: presharedKey }),
  }
  await transaction
    .knex('compliance_egypt_device')
    .insert({ company_id: transaction.companyId, serial: device.serial, is_default: known.length === 0, created_at: now, ...row })
    .onConflict(['company_id', 'serial'])
    .merge({ ...row, active: true })
}

/** Protected preshared key of a device; undefined when it has none. */
export async function presharedKeyOf(transaction: CompanyTransaction, serial: string): Promise<Buffer | undefined> {
  const row: unknown = await transaction
    .knex('compliance_egypt_device')
    .where({ company_id: transaction.companyId, serial })
    .first('preshared_key')
  const value: unknown = typeof row === 'object' && row !== null && 'preshared_key' in row ? row.preshared_key : undefined
  return Buffer.isBuffer(value) ? value : undefined
}

/** Two statements, since the index holds at most one default at any moment. */
export async function makeDeviceDefault(transaction: CompanyTransaction, serial: string): Promise<void> {
  await transaction.knex('compliance_egypt_device').where({ company_id: transaction.companyId }).update({ is_default: false })
  await transaction.knex('compliance_egypt_device').where({ company_id: transaction.companyId, serial }).update({ is_default: true })
}

/** A device that is switched off issues nothing more; its chain stays as it ended. */
export async function switchDevice(transaction: CompanyTransaction, serial: string, active: boolean): Promise<void> {
  await transaction.knex('compliance_egypt_device').where({ company_id: transaction.companyId, serial }).update({ active })
}
