import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { SubmissionUncertain } from '../../compliance/index.js'
import { endOf, workflowTimes } from './document-types.js'
import { callEta } from './eta-client.js'
import { readError } from './eta-errors.js'
import { documentRaw } from './eta-shapes.js'
import { receivedByUuid } from './received-rows.js'
import { refreshDocument, refreshJob } from './refresh.js'
import { submissionOf } from './submission-rows.js'

/** The reasons the authority takes (SDK, Cancel Document and Reject Document), in its own words. */
export const etaReasons = ['Wrong buyer details', 'Wrong invoice details'] as const
export type EtaReason = (typeof etaReasons)[number]

export type DocumentAction = 'cancel' | 'reject' | 'decline-cancellation' | 'decline-rejection'

interface Target {
  readonly uuid: string
  readonly number: string
  readonly type: string
  readonly status: string
  /** From when the time of the action runs. */
  readonly since: Date | null
}

/** The issuer takes his own document back. @throws Fault EG-STATE-…, EG-ETA-… */
export async function cancelDocument(host: Host, context: CompanyContext, invoiceId: string, reason: EtaReason): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const row = await host.db.company(context.companyId, (transaction) => submissionOf(transaction, invoiceId))
  if (row === undefined || row.documentUuid === null) throw new Fault('EG-STATE-UNKNOWN', { status: 409 })
  const target = { uuid: row.documentUuid, number: row.internalId, type: row.type, status: row.status, since: row.receivedAt }
  await change(host, context, 'cancel', target, reason)
}

/** The issuer does not agree that the buyer rejects it. Once. */
export async function declineRejection(host: Host, context: CompanyContext, invoiceId: string): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const row = await host.db.company(context.companyId, (transaction) => submissionOf(transaction, invoiceId))
  if (row === undefined || row.documentUuid === null) throw new Fault('EG-STATE-UNKNOWN', { status: 409 })
  if (row.declinedAt !== null) throw new Fault('EG-STATE-DECLINED', { status: 409 })
  const target = { uuid: row.documentUuid, number: row.internalId, type: row.type, status: row.status, since: row.rejectAskedAt }
  await change(host, context, 'decline-rejection', target, null)
}

/** The receiver rejects a document, or does not agree that it is cancelled. */
export async function answerReceived(
  host: Host,
  context: CompanyContext,
  uuid: string,
  action: Extract<DocumentAction, 'reject' | 'decline-cancellation'>,
  reason: EtaReason | null,
): Promise<void> {
  host.access.require(context, 'invoicing.manager')
  const row = await host.db.company(context.companyId, (transaction) => receivedByUuid(transaction, uuid))
  if (row === undefined) throw new Fault('EG-STATE-UNKNOWN', { status: 404 })
  if (action === 'decline-cancellation' && row.declinedAt !== null) throw new Fault('EG-STATE-DECLINED', { status: 409 })
  const since = action === 'reject' ? row.receivedAt : row.cancelAskedAt
  await change(host, context, action, { uuid, number: row.internalId, type: row.type, status: row.status, since }, reason)
}

const needed: Readonly<Record<DocumentAction, string>> = {
  cancel: 'Valid',
  reject: 'Valid',
  'decline-cancellation': 'Cancelled',
  'decline-rejection': 'Rejected',
}

async function change(
  host: Host,
  context: CompanyContext,
  action: DocumentAction,
  target: Target,
  reason: EtaReason | null,
): Promise<void> {
  const company = await host.access.company(context.companyId)
  if (target.status !== needed[action])
    throw new Fault('EG-STATE-WRONG', { status: 409, params: { number: target.number, state: target.status } })
  const times = await workflowTimes(host, context, company, target.type)
  const hours = {
    cancel: times?.cancel,
    reject: times?.reject,
    'decline-cancellation': times?.declineCancellation,
    'decline-rejection': times?.declineRejection,
  }[action]
  const end = endOf(target.since, hours)
  if (end !== null && end < host.now())
    throw new Fault('EG-STATE-LATE', { status: 409, params: { number: target.number, until: end.toISOString() } })
  await host.db.company(context.companyId, (transaction) => {
    // Before the call: what was asked is on record even if nobody hears the answer.
    host.audit.record(transaction, context, {
      action: `compliance-egypt.asked-${action}`,
      subject: { type: 'compliance-egypt.document', id: target.uuid, label: target.number },
      facts: { number: target.number, document: target.uuid, reason: reason ?? '' },
    })
    return Promise.resolve()
  })
  const uuid = encodeURIComponent(target.uuid)
  const path = {
    cancel: `api/v1.0/documents/state/${uuid}/state`,
    reject: `api/v1.0/documents/state/${uuid}/state`,
    'decline-cancellation': `api/v1.0/documents/state/${uuid}/decline/cancelation`,
    'decline-rejection': `api/v1.0/documents/state/${uuid}/decline/rejection`,
  }[action]
  const status = { cancel: 'cancelled', reject: 'rejected', 'decline-cancellation': undefined, 'decline-rejection': undefined }[action]
  try {
    const reply = await callEta(host, context, company, {
      method: 'PUT',
      path,
      ...(status === undefined ? {} : { body: JSON.stringify({ status, reason }) }),
    })
    if (reply.status >= 300) {
      const [fault] = readError(reply.json, reply.text).faults
      throw new Fault(fault?.code ?? 'EG-ETA-OTHER', {
        status: 409,
        params: fault?.params ?? { code: String(reply.status), message: reply.text.slice(0, 200), place: '' },
      })
    }
  } catch (error) {
    if (!(error instanceof SubmissionUncertain)) throw error
    // Nobody knows: the state tells.
    if ((await stateNow(host, context, company, target.uuid)) === target.status)
      throw new Fault('EG-STATE-UNCERTAIN', { status: 502, params: { reason: error.reason } })
    return
  }
  await stateNow(host, context, company, target.uuid)
}

/** The state after a change was asked for. When the authority does not tell it now, a job asks until it does: nothing stays as it was thought. */
async function stateNow(host: Host, context: CompanyContext, company: Company, uuid: string): Promise<string | null> {
  try {
    return await refreshDocument(host, context, company, uuid)
  } catch (error) {
    if (!(error instanceof SubmissionUncertain)) throw error
    await host.db.company(context.companyId, (transaction) => host.jobs.add(transaction, refreshJob, { documents: [uuid] }))
    throw new Fault('EG-STATE-UNCERTAIN', { status: 502, params: { reason: error.reason } })
  }
}

/** The document as the authority keeps it, and its printout. */
export async function fetchDocument(
  host: Host,
  context: CompanyContext,
  uuid: string,
  what: 'raw' | 'pdf',
): Promise<{ bytes: Buffer; mediaType: string }> {
  const company = await host.access.company(context.companyId)
  const reply = await callEta(host, context, company, {
    method: 'GET',
    path: `api/v1.0/documents/${encodeURIComponent(uuid)}/${what}`,
    ...(what === 'pdf' ? { accept: 'application/pdf' } : {}),
  })
  if (reply.status !== 200)
    throw new Fault('EG-ETA-NOT-FOUND', {
      status: 404,
      params: { code: String(reply.status), message: reply.text.slice(0, 200), place: '' },
    })
  if (what === 'pdf') {
    if (!reply.bytes.subarray(0, 5).equals(Buffer.from('%PDF-')))
      throw new Fault('EG-ETA-OTHER', { status: 502, params: { code: '', message: reply.mediaType, place: '' } })
    return { bytes: reply.bytes, mediaType: 'application/pdf' }
  }
  const raw = documentRaw.safeParse(reply.json)
  return { bytes: Buffer.from(raw.data?.document ?? reply.text, 'utf8'), mediaType: 'application/json' }
}
