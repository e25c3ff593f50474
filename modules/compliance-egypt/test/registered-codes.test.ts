import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { registeredCodes, unregisteredFaults } from '../document/registered-codes.js'
import { egyptInvoice, pricedLine } from './egypt-invoice.js'

const rin = '113317713'

describe('codes of the house', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  before(async () => {
    running = await startTestHost()
    context = await running.company({ country: 'EG', currency: 'EGP' })
    await running.host.db.company(context.companyId, async (transaction) => {
      const row = (code: string, state: string, to: string | null = null): object => ({
        company_id: context.companyId,
        item_code: `EG-${rin}-${code}`,
        code_type: 'EGS',
        usage: false,
        parent_code: '10000123',
        name: code,
        name_ar: code,
        active_from: '2026-01-01',
        active_to: to,
        state,
        created_at: running.host.now(),
      })
      await transaction
        .knex('compliance_egypt_code')
        .insert([row('A4', 'approved'), row('OLD', 'approved', '2026-06-30'), row('NEW', 'submitted')])
    })
  })
  after(() => running.stop())

  it('go out under the code that is approved and active on the day; others are told before posting', async () => {
    const invoice = egyptInvoice({ lines: ['A4', 'OLD', 'NEW', `EG-${rin}-X`].map((itemCode) => pricedLine({ itemCode })) })
    const codes = await running.host.db.company(context.companyId, (transaction) => registeredCodes(transaction, rin, [invoice]))
    const own = codes.get(invoice.id) ?? new Map()
    assert.deepEqual([...own], [['A4', { type: 'EGS', code: `EG-${rin}-A4` }]])
    assert.deepEqual(
      unregisteredFaults(invoice, own).map(({ code, path }) => [code, path]),
      [
        ['EG-ITEM-01', 'lines[1].itemCode'],
        ['EG-ITEM-01', 'lines[2].itemCode'],
      ],
    )
  })
})
