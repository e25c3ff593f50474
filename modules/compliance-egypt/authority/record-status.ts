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
  await updateSubmission(transaction, known.invoiceId, {
    submissionUuid: said.submissionUUID ?? known.submissionUuid,
    documentUuid: said.uuid,
    longId: said.longId ?? known.longId,
    status,
    statusReason: said.documentStatusReason ?? null,
    receivedAt: timeOf(said.dateTimeReceived) ?? known.receivedAt,
    cancelAskedAt: timeOf(said.cancelRequestDate),
    rejectAskedAt: timeOf(said.rejectRequestDate),
    declinedAt: timeOf(said.declineCancelRequestDate) ?? timeOf(said.declineRejectRequestDate),
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
