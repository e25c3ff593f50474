import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { localDay } from '../../../core/i18n/local-time.js'
import { plainText } from '../../../core/views/field-control.js'
import type { RecordValues } from '../../../core/views/view.js'
import { lawsOn } from '../data/documents.js'
import { employmentCountries } from '../models/employee.js'

/** The rules of the employee's country on the day the work starts, or today: what the checks compare with, and where it is written. */
export async function lawPanel(host: Host, record: RecordValues, context: CompanyContext): Promise<object> {
  const country = employmentCountries.find((one) => one === plainText(record['country']))
  const { timeZone } = await host.access.company(context.companyId)
  const day = plainText(record['startDate']) || localDay(host.now(), timeZone)
  const { locale } = context
  const laws = country === undefined ? [] : lawsOn(country, day)
  return {
    day,
    laws: laws.map((row) => ({
      text: row.text[locale],
      law: row.law[locale],
      article: row.article === '—' ? null : row.article,
      confirmed: row.status === 'confirmed',
      lastChecked: row.lastChecked,
    })),
  }
}
