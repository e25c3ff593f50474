import type { Company, CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import { isMandated } from '../data/mandates.js'
import type { Regime } from '../regime.js'

/** The regime of the company's country among the modules it enabled. */
export async function regimeOf(host: Host, context: CompanyContext, company: Company): Promise<Regime | undefined> {
  const regimes = await host.hooks.collect('compliance.regimes', undefined, { context })
  return regimes.find((regime) => regime.country === company.country)
}

export interface Standing {
  readonly company: Company
  readonly regime: Regime | undefined
  /** Why this company may not post at all; warnings among them do not stop it. */
  readonly faults: readonly FaultDetail[]
}

const standingKey = Symbol('compliance standing')

/** Regime and readiness of the company, asked once per transaction however many invoices are posted in it. */
export function standingOf(host: Host, context: CompanyContext, transaction: CompanyTransaction): Promise<Standing> {
  return transaction.once(standingKey, () => askStanding(host, context, transaction))
}

async function askStanding(host: Host, context: CompanyContext, transaction: CompanyTransaction): Promise<Standing> {
  const company = await host.access.company(context.companyId)
  const regime = await regimeOf(host, context, company)
  if (regime === undefined) return { company, regime, faults: withoutRegime(company, host.now()) }
  const items = await regime.readiness(transaction, context, company)
  const faults: FaultDetail[] = items
    .filter((item) => !item.ready)
    .map((item) => ({
      code: 'COMPLIANCE-NOT-READY',
      params: { country: company.country, item: item.code, remedy: item.remedy[context.locale] },
    }))
  return { company, regime, faults }
}

function withoutRegime(company: Company, now: Date): FaultDetail[] {
  if (!isMandated(company.country, localDay(now, company.timeZone))) return []
  return [{ code: 'COMPLIANCE-NO-REGIME', params: { country: company.country } }]
}
