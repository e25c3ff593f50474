import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CompanyContext } from '../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { processDocuments } from '../../compliance/index.js'
import type { PostedOutcome } from '../../invoicing/index.js'
import { newCallbackKey } from '../authority/notifications.js'
import { fetchPackage, packagesOf, requestPackage, type PackageInput, type PackageRow } from '../authority/packages.js'
import { receivedDocuments } from '../authority/received-rows.js'
import { watchAuthority } from '../authority/watch.js'
import { egyptDemonstration } from '../demonstration.js'
import { egyptianCompany, post, rowsOf, settle, withTill } from './running-company.js'

describe('the Egyptian authority calls us: a hint what to ask for, never a fact', function () {
  this.timeout(180_000)
  let running: TestHost
  let context: CompanyContext
  let other: CompanyContext
  let base = ''
  let key = ''
  let ahead = 0
  let deliveries = 0
  const [example] = egyptDemonstration().invoices
  const { company: _company, ...invoice } = example ?? assert.fail('no example')
  const sale = {
    simplified: true,
    paymentMeans: 'cash',
    lines: [{ description: 'قلم حبر', itemCode: 'EG-900100200-PEN-1', quantity: '1', unitPrice: '12.50', tax: 'V009' }],
  }

  before(async () => {
    running = await startTestHost({ sandbox: true, role: { web: true }, now: () => new Date(Date.now() + ahead) })
    context = await egyptianCompany(running)
    other = await egyptianCompany(running, { code: 'eg-other', identifiers: [{ scheme: 'VAT', value: '900100333' }] })
    await withTill(running.host, context)
    key = await newCallbackKey(running.host, context)
    base = `${(await running.listen()).url}/eta/${context.companyId}/notifications`
  })
  after(() => running.stop())

  async function control(path: string, body: object): Promise<void> {
    const answer = await fetch(`${running.authorities?.url ?? ''}/control/${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.ok(answer.ok, `${path} ${String(answer.status)}`)
  }
  async function deliver(kind: string, message: object | readonly object[], id?: string, authorization = `ApiKey ${key}`): Promise<number> {
    const body = { deliveryId: id ?? `d-${String((deliveries += 1))}`, type: 'told', message }
    const answer = await fetch(`${base}/${kind}`, {
      method: 'PUT',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return answer.status
  }
  const waitingJobs = async (name: string): Promise<number> => {
    const { rows } = await running.host.db.company(context.companyId, ({ knex }) =>
      knex.raw<{ rows: { name: string }[] }>('select name from core_jobs_of_company()'),
    )
    return rows.filter((job) => job.name === name).length
  }
  const sent = async (input: object): Promise<PostedOutcome> => {
    const [posted] = await post(running.host, context, input)
    assert.ok(posted !== undefined)
    await processDocuments(running.host, context, { invoiceIds: [posted.invoiceId] })
    const [row] = await rowsOf(running.host, context, [posted])
    assert.deepEqual([row?.state, row?.lastError?.code], ['submitted', 'COMPLIANCE-PENDING'])
    return posted
  }

  for (const [kind, input, named] of [
    ['documents', invoice, 'number'],
    ['receipts', sale, 'uuid'],
    ['receipts', sale, 'submission'],
  ] as const) {
    it(`${kind} named by ${named}: asked for at once, long before the next look was due`, async () => {
      await control('eta/settings', { decisionMs: 400 })
      const posted = await sent(input)
      // Due in an hour: only the delivery brings the answer earlier.
      await running.host.db.company(context.companyId, async ({ knex }) => {
        await knex('compliance_document')
          .where({ invoice_id: posted.invoiceId })
          .update({ next_try_at: new Date(Date.now() + 3_600_000) })
      })
      await running.database.ownerKnex.raw('delete from graphile_worker._private_jobs')
      await sleep(500)
      const receipt: { uuid: string; submission_uuid: string } | undefined = await running.host.db.company(context.companyId, ({ knex }) =>
        knex('compliance_egypt_receipt').where({ invoice_id: posted.invoiceId }).first('uuid', 'submission_uuid'),
      )
      const message = {
        number: { uuid: 'UNKNOWN', internalId: posted.number },
        uuid: { uuid: receipt?.uuid },
        submission: { submissionUUID: receipt?.submission_uuid },
      }[named]
      assert.equal(await deliver(kind, [message]), 200)
      await running.host.jobs.drain()
      const [row] = await rowsOf(running.host, context, [posted])
      assert.equal(row?.state, 'accepted', JSON.stringify(row?.lastError))
    })
  }

  it('a package is fetched when it is told to be ready, in each of its formats; told twice it is fetched once', async () => {
    await control('eta/settings', { decisionMs: 0 })
    await settle(running.host, context, await post(running.host, context, invoice))
    const formats: readonly (readonly [PackageInput['kind'], PackageInput['format']])[] = [
      ['full', 'JSON'],
      ['full', 'XML'],
      ['summary', 'XML'],
      ['summary', 'CSV'],
    ]
    for (const [kind, format] of formats)
      await requestPackage(running.host, context, { kind, format, dateFrom: '2026-01-01', dateTo: '2030-01-01' })
    await assert.rejects(
      requestPackage(running.host, context, { kind: 'full', format: 'CSV', dateFrom: '2026-01-01', dateTo: '2030-01-01' }),
      { code: 'EG-PACKAGE-FORMAT' },
    )
    const packages = (): Promise<PackageRow[]> => running.host.db.company(context.companyId, (transaction) => packagesOf(transaction))
    const asked = await packages()
    for (const one of asked) assert.equal(await deliver('documentpackages', { packageId: one.requestId }), 200)
    assert.equal(await deliver('receiptpackages', { packageId: 'nobody’s' }), 200)
    await running.host.jobs.drain()
    for (const one of await packages()) {
      assert.equal(one.state, 'ready', one.format)
      const { bytes, mediaType, name } = await fetchPackage(running.host, context, one.id)
      assert.ok(name.endsWith(`.${one.format.toLowerCase()}`), name)
      if (one.format !== 'XML') continue
      assert.equal(mediaType, 'application/xml')
      execFileSync('xmllint', ['--noout', '-'], { input: bytes })
    }
    assert.equal(await deliver('documentpackages', { packageId: asked[0]?.requestId }), 200)
    assert.equal(await waitingJobs('compliance-egypt.fetch-package'), 0)
  })

  it('what is another company’s leads to nothing here and nothing there', async () => {
    await withTill(running.host, other, { serial: 'POS-OTHER' })
    const own = { ...invoice, lines: (invoice.lines as object[]).map((line) => ({ ...line, itemCode: 'EG-900100333-1' })) }
    const [theirs] = await settle(running.host, other, await post(running.host, other, own))
    await requestPackage(running.host, other, { kind: 'summary', format: 'CSV', dateFrom: '2026-01-01', dateTo: '2030-01-01' })
    const [packed] = await running.host.db.company(other.companyId, (transaction) => packagesOf(transaction))
    await running.host.jobs.drain()
    const before = await running.host.db.company(context.companyId, (transaction) => receivedDocuments(transaction, 100))
    assert.equal(await deliver('documents', [{ uuid: theirs?.authorityReference, internalId: theirs?.number }]), 200)
    assert.equal(await deliver('documentpackages', { packageId: packed?.requestId }), 200)
    await running.host.jobs.drain()
    assert.deepEqual(await running.host.db.company(context.companyId, (transaction) => receivedDocuments(transaction, 100)), before)
    const [still] = await running.host.db.company(other.companyId, (transaction) => packagesOf(transaction))
    assert.equal(still?.state, 'asked')
  })

  it('an own document from another system is none that we received', async () => {
    const posted = await post(running.host, context, invoice)
    const [row] = await settle(running.host, context, posted)
    // As if the portal had made it: we know nothing of it.
    await running.database
      .ownerKnex('compliance_egypt_submission')
      .where({ invoice_id: posted[0]?.invoiceId ?? '' })
      .update({ document_uuid: 'ELSEWHERE', internal_id: 'ELSEWHERE' })
    assert.equal(await deliver('documents', [{ uuid: row?.authorityReference }]), 200)
    await running.host.jobs.drain()
    const received = await running.host.db.company(context.companyId, (transaction) => receivedDocuments(transaction, 100))
    assert.deepEqual(
      received.filter((one) => one.uuid === row?.authorityReference),
      [],
    )
  })

  it('every kind takes the key of this company alone, bodies of a delivery alone, and each delivery once', async () => {
    const theirKey = await newCallbackKey(running.host, other)
    for (const kind of ['documents', 'documentpackages', 'receipts', 'receiptpackages']) {
      for (const wrong of ['', 'ApiKey ', `ApiKey ${theirKey}`, `Bearer ${key}`, `ApiKey ${key}x`])
        assert.equal(await deliver(kind, [], undefined, wrong), 401, `${kind} ${wrong.slice(0, 7)}`)
      assert.equal(await deliver(kind, [{ uuid: 'a'.repeat(400_000) }]), 413)
      assert.equal(await deliver(kind, [], `once-${kind}`), 200)
      assert.equal(await deliver(kind, [], `once-${kind}`), 200)
    }
    assert.equal(await deliver('salaries', []), 404)
    const stored: { delivery_id: string }[] = await running.host.db.company(context.companyId, ({ knex }) =>
      knex('compliance_egypt_delivery').where('delivery_id', 'like', 'once-%'),
    )
    assert.equal(stored.length, 4)
  })

  it('a body the database could not keep as it is, is taken all the same', async () => {
    assert.equal(await deliver('documents', { note: 'A\u0000B', of: '\ud800' }, 'nul\u0000'), 200)
    assert.equal(await deliver('documents', {}, 'nul\u0000'), 200)
  })

  it('a replayed delivery asks for nothing a second time, and is forgotten after ninety days', async () => {
    assert.equal(await deliver('documents', [{ uuid: 'SOMEBODYS' }], 'again'), 200)
    assert.equal(await waitingJobs('compliance-egypt.refresh'), 1)
    await running.host.jobs.drain()
    assert.equal(await deliver('documents', [{ uuid: 'SOMEBODYS' }], 'again'), 200)
    assert.equal(await waitingJobs('compliance-egypt.refresh'), 0)
    ahead = 91 * 86_400_000
    await watchAuthority(running.host, context).catch(() => undefined)
    const stored: object[] = await running.host.db.company(context.companyId, ({ knex }) => knex('compliance_egypt_delivery'))
    assert.deepEqual(stored, [])
  })
})
