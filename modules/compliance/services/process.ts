import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { clearWait, leftBehind, rowOfInvoice, takeLate } from '../models/document-rows.js'
import { addProcessing, type ProcessPayload } from './processing-jobs.js'
import { regimeOf } from './regime-of.js'
import { signNow } from './sign-now.js'
import { submitNow } from './submit.js'
import { releasePrints } from './print.js'

/** The job: signs what is not signed, sends what is not answered. Doing it twice does no harm. */
export async function processDocuments(host: Host, context: CompanyContext, payload: ProcessPayload): Promise<void> {
  await signNow(host, context, payload.invoiceIds)
  const company = await host.access.company(context.companyId)
  const regime = await regimeOf(host, context, company)
  if (regime === undefined) return
  await submitNow(host, context, company, regime, payload.invoiceIds, (transaction, accepted) => releasePrints(host, transaction, accepted))
}

/** Longer than the longest wait between two tries. */
const forgottenMinutes = 10
/** Part of the authority's time after which somebody is told. */
const alarmShare = 0.8
const sweep = 500

/** Every few minutes: takes up what no job holds any more, and raises the alarm before the authority's time is over. */
export async function watchDocuments(host: Host, context: CompanyContext): Promise<void> {
  const now = host.now()
  await host.db.company(context.companyId, async (transaction) => {
    const ids = await leftBehind(transaction, new Date(now.getTime() - forgottenMinutes * 60_000), sweep)
    await addProcessing(host, transaction, ids)
    for (const late of await takeLate(transaction, now, alarmShare)) {
      host.audit.record(transaction, context, {
        action: 'compliance.deadline',
        subject: { type: 'invoicing.invoice', id: late.invoiceId, label: late.number },
        facts: { number: late.number, deadline: late.deadlineAt.toISOString() },
      })
    }
  })
}

/** The button «Try again»: now, or when whoever is sending it has had his time. @returns false when there is nothing to try */
export async function retryNow(host: Host, context: CompanyContext, invoiceId: string): Promise<boolean> {
  host.access.require(context, 'invoicing.user')
  return host.db.company(context.companyId, async (transaction) => {
    const seconds = await clearWait(transaction, invoiceId)
    if (seconds === undefined) return false
    const row = await rowOfInvoice(transaction, invoiceId)
    host.audit.record(transaction, context, {
      action: 'compliance.retried',
      subject: { type: 'invoicing.invoice', id: invoiceId, label: row?.number ?? '' },
    })
    await addProcessing(host, transaction, [invoiceId], seconds === 0 ? undefined : new Date(host.now().getTime() + seconds * 1000))
    return true
  })
}
