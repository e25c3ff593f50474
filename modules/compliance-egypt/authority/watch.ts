import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { egyptCompany } from '../company/company-rows.js'
import { refreshCodes } from './request-codes.js'
import { forgetDeliveries } from './notifications.js'
import { recordReceived } from './received-rows.js'
import { recordStatus } from './record-status.js'
import { searchEta } from './search.js'
import { changeableSince } from './submission-rows.js'
import { readDeclineTimes } from './undone.js'

/** A document's fate is open for days after it was filed; the authority's search takes at most thirty. */
const backDays = 29

/** Reads what changed at the authority without a notification: own documents, received ones, codes. Repeatable. */
export async function watchAuthority(host: Host, context: CompanyContext): Promise<void> {
  const known = await host.db.company(context.companyId, async (transaction) => {
    await forgetDeliveries(host, transaction)
    return egyptCompany(transaction)
  })
  if (known === undefined || known.clientId === null) return
  await readReceived(host, context)
  await readChanges(host, context)
  await refreshCodes(host, context)
  await readDeclineTimes(host, context, await host.access.company(context.companyId))
}

/** Documents others issued to us in the last weeks. @returns how many the authority has */
export async function readReceived(host: Host, context: CompanyContext): Promise<number> {
  const company = await host.access.company(context.companyId)
  const to = new Date(host.now().getTime() + 60_000)
  const from = new Date(to.getTime() - backDays * 86_400_000)
  const found = await searchEta(host, context, company, { direction: 'Received', from, to })
  await host.db.company(context.companyId, (transaction) => recordReceived(host, context, transaction, found))
  return found.length
}

async function readChanges(host: Host, context: CompanyContext): Promise<void> {
  const company = await host.access.company(context.companyId)
  const to = new Date(host.now().getTime() + 60_000)
  const from = new Date(to.getTime() - backDays * 86_400_000)
  const rows = await host.db.company(context.companyId, (transaction) => changeableSince(transaction, from))
  if (rows.length === 0) return
  const byUuid = new Map(rows.map((row) => [row.documentUuid, row]))
  const found = await searchEta(host, context, company, { direction: 'Sent', from, to })
  await host.db.company(context.companyId, async (transaction) => {
    for (const said of found) {
      const row = byUuid.get(said.uuid)
      if (row !== undefined && row.internalId === said.internalId) await recordStatus(host, context, transaction, row, said)
    }
  })
}
