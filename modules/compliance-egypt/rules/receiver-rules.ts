import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { isCountry } from '../data/codes.js'
import { isNationalId } from '../data/national-id.js'
import { isRin, numberOf, receiverIdentity, rinOf } from '../document/party.js'
import { cairoDay } from '../data/cairo-day.js'

/** Who receives: business with registration number and whole address, person, foreigner. */
export function receiverFaults(invoice: InvoiceDocument, now: Date): FaultDetail[] {
  const { customer } = invoice
  if (customer === null) return invoice.simplified ? [] : [{ code: 'EG-PARTY-06', path: 'customer' }]
  const faults: FaultDetail[] = []
  const { type, id } = receiverIdentity(customer)
  const indexOf = (scheme: string): number => customer.identifiers.findIndex((identifier) => identifier.scheme === scheme)
  const at = (scheme: string): string => `customer.identifiers[${String(Math.max(0, indexOf(scheme)))}].value`
  if (type === 'B') {
    const rin = rinOf(customer) ?? ''
    if (!isRin(rin)) faults.push({ code: 'EG-PARTY-01', path: at('VAT'), params: { value: rin } })
    else if (rin === rinOf(invoice.seller)) faults.push({ code: 'EG-PARTY-02', path: at('VAT') })
  }
  const national = type === 'F' ? undefined : numberOf(customer, 'NAT')
  if (national !== undefined && !isNationalId(national, cairoDay(now))) {
    faults.push({ code: 'EG-PARTY-03', path: at('NAT'), params: { value: national } })
  }
  if (type === 'F' && (id ?? '').trim() === '' && !invoice.simplified) faults.push({ code: 'EG-PARTY-07', path: 'customer.identifiers' })
  if (id !== undefined && id.length > 30) faults.push({ code: 'EG-TEXT-02', path: 'customer.identifiers', params: { limit: 30 } })
  if (!invoice.simplified) faults.push(...addressFaults(customer.address, type === 'B'))
  return faults
}

function addressFaults(address: InvoiceDocument['seller']['address'], whole: boolean): FaultDetail[] {
  if (address === null) return whole ? [{ code: 'EG-ADDRESS-01', path: 'customer.address', params: { field: 'address' } }] : []
  const faults: FaultDetail[] = []
  if (!isCountry(address.country))
    faults.push({ code: 'EG-ADDRESS-02', path: 'customer.address.country', params: { country: address.country } })
  if (!whole) return faults
  for (const field of ['city', 'street', 'building'] as const) {
    if ((address[field] ?? '').trim() === '') faults.push({ code: 'EG-ADDRESS-01', path: `customer.address.${field}`, params: { field } })
  }
  return faults
}
