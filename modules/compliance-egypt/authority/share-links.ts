import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import type { BatchOutcome, SubmissionRequest } from '../../compliance/index.js'
import { egyptCompany } from '../company/company-rows.js'
import { addressesOf, shareLink } from './eta-addresses.js'
import { submissionsOf } from './submission-rows.js'

/** Adds to answers that a document is valid the address of its page on the portal: what the print shows as link and QR code. */
export async function withShareLinks(
  host: Host,
  context: CompanyContext,
  requests: readonly SubmissionRequest[],
  outcomes: readonly (BatchOutcome | null)[],
): Promise<(BatchOutcome | null)[]> {
  const accepted = requests.filter((_request, index) => isAccepted(outcomes[index]))
  if (accepted.length === 0) return [...outcomes]
  const { facts, rows } = await host.db.company(context.companyId, async (transaction) => {
    const found = await submissionsOf(
      transaction,
      accepted.map((request) => request.invoiceId),
    )
    return { facts: await egyptCompany(transaction), rows: new Map(found.map((row) => [row.invoiceId, row])) }
  })
  return outcomes.map((outcome, index) => {
    const request = requests[index]
    if (outcome === null || outcome instanceof Error || request === undefined || facts === undefined || !isAccepted(outcome)) return outcome
    const row = rows.get(request.invoiceId)
    if (row === undefined || row.documentUuid === null || row.longId === null) return outcome
    const addresses = addressesOf(host.config, request.company, facts.environment)
    return { ...outcome, legalCopyQr: shareLink(addresses, row.documentUuid, row.longId) }
  })
}

function isAccepted(outcome: BatchOutcome | null | undefined): boolean {
  return (
    outcome !== null &&
    outcome !== undefined &&
    !(outcome instanceof Error) &&
    (outcome.state === 'accepted' || outcome.state === 'accepted_with_warnings')
  )
}
