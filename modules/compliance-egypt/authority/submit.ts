import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain, type AuthorityAnswer, type BatchOutcome, type SubmissionRequest } from '../../compliance/index.js'
import { inBatches, limitsOf } from './batch-limits.js'
import { callEta, NotCarriedOut, openEta, type EtaReply } from './eta-client.js'
import { readError } from './eta-errors.js'
import { submissionAnswer } from './eta-shapes.js'
import { readRefusedCall } from './refused-call.js'
import { nameOfDocument, type DocumentName } from './sent-document.js'
import { claimSending, setSendAgain, updateSubmission } from './submission-rows.js'

/** After a batch was taken: validation usually needs some seconds. */
const firstLookSeconds = 2
/** What the authority said it has taken is given so many times longer to be shown than what nobody knows of. */
const takenFactor = 5

interface Sending extends DocumentName {
  readonly request: SubmissionRequest
}

/** One call of `submitToEta`. */
interface Round {
  readonly host: Host
  readonly context: CompanyContext
  readonly searchSeconds: number
}

/**
 * Sends documents in batches; outcomes in the order of the requests. Taken is not yet valid: such a document is `pending`, and
 * `inquireEta` learns its fate. What is sent stands in our own rows before, so that it is asked for, and never sent blindly again.
 */
export async function submitToEta(host: Host, context: CompanyContext, requests: readonly SubmissionRequest[]): Promise<BatchOutcome[]> {
  const [one] = requests
  if (one === undefined) return []
  // Without a token nothing goes out: documents that were never sent need not be looked for when the authority is back.
  await openEta(host, context, one.company)
  const limits = await host.db.company(context.companyId, (transaction) => limitsOf(host, transaction))
  const round: Round = { host, context, searchSeconds: limits.searchSeconds }
  const byIssuer = new Map<string, Sending[]>()
  for (const request of requests) {
    // A call with documents of two issuers is refused as a whole: a company that got another number would send nothing any more.
    const sending = { request, ...nameOfDocument(request.bytes) }
    byIssuer.set(sending.issuer, [...(byIssuer.get(sending.issuer) ?? []), sending])
  }
  const outcomes = new Map<SubmissionRequest, BatchOutcome>()
  const sizeOf = ({ request }: Sending): number => request.bytes.length
  for (const sendings of byIssuer.values()) {
    for (const batch of inBatches(sendings, sizeOf, limits)) {
      for (const [request, outcome] of await sendBatch(round, batch)) outcomes.set(request, outcome)
    }
  }
  return requests.map((request) => outcomes.get(request) ?? new SubmissionUncertain('the batch has no answer for this document'))
}

type Outcomes = readonly (readonly [SubmissionRequest, BatchOutcome])[]

function all(batch: readonly Sending[], outcome: BatchOutcome): Outcomes {
  return batch.map(({ request }) => [request, outcome] as const)
}

async function sendBatch(round: Round, wanted: readonly Sending[]): Promise<Outcomes> {
  if (wanted.some(({ request }) => performance.now() > request.until))
    return all(wanted, new SubmissionUncertain('no time left to send it'))
  const { batch, others } = await claim(round, wanted)
  const [first] = batch
  if (first === undefined) return others
  return [...others, ...(await sendClaimed(round, batch, first))]
}

/** Only what nobody else has just sent goes out. */
async function claim({ host, context, searchSeconds }: Round, wanted: readonly Sending[]): Promise<{ batch: Sending[]; others: Outcomes }> {
  const now = host.now()
  const rows = wanted.map(({ request, type, internalId, signatureSha256 }) => ({
    invoiceId: request.invoiceId,
    type,
    internalId,
    signatureSha256,
  }))
  const free = await host.db.company(context.companyId, (transaction) => claimSending(transaction, rows, now, searchSeconds))
  const others = wanted.filter(({ request }) => !free.has(request.invoiceId))
  return {
    batch: wanted.filter(({ request }) => free.has(request.invoiceId)),
    others: all(others, new SubmissionUncertain('sent a moment ago, and not shown by the authority yet')),
  }
}

async function sendClaimed(round: Round, batch: readonly Sending[], first: Sending): Promise<Outcomes> {
  const { host, context } = round
  let reply: EtaReply
  try {
    reply = await callEta(host, context, first.request.company, {
      method: 'POST',
      path: 'api/v1/documentsubmissions',
      body: bodyOf(batch),
    })
  } catch (error) {
    if (error instanceof NotCarriedOut || error instanceof Fault) await sendAgain(round, batch, null)
    if (error instanceof SubmissionUncertain || error instanceof Fault) return all(batch, error)
    throw error
  }
  if (reply.status === 200 || reply.status === 202) return readAccepted(round, batch, reply)
  const refused = readRefusedCall(reply)
  // Not sent again before the time the authority names.
  if (refused.means === 'there-already' && reply.retryAt !== undefined)
    await sendAgain(round, batch, (reply.retryAt.getTime() - round.host.now().getTime()) / 1000)
  if (refused.means === 'there-already' || refused.means === 'unknown') return all(batch, refused.outcome)
  // The whole call was refused and nothing was taken.
  await sendAgain(round, batch, null)
  if (refused.means === 'set-up' || batch.length === 1) return all(batch, refused.outcome)
  // One bad document must not hold up the others.
  const half = Math.ceil(batch.length / 2)
  return [...(await sendBatch(round, batch.slice(0, half))), ...(await sendBatch(round, batch.slice(half)))]
}

function sendAgain({ host, context }: Round, batch: readonly Sending[], seconds: number | null): Promise<void> {
  const ids = batch.map(({ request }) => request.invoiceId)
  return host.db.company(context.companyId, (transaction) => setSendAgain(transaction, ids, seconds))
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

async function readAccepted({ host, context, searchSeconds }: Round, batch: readonly Sending[], reply: EtaReply): Promise<Outcomes> {
  const read = submissionAnswer.safeParse(reply.json)
  if (!read.success) return all(batch, new SubmissionUncertain(`unreadable answer (HTTP ${reply.status})`))
  const submissionUuid = read.data.submissionUUID ?? read.data.submissionId ?? null
  const accepted = read.data.acceptedDocuments ?? []
  const rejected = read.data.rejectedDocuments ?? []
  const outcomes: [SubmissionRequest, BatchOutcome][] = []
  const promised: string[] = []
  await host.db.company(context.companyId, async (transaction) => {
    for (const { request, internalId } of batch) {
      const taken = accepted.filter((one) => one.internalId === internalId)
      const refused = rejected.filter((one) => one.internalId === internalId)
      const [one] = taken
      const [bad] = refused
      const named = one === undefined ? 0 : accepted.filter(({ uuid }) => uuid === one.uuid).length
      if (taken.length + refused.length !== 1 || named > 1) {
        // Not mentioned, or twice, or under the name of another: an answer about something else.
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
        promised.push(request.invoiceId)
        outcomes.push([request, pending(host, reply, one.uuid)])
      } else outcomes.push([request, refusal(reply, bad?.error)])
    }
    await setSendAgain(transaction, promised, searchSeconds * takenFactor)
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
