import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { recordEvent } from '../events.js'
import { readRequest, signerOfRequest } from '../request-rows.js'
import { requestHappened } from './happened.js'
import { isMailed, newLink } from './links.js'
import { mailSigner } from './mails.js'
import { askedStates } from './states.js'

const dayMilliseconds = 86_400_000
/** A person is not reminded by hand more often than this. */
const pauseMinutes = 30

/** One job for one person's next reminder; a later one takes its place. */
export async function scheduleReminder(host: Host, transaction: CompanyTransaction, signerId: string, at: Date): Promise<void> {
  await host.jobs.add(transaction, 'signatures.remind', { signerId }, { runAt: at, key: `signatures.remind:${signerId}` })
}

/**
 * The job of a reminder. It runs at least once, perhaps twice at a time: the request's row is locked, and only a person whose time
 * has come is reminded; the mail, the count and the next time are one commit.
 * @returns true when somebody was reminded
 */
export async function remindWhenDue(host: Host, context: CompanyContext, signerId: string): Promise<boolean> {
  return host.db.company(context.companyId, async (transaction) => {
    const found: { request_id: string } | undefined = await transaction
      .knex('signatures_signer')
      .where({ company_id: context.companyId, id: signerId })
      .first('request_id')
    if (found === undefined) return false
    const request = await readRequest(transaction, found.request_id, { lock: true })
    const signer = signerOfRequest(request, signerId)
    const now = host.now()
    if (request.state !== 'sent' || !askedStates.includes(signer.state) || signer.nextReminderAt === null) return false
    if (signer.nextReminderAt > now) {
      await scheduleReminder(host, transaction, signer.id, signer.nextReminderAt)
      return false
    }
    if (request.expiresAt !== null && request.expiresAt <= now) return false
    await remind(host, transaction, context, request, signer)
    return true
  })
}

/**
 * «Remind now»: the same mail at once, and the clock of the automatic ones begins again.
 * @throws Fault SIGNATURES-REMIND-TOO-OFTEN (429), SIGNATURES-REMIND-NOT-ASKED (409), SIGNATURES-REMIND-NO-MAIL
 */
export async function remindSigner(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  requestId: string,
  signerId: string,
): Promise<void> {
  const request = await readRequest(transaction, requestId, { lock: true })
  const signer = signerOfRequest(request, signerId)
  if (request.state !== 'sent' || !askedStates.includes(signer.state))
    throw new Fault('SIGNATURES-REMIND-NOT-ASKED', { status: 409, params: { name: signer.name } })
  if (!isMailed(request, signer)) throw new Fault('SIGNATURES-REMIND-NO-MAIL', { params: { name: signer.name } })
  const row: { reminded_at: Date | null } | undefined = await transaction
    .knex('signatures_signer')
    .where({ company_id: transaction.companyId, id: signerId })
    .first('reminded_at')
  const last = row?.reminded_at ?? null
  if (last !== null && host.now().getTime() - last.getTime() < pauseMinutes * 60_000)
    throw new Fault('SIGNATURES-REMIND-TOO-OFTEN', { status: 429, params: { name: signer.name, minutes: pauseMinutes } })
  await remind(host, transaction, context, request, signer)
}

async function remind(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: SignRequest,
  signer: RequestSigner,
): Promise<void> {
  const now = host.now()
  const next = request.reminders === null ? null : new Date(now.getTime() + request.reminders.everyDays * dayMilliseconds)
  await transaction
    .knex('signatures_signer')
    .where({ company_id: transaction.companyId, id: signer.id })
    .update({ reminders: transaction.knex.raw('reminders + 1'), reminded_at: now, next_reminder_at: next })
  await recordEvent(host, transaction, context, {
    requestId: request.id,
    type: 'reminded',
    signerId: signer.id,
    facts: { number: signer.reminders + 1 },
  })
  const token = await newLink(host, transaction, signer)
  await mailSigner(host, transaction, context, request, signer, 'reminder', { token })
  if (next !== null) await scheduleReminder(host, transaction, signer.id, next)
  await requestHappened(host, transaction, context, request, 'sign_request.reminded', signer.id)
}
