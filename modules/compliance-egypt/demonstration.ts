import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Company, CompanyContext } from '../../core/access/context.js'
import type { Host } from '../../core/host/module.js'
import { ensureDemonstrationSeal, type Demonstration } from '../compliance/index.js'
import { prepareSandboxCompany } from './company/sandbox-company.js'
import { devicesOf } from './receipts/device-rows.js'
import { storeDevice } from './receipts/save-device.js'

/** The point of sale its receipts come from. */
const till = { name: 'الصندوق 1', serial: 'DEMO-POS-1', osVersion: 'Linux', model: 'KHATM', branchCode: '0' }

const examples = join(import.meta.dirname, 'examples/in')

/** A trading company in Cairo, ready to issue against the sandbox. */
export function egyptDemonstration(): Demonstration {
  return {
    company: {
      code: 'demo-eg',
      name: 'Nile Paper Trading S.A.E.',
      nameAr: 'شركة نيل بيبر للتجارة ش.م.م',
      country: 'EG',
      currency: 'EGP',
      timeZone: 'Africa/Cairo',
      locale: 'ar',
      digits: 'latin',
      sandbox: true,
      identifiers: [
        { scheme: 'VAT', value: '900100200' },
        { scheme: 'CRN', value: '100200' },
      ],
      address: {
        street: 'شارع طلعت حرب',
        building: '17',
        district: 'وسط البلد',
        city: 'القاهرة',
        region: 'القاهرة',
        postalCode: '11511',
        country: 'EG',
      },
      phone: '+20 2 5550 0142',
      email: 'billing@nilepaper.example',
      website: null,
    },
    modules: ['contacts', 'invoicing', 'seal', 'compliance', 'compliance-egypt'],
    prepare,
    invoices: readdirSync(examples)
      .filter((name) => name.endsWith('.json'))
      .sort()
      // The shape of each is checked when it is issued, like anybody's.
      .map((name) => JSON.parse(readFileSync(join(examples, name), 'utf8')) as Record<string, unknown>)
      // A receipt carries no signature that a verdict could be about.
      .filter((invoice) => invoice['simplified'] !== true),
  }
}

async function prepare(host: Host, context: CompanyContext, company: Company): Promise<void> {
  await prepareSandboxCompany(host, context, company)
  const tills = await host.db.company(company.id, devicesOf)
  if (tills.length === 0) await storeDevice(host, context, { ...till, presharedKey: randomUUID() })
  const number = company.identifiers.find((identifier) => identifier.scheme === 'CRN')?.value ?? ''
  await ensureDemonstrationSeal(host, context, company, { caption: 'س.ت', number, year: 'القاهرة' })
}
