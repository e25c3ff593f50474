import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { sideBySide } from '../../../core/jobs/side-by-side.js'
import { SubmissionUncertain, type BatchOutcome, type SubmissionRequest } from '../../compliance/index.js'
import type { Company } from '../../../core/access/context.js'
import { callEta, timeAtEta } from './eta-client.js'
import { faultsOfSteps } from './eta-errors.js'
import { documentRaw, submissionState, type DocumentSummary } from './eta-shapes.js'
import { recordStatus } from './record-status.js'
import { searchEta } from './search.js'
import { nameOfReturned } from './sent-document.js'
import { statusOf, submissionsOf, type EtaSubmission } from './submission-rows.js'

/** A call may have waited at the authority's door. */
const searchMarginMs = 15 * 60_000
/** A clock that was a day ahead when it was sent may have been set right since. It costs nothing: the search names our number. */
const clockMarginMs = 25 * 3_600_000
/** Time that went by while it was searched is no reason to search again. */
const unsearchedMs = 5 * 60_000
/** Of one search (SDK, Search Documents). */
const longestSpanMs = 30 * 86_400_000
const maximumPages = 50
/** Documents asked for at a time. */
const askedAtOnce = 4
/** While validation goes on. */
const lookAgainSeconds = [2, 3, 5, 10, 30, 60] as const

/**
 * What became of documents that were sent before: by the submission where it is known, else by their own number. Null: the authority
 * does not have it, so that the same bytes may be sent (again).
 */
export async function inquireEta(
  host: Host,
  context: CompanyContext,
  requests: readonly SubmissionRequest[],
): Promise<(BatchOutcome | null)[]> {
  const rows = await host.db.company(context.companyId, (transaction) =>
    submissionsOf(
      transaction,
      requests.map((one) => one.invoiceId),
    ),
  )
  const byInvoice = new Map(rows.map((row) => [row.invoiceId, row]))
  const submissions = new Map<string, Promise<Map<string, DocumentSummary> | null>>()
  return sideBySide(requests, askedAtOnce, async (request) => {
    const row = byInvoice.get(request.invoiceId)
    // Never sent: the attempt before ended on the way to the authority.
    return row === undefined ? null : guarded(() => fateOf(host, context, request, row, submissions))
  })
}

async function guarded(work: () => Promise<BatchOutcome | null>): Promise<BatchOutcome | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SubmissionUncertain || error instanceof Fault) return error
    return new SubmissionUncertain(error instanceof Error ? error.message : String(error))
  }
}

async function fateOf(
  host: Host,
  context: CompanyContext,
  request: SubmissionRequest,
  row: EtaSubmission,
  submissions: Map<string, Promise<Map<string, DocumentSummary> | null>>,
): Promise<BatchOutcome | null> {
  let said: DocumentSummary | undefined
  if (row.submissionUuid !== null && row.documentUuid !== null) {
    const asked = submissions.get(row.submissionUuid) ?? readSubmission(host, context, request.company, row.submissionUuid)
    submissions.set(row.submissionUuid, asked)
    said = (await asked)?.get(row.documentUuid)
    // An answer about a document of another number was no answer about ours.
    if (said?.internalId !== row.internalId) said = undefined
  }
  said ??= await findByNumber(host, context, request.company, row)
  if (said === undefined) return notShown(host, request, row)
  const found = said
  await host.db.company(context.companyId, (transaction) => recordStatus(host, context, transaction, row, found))
  return answerOf(host, context, request, found)
}

/** The authority shows new documents late: what was sent a moment ago and is not found may be there all the same. */
function notShown(host: Host, request: SubmissionRequest, row: EtaSubmission): SubmissionUncertain | null {
  const againMs = (row.sendAgainSeconds ?? 0) * 1000
  if (againMs <= 0) return null
  return new SubmissionUncertain('not shown by the authority yet', new Date(host.now().getTime() + Math.min(againMs, lookAgainMs(request))))
}

function lookAgainMs({ attempt }: SubmissionRequest): number {
  return (lookAgainSeconds[Math.min(attempt, lookAgainSeconds.length) - 1] ?? 60) * 1000
}

async function answerOf(host: Host, context: CompanyContext, request: SubmissionRequest, said: DocumentSummary): Promise<BatchOutcome> {
  const status = statusOf(said.status)
  const body = JSON.stringify(said)
  const reference = said.uuid
  if (status === 'Submitted' || status === undefined) {
    const retryAt = new Date(host.now().getTime() + lookAgainMs(request))
    return { state: 'pending', status: 200, body: '', faults: [], reference, retryAt }
  }
  // Cancelled and rejected by the buyer come after it was valid: filed, and its later fate stands beside it.
  if (status !== 'Invalid') return { state: 'accepted', status: 200, body, faults: [], reference }
  const reply = await callEta(host, context, request.company, {
    method: 'GET',
    path: `api/v1/documents/${encodeURIComponent(said.uuid)}/details`,
  })
  const steps = documentRaw.safeParse(reply.json)
  if (reply.status !== 200 || !steps.success) throw new SubmissionUncertain(`details: HTTP ${reply.status}`)
  const faults = faultsOfSteps(steps.data.validationResults?.validationSteps ?? [], context.locale)
  return {
    state: 'rejected',
    status: 200,
    body: JSON.stringify(steps.data.validationResults ?? said),
    faults: faults.length > 0 ? faults : [{ code: 'EG-ETA-OTHER', params: { code: 'Invalid', message: said.status ?? '', place: '' } }],
    reference,
  }
}

/** All documents of a submission, by their names; null when the authority does not know it. */
async function readSubmission(
  host: Host,
  context: CompanyContext,
  company: Company,
  submissionUuid: string,
): Promise<Map<string, DocumentSummary> | null> {
  const found = new Map<string, DocumentSummary>()
  for (let page = 1; page <= maximumPages; page++) {
    const reply = await callEta(host, context, company, {
      method: 'GET',
      path: `api/v1/documentsubmissions/${encodeURIComponent(submissionUuid)}`,
      query: { pageNo: String(page), pageSize: '100' },
    })
    if (reply.status === 404) return null
    const read = submissionState.safeParse(reply.json)
    if (reply.status !== 200 || !read.success) throw new SubmissionUncertain(`submission: HTTP ${reply.status}`)
    for (const one of read.data.documentSummary) found.set(one.uuid, one)
    if (page >= (read.data.documentSummaryMetadata?.totalPages ?? 1)) break
  }
  return found
}

/** The document with our number and our very signature; a valid one before others. */
async function findByNumber(
  host: Host,
  context: CompanyContext,
  company: Company,
  row: EtaSubmission,
): Promise<DocumentSummary | undefined> {
  const candidates: DocumentSummary[] = []
  // By the authority's clock, which dates what it takes: a host that is behind would look for it before it came, and send it again. What
  // that clock says the answer itself tells: after each one it is known whether there is more to look through.
  const endThere = async (): Promise<number> =>
    Math.max(host.now().getTime(), (await timeAtEta(host, context, company)).getTime()) + searchMarginMs
  // From the first sending on: an authority that was away for weeks may have taken it at either end.
  let from = Math.min(row.firstSentAt.getTime(), host.now().getTime()) - clockMarginMs
  for (let end = await endThere(); end - from > unsearchedMs; end = await endThere()) {
    const to = Math.min(end, from + longestSpanMs)
    const span = { from: new Date(from), to: new Date(to) }
    const found = await searchEta(host, context, company, { direction: 'Sent', ...span, internalId: row.internalId })
    candidates.push(...found.filter((one) => one.internalId === row.internalId))
    from = to
  }
  const ours: DocumentSummary[] = []
  for (const one of candidates) {
    const reply = await callEta(host, context, company, { method: 'GET', path: `api/v1/documents/${encodeURIComponent(one.uuid)}/raw` })
    const raw = reply.status === 200 ? documentRaw.safeParse(reply.json) : undefined
    if (raw?.success !== true) throw new SubmissionUncertain(`raw: HTTP ${reply.status}`)
    if (nameOfReturned(raw.data.document ?? '')?.signatureSha256 === row.signatureSha256) ours.push(one)
  }
  return ours.find((one) => statusOf(one.status) !== 'Invalid') ?? ours[0]
}
