import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { authorityControl } from '../../../test/helpers/authority-control.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { SubmissionUncertain } from '../../compliance/index.js'
import { cancelInvoice, summaryOf, type PostedOutcome } from '../../invoicing/index.js'
import { documentSummary } from '../authority/eta-shapes.js'
import { recordStatus } from '../authority/record-status.js'
import { refreshDocuments } from '../authority/refresh.js'
import { cancelDocument, declineRejection } from '../authority/state-changes.js'
import { submissionOf, type EtaSubmission } from '../authority/submission-rows.js'
import { watchAuthority } from '../authority/watch.js'
import { updateCompany } from '../company/company-rows.js'
import { prepareSandboxCompany } from '../company/sandbox-company.js'
import { egyptDemonstration } from '../demonstration.js'
import { post, settle } from './running-company.js'

const hour = 3_600_000

describe('a document the buyer rejected, of a company that never asked for the times of its types', function () {
  this.timeout(120_000)
  let running: TestHost
  let context: CompanyContext
  let ahead = 0
  let companies = 0
  const control = authorityControl(() => running)

  before(async () => {
    running = await startTestHost({ sandbox: true, now: () => new Date(Date.now() + ahead) })
    await control('PUT', 'eta/settings', { decisionMs: 0 })
  })
  after(() => running.stop())
  beforeEach(async () => {
    ahead = 0
    companies += 1
    // A company of its own for each: what one has read of the types, another has not.
    const rin = `90010${String(4000 + companies)}`
    const identifiers = [{ scheme: 'VAT', value: rin }]
    context = await running.company({ ...egyptDemonstration().company, code: `rejected-${String(companies)}`, identifiers })
    const { host } = running
    await host.modules.enable(context, 'compliance-egypt')
    // The set-up asks for the times, and here it got none: a gateway stood between. The manager goes on with what works.
    await control('POST', 'faults', { kind: 'gateway-page', path: 'documenttypes', times: 1 })
    await assert.rejects(prepareSandboxCompany(host, context, await host.access.company(context.companyId)), { code: 'EG-ETA-AWAY' })
    const now = host.now()
    await host.db.company(context.companyId, (transaction) =>
      updateCompany(transaction, { credentials_checked_at: now, portal_confirmed_at: now }, now),
    )
  })
  afterEach(() => control('DELETE', 'faults'))

  const rowOf = async (one: PostedOutcome): Promise<EtaSubmission> =>
    (await running.host.db.company(context.companyId, (transaction) => submissionOf(transaction, one.invoiceId))) ?? assert.fail()
  const stateOf = async (one: PostedOutcome): Promise<string> =>
    (await running.host.db.company(context.companyId, (transaction) => summaryOf(transaction, one.invoiceId))).state
  const filed = async (): Promise<PostedOutcome> => {
    const [example] = egyptDemonstration().invoices
    const rin = (await running.host.access.company(context.companyId)).identifiers.find(({ scheme }) => scheme === 'VAT')?.value ?? ''
    const { company: _company, ...input } = example ?? assert.fail()
    assert.ok(Array.isArray(input.lines))
    const lines = input.lines.map((line: object) => ({ ...line, itemCode: `EG-${rin}-1` }))
    const [posted] = await post(running.host, context, { ...input, lines })
    assert.ok(posted !== undefined)
    const [row] = await settle(running.host, context, [posted])
    assert.equal(row?.state, 'accepted', JSON.stringify([row?.lastError, row?.faults]))
    return posted
  }
  const atPortal = async (one: PostedOutcome, state: string): Promise<unknown> =>
    control('POST', `eta/documents/${(await rowOf(one)).documentUuid ?? ''}`, { state, reason: 'Wrong buyer details' })
  const cancelledHere = (one: PostedOutcome): Promise<unknown> => cancelInvoice(running.host, context, one.invoiceId, 'rejected')
  const assertNotYet = (one: PostedOutcome): Promise<void> => assert.rejects(cancelledHere(one), { code: 'COMPLIANCE-CANCEL-FILED' })

  it('is seen by the watch, which reads the times itself: cancelled here when they are over, and not an hour before', async () => {
    const one = await filed()
    await atPortal(one, 'Rejected')
    await watchAuthority(running.host, context)
    ahead = 71 * hour
    await assertNotYet(one)
    ahead = 73 * hour
    await cancelledHere(one)
    assert.equal(await stateOf(one), 'cancelled')
  })

  for (const fault of [
    { kind: 'error-503' },
    { kind: 'gateway-page' },
    { kind: 'status-before-commit', status: 404 },
    { kind: 'reset-mid-body' },
  ]) {
    it(`the times are not told when the rejection is noticed (${fault.kind}): the state is known all the same, the watch asks again`, async () => {
      const one = await filed()
      await atPortal(one, 'Rejected')
      await control('POST', 'faults', { ...fault, path: 'documenttypes', times: 1 })
      await refreshDocuments(running.host, context, { documents: [(await rowOf(one)).documentUuid ?? ''] })
      assert.equal((await rowOf(one)).status, 'Rejected')
      // Nothing was learnt: however much time goes by, nothing is taken for over.
      ahead = 1000 * hour
      await assertNotYet(one)
      ahead = 0
      await watchAuthority(running.host, context)
      ahead = 73 * hour
      await cancelledHere(one)
    })
  }

  it('types away for as long as the watch looks: it says so, and the next one mends it', async () => {
    const one = await filed()
    await atPortal(one, 'Rejected')
    await control('POST', 'faults', { kind: 'gateway-page', path: 'documenttypes', times: 1 })
    await assert.rejects(watchAuthority(running.host, context), SubmissionUncertain)
    await watchAuthority(running.host, context)
    ahead = 73 * hour
    await cancelledHere(one)
  })

  it('an answer without the times of requests forgets none that another told; a rejection without a date begins when it is seen', async () => {
    const one = await filed()
    const tell = async (status: string, more: object = {}): Promise<EtaSubmission> => {
      const known = await rowOf(one)
      const said = documentSummary.parse({ uuid: known.documentUuid, internalId: known.internalId, status, ...more })
      await running.host.db.company(context.companyId, (transaction) => recordStatus(running.host, context, transaction, known, said))
      return rowOf(one)
    }
    const seen = await tell('Rejected')
    assert.ok(seen.rejectAskedAt !== null && Math.abs(seen.rejectAskedAt.getTime() - Date.now()) < 60_000)
    ahead = 5 * hour
    assert.deepEqual((await tell('Rejected')).rejectAskedAt, seen.rejectAskedAt)
    const rejectRequestDate = new Date(Date.now() - 3 * hour).toISOString()
    assert.equal((await tell('Rejected', { rejectRequestDate })).rejectAskedAt?.toISOString(), rejectRequestDate)
    assert.equal((await tell('Rejected')).rejectAskedAt?.toISOString(), rejectRequestDate)
  })

  it('the buyer declined a cancellation before he rejected it: the issuer may decline that all the same, once', async () => {
    const one = await filed()
    await cancelDocument(running.host, context, one.invoiceId, 'Wrong buyer details')
    await atPortal(one, 'Declined')
    await watchAuthority(running.host, context)
    assert.deepEqual([(await rowOf(one)).status, (await rowOf(one)).declinedAt], ['Valid', null])
    await atPortal(one, 'Rejected')
    await watchAuthority(running.host, context)
    await declineRejection(running.host, context, one.invoiceId)
    assert.equal((await rowOf(one)).status, 'Valid')
    await assert.rejects(declineRejection(running.host, context, one.invoiceId), { code: 'EG-STATE-DECLINED' })
  })
})
