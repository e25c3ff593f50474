import type { CompanyTransaction } from '../../../core/db/database.js'
import type { HookCall } from '../../../core/hooks/hook-map.js'
import type { Host } from '../../../core/host/module.js'
import type { OverviewCard, SellingPlaces } from '../../invoicing/index.js'
import { devicesOf } from './device-rows.js'
import { receiptsToday } from './receipt-overview.js'

/** A quick sale names the point of sale it happens at: its receipts are chained by it. */
export async function egyptSellingPlaces(
  host: Host,
  { context, transaction }: HookCall,
): Promise<SellingPlaces | readonly SellingPlaces[]> {
  if ((await host.access.company(context.companyId)).country !== 'EG') return []
  const read = async (own: CompanyTransaction): Promise<SellingPlaces> => ({
    fact: 'device',
    label: { ar: 'نقطة البيع', en: 'Point of sale', bg: 'Каса' },
    places: (await devicesOf(own))
      .filter(({ active }) => active)
      .map(({ serial, name, isDefault }) => ({ value: serial, label: `${name} · ${serial}`, isDefault })),
    setup: '/app/compliance-egypt/devices',
  })
  return transaction === undefined ? host.db.company(context.companyId, read) : read(transaction)
}

/** The day's receipts on the overview of companies that have points of sale. */
export async function receiptsCard(host: Host, { context, transaction }: HookCall): Promise<OverviewCard | readonly OverviewCard[]> {
  const company = await host.access.company(context.companyId)
  if (company.country !== 'EG') return []
  const read = async (own: CompanyTransaction): Promise<OverviewCard | readonly OverviewCard[]> => {
    if ((await devicesOf(own)).length === 0) return []
    const { count, total, unsent, refused } = await receiptsToday(own, company.timeZone, host.now())
    const label = 'compliance-egypt.overview.receipts'
    return {
      label,
      count,
      amount: total,
      href: '/app/compliance-egypt/devices',
      note: { key: `${label}.note`, params: { unsent, refused } },
    }
  }
  return transaction === undefined ? host.db.company(company.id, read) : read(transaction)
}
