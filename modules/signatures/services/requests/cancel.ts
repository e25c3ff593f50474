import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import { recordEvent } from '../events.js'
import { readRequest } from '../request-rows.js'
import { recordOnSource } from './create-request.js'
import { endForPeople } from './expiry.js'
import { requestHappened } from './happened.js'
import { isMailed } from './links.js'
import { mailSigner } from './mails.js'
import { finishedStates, moveRequest } from './states.js'

const longestReason = 1000

/**
 * The sender withdraws a request, before all have signed. Everybody who was asked or has signed is told, with the reason; links lead to
 * a page that says so.
 * @throws Fault SIGNATURES-REASON-MISSING, SIGNATURES-INPUT-LONG, SIGNATURES-REQUEST-STATE (409)
 */
export async function cancelRequest(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  reason: string,
): Promise<void> {
  const request = await readRequest(transaction, requestId, { lock: true })
  const said = readReason(reason, request.state === 'draft')
  const told = request.signers.filter((signer) => finishedStates.includes(signer.state))
  // Who is making a signature at this moment finds the request ended when he comes to store it: the row is locked till then.
  const asked = request.state === 'draft' ? [] : await endForPeople(transaction, request)
  await moveRequest(host, transaction, request, 'cancelled')
  await recordEvent(host, transaction, context, { requestId, type: 'cancelled', facts: { reason: said } })
  const ended = await readRequest(transaction, requestId)
  for (const signer of [...told, ...asked]) {
    if (isMailed(request, signer)) await mailSigner(host, transaction, context, ended, signer, 'cancelled', { reason: said })
  }
  recordOnSource(host, transaction, context, ended, 'signatures.cancelled-for')
  await requestHappened(host, transaction, context, ended, 'sign_request.cancelled')
}

/** Words that others will read. @throws Fault SIGNATURES-REASON-MISSING, SIGNATURES-INPUT-LONG */
export function readReason(reason: string, optional = false): string {
  const said = reason.trim()
  if (said === '' && !optional) throw new Fault('SIGNATURES-REASON-MISSING', { path: 'reason' })
  if (said.length > longestReason)
    throw new Fault('SIGNATURES-INPUT-LONG', { path: 'reason', params: { field: 'reason', limit: longestReason } })
  return said
}
