import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { absolute, multiply } from '../../../core/money/decimal-text.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { personLimit, reaches, type PersonLimit, type PersonLimitKind, type PersonLimitRow } from '../data/limits.js'
import { receiverIdentity } from '../document/party.js'

export function personLimitKind(invoice: InvoiceDocument): PersonLimitKind {
  return invoice.simplified ? 'receipt' : 'invoice'
}

/**
 * A person who buys for much is named by national number.
 * @param own the company's figure of the day in pounds, where it states one
 * @param rows of the authority's figures; those that are known
 */
export function personFaults(invoice: InvoiceDocument, own?: string, rows?: readonly PersonLimitRow[]): FaultDetail[] {
  const { type, id } = receiverIdentity(invoice.customer)
  if (type !== 'P' || id !== undefined) return []
  const pounds = multiply(absolute(invoice.totals.taxInclusive), invoice.exchangeRate)
  const path = invoice.customer === null ? 'customer' : 'customer.identifiers'
  let limit: PersonLimit
  try {
    limit = personLimit(personLimitKind(invoice), invoice.issueDate, own, rows)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return [{ code: error.code, params: error.params, path: 'issueDate' }]
  }
  if (reaches(pounds, limit.refusesFrom)) return [{ code: 'EG-PARTY-04', path, params: { limit: limit.refusesFrom } }]
  if (reaches(pounds, limit.warnsFrom)) return [{ code: 'EG-PARTY-05', path, params: { limit: limit.warnsFrom }, level: 'warning' }]
  return []
}
