import assert from 'node:assert/strict'
import { WebClient } from '../../../../../test/helpers/web-client.js'
import { createBulk } from '../../../bulk/bulk.js'
import { sendRequest } from '../send-request.js'
import { RequestHouse, tokenIn } from './request-house.js'

const login = { login: 'sender@demo.example', password: 'a long password of a test' } as const

describe('pages of requests', function () {
  this.timeout(180_000)
  let house: RequestHouse
  let client: WebClient

  before(async () => {
    house = await RequestHouse.open()
    const { running, context } = house
    await running.host.modules.enable(context, 'invoicing')
    await running.access.createUser({ ...login, name: 'Salma', locale: 'en' }, [
      { companyId: context.companyId, groups: ['signatures.manager'] },
    ])
    await running.access.createUser({ ...login, login: 'stranger@demo.example', name: 'Other', locale: 'en' }, [
      { companyId: context.companyId, groups: ['contacts.user'] },
    ])
    const { port } = await running.listen()
    client = new WebClient(`http://127.0.0.1:${String(port)}`)
    await client.login(login.login, login.password)
  })
  after(() => house.running.stop())

  const people = [
    ['people.approver.name', 'Mona'],
    ['people.approver.email', 'mona@pages.test'],
    ['people.approver.authentication', 'email-code'],
    ['people.buyer.name', 'Ivan'],
    ['people.buyer.email', 'ivan@pages.test'],
    ['people.buyer.locale', 'bg'],
    ['people.buyer.authentication', 'email-code'],
    ['people.seller.name', 'Sara'],
    ['people.seller.email', 'sara@pages.test'],
    ['people.seller.authentication', 'email-code'],
    ['people.office.name', 'Office'],
    ['people.office.email', 'office@pages.test'],
    ['name', 'Agreement 7'],
    ['order', 'sequential'],
    ['reminders.first', '4'],
    ['reminders.every', '3'],
    ['sendEmail', 'true'],
  ] as const

  it('writes a request on one page that keeps what was typed, tells what is missing, and sends it', async () => {
    const begun = await client.post('/app/signatures/new', { template: house.templateId })
    const path = begun.location ?? ''
    assert.match(path, /^\/app\/signatures\/new\/[0-9a-f-]{36}$/)
    assert.equal((await client.post(path, [...people, ['action', 'save']])).status, 303)
    const again = await client.get(path)
    assert.match(again.text, /value="ivan@pages\.test"/)
    assert.match(again.text, /<option value="sequential" selected>/)
    const refused = await client.post(path, [...people, ['people.buyer.email', 'nonsense'], ['action', 'send']])
    assert.equal(refused.status, 422)
    assert.match(refused.text, /Contract value/)
    assert.match(refused.text, /id="f-variables-contract-value-error"/)
    const sent = await client.post(path, [...people, ['variables.contract.value', '99.90'], ['action', 'send']])
    assert.equal(sent.status, 303, sent.text)
    const page = await client.get(sent.location ?? '')
    assert.match(page.text, /Agreement 7/)
    assert.match(page.text, /mona@pages\.test/)
    assert.equal((await house.mails('mona@pages.test')).length, 1)
    assert.match((await client.get(path)).location ?? '', /\/app\/signatures\/request\//, 'what was sent is no draft any more')
  })

  it('corrects a person, and keeps what was typed beside the fault', async () => {
    const id = await house.draft({ approver: { email: 'typo@pages.test' } })
    await client.get('/app/signatures')
    await sendRequest(house.host, house.context, id)
    const { id: personId } = await house.signer(id, 'approver')
    const path = `/app/signatures/request/${id}/person/${personId}`
    const wrong = await client.post(path, { name: 'Mona', email: 'not an address', phone: '', locale: 'en' })
    assert.equal(wrong.status, 422)
    assert.match(wrong.text, /value="not an address"/)
    assert.equal((await client.post(path, { name: 'Mona', email: 'fixed@pages.test', phone: '', locale: 'en' })).status, 303)
    assert.ok(tokenIn((await house.mails('fixed@pages.test'))[0]))
  })

  it('shows a mail that was refused, with its reason and a way to try again', async () => {
    const id = await house.draft({ approver: { email: 'bounce@pages.test' } })
    await sendRequest(house.host, house.context, id)
    await house.host.jobs.drain()
    const page = await client.get(`/app/signatures/request/${id}`)
    assert.match(page.text, /550/)
    const mail = /name="mail" value="([0-9a-f-]{36})"/.exec(page.text)?.[1] ?? ''
    const { id: personId } = await house.signer(id, 'approver')
    assert.equal((await client.post(`/app/signatures/request/${id}/person/${personId}/mail`, { mail })).status, 303)
    const stranger = await house.signer(id, 'buyer')
    assert.equal((await client.post(`/app/signatures/request/${id}/person/${stranger.id}/mail`, { mail })).status, 404)
  })

  it('takes a file for this one request, and refuses one that is none with the reason', async () => {
    await client.get('/app/signatures/new')
    const damaged = await client.upload('/app/signatures/new/upload', { file: { name: 'offer.pdf', bytes: Buffer.from('no pdf at all') } })
    assert.equal(damaged.status, 422)
    assert.match(damaged.text, /role="alert"/)
    const id = await house.draft()
    await sendRequest(house.host, house.context, id)
    const { originalSha256 } = await house.read(id)
    const pdf = await house.host.db.company(house.context.companyId, (transaction) =>
      house.host.files.get(transaction, originalSha256 ?? ''),
    )
    const taken = await client.upload('/app/signatures/new/upload', { file: { name: 'عرض سعر.pdf', bytes: pdf.bytes } })
    assert.equal(taken.status, 303, taken.text)
    const page = await client.get(taken.location ?? '')
    assert.match(page.text, /عرض سعر/)
    assert.match(page.text, /\/editor\?request/)
  })

  it('gives files to users of the app alone, and none that is not there', async () => {
    const id = await house.draft()
    await sendRequest(house.host, house.context, id)
    const file = `/app/signatures/request/${id}/file`
    const document = await client.get(`${file}/document`)
    assert.equal(document.headers.get('content-type'), 'application/pdf')
    assert.equal((await client.get(`${file}/signed`)).status, 404)
    assert.equal((await client.get(`${file}/constructor`)).status, 404)
    const stranger = new WebClient(client.url)
    await stranger.login('stranger@demo.example', login.password)
    assert.equal((await stranger.get(`${file}/document`)).status, 403)
    assert.equal((await stranger.get(`/app/signatures/request/${id}`)).status, 403)
  })

  it('starts from a contact, whose page then shows the request with its state', async () => {
    const contactId = await house.host.db.company(house.context.companyId, async (transaction) => {
      const [row]: { id: string }[] = await transaction
        .knex('contacts_contact')
        .insert({ company_id: house.context.companyId, kind: 'person', name: 'Noura Saleh', email: 'noura@pages.test' })
        .returning('id')
      return row?.id ?? ''
    })
    const card = await client.get(`/app/contacts/contact/${contactId}`)
    const links = card.text.replaceAll('&#x3D;', '=').replaceAll('&amp;', '&')
    assert.ok(links.includes(`/app/signatures/new?source=contacts.contact&id=${contactId}`))
    const begun = await client.post('/app/signatures/new', { template: house.templateId, source: 'contacts.contact', id: contactId })
    const draft = await client.get(begun.location ?? '')
    assert.match(draft.text, /value="Noura Saleh"/)
    assert.match(draft.text, /value="noura@pages\.test"/)
    assert.match((await client.get(`/app/contacts/contact/${contactId}`)).text, /SIGN\/\d{4}\/\d{5}/)
  })

  it('shows the overview, the lists and their filters', async () => {
    for (const path of [
      '/app/signatures',
      '/app/signatures/request',
      '/app/signatures/request?f=overdue',
      '/app/signatures/request?f=mine&g=state',
    ])
      assert.equal((await client.get(path)).status, 200, path)
  })

  it('a table of people: a wrong address and a word for an amount are seen before anything is sent', async () => {
    const { host, context } = house
    const before = (await house.mails()).length
    const heads = ['approver', 'buyer', 'seller', 'office'].flatMap((role) => [`${role} name`, `${role} email`])
    const row = (number: number, email: string, value: string): string =>
      [
        ...Array.from({ length: 4 }, (_, place) => [
          `Person ${String(place)}`,
          place === 1 ? email : `p${String(number)}-${String(place)}@pages.test`,
        ]).flat(),
        value,
      ].join(',')
    const rows = Array.from({ length: 5 }, (_, index) =>
      row(index, index === 1 ? 'no address' : `b${String(index)}@pages.test`, index === 3 ? 'much' : '1500.50'),
    )
    const sample = (await client.get(`/app/signatures/bulk/sample?template=${house.templateId}`)).text
      .replace(/^\ufeff/, '')
      .split(/\r?\n/)[0]
    const columns = (sample ?? '').split(',').filter((head) => / name$| email$|contract\.value/.test(head))
    assert.equal(columns.length, heads.length + 1, sample)
    const bytes = Buffer.from([columns.join(','), ...rows].join('\n'))
    const id = await createBulk(host, context, { name: 'people.csv', bytes }, house.templateId)
    const preview = await client.get(`/app/signatures/bulk/${id}`)
    assert.match(preview.text, /“\u2068?much\u2069?” is not valid for/)
    assert.match(preview.text, /value="start">[^<]*3/, 'three of five can be sent')
    assert.equal((await house.mails()).length, before)
  })
})
