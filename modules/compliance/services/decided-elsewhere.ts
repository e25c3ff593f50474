import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { KeyUse } from '../../../core/signing/key.js'
import { agentProviderOf } from '../../../core/signing/keys/agent/agent-provider.js'
import { standingsOfDocuments } from '../../../core/signing/keys/agent/document-standings.js'
import { unsignedDocuments } from '../models/document-rows.js'
import { processDocuments } from './process.js'

export const takeUpJob = 'compliance.take-up'

/** Answers of a desk come within moments of each other: they are filed together. */
const gatherMs = 300
const most = 10_000
/** Filed in one call of the signer and, where the authority takes several, sent together. */
const together = 250

/** Documents that were put on somebody's desk are taken up as soon as he has decided: nobody waits in a request for a person. */
export function listenToDesks(host: Host): void {
  agentProviderOf(host.signing).requests.onSettled((transaction, uses) => takeUpSoon(host, transaction, uses))
}

async function takeUpSoon(host: Host, transaction: CompanyTransaction, uses: readonly KeyUse[]): Promise<void> {
  if (!uses.some(({ purpose, subject }) => purpose === 'stamp-e-invoice' && subject.type === 'invoicing.invoice')) return
  const runAt = new Date(Date.now() + gatherMs)
  // Before prints of what was filed earlier: a person sits at the desk and looks on.
  await host.jobs.add(transaction, takeUpJob, {}, { key: `${takeUpJob} ${transaction.companyId}`, runAt, priority: -10 })
}

/** The job: signs and sends what desks have answered, and writes down what they refused. */
export async function takeUpDecided(host: Host, context: CompanyContext): Promise<void> {
  const decided = await host.db.company(context.companyId, async (transaction) => {
    const ids = await unsignedDocuments(transaction, most)
    const standings = await standingsOfDocuments(transaction, 'stamp-e-invoice', 'invoicing.invoice', ids)
    return ids.filter((id) => (standings.get(id)?.state ?? 'pending') !== 'pending')
  })
  for (let start = 0; start < decided.length; start += together) {
    await processDocuments(host, context, { invoiceIds: decided.slice(start, start + together) })
  }
}
