import type { CompanyTransaction } from '../../../core/db/database.js'

interface ColumnRow {
  table_name: string
  column_name: string
  columns: string[]
}

/**
 * Whether any other record of the company names a stored file: files are shared by all that hold the same bytes, so a template's original
 * or another request's attachment must not go with this request. Every column of every table that holds digests is asked, those of modules
 * nobody knows here too; what belongs to the request itself is left out.
 */
export async function isHeldElsewhere(
  transaction: CompanyTransaction,
  sha256: string,
  requestId: string,
  signers: readonly string[],
): Promise<boolean> {
  for (const { table_name: table, column_name: column, columns } of await transaction.once(key, () => digestColumns(transaction))) {
    const query = transaction.knex(table).where({ company_id: transaction.companyId, [column]: sha256 })
    if (table === 'signatures_request') void query.whereNot('id', requestId)
    if (columns.includes('request_id')) void query.whereNot('request_id', requestId)
    if (columns.includes('signer_id')) void query.whereNotIn('signer_id', [...signers])
    if (columns.includes('subject_type'))
      void query.whereRaw(`not (subject_type = 'signatures.request' and subject_id::text = ?)`, [requestId])
    if (columns.includes('document_id'))
      void query.whereRaw(
        `not exists (select 1 from core_archived_document archived where archived.company_id = ?? and archived.id = ??
                       and archived.subject_type = 'signatures.request' and archived.subject_id = ?)`,
        [`${table}.company_id`, `${table}.document_id`, requestId],
      )
    const found: object | undefined = await query.first(transaction.knex.raw('1 as one'))
    if (found !== undefined) return true
  }
  return false
}

const key = Symbol('columns that hold digests of files')

async function digestColumns(transaction: CompanyTransaction): Promise<readonly ColumnRow[]> {
  const { rows } = await transaction.knex.raw<{ rows: ColumnRow[] }>(
    `select held.table_name, held.column_name, array(
        select beside.column_name::text from information_schema.columns beside
         where beside.table_schema = held.table_schema and beside.table_name = held.table_name) as columns
       from information_schema.columns held
      where held.table_schema = current_schema() and held.data_type = 'text' and held.column_name like '%sha256%'
        and held.table_name not in ('core_blob', 'signatures_deleted_file')
        and exists (select 1 from information_schema.columns company
                     where company.table_schema = held.table_schema and company.table_name = held.table_name and company.column_name = 'company_id')
      order by 1, 2`,
  )
  return rows
}
