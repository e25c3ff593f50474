import type { CompanyTransaction } from '../../../core/db/database.js'

/** Where the documents of a company go: the stand-in on this machine, the authority's trial system, or the authority. */
export const etaEnvironments = ['sandbox', 'preprod', 'production'] as const
export type EtaEnvironment = (typeof etaEnvironments)[number]

/** A row of compliance_egypt_company; secrets are read by `credentialsOf` alone. */
export interface EgyptCompany {
  readonly environment: EtaEnvironment
  readonly documentVersion: '0.9' | '1.0'
  readonly clientId: string | null
  readonly hasSecret: boolean
  readonly hasSecondSecret: boolean
  /** Key that signs where several would fit; null lets the certificates decide. */
  readonly keyId: string | null
  readonly portalConfirmedAt: Date | null
  readonly credentialsCheckedAt: Date | null
  readonly signingCheckedAt: Date | null
  /** SHA-256 of the certificate that passed the signing test. */
  readonly signingCheckedWith: string | null
}

export interface EgyptBranch {
  readonly id: string
  /** The authority's number; `0` is the head office. */
  readonly code: string
  readonly name: string
  readonly country: string
  readonly governate: string
  readonly regionCity: string
  readonly street: string
  readonly buildingNumber: string
  readonly postalCode: string | null
  readonly floor: string | null
  readonly room: string | null
  readonly landmark: string | null
  readonly additionalInformation: string | null
  readonly isDefault: boolean
  readonly active: boolean
}

export interface EgyptActivity {
  readonly code: string
  readonly isDefault: boolean
}

const companyColumns = `environment, document_version as "documentVersion", client_id as "clientId", client_secret is not null as "hasSecret",
  client_secret_2 is not null as "hasSecondSecret", key_id as "keyId", portal_confirmed_at as "portalConfirmedAt",
  credentials_checked_at as "credentialsCheckedAt", signing_checked_at as "signingCheckedAt", signing_checked_with as "signingCheckedWith"`

const branchColumns = `id, code, name, country, governate, region_city as "regionCity", street, building_number as "buildingNumber",
  postal_code as "postalCode", floor, room, landmark, additional_information as "additionalInformation", is_default as "isDefault", active`

/** Undefined before the module was enabled for the company. */
export async function egyptCompany(transaction: CompanyTransaction): Promise<EgyptCompany | undefined> {
  const { rows } = await transaction.knex.raw<{ rows: EgyptCompany[] }>(
    `select ${companyColumns} from compliance_egypt_company where company_id = ?`,
    [transaction.companyId],
  )
  return rows[0]
}

/** Makes the company's row if there is none. */
export async function seedCompany(transaction: CompanyTransaction, environment: EtaEnvironment, now: Date): Promise<void> {
  await transaction
    .knex('compliance_egypt_company')
    .insert({ company_id: transaction.companyId, environment, updated_at: now })
    .onConflict(['company_id'])
    .ignore()
}

export async function updateCompany(
  transaction: CompanyTransaction,
  changes: Readonly<Record<string, string | Buffer | Date | null>>,
  now: Date,
): Promise<void> {
  await transaction
    .knex('compliance_egypt_company')
    .where({ company_id: transaction.companyId })
    .update({ ...changes, updated_at: now })
}

/** The default one first, then by number. */
export async function branchesOf(transaction: CompanyTransaction): Promise<EgyptBranch[]> {
  const { rows } = await transaction.knex.raw<{ rows: EgyptBranch[] }>(
    `select ${branchColumns} from compliance_egypt_branch where company_id = ? order by is_default desc, length(code), code`,
    [transaction.companyId],
  )
  return rows
}

/** The default one first, then by number. */
export async function activitiesOf(transaction: CompanyTransaction): Promise<EgyptActivity[]> {
  const { rows } = await transaction.knex.raw<{ rows: EgyptActivity[] }>(
    'select code, is_default as "isDefault" from compliance_egypt_activity where company_id = ? order by is_default desc, code',
    [transaction.companyId],
  )
  return rows
}

export type NewBranch = Omit<EgyptBranch, 'id' | 'isDefault' | 'active'>

/** Adds a branch or writes over the one of its number. The first becomes the default. */
export async function saveBranch(transaction: CompanyTransaction, branch: NewBranch): Promise<void> {
  const known = await branchesOf(transaction)
  const row = {
    name: branch.name,
    country: branch.country,
    governate: branch.governate,
    region_city: branch.regionCity,
    street: branch.street,
    building_number: branch.buildingNumber,
    postal_code: branch.postalCode,
    floor: branch.floor,
    room: branch.room,
    landmark: branch.landmark,
    additional_information: branch.additionalInformation,
  }
  await transaction
    .knex('compliance_egypt_branch')
    .insert({ company_id: transaction.companyId, code: branch.code, is_default: known.length === 0, ...row })
    .onConflict(['company_id', 'code'])
    .merge({ ...row, active: true })
}

export async function saveActivity(transaction: CompanyTransaction, code: string): Promise<void> {
  const known = await activitiesOf(transaction)
  await transaction
    .knex('compliance_egypt_activity')
    .insert({ company_id: transaction.companyId, code, is_default: known.length === 0 })
    .onConflict(['company_id', 'code'])
    .ignore()
}

/** Makes one row the default and the others not: two statements, since the index holds at most one at any moment. @returns whether there is one */
export async function makeDefault(transaction: CompanyTransaction, table: 'branch' | 'activity', code: string): Promise<boolean> {
  const name = `compliance_egypt_${table}`
  const own = { company_id: transaction.companyId }
  const found: unknown = await transaction
    .knex(name)
    .where({ ...own, code })
    .first('code')
  if (found === undefined) return false
  await transaction.knex(name).where(own).update({ is_default: false })
  await transaction
    .knex(name)
    .where({ ...own, code })
    .update({ is_default: true })
  return true
}

/** Takes an activity away; of those left, one is the default. @returns whether there was one */
export async function removeActivity(transaction: CompanyTransaction, code: string): Promise<boolean> {
  const removed = await transaction.knex('compliance_egypt_activity').where({ company_id: transaction.companyId, code }).delete()
  const [first] = await activitiesOf(transaction)
  if (first !== undefined && !first.isDefault) await makeDefault(transaction, 'activity', first.code)
  return removed > 0
}

/** A branch stays for the documents it issued; it is only offered no longer. @returns whether there is one */
export async function switchBranch(transaction: CompanyTransaction, code: string, active: boolean): Promise<boolean> {
  return (await transaction.knex('compliance_egypt_branch').where({ company_id: transaction.companyId, code }).update({ active })) > 0
}
