import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { WebClient } from '../../../../test/helpers/web-client.js'
import { moveRequest } from '../../services/requests/states.js'
import { readProgress } from '../progress.js'
import { documentOf } from '../../services/signing/test/signing-house.js'
import { fields, people, SignerHouse } from './signer-house.js'

const anyCode = /id="code"/

describe('links of signers', function () {
  this.timeout(180_000)
  let house: SignerHouse
  before(async () => {
    house = await SignerHouse.open()
  })
  after(() => house.close())

  const data = (value: unknown): { data: string } => ({ data: JSON.stringify(value) })

  /** All values of the employee, a typed signature among them. */
  const fill = async (client: WebClient, path: string): Promise<void> => {
    const made = await client.post(`${path}/capture`, data({ purpose: 'signature', kind: 'typed', text: 'سلمى العتيبي', font: 'hand' }))
    assert.equal(made.status, 201, made.text)
    const { capture } = JSON.parse(made.text) as { capture: string } // our own answer
    const saved = await client.post(
      `${path}/values`,
      data({ iban: 'SA0380000000608010167519', 'first-day': '٢٠٢٦-١٢-٠١', sign: { capture } }),
    )
    assert.deepEqual(JSON.parse(saved.text), { saved: true, faults: [] })
  }

  it('looking changes nothing: programs that open links of mails are no readers, and no code is sent', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    for (const agent of ['Scanner/1.0', 'Scanner/1.0', 'Other/2.0']) {
      const page = await new WebClient(house.url).get(path, { 'user-agent': agent })
      assert.equal(page.status, 200)
      assert.equal(page.headers.get('set-cookie')?.includes('khatm-sign'), false)
      assert.doesNotMatch(page.text, anyCode)
    }
    const signer = await house.signer(request, 'employee')
    assert.deepEqual([signer.state, signer.viewedAt], ['sent', null])
    assert.deepEqual(
      (await house.events(request)).filter((type) => !['created', 'sent', 'mail_queued'].includes(type)),
      ['link_opened', 'link_opened'],
    )
  })

  it('speaks the language of the signer, and says who asks what', async () => {
    const request = await house.sent()
    const page = await new WebClient(house.url).get(await house.link(request, 'employee'), { 'accept-language': 'bg' })
    assert.match(page.text, /<html lang="ar" dir="rtl">/)
    assert.match(page.text, /شركة المثال التجارية تطلب توقيعك على/)
    assert.match(page.text, /s•••@example\.test/)
    assert.doesNotMatch(page.text, /salma@example\.test|ivan|Ivan/)
  })

  it('a link that never was, and one of a person who was replaced, look the same and tell nothing', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    await house.signing.company((transaction) =>
      transaction
        .knex('signatures_signer')
        .where({ company_id: transaction.companyId, request_id: request.id, role: 'employee' })
        .increment('version', 1),
    )
    const pages = await Promise.all(
      [path, `/sign/${'A'.repeat(43)}`, '/sign/short'].map((one) => new WebClient(house.url).get(one, { 'accept-language': 'en' })),
    )
    for (const page of pages) {
      assert.equal(page.status, 404)
      assert.match(page.text, /This link leads to no document/)
      assert.doesNotMatch(page.text, /عقد|Salma|سلمى/)
    }
  })

  it('nothing behind the proof is reached without it: document, values, capture, finish, files', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const stranger = await house.opened(path)
    for (const file of ['document.pdf', 'status', 'file/document', 'file/certificate', 'access.pdf'])
      assert.equal((await stranger.get(`${path}/${file}`, { accept: 'application/json' })).status, 401, file)
    for (const call of ['values', 'capture', 'attachment', 'finish'])
      assert.equal((await stranger.post(`${path}/${call}`, data({}), { headers: { accept: 'application/json' } })).status, 401, call)
  })

  it('two tabs and a replay make one signature; afterwards the link shows what was signed', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const client = await house.ready(path)
    await fill(client, path)
    const answers = await Promise.all([1, 2, 3].map(() => client.post(`${path}/finish`, { timeZone: 'Asia/Riyadh' })))
    for (const { status, text } of answers)
      assert.deepEqual([status, (JSON.parse(text) as { finished: boolean }).finished], [200, true], text)
    const again = await client.post(`${path}/finish`, {})
    assert.deepEqual(JSON.parse(again.text), { finished: true, before: true })
    const late = await client.post(`${path}/values`, data({ iban: 'BG80BNBG96611020345678' }), { headers: { accept: 'application/json' } })
    assert.equal(late.status, 409)
    const events = await house.events(request)
    for (const type of ['submitted', 'signed', 'consent_given', 'identity_proven', 'started'])
      assert.equal(events.filter((one) => one === type).length, 1, type)
    assert.match((await client.get(path)).text, /تم توقيعك/)
    assert.equal((await house.signer(request, 'employee')).state, 'signed')
    const elsewhere = await new WebClient(house.url).get(path)
    assert.doesNotMatch(elsewhere.text, /تم توقيعك/, 'another browser proves itself first')
  })

  it("another signer's capture, field and session open nothing", async () => {
    const request = await house.sent({ employer: { group: 1 } }, { order: 'parallel' })
    const [mine, other] = [await house.link(request, 'employee'), await house.link(request, 'employer')]
    const client = await house.ready(mine)
    const made = await client.post(`${mine}/capture`, data({ purpose: 'signature', kind: 'typed', text: 'سلمى' }))
    const { capture } = JSON.parse(made.text) as { capture: string } // our own answer
    assert.equal((await client.get(`${other}/document.pdf`, { accept: 'application/json' })).status, 401)
    const ivan = await house.ready(other, 'ivan@example.test')
    assert.equal((await ivan.get(`${other}/capture/${capture}`, { accept: 'application/json' })).status, 404)
    assert.equal((await ivan.post(`${other}/values`, data({ iban: 'x' }), { headers: { accept: 'application/json' } })).status, 404)
    await ivan.post(`${other}/values`, data({ 'sign-2': { capture } }))
    const stolen = await ivan.post(`${other}/finish`, {}, { headers: { accept: 'application/json' } })
    assert.equal(stolen.status, 422, stolen.text)
  })

  it('passes on to somebody else: the old link is void', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const client = await house.ready(path)
    assert.match((await client.get(`${path}/delegate`)).text, /name="reason"/)
    const page = await client.post(`${path}/delegate`, { name: 'نورة', email: 'noura@example.test', reason: 'هي المخولة' })
    assert.match(page.text, /فوّضت شخصًا آخر/)
    assert.equal((await client.get(path)).status, 404)
    assert.equal((await house.signer(request, 'employee')).email, 'noura@example.test')
  })

  it('consent is told word for word, can be withdrawn, and nothing is signed without it', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const client = await house.ready(path)
    await fill(client, path)
    const withdrawn = await client.post(`${path}/withdraw`, {})
    assert.match(withdrawn.text, /سُحبت موافقتك/)
    const refused = await client.post(`${path}/finish`, {}, { headers: { accept: 'application/json' } })
    assert.equal(refused.status, 409)
    assert.equal((await client.post(`${path}/consent`, { agree: 'yes', sha256: '0'.repeat(64) })).status, 409)
    assert.equal((await client.post(`${path}/consent`, { sha256: '0'.repeat(64) })).status, 422)
    assert.deepEqual(
      (await house.events(request)).filter((type) => type.startsWith('consent')),
      ['consent_given', 'consent_withdrawn'],
    )
  })

  it('a consumer shows that he can open the file before he consents: the word stands in the PDF alone', async () => {
    const set = (consentLaw: string): Promise<void> =>
      house.signing.company((transaction) => house.host.settings.set(transaction, house.signing.context, 'signatures', { consentLaw }))
    await set('us-esign')
    try {
      const request = await house.sent({ employee: { locale: 'en' } })
      const path = await house.link(request, 'employee')
      const client = await house.opened(path)
      await client.post(`${path}/prove`, { code: await house.code('salma@example.test') })
      const page = await client.get(path)
      const sha256 = /name="sha256" value="([0-9a-f]{64})"/.exec(page.text)?.[1] ?? ''
      for (const heading of ['Your right to paper', 'Fee for a paper copy', 'Withdrawing consent', 'What you need'])
        assert.ok(page.text.includes(heading))
      assert.equal((await client.post(`${path}/consent`, { agree: 'yes', sha256, word: 'AAAAAA' })).status, 422)
      const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const pdf = Buffer.from(await (await fetch(`${house.url}${path}/access.pdf`, { headers: { cookie } })).arrayBuffer())
      // Letters stand apart: pdftotext may take the room between two for a blank.
      const lines = execFileSync('pdftotext', ['-', '-'], { input: pdf, encoding: 'utf8' }).split('\n')
      const word = lines.map((line) => line.replaceAll(' ', '').trim()).find((line) => /^[A-Z3-9]{6}$/.test(line))
      assert.ok(word)
      assert.equal(page.text.includes(word), false)
      assert.equal((await client.post(`${path}/consent`, { agree: 'yes', sha256, word: word.toLowerCase() })).status, 303)
      const signer = await house.signer(request, 'employee')
      const kept = await house.signing.company((transaction) => readProgress(transaction, signer))
      assert.deepEqual([kept.consent?.law, kept.consent?.accessProven, kept.consent?.sha256], ['us-esign', true, sha256])
    } finally {
      await set('auto')
    }
  })

  it('an approver reads and says yes; nothing is signed by that, and those after him are asked', async () => {
    const template = await house.signing.template(await documentOf(1), 1, fields.slice(-1), [
      { id: 'boss', name: 'المدير', action: 'approve', group: 1 },
      { id: 'employer', name: 'Employer', group: 2 },
    ])
    const request = await house.sent(
      {},
      { signers: [{ role: 'boss', name: 'منى', email: 'mona@example.test', locale: 'ar' }, ...people.slice(1)] },
      template,
    )
    const path = await house.link(request, 'boss')
    const client = await house.ready(path, 'mona@example.test')
    assert.match((await client.get(path)).text, /هل توافق على هذا المستند؟/)
    assert.equal((await client.post(`${path}/approve`, { note: 'راجعته' })).status, 303)
    assert.match((await client.get(path)).text, /تمت موافقتك/)
    assert.deepEqual([(await house.signer(request, 'boss')).state, (await house.signer(request, 'employer')).state], ['approved', 'sent'])
  })

  // From here on time goes on: the authorities of the sandbox keep their own.
  it('each end has its page: not yet, cancelled, expired, ended by another', async () => {
    const request = await house.sent()
    const [first, second] = [await house.link(request, 'employee'), await house.link(request, 'employer')]
    const english = { 'accept-language': 'en' }
    const turn = await new WebClient(house.url).get(second, english)
    assert.deepEqual([turn.status, /It is not your turn yet/.test(turn.text)], [200, true])
    assert.doesNotMatch(turn.text, /سلمى/)
    const signing = await house.signing.read(request.id)
    await house.signing.company((transaction) => moveRequest(house.host, transaction, signing, 'cancelled'))
    const cancelled = await new WebClient(house.url).get(first)
    assert.deepEqual([cancelled.status, /ألغى المرسل هذا الطلب/.test(cancelled.text)], [410, true])
    const declined = await house.sent()
    const asked = await house.link(declined, 'employee')
    const waiting = await house.link(declined, 'employer')
    const client = await house.ready(asked)
    const page = await client.post(`${asked}/decline`, { reason: 'الراتب غير صحيح' })
    assert.equal(page.status, 303, page.text)
    assert.match((await client.get(asked)).text, /رفضت التوقيع/)
    const other = await new WebClient(house.url).get(waiting, english)
    assert.deepEqual([other.status, /This request has ended/.test(other.text)], [410, true])
    assert.doesNotMatch(other.text, /declined|الراتب/)
    const late = await house.sent({}, { expiresAt: new Date(house.host.now().getTime() + 60_000).toISOString() })
    const path = await house.link(late, 'employee')
    house.later(2)
    assert.deepEqual([(await new WebClient(house.url).get(path)).status], [410])
    const refused = await new WebClient(house.url).get(`${path}/document.pdf`, { accept: 'application/json' })
    assert.equal(refused.status, 409)
  })

  it('another browser proves itself anew; what was entered waits for it there', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const phone = await house.ready(path)
    await fill(phone, path)
    const laptop = new WebClient(house.url)
    assert.doesNotMatch((await laptop.get(path)).text, /SA0380000000608010167519/)
    house.later(1)
    await laptop.post(`${path}/begin`, {})
    await laptop.post(`${path}/prove`, { code: await house.code('salma@example.test') })
    const page = await laptop.get(path)
    assert.match(page.text, /SA0380000000608010167519/)
    assert.match(page.text, /2026-12-01/)
    house.later(121)
    assert.match((await laptop.get(path)).text, /action="[^"]*\/begin"/, 'two idle hours end it')
  })
})
