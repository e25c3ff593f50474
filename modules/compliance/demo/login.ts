import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Company } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'

const loginFile = z.object({ login: z.string(), password: z.string() })
export type DemonstrationLogin = z.infer<typeof loginFile>

/**
 * The person who logs in to the demonstration companies. The password is random and kept beside the data it opens, readable by its
 * owner alone, so that a second run can print it again.
 */
export async function demonstrationLogin(host: Host, companies: readonly Company[]): Promise<DemonstrationLogin> {
  const path = join(host.config.dataDir, 'demo-login.json')
  if (existsSync(path)) return loginFile.parse(JSON.parse(readFileSync(path, 'utf8')))
  const made: DemonstrationLogin = { login: 'admin@demo.example', password: randomBytes(9).toString('base64url') }
  await host.access.createUser(
    { ...made, name: 'Demo', locale: companies[0]?.locale ?? 'ar' },
    companies.map((company) => ({ companyId: company.id, groups: ['core.admin'] })),
  )
  writeFileSync(path, `${JSON.stringify(made)}\n`, { mode: 0o600 })
  return made
}
