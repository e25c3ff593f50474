import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain, type AuthorityAnswer, type BatchOutcome, type SubmissionRequest } from '../../compliance/index.js'
import { callEta, type EtaPos } from '../authority/eta-client.js'
import { loginOf } from './device-login.js'
import type { ReceiptRow } from './receipt-rows.js'
import { rowsOf } from './submit-receipts.js'

const lookAgainSeconds = [2, 3, 5, 10, 30, 60] as const
const pageSize = 100
/** From this many on a submission is asked for as a whole. */
const togetherFrom = 3

const receiptState = z.looseObject({
  uuid: z.string(),
  status: z.string(),
  errors: z.array(z.looseObject({ code: z.string().catch(''), message: z.string().catch(''), target: z.string().nullish() })).nullish(),
})
type ReceiptState = z.infer<typeof receiptState>
const receiptDetails = z.looseObject({ receipt: receiptState })
const submissionDetails = z.looseObject({
  receipts: z.array(receiptState),
  metadata: z.looseObject({ totalPages: z.number() }).nullish(),
})

interface Asking {
  readonly request: SubmissionRequest
  readonly row: ReceiptRow
}

/**
 * What became of receipts that were sent before; null: the authority does not have it, so that the same bytes go again. Those that never
 * left are not asked about; those of one submission are asked for together.
 */
export async function inquireReceipts(
  host: Host,
  context: CompanyContext,
  requests: readonly SubmissionRequest[],
): Promise<(BatchOutcome | null)[]> {
  const rows = await rowsOf(host, context, requests)
  const outcomes = new Map<SubmissionRequest, BatchOutcome | null>()
  const bySubmission = new Map<string, Asking[]>()
  const alone: Asking[] = []
  for (const request of requests) {
    const row = rows.get(request.invoiceId)
    if (row === undefined || row.sentAt === null) outcomes.set(request, null)
    else if (row.submissionUuid === null) alone.push({ request, row })
    else bySubmission.set(row.submissionUuid, [...(bySubmission.get(row.submissionUuid) ?? []), { request, row }])
  }
  for (const [name, asked] of bySubmission) {
    if (asked.length < togetherFrom) alone.push(...asked)
    else alone.push(...(await askTogether(host, context, name, asked, outcomes)))
  }
  for (const asking of alone) outcomes.set(asking.request, await uncertainOr(() => askAlone(host, context, asking)))
  return requests.map((request) => outcomes.get(request) ?? null)
}

async function uncertainOr(work: () => Promise<BatchOutcome | null>): Promise<BatchOutcome | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SubmissionUncertain || error instanceof Fault) return error
    throw error
  }
}

/** @returns those the submission said nothing about */
async function askTogether(
  host: Host,
  context: CompanyContext,
  name: string,
  asked: readonly Asking[],
  outcomes: Map<SubmissionRequest, BatchOutcome | null>,
): Promise<Asking[]> {
  const [first] = asked
  if (first === undefined) return []
  const states = new Map<string, { state: ReceiptState; body: string }>()
  try {
    const { pos } = await loginOf(host, context, first.row.deviceSerial)
    for (let page = 1, pages = 1; page <= pages; page++) {
      const reply = await callEta(host, context, first.request.company, {
        method: 'GET',
        path: `api/v1/receiptsubmissions/${encodeURIComponent(name)}/details`,
        query: { PageNo: String(page), PageSize: String(pageSize) },
        pos,
      })
      const read = submissionDetails.safeParse(reply.json)
      if (reply.status !== 200 || !read.success) break
      for (const state of read.data.receipts) states.set(state.uuid, { state, body: JSON.stringify(state) })
      pages = Math.min(read.data.metadata?.totalPages ?? 1, Math.ceil(asked.length / pageSize) + 10)
    }
  } catch (error) {
    if (!(error instanceof SubmissionUncertain) && !(error instanceof Fault)) throw error
    for (const { request } of asked) outcomes.set(request, error)
    return []
  }
  const rest: Asking[] = []
  for (const asking of asked) {
    const found = states.get(asking.row.uuid)
    if (found === undefined) rest.push(asking)
    else outcomes.set(asking.request, answerOf(host, asking.request, found.state, found.body))
  }
  return rest
}

async function askAlone(host: Host, context: CompanyContext, { request, row }: Asking): Promise<AuthorityAnswer | null> {
  const { pos }: { pos: EtaPos } = await loginOf(host, context, row.deviceSerial)
  const reply = await callEta(host, context, request.company, { method: 'GET', path: `api/v1/receipts/${row.uuid}/details`, pos })
  if (reply.status === 404) return null
  const read = receiptDetails.safeParse(reply.json)
  // An answer about another receipt is no answer about ours.
  if (reply.status !== 200 || !read.success || read.data.receipt.uuid !== row.uuid) {
    throw new SubmissionUncertain(`receipt: HTTP ${String(reply.status)}`)
  }
  return answerOf(host, request, read.data.receipt, reply.text)
}

function answerOf(host: Host, request: SubmissionRequest, { uuid, status, errors }: ReceiptState, body: string): AuthorityAnswer {
  const answer = { status: 200, body, reference: uuid }
  switch (status.toLowerCase()) {
    case 'valid':
    case 'cancelled':
    case 'rejected':
      return { ...answer, state: 'accepted', faults: [] }
    case 'invalid':
      return {
        ...answer,
        state: 'rejected',
        faults: (errors ?? []).map((one) => ({
          code: 'EG-ETA-OTHER',
          params: { code: one.code, message: one.message, place: one.target ?? '' },
        })),
      }
    default: {
      const seconds = lookAgainSeconds[Math.min(request.attempt, lookAgainSeconds.length) - 1] ?? 60
      return { ...answer, state: 'pending', body: '', faults: [], retryAt: new Date(host.now().getTime() + seconds * 1000) }
    }
  }
}
