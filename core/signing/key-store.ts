import type { CompanyTransaction } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import { readCertificate } from '../validation/certificate/certificate.js'
import type { Key, KeyLimits, KeyReference } from './key.js'

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
}

/** A key with what its provider stored about it. */
export interface StoredKey {
  readonly key: Key
  readonly reference: KeyReference
}

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

function toStoredKey(row: KeyRow, certificates: readonly Buffer[]): StoredKey {
  const limits = limitsOf(row)
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
    ...(limits === undefined ? {} : { limits }),
  }
  return { key, reference: { keyId: row.id, companyId: row.company_id, algorithm: row.algorithm, stored: row.stored } }
}

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
