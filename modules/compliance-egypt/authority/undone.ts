import type { CompanyTransaction } from '../../../core/db/database.js'
import { endOf, keptTimes } from './document-types.js'
import { submissionOf } from './submission-rows.js'

/**
 * Whether a filed document stands no more at the authority, so that the invoice may be cancelled here too: it was cancelled there, or the
 * buyer rejected it and nobody can decline that any more (declined it was not, or it would be valid again; and the time is over).
 */
export async function isUndone(transaction: CompanyTransaction, invoiceId: string, now: Date): Promise<boolean> {
  const row = await submissionOf(transaction, invoiceId)
  if (row === undefined) return false
  if (row.status !== 'Rejected') return row.status === 'Cancelled'
  const times = await keptTimes(transaction, row.type, now)
  const end = endOf(row.rejectAskedAt, times?.declineRejection)
  return end !== null && end < now
}
