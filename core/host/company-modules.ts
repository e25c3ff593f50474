import type { Access } from '../access/access.js'
import type { CompanyContext } from '../access/context.js'
import type { Audit } from '../audit/audit.js'
import type { CompanyTransaction, Database } from '../db/database.js'
import { Fault, type FaultDetail } from '../i18n/fault.js'
import { EnabledSets } from './enabled-modules.js'
import type { LoadedModules, ModuleInBoot } from './load-modules.js'
import type { LoadedModule, Modules } from './module.js'

/** What it rests on; services that stand later are asked for when they are needed. */
export interface CompanyModulesParts {
  readonly loaded: LoadedModules
  readonly db: () => Database
  readonly access: () => Pick<Access, 'company'>
  readonly audit: () => Pick<Audit, 'record'>
  readonly now: () => Date
}

/** Behaviour per company: which modules it uses, switched on with all they depend on. */
export class CompanyModules implements Modules {
  /** Asked by the hooks on every call. */
  readonly enabled: EnabledSets

  constructor(private readonly parts: CompanyModulesParts) {
    this.enabled = new EnabledSets(parts.db, (rows) => this.withDependencies([...this.always(), ...rows]))
  }

  /** All modules found, in dependency order, failed ones too. */
  list(): readonly LoadedModule[] {
    return this.parts.loaded.describe()
  }

  /** Names of the modules that work for the company; may be two seconds old. */
  async enabledFor(companyId: string): Promise<ReadonlySet<string>> {
    return this.enabled.of(companyId)
  }

  /** Whether the module works for the company; may be two seconds old. */
  async isEnabled(companyId: string, module: string): Promise<boolean> {
    return (await this.enabledFor(companyId)).has(module)
  }

  /** Modules for everywhere and for the company's country. */
  async offeredFor(companyId: string): Promise<readonly LoadedModule[]> {
    const { country } = await this.parts.access().company(companyId)
    return this.list().filter((module) => {
      const countries = this.byName(module.name)?.manifest?.countries
      return countries === undefined || countries.includes(country)
    })
  }

  /**
   * Enables it and what it depends on, and runs `onEnable` of each, in one transaction. @throws Fault MODULE-UNKNOWN (404),
   * MODULE-FAILED (503), MODULE-OTHER-COUNTRY
   */
  async enable(context: CompanyContext, module: string): Promise<void> {
    const wanted = this.byName(module)
    if (wanted === undefined) throw new Fault('MODULE-UNKNOWN', { status: 404, params: { module } })
    const names = this.withDependencies([module])
    const company = await this.parts.access().company(context.companyId)
    const toEnable = this.parts.loaded.all.filter((candidate) => names.has(candidate.name))
    for (const candidate of toEnable) {
      refuseFailed(candidate)
      const countries = candidate.manifest?.countries
      if (countries !== undefined && !countries.includes(company.country)) {
        throw new Fault('MODULE-OTHER-COUNTRY', {
          params: { module: candidate.name, countries: countries.join(', '), country: company.country },
        })
      }
    }
    await this.insertAndRun(context, toEnable)
  }

  /**
   * Enables everything marked `always` that stands and that the company has no row for yet, each in a transaction of its
   * own. The boot does it for every company, and the making of a company for the new one.
   * @returns modules whose work failed, with the fault; they are tried again at the next boot
   */
  async enableAlways(context: CompanyContext): Promise<readonly FaultDetail[]> {
    const names = this.withDependencies(this.always())
    const failed = new Map<string, FaultDetail>()
    for (const module of this.parts.loaded.standing()) {
      if (!names.has(module.name) || [...failed.keys()].some((name) => this.parts.loaded.dependencies.get(module.name)?.has(name))) continue
      try {
        await this.insertAndRun(context, [module])
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        failed.set(module.name, { code: 'MODULE-ENABLE', params: { module: module.name, company: context.companyId, reason } })
      }
    }
    return [...failed.values()]
  }

  /**
   * Switches it off; what it stored stays. @throws Fault MODULE-UNKNOWN (404), MODULE-NEEDED while another module of the company
   * depends on it
   */
  async disable(context: CompanyContext, module: string): Promise<void> {
    const wanted = this.byName(module)
    if (wanted === undefined) throw new Fault('MODULE-UNKNOWN', { status: 404, params: { module } })
    if (wanted.manifest?.always === true) throw new Fault('MODULE-NEEDED', { params: { module, others: 'core' } })
    await this.parts.db().company(context.companyId, async (transaction) => {
      const rows = await lockedRows(transaction)
      if (!rows.includes(module)) return
      const others = [...new Set([...rows, ...this.always()])].filter(
        (row) => this.parts.loaded.dependencies.get(row)?.has(module) === true,
      )
      if (others.length > 0) throw new Fault('MODULE-NEEDED', { params: { module, others: others.join(', ') } })
      await transaction.knex('core_company_module').where({ module }).delete()
      this.record(transaction, context, 'module.disabled', module)
      transaction.afterCommit(() => {
        this.enabled.forget(context.companyId)
      })
    })
  }

  /**
   * Refuses while a module that the company enabled does not stand. Inside a transaction (give it) the rows are asked. @throws
   * Fault MODULE-FAILED (503) naming module and reason
   */
  async requireHealthy(companyId: string, transaction?: CompanyTransaction): Promise<void> {
    const enabled = await this.enabled.of(companyId, transaction)
    for (const name of enabled) {
      const module = this.byName(name)
      // Its folder or package is gone since the company enabled it: what it did for this company is done by nobody.
      if (module === undefined) throw new Fault('MODULE-FAILED', { status: 503, params: { module: name, reason: 'MODULE-MISSING' } })
      refuseFailed(module)
    }
  }

  /** Rows first, then the work of each in dependency order: its hooks already see the whole new set. */
  private async insertAndRun(context: CompanyContext, modules: readonly ModuleInBoot[]): Promise<void> {
    if (modules.length === 0) return
    await this.parts.db().company(context.companyId, async (transaction) => {
      await lockedRows(transaction)
      const enabledAt = this.parts.now()
      // Another process may be switching the same on: whoever inserts the row does the work of the module.
      const inserted: { module: string }[] = await transaction
        .knex('core_company_module')
        .insert(modules.map((module) => ({ company_id: context.companyId, module: module.name, enabled_at: enabledAt })))
        .onConflict(['company_id', 'module'])
        .ignore()
        .returning('module')
      const fresh = modules.filter((module) => inserted.some((row) => row.module === module.name))
      for (const module of fresh) {
        for (const work of module.records.enable) await work(transaction, context)
        this.record(transaction, context, 'module.enabled', module.name)
      }
      transaction.afterCommit(() => {
        this.enabled.forget(context.companyId)
      })
    })
  }

  private record(transaction: CompanyTransaction, context: CompanyContext, action: string, module: string): void {
    this.parts.audit().record(transaction, context, { action, subject: { type: 'module', id: module, label: module }, facts: { module } })
  }

  private always(): readonly string[] {
    return this.parts.loaded.all.filter((module) => module.manifest?.always === true).map((module) => module.name)
  }

  private byName(name: string): ModuleInBoot | undefined {
    return this.parts.loaded.all.find((module) => module.name === name)
  }

  private withDependencies(names: readonly string[]): ReadonlySet<string> {
    return new Set(names.flatMap((name) => [name, ...(this.parts.loaded.dependencies.get(name) ?? [])]))
  }
}

function refuseFailed(module: ModuleInBoot): void {
  if (module.state !== 'failed') return
  throw new Fault('MODULE-FAILED', { status: 503, params: { module: module.name, reason: module.fault?.code ?? '' } })
}

/** The company's rows, held until commit: nothing is switched off while something that needs it is being switched on. */
async function lockedRows(transaction: CompanyTransaction): Promise<readonly string[]> {
  const table = () => transaction.knex<{ module: string }>('core_company_module').select('module').orderBy('module')
  await table().forUpdate()
  // Read again: the wait for the locks may have let another change commit.
  return (await table()).map((row) => row.module)
}
