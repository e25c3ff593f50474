import type { CompanyTransaction, Database } from '../db/database.js'
import type { EnabledModules } from '../hooks/registry.js'

const perTransaction = Symbol('modules enabled for the company of this transaction')

/** How long an answer without a transaction may be old; another process may have switched a module on meanwhile. */
const freshForMs = 2000

/**
 * Which modules each company enabled. Inside a transaction the rows are read once per transaction, so that what is posted
 * obeys the rows as they are; outside, answers are kept for two seconds and dropped when this process changes them.
 */
export class EnabledSets {
  private readonly kept = new Map<string, { readonly until: number; readonly set: ReadonlySet<string> }>()

  /** @param complete adds to a company's rows what is enabled without a row */
  constructor(
    private readonly db: () => Database,
    private readonly complete: (rows: readonly string[]) => ReadonlySet<string>,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  readonly of: EnabledModules = (companyId, transaction) => {
    if (transaction?.companyId === companyId) return transaction.once(perTransaction, () => this.read(transaction))
    const kept = this.kept.get(companyId)
    if (kept !== undefined && kept.until > this.clock()) return kept.set
    return this.db().company(companyId, async (own) => {
      const set = await this.read(own)
      this.kept.set(companyId, { until: this.clock() + freshForMs, set })
      return set
    })
  }

  /** The next question for the company asks the database. */
  forget(companyId: string): void {
    this.kept.delete(companyId)
  }

  private async read(transaction: CompanyTransaction): Promise<ReadonlySet<string>> {
    const rows = await transaction.knex<{ module: string }>('core_company_module').select('module')
    return this.complete(rows.map((row) => row.module))
  }
}
