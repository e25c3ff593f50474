import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain, type AuthorityAnswer, type BatchOutcome, type SubmissionRequest } from '../../compliance/index.js'
import { inBatches, limitsOn } from './batch-limits.js'
import { callEta, openEta, type EtaReply } from './eta-client.js'
import { readError } from './eta-errors.js'
import { submissionAnswer } from './eta-shapes.js'
import { nameOfDocument, type DocumentName } from './sent-document.js'
import { markSending, updateSubmission } from './submission-rows.js'

/** After a batch was taken: validation usually needs some seconds. */
const firstLookSeconds = 2

interface Sending extends DocumentName {
  readonly request: SubmissionRequest
}

/**
 * Sends documents in batches; outcomes in the order of the requests. Taken is not yet valid: such a document is `pending`, and
 * `inquireEta` learns its fate. What is sent stands in our own rows before, so that it is asked for, and never sent blindly again.
 */
export async function submitToEta(host: Host, context: CompanyContext, requests: readonly SubmissionRequest[]): Promise<BatchOutcome[]> {
  const now = host.now()
  const [one] = requests
  if (one === undefined) return []
  // Without a token nothing goes out: documents that were never sent need not be looked for when the authority is back.
  await openEta(host, context, one.company)
  const sendings = requests.map((request): Sending => ({ request, ...nameOfDocument(request.bytes) }))
  await host.db.company(context.companyId, (transaction) =>
    markSending(
      transaction,
      sendings.map(({ request, type, internalId, signatureSha256 }) => ({
        invoiceId: request.invoiceId,
        type,
        internalId,
        signatureSha256,
      })),
      now,
    ),
  )
  const outcomes = new Map<SubmissionRequest, BatchOutcome>()
  const sizeOf = ({ request }: Sending): number => request.bytes.length
  for (const batch of inBatches(sendings, sizeOf, limitsOn(now.toISOString().slice(0, 10)))) {
    for (const [request, outcome] of await sendBatch(host, context, batch)) outcomes.set(request, outcome)
  }
  return requests.map((request) => outcomes.get(request) ?? new SubmissionUncertain('the batch has no answer for this document'))
}

type Outcomes = readonly (readonly [SubmissionRequest, BatchOutcome])[]

function all(batch: readonly Sending[], outcome: BatchOutcome): Outcomes {
  return batch.map(({ request }) => [request, outcome] as const)
}

async function sendBatch(host: Host, context: CompanyContext, batch: readonly Sending[]): Promise<Outcomes> {
  const [first] = batch
  if (first === undefined) return []
  let reply: EtaReply
  try {
    reply = await callEta(host, context, first.request.company, {
      method: 'POST',
      path: 'api/v1/documentsubmissions',
      body: bodyOf(batch),
    })
  } catch (error) {
    if (error instanceof SubmissionUncertain || error instanceof Fault) return all(batch, error)
    throw error
  }
  if (reply.status === 200 || reply.status === 202) return readAccepted(host, context, batch, reply)
  const error = readError(reply.json, reply.text)
  // 422, 409, 208, 303: it may be there already, from this call or an earlier one. Asked for before anything is sent again.
  if (error.duplicate || [208, 303, 409, 422].includes(reply.status))
    return all(batch, new SubmissionUncertain(`HTTP ${reply.status} ${error.code}`.trim()))
  if (reply.status === 403) {
    return all(
      batch,
      new Fault('EG-ETA-INCORRECT-SUBMITTER', { status: 502, params: { code: error.code, message: reply.text.slice(0, 200), place: '' } }),
    )
  }
  if (reply.status !== 400 && reply.status !== 413) return all(batch, new SubmissionUncertain(`HTTP ${reply.status}`))
  // The whole call was refused and nothing was taken: one bad document must not hold up the others.
  if (batch.length > 1) {
    const half = Math.ceil(batch.length / 2)
    return [...(await sendBatch(host, context, batch.slice(0, half))), ...(await sendBatch(host, context, batch.slice(half)))]
  }
  if (error.code === '') return all(batch, new SubmissionUncertain('unreadable answer (HTTP 400)'))
  return all(batch, { state: 'rejected', status: reply.status, body: reply.text, faults: error.faults })
}

/** The documents as they were signed, byte for byte, in one list. */
function bodyOf(batch: readonly Sending[]): Buffer {
  const parts: Buffer[] = [Buffer.from('{"documents":[')]
  for (const [index, { request }] of batch.entries()) {
    if (index > 0) parts.push(Buffer.from(','))
    parts.push(request.bytes)
  }
  parts.push(Buffer.from(']}'))
  return Buffer.concat(parts)
}

async function readAccepted(host: Host, context: CompanyContext, batch: readonly Sending[], reply: EtaReply): Promise<Outcomes> {
  const read = submissionAnswer.safeParse(reply.json)
  if (!read.success) return all(batch, new SubmissionUncertain(`unreadable answer (HTTP ${reply.status})`))
  const submissionUuid = read.data.submissionUUID ?? read.data.submissionId ?? null
  const accepted = read.data.acceptedDocuments ?? []
  const rejected = read.data.rejectedDocuments ?? []
  const outcomes: [SubmissionRequest, BatchOutcome][] = []
  await host.db.company(context.companyId, async (transaction) => {
    for (const { request, internalId } of batch) {
      const taken = accepted.filter((one) => one.internalId === internalId)
      const refused = rejected.filter((one) => one.internalId === internalId)
      const [one] = taken
      const [bad] = refused
      if (taken.length + refused.length !== 1) {
        // Not mentioned, or twice: an answer about something else.
        outcomes.push([request, new SubmissionUncertain('the answer says nothing about this document')])
      } else if (one !== undefined) {
        await updateSubmission(transaction, request.invoiceId, {
          submissionUuid,
          documentUuid: one.uuid,
          longId: one.longId ?? null,
          hashKey: one.hashKey ?? null,
          status: 'Submitted',
          correlationId: reply.correlationId,
        })
        outcomes.push([request, pending(host, reply, one.uuid)])
      } else outcomes.push([request, refusal(reply, bad?.error)])
    }
  })
  return outcomes
}

function pending(host: Host, reply: EtaReply, reference: string): AuthorityAnswer {
  const retryAt = new Date(host.now().getTime() + firstLookSeconds * 1000)
  return { state: 'pending', status: reply.status, body: '', faults: [], reference, retryAt }
}

function refusal(reply: EtaReply, error: unknown): BatchOutcome {
  const read = readError(error)
  if (read.duplicate) return new SubmissionUncertain(read.code)
  return { state: 'rejected', status: reply.status, body: JSON.stringify(error), faults: read.faults }
}
