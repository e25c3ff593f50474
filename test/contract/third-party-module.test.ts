import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { CompanyContext } from '../../core/access/context.js'
import { installationRoot } from '../../core/host/load-modules.js'
import { Fault } from '../../core/i18n/fault.js'
import type { InvoiceDocument } from '../../modules/invoicing/index.js'
import { startTestHost, type TestHost } from '../helpers/test-host.js'

const fixture = join(installationRoot, 'test/fixtures/country-module')

describe('a country module from outside', function () {
  this.timeout(180_000)
  let running: TestHost
  let using: CompanyContext
  let other: CompanyContext

  before(async () => {
    running = await startTestHost({ config: { modules: [{ name: 'khatm-country-example', version: '^1', path: fixture }] } })
    using = await running.company({ code: 'jo-one', country: 'JO', currency: 'JOD' })
    other = await running.company({ code: 'jo-two', country: 'JO', currency: 'JOD' })
  })
  after(() => running.stop())

  const totals = { payable: '10000.001' }
  // The listener reads these two fields alone.
  const invoice = { customer: null, totals } as InvoiceDocument
  const objections = async (context: CompanyContext): Promise<readonly string[]> =>
    (await running.host.hooks.veto('invoice.validate', invoice, { context })).map((fault) => fault.code)

  it('is found by the configuration and stands', () => {
    const module = running.host.modules.list().find((candidate) => candidate.name === 'country-example')
    assert.equal(module?.state, 'installed')
    assert.equal(module.origin, 'package')
    assert.deepEqual(module.hooksTapped, ['invoice.validate'])
  })

  it('speaks for the company that enabled it, and for no other', async () => {
    assert.ok(!(await objections(using)).includes('JO-EXAMPLE-01'))
    await running.host.modules.enable(using, 'country-example')
    assert.ok((await objections(using)).includes('JO-EXAMPLE-01'))
    assert.ok(!(await objections(other)).includes('JO-EXAMPLE-01'))
    assert.deepEqual(
      [
        await running.host.modules.isEnabled(using.companyId, 'invoicing'),
        await running.host.modules.isEnabled(using.companyId, 'contacts'),
      ],
      [true, true],
    )
  })

  it('speaks in the three languages', () => {
    const fault = { code: 'JO-EXAMPLE-01', params: { limit: 10_000 } }
    assert.equal(running.host.i18n.fault('en', fault), 'An invoice above 10000 JOD must name its buyer.')
    assert.match(running.host.i18n.fault('ar', fault), /المشتري/)
    assert.match(running.host.i18n.fault('bg', fault), /купувача/)
  })

  it('is offered to its country alone', async () => {
    const saudi = await running.company({ code: 'sa-one' })
    const offered = async (context: CompanyContext) =>
      (await running.host.modules.offeredFor(context.companyId)).some((module) => module.name === 'country-example')
    assert.deepEqual([await offered(other), await offered(saudi)], [true, false])
    await assert.rejects(
      running.host.modules.enable(saudi, 'country-example'),
      (error) => error instanceof Fault && error.code === 'MODULE-OTHER-COUNTRY',
    )
  })
})
