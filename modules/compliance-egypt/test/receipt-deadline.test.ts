import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { processDocuments, watchDocuments } from '../../compliance/index.js'
import { egyptianCompany, post, rowsOf, settle, withTill } from './running-company.js'

const hour = 3_600_000
const sale = {
  simplified: true,
  paymentMeans: 'cash',
  lines: [{ description: 'قلم حبر', itemCode: 'EG-900100200-PEN-1', quantity: '1', unitPrice: '12.50', tax: 'V009' }],
}

describe('receipts and the 24 hours of the authority', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  let ahead = 0

  before(async () => {
    running = await startTestHost({ sandbox: true, now: () => new Date(Date.now() + ahead) })
    context = await egyptianCompany(running)
    await withTill(running.host, context)
    await control('PUT', 'eta/settings', { decisionMs: 0 })
  })
  after(() => running.stop())

  const control = async (method: string, path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${running.authorities?.url ?? ''}/control/${path}`, { method, headers, body: JSON.stringify(body) })
    assert.ok(answer.ok, `${path}: ${String(answer.status)}`)
  }
  const alarms = async (): Promise<number> => {
    await watchDocuments(running.host, context)
    return running.host.db.company(context.companyId, async ({ knex, companyId }) => {
      const rows = await knex('core_audit_event').where({ company_id: companyId, action: 'compliance.deadline' }).select('action')
      return rows.length
    })
  }

  it('count from the time on the receipt, not from when it was entered', async () => {
    const soldAt = new Date(Math.floor(Date.now() / 1000) * 1000 - 20 * hour)
    const [issueDate = '', issueTime = ''] = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'Africa/Cairo',
      dateStyle: 'short',
      timeStyle: 'medium',
    })
      .format(soldAt)
      .split(' ')
    const posted = await post(running.host, context, { ...sale, issueDate, issueTime }, sale)
    const [late, now] = await rowsOf(running.host, context, posted)
    assert.equal(late?.deadlineAt?.getTime(), soldAt.getTime() + 24 * hour)
    assert.ok(Math.abs((now?.deadlineAt?.getTime() ?? 0) - Date.now() - 24 * hour) < 20_000)
    await settle(running.host, context, posted)
  })

  it('are warned of once, before they are over; what waited through the outage is filed in its order when it ends', async () => {
    await control('POST', 'faults', { kind: 'status-before-commit', status: 503, path: '/eta/', times: 100_000 })
    const posted = await post(running.host, context, ...Array.from({ length: 30 }, () => sale))
    const invoiceIds = posted.map((one) => one.invoiceId)
    for (const hours of [0, 6, 12, 18]) {
      ahead = hours * hour
      await processDocuments(running.host, context, { invoiceIds })
      assert.equal(await alarms(), 0, `after ${String(hours)} hours`)
    }
    ahead = 19.5 * hour
    assert.equal(await alarms(), 30)
    assert.equal(await alarms(), 30, 'told once each')
    ahead = 23.5 * hour
    await processDocuments(running.host, context, { invoiceIds })
    assert.ok((await rowsOf(running.host, context, posted)).every((row) => row.answeredAt === null && row.attempts > 0))
    const cleared = await fetch(`${running.authorities?.url ?? ''}/control/faults`, { method: 'DELETE' })
    assert.ok(cleared.ok)
    const rows = await settle(running.host, context, posted)
    assert.deepEqual([...new Set(rows.map((row) => row.state))], ['accepted'])
    const filed = (await (await fetch(`${running.authorities?.url ?? ''}/control/eta/receipts`)).json()) as {
      uuid: string
      previousUuid: string
    }[] // the stand-in's own list
    for (const [index, one] of filed.entries()) assert.equal(one.previousUuid, filed[index - 1]?.uuid ?? '', `link of ${String(index + 1)}`)
    assert.equal(filed.length, 32)
  })
})
