import type { CompanyTransaction } from '../../../core/db/database.js'
import type { HookCall } from '../../../core/hooks/hook-map.js'
import type { Host } from '../../../core/host/module.js'
import type { SellingPlaces } from '../../invoicing/index.js'
import { devicesOf } from './device-rows.js'

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
