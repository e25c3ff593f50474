import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { ConsentFacts } from '../models/consent.js'
import type { FieldValues } from '../models/field.js'
import type { RequestSigner } from '../models/request.js'

/** How far a signer has come, whatever device he uses. */
export interface Progress {
  readonly values: FieldValues
  readonly consent: ConsentFacts | null
  readonly accessWord: string | null
  readonly documentSeenAt: Date | null
}

interface ProgressRow {
  company_id: string
  signer_id: string
  version: number
  values: FieldValues
  consent: ConsentFacts | null
  access_word: string | null
  document_seen_at: Date | null
  updated_at: Date
}

type Person = Pick<RequestSigner, 'id' | 'version'>

export async function readProgress(transaction: CompanyTransaction, signer: Person): Promise<Progress> {
  const row = await transaction
    .knex<ProgressRow>('signatures_progress')
    .where({ company_id: transaction.companyId, signer_id: signer.id, version: signer.version })
    .first()
  return {
    values: row?.values ?? {},
    consent: row?.consent ?? null,
    accessWord: row?.access_word ?? null,
    documentSeenAt: row?.document_seen_at ?? null,
  }
}

/** Merges single values; a value of null takes the entered one away. */
export async function saveValues(
  host: Host,
  transaction: CompanyTransaction,
  signer: Person,
  values: Readonly<Record<string, FieldValues[string] | null>>,
): Promise<void> {
  const row = await rowOf(host, transaction, signer)
  const gone = new Set(Object.keys(values).filter((id) => values[id] === null))
  const merged = Object.fromEntries(Object.entries({ ...row.values, ...values }).filter(([id]) => !gone.has(id)))
  await change(host, transaction, signer, { values: JSON.stringify(merged) })
}

export async function saveProgress(
  host: Host,
  transaction: CompanyTransaction,
  signer: Person,
  changes: { readonly consent?: ConsentFacts | null; readonly accessWord?: string | null; readonly documentSeenAt?: Date },
): Promise<void> {
  await rowOf(host, transaction, signer)
  await change(host, transaction, signer, {
    ...(changes.consent === undefined ? {} : { consent: changes.consent === null ? null : JSON.stringify(changes.consent) }),
    ...(changes.accessWord === undefined ? {} : { access_word: changes.accessWord }),
    ...(changes.documentSeenAt === undefined ? {} : { document_seen_at: changes.documentSeenAt }),
  })
}

async function rowOf(host: Host, transaction: CompanyTransaction, signer: Person): Promise<ProgressRow> {
  const key = { company_id: transaction.companyId, signer_id: signer.id, version: signer.version }
  await transaction
    .knex('signatures_progress')
    .insert({ ...key, updated_at: host.now() })
    .onConflict(['company_id', 'signer_id', 'version'])
    .ignore()
  const row = await transaction.knex<ProgressRow>('signatures_progress').where(key).forUpdate().first()
  if (row === undefined) throw new Error('a row that was just inserted is not there')
  return row
}

async function change(host: Host, transaction: CompanyTransaction, signer: Person, changes: object): Promise<void> {
  await transaction
    .knex('signatures_progress')
    .where({ company_id: transaction.companyId, signer_id: signer.id, version: signer.version })
    .update({ ...changes, updated_at: host.now() })
}
