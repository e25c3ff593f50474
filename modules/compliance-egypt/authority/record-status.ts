import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { DocumentSummary } from './eta-shapes.js'
import { statusOf, updateSubmission, type EtaSubmission } from './submission-rows.js'

export function timeOf(text: string | null | undefined): Date | null {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : new Date(time)
}

/**
 * Writes down what the authority says about a document of ours. A change after its acceptance (cancelled, rejected by the buyer,
 * valid again after a decline) is an event of the invoice.
 */
export async function recordStatus(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  known: EtaSubmission,
  said: DocumentSummary,
): Promise<void> {
  const status = statusOf(said.status) ?? known.status
  const rejectedBefore = known.status === 'Rejected' ? known.rejectAskedAt : null
  await updateSubmission(transaction, known.invoiceId, {
    submissionUuid: said.submissionUUID ?? known.submissionUuid,
    documentUuid: said.uuid,
    longId: said.longId ?? known.longId,
    status,
    statusReason: said.documentStatusReason ?? null,
    receivedAt: timeOf(said.dateTimeReceived) ?? known.receivedAt,
    // Not every answer names these times: what an earlier one told stays. A rejection without a date began, at the latest, when it was seen.
    cancelAskedAt: timeOf(said.cancelRequestDate) ?? known.cancelAskedAt,
    rejectAskedAt: timeOf(said.rejectRequestDate) ?? (status === 'Rejected' ? (rejectedBefore ?? host.now()) : known.rejectAskedAt),
    // What the issuer declines is a rejection; that the buyer declined a cancellation before takes nothing from him.
    declinedAt: timeOf(said.declineRejectRequestDate) ?? known.declinedAt,
    checkedAt: host.now(),
  })
  const settled = ['Valid', 'Rejected', 'Cancelled'] as const
  const before = settled.find((one) => one === known.status)
  const after = settled.find((one) => one === status)
  if (before === undefined || after === undefined || before === after) return
  host.audit.record(transaction, context, {
    action: `compliance-egypt.${after === 'Valid' ? 'valid-again' : after.toLowerCase()}`,
    subject: { type: 'invoicing.invoice', id: known.invoiceId, label: known.internalId },
    facts: { number: known.internalId, document: said.uuid, reason: said.documentStatusReason ?? '' },
  })
}
