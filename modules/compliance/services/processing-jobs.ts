import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'

export const processJob = 'compliance.process'

export interface ProcessPayload {
  readonly invoiceIds: readonly string[]
}

/** Documents in one job: they are signed in one opening of the key and answered in one transaction. */
const perJob = 50

export async function addProcessing(
  host: Host,
  transaction: CompanyTransaction,
  invoiceIds: readonly string[],
  runAt?: Date,
): Promise<void> {
  const jobs: { payload: ProcessPayload; options: { runAt?: Date } }[] = []
  for (let start = 0; start < invoiceIds.length; start += perJob) {
    jobs.push({ payload: { invoiceIds: invoiceIds.slice(start, start + perJob) }, options: runAt === undefined ? {} : { runAt } })
  }
  if (jobs.length > 0) await host.jobs.addMany(transaction, processJob, jobs)
}

/** The authority has something to say about these documents: they are taken up now, whatever time was set for the next try. */
export function processSoon(host: Host, transaction: CompanyTransaction, invoiceIds: readonly string[]): Promise<void> {
  return addProcessing(host, transaction, invoiceIds)
}
