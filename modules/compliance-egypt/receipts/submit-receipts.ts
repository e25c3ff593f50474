import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain, type AuthorityAnswer, type BatchOutcome, type SubmissionRequest } from '../../compliance/index.js'
import { readError } from '../authority/eta-errors.js'
import { callEta, type EtaPos, type EtaReply } from '../authority/eta-client.js'
import { devicesOf, presharedKeyOf } from './device-rows.js'
import { receiptsOf, rememberSubmission, type ReceiptRow } from './receipt-rows.js'

/** Of one submission (receipt issuance FAQ, read 2026-10-01). */
const mostReceipts = 500
const mostBytes = 1_500_000
const firstLookSeconds = 2
const lookAgainSeconds = [2, 3, 5, 10, 30, 60] as const
export const presharedKeyPurpose = 'eta-pos-preshared-key'

interface Sending {
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

const receiptDetails = z.looseObject({
  receipt: z.looseObject({
    uuid: z.string(),
    status: z.string(),
    submissionUuid: z.string().nullish(),
    errors: z.array(z.looseObject({ code: z.string().catch(''), message: z.string().catch(''), target: z.string().nullish() })).nullish(),
  }),
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
      const pos = await posOf(host, context, serial)
      for (const batch of batchesOf(sendings)) await sendBatch(host, context, pos, batch, outcomes)
    } catch (error) {
      if (!(error instanceof Fault) && !(error instanceof SubmissionUncertain)) throw error
      for (const { request } of sendings) if (!outcomes.has(request)) outcomes.set(request, error)
    }
  }
  return requests.map((request) => outcomes.get(request) ?? new SubmissionUncertain('the submission has no answer for this receipt'))
}

function rowsOf(host: Host, context: CompanyContext, requests: readonly SubmissionRequest[]): Promise<Map<string, ReceiptRow>> {
  return host.db.company(context.companyId, (transaction) =>
    receiptsOf(
      transaction,
      requests.map((request) => request.invoiceId),
    ),
  )
}

/** @throws Fault EG-DEVICE-UNKNOWN, EG-DEVICE-KEY */
async function posOf(host: Host, context: CompanyContext, serial: string): Promise<EtaPos> {
  const { device, wrapped } = await host.db.company(context.companyId, async (transaction) => {
    const found = (await devicesOf(transaction)).find((one) => one.serial === serial)
    return { device: found, wrapped: await presharedKeyOf(transaction, serial) }
  })
  if (device === undefined) throw new Fault('EG-DEVICE-UNKNOWN', { status: 409, params: { serial } })
  if (wrapped === undefined) throw new Fault('EG-DEVICE-KEY', { status: 409, params: { serial } })
  const presharedKey = (await host.signing.reveal(context, wrapped, presharedKeyPurpose)).toString('utf8')
  return { serial, osVersion: device.osVersion, model: device.model, presharedKey }
}

/** In the order of the chain, within what one submission may hold. */
function batchesOf(sendings: readonly Sending[]): Sending[][] {
  const batches: Sending[][] = []
  let bytes = Infinity
  for (const sending of sendings) {
    const last = batches.at(-1)
    const size = sending.request.bytes.length + 1
    if (last === undefined || last.length >= mostReceipts || bytes + size > mostBytes) {
      batches.push([sending])
      bytes = size + 20
    } else {
      last.push(sending)
      bytes += size
    }
  }
  return batches
}

async function sendBatch(host: Host, context: CompanyContext, pos: EtaPos, batch: readonly Sending[], outcomes: Outcomes): Promise<void> {
  const [first] = batch
  if (first === undefined) return
  const put = (outcome: BatchOutcome): void => {
    for (const { request } of batch) outcomes.set(request, outcome)
  }
  let reply: EtaReply
  try {
    const parts = batch.flatMap(({ request }, index) => (index === 0 ? [request.bytes] : [Buffer.from(','), request.bytes]))
    const body = Buffer.concat([Buffer.from('{"receipts":['), ...parts, Buffer.from(']}')])
    reply = await callEta(host, context, first.request.company, { method: 'POST', path: 'api/v1/receiptsubmissions', body, pos })
  } catch (error) {
    if (!(error instanceof SubmissionUncertain) && !(error instanceof Fault)) throw error
    put(error)
    return
  }
  if (reply.status === 200 || reply.status === 202) {
    await readTaken(host, context, batch, reply, outcomes)
    return
  }
  const error = readError(reply.json, reply.text)
  if (error.duplicate || [208, 303, 409, 422].includes(reply.status)) {
    put(new SubmissionUncertain(`HTTP ${String(reply.status)} ${error.code}`.trim()))
  } else if ((reply.status === 400 || reply.status === 413) && batch.length > 1) {
    // Refused as a whole: one bad receipt must not hold up the others.
    const half = Math.ceil(batch.length / 2)
    await sendBatch(host, context, pos, batch.slice(0, half), outcomes)
    await sendBatch(host, context, pos, batch.slice(half), outcomes)
  } else if (reply.status === 400 && error.code !== '') {
    put({ state: 'rejected', status: reply.status, body: reply.text, faults: error.faults })
  } else put(new SubmissionUncertain(`HTTP ${String(reply.status)}`))
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

/** What became of receipts that were sent before; null: the authority does not have it, so that the same bytes go again. */
export async function inquireReceipts(
  host: Host,
  context: CompanyContext,
  requests: readonly SubmissionRequest[],
): Promise<(BatchOutcome | null)[]> {
  const rows = await rowsOf(host, context, requests)
  const outcomes: (BatchOutcome | null)[] = []
  for (const request of requests) {
    const row = rows.get(request.invoiceId)
    try {
      outcomes.push(row === undefined ? null : await fateOf(host, context, request, row))
    } catch (error) {
      if (!(error instanceof SubmissionUncertain) && !(error instanceof Fault)) throw error
      outcomes.push(error)
    }
  }
  return outcomes
}

async function fateOf(host: Host, context: CompanyContext, request: SubmissionRequest, row: ReceiptRow): Promise<AuthorityAnswer | null> {
  const pos = await posOf(host, context, row.deviceSerial)
  const reply = await callEta(host, context, request.company, { method: 'GET', path: `api/v1/receipts/${row.uuid}/details`, pos })
  if (reply.status === 404) return null
  const read = receiptDetails.safeParse(reply.json)
  // An answer about another receipt is no answer about ours.
  if (reply.status !== 200 || !read.success || read.data.receipt.uuid !== row.uuid) {
    throw new SubmissionUncertain(`receipt: HTTP ${String(reply.status)}`)
  }
  const { status, errors } = read.data.receipt
  const answer = { status: 200, body: reply.text, reference: row.uuid }
  switch (status.toLowerCase()) {
    case 'valid':
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
    case 'cancelled':
    case 'rejected':
      return { ...answer, state: 'accepted', faults: [] }
    default: {
      const seconds = lookAgainSeconds[Math.min(request.attempt, lookAgainSeconds.length) - 1] ?? 60
      return { ...answer, state: 'pending', body: '', faults: [], retryAt: new Date(host.now().getTime() + seconds * 1000) }
    }
  }
}
