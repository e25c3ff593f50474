import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import { postInvoices } from '../../invoicing/index.js'
import { personLimitsOf } from '../company/person-limits.js'
import { itemsOf, memberOf, parseLiteral, textAt } from '../index.js'
import { bytesOf, egyptianCompany, post, rowsOf, withTill } from './running-company.js'

const setup = '/app/compliance-egypt/setup'
const password = 'a long password of a test'

describe("an Egyptian company's own figures reach its documents and receipts", function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  let client: WebClient

  before(async () => {
    running = await startTestHost({ role: { web: true }, sandbox: true })
    context = await egyptianCompany(running)
    await withTill(running.host, context)
    await running.access.createUser({ login: 'mona@eg.example', password, name: 'Mona', locale: 'en' }, [
      { companyId: context.companyId, groups: ['core.admin'] },
    ])
    const { port } = await running.listen()
    client = new WebClient(`http://127.0.0.1:${String(port)}`)
    await client.login('mona@eg.example', password)
  })
  after(() => running.stop())

  const code = 'EG-900100200-PEN-1'
  const sale = (simplified: boolean, unitPrice: string, more: object = {}): object => ({
    simplified,
    paymentMeans: 'cash',
    customer: { name: 'أحمد علي', address: { street: 'شارع البحر', building: '5', city: 'طنطا', country: 'EG' } },
    lines: [{ description: 'قلم', itemCode: code, quantity: '1', unitPrice, tax: 'V003' }],
    ...more,
  })
  const faultsOf = async (input: object): Promise<string[]> => {
    const [outcome] = await postInvoices(running.host, context, [{ input }], { print: false })
    return outcome?.status === 'invalid' ? outcome.faults.filter(({ level }) => level !== 'warning').map((fault) => fault.code) : []
  }
  const rows = () => running.host.db.company(context.companyId, personLimitsOf)

  it('the total from which a person is named, from its day on, for each kind alone', async () => {
    assert.deepEqual(await faultsOf(sale(false, '60000')), [], 'sources disagree below 150,000: a warning')
    for (const form of [
      { kind: 'invoice', from: '2026-01-01', amount: '50,000' },
      { kind: 'invoice', from: '2999-01-01', amount: '10' },
      { kind: 'receipt', from: '2026-01-01', amount: '70000.50' },
    ]) {
      assert.equal((await client.post(`${setup}/limit`, form)).status, 303)
    }
    assert.deepEqual(await rows(), [
      { kind: 'invoice', from: '2999-01-01', amount: '10' },
      { kind: 'invoice', from: '2026-01-01', amount: '50000' },
      { kind: 'receipt', from: '2026-01-01', amount: '70000.5' },
    ])
    assert.deepEqual(await faultsOf(sale(false, '60000')), ['EG-PARTY-04'])
    assert.deepEqual(await faultsOf(sale(false, '49999.99')), [])
    assert.deepEqual(await faultsOf(sale(true, '60000')), [])
    assert.deepEqual(await faultsOf(sale(true, '70000.50')), ['EG-PARTY-04'])
    assert.match((await client.get(setup)).text, /70,000\.50/)
  })

  it('a figure that is none is refused beside its field and kept; one that is taken away counts no longer', async () => {
    for (const amount of ['0', 'much', '-5', '']) {
      const refused = await client.post(`${setup}/limit`, { kind: 'invoice', from: '2026-01-01', amount })
      assert.match(refused.text, /EG-SETUP-FIELD/)
      assert.match(refused.text, new RegExp(`is-invalid" id="limit-amount" name="amount" value="${amount}"`))
    }
    await client.post(`${setup}/limit/remove`, { kind: 'invoice', from: '2026-01-01' })
    assert.deepEqual(await faultsOf(sale(false, '60000')), [])
  })

  it('a code of the house goes out on a receipt under the code that was approved', async () => {
    const house = sale(true, '40', { lines: [{ description: 'دفتر', itemCode: 'NOTE-7', quantity: '1', unitPrice: '40', tax: 'V009' }] })
    assert.deepEqual(await faultsOf(house), ['EG-ITEM-01'])
    const { identifiers } = await running.host.access.company(context.companyId)
    const rin = identifiers.find(({ scheme }) => scheme === 'VAT')?.value ?? ''
    await running.host.db.company(context.companyId, (transaction) =>
      transaction.knex('compliance_egypt_code').insert({
        company_id: context.companyId,
        item_code: `EG-${rin}-NOTE-7`,
        code_type: 'EGS',
        usage: false,
        parent_code: '10000123',
        name: 'Notebook',
        name_ar: 'دفتر',
        active_from: '2026-01-01',
        state: 'approved',
        created_at: running.host.now(),
      }),
    )
    const posted = await post(running.host, context, house)
    const [row] = await rowsOf(running.host, context, posted)
    assert.ok(row)
    const receipt = parseLiteral(await bytesOf(running.host, context, row.payloadSha256))
    const [item] = itemsOf(memberOf(receipt, 'itemData'))
    assert.deepEqual([textAt(item, 'itemCode'), textAt(item, 'internalCode')], [`EG-${rin}-NOTE-7`, 'NOTE-7'])
  })
})
