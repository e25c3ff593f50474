import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../../core/access/context.js'
import { startTestHost, type TestHost } from '../../../../test/helpers/test-host.js'
import { createWalkIn, mostPerAddress, startWalkIn, stopWalkIn, walkInPath } from '../../walk-in/walk-in.js'

/** What the API answers with, as far as these tests read it. */
interface Answer {
  readonly id: string
  readonly status: string
  readonly version: number
  readonly number: string
  readonly data: readonly { readonly id: string; readonly name: string; readonly external_id: string | null }[]
  readonly next: string | null
  readonly signers: readonly { readonly id: string; readonly email: string; readonly status: string }[]
  readonly error: { readonly code: string; readonly details: readonly { readonly code: string; readonly path?: string }[] }
  readonly url: string
}

describe('REST interface of signature requests', function () {
  this.timeout(180_000)
  let house: TestHost
  let context: CompanyContext
  let base: string
  let secret: string
  let templateId: string

  before(async () => {
    house = await startTestHost({ sandbox: true, role: { web: true } })
    context = await house.company({ sandbox: true })
    await house.host.modules.enable(context, 'signatures')
    await house.host.db.company(context.companyId, (transaction) =>
      house.host.settings.set(transaction, context, 'signatures', { sealWhenSigned: false, timeStamps: 'none' }),
    )
    base = (await house.listen()).url
    secret = (await house.access.createApiKey(context, 'program', ['signatures.manager'])).secret
  })
  after(() => house.stop())

  async function call(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; answer: Answer }> {
    const response = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    // The interface's own shapes are checked where they are read.
    return { status: response.status, answer: (await response.json()) as Answer }
  }

  it('makes a template from a text and a request from it, and sends it', async () => {
    const made = await call('POST', '/templates', {
      name: 'عقد خدمة',
      locale: 'ar',
      content: {
        kind: 'text',
        languages: ['ar', 'en'],
        title: { ar: 'عقد خدمة', en: 'Service contract' },
        clauses: [{ body: { ar: 'القيمة {{contract.value}}', en: 'The value is {{contract.value}}' } }],
        mergeFields: [{ name: 'contract.value', label: { ar: 'القيمة', en: 'Value' }, type: 'money' }],
      },
      roles: [{ id: 'client', name: 'Client' }],
      external_id: 'CRM-1',
    })
    assert.equal(made.status, 201, JSON.stringify(made.answer))
    templateId = made.answer.id
    const wanted = {
      template_id: templateId,
      signers: [{ role: 'client', name: 'Mona Saleh', email: 'mona@example.test' }],
      variables: { 'contract.value': '1500.00' },
      external_id: 'DEAL-7',
      order: 'preserved',
    }
    const sent = await call('POST', '/sign-requests', wanted, { 'idempotency-key': 'deal-7' })
    assert.equal(sent.status, 201, JSON.stringify(sent.answer))
    assert.deepEqual([sent.answer.status, sent.answer.signers[0]?.status], ['sent', 'sent'])
    // The same call again, after a broken connection: the same answer, one request.
    const again = await call('POST', '/sign-requests', wanted, { 'idempotency-key': 'deal-7' })
    assert.equal(again.answer.id, sent.answer.id)
    const found = await call('GET', '/submissions?external_id=DEAL-7')
    assert.deepEqual(
      found.answer.data.map(({ id }) => id),
      [sent.answer.id],
    )
  })

  it('names what is wrong with its place in the caller’s own words, and leaves nothing behind', async () => {
    const before = (await call('GET', '/sign-requests?limit=100')).answer.data.length
    const missing = await call('POST', '/sign-requests', { template_id: templateId, signers: [{ role: 'client', name: 'Mona' }] })
    assert.equal(missing.status, 422, JSON.stringify(missing.answer))
    const shape = await call('POST', '/sign-requests', { template_id: templateId, signers: [{ rolle: 'client', name: 'Mona' }] })
    assert.equal(shape.status, 400)
    assert.ok(shape.answer.error.details.some(({ path }) => path?.startsWith('signers[0]') === true))
    const open = (await call('GET', '/sign-requests?limit=100')).answer.data
    assert.equal(open.length, before + 1)
    assert.equal((await call('GET', '/sign-requests?status=draft')).answer.data.length, 0)
  })

  it('corrects, reminds, cancels; gives no link away where mails prove the address', async () => {
    const sent = await call('POST', '/sign-requests', {
      template_id: templateId,
      signers: [{ role: 'client', name: 'Omar', email: 'omra@example.test' }],
      variables: { 'contract.value': '1' },
    })
    const { id, signers } = sent.answer
    const signer = signers[0]?.id ?? ''
    const corrected = await call('PATCH', `/sign-requests/${id}/signers/${signer}`, { email: 'omar@example.test' })
    assert.equal(corrected.answer.signers[0]?.email, 'omar@example.test')
    const link = await call('POST', `/sign-requests/${id}/signers/${signer}/link`)
    assert.deepEqual([link.status, link.answer.error.code], [409, 'SIGNATURES-LINK-BY-MAIL'])
    const cancelled = await call('POST', `/sign-requests/${id}/cancel`, { reason: 'Wrong amount' })
    assert.equal(cancelled.answer.status, 'cancelled')
    const events = await fetch(`${base}/api/v1/sign-requests/${id}/events`, { headers: { authorization: `Bearer ${secret}` } })
    const { data } = (await events.json()) as { data: { type: string }[] }
    assert.deepEqual(
      data.filter(({ type }) => type !== 'mail_queued').map(({ type }) => type),
      ['created', 'sent', 'corrected', 'cancelled'],
    )
    assert.equal((await call('GET', `/sign-requests/${id}/documents/signed`)).answer.error.code, 'SIGNATURES-DOCUMENT-MISSING')
  })

  it('hands out links where the caller sends them himself', async () => {
    const sent = await call('POST', '/sign-requests', {
      template_id: templateId,
      signers: [{ role: 'client', name: 'Omar', email: 'omar@example.test' }],
      variables: { 'contract.value': '1' },
      send_email: false,
    })
    const { answer } = await call('POST', `/sign-requests/${sent.answer.id}/signers/${sent.answer.signers[0]?.id ?? ''}/link`)
    assert.match(answer.url, /\/sign\/[\w-]{43}$/)
  })

  it('pages through requests without leaving one out or giving one twice', async () => {
    const seen: string[] = []
    for (let after: string | null = null, first = true; first || after !== null; first = false) {
      const page: { answer: Answer } = await call('GET', `/sign-requests?limit=2${after === null ? '' : `&after=${after}`}`)
      seen.push(...page.answer.data.map(({ id }) => id))
      after = page.answer.next
    }
    const all = (await call('GET', '/sign-requests?limit=100')).answer.data.map(({ id }) => id)
    assert.deepEqual(seen, all)
  })

  it('keeps an edited template apart from the requests that use it', async () => {
    const before = await call('GET', `/templates/${templateId}`)
    const after = await call('PUT', `/templates/${templateId}/fields`, {
      roles: [
        { id: 'client', name: 'Client' },
        { id: 'witness', name: 'Witness' },
      ],
    })
    assert.equal(after.status, 200, JSON.stringify(after.answer))
    assert.equal(after.answer.version, before.answer.version + 1)
    await call('PUT', `/templates/${templateId}/fields`, { roles: [{ id: 'client', name: 'Client' }] })
  })

  it('says another company’s ids do not exist', async () => {
    const other = await house.company({ sandbox: true })
    await house.host.modules.enable(other, 'signatures')
    const key = (await house.access.createApiKey(other, 'stranger', ['signatures.manager'])).secret
    const answer = await fetch(`${base}/api/v1/templates/${templateId}`, { headers: { authorization: `Bearer ${key}` } })
    assert.equal(answer.status, 404)
  })

  describe('public link', () => {
    it('makes a request for whoever comes, leads him to his page, and stops', async () => {
      const { host } = house
      const walkIn = await host.db.company(context.companyId, (transaction) =>
        createWalkIn(host, transaction, context, templateId, { name: 'Front desk', role: 'client', signers: [], most: 0 }),
      )
      await host.db.company(context.companyId, (transaction) =>
        transaction
          .knex('signatures_template_version')
          .where({ company_id: context.companyId, template_id: templateId })
          .update({
            content: transaction.knex.raw(
              `content || '{"mergeFields": []}' || jsonb_build_object('clauses', '[{"heading":{},"body":{"ar":"نص","en":"Text"}}]'::jsonb)`,
            ),
          }),
      )
      const page = await fetch(`${base}${walkInPath(walkIn.token)}`, { headers: { 'accept-language': 'ar' } })
      assert.equal(page.status, 200)
      assert.match(await page.text(), /عقد خدمة/)
      const token = await startWalkIn(host, context.companyId, walkIn.id, { name: 'زائر', email: 'Visitor@Example.test', locale: 'ar' })
      assert.match(token, /^[\w-]{43}$/)
      const wrong = startWalkIn(host, context.companyId, walkIn.id, { name: 'زائر', email: 'no address', locale: 'ar' })
      await assert.rejects(wrong, { code: 'SIGNATURES-EMAIL-WRONG' })
      for (let more = 1; more < mostPerAddress; more += 1)
        await startWalkIn(host, context.companyId, walkIn.id, { name: 'زائر', email: 'visitor@example.test', locale: 'ar' })
      const often = startWalkIn(host, context.companyId, walkIn.id, { name: 'زائر', email: 'visitor@example.test', locale: 'ar' })
      await assert.rejects(often, { code: 'SIGNATURES-WALK-IN-OFTEN' })
      await host.db.company(context.companyId, (transaction) => stopWalkIn(host, transaction, context, walkIn.id))
      assert.equal((await fetch(`${base}${walkInPath(walkIn.token)}`)).status, 410)
      assert.equal((await fetch(`${base}${walkInPath('x'.repeat(43))}`)).status, 404)
    })
  })
})
