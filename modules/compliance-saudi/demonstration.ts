import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Company, CompanyContext } from '../../core/access/context.js'
import type { Host } from '../../core/host/module.js'
import { ensureDemonstrationSeal, type Demonstration } from '../compliance/index.js'
import { onboard } from './unit/onboard.js'
import { readiness } from './unit/readiness.js'

const examples = join(import.meta.dirname, 'examples/in')

/** Passwords of one time are six digits; the sandbox takes any. */
const sandboxPassword = '123345'

/** A trading company in Riyadh, ready to issue against the sandbox. */
export function saudiDemonstration(): Demonstration {
  return {
    company: {
      code: 'demo-sa',
      name: 'Waraq Office Supplies Est.',
      nameAr: 'مؤسسة ورق للتجهيزات المكتبية',
      country: 'SA',
      currency: 'SAR',
      timeZone: 'Asia/Riyadh',
      locale: 'ar',
      digits: 'latin',
      sandbox: true,
      identifiers: [
        { scheme: 'VAT', value: '399999999900003' },
        { scheme: 'CRN', value: '1010010000' },
      ],
      address: {
        street: 'شارع الأمير سلطان',
        building: '2322',
        additionalNumber: '9127',
        district: 'المربع',
        city: 'الرياض',
        postalCode: '12613',
        country: 'SA',
      },
      phone: '+966 11 555 0142',
      email: 'billing@waraq.example',
      website: null,
    },
    modules: ['contacts', 'invoicing', 'seal', 'compliance', 'compliance-saudi'],
    prepare,
    invoices: readdirSync(examples)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => JSON.parse(readFileSync(join(examples, name), 'utf8')) as Record<string, unknown>),
  }
}

async function prepare(host: Host, context: CompanyContext, company: Company): Promise<void> {
  const items = await host.db.company(company.id, (transaction) => readiness(transaction, company, host.now()))
  if (items.some((item) => !item.ready)) {
    await onboard(host, context, { otp: sandboxPassword, environment: 'sandbox', businessCategory: 'Office supplies' })
  }
  const number = company.identifiers.find((identifier) => identifier.scheme === 'CRN')?.value ?? ''
  await ensureDemonstrationSeal(host, context, company, { caption: 'س.ت', number, year: 'الرياض' })
}
