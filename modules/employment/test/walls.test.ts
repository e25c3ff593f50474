import assert from 'node:assert/strict'
import type { CompanyContext } from '../../../core/access/context.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import { demoEmployee } from '../demonstration.js'
import { bulkOf, makeBulk, rowsOfEmployees } from '../services/bulk.js'
import { draftContract, sendContract } from '../services/contracts.js'
import { companyOf, startTestHost, type TestHost } from './running-host.js'

const password = 'correct horse battery staple'

describe('what contracts tell of pay', function () {
  this.timeout(180_000)
  let house: TestHost
  let context: CompanyContext
  let url: string
  let contract = ''
  let draft = ''
  let promise = ''

  before(async () => {
    house = await startTestHost({ sandbox: true, role: { web: true } })
    context = await companyOf(house)
    url = (await house.listen()).url
    const employee = await demoEmployee(house.host, context, { employee: 'noura@example.test', representative: 'sami@example.test' })
    contract = (await sendContract(house.host, context, employee, { kind: 'contract' })).id
    promise = (await sendContract(house.host, context, employee, { kind: 'confidentiality' })).id
    draft = await house.host.db.company(context.companyId, (transaction) =>
      draftContract(house.host, transaction, context, employee, { kind: 'contract' }),
    )
    for (const group of ['signatures.user', 'signatures.manager', 'employment.user', 'employment.manager'])
      await house.access.createUser({ login: `${group}@example.test`, password, name: group, locale: 'en' }, [
        { companyId: context.companyId, groups: [group] },
      ])
  })
  after(() => house.stop())

  async function statuses(group: string, request: string): Promise<Record<string, number>> {
    const client = new WebClient(url)
    await client.login(`${group}@example.test`, password)
    const { signers } = await house.host.db.company(context.companyId, async ({ knex, companyId }) => ({
      signers: await knex<{ id: string; company_id: string; request_id: string }>('signatures_signer')
        .where({ company_id: companyId, request_id: request })
        .orderBy('id')
        .select('id'),
    }))
    const person = `/request/${request}/person/${signers[0]?.id ?? ''}`
    const page = async (path: string): Promise<number> => (await client.get(`/app/signatures${path}`)).status
    const { secret } = await house.access.createApiKey(context, group, [group])
    const program = async (method: string, path: string, body?: object): Promise<number> => {
      const answer = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${secret}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return answer.status
    }
    return {
      form: await page(`/request/${request}`),
      document: await page(`/request/${request}/file/document`),
      original: await page(`/request/${request}/file/original`),
      person: await page(person),
      link: (await client.post(`/app/signatures${person}/in-person`, {})).status,
      api: await program('GET', `/sign-requests/${request}`),
      'api file': await program('GET', `/sign-requests/${request}/documents/current`),
      'other name': await program('GET', `/submissions/${request}/documents/original`),
      events: await program('GET', `/sign-requests/${request}/events`),
      remind: await program('POST', `/sign-requests/${request}/remind`),
    }
  }

  for (const group of ['signatures.user', 'signatures.manager', 'employment.user'])
    it(`a contract is not there for ${group}, by whatever address`, async () => {
      const answers = await statuses(group, contract)
      assert.deepEqual(answers, Object.fromEntries(Object.keys(answers).map((name) => [name, 404])))
      const client = new WebClient(url)
      await client.login(`${group}@example.test`, password)
      assert.equal((await client.get(`/app/signatures/new/${draft}`)).status, 404)
      assert.equal((await client.post(`/app/signatures/new/${draft}`, { action: 'save' })).status, 404)
      for (const path of ['/app/signatures', '/app/signatures/request'])
        assert.doesNotMatch((await client.get(path)).text, new RegExp(`${contract}|${draft}`), path)
    })

  it('a promise to keep secrets is there for people of employment, a contract for those who see pay', async () => {
    const user = await statuses('employment.user', promise)
    assert.deepEqual([user['form'], user['document'], user['api']], [200, 200, 200])
    const plain = await statuses('signatures.user', promise)
    assert.deepEqual([plain['form'], plain['document'], plain['api']], [404, 404, 404])
    const manager = await statuses('employment.manager', contract)
    assert.deepEqual(
      [manager['form'], manager['document'], manager['original'], manager['api'], manager['api file']],
      [200, 200, 200, 200, 200],
    )
  })

  it('a sending to many that tells pay is checked, seen and downloaded by those who see pay alone', async () => {
    const rows = await house.host.db.company(context.companyId, async (transaction) => {
      const known = await transaction
        .knex<{ id: string; company_id: string }>('employment_employee')
        .where({ company_id: context.companyId })
      const input = { changes: { 'pay.basic': '12000' }, effectiveFrom: '2030-01-01', values: { 'amendment.reasonAr': 'ترقية' } }
      return Promise.all(Array.from({ length: 120 }, () => rowsOfEmployees(transaction, [known[0]?.id ?? ''], input)))
    })
    const bulk = await makeBulk(house.host, context, 'amendment', rows.flat())
    const { total, rows: stored } = await house.host.db.company(context.companyId, (transaction) => bulkOf(transaction, bulk))
    // A reason in Arabic does not stand in the English column: every row says what is missing.
    assert.equal(total, 120)
    assert.ok(stored.every(({ faults }) => faults.some(({ path }) => path === 'values.amendment.reasonEn')))
    const client = new WebClient(url)
    for (const [group, status] of [
      ['employment.user', 403],
      ['employment.manager', 200],
    ] as const) {
      await client.login(`${group}@example.test`, password)
      for (const path of ['', '/result']) assert.equal((await client.get(`/app/employment/bulk/${bulk}${path}`)).status, status, path)
      client.cookies.clear()
    }
  })

  it('a list of programs leaves out what its key may not see', async () => {
    const list = async (group: string): Promise<string[]> => {
      const { secret } = await house.access.createApiKey(context, `list ${group}`, [group])
      const answer = await fetch(`${url}/api/v1/sign-requests`, { headers: { authorization: `Bearer ${secret}` } })
      // The shape of the interface, of which only ids are read.
      return ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id).sort()
    }
    assert.deepEqual(await list('signatures.manager'), [])
    assert.deepEqual(await list('employment.user'), [promise])
    assert.deepEqual(await list('employment.manager'), [contract, draft, promise].sort())
  })
})
