import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { Secret, TOTP } from 'otpauth'
import type { AddressInfo } from 'node:net'
import { SignerHouse } from '../../signing-page/test/signer-house.js'
import { httpProvider } from '../../sms/sms-provider.js'
import { maskedEmail, maskedPhone, typedDigits } from '../mask.js'
import { WebClient } from '../../../../test/helpers/web-client.js'

const proven = /name="agree"/
const wrongOf = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0')

describe('proof of identity', function () {
  this.timeout(180_000)
  let house: SignerHouse
  before(async () => {
    house = await SignerHouse.open()
  })
  after(() => house.close())

  const failures = async (request: { id: string }): Promise<string[]> =>
    (await house.events(request)).filter((type) => type.startsWith('identity') || type === 'code_sent')

  it('a code by mail: right once, in the browser that asked for it, whatever digits are typed', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const client = await house.opened(path)
    const code = await house.code('salma@example.test')
    const other = await house.opened(path)
    const elsewhere = await other.post(`${path}/prove`, { code })
    assert.equal(elsewhere.status, 422, 'the code of one browser is nothing in another')
    const arabic = code.replace(/\d/g, (digit) => String.fromCharCode(0x0660 + Number(digit)))
    assert.equal((await client.post(`${path}/prove`, { code: ` ${arabic.slice(0, 3)} ${arabic.slice(3)}` })).status, 303)
    assert.match((await client.get(path)).text, proven)
    const mails = await house.signing.sandbox.mailbox()
    assert.ok(mails.every((mail) => !mail.subject.includes(code)))
    const kept = await house.signing.company((transaction) =>
      transaction.knex.raw<{ rows: { text: string }[] }>(
        `select (select coalesce(string_agg(to_jsonb(m)::text, ''), '') from core_mail m) || (select coalesce(string_agg(to_jsonb(c)::text, ''), '') from signatures_challenge c) as text`,
      ),
    )
    assert.equal(kept.rows[0]?.text.includes(code), false, 'the code is stored nowhere once its mail went out')
  })

  it('five wrong answers end the code and begin a pause, which a new browser does not end', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const client = await house.opened(path)
    const code = await house.code('salma@example.test')
    for (const left of [4, 3, 2, 1]) {
      const answer = await client.post(`${path}/prove`, { code: wrongOf(code) })
      assert.equal(answer.status, 422)
      assert.match(answer.text, new RegExp(`محاولات: ${String(left)}`))
    }
    assert.equal((await client.post(`${path}/prove`, { code: wrongOf(code) })).status, 429)
    assert.equal((await client.post(`${path}/prove`, { code })).status, 429, 'the right code is too late')
    const fresh = new WebClient(house.url)
    await fresh.get(path)
    assert.equal((await fresh.post(`${path}/begin`, {})).status, 429)
    assert.equal((await failures(request)).filter((type) => type === 'identity_failed').length, 6)
  })

  it('a hundred guesses at the same moment are counted one by one', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const client = await house.opened(path)
    const code = await house.code('salma@example.test')
    const guesses = Array.from({ length: 60 }, (_none, index) => String((Number(code) + 1 + index) % 1_000_000).padStart(6, '0'))
    const answers = await Promise.all(guesses.map((guess) => client.post(`${path}/prove`, { code: guess })))
    const statuses = answers.map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 422).length, 4, statuses.join(' '))
    assert.equal(statuses.filter((status) => status === 429).length, 56)
  })

  it('codes are sent with a pause between them; the newest counts', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const client = await house.opened(path)
    const first = await house.code('salma@example.test')
    assert.equal((await client.post(`${path}/begin`, {})).status, 429)
    house.later(1)
    assert.equal((await client.post(`${path}/begin`, {})).status, 303)
    const second = await house.code('salma@example.test')
    if (first !== second) assert.equal((await client.post(`${path}/prove`, { code: first })).status, 422)
    house.later(11)
    const late = await client.post(`${path}/prove`, { code: second })
    assert.match(late.text, /انتهت صلاحية الرمز/)
  })

  it('all methods are asked for, in order: a PIN and a text message; replay of a used code is refused', async () => {
    const request = await house.sent({ employee: { authentication: ['pin', 'sms-code'], pin: '480612' } })
    const path = await house.link(request, 'employee')
    const client = await house.opened(path)
    assert.equal((await client.post(`${path}/prove`, { code: '111111' })).status, 422)
    assert.equal((await client.post(`${path}/prove`, { code: '480612' })).status, 303)
    assert.doesNotMatch((await client.get(path)).text, proven)
    const begun = await client.post(`${path}/begin`, {})
    assert.equal(begun.status, 303, begun.text)
    const code = await house.code('+966501234567')
    assert.equal((await client.post(`${path}/prove`, { code })).status, 303)
    assert.match((await client.get(path)).text, proven)
    assert.equal((await house.signer(request, 'employee')).state, 'verified')
    const other = await house.opened(path)
    await other.post(`${path}/prove`, { code: '480612' })
    assert.equal((await other.post(`${path}/prove`, { code })).status, 422)
  })

  it('when the provider of text messages is away the step waits, and is never skipped', async () => {
    const request = await house.sent({ employee: { authentication: ['sms-code'], phone: '+966500000000' } })
    const path = await house.link(request, 'employee')
    const client = new WebClient(house.url)
    await client.get(path)
    const answer = await client.post(`${path}/begin`, {})
    assert.equal(answer.status, 502)
    assert.match(answer.text, /تعذّر إرسال الرسالة النصية/)
    assert.doesNotMatch((await client.get(path)).text, proven)
    assert.equal((await client.post(`${path}/begin`, {})).status, 502, 'it may be tried again at once')
  })

  it('an authenticator app is enrolled after a code by mail, then asked; a code of it counts once', async () => {
    const request = await house.sent({ employee: { authentication: ['totp'], email: 'app@example.test' } })
    const path = await house.link(request, 'employee')
    const client = await house.opened(path)
    assert.equal((await client.post(`${path}/prove`, { code: await house.code('app@example.test') })).status, 303)
    const shown = await client.post(`${path}/begin`, {})
    const key = /class="s-secret"[^>]*>([A-Z2-7]+)</.exec(shown.text)?.[1]
    assert.ok(key, shown.text)
    assert.match(shown.text, /<svg xmlns/)
    const app = new TOTP({ secret: Secret.fromBase32(key) })
    const now = (): number => house.host.now().getTime()
    const code = app.generate({ timestamp: now() })
    assert.equal((await client.post(`${path}/prove`, { code })).status, 303)
    assert.match((await client.get(path)).text, proven)

    const second = await house.sent({ employee: { authentication: ['totp'], email: 'app@example.test' } })
    const next = await house.link(second, 'employee')
    const device = await house.opened(next)
    assert.equal((await device.post(`${next}/prove`, { code })).status, 422, 'used before')
    house.later(1)
    assert.equal((await device.post(`${next}/prove`, { code: app.generate({ timestamp: now() }) })).status, 303)
    assert.match((await device.get(next)).text, proven)
  })

  it('an account: who is not logged in is led to the login; a colleague with another address is refused', async () => {
    const { access } = house.signing.running
    const { companyId } = house.signing.context
    const password = 'a long password of a test'
    for (const login of ['salma@example.test', 'colleague@example.test'])
      await access.createUser({ login, name: login, password, locale: 'en' }, [{ companyId, groups: ['core.admin'] }])
    const request = await house.sent({ employee: { authentication: ['account'] } })
    const path = await house.link(request, 'employee')
    const visitor = await house.opened(path)
    assert.match((await visitor.get(path)).text, /href="\/login\?next(?:=|&#x3D;)%2Fsign%2F/)
    const colleague = new WebClient(house.url)
    await colleague.login('colleague@example.test', password)
    await colleague.get(path)
    assert.equal((await colleague.post(`${path}/begin`, {})).status, 403)
    const salma = new WebClient(house.url)
    await salma.login('salma@example.test', password)
    await salma.get(path)
    assert.equal((await salma.post(`${path}/begin`, {})).status, 303)
    assert.match((await salma.get(path)).text, proven)
  })

  it('a method that no module brings is said to be missing, and nothing opens', async () => {
    const request = await house.sent()
    await house.signing.company((transaction) =>
      transaction
        .knex('signatures_signer')
        .where({ company_id: transaction.companyId, request_id: request.id })
        .update({ authentication: JSON.stringify(['eye-scan']) }),
    )
    const path = await house.link(request, 'employee')
    const client = new WebClient(house.url)
    await client.get(path)
    const answer = await client.post(`${path}/begin`, {})
    assert.equal(answer.status, 503)
    assert.equal((await client.get(`${path}/document.pdf`, { accept: 'application/json' })).status, 401)
  })
})

describe('small parts of the proof of identity', () => {
  it('addresses are shown to who knows them', () => {
    assert.equal(maskedEmail('salma@example.test'), 's•••@example.test')
    assert.equal(maskedPhone('+966 50 123 4567'), '•••• 4567')
    assert.equal(typedDigits('\u200f١٢٣-٤٥٦ '), '123456')
  })

  it('a provider of text messages gets what its interface wants, escaped for where it stands', async () => {
    const seen: { url: string; header: string; body: string }[] = []
    const server = createServer((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        seen.push({ url: request.url ?? '', header: String(request.headers['x-to']), body: Buffer.concat(pieces).toString() })
        response.statusCode = seen.length === 1 ? 200 : 500
        response.end()
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    // A listening TCP server's address is always an AddressInfo.
    const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    const provider = httpProvider(
      {
        url: `${origin}/send?to={{to}}`,
        method: 'POST',
        headers: { 'x-to': '{{to}}' },
        contentType: 'application/json',
        body: '{"message":"{{text}}"}',
        secretFile: null,
        timeoutSeconds: 5,
      },
      [origin],
    )
    await provider.send({ to: '+966501234567', text: 'رمز "1"\n2' })
    assert.deepEqual(seen, [{ url: '/send?to=%2B966501234567', header: '+966501234567', body: '{"message":"رمز \\"1\\"\\n2"}' }])
    await assert.rejects(provider.send({ to: '1', text: 'x' }), /SIGNATURES-SMS-REFUSED/)
    server.close()
  })
})
