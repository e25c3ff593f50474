import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import { cancelInvoice, summaryOf, type PostedOutcome } from '../../invoicing/index.js'
import { cancelDocument, declineRejection } from '../authority/state-changes.js'
import { submissionOf, type EtaSubmission } from '../authority/submission-rows.js'
import { watchAuthority } from '../authority/watch.js'
import { egyptDemonstration } from '../demonstration.js'
import { egyptianCompany, post, settle } from './running-company.js'

const hour = 3_600_000
const password = 'a long enough password'

describe('an Egyptian document changes at the authority after it was filed', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  let client: WebClient
  let ahead = 0
  const [example, , note] = egyptDemonstration().invoices

  before(async () => {
    running = await startTestHost({ sandbox: true, role: { web: true }, now: () => new Date(Date.now() + ahead) })
    context = await egyptianCompany(running)
    await control('PUT', 'eta/settings', { decisionMs: 0, cancellationHoursOf: { c: 1 } })
    await running.access.createUser({ login: 'nile', name: 'Manager', password, locale: 'en' }, [
      { companyId: context.companyId, groups: running.access.groups.list().map((group) => group.name) },
    ])
    client = new WebClient((await running.listen()).url)
    await client.login('nile', password)
  })
  after(() => running.stop())
  afterEach(() => {
    ahead = 0
  })

  async function control(method: string, path: string, body: object): Promise<void> {
    const answer = await fetch(`${running.authorities?.url ?? ''}/control/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.ok(answer.ok, `${path} ${String(answer.status)}`)
  }
  const atPortal = (row: EtaSubmission, state: string): Promise<void> =>
    control('POST', `eta/documents/${row.documentUuid ?? ''}`, { state, reason: 'Wrong buyer details' })
  const rowOf = async (one: PostedOutcome): Promise<EtaSubmission> =>
    (await running.host.db.company(context.companyId, (transaction) => submissionOf(transaction, one.invoiceId))) ?? assert.fail()
  const stateOf = async (one: PostedOutcome): Promise<string> =>
    (await running.host.db.company(context.companyId, (transaction) => summaryOf(transaction, one.invoiceId))).state
  const page = async (one: PostedOutcome): Promise<string> => (await client.get(`/app/invoicing/invoice/${one.invoiceId}`)).text
  const filed = async (values: object = {}): Promise<PostedOutcome> => {
    const { company: _company, ...input } = { ...example, ...values } as Record<string, unknown> // an example's shape
    const [posted] = await post(running.host, context, input)
    assert.ok(posted !== undefined)
    const [row] = await settle(running.host, context, [posted])
    assert.equal(row?.state, 'accepted', JSON.stringify([row?.lastError, row?.faults]))
    return posted
  }
  /** What customers owe, as the overview says it. */
  const owed = async (): Promise<string> => {
    const { rows } = await running.host.db.company(context.companyId, ({ knex }) =>
      knex.raw<{ rows: { open: string }[] }>(
        `select coalesce(sum(payable - settled) filter (where invoicing_payment_state(state, payable, settled, due_date, current_date)
           in ('not_paid', 'partial', 'overdue')), 0)::text as open from invoicing_invoice`,
      ),
    )
    return rows[0]?.open ?? ''
  }

  it('cancelled on the portal: noticed, shown on the invoice, and only then it may be cancelled here; nothing is owed any more', async () => {
    const before = await owed()
    const one = await filed()
    assert.notEqual(await owed(), before)
    await assert.rejects(cancelInvoice(running.host, context, one.invoiceId, 'wrong buyer'), { code: 'COMPLIANCE-CANCEL-FILED' })
    await atPortal(await rowOf(one), 'Cancelled')
    await watchAuthority(running.host, context)
    const row = await rowOf(one)
    assert.deepEqual([row.status, row.statusReason], ['Cancelled', 'Wrong buyer details'])
    assert.match(await page(one), /It is cancelled at the authority; the invoice may be cancelled here too/)
    // Neither its timeline nor the list goes on calling it accepted, and such invoices can be listed alone.
    assert.match(await page(one), /<div class="k-compliance">\s*<p><span class="badge k-badge k-badge-grey">Cancelled/)
    const { text: list } = await client.get('/app/invoicing/invoice?f=undone-at-authority')
    assert.match(list, new RegExp(`${one.number}[^]*?k-badge-grey">Cancelled`))
    assert.doesNotMatch((await client.get('/app/invoicing/invoice?f=rejected')).text, new RegExp(one.number))
    await cancelInvoice(running.host, context, one.invoiceId, 'wrong buyer')
    assert.equal(await stateOf(one), 'cancelled')
    assert.equal(await owed(), before)
    const events: { action: string }[] = await running.host.db.company(context.companyId, ({ knex }) =>
      knex('core_audit_event').where({ subject_id: one.invoiceId }).orderBy('sequence').select('action'),
    )
    const actions = events.map((event) => event.action)
    assert.ok(actions.indexOf('compliance-egypt.cancelled') < actions.indexOf('invoice.cancelled'), actions.join(' '))
    assert.ok(actions.includes('compliance-egypt.cancelled'), actions.join(' '))
  })

  it('cancelled there while nobody hears what became of it: said so, and a job asks until the state is known', async () => {
    const one = await filed()
    await control('POST', 'faults', { kind: 'status-before-commit', status: 503, path: '/raw', times: 1 })
    await assert.rejects(cancelDocument(running.host, context, one.invoiceId, 'Wrong buyer details'), { code: 'EG-STATE-UNCERTAIN' })
    assert.equal((await rowOf(one)).status, 'Valid')
    await running.host.jobs.drain()
    assert.equal((await rowOf(one)).status, 'Cancelled')
  })

  it('amounts of several currencies are never added: each has its own sum, and rows in another than the most say theirs', async () => {
    const [, abroad] = egyptDemonstration().invoices
    const { company: _company, ...input } = { ...abroad } as Record<string, unknown> // an example's shape
    await filed()
    await post(running.host, context, input)
    const plain = (await client.get('/app/invoicing/invoice?f=invoices')).text.replaceAll('\u00a0', ' ')
    assert.match(plain, /[\d,]+\.\d\d EGP\n3,200\.00 USD/)
    assert.match(plain, /<bdi[^>]*>3,200\.00 USD/)
    // One currency alone needs no word.
    assert.match((await client.get('/app/invoicing/invoice?f=invoices&currency=USD')).text.replaceAll('\u00a0', ' '), />3,200\.00</)
    const grouped = (await client.get('/app/invoicing/invoice?f=invoices&g=month')).text.replaceAll('\u00a0', ' ')
    assert.match(grouped, /EGP\n3,200\.00 USD/)
  })

  it('the buyer declines that: the invoice cancelled here stands there, and its page says so in red', async () => {
    const one = await filed()
    await cancelDocument(running.host, context, one.invoiceId, 'Wrong buyer details')
    await cancelInvoice(running.host, context, one.invoiceId, 'wrong buyer')
    assert.doesNotMatch(await page(one), /cancelled here but stands at the authority/)
    // The portal decides over again: valid once more.
    await control('POST', `eta/documents/${(await rowOf(one)).documentUuid ?? ''}`, { state: 'Declined' })
    await watchAuthority(running.host, context)
    assert.equal((await rowOf(one)).status, 'Valid')
    assert.match(await page(one), /cancelled here but stands at the authority/)
  })

  it('rejected by the buyer: declined once, in time; left alone, it may be cancelled here when the time is over', async () => {
    const one = await filed()
    await atPortal(await rowOf(one), 'Rejected')
    await watchAuthority(running.host, context)
    await assert.rejects(cancelInvoice(running.host, context, one.invoiceId, 'rejected'), { code: 'COMPLIANCE-CANCEL-FILED' })
    await declineRejection(running.host, context, one.invoiceId)
    assert.equal((await rowOf(one)).status, 'Valid')
    await assert.rejects(declineRejection(running.host, context, one.invoiceId), { code: 'EG-STATE-DECLINED' })

    const other = await filed()
    await atPortal(await rowOf(other), 'Rejected')
    await watchAuthority(running.host, context)
    ahead = 73 * hour
    await assert.rejects(declineRejection(running.host, context, other.invoiceId), { code: 'EG-STATE-LATE' })
    await cancelInvoice(running.host, context, other.invoiceId, 'rejected by the buyer')
    assert.equal(await stateOf(other), 'cancelled')
  })

  it('the time to cancel is the one of the document’s type, as the authority gives it, and its end is said in words', async () => {
    const invoice = await filed()
    const original = (await running.host.db.company(context.companyId, (transaction) => summaryOf(transaction, invoice.invoiceId))).number
    const credit = await filed({ ...note, refersTo: original })
    assert.equal((await rowOf(credit)).type, 'c')
    ahead = 2 * hour
    const late: unknown = await cancelDocument(running.host, context, credit.invoiceId, 'Wrong invoice details').catch(
      (error: unknown) => error,
    )
    assert.ok(late instanceof Error && 'code' in late && late.code === 'EG-STATE-LATE')
    // The session of two hours ago is over.
    await client.login('nile', password)
    assert.match(await page(credit), /The time to cancel at the authority is over; issue a credit note/)
    assert.match(await page(invoice), /<summary>Cancel/)
    // A decree shortens it for all: read anew after a day.
    await control('PUT', 'eta/settings', { cancellationHours: 20 })
    ahead = 27 * hour
    await assert.rejects(cancelDocument(running.host, context, invoice.invoiceId, 'Wrong invoice details'), { code: 'EG-STATE-LATE' })
    await control('PUT', 'eta/settings', { cancellationHours: 72 })
  })
})
