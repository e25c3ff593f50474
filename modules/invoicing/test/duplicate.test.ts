import assert from 'node:assert/strict'
import { contactInput, saveContact } from '../../contacts/index.js'
import { localTime } from '../../../core/i18n/local-time.js'
import { duplicateInvoice } from '../services/duplicate.js'
import { postInvoices } from '../services/post.js'
import { invoiceModel } from '../views/invoice-model.js'
import { sampleInput, startTestHost, type TestHost } from './running-host.js'

describe('the same invoice again', function () {
  this.timeout(180_000)
  let test: TestHost
  before(async () => {
    test = await startTestHost()
  })
  after(() => test.stop())

  async function posted(changes: Record<string, unknown>): Promise<string> {
    const [outcome] = await postInvoices(test.host, test.context, [{ input: sampleInput(changes) }], { print: false })
    return outcome?.status === 'posted' ? outcome.invoiceId : assert.fail(JSON.stringify(outcome))
  }

  const shown = async (id: string): Promise<Readonly<Record<string, unknown>>> =>
    test.host.db.company(test.company.id, async (transaction) => {
      const copy = await duplicateInvoice(test.host, test.context, transaction, id)
      return (await invoiceModel(test.host).load(transaction, test.context, copy.id)) ?? assert.fail('no draft')
    })

  it('is a draft of today with the same lines and customer, and nothing that was of the other alone', async () => {
    const copy = await shown(await posted({ issueDate: '2026-01-05', dueDate: '2026-02-05', supplyDate: '2026-01-04', prepaid: '30' }))
    const today = localTime(test.host.now(), test.company.timeZone).date
    assert.deepEqual(
      [copy['state'], copy['number'], copy['issueDate'], copy['supplyDate'], copy['prepaid'], copy['total'], copy['refersTo']],
      ['draft', null, today, undefined, '0', '230.00', undefined],
    )
    assert.equal(copy['contactId'], null)
    // Nobody in the contacts: number and address are those written into the invoice.
    assert.match(String(copy['customerFacts']), /مؤسسة الخليج للتجارة.*311111111111113.*الرياض|Riyadh/)
  })

  it("takes a contact's number and address as they are now", async () => {
    const contact = { name: 'Delta', kind: 'company', country: 'SA', city: 'Jeddah' }
    const save = (id: string | undefined, changes: object): Promise<string> =>
      test.host.db.company(test.company.id, async (transaction) => {
        const input = contactInput.parse({ ...contact, ...changes })
        return (await saveContact(test.host, test.context, transaction, id, input)).contact.id
      })
    const contactId = await save(undefined, {})
    const id = await posted({ customer: undefined, contactId })
    await save(contactId, { city: 'Tabuk', identifiers: [{ scheme: 'OTH', value: 'D-77' }] })
    const copy = await shown(id)
    assert.equal(copy['contactId'], contactId)
    assert.match(String(copy['customerFacts']), /D-77.*Tabuk/)
  })

  it('is not made of a note', async () => {
    const [note] = await postInvoices(
      test.host,
      test.context,
      [{ input: sampleInput({ type: 'credit_note', refersTo: 'INV/2026/00001', reason: 'returned' }) }],
      { print: false },
    )
    const id = note?.status === 'posted' ? note.invoiceId : assert.fail(JSON.stringify(note))
    await assert.rejects(shown(id), { code: 'INVOICE-DUPLICATE-NOTE' })
  })
})
