import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { installationRoot } from '../../core/host/load-modules.js'
import { rowOfInvoice } from '../../modules/compliance/index.js'
import { postInvoices } from '../../modules/invoicing/index.js'
import { startTestHost } from '../helpers/test-host.js'
import { until } from '../helpers/until.js'

const fixture = join(installationRoot, 'test/fixtures/regime-module')

/** The worked example of modules/compliance/NEW-COUNTRY.md does what that page says of it. */
describe('a country’s e-invoicing from outside', function () {
  this.timeout(180_000)

  it('posts with the country’s tax, refuses by its rules, and files what was uncertain once more with the same bytes', async () => {
    const received: string[] = []
    const authority = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => (body += text))
      request.on('end', () => {
        received.push(body)
        response.writeHead(received.length === 1 ? 503 : 200).end('{}')
      })
    }).listen(0, '127.0.0.1')
    await once(authority, 'listening')
    const address = authority.address()
    const origin = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}`
    process.env['OMAN_AUTHORITY'] = `${origin}/invoices`
    const modules = [{ name: 'khatm-regime-example', version: '^1', path: fixture }]
    const running = await startTestHost({ config: { modules, allowedPrivateOrigins: [origin] } })
    try {
      const context = await running.company({ country: 'OM', currency: 'OMR' })
      await running.host.modules.enable(context, 'regime-example')
      const input = {
        type: 'invoice',
        currency: 'OMR',
        customer: { name: 'Customer', address: { street: 'Sultan Qaboos', city: 'Muscat', country: 'OM' } },
        lines: [{ description: 'Work', quantity: '1', unit: 'PCE', unitPrice: '100.000', tax: 'OM5' }],
      }
      const [posted, refused] = await postInvoices(running.host, context, [{ input }, { input: { ...input, customer: undefined } }])
      assert.equal(posted?.status, 'posted')
      assert.equal(posted.document.totals.payable, '105.000')
      assert.ok(refused?.status === 'invalid' && refused.faults.some((fault) => fault.code === 'OM-CUSTOMER'), JSON.stringify(refused))

      const state = () =>
        running.host.db.company(context.companyId, async (transaction) => (await rowOfInvoice(transaction, posted.invoiceId))?.state)
      await until('the authority has the invoice', async () => {
        await running.host.jobs.drain()
        return (await state()) === 'accepted'
      })
      assert.deepEqual(received, [received[0], received[0]])
    } finally {
      delete process.env['OMAN_AUTHORITY']
      await running.stop()
      authority.close()
    }
  })
})
