import type { CompanyTransaction } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import { readCertificate } from '../validation/certificate/certificate.js'
import type { Key, KeyAccess, KeyLimits, KeyReference } from './key.js'

interface KeyRow {
  id: string
  company_id: string
  name: string
  provider: Key['provider']
  algorithm: Key['algorithm']
  public_key: Buffer
  purposes: Key['purposes']
  state: Key['state']
  attributes: Key['attributes']
  stored: Record<string, string>
  valid_until: Date | null
  amount_limit: string | null
  amount_currency: string | null
  version: string | number
  holder_id: string | null
  holder_name: string | null
  allowed_users: string[]
  allowed_groups: string[]
  approval_group: string | null
  approval_above: string | null
  approval_currency: string | null
  stopped_at: Date | null
  stopped_reason: string | null
  stopped_by: string | null
  created_at: Date
}

/** A key with what its provider stored about it. */
export interface StoredKey {
  readonly key: Key
  readonly reference: KeyReference
}

/** A key to be kept. `publicKey` is DER SubjectPublicKeyInfo; `stored` what its provider finds it by. */
export interface NewKeyRow {
  readonly id: string
  readonly name: string
  readonly provider: Key['provider']
  readonly algorithm: Key['algorithm']
  readonly publicKey: Buffer
  readonly purposes: Key['purposes']
  readonly attributes: Key['attributes']
  readonly stored: Readonly<Record<string, string>>
}

/** Keeps a new key. `stored` is what its provider needs to find it again; a private key only in wrapped form. */
export async function insertKey(transaction: CompanyTransaction, row: NewKeyRow, now: Date): Promise<void> {
  await transaction.knex('core_key').insert({
    company_id: transaction.companyId,
    id: row.id,
    name: row.name,
    provider: row.provider,
    algorithm: row.algorithm,
    public_key: row.publicKey,
    purposes: [...row.purposes],
    attributes: JSON.stringify(row.attributes),
    stored: JSON.stringify(row.stored),
    created_at: now,
  })
}

/** Replaces the certificates of a key. They must have been checked against it. */
export async function replaceCertificates(
  transaction: CompanyTransaction,
  keyId: string,
  certificates: readonly Uint8Array[],
): Promise<void> {
  await transaction.knex('core_key_certificate').where({ company_id: transaction.companyId, key_id: keyId }).delete()
  if (certificates.length === 0) return
  const rows = certificates.map((der, position) => {
    const certificate = readCertificate(der)
    return {
      company_id: transaction.companyId,
      key_id: keyId,
      position,
      der: Buffer.from(der),
      not_before: certificate.notBefore,
      not_after: certificate.notAfter,
      subject: certificate.subject,
      issuer: certificate.issuer,
      serial: certificate.serialDecimal,
    }
  })
  await transaction.knex('core_key_certificate').insert(rows)
}

function limitsOf(row: KeyRow): KeyLimits | undefined {
  if (row.valid_until === null && row.amount_limit === null) return undefined
  return {
    ...(row.valid_until === null ? {} : { until: row.valid_until }),
    ...(row.amount_limit === null || row.amount_currency === null
      ? {}
      : { amount: { value: row.amount_limit, currency: row.amount_currency } }),
  }
}

function accessOf(row: KeyRow): KeyAccess | undefined {
  const { holder_id: id, holder_name: name, allowed_users: users, allowed_groups: groups, approval_group: group } = row
  if (id === null && group === null && users.length === 0 && groups.length === 0) return undefined
  const above =
    row.approval_above === null || row.approval_currency === null
      ? {}
      : { above: { value: row.approval_above, currency: row.approval_currency } }
  return {
    users,
    groups,
    ...(id === null ? {} : { holder: { id, name: name ?? '' } }),
    ...(group === null ? {} : { approval: { group, ...above } }),
  }
}

function toStoredKey(row: KeyRow, certificates: readonly Buffer[]): StoredKey {
  const limits = limitsOf(row)
  const access = accessOf(row)
  const key: Key = {
    id: row.id,
    companyId: row.company_id,
    name: row.name,
    provider: row.provider,
    algorithm: row.algorithm,
    publicKey: row.public_key,
    certificates,
    purposes: row.purposes,
    state: row.state,
    attributes: row.attributes,
    version: Number(row.version),
    createdAt: row.created_at,
    ...(limits === undefined ? {} : { limits }),
    ...(access === undefined ? {} : { access }),
    ...(row.stopped_at === null ? {} : { stopped: { at: row.stopped_at, reason: row.stopped_reason ?? '', by: row.stopped_by } }),
  }
  return { key, reference: { keyId: row.id, companyId: row.company_id, algorithm: row.algorithm, stored: row.stored } }
}

/** The company's keys with their certificates (leaf first), oldest first; or the one of the id, or none. */
export async function readKeys(transaction: CompanyTransaction, keyId?: string): Promise<StoredKey[]> {
  const where = { company_id: transaction.companyId }
  const [rows, certificates] = await Promise.all([
    transaction
      .knex<KeyRow>('core_key')
      .where(keyId === undefined ? where : { ...where, id: keyId })
      .orderBy('created_at')
      .select<KeyRow[]>('*'),
    transaction
      .knex('core_key_certificate')
      .where(keyId === undefined ? where : { ...where, key_id: keyId })
      .orderBy(['key_id', 'position'])
      .select<{ key_id: string; der: Buffer }[]>('key_id', 'der'),
  ])
  return rows.map((row) =>
    toStoredKey(
      row,
      certificates.filter((certificate) => certificate.key_id === row.id).map((certificate) => certificate.der),
    ),
  )
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** @throws Fault SIGN-KEY-UNKNOWN (404) */
export async function readKey(transaction: CompanyTransaction, keyId: string): Promise<StoredKey> {
  const [stored] = uuid.test(keyId) ? await readKeys(transaction, keyId) : []
  if (stored === undefined) throw new Fault('SIGN-KEY-UNKNOWN', { params: { key: keyId }, status: 404 })
  return stored
}

/** Ends open signers of the key: they compare the version they were opened with. */
export async function raiseVersion(transaction: CompanyTransaction, keyId: string): Promise<void> {
  await transaction.knex('core_key').where({ company_id: transaction.companyId, id: keyId }).increment('version', 1)
}

/** Replaces what is given of a key's policy; what is absent stays. */
export async function updatePolicy(
  transaction: CompanyTransaction,
  keyId: string,
  { purposes, limits, access }: { purposes?: Key['purposes']; limits?: KeyLimits; access?: KeyAccess },
): Promise<void> {
  const changes = {
    ...(purposes === undefined ? {} : { purposes: [...purposes] }),
    ...(limits === undefined
      ? {}
      : {
          valid_until: limits.until ?? null,
          amount_limit: limits.amount?.value ?? null,
          amount_currency: limits.amount?.currency ?? null,
        }),
    ...(access === undefined
      ? {}
      : {
          holder_id: access.holder?.id ?? null,
          holder_name: access.holder?.name ?? null,
          allowed_users: [...access.users],
          allowed_groups: [...access.groups],
          approval_group: access.approval?.group ?? null,
          approval_above: access.approval?.above?.value ?? null,
          approval_currency: access.approval?.above?.currency ?? null,
        }),
  }
  if (Object.keys(changes).length === 0) return
  await transaction.knex('core_key').where({ company_id: transaction.companyId, id: keyId }).update(changes)
  await raiseVersion(transaction, keyId)
}

/** Stops every registration of one public key. @returns those it stopped */
export async function stopKeys(
  transaction: CompanyTransaction,
  publicKey: Buffer,
  { reason, by, at }: { readonly reason: string; readonly by: string; readonly at: Date },
): Promise<{ id: string; label: string }[]> {
  const rows = await transaction
    .knex('core_key')
    .where({ company_id: transaction.companyId, public_key: publicKey, state: 'active' })
    .update({ state: 'stopped', stopped_reason: reason, stopped_at: at, stopped_by: by, version: transaction.knex.raw('version + 1') })
    .returning<{ id: string; name: string }[]>(['id', 'name'])
  return rows.map(({ id, name }) => ({ id, label: name }))
}

/** Whether this public key was once reported lost here. */
export async function wasStopped(transaction: CompanyTransaction, publicKey: Buffer): Promise<boolean> {
  const rows = await transaction
    .knex('core_key')
    .where({ company_id: transaction.companyId, public_key: publicKey, state: 'stopped' })
    .limit(1)
    .select<{ id: string }[]>('id')
  return rows.length > 0
}

/**
 * Makes the key this company's alone. Another company of the host that has it keeps it for good, also after it reported it lost; which
 * one that is stays untold.
 * @returns false when another company has it
 */
export async function claimKey({ knex }: CompanyTransaction, publicKey: Buffer): Promise<boolean> {
  const { rows } = await knex.raw<{ rows: { own: boolean }[] }>('select core_claim_key(?) as own', [publicKey])
  return rows[0]?.own === true
}
