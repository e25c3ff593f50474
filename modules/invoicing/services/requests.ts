import { createHash } from 'node:crypto'
import type { CompanyTransaction } from '../../../core/db/database.js'

/** A request that wants its effect once: the caller's key, and what it asked for. */
export interface KeyedRequest {
  readonly key: string
  readonly bodyHash: string
  /** Id its invoice will have if this is the first time. */
  readonly invoiceId: string
}

export interface KnownRequest {
  readonly bodyHash: string
  readonly invoiceId: string
}

/** Hash of a JSON value that does not depend on the order of its keys. */
export function bodyHash(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
  }
  // What JSON has no word for counts as null.
  return value === undefined ? 'null' : JSON.stringify(value)
}

/**
 * Claims the keys in this transaction; a key another transaction is claiming waits for its end. Answers with the requests that were
 * known before: their invoices exist, nothing must be posted for them again.
 */
export async function claimRequests(
  transaction: CompanyTransaction,
  requests: readonly KeyedRequest[],
): Promise<Map<string, KnownRequest>> {
  const known = new Map<string, KnownRequest>()
  if (requests.length === 0) return known
  // Sorted, so that two batches with the same keys wait in one order and never for each other.
  const rows = requests
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, bodyHash: body_hash, invoiceId: invoice_id }) => ({ key, body_hash, invoice_id }))
  const inserted = await transaction.knex.raw<{ rows: { key: string }[] }>(
    `insert into invoicing_request (company_id, key, body_hash, invoice_id)
     select cast(:companyId as uuid), key, body_hash, invoice_id
       from jsonb_to_recordset(cast(:rows as jsonb)) as r(key text, body_hash text, invoice_id uuid)
     on conflict do nothing returning key`,
    { companyId: transaction.companyId, rows: JSON.stringify(rows) },
  )
  if (inserted.rows.length === rows.length) return known
  const fresh = new Set(inserted.rows.map((row) => row.key))
  const { rows: earlier } = await transaction.knex.raw<{ rows: { key: string; body_hash: string; invoice_id: string }[] }>(
    'select key, body_hash, invoice_id from invoicing_request where company_id = ? and key = any(?)',
    [transaction.companyId, rows.map((row) => row.key).filter((key) => !fresh.has(key))],
  )
  for (const row of earlier) known.set(row.key, { bodyHash: row.body_hash, invoiceId: row.invoice_id })
  return known
}

/** Gives keys back whose invoices were refused: the caller may mend the body and ask again. */
export async function releaseRequests(transaction: CompanyTransaction, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  await transaction
    .knex('invoicing_request')
    .where('company_id', transaction.companyId)
    .whereIn('key', [...keys])
    .delete()
}
