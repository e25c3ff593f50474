import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { endOf, keptTimes, workflowTimes } from './document-types.js'
import { submissionOf } from './submission-rows.js'

/**
 * Whether a filed document stands no more at the authority, so that the invoice may be cancelled here too: it was cancelled there, or the
 * buyer rejected it and nobody can decline that any more (declined it was not, or it would be valid again; and the time is over). Where
 * the authority names no time, nothing is to be waited for: the one who could decline is the one who cancels.
 */
export async function isUndone(transaction: CompanyTransaction, invoiceId: string, now: Date): Promise<boolean> {
  const row = await submissionOf(transaction, invoiceId)
  if (row === undefined) return false
  if (row.status !== 'Rejected') return row.status === 'Cancelled'
  const times = await keptTimes(transaction, row.type, now)
  if (times === null) return false
  const end = endOf(row.rejectAskedAt, times.declineRejection)
  return end === null ? row.rejectAskedAt !== null : end < now
}

/**
 * Reads how long a rejection can be declined, for every type of which a rejected document is known whose times were not read since: cancelling
 * here asks nobody, so it must be known before. @throws SubmissionUncertain when the authority does not tell
 */
export async function readDeclineTimes(host: Host, context: CompanyContext, company: Company): Promise<void> {
  const { rows } = await host.db.company(context.companyId, ({ knex, companyId }) =>
    knex.raw<{ rows: { type: string }[] }>(
      `select distinct submission.document_type as type
         from compliance_egypt_submission submission
         left join compliance_egypt_document_type known
           on known.company_id = submission.company_id and known.type = lower(submission.document_type)
        where submission.company_id = ? and submission.status = 'Rejected'
          and (known.read_at is null or known.read_at < submission.reject_asked_at)`,
      [companyId],
    ),
  )
  for (const { type } of rows) await workflowTimes(host, context, company, type)
}
