import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import type { EventOrigin } from '../../models/event.js'
import { recordEvent } from '../events.js'
import { readRequest, signerOfRequest } from '../request-rows.js'
import { readReason } from './cancel.js'
import { recordOnSource } from './create-request.js'
import { endForPeople } from './expiry.js'
import { requestHappened } from './happened.js'
import { isMailed } from './links.js'
import { mailSender, mailSigner } from './mails.js'
import { finishedStates, moveRequest, moveSigner, requireVersion } from './states.js'

/**
 * Somebody will not sign (or approve), and says why: the request ends. Those who were asked or have signed are told, and the sender.
 * @throws Fault SIGNATURES-REASON-MISSING, SIGNATURES-REQUEST-STATE and SIGNATURES-SIGNER-STATE (409)
 */
export async function declineSigner(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  decline: {
    readonly requestId: string
    readonly signerId: string
    readonly version?: number
    readonly reason: string
    readonly origin?: EventOrigin
  },
): Promise<void> {
  const reason = readReason(decline.reason)
  const request = await readRequest(transaction, decline.requestId, { lock: true })
  const signer = signerOfRequest(request, decline.signerId)
  requireVersion(signer, decline.version)
  const told = request.signers.filter((one) => finishedStates.includes(one.state))
  await moveSigner(transaction, signer, 'declined', { decline_reason: reason, completed_at: host.now(), next_reminder_at: null })
  const others = await endForPeople(transaction, { ...request, signers: request.signers.filter((one) => one.id !== signer.id) })
  await moveRequest(host, transaction, request, 'declined')
  await recordEvent(host, transaction, context, {
    requestId: request.id,
    type: 'declined',
    signerId: signer.id,
    actor: { kind: 'signer', id: signer.id, name: signer.name },
    ...(decline.origin === undefined ? {} : { origin: decline.origin }),
    facts: { reason },
  })
  const ended = await readRequest(transaction, request.id)
  const extras = { reason, by: signer.name }
  for (const one of [...told, ...others]) {
    if (isMailed(request, one)) await mailSigner(host, transaction, context, ended, one, 'declined', extras)
  }
  await mailSender(host, transaction, context, ended, 'declined', extras)
  recordOnSource(host, transaction, context, ended, 'signatures.declined-for', { by: signer.name })
  await requestHappened(host, transaction, context, ended, 'sign_request.declined', signer.id)
}
