import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { recordEvent } from '../events.js'
import { readRequest } from '../request-rows.js'
import { recordOnSource } from './create-request.js'
import { requestHappened } from './happened.js'
import { isMailed, newLink } from './links.js'
import { mailSender, mailSigner } from './mails.js'
import { askedStates, moveRequest, moveSigner } from './states.js'

/** People who are still asked hear of the end so long before it. */
const warningMilliseconds = 2 * 86_400_000
/** A signature that was begun in time is waited for so long: a person at a desk may still have to enter his PIN. */
const graceMilliseconds = 3 * 86_400_000

/** Jobs of the end and of the warning before it; later ones take their place. */
export async function scheduleExpiry(host: Host, transaction: CompanyTransaction, requestId: string, expiresAt: Date): Promise<void> {
  await host.jobs.add(transaction, 'signatures.expire', { requestId }, { runAt: expiresAt, key: `signatures.expire:${requestId}` })
  const warnAt = new Date(expiresAt.getTime() - warningMilliseconds)
  if (warnAt > host.now())
    await host.jobs.add(
      transaction,
      'signatures.warn',
      { requestId, expiresAt: expiresAt.toISOString() },
      { runAt: warnAt, key: `signatures.warn:${requestId}` },
    )
}

/**
 * The job of the end. Signatures that are being made at this moment are let through: who submitted in time is not cut off.
 * @returns true when the request ended now
 */
export async function expireWhenDue(host: Host, context: CompanyContext, requestId: string): Promise<boolean> {
  return host.db.company(context.companyId, async (transaction) => {
    const request = await readRequest(transaction, requestId, { lock: true })
    const now = host.now()
    if (request.state !== 'sent' || request.expiresAt === null) return false
    if (request.expiresAt > now) {
      await scheduleExpiry(host, transaction, requestId, request.expiresAt)
      return false
    }
    if (now.getTime() - request.expiresAt.getTime() < graceMilliseconds && request.signers.some((signer) => signer.state === 'submitted')) {
      await host.jobs.add(
        transaction,
        'signatures.expire',
        { requestId },
        { runAt: new Date(now.getTime() + 600_000), key: `signatures.expire:${requestId}` },
      )
      return false
    }
    const asked = await endForPeople(transaction, request)
    await moveRequest(host, transaction, request, 'expired')
    await recordEvent(host, transaction, context, { requestId, type: 'expired', facts: { expiresAt: request.expiresAt.toISOString() } })
    const ended = await readRequest(transaction, requestId)
    for (const signer of asked) {
      if (isMailed(request, signer)) await mailSigner(host, transaction, context, ended, signer, 'expired')
    }
    await mailSender(host, transaction, context, ended, 'expired')
    recordOnSource(host, transaction, context, ended, 'signatures.expired-for')
    await requestHappened(host, transaction, context, ended, 'sign_request.expired')
    return true
  })
}

/** Nobody is waited for any more. @returns those who were asked */
export async function endForPeople(transaction: CompanyTransaction, request: SignRequest): Promise<RequestSigner[]> {
  const asked = request.signers.filter((signer) => askedStates.includes(signer.state))
  for (const signer of request.signers) {
    if (askedStates.includes(signer.state) || signer.state === 'submitted' || (signer.state === 'waiting' && signer.action !== 'copy'))
      await moveSigner(transaction, signer, 'expired', { next_reminder_at: null })
  }
  return asked
}

/** The job of the warning: everybody who is asked and has not answered, once per end. */
export async function warnBeforeExpiry(host: Host, context: CompanyContext, requestId: string, expiresAt: string): Promise<void> {
  await host.db.company(context.companyId, async (transaction) => {
    const request = await readRequest(transaction, requestId, { lock: true })
    if (request.state !== 'sent' || request.expiresAt?.toISOString() !== expiresAt || request.expiresAt <= host.now()) return
    for (const signer of request.signers) {
      if (!askedStates.includes(signer.state) || !isMailed(request, signer)) continue
      // The job may run again after a crash: its mails are one commit, and this one tells that they are there.
      const warned: unknown = await transaction
        .knex('signatures_mail')
        .where({ company_id: transaction.companyId, request_id: requestId, signer_id: signer.id, kind: 'expiring' })
        .where('created_at', '>=', new Date(request.expiresAt.getTime() - warningMilliseconds - 60_000))
        .first('id')
      if (warned !== undefined) continue
      const token = await newLink(host, transaction, signer)
      await mailSigner(host, transaction, context, request, signer, 'expiring', { token })
    }
  })
}

/**
 * Another end for a request under way, later or sooner; null: none. A request that has ended is not begun again.
 * @throws Fault SIGNATURES-EXPIRY-PAST, SIGNATURES-REQUEST-STATE (409)
 */
export async function changeExpiry(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  expiresAt: Date | null,
): Promise<void> {
  const request = await readRequest(transaction, requestId, { lock: true })
  if (request.state !== 'sent' && request.state !== 'draft')
    throw new Fault('SIGNATURES-REQUEST-STATE', { status: 409, params: { number: request.number, state: request.state, to: 'sent' } })
  if (expiresAt !== null && expiresAt <= host.now()) throw new Fault('SIGNATURES-EXPIRY-PAST', { path: 'expiresAt' })
  await transaction
    .knex('signatures_request')
    .where({ company_id: transaction.companyId, id: requestId })
    .update({ expires_at: expiresAt, revision: transaction.knex.raw('revision + 1'), updated_at: host.now() })
  await recordEvent(host, transaction, context, {
    requestId,
    type: 'expiry_changed',
    facts: { from: request.expiresAt?.toISOString() ?? null, to: expiresAt?.toISOString() ?? null },
  })
  if (request.state === 'sent' && expiresAt !== null) await scheduleExpiry(host, transaction, requestId, expiresAt)
}
