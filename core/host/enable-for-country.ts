import type { CompanyContext } from '../access/context.js'
import type { Host } from './module.js'

/** What the law of a company's country needs is on from the start; what stands not is told by the readiness of the company. */
export async function enableForCountry(host: Host, context: CompanyContext): Promise<void> {
  for (const module of await host.modules.offeredFor(context.companyId)) {
    if (module.countries !== undefined && module.state !== 'failed') await host.modules.enable(context, module.name)
  }
}
