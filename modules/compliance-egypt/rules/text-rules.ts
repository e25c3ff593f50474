import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { isSafeText } from '../canonical/write-literal.js'
import { etaName } from '../document/party.js'
import { longestFact } from './fact-rules.js'

type Text = readonly [path: string, text: string | null | undefined, limit: number]

/** Texts that every implementation reads alike, and no longer than the schema has them. */
export function textFaults(invoice: InvoiceDocument): FaultDetail[] {
  const { customer } = invoice
  const address = customer?.address
  const texts: Text[] = [
    ['company', etaName(invoice.seller), 200],
    ['customer.name', customer === null ? null : etaName(customer), 200],
    ['customer.address.region', address?.region, 100],
    ['customer.address.city', address?.city, 100],
    ['customer.address.street', address?.street, 200],
    ['customer.address.additionalStreet', address?.additionalStreet, 500],
    ['customer.address.building', address?.building, 100],
    ['customer.address.postalCode', address?.postalCode, 30],
    ['purchaseOrder', invoice.purchaseOrder, 100],
    ...Object.entries(invoice.country ?? {}).map(([name, text]): Text => [`country.${name}`, text, longestFact(name)]),
    ...invoice.lines.flatMap((line, index): Text[] => [
      [`lines[${String(index)}].description`, line.description, 500],
      [`lines[${String(index)}].itemCode`, line.itemCode, 100],
      [`lines[${String(index)}].country.internalCode`, line.country?.['internalCode'], 100],
    ]),
  ]
  return texts.flatMap(([path, text, limit]): FaultDetail[] => {
    if (text === null || text === undefined) return []
    if (!isSafeText(text)) return [{ code: 'EG-TEXT-01', path }]
    return text.length > limit ? [{ code: 'EG-TEXT-02', path, params: { limit } }] : []
  })
}
