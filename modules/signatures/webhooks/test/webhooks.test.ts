import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CompanyContext } from '../../../../core/access/context.js'
import { RunAgain } from '../../../../core/jobs/jobs.js'
import { startTestHost, type TestHost } from '../../../../test/helpers/test-host.js'
import { createRequest } from '../../services/requests/create-request.js'
import { createTextTemplate } from '../../templates/create-template.js'
import { deliver, listDeliveries, mostTries, pauseAfter, queueTest, resend } from '../deliveries.js'
import { createWebhook, readWebhook } from '../endpoints.js'
import { holdsSignature, signMessage } from '../signature.js'

interface Taken {
  readonly body: string
  readonly headers: http.IncomingHttpHeaders
}

describe('webhooks', () => {
  let house: TestHost
  let context: CompanyContext
  let receiver: http.Server
  let url: string
  let taken: Taken[] = []
  let status = 200
  let clock = new Date()

  before(async () => {
    receiver = http.createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        taken.push({ body, headers: request.headers })
        response.statusCode = status
        if (status === 302) response.setHeader('location', 'http://127.0.0.1:1/')
        response.end('thanks')
      })
    })
    receiver.listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const origin = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}`
    url = `${origin}/hook`
    house = await startTestHost({ config: { allowedPrivateOrigins: [origin] }, now: () => clock })
    context = await house.company()
    await house.host.modules.enable(context, 'signatures')
  })
  after(async () => {
    receiver.close()
    await house.stop()
  })
  beforeEach(() => {
    taken = []
    status = 200
  })

  const inCompany: TestHost['host']['db']['company'] = (companyId, work) => house.host.db.company(companyId, work)
  const add = (events: readonly 'sign_request.created'[] = []): Promise<{ id: string; secret: string }> =>
    inCompany(context.companyId, (transaction) =>
      createWebhook(house.host, transaction, context, { name: 'Payroll', url, events: [...events] }),
    )
  const deliveries = (id: string) => inCompany(context.companyId, (transaction) => listDeliveries(transaction, id))
  const remove = (id: string) =>
    inCompany(context.companyId, (transaction) =>
      transaction.knex('signatures_webhook').where({ company_id: context.companyId, id }).delete(),
    )

  it('tells a receiver of a request that was made, signed, with the id of the event', async () => {
    const { id, secret } = await add(['sign_request.created'])
    const requestId = await inCompany(context.companyId, async (transaction) => {
      const templateId = await createTextTemplate(house.host, transaction, context, {
        name: 'عقد عمل',
        locale: 'ar',
        content: { kind: 'text', languages: ['ar'], title: { ar: 'عقد عمل' }, clauses: [{ body: { ar: 'نص العقد' } }] },
        roles: [{ id: 'employee', name: 'Employee' }],
      })
      return createRequest(house.host, transaction, context, {
        templateId,
        signers: [{ role: 'employee', name: 'سارة القحطاني', email: 'sara@example.com' }],
        externalId: 'HR-17',
      })
    })
    await house.host.jobs.drain()
    assert.equal(taken.length, 1)
    const [message] = taken
    const body = JSON.parse(message?.body ?? '') as Record<string, unknown>
    assert.equal(body['event_type'], 'sign_request.created')
    assert.equal(body['company_id'], context.companyId)
    assert.deepEqual((body['data'] as { request: { id: string; external_id: string; status: string } }).request.id, requestId)
    assert.equal((body['data'] as { request: { external_id: string } }).request.external_id, 'HR-17')
    assert.equal(message?.headers['khatm-event-id'], body['id'])
    const header = String(message?.headers['khatm-signature'])
    assert.equal(holdsSignature(secret, message?.body ?? '', header, clock), true)
    assert.equal(holdsSignature(secret, `${message?.body ?? ''} `, header, clock), false)
    assert.equal(holdsSignature(secret, message?.body ?? '', header, new Date(clock.getTime() + 301_000)), false)
    assert.deepEqual(
      (await deliveries(id)).map(({ state, attempts, lastStatus }) => ({ state, attempts, lastStatus })),
      [{ state: 'delivered', attempts: 1, lastStatus: 200 }],
    )
    await remove(id)
  })

  it('keeps the secret under the master key alone', async () => {
    const { id, secret } = await add()
    const row: { secret: Buffer } | undefined = await inCompany(context.companyId, (transaction) =>
      transaction.knex('signatures_webhook').where({ company_id: context.companyId, id }).first('secret'),
    )
    assert.match(secret, /^whsec_.{32}$/)
    assert.equal(row?.secret.includes(Buffer.from(secret)), false)
    await remove(id)
  })

  it('tries the same bytes again with growing pauses, at most twelve times, then shows it as not delivered', async () => {
    status = 500
    const { id } = await add()
    await inCompany(context.companyId, (transaction) => queueTest(house.host, transaction, id))
    for (let attempt = 1; attempt <= mostTries; attempt += 1) {
      await runDue(id)
      assert.equal(taken.length, attempt)
      clock = new Date(clock.getTime() + pauseAfter(attempt) + 1000)
    }
    await runDue(id)
    assert.equal(taken.length, mostTries)
    assert.equal(new Set(taken.map(({ body }) => body)).size, 1)
    const [dead] = await deliveries(id)
    assert.deepEqual([dead?.state, dead?.attempts, dead?.lastStatus, dead?.lastAnswer], ['dead', mostTries, 500, 'thanks'])

    status = 204
    await inCompany(context.companyId, (transaction) => resend(house.host, transaction, context, dead?.id ?? ''))
    await runDue(id)
    assert.equal((await deliveries(id))[0]?.state, 'delivered')
    assert.equal(taken.at(-1)?.headers['khatm-event-id'], taken[0]?.headers['khatm-event-id'])
    await remove(id)
  })

  it('switches off a receiver that says it is gone, and follows no redirect', async () => {
    const { id } = await add()
    status = 302
    await inCompany(context.companyId, (transaction) => queueTest(house.host, transaction, id))
    await runDue(id)
    assert.deepEqual([(await deliveries(id))[0]?.lastStatus, taken.length], [302, 1])
    status = 410
    clock = new Date(clock.getTime() + pauseAfter(1) + 1000)
    await runDue(id)
    const webhook = await inCompany(context.companyId, (transaction) => readWebhook(transaction, id))
    assert.deepEqual([webhook.active, webhook.inactiveReason], [false, 'gone'])
    await assert.rejects(
      inCompany(context.companyId, async (transaction) =>
        resend(house.host, transaction, context, (await listDeliveries(transaction, id))[0]?.id ?? ''),
      ),
      { code: 'SIGNATURES-WEBHOOK-OFF' },
    )
    await remove(id)
  })

  it('reaches no private address that is not allowed', async () => {
    const { id } = await inCompany(context.companyId, (transaction) =>
      createWebhook(house.host, transaction, context, { name: 'Metadata', url: 'http://169.254.169.254/latest', events: [] }),
    )
    await inCompany(context.companyId, (transaction) => queueTest(house.host, transaction, id))
    await runDue(id)
    assert.equal((await deliveries(id))[0]?.lastFault?.code, 'HTTP-ADDRESS-REFUSED')
    await remove(id)
  })

  it('signs as Stripe and DocuSeal do', () => {
    assert.equal(
      signMessage('whsec_test', '{"a":1}', new Date('2026-11-22T12:00:00Z')),
      't=1795348800,v1=cb5dc163f7a43050e07a59e32616b3b0bc2113079d5bdc79315951727d8ba5e0',
    )
  })

  /** One try of every message that waits, as the job makes it when its time has come. */
  async function runDue(id: string): Promise<void> {
    for (const delivery of await deliveries(id)) {
      try {
        await deliver(house.host, delivery.id, { context, attempt: 1, maxAttempts: 25, signal: new AbortController().signal })
      } catch (error) {
        if (!(error instanceof RunAgain)) throw error
      }
    }
  }
})
