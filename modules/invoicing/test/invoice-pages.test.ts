import assert from 'node:assert/strict'
import { WebClient, type WebAnswer } from '../../../test/helpers/web-client.js'
import { cancelInvoice } from '../services/cancel.js'
import { postInvoices } from '../services/post.js'
import { sampleInput, startTestHost, type TestHost } from './running-host.js'

const password = 'a long password of a test'

describe('invoices on pages', function () {
  this.timeout(180_000)
  let test: TestHost
  let url = ''
  let client: WebClient
  before(async () => {
    test = await startTestHost()
    ;({ url } = await test.running.listen())
    for (const [login, groups] of [
      ['nadia', ['core.admin']],
      ['reader', ['invoicing.reader']],
      ['approver', ['credentials.approver']],
    ] as const) {
      await test.host.access.createUser({ login, password, name: login, locale: 'en' }, [
        { companyId: test.company.id, groups: [...groups] },
      ])
    }
    client = await signedIn('nadia')
  })
  after(() => test.stop())

  async function signedIn(login: string): Promise<WebClient> {
    const person = new WebClient(url)
    await person.login(login, password)
    return person
  }
  async function posted(unitPrice: string): Promise<string> {
    const lines = [{ description: 'Paper', quantity: '1', unitPrice, tax: 'S15' }]
    const [outcome] = await postInvoices(test.host, test.context, [{ input: sampleInput({ lines }) }], { print: false })
    return outcome?.status === 'posted' ? outcome.invoiceId : assert.fail(JSON.stringify(outcome))
  }
  const path = (id: string): string => `/app/invoicing/invoice/${id}`
  const revision = ({ text }: WebAnswer): string => /name="_revision" value="([^"]+)"/.exec(text)?.[1] ?? assert.fail('no revision')
  const typed = (unitPrice: string) => ({
    currency: 'SAR',
    issueDate: '2026-11-20',
    simplified: 'true',
    'simplified.there': '1',
    'lines.a.description': 'Paper',
    'lines.a.quantity': '1',
    'lines.a.unitPrice': unitPrice,
    'lines.a.tax': 'S15',
  })
  async function draft(): Promise<string> {
    const { location, text } = await client.post(path('new'), typed('10'))
    return location?.split('/').at(-1) ?? assert.fail(text)
  }

  it('counts what was cancelled into no sum of the list', async () => {
    await posted('100')
    const cancelled = await posted('1000')
    await cancelInvoice(test.host, test.context, cancelled, 'twice')
    const { text } = await client.get('/app/invoicing/invoice?f=')
    const foot = /<tfoot[\s\S]*<\/tfoot>/.exec(text)?.[0] ?? assert.fail('no sums')
    assert.match(text, /1,150\.00/)
    assert.match(foot, /115\.00/)
    assert.doesNotMatch(foot, /1,265\.00/)
  })

  it('offers to delete a draft alone, and refuses to delete what has a number', async () => {
    const id = await posted('10')
    const { text } = await client.get(path(id))
    assert.doesNotMatch(text, /action\/delete/)
    const refused = await client.post(`${path(id)}/action/delete`, {})
    assert.equal(refused.status, 409)
    assert.match((await client.get(path(await draft()))).text, /action\/delete/)
  })

  it('is the same to whoever opens it twice, in any language, until somebody changes it', async () => {
    const id = await draft()
    const first = revision(await client.get(path(id)))
    const arabic = await signedIn('nadia')
    await arabic.post('/app/preferences', { name: 'nadia', locale: 'ar' })
    const shown = await arabic.get(path(id))
    assert.match(shown.text, /<html lang="ar"/)
    assert.equal(revision(shown), first)
    assert.equal((await client.post(path(id), { ...typed('20'), _revision: first })).status, 303)
    assert.notEqual(revision(await client.get(path(id))), first)
  })

  it('tells of a change elsewhere once, and takes what names no revision', async () => {
    const id = await draft()
    const stale = revision(await client.get(path(id)))
    assert.equal((await client.post(path(id), typed('20'))).status, 303)
    const told = await client.post(path(id), { ...typed('30'), _revision: stale })
    assert.equal(told.status, 422)
    assert.match(told.text, /VIEW-CHANGED-MEANWHILE/)
    assert.match(told.text, /value="30\.00"/)
    assert.equal((await client.post(path(id), { ...typed('30'), _revision: revision(told) })).status, 303)
    assert.match((await client.get(path(id))).text, /value="30\.00"/)
  })

  it('shows an invoice that was posted meanwhile as it is, instead of promising to take what was typed', async () => {
    const id = await draft()
    const stale = revision(await client.get(path(id)))
    assert.equal((await client.post(`${path(id)}/action/confirm`, { _revision: stale })).status, 303)
    const told = await client.post(path(id), { ...typed('99'), _revision: stale, _dirty: '1' })
    assert.equal(told.status, 422)
    assert.match(told.text, /VIEW-CHANGED-SHOWN/)
    assert.doesNotMatch(told.text, /data-dirty|99\.00/)
  })

  it('makes no contact for who may not see them, no copy for who only reads, and neither without the token of the page', async () => {
    const id = await posted('10')
    const approver = await signedIn('approver')
    assert.equal((await approver.get('/app/contacts/quick?text=Nile')).status, 403)
    assert.equal((await approver.post('/app/contacts/quick', { 'quick.name': 'Nile' })).status, 403)
    const reader = await signedIn('reader')
    assert.equal((await reader.post(`${path(id)}/action/duplicate`, {})).status, 403)
    assert.equal((await client.post('/app/contacts/quick', { 'quick.name': 'Nile' }, { token: null })).status, 403)
    assert.equal((await client.post(`${path(id)}/action/duplicate`, {}, { token: null })).status, 403)
    const copy = await client.post(`${path(id)}/action/duplicate`, {})
    assert.equal(copy.status, 303)
    assert.notEqual(copy.location, path(id))
  })
})
