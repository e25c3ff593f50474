import { type Browser } from 'playwright-core'
import type { Company, CompanyContext } from '../../core/access/context.js'
import { demonstrationCompany } from '../../modules/compliance/index.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'
import { launch } from './browser.js'

export const house = { login: 'walk@demo.example', password: 'a long password of a test' } as const

export interface House {
  readonly running: TestHost
  readonly company: Company
  readonly context: CompanyContext
  readonly url: string
  readonly browser: Browser
}

let opened: Promise<House> | undefined

/** One host, one demonstration company and one browser for all files of this folder. */
export function openHouse(): Promise<House> {
  opened ??= open()
  return opened
}

async function open(): Promise<House> {
  const running = await startTestHost({ role: { web: true, worker: true }, sandbox: true })
  const company = await demonstrationCompany(running.host, 'demo-sa')
  if (company === undefined) throw new Error('no demonstration company demo-sa')
  await running.access.createUser({ login: house.login, password: house.password, name: 'سلمى', locale: 'ar' }, [
    { companyId: company.id, groups: ['core.admin'] },
  ])
  const { port } = await running.listen()
  const context = await running.access.systemContext(company.id, 'cli')
  return { running, company, context, url: `http://127.0.0.1:${String(port)}`, browser: await launch() }
}

after('close the house', async () => {
  const open = await opened?.catch(() => undefined)
  await open?.browser.close()
  await open?.running.stop()
})
