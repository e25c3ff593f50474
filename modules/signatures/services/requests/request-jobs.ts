import type { ModuleSetup } from '../../../../core/host/module.js'
import { expireWhenDue, warnBeforeExpiry } from './expiry.js'
import { remindWhenDue } from './reminders.js'

/** So many are found at a time by the round that looks for what is overdue. */
const perRound = 500

/**
 * Jobs of the life of requests. Each end and each reminder has a job of its own at its time; the round every ten minutes finds those
 * whose job was lost (a database brought back from a copy, a clock that was wrong).
 */
export function addRequestJobs(setup: ModuleSetup): void {
  const { host, jobs } = setup
  jobs.define<{ signerId: string }>('signatures.remind', async ({ signerId }, call) => {
    await remindWhenDue(host, call.context, signerId)
  })
  jobs.define<{ requestId: string }>('signatures.expire', async ({ requestId }, call) => {
    await expireWhenDue(host, call.context, requestId)
  })
  jobs.define<{ requestId: string; expiresAt: string }>('signatures.warn', ({ requestId, expiresAt }, call) =>
    warnBeforeExpiry(host, call.context, requestId, expiresAt),
  )
  jobs.define('signatures.round', (_payload, call) =>
    host.db.company(call.context.companyId, async (transaction) => {
      const { companyId } = transaction
      const now = host.now()
      const due: { id: string }[] = await transaction
        .knex('signatures_signer')
        .where({ company_id: companyId })
        .where('next_reminder_at', '<=', now)
        .whereIn('state', ['sent', 'viewed', 'verified'])
        .orderBy('next_reminder_at')
        .limit(perRound)
        .select('id')
      const ended: { id: string }[] = await transaction
        .knex('signatures_request')
        .where({ company_id: companyId, state: 'sent' })
        .where('expires_at', '<=', now)
        .orderBy('expires_at')
        .limit(perRound)
        .select('id')
      await host.jobs.addMany(
        transaction,
        'signatures.remind',
        due.map(({ id }) => ({ payload: { signerId: id }, options: { key: `signatures.remind:${id}` } })),
      )
      await host.jobs.addMany(
        transaction,
        'signatures.expire',
        ended.map(({ id }) => ({ payload: { requestId: id }, options: { key: `signatures.expire:${id}` } })),
      )
    }),
  )
  jobs.schedule('signatures.round', '*/10 * * * *')
}
