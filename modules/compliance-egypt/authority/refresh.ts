import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain } from '../../compliance/index.js'
import { rinOf } from '../document/party.js'
import { callEta } from './eta-client.js'
import { documentSummary } from './eta-shapes.js'
import { recordReceived } from './received-rows.js'
import { recordStatus } from './record-status.js'
import { statusOf, submissionByDocument } from './submission-rows.js'
import { readDeclineTimes } from './undone.js'

export const refreshJob = 'compliance-egypt.refresh'
export interface RefreshPayload {
  readonly documents: readonly string[]
}

/** Asks the authority for one document's state and writes it down, whether we issued or received it. @returns its status */
export async function refreshDocument(host: Host, context: CompanyContext, company: Company, uuid: string): Promise<string | null> {
  const reply = await callEta(host, context, company, { method: 'GET', path: `api/v1.0/documents/${encodeURIComponent(uuid)}/raw` })
  const read = documentSummary.safeParse(reply.json)
  if (reply.status !== 200 || !read.success || read.data.uuid !== uuid) throw new SubmissionUncertain(`raw: HTTP ${reply.status}`)
  await host.db.company(context.companyId, async (transaction) => {
    const own = await submissionByDocument(transaction, uuid)
    if (own !== undefined) await recordStatus(host, context, transaction, own, read.data)
    // What the company issued by another system, or on the portal, it did not receive.
    else if (read.data.issuerId !== rinOf(company)) await recordReceived(host, context, transaction, [read.data])
  })
  if (statusOf(read.data.status) === 'Rejected') await readTimesIfTold(host, context, company)
  return read.data.status ?? null
}

/** The state is known and written down: that the times are not told now keeps nothing of it back, the watch asks for them again. */
async function readTimesIfTold(host: Host, context: CompanyContext, company: Company): Promise<void> {
  try {
    await readDeclineTimes(host, context, company)
  } catch (error) {
    if (!(error instanceof SubmissionUncertain || error instanceof Fault)) throw error
  }
}

/** The job behind a delivery, or behind a change that got no clear answer. A document the authority does not show us is somebody's invention. */
export async function refreshDocuments(host: Host, context: CompanyContext, { documents }: RefreshPayload): Promise<void> {
  const company = await host.access.company(context.companyId)
  let unsure: SubmissionUncertain | undefined
  for (const uuid of documents) {
    try {
      await refreshDocument(host, context, company, uuid)
    } catch (error) {
      if (!(error instanceof SubmissionUncertain)) throw error
      if (!error.reason.endsWith('404')) unsure = error
    }
  }
  // The job is tried again later, with growing waits.
  if (unsure !== undefined) throw unsure
}
