import type { Host } from '../../../core/host/module.js'
import type { Locale } from '../../../core/i18n/locale.js'
import { generalSchemes } from '../../contacts/index.js'
import type { Party } from '../document.js'
import { addressLines } from '../services/print-data.js'

/**
 * Number and address of the customer in one line under his name, as they will stand on the document: who confirms an invoice sees
 * whom it is for, and that a number is missing, before it is filed.
 * @param named with the name, where the form shows no contact that carries it
 */
export function customerFacts(host: Host, customer: Party | null, locale: Locale, named: boolean): string | null {
  if (customer === null) return null
  const name = locale === 'ar' ? (customer.nameAr ?? customer.name) : customer.name
  const [number] = [...customer.identifiers].sort((one, other) => Number(other.scheme === 'VAT') - Number(one.scheme === 'VAT'))
  const title = generalSchemes.find(({ scheme }) => scheme === number?.scheme)?.title[locale] ?? number?.scheme ?? ''
  const facts = [
    ...(named ? [isolated(name)] : []),
    number === undefined ? host.i18n.text(locale, 'invoicing.customer.no-number') : `${title} ${isolated(number.value)}`,
    ...addressLines(customer.address, locale).map(isolated),
  ]
  return facts.join(' · ')
}

/** U+2068, U+2069: a name or number of the other direction does not turn what stands beside it. */
function isolated(text: string): string {
  return `\u2068${text}\u2069`
}
