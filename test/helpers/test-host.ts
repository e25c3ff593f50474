import { loadConfiguration, type ConfigurationPart } from '../../config/load.js'
import type { CompanyContext } from '../../core/access/context.js'
import type { NewCompany } from '../../core/access/access.js'
import { bootHost, type BootOptions, type RunningHost } from '../../core/host/boot.js'
import { placePreparedDatabase } from './prepared-database.js'
import { temporaryFolder } from './temporary-folder.js'

export interface TestHostOptions extends BootOptions {
  readonly config?: ConfigurationPart
  /** Data folder to use again; it is not removed at the end. */
  readonly dataDir?: string
}

export interface TestHost extends RunningHost {
  readonly dataDir: string
  /** Makes a company (Saudi unless told) and answers with the system's context in it. */
  company(values?: Partial<NewCompany>): Promise<CompanyContext>
}

/** A host on an embedded database in a folder of its own; `stop` removes both. Environment variables do not reach it. */
export async function startTestHost(options: TestHostOptions = {}): Promise<TestHost> {
  const folder = options.dataDir === undefined ? await temporaryFolder() : undefined
  const dataDir = options.dataDir ?? folder?.path ?? ''
  const config = configurationIn(dataDir, options.config)
  const usual = options.modulesDir === undefined && options.config?.modules === undefined && config.database.url === null
  if (folder !== undefined && usual) await placeHostDatabase(dataDir)
  const running = await bootHost(config, options).catch(async (error: unknown) => {
    await folder?.remove()
    throw error
  })
  let companies = 0
  return {
    ...running,
    dataDir,
    company: async (values) => {
      companies += 1
      const company = await running.access.createCompany({ ...exampleCompany(`test-${companies}`), ...values })
      return running.access.systemContext(company.id, 'cli')
    },
    stop: async () => {
      await running.stop()
      await folder?.remove()
    },
  }
}

/** Puts a database into an empty data folder that the host then finds migrated: for hosts of the usual modules. */
export function placeHostDatabase(dataDir: string): Promise<void> {
  return placePreparedDatabase(dataDir, 'host', async (place) => {
    const running = await bootHost(configurationIn(place))
    await running.stop()
  })
}

function configurationIn(dataDir: string, given: ConfigurationPart = {}): ReturnType<typeof loadConfiguration> {
  return loadConfiguration({
    environment: {},
    overrides: { port: 0, logLevel: 'silent', documents: { workers: 1 }, ...given, dataDir },
  })
}

/** A complete Saudi company; nothing in it belongs to anybody. */
export function exampleCompany(code: string): NewCompany {
  return {
    code,
    name: 'Example Trading Company',
    nameAr: 'شركة المثال التجارية',
    country: 'SA',
    currency: 'SAR',
    timeZone: 'Asia/Riyadh',
    locale: 'ar',
    digits: 'latin',
    sandbox: false,
    identifiers: [
      { scheme: 'VAT', value: '399999999900003' },
      { scheme: 'CRN', value: '1010010000' },
    ],
    address: { street: 'Prince Sultan', building: '2322', district: 'Al-Murabba', city: 'Riyadh', postalCode: '23333', country: 'SA' },
    phone: null,
    email: null,
    website: null,
  }
}
