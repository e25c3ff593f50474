import type { Company, CompanyContext } from '../../../core/access/context.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { sideBySide } from '../../../core/jobs/side-by-side.js'
import type { DocumentRow } from '../models/document-rows.js'
import { SubmissionUncertain, type AuthorityAnswer, type BatchOutcome, type Regime, type SubmissionRequest } from '../regime.js'

/** A document this worker may send now, with the bytes that were signed. */
export interface Claimed {
  readonly row: DocumentRow
  readonly bytes: Buffer
}

export type Outcome =
  | { readonly row: DocumentRow; readonly answer: AuthorityAnswer }
  | { readonly row: DocumentRow; readonly fault: FaultDetail; readonly uncertain: boolean; readonly retryAt: Date | undefined }

/**
 * Sends what was claimed: together where the authority takes batches, else side by side. Never throws: every document has its outcome.
 * @param until no call is begun after it, in milliseconds of `performance.now()`
 */
export async function sendClaimed(
  context: CompanyContext,
  company: Company,
  regime: Regime,
  claimed: readonly Claimed[],
  until: number,
): Promise<Outcome[]> {
  const requests = claimed.map(({ row, bytes }) => requestOf(company, row, bytes, until))
  if (regime.submitMany !== undefined) return sendTogether(context, regime, claimed, requests)
  return sideBySide(claimed, regime.parallelSubmissions ?? 4, ({ row }, index) => sendOne(context, regime, row, requests[index]))
}

async function sendOne(
  context: CompanyContext,
  regime: Regime,
  row: DocumentRow,
  request: SubmissionRequest | undefined,
): Promise<Outcome> {
  // The authority is slow, and many were before it: its turn comes again.
  if (request === undefined || performance.now() > request.until) return failed(row, new SubmissionUncertain('no time left to send it'))
  try {
    const known = row.attempts > 1 ? ((await regime.inquire?.(context, request)) ?? null) : null
    return { row, answer: known ?? (await regime.submit(context, request)) }
  } catch (error) {
    return failed(row, error)
  }
}

/** What was tried before is asked for first, all in one; what the authority does not have goes in batches. */
async function sendTogether(
  context: CompanyContext,
  regime: Regime,
  claimed: readonly Claimed[],
  requests: readonly SubmissionRequest[],
): Promise<Outcome[]> {
  const outcomes = new Map<SubmissionRequest, BatchOutcome | null>()
  const tried = requests.filter((request) => request.attempt > 1)
  const keep = (asked: readonly SubmissionRequest[], answers: readonly (BatchOutcome | null)[]): void => {
    for (const [index, request] of asked.entries()) outcomes.set(request, answers[index] ?? null)
  }
  if (tried.length > 0) keep(tried, await together(tried, () => regime.inquireMany?.(context, tried) ?? Promise.resolve([])))
  const toSend = requests.filter((request) => (outcomes.get(request) ?? null) === null)
  if (toSend.length > 0) keep(toSend, await together(toSend, () => regime.submitMany?.(context, toSend) ?? Promise.resolve([])))
  return claimed.map(({ row }, index) => {
    const request = requests[index]
    const outcome = request === undefined ? null : (outcomes.get(request) ?? null)
    if (outcome === null) return failed(row, new SubmissionUncertain('the batch has no answer for this document'))
    return outcome instanceof Error ? failed(row, outcome) : { row, answer: outcome }
  })
}

/** A call that fails as a whole fails for each of its documents. */
async function together(
  requests: readonly SubmissionRequest[],
  work: () => Promise<readonly (BatchOutcome | null)[]>,
): Promise<readonly (BatchOutcome | null)[]> {
  try {
    return await work()
  } catch (error) {
    const one = error instanceof Fault || error instanceof SubmissionUncertain ? error : new SubmissionUncertain(messageOf(error))
    return requests.map(() => one)
  }
}

function requestOf(company: Company, row: DocumentRow, bytes: Buffer, until: number): SubmissionRequest {
  const { invoiceId, kind, uuid, hash, attempts } = row
  return { company, invoiceId, kind, uuid, hash, bytes, attempt: attempts, until }
}

function failed(row: DocumentRow, error: unknown): Outcome {
  if (error instanceof SubmissionUncertain) {
    return { row, fault: { code: 'COMPLIANCE-UNCERTAIN', params: { reason: error.reason } }, uncertain: true, retryAt: error.retryAt }
  }
  if (error instanceof Fault) return { row, fault: { code: error.code, params: error.params }, uncertain: false, retryAt: undefined }
  return { row, fault: { code: 'COMPLIANCE-UNCERTAIN', params: { reason: messageOf(error) } }, uncertain: true, retryAt: undefined }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
