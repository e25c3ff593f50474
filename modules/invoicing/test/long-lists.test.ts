import assert from 'node:assert/strict'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { queryList } from '../../../core/views/list-query.js'
import type { ListAddress } from '../../../core/views/list-request.js'
import { dashboardOf } from '../services/dashboard.js'
import { invoiceList } from '../views/invoice-list.js'
import { invoiceModel } from '../views/invoice-model.js'
import { startTestHost, type TestHost } from './running-host.js'

/** What PostgreSQL would do, where it may neither read a whole table nor sort one if there is another way. */
interface Plan {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly Plans?: readonly Plan[]
}

describe('invoices of many years', function () {
  this.timeout(180_000)
  let test: TestHost
  before(async () => {
    test = await startTestHost()
  })
  after(() => test.stop())

  it('the newest, and the oldest, are the first page through an index, without a sort', async () => {
    for (const direction of ['desc', 'asc'] as const) {
      const plans = await plansOf((transaction) => list(transaction, { sort: { column: 'recent', direction } }))
      const page = plans.at(-1) ?? []
      assert.ok(page.includes('invoicing_invoice_recent'), `${direction}: ${page.join(', ')}`)
      assert.ok(!page.some((step) => step.includes('Sort')), `${direction}: ${page.join(', ')}`)
    }
  })

  it('what is owed, and what is late, is found among the open ones alone', async () => {
    for (const filter of ['unpaid', 'overdue']) {
      const [counted = []] = await plansOf((transaction) => list(transaction, { filters: [filter] }))
      assert.ok(counted.includes('invoicing_invoice_open'), `${filter}: ${counted.join(', ')}`)
    }
    const overview = await plansOf((transaction) => dashboardOf(test.host, test.context, transaction))
    const counted = overview.find((plan) => plan.includes('invoicing_invoice_open')) ?? assert.fail(JSON.stringify(overview))
    assert.ok(!counted.includes('Seq Scan'), counted.join(', '))
  })

  it('one is found by its id through its key', async () => {
    const [counted = []] = await plansOf((transaction) => list(transaction, { where: { id: test.company.id } }))
    assert.ok(counted.includes('Index Cond'), counted.join(', '))
  })

  function list(transaction: CompanyTransaction, asked: Partial<ListAddress>): Promise<unknown> {
    const scope = { transaction, context: test.context, model: invoiceModel(test.host), rules: [], now: test.host.now() }
    return queryList(scope, invoiceList, { filters: [], offset: 0, limit: 80, ...asked })
  }

  /** Names of the steps and indices of each statement that reads invoices, in the order they were asked. */
  async function plansOf(work: (transaction: CompanyTransaction) => Promise<unknown>): Promise<string[][]> {
    return test.host.db.company(test.company.id, async (transaction) => {
      const asked: { sql: string; bindings: unknown[] }[] = []
      const note = (query: { sql: string; bindings: unknown[] }): void => void asked.push(query)
      transaction.knex.on('query', note)
      await work(transaction)
      transaction.knex.off('query', note)
      await transaction.knex.raw('set local enable_seqscan = off')
      await transaction.knex.raw('set local enable_sort = off')
      const plans: string[][] = []
      for (const { sql, bindings } of asked.filter((query) => query.sql.includes('invoicing_invoice'))) {
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
})

function steps(plan: Plan): string[] {
  const own = [
    plan['Node Type'],
    ...(plan['Index Name'] === undefined ? [] : [plan['Index Name']]),
    ...('Index Cond' in plan ? ['Index Cond'] : []),
  ]
  return [...own, ...(plan.Plans ?? []).flatMap(steps)]
}
