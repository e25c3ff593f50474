import type { CompanyTransaction } from '../../../core/db/database.js'

export type ZatcaEnvironment = 'sandbox' | 'simulation' | 'production'
export type UnitState = 'requested' | 'compliance' | 'production' | 'retired'

/** A row of compliance_saudi_unit. */
export interface UnitRow {
  readonly id: string
  readonly serial: string
  readonly environment: ZatcaEnvironment
  readonly state: UnitState
  readonly keyId: string
  readonly requestId: string | null
  readonly complianceToken: string | null
  readonly complianceSecret: string | null
  readonly productionToken: string | null
  readonly productionSecret: string | null
  readonly certificateUntil: Date | null
  readonly lastCounter: number
  readonly lastHash: string | null
}

const columns = `id, serial, environment, state, key_id as "keyId", request_id as "requestId", compliance_token as "complianceToken",
  compliance_secret as "complianceSecret", production_token as "productionToken", production_secret as "productionSecret",
  certificate_until as "certificateUntil", last_counter::float8 as "lastCounter", last_hash as "lastHash"`

/** The unit that stamps for the company; undefined before it is onboarded. */
export async function activeUnit(transaction: CompanyTransaction, lock = false): Promise<UnitRow | undefined> {
  const { rows } = await transaction.knex.raw<{ rows: UnitRow[] }>(
    `select ${columns} from compliance_saudi_unit where company_id = ? and state = 'production' ${lock ? 'for update' : ''}`,
    [transaction.companyId],
  )
  return rows[0]
}

export async function unitById(transaction: CompanyTransaction, id: string): Promise<UnitRow | undefined> {
  const { rows } = await transaction.knex.raw<{ rows: UnitRow[] }>(
    `select ${columns} from compliance_saudi_unit where company_id = ? and id = ?`,
    [transaction.companyId, id],
  )
  return rows[0]
}

export async function insertUnit(
  transaction: CompanyTransaction,
  unit: { readonly serial: string; readonly environment: ZatcaEnvironment; readonly keyId: string },
  now: Date,
): Promise<string> {
  const rows = await transaction
    .knex<{ id: string }>('compliance_saudi_unit')
    .insert({
      company_id: transaction.companyId,
      serial: unit.serial,
      environment: unit.environment,
      state: 'requested',
      key_id: unit.keyId,
      created_at: now,
    } as object)
    .returning('id')
  const id = rows[0]?.id
  if (id === undefined) throw new Error('the unit got no row')
  return id
}

export async function updateUnit(
  transaction: CompanyTransaction,
  id: string,
  changes: Readonly<Record<string, string | number | Date | null>>,
): Promise<void> {
  await transaction.knex('compliance_saudi_unit').where({ company_id: transaction.companyId, id }).update(changes)
}

/** The unit before the new one stamps no more; its chain stays as it ended. */
export async function retireUnits(transaction: CompanyTransaction): Promise<void> {
  await transaction
    .knex('compliance_saudi_unit')
    .where({ company_id: transaction.companyId, state: 'production' })
    .update({ state: 'retired' })
}
