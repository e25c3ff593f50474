import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain, type BatchOutcome, type SubmissionRequest } from '../../compliance/index.js'
import { readError, tooLarge } from '../authority/eta-errors.js'
import { callEta, type EtaReply } from '../authority/eta-client.js'
import { readRefusedCall } from '../authority/refused-call.js'
import { parseLiteral, textAt } from '../canonical/literal-value.js'
import { receiptLimits, type ReceiptLimits } from '../data/receipt-limits.js'
import { loginOf, type DeviceLogin } from './device-login.js'
import { markSent, receiptsOf, rememberSubmission, unheardOf, type ReceiptRow } from './receipt-rows.js'
import { signBatch } from './sign-batch.js'
import { cairoDay } from '../data/cairo-day.js'

const firstLookSeconds = 1
/** Until one that waits for the receipt before it looks again. */
const predecessorSeconds = 3
/** Of the brackets around the receipts, and of a signature where there is one. */
const frameBytes = 40
const signatureBytes = 8000

export interface Sending {
  readonly request: SubmissionRequest
  readonly row: ReceiptRow
}

const submissionReply = z.looseObject({
  submissionId: z.string().optional(),
  submissionUUID: z.string().optional(),
  acceptedDocuments: z.array(z.looseObject({ uuid: z.string(), receiptNumber: z.string().optional() })).nullish(),
  rejectedDocuments: z
    .array(z.looseObject({ uuid: z.string().nullish(), receiptNumber: z.string().optional(), error: z.unknown() }))
    .nullish(),
})

type Outcomes = Map<SubmissionRequest, BatchOutcome>

/** Sends receipts, each point of sale's by itself; outcomes in the order of the requests. Taken is not yet valid. */
export async function submitReceipts(host: Host, context: CompanyContext, requests: readonly SubmissionRequest[]): Promise<BatchOutcome[]> {
  const rows = await rowsOf(host, context, requests)
  const outcomes: Outcomes = new Map()
  const bySerial = new Map<string, Sending[]>()
  for (const request of requests) {
    const row = rows.get(request.invoiceId)
    if (row === undefined) outcomes.set(request, new Fault('EG-RECEIPT-UNKNOWN', { status: 409 }))
    else bySerial.set(row.deviceSerial, [...(bySerial.get(row.deviceSerial) ?? []), { request, row }])
  }
  for (const [serial, sendings] of bySerial) {
    try {
      const login = await loginOf(host, context, serial)
      const limits = receiptLimits(cairoDay(host.now()))
      const ready = await inOrder(host, context, sendings, outcomes)
      for (const batch of batchesOf(ready, limits, login.signs)) await sendBatch(host, context, login, batch, outcomes)
    } catch (error) {
      if (!(error instanceof Fault) && !(error instanceof SubmissionUncertain)) throw error
      for (const { request } of sendings) if (!outcomes.has(request)) outcomes.set(request, error)
    }
  }
  return requests.map((request) => outcomes.get(request) ?? new SubmissionUncertain('the submission has no answer for this receipt'))
}

/**
 * The receipts in the order of their chain, without those that follow, or give back, one the authority has not been heard to have: they
 * wait for it. Links inside the submission are in order.
 */
async function inOrder(host: Host, context: CompanyContext, sendings: readonly Sending[], outcomes: Outcomes): Promise<Sending[]> {
  const needs = ({ row }: Sending): string[] => [row.previousUuid, row.referenceUuid ?? ''].filter((uuid) => uuid !== '')
  const missing = await host.db.company(context.companyId, (transaction) => unheardOf(transaction, sendings.flatMap(needs)))
  const ready: Sending[] = []
  let rest = [...sendings]
  for (let moved = true; moved;) {
    const next = rest.filter((one) => needs(one).every((uuid) => !missing.has(uuid)))
    for (const { row } of next) missing.delete(row.uuid)
    ready.push(...next)
    rest = rest.filter((one) => !next.includes(one))
    moved = next.length > 0
  }
  const retryAt = new Date(host.now().getTime() + predecessorSeconds * 1000)
  for (const { request } of rest) outcomes.set(request, new SubmissionUncertain('waits for the receipt before it', retryAt))
  return ready
}

export function rowsOf(host: Host, context: CompanyContext, requests: readonly SubmissionRequest[]): Promise<Map<string, ReceiptRow>> {
  return host.db.company(context.companyId, (transaction) =>
    receiptsOf(
      transaction,
      requests.map((request) => request.invoiceId),
    ),
  )
}

/** What one submission may hold, in the order of the chain. */
export function batchesOf(sendings: readonly Sending[], limits: ReceiptLimits, signed: boolean): Sending[][] {
  const room = limits.bytes - frameBytes - (signed ? signatureBytes : 0)
  const batches: Sending[][] = []
  let bytes = 0
  for (const sending of sendings) {
    const last = batches.at(-1)
    const size = sending.request.bytes.length + 1
    if (last === undefined || last.length >= limits.receipts || bytes + size > room) {
      batches.push([sending])
      bytes = size
    } else {
      last.push(sending)
      bytes += size
    }
  }
  return batches
}

async function sendBatch(
  host: Host,
  context: CompanyContext,
  login: DeviceLogin,
  batch: readonly Sending[],
  outcomes: Outcomes,
): Promise<void> {
  const [first] = batch
  if (first === undefined) return
  const put = (outcome: BatchOutcome): void => {
    for (const { request } of batch) outcomes.set(request, outcome)
  }
  if (performance.now() > first.request.until) {
    put(new SubmissionUncertain('no time left to send it'))
    return
  }
  let reply: EtaReply
  try {
    const parts = batch.flatMap(({ request }, index) => (index === 0 ? [request.bytes] : [Buffer.from(','), request.bytes]))
    const plain = Buffer.concat([Buffer.from('{"receipts":['), ...parts, Buffer.from(']}')])
    const rin = textAt(parseLiteral(first.request.bytes), 'seller', 'rin') ?? ''
    const body = login.signs ? await signBatch(host, context, rin, login.pos.serial, plain) : plain
    const ids = batch.map(({ request }) => request.invoiceId)
    await host.db.company(context.companyId, (transaction) => markSent(transaction, ids, host.now()))
    reply = await callEta(host, context, first.request.company, { method: 'POST', path: 'api/v1/receiptsubmissions', body, pos: login.pos })
  } catch (error) {
    if (!(error instanceof SubmissionUncertain) && !(error instanceof Fault)) throw error
    put(error)
    return
  }
  if (reply.status === 200 || reply.status === 202) {
    await readTaken(host, context, batch, reply, outcomes)
    return
  }
  const refused = readRefusedCall(reply)
  if (refused.means !== 'one-of-them' || batch.length === 1) {
    put(reply.status === 413 ? tooLargeAlone(reply) : refused.outcome)
    return
  }
  // One bad receipt must not hold up the others.
  const half = Math.ceil(batch.length / 2)
  await sendBatch(host, context, login, batch.slice(0, half), outcomes)
  await sendBatch(host, context, login, batch.slice(half), outcomes)
}

/**
 * Within the limits we keep to, a receipt alone is too large for a gateway only: not refused, for then the authority would never know the
 * place those behind it are chained to. It says so, and is tried again.
 */
function tooLargeAlone({ text }: EtaReply): Fault {
  const [fault] = tooLarge(text)
  return new Fault(fault?.code ?? 'EG-ETA-OTHER', { status: 502, ...(fault?.params === undefined ? {} : { params: fault.params }) })
}

async function readTaken(
  host: Host,
  context: CompanyContext,
  batch: readonly Sending[],
  reply: EtaReply,
  outcomes: Outcomes,
): Promise<void> {
  const read = submissionReply.safeParse(reply.json)
  const submission = read.success ? (read.data.submissionUUID ?? read.data.submissionId) : undefined
  const taken: string[] = []
  for (const { request, row } of batch) {
    const accepted = (read.data?.acceptedDocuments ?? []).filter((one) => one.uuid === row.uuid)
    const refused = (read.data?.rejectedDocuments ?? []).filter((one) => one.uuid === row.uuid)
    const [bad] = refused
    if (accepted.length + refused.length !== 1) {
      outcomes.set(request, new SubmissionUncertain('the answer says nothing about this receipt'))
    } else if (bad !== undefined) {
      const error = readError(bad.error)
      outcomes.set(
        request,
        error.duplicate
          ? new SubmissionUncertain(error.code)
          : { state: 'rejected', status: reply.status, body: JSON.stringify(bad.error), faults: error.faults, reference: row.uuid },
      )
    } else {
      taken.push(request.invoiceId)
      const retryAt = new Date(host.now().getTime() + firstLookSeconds * 1000)
      outcomes.set(request, { state: 'pending', status: reply.status, body: '', faults: [], reference: row.uuid, retryAt })
    }
  }
  if (submission === undefined || taken.length === 0) return
  await host.db.company(context.companyId, (transaction) => rememberSubmission(transaction, taken, submission))
}
