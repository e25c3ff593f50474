import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import { postInvoices, registerPayment, summaryOf, type InvoiceSummary, type PostedOutcome } from '../../invoicing/index.js'
import { submissionOf } from '../authority/submission-rows.js'
import { egyptDemonstration } from '../demonstration.js'
import { egyptianCompany, post, rowsOf, settle } from './running-company.js'

const password = 'a long enough password'

describe('an invoice the Egyptian authority refused is mended and issued in its place', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  let client: WebClient
  const [example] = egyptDemonstration().invoices

  before(async () => {
    running = await startTestHost({ sandbox: true, role: { web: true } })
    context = await egyptianCompany(running)
    await running.access.createUser({ login: 'nile', name: 'Clerk', password, locale: 'ar' }, [
      { companyId: context.companyId, groups: ['invoicing.user'] },
    ])
    client = new WebClient((await running.listen()).url)
    await client.login('nile', password)
  })
  after(() => running.stop())

  const control = async (method: string, path: string, body: object): Promise<void> => {
    const answer = await fetch(`${running.authorities?.url ?? ''}/control/eta/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.ok(answer.ok, `${path} ${String(answer.status)}`)
  }
  const issued = async (): Promise<PostedOutcome> => {
    const { company: _company, ...input } = { ...example } as Record<string, unknown> // an example's shape
    const [posted] = await post(running.host, context, input)
    return posted ?? assert.fail()
  }
  /** Sent, looked at for long, and found wrong by the authority. */
  const refused = async (): Promise<PostedOutcome> => {
    await control('PUT', 'settings', { decisionMs: 600_000 })
    const one = await issued()
    await settle(running.host, context, [one], 1)
    const row = await running.host.db.company(context.companyId, (transaction) => submissionOf(transaction, one.invoiceId))
    await control('POST', `documents/${row?.documentUuid ?? ''}`, { state: 'Invalid', reason: 'Item code is not registered' })
    await control('PUT', 'settings', { decisionMs: 0 })
    await settle(running.host, context, [one])
    assert.deepEqual(
      (await rowsOf(running.host, context, [one])).map(({ state }) => state),
      ['rejected'],
    )
    return one
  }
  const summary = (id: string): Promise<InvoiceSummary> =>
    running.host.db.company(context.companyId, (transaction) => summaryOf(transaction, id))
  const page = async (id: string): Promise<string> => (await client.get(`/app/invoicing/invoice/${id}`)).text

  it('offers one button; the draft holds all of it, and posting it cancels the refused one and takes its payments', async () => {
    const one = await refused()
    await running.host.db.company(context.companyId, (transaction) =>
      registerPayment(running.host, context, transaction, one.invoiceId, { amount: '100', method: 'cash' }),
    )
    assert.match(await page(one.invoiceId), /تصحيح وإصدار من جديد/)
    const answer = await client.post(`/app/compliance-egypt/documents/${one.invoiceId}/correct`, {})
    assert.equal(answer.status, 303)
    const draft = (answer.headers.get('location') ?? '').split('/').at(-1) ?? ''
    const [before, drafted] = [await summary(one.invoiceId), await summary(draft)]
    assert.deepEqual([drafted.state, drafted.total], ['draft', before.total])
    assert.match(await page(draft), new RegExp(`يحل محل المستند[^]*?${before.number ?? '-'}`))

    const [outcome] = await postInvoices(running.host, context, [{ draftId: draft }], { print: false })
    assert.ok(outcome?.status === 'posted', JSON.stringify(outcome))
    const [filed] = await settle(running.host, context, [outcome])
    assert.equal(filed?.state, 'accepted')
    const [old, fresh] = [await summary(one.invoiceId), await summary(outcome.invoiceId)]
    assert.deepEqual([old.state, Number(old.settled), Number(fresh.settled)], ['cancelled', 0, 100])
    assert.doesNotMatch(await page(one.invoiceId), /تصحيح وإصدار من جديد/)
  })

  it('is corrected once: a second draft of the same refused invoice is not posted', async () => {
    const one = await refused()
    const drafts = []
    for (const _ of [1, 2]) {
      const answer = await client.post(`/app/compliance-egypt/documents/${one.invoiceId}/correct`, {})
      drafts.push((answer.headers.get('location') ?? '').split('/').at(-1) ?? '')
    }
    const [first = '', second = ''] = drafts
    const [taken] = await postInvoices(running.host, context, [{ draftId: first }], { print: false })
    const [again] = await postInvoices(running.host, context, [{ draftId: second }], { print: false })
    assert.equal(taken?.status, 'posted')
    assert.ok(again?.status === 'invalid')
    assert.deepEqual(
      again.faults.map(({ code }) => code),
      ['EG-CORRECTION-DONE'],
    )
  })

  it('does not touch what the authority took', async () => {
    const one = await issued()
    await settle(running.host, context, [one])
    assert.doesNotMatch(await page(one.invoiceId), /تصحيح وإصدار من جديد/)
    const answer = await client.post(`/app/compliance-egypt/documents/${one.invoiceId}/correct`, {})
    assert.equal(answer.status, 409)
    assert.match(answer.text, /لا يُصحَّح على هذا النحو إلا مستند رفضته المصلحة/)
  })
})
