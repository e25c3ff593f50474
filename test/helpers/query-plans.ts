import type { CompanyTransaction, Database } from '../../core/db/database.js'

/** A step of what PostgreSQL would do. */
interface Plan {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Plan[]
}

/**
 * What PostgreSQL would do for each statement about a table that the work makes, where it may neither read a whole table nor sort one if
 * there is another way: names of the steps and indices, in the order of the statements. Says without a clock, and on few rows, whether a
 * statement stays quick on many.
 */
export async function plansOf(
  db: Database,
  companyId: string,
  table: string,
  work: (transaction: CompanyTransaction) => Promise<unknown>,
): Promise<string[][]> {
  return db.company(companyId, async (transaction) => {
    const asked: { sql: string; bindings: unknown[] }[] = []
    const note = (query: { sql: string; bindings: unknown[] }): void => void asked.push(query)
    transaction.knex.on('query', note)
    await work(transaction)
    transaction.knex.off('query', note)
    await transaction.knex.raw('set local enable_seqscan = off')
    await transaction.knex.raw('set local enable_sort = off')
    const plans: string[][] = []
    for (const { sql, bindings } of asked.filter((query) => query.sql.includes(table))) {
      // The statement is as the driver got it, with numbered places.
      const { rows } = await transaction.knex.raw<{ rows: { 'QUERY PLAN': [{ Plan: Plan }] }[] }>(
        `explain (format json) ${sql.replace(/\$\d+/g, '?')}`,
        bindings as readonly string[],
      )
      plans.push(rows.flatMap((row) => steps(row['QUERY PLAN'][0].Plan)))
    }
    return plans
  })
}

function steps(plan: Plan): string[] {
  const index = plan['Index Name'] === undefined ? [] : [plan['Index Name']]
  const condition = plan['Index Cond'] === undefined ? [] : ['Index Cond']
  return [plan['Node Type'], ...index, ...condition, ...(plan.Plans ?? []).flatMap(steps)]
}
