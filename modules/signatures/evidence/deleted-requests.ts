import type { CompanyTransaction } from '../../../core/db/database.js'

/** A request whose files were deleted: what remains to be told of them. */
export interface DeletedFiles {
  readonly requestId: string
  readonly number: string
  readonly name: string
  readonly deletedAt: Date
  readonly files: number
  /** Files that another record holds too: they stay for it. */
  readonly shared: number
}

/** What was deleted so far, newest first. */
export async function deletedRequests(transaction: CompanyTransaction, limit: number): Promise<readonly DeletedFiles[]> {
  const { rows } = await transaction.knex.raw<{ rows: DeletedFiles[] }>(
    `select request.id as "requestId", request.number, request.name, request.files_deleted_at as "deletedAt",
            count(deleted.sha256)::int as files, (count(*) filter (where deleted.shared))::int as shared
       from signatures_request request
       left join signatures_deleted_file deleted on deleted.company_id = request.company_id and deleted.request_id = request.id
      where request.company_id = :companyId and request.files_deleted_at is not null
      group by request.company_id, request.id
      order by request.files_deleted_at desc, request.id
      limit :limit`,
    { companyId: transaction.companyId, limit },
  )
  return rows
}
