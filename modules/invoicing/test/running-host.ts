import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configurationSchema } from '../../../config/schema.js'
import defaults from '../../../config/default.json' with { type: 'json' }
import type { Company, CompanyContext } from '../../../core/access/context.js'
import { bootHost, type RunningHost } from '../../../core/host/boot.js'
import type { Host } from '../../../core/host/module.js'

/** A host of its own on a database of its own, with one company that has the test country's taxes. */
export interface TestHost {
  readonly running: RunningHost
  readonly host: Host
  readonly company: Company
  readonly context: CompanyContext
  stop(): Promise<void>
}

const country = fileURLToPath(new URL('./country', import.meta.url))

export async function startTestHost(options: { now?: () => Date; databaseUrl?: string } = {}): Promise<TestHost> {
  const folder = await mkdtemp(join(tmpdir(), 'khatm-invoicing-'))
  const config = configurationSchema.parse({
    ...defaults,
    dataDir: folder,
    port: 0,
    database: { ...defaults.database, url: options.databaseUrl ?? null },
    modules: [{ name: 'khatm-test-country', version: '1.0.0', path: country }],
    logLevel: 'silent',
  })
  const running = await bootHost(config, options.now === undefined ? {} : { now: options.now })
  const failed = running.report.modules.filter(
    (module) => ['contacts', 'invoicing', 'khatm-test-country'].includes(module.name) && module.state === 'failed',
  )
  if (failed.length > 0) {
    await running.stop()
    throw new Error(`modules failed: ${JSON.stringify(failed.map(({ name, fault }) => ({ name, fault })))}`)
  }
  const { host } = running
  const company = await host.access.createCompany({
    code: 'test-qa',
    name: 'Test Trading Co.',
    nameAr: 'شركة الاختبار للتجارة',
    // A country without a filing regime: posting is tested here, not a law.
    country: 'QA',
    currency: 'SAR',
    timeZone: 'Asia/Riyadh',
    locale: 'ar',
    digits: 'latin',
    sandbox: false,
    identifiers: [{ scheme: 'VAT', value: '300000000000003' }],
    address: { street: 'King Fahd Road', building: '1234', district: 'Olaya', city: 'Riyadh', postalCode: '12345', country: 'SA' },
    phone: null,
    email: null,
    website: null,
  })
  const context = await host.access.systemContext(company.id, 'cli')
  await host.modules.enable(context, 'khatm-test-country')
  return {
    running,
    host,
    company,
    context,
    stop: async () => {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const customer = {
  name: 'Gulf Trading Est.',
  nameAr: 'مؤسسة الخليج للتجارة',
  identifiers: [{ scheme: 'VAT', value: '311111111111113' }],
  address: { street: 'King Fahd Road', building: '4821', district: 'Al Olaya', city: 'Riyadh', postalCode: '12214', country: 'SA' },
}

/** A right invoice of one line: 2 x 100.00 and 15 % tax, 230.00 in all. */
export function sampleInput(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { customer, lines: [{ description: 'خدمة', quantity: '2', unitPrice: '100.00', tax: 'S15' }], ...changes }
}
