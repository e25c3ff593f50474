import type { CompanyContext } from '../../../../core/access/context.js'
import type { CompanyTransaction } from '../../../../core/db/database.js'
import type { Host } from '../../../../core/host/module.js'
import type { RequestSigner, SignRequest } from '../../models/request.js'
import { isMailed, newLink } from './links.js'
import { mailSigner, type MailKind } from './mails.js'
import { scheduleReminder } from './reminders.js'
import { moveSigner } from './states.js'

const dayMilliseconds = 86_400_000

/** When a person is reminded first, counted from now; null when the request reminds nobody. */
export function firstReminderAt(request: Pick<SignRequest, 'reminders'>, now: Date): Date | null {
  return request.reminders === null ? null : new Date(now.getTime() + request.reminders.firstAfterDays * dayMilliseconds)
}

/**
 * Asks people for their part: state `sent`, a fresh link, the mail with it, the first reminder; all in the transaction of what led
 * here. Who signs in person, and everybody of a request that sends no mail, is asked without one.
 */
export async function askSigners(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  request: SignRequest,
  signers: readonly RequestSigner[],
  kind: MailKind,
): Promise<void> {
  const now = host.now()
  for (const signer of signers) {
    const next = firstReminderAt(request, now)
    await moveSigner(transaction, signer, 'sent', { sent_at: now, next_reminder_at: next })
    if (!isMailed(request, signer)) continue
    const token = await newLink(host, transaction, signer)
    await mailSigner(host, transaction, context, request, signer, kind, { token })
    if (next !== null) await scheduleReminder(host, transaction, signer.id, next)
  }
}
