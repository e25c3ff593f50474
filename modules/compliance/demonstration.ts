import type { Company, CompanyContext } from '../../core/access/context.js'
import type { NewCompany } from '../../core/access/access.js'
import type { Collect } from '../../core/hooks/hook-map.js'
import type { Host } from '../../core/host/module.js'

/** A company made for trying a country out, against the sandbox authorities of this machine. */
export interface Demonstration {
  /** Its code starts with `demo-`; `sandbox` is true. */
  readonly company: NewCompany
  /** Modules to enable, beside what they depend on. */
  readonly modules: readonly string[]
  /** Brings the company to the point where it may issue: units, keys, certificates. Repeatable: it may have been killed half-way. */
  prepare(host: Host, context: CompanyContext, company: Company): Promise<void>
  /** Invoices the demonstration issues, in the shape of the invoice JSON; `refersTo: "@2"` means the number the second of them got, as for `khatm issue`. */
  readonly invoices: readonly Readonly<Record<string, unknown>>[]
}

/** Codes of demonstration companies begin like this; nobody else's may. */
export const demonstrationPrefix = 'demo-'

declare module '../../core/hooks/hook-map.js' {
  interface HookMap {
    'compliance.demonstrations': Collect<undefined, Demonstration>
  }
}

/** Those that the loaded country modules bring. */
export function demonstrations(host: Host): Promise<Demonstration[]> {
  return host.hooks.collectFromAll('compliance.demonstrations', undefined)
}

/**
 * The demonstration company of a code, made ready if it is not yet.
 * @returns undefined when no loaded country brings a demonstration of that code
 */
export async function demonstrationCompany(host: Host, code: string): Promise<Company | undefined> {
  const demonstration = (await demonstrations(host)).find((one) => one.company.code === code)
  if (demonstration === undefined) return undefined
  const company =
    (await host.access.companies()).find((one) => one.code === code) ?? (await host.access.createCompany(demonstration.company))
  const context = await host.access.systemContext(company.id, 'cli')
  const enabled = await host.modules.enabledFor(company.id)
  for (const module of demonstration.modules) if (!enabled.has(module)) await host.modules.enable(context, module)
  await demonstration.prepare(host, context, company)
  return company
}
