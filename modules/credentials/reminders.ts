import type { JobCall } from '../../core/jobs/jobs.js'
import type { Host } from '../../core/host/module.js'
import { keyFacts } from './key-facts.js'

/** Days before the end at which a reminder goes out. */
export const reminderDays = [60, 30, 14, 7] as const

/** The step a key with so many days left stands at: the smallest that is not yet passed; none when the end is far or over. */
export function reminderStep(daysLeft: number): number | undefined {
  return daysLeft < 0 ? undefined : [...reminderDays].reverse().find((days) => daysLeft <= days)
}

/**
 * Tells the company, once for each step, that a key's certificate or period ends. Runs daily; a day the host slept through is
 * made good the next, and a job that runs twice tells nothing twice: what was told stands in the key's events.
 */
export async function remindOfExpiry(host: Host, { context }: JobCall): Promise<void> {
  const company = await host.access.company(context.companyId)
  await host.db.company(context.companyId, async (transaction) => {
    for (const key of await host.signing.keys(transaction)) {
      const { state, daysLeft, until } = keyFacts(key, host.now())
      const step = daysLeft === undefined ? undefined : reminderStep(daysLeft)
      if (state === 'stopped' || until === undefined || daysLeft === undefined || step === undefined) continue
      const subject = { type: 'key', id: key.id, label: key.name }
      const told = (await host.audit.of(transaction, subject, 500)).some(
        (event) => event.action === 'key.expiry-reminded' && event.facts?.['until'] === until.toISOString() && event.facts['step'] === step,
      )
      if (told) continue
      host.audit.record(transaction, context, {
        action: 'key.expiry-reminded',
        subject,
        facts: { until: until.toISOString(), step, daysLeft },
      })
      if (company.email === null) continue
      const params = { name: key.name, days: daysLeft, date: until.toISOString().slice(0, 10), company: company.name }
      await host.mail.queue(transaction, context, {
        to: [company.email],
        subject: host.i18n.text(company.locale, 'credentials.reminder.subject', params),
        text: host.i18n.text(company.locale, 'credentials.reminder.text', params),
        subjectRecord: { type: 'key', id: key.id },
      })
    }
  })
}
