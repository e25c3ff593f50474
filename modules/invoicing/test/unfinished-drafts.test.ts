import assert from 'node:assert/strict'
import { contactInput, saveContact } from '../../contacts/index.js'
import { saveDraft } from '../services/drafts.js'
import { parseInvoiceInput } from '../services/input-faults.js'
import { invoiceModel } from '../views/invoice-model.js'
import { sampleInput, startTestHost, type TestHost } from './running-host.js'

describe('a draft whose tax nobody knows', function () {
  this.timeout(180_000)
  let test: TestHost
  before(async () => {
    test = await startTestHost()
  })
  after(() => test.stop())

  it('keeps its customer, shows what each line comes to, and no totals instead of 0.00', async () => {
    const { host, context, company } = test
    await host.db.company(company.id, async (transaction) => {
      const { contact } = await saveContact(
        host,
        context,
        transaction,
        undefined,
        contactInput.parse({ name: 'Delta', nameAr: 'الدلتا', kind: 'company' }),
      )
      const { customer: _customer, ...sample } = sampleInput({
        lines: [{ description: 'paper', quantity: '3', unitPrice: '10.50', discount: '1.25', tax: 'NOPE' }],
      })
      const { input } = parseInvoiceInput({ ...sample, contactId: contact.id })
      assert.ok(input)
      const { id, faults } = await saveDraft(host, context, transaction, undefined, input)
      assert.deepEqual(
        faults.map(({ code }) => code),
        ['INVOICE-TAX-UNKNOWN'],
      )
      const row: unknown = await transaction
        .knex('invoicing_invoice')
        .where({ company_id: company.id, id })
        .first('customer_name', 'customer_name_ar')
      assert.deepEqual(row, { customer_name: 'Delta', customer_name_ar: 'الدلتا' })
      const shown = (await invoiceModel(host).load(transaction, context, id)) ?? assert.fail('no draft')
      assert.deepEqual([shown['untaxed'], shown['tax'], shown['total']], [null, null, null])
      assert.ok(Array.isArray(shown['lines']))
      const lines: readonly { readonly net?: string }[] = shown['lines']
      assert.deepEqual(
        lines.map(({ net }) => net),
        ['30.25'],
      )
    })
  })
})
