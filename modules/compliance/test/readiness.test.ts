import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { postInvoices } from '../../invoicing/index.js'

describe('readiness and health of a company', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  before(async () => {
    running = await startTestHost()
    context = await running.company()
  })
  after(() => running.stop())

  /** What `khatm doctor` asks. */
  async function lacking(of: CompanyContext): Promise<string[]> {
    const { host } = running
    const company = await host.access.company(of.companyId)
    const items = await host.db.company(of.companyId, (transaction) =>
      host.hooks.collect('readiness', { company }, { context: of, transaction }),
    )
    return items.filter((item) => !item.ready).map((item) => item.code)
  }

  it('a company whose law wants a regime and that has none is told so', async () => {
    assert.deepEqual(await lacking(context), ['COMPLIANCE-NO-REGIME'])
    assert.deepEqual(await lacking(await running.company({ country: 'QA' })), [])
  })

  it('the regime of the country says what is missing', async () => {
    await running.host.modules.enable(context, 'compliance-saudi')
    assert.deepEqual(await lacking(context), ['SA-READY-UNIT'])
  })

  it('nothing is posted while a module of the company did not start, and something is when it is another company’s', async () => {
    const other = await running.company({ country: 'QA' })
    running.loaded.fail('compliance-saudi', { code: 'MODULE-START', params: { module: 'compliance-saudi', reason: 'test' } })
    await assert.rejects(postInvoices(running.host, context, [{ input: {} }]), { code: 'MODULE-FAILED', status: 503 })
    const [answer] = await postInvoices(running.host, other, [{ input: {} }])
    assert.equal(answer?.status, 'invalid')
  })

  it('nor while one it uses is gone from the disk', async () => {
    const company = await running.company({ country: 'QA' })
    await running.host.db.company(company.companyId, ({ knex }) =>
      knex('core_company_module').insert({ company_id: company.companyId, module: 'gone', enabled_at: new Date() }),
    )
    await assert.rejects(postInvoices(running.host, company, [{ input: {} }]), { code: 'MODULE-FAILED', status: 503 })
  })
})
