import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import type { NewCompany } from '../../../core/access/access.js'
import type { CompanyContext } from '../../../core/access/context.js'
import type { EmploymentCountry } from '../models/employee.js'

export { startTestHost, type TestHost }

const places: Readonly<Record<EmploymentCountry, Partial<NewCompany>>> = {
  SA: {},
  EG: {
    country: 'EG',
    currency: 'EGP',
    timeZone: 'Africa/Cairo',
    address: { street: 'شارع طلعت حرب', building: '12', city: 'القاهرة', country: 'EG' },
  },
  KW: {
    country: 'KW',
    currency: 'KWD',
    timeZone: 'Asia/Kuwait',
    address: { street: 'شارع فهد السالم', building: '4', city: 'مدينة الكويت', country: 'KW' },
  },
  BG: {
    name: 'Пример ООД',
    nameAr: null,
    country: 'BG',
    currency: 'EUR',
    timeZone: 'Europe/Sofia',
    locale: 'bg',
    identifiers: [{ scheme: 'EIK', value: '831641791' }],
    address: { street: 'бул. Витоша 1', city: 'София', postalCode: '1000', country: 'BG' },
  },
}

/** A company of a country with the module switched on. */
export async function companyOf(house: TestHost, country: EmploymentCountry = 'SA'): Promise<CompanyContext> {
  const context = await house.company({ sandbox: house.host.config.sandbox.url !== null, ...places[country] })
  await house.host.modules.enable(context, 'employment')
  // The seal and its key are the matter of signatures; here contracts are made and sent.
  await house.host.db.company(context.companyId, (transaction) =>
    house.host.settings.set(transaction, context, 'signatures', { sealWhenSigned: false }),
  )
  return context
}
