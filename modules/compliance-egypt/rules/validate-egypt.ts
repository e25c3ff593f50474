import type { Company } from '../../../core/access/context.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { InvoiceDocument } from '../../invoicing/index.js'
import { activityOn, isCurrency } from '../data/codes.js'
import { usualDays } from '../data/limits.js'
import { isExport } from '../document/build-eta-document.js'
import { isRin, receiverIdentity, rinOf } from '../document/party.js'
import { instantOf } from '../document/zoned-time.js'
import { fiveDecimals } from './decimals.js'
import { factFaults } from './fact-rules.js'
import { lineFaults } from './line-rules.js'
import { receiverFaults } from './receiver-rules.js'
import { textFaults } from './text-rules.js'

/** Clocks differ a little; the authority's is right. */
const clockDifferenceMs = 60_000

/** Rules on an invoice before it is posted that ask nothing of the company's own tables; paths in the terms of the input. */
export function validateEgypt(invoice: InvoiceDocument, company: Company, now: Date): FaultDetail[] {
  return [
    ...headFaults(invoice, company, now),
    ...receiverFaults(invoice, now),
    ...lineFaults(invoice),
    ...factFaults(invoice),
    ...textFaults(invoice),
  ]
}

function headFaults(invoice: InvoiceDocument, company: Company, now: Date): FaultDetail[] {
  const faults: FaultDetail[] = []
  const rin = rinOf(invoice.seller)
  if (rin === undefined || !isRin(rin)) faults.push({ code: 'EG-ISSUER-01', path: 'company' })
  if (invoice.companyCurrency !== 'EGP')
    faults.push({ code: 'EG-CURRENCY-01', path: 'company', params: { currency: invoice.companyCurrency } })
  if (!isCurrency(invoice.currency)) faults.push({ code: 'EG-CURRENCY-02', path: 'currency', params: { currency: invoice.currency } })
  if (!fiveDecimals(invoice.exchangeRate)) faults.push({ code: 'EG-DECIMALS-01', path: 'exchangeRate', params: { field: 'exchangeRate' } })
  if (invoice.discount !== undefined && !fiveDecimals(invoice.discount)) {
    faults.push({ code: 'EG-DECIMALS-01', path: 'discount', params: { field: 'discount' } })
  }
  const issued = instantOf(invoice.issueDate, invoice.issueTime, company.timeZone)
  if (issued.getTime() > now.getTime() + clockDifferenceMs) faults.push({ code: 'EG-DATE-01', path: 'issueTime' })
  else if (now.getTime() - issued.getTime() > usualDays * 86_400_000) {
    faults.push({ code: 'EG-DATE-02', path: 'issueDate', params: { days: usualDays }, level: 'warning' })
  }
  const activity = invoice.country?.['activity']
  if (activity !== undefined && activityOn(activity, invoice.issueDate) === undefined) {
    faults.push({ code: 'EG-ACTIVITY-01', path: 'country.activity', params: { code: activity } })
  }
  if (isExport(invoice) && receiverIdentity(invoice.customer).type !== 'F')
    faults.push({ code: 'EG-EXPORT-01', path: 'customer.address.country' })
  if (!isExport(invoice) && !invoice.simplified && invoice.lines.some(({ tax }) => tax.code === 'V001')) {
    faults.push({ code: 'EG-EXPORT-02', path: 'country.export', level: 'warning' })
  }
  if (invoice.type !== 'invoice' && (invoice.refersTo?.number ?? '') === '') faults.push({ code: 'EG-NOTE-01', path: 'refersTo' })
  return faults
}
