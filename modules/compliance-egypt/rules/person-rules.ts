import type { FaultDetail } from '../../../core/i18n/fault.js'
import { absolute, multiply } from '../../../core/money/decimal-text.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { personLimit, reaches, type PersonLimitKind } from '../data/limits.js'
import { receiverIdentity } from '../document/party.js'

export function personLimitKind(invoice: InvoiceDocument): PersonLimitKind {
  return invoice.simplified ? 'receipt' : 'invoice'
}

/**
 * A person who buys for much is named by national number.
 * @param own the company's figure of the day in pounds, where it states one
 */
export function personFaults(invoice: InvoiceDocument, own?: string): FaultDetail[] {
  const { type, id } = receiverIdentity(invoice.customer)
  if (type !== 'P' || id !== undefined) return []
  const pounds = multiply(absolute(invoice.totals.taxInclusive), invoice.exchangeRate)
  const limit = personLimit(personLimitKind(invoice), invoice.issueDate, own)
  const path = invoice.customer === null ? 'customer' : 'customer.identifiers'
  if (reaches(pounds, limit.refusesFrom)) return [{ code: 'EG-PARTY-04', path, params: { limit: limit.refusesFrom } }]
  if (reaches(pounds, limit.warnsFrom)) return [{ code: 'EG-PARTY-05', path, params: { limit: limit.warnsFrom }, level: 'warning' }]
  return []
}
