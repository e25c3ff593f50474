import assert from 'node:assert/strict'
import { WebClient } from '../../../../test/helpers/web-client.js'
import { readEvents } from '../../services/events.js'
import { cancelRequest } from '../../services/requests/cancel.js'
import { sendRequest } from '../../services/requests/send-request.js'
import { RequestHouse } from '../../services/requests/test/request-house.js'
import { setHold } from '../legal-hold.js'
import { retentionYearsOf } from '../retention.js'
import { verifyRequestLog } from '../verify-log.js'

const login = { login: 'records@demo.example', password: 'a long password of a test' } as const
const page = '/app/signatures/retention'

describe('pages of keeping and deleting', function () {
  this.timeout(180_000)
  let house: RequestHouse
  let client: WebClient
  let ended: string
  let held: string

  before(async () => {
    house = await RequestHouse.open()
    const { running, context, host } = house
    await running.access.createUser({ ...login, name: 'Salma', locale: 'en' }, [
      { companyId: context.companyId, groups: ['signatures.manager'] },
    ])
    const { port } = await running.listen()
    client = new WebClient(`http://127.0.0.1:${String(port)}`)
    await client.login(login.login, login.password)
    const cancelled = async (): Promise<string> => {
      const id = await house.draft()
      await sendRequest(host, context, id)
      await host.db.company(context.companyId, (transaction) => cancelRequest(host, transaction, context, id, 'no longer wanted'))
      return id
    }
    ended = await cancelled()
    held = await cancelled()
    await host.db.company(context.companyId, (transaction) => setHold(host, transaction, context, held, 'Case 17'))
  })
  after(() => house.running.stop())

  const kept = (): Promise<number> =>
    house.host.db.company(house.context.companyId, (transaction) => retentionYearsOf(house.host, transaction))
  const number = async (id: string): Promise<string> => (await house.read(id)).number

  it('shows what a term would delete, and which law keeps it longer, before anything is saved', async () => {
    assert.match((await client.get(page)).text, /Files are kept for ever now/)
    const preview = await client.get(`${page}?years=1`)
    assert.match(preview.text, /not saved yet/)
    assert.match(preview.text, /go tonight: 0\..*Later: 1\..*legal hold: 1\./)
    assert.ok(preview.text.includes(await number(ended)) && preview.text.includes('not while it is held'))
    assert.match(preview.text, /Saudi Law of Commercial Books, article 8/)
    assert.equal(await kept(), 0)
    assert.equal((await client.get(`${page}?years=a`)).status, 422)
    assert.equal((await client.post(page, { years: '١', seen: '0' })).status, 303)
    assert.equal(await kept(), 1, 'digits as people type them')
  })

  it('is asked to delete one earlier: not before the law allows it', async () => {
    const one = await client.get(`${page}/${ended}`)
    assert.match(one.text, /may not be deleted before/)
    assert.doesNotMatch(one.text, /Delete the files now/)
    const refused = await client.post(`${page}/${ended}`, { reason: 'asked for erasure' })
    assert.equal(refused.status, 409)
    assert.match(refused.text, /The law wants the files of SIGN/)
  })

  it('a term that deletes tonight is saved only by who saw how much; a hold goes before all', async () => {
    house.later(10 * 366)
    await client.login(login.login, login.password)
    const unseen = await client.post(page, { years: '3', seen: '0' })
    assert.equal(unseen.status, 200)
    assert.match(unseen.text, /Keep this term and delete the files of 1 request/)
    assert.equal(await kept(), 1)
    assert.equal((await client.post(page, { years: '3', seen: '1' })).status, 303)
    assert.equal(await kept(), 3)
    const refused = await client.post(`${page}/${held}`, { reason: 'asked for erasure' })
    assert.equal(refused.status, 409)
    assert.match(refused.text, /legal hold; release it first/)
  })

  it('deletes on request with a reason; the record that proves it stays and holds', async () => {
    const { host, context } = house
    assert.equal((await client.post(`${page}/${ended}`, { reason: ' ' })).status, 422)
    const done = await client.post(`${page}/${ended}`, { reason: 'asked for erasure' })
    assert.deepEqual([done.status, done.location], [303, `/app/signatures/request/${ended}`])
    assert.match((await client.get(done.location ?? '')).text, /The record that proves it stays/)
    const { last, log } = await host.db.company(context.companyId, async (transaction) => ({
      last: (await readEvents(transaction, ended)).at(-1),
      log: await verifyRequestLog(host, transaction, ended),
    }))
    assert.deepEqual([last?.type, last?.facts['reason'], log.intact], ['files_deleted', 'asked for erasure', true])
    assert.ok(JSON.stringify(last?.facts).includes((await house.read(ended)).frozenSha256 ?? '-'))
    assert.match((await client.get(page)).text, new RegExp(`Deleted so far[\\s\\S]*${await number(ended)}`))
    assert.equal((await client.post(`${page}/${ended}`, { reason: 'again' })).status, 409)
  })
})
