import assert from 'node:assert/strict'
import type { CompanyTransaction } from '../../../core/db/database.js'
import { queryList } from '../../../core/views/list-query.js'
import type { ListAddress } from '../../../core/views/list-request.js'
import { plansOf as plansOfCompany } from '../../../test/helpers/query-plans.js'
import { dashboardOf } from '../services/dashboard.js'
import { postInvoices } from '../services/post.js'
import { invoiceList } from '../views/invoice-list.js'
import { invoiceModel } from '../views/invoice-model.js'
import { sampleInput, startTestHost, type TestHost } from './running-host.js'

describe('invoices of many years', function () {
  this.timeout(180_000)
  let test: TestHost
  before(async () => {
    test = await startTestHost()
    const lines = [{ description: 'Paper', quantity: '1', unitPrice: '10', tax: 'S15' }]
    await postInvoices(test.host, test.context, [{ input: sampleInput({ lines }) }], { print: false })
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

  const plansOf = (work: (transaction: CompanyTransaction) => Promise<unknown>): Promise<string[][]> =>
    plansOfCompany(test.host.db, test.company.id, 'invoicing_invoice', work)
})
