import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { until } from '../../../test/helpers/until.js'
import type { Company, CompanyContext } from '../../../core/access/context.js'
import { processDocuments, type DocumentRow } from '../../compliance/index.js'
import { postInvoices, type PostedOutcome } from '../../invoicing/index.js'
import { submissionOf } from '../authority/submission-rows.js'
import { cancelDocument, declineRejection, answerReceived } from '../authority/state-changes.js'
import { receivedDocuments } from '../authority/received-rows.js'
import { readReceived, watchAuthority } from '../authority/watch.js'
import { addCodes, codesOf } from '../authority/codes.js'
import { importCodes } from '../authority/import-codes.js'
import { refreshCodes, sendCodes } from '../authority/request-codes.js'
import { newCallbackKey } from '../authority/notifications.js'
import { fetchPackage, packagesOf, requestPackage } from '../authority/packages.js'
import { prepareSandboxCompany } from '../company/sandbox-company.js'
import { testConnection } from '../company/test-connection.js'
import { storeCredentials } from '../company/credentials.js'
import { rowsOf, settle as settleNow } from './running-company.js'

interface Seen {
  readonly uuid: string
  readonly internalId: string
  readonly status: string
}

const seller = '900100201'
const buyer = '900100202'

describe('Egyptian documents and their authority, through the real host and the sandbox', function () {
  this.timeout(240_000)
  let running: TestHost
  let context: CompanyContext
  let other: CompanyContext
  let clientId = ''

  const companyOf = async (code: string, rin: string): Promise<CompanyContext> => {
    const made = await running.company({
      code,
      country: 'EG',
      currency: 'EGP',
      timeZone: 'Africa/Cairo',
      sandbox: true,
      identifiers: [{ scheme: 'VAT', value: rin }],
      address: {
        street: 'شارع طلعت حرب',
        building: '17',
        district: 'وسط البلد',
        city: 'القاهرة',
        region: 'القاهرة',
        postalCode: '11511',
        country: 'EG',
      },
    })
    await running.host.modules.enable(made, 'compliance-egypt')
    await prepareSandboxCompany(running.host, made, await companyRow(made))
    return made
  }
  const companyRow = (one: CompanyContext): Promise<Company> => running.host.access.company(one.companyId)

  before(async () => {
    running = await startTestHost({ sandbox: true })
    context = await companyOf('eg-seller', seller)
    other = await companyOf('eg-buyer', buyer)
  })
  after(() => running.stop())

  const invoice = {
    customer: {
      name: 'Buyer Co',
      nameAr: 'شركة المشتري',
      identifiers: [{ scheme: 'VAT', value: buyer }],
      address: {
        street: 'شارع النيل',
        building: '1',
        district: 'الدقي',
        city: 'الجيزة',
        region: 'الجيزة',
        postalCode: '12311',
        country: 'EG',
      },
    },
    paymentMeans: 'cash',
    lines: [{ description: 'ورق تصوير', quantity: '2', unit: 'PCE', unitPrice: '100.00', tax: 'V009', itemCode: `EG-${seller}-1001` }],
  }

  const post = async (count = 1): Promise<PostedOutcome[]> => {
    const outcomes = await postInvoices(
      running.host,
      context,
      Array.from({ length: count }, () => ({ input: invoice })),
      { print: false },
    )
    return outcomes.map((outcome) => {
      if (outcome.status !== 'posted') assert.fail(JSON.stringify(outcome.faults))
      return outcome
    })
  }
  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${running.authorities?.url ?? ''}/control/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    assert.ok(answer.ok, `${answer.status}`)
    return answer.status === 204 ? undefined : answer.json()
  }
  const seen = async (): Promise<Seen[]> => (await control('GET', 'eta/documents')) as Seen[] // the sandbox's own shape
  const settle = (posted: readonly PostedOutcome[]): Promise<DocumentRow[]> => settleNow(running.host, context, posted)

  it('files a batch: taken is not yet valid, then every document is valid, each once', async () => {
    const posted = await post(5)
    // By the queue alone, at the times it has set.
    let rows = await rowsOf(running.host, context, posted)
    for (const until = Date.now() + 60_000; rows.some((row) => row.answeredAt === null) && Date.now() < until;) {
      await running.host.jobs.drain()
      await sleep(200)
      rows = await rowsOf(running.host, context, posted)
    }
    assert.deepEqual(
      rows.map((row) => row.state),
      Array(5).fill('accepted'),
      JSON.stringify(rows.map((row) => [row.lastError, row.faults])),
    )
    const filed = await seen()
    for (const row of rows) {
      const own = filed.filter((one) => one.internalId === row.number)
      assert.deepEqual(
        own.map((one) => [one.uuid, one.status]),
        [[row.authorityReference, 'Valid']],
      )
    }
  })

  it('goes on with the second secret while the first is exchanged, and says so when none opens', async () => {
    await control('DELETE', `eta/taxpayers/${seller}/secrets/1`)
    const [row] = await settle(await post())
    assert.equal(row?.state, 'accepted', JSON.stringify(row?.lastError))
    await control('DELETE', `eta/taxpayers/${seller}/secrets/2`)
    const posted = await post()
    await processDocuments(running.host, context, { invoiceIds: posted.map((one) => one.invoiceId) })
    assert.equal((await rowsOf(running.host, context, posted))[0]?.lastError?.code, 'EG-CREDENTIALS-REFUSED')
    const renewed = (await control('POST', 'eta/taxpayers', { rin: seller, name: 'x' })) as { clientId: string; secret1: string } // the portal's shape
    clientId = renewed.clientId
    await storeCredentials(running.host, context, { environment: 'sandbox', clientId, clientSecret: renewed.secret1 })
    await testConnection(running.host, context)
    assert.equal((await settle(posted))[0]?.state, 'accepted')
  })

  it('cancels within the authority’s time, and the buyer may decline that once', async () => {
    const [one] = await post()
    assert.ok(one)
    await settle([one])
    await cancelDocument(running.host, context, one.invoiceId, 'Wrong buyer details')
    const own = await running.host.db.company(context.companyId, (transaction) => submissionOf(transaction, one.invoiceId))
    assert.deepEqual([own?.status, own?.statusReason], ['Cancelled', 'Wrong buyer details'])
    await readReceived(running.host, other)
    await answerReceived(running.host, other, own?.documentUuid ?? '', 'decline-cancellation', null)
    await watchAuthority(running.host, context)
    const again = await running.host.db.company(context.companyId, (transaction) => submissionOf(transaction, one.invoiceId))
    assert.equal(again?.status, 'Valid')
    await control('PUT', 'eta/settings', { cancellationHours: 0 })
    await running.host.db.company(context.companyId, (transaction) =>
      transaction
        .knex('compliance_egypt_document_type')
        .where({ company_id: context.companyId })
        .update({ read_at: new Date(0) }),
    )
    await assert.rejects(cancelDocument(running.host, context, one.invoiceId, 'Wrong buyer details'), { code: 'EG-STATE-LATE' })
    await control('PUT', 'eta/settings', { cancellationHours: 72 })
  })

  it('lists what others issued, rejects it, and the issuer declines once', async () => {
    const [one] = await post()
    assert.ok(one)
    await settle([one])
    await readReceived(running.host, other)
    const received = await running.host.db.company(other.companyId, (transaction) => receivedDocuments(transaction, 100))
    const found = received.find((document) => document.internalId === one.number)
    assert.equal(found?.issuerId, seller)
    await answerReceived(running.host, other, found.uuid, 'reject', 'Wrong invoice details')
    await watchAuthority(running.host, context)
    const state = async (): Promise<string | undefined> =>
      (await running.host.db.company(context.companyId, (transaction) => submissionOf(transaction, one.invoiceId)))?.status
    assert.equal(await state(), 'Rejected')
    await declineRejection(running.host, context, one.invoiceId)
    assert.equal(await state(), 'Valid')
    await assert.rejects(answerReceived(running.host, other, found.uuid, 'reject', 'Wrong invoice details'))
  })

  it('asks for codes of goods and learns what the authority decided', async () => {
    const code = {
      itemCode: '1001',
      codeType: 'EGS' as const,
      parentCode: '10001234',
      name: 'Paper',
      nameAr: 'ورق',
      activeFrom: '2026-11-22',
      usage: false,
    }
    await addCodes(running.host, context, [code])
    const csv = Buffer.from('itemCode,codeType,parentCode,name,nameAr,activeFrom\n1002,EGS,10001235,Pens,أقلام,2026-11-22\n')
    assert.equal((await importCodes(running.host, context, csv)).added, 1)
    const bad = await importCodes(
      running.host,
      context,
      Buffer.from('itemCode,parentCode,name,nameAr,activeFrom\n1003,77,Pens,أقلام,2026-11-22\n'),
    )
    assert.deepEqual(
      bad.faults.map((fault) => [fault.code, fault.params?.row, fault.params?.field]),
      [['EG-CODE-ROW', 2, 'parentCode']],
    )
    await assert.rejects(addCodes(running.host, context, [{ ...code, itemCode: `EG-${buyer}-9` }]), { code: 'EG-CODE-FOREIGN' })
    assert.equal(await sendCodes(running.host, context), 2)
    const rows = await running.host.db.company(context.companyId, (transaction) => codesOf(transaction, ['submitted']))
    assert.equal(rows.length, 2)
    const [first, second] = rows
    await control('POST', `eta/codes/${first?.requestId ?? ''}`, { state: 'Approved' })
    await control('POST', `eta/codes/${second?.requestId ?? ''}`, { state: 'Rejected', reason: 'Wrong parent' })
    await refreshCodes(running.host, context)
    const decided = await running.host.db.company(context.companyId, (transaction) => codesOf(transaction))
    assert.deepEqual(decided.map((row) => [row.itemCode === first?.itemCode ? 'first' : 'second', row.state, row.reason]).sort(), [
      ['first', 'approved', null],
      ['second', 'rejected', 'Wrong parent'],
    ])
  })

  it('takes the authority’s notifications once, with its key alone, and believes the authority, not the delivery', async () => {
    const key = await newCallbackKey(running.host, context)
    const { url } = await running.listen()
    const base = `${url}/eta/${context.companyId}/notifications`
    const [one] = await post()
    assert.ok(one)
    const [row] = await settle([one])
    const call = async (authorization: string, body: object | string, path = 'documents'): Promise<number> =>
      (
        await fetch(`${base}/${path}`, {
          method: 'PUT',
          headers: { authorization, 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        })
      ).status
    const delivery = {
      deliveryId: 'd-1',
      type: 'document-cancelled',
      message: [{ type: 'document-cancelled', uuid: row?.authorityReference, status: 'Cancelled' }],
    }
    assert.equal(await call('ApiKey wrong', delivery), 401)
    assert.equal(await call('', delivery), 401)
    assert.equal(await call(`ApiKey ${key}`, '{'), 400)
    assert.equal(await call(`ApiKey ${key}`, { deliveryId: 'x', message: [{ uuid: 'a'.repeat(400_000) }] }), 413)
    assert.equal(await call(`ApiKey ${key}`, {}, 'ping'), 200)
    assert.equal(await call(`ApiKey ${key}`, delivery), 200)
    assert.equal(await call(`ApiKey ${key}`, delivery), 200)
    await running.host.jobs.drain()
    const own = await running.host.db.company(context.companyId, (transaction) => submissionOf(transaction, one.invoiceId))
    assert.equal(own?.status, 'Valid')
    const stored = await running.host.db.company(context.companyId, (transaction) =>
      transaction.knex('compliance_egypt_delivery').where({ delivery_id: 'd-1' }),
    )
    assert.equal(stored.length, 1)
    const unknown = base.replace(context.companyId, '00000000-0000-4000-8000-000000000000')
    assert.equal((await fetch(`${unknown}/documents`, { method: 'PUT', headers: { authorization: `ApiKey ${key}` } })).status, 401)
  })

  it('asks for a package and keeps what it fetched', async () => {
    await requestPackage(running.host, context, { kind: 'summary', format: 'CSV', dateFrom: '2026-01-01', dateTo: '2030-01-01' })
    const [asked] = await running.host.db.company(context.companyId, (transaction) => packagesOf(transaction))
    const file = await until('the package is ready', () => fetchPackage(running.host, context, asked?.id ?? '').catch(() => undefined))
    assert.match(file.bytes.toString('utf8'), /^"uuid","internalId"/)
    const again = await fetchPackage(running.host, context, asked?.id ?? '')
    assert.ok(again.bytes.equals(file.bytes))
  })
})
