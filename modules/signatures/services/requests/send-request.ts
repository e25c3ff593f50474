import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { SignRequest } from '../../models/request.js'
import { markUsed } from '../../templates/versions.js'
import { recordEvent } from '../events.js'
import { readRequest } from '../request-rows.js'
import { askSigners } from './ask.js'
import { recordOnSource, settingsOf } from './create-request.js'
import { scheduleExpiry } from './expiry.js'
import { freezeDocument, type FrozenDocument } from './freeze.js'
import { requestHappened } from './happened.js'
import { nextToAsk } from './order.js'
import { readinessOf, type Readiness } from './ready.js'
import { moveRequest } from './states.js'

const dayMilliseconds = 86_400_000

/**
 * Sends a draft: checks it, freezes the document outside of any transaction, then commits the state, the files, links, mails, events and
 * jobs together, and only if the draft is still the one that was frozen. What was sent already is answered as it is, so that a second
 * click, or another try after a crash, sends nothing twice.
 * @throws Fault with everything that keeps it from being sent; SIGNATURES-DRAFT-CHANGED (409) when it was changed meanwhile
 */
export async function sendRequest(host: Host, context: CompanyContext, requestId: string): Promise<SignRequest> {
  const before = await host.db.company(context.companyId, (transaction) => readRequest(transaction, requestId))
  if (isUnderWay(before)) return before
  const ready = await readinessOf(host, context, requestId)
  Fault.throwIfAny(ready.faults)
  // Without a document there was a fault.
  if (ready.document === undefined) throw new Error('a document without faults is there')
  const { sealWhenSigned } = await host.db.company(context.companyId, (transaction) => settingsOf(host, transaction))
  const company = await host.access.company(context.companyId)
  const frozen = await freezeDocument(host, ready.request, ready.document, { sealed: sealWhenSigned, company })
  return host.db.company(context.companyId, (transaction) => commitSending(host, transaction, context, ready, frozen))
}

/** Sent, and whatever followed but a cancelled draft. */
function isUnderWay(request: SignRequest): boolean {
  return request.state !== 'draft' && request.sentAt !== null
}

async function commitSending(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  ready: Readiness,
  document: FrozenDocument,
): Promise<SignRequest> {
  const { id } = ready.request
  const current = await readRequest(transaction, id, { lock: true })
  if (isUnderWay(current)) return current
  const row: { revision: number } | undefined = await transaction
    .knex('signatures_request')
    .where({ company_id: transaction.companyId, id })
    .first('revision')
  if (current.state === 'draft' && row?.revision !== ready.revision) throw new Fault('SIGNATURES-DRAFT-CHANGED', { status: 409 })
  const now = host.now()
  const settings = await settingsOf(host, transaction)
  const [original, frozen] = await host.files.putMany(transaction, [
    { bytes: document.original, mediaType: 'application/pdf' },
    { bytes: document.frozen, mediaType: 'application/pdf' },
  ])
  if (original === undefined || frozen === undefined) throw new Error('two files were put')
  const expiresAt =
    current.expiresAt ?? (settings.expiryDays === 0 ? null : new Date(now.getTime() + settings.expiryDays * dayMilliseconds))
  await moveRequest(host, transaction, current, 'sent', {
    fields: [...(ready.document?.fields ?? [])],
    pages: [...(ready.document?.pages ?? [])],
    original_sha256: original.sha256,
    frozen_sha256: frozen.sha256,
    form_prefix: document.formPrefix,
    head_sha256: frozen.sha256,
    expires_at: expiresAt,
    sent_at: now,
  })
  await markUsed(transaction, current.templateVersionId)
  await applyDemands(transaction, ready)
  await recordEvent(host, transaction, context, {
    requestId: id,
    type: 'sent',
    facts: {
      original: original.sha256,
      frozen: frozen.sha256,
      pages: ready.document?.pages.length ?? 0,
      people: current.signers.map((signer) => `${signer.name}: ${signer.role}`),
      ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }),
    },
  })
  const sent = await readRequest(transaction, id)
  await askSigners(host, transaction, context, sent, nextToAsk(sent.signers), 'asked')
  if (expiresAt !== null) await scheduleExpiry(host, transaction, id, expiresAt)
  recordOnSource(host, transaction, context, sent, 'signatures.sent-for')
  await requestHappened(host, transaction, context, sent, 'sign_request.sent')
  return readRequest(transaction, id)
}

/** What modules ask beyond the sender's choice is the signer's from now on. */
async function applyDemands(transaction: CompanyTransaction, ready: Readiness): Promise<void> {
  for (const signer of ready.request.signers) {
    const demanded = ready.demanded.get(signer.id)
    if (demanded === undefined) continue
    await transaction
      .knex('signatures_signer')
      .where({ company_id: transaction.companyId, id: signer.id })
      .update({ level: demanded.level, authentication: JSON.stringify(demanded.authentication) })
  }
}
