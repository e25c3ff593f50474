import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import { localDay } from '../../../../core/i18n/local-time.js'
import { rememberArchive } from '../../../../core/signing/archive/archived-document.js'
import { documentCode, recordIssuedFile } from '../../../verification/index.js'
import type { SignRequest } from '../../models/request.js'
import { signaturesSettings } from '../../models/settings.js'
import { readEvents, recordEvent } from '../events.js'
import { deliverCompleted } from '../requests/deliver.js'
import { requestHappened } from '../requests/happened.js'
import { moveRequest } from '../requests/states.js'
import { readRequest } from '../request-rows.js'
import { completionFiles } from './completion.js'
import { detailOf, faultOf } from './fault-kinds.js'
import { sealDocument, type SealedDocument } from './sealed-document.js'
import { readSealing, writeSealing } from './sealing-rows.js'
import { signaturesOf } from './signing-rows.js'

const waiting = (request: SignRequest): boolean => request.state === 'signed' || request.state === 'sealing_failed'

/**
 * Finishes a request that all have signed: seal, archive time stamp, certificate of completion, event log, evidence pack, mails. It may be
 * called again at any time: what was reached is found and gone on from, and nothing is sent twice. A failure becomes the state
 * `sealing_failed` with its fault, and is returned; the job tries again what may pass, the button everything.
 */
export async function sealRequest(host: Host, context: CompanyContext, requestId: string): Promise<SignRequest> {
  const { companyId } = context
  const before = await host.db.company(companyId, (transaction) => readRequest(transaction, requestId))
  if (!waiting(before)) return before
  try {
    const sealedSha256 = await sealedFile(host, context, before)
    return await complete(host, context, requestId, sealedSha256)
  } catch (error) {
    const fault = faultOf(error, 'SIGNATURES-SEALING-UNEXPECTED')
    return host.db.company(companyId, (transaction) => failed(host, context, transaction, requestId, fault))
  }
}

/** The sealed document in the store: of an earlier try, or made now. Its events stand before the event log is printed. */
async function sealedFile(host: Host, context: CompanyContext, request: SignRequest): Promise<string> {
  const { companyId } = context
  const { id: requestId, headSha256 } = request
  if (headSha256 === null) throw new Fault('SIGNATURES-REQUEST-CLOSED', { status: 409, params: { number: request.number } })
  const found = await host.db.company(companyId, async (transaction) => {
    const row = await readSealing(transaction, requestId)
    if (row !== undefined && row.base_sha256 === headSha256 && row.sealed_sha256 !== null) return row.sealed_sha256
    const settings = signaturesSettings.parse(await host.settings.get(transaction, 'signatures'))
    const { bytes } = await host.files.get(transaction, headSha256)
    return { settings, head: bytes, signatures: await signaturesOf(transaction, requestId) }
  })
  if (typeof found === 'string') return found
  const sealed = await sealDocument(host, context, { request, ...found })
  return host.db.company(companyId, (transaction) => storeSealed(host, context, transaction, request, sealed))
}

async function storeSealed(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  request: SignRequest,
  sealed: SealedDocument,
): Promise<string> {
  const { id: requestId, headSha256 } = request
  const now = await readRequest(transaction, requestId, { lock: true })
  const row = await readSealing(transaction, requestId)
  // Two may have sealed at once: the first one stands, the bytes of the other are not kept.
  if (row !== undefined && row.base_sha256 === headSha256 && row.sealed_sha256 !== null) return row.sealed_sha256
  if (!waiting(now) || now.headSha256 !== headSha256)
    throw new Fault('SIGNATURES-REQUEST-CLOSED', { status: 409, params: { number: request.number } })
  const { sha256 } = await host.files.put(transaction, sealed.pdf, 'application/pdf')
  await writeSealing(transaction, requestId, { base_sha256: headSha256, sealed_sha256: sha256, level: sealed.level, sealed_at: host.now() })
  const judged = sealed.verdict.signatures.map(({ name, indication, level }) => ({ field: name ?? '', indication, level }))
  if (sealed.level !== null)
    await recordEvent(host, transaction, context, {
      requestId,
      type: 'sealed',
      facts: { document: sha256, before: headSha256, level: sealed.level, verdict: sealed.verdict.verdict, signatures: judged },
    })
  if (sealed.archivedAt !== null) {
    await recordEvent(host, transaction, context, {
      requestId,
      type: 'archived',
      facts: {
        document: sha256,
        at: sealed.archivedAt.toISOString(),
        ...(sealed.unproven.length === 0 ? {} : { withoutStatus: sealed.unproven }),
      },
    })
    const subject = { type: 'signatures.request', id: requestId, label: request.number }
    await rememberArchive(host, transaction, context, { pdf: sealed.pdf, sha256, subject })
  }
  return sha256
}

/** Certificate of completion, event log, evidence pack, and the state; mails and news go out with the commit or not at all. */
async function complete(host: Host, context: CompanyContext, requestId: string, sealedSha256: string): Promise<SignRequest> {
  const { companyId } = context
  const { timeZone } = await host.access.company(companyId)
  const { request, sealed, events } = await host.db.company(companyId, async (transaction) => {
    const found = await readRequest(transaction, requestId)
    const subject = subjectOf(found)
    await documentCode(host, transaction, subject, { kind: 'contract', issuedOn: localDay(found.sentAt ?? host.now(), timeZone) })
    await recordIssuedFile(transaction, subject, sealedSha256)
    const { bytes } = await host.files.get(transaction, sealedSha256)
    return { request: { ...found, sealedSha256 }, sealed: bytes, events: await readEvents(transaction, requestId) }
  })
  if (!waiting(request)) return request
  const files = await completionFiles(host, context, { request, sealed, events })
  return host.db.company(companyId, async (transaction) => {
    const now = await readRequest(transaction, requestId, { lock: true })
    if (!waiting(now)) return now
    const stored = await host.files.putMany(transaction, [
      { bytes: files.certificate, mediaType: 'application/pdf' },
      { bytes: files.eventLog, mediaType: 'application/pdf' },
      { bytes: files.evidence, mediaType: 'application/vnd.etsi.asic-e+zip' },
    ])
    const [certificate, eventLog, evidence] = stored
    await moveRequest(host, transaction, now, 'sealed', {
      sealed_sha256: sealedSha256,
      certificate_sha256: certificate?.sha256 ?? null,
      event_log_sha256: eventLog?.sha256 ?? null,
      evidence_sha256: evidence?.sha256 ?? null,
      completed_at: host.now(),
      fault: null,
    })
    await recordEvent(host, transaction, context, {
      requestId,
      type: 'completed',
      facts: { document: sealedSha256, certificate: certificate?.sha256, eventLog: eventLog?.sha256, evidence: evidence?.sha256 },
    })
    await deliverCompleted(host, transaction, context, { id: requestId })
    return readRequest(transaction, requestId)
  })
}

/** What a verification code of the document leads to. */
function subjectOf(request: Pick<SignRequest, 'id' | 'number'>): { type: string; id: string; label: string } {
  return { type: 'signatures.request', id: request.id, label: request.number }
}

async function failed(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  requestId: string,
  fault: Fault,
): Promise<SignRequest> {
  const request = await readRequest(transaction, requestId, { lock: true })
  if (!waiting(request)) return request
  const row = await readSealing(transaction, requestId)
  await writeSealing(transaction, requestId, { attempts: (row?.attempts ?? 0) + 1, code: fault.code, tried_at: host.now() })
  const detail = detailOf(fault)
  await moveRequest(host, transaction, request, 'sealing_failed', { fault: detail })
  // The log tells of a cause once, not once per try.
  if (request.fault?.code !== fault.code) {
    await recordEvent(host, transaction, context, { requestId, type: 'seal_failed', facts: { code: fault.code, params: fault.params } })
    await requestHappened(host, transaction, context, { ...request, state: 'sealing_failed' }, 'sign_request.signature.failed')
  }
  return readRequest(transaction, requestId)
}

/**
 * A person asks again for a seal that failed: a job does it at once, with its own count of tries.
 * @throws Fault SIGNATURES-REQUEST-STATE (409) when there is nothing to seal
 */
export async function retrySealing(host: Host, transaction: CompanyTransaction, requestId: string): Promise<SignRequest> {
  const request = await readRequest(transaction, requestId, { lock: true })
  await moveRequest(host, transaction, request, 'signed', { fault: null })
  await writeSealing(transaction, requestId, { attempts: 0, code: null })
  await host.jobs.add(transaction, 'signatures.seal', { requestId }, { key: `signatures.seal:${requestId}` })
  return readRequest(transaction, requestId)
}
