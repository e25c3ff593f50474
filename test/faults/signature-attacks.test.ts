import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createLogger } from '../../core/host/logger.js'
import { networkOf } from '../../core/http/limit-calls.js'
import { contactInput, saveContact } from '../../modules/contacts/index.js'
import { createBulk, rowsOf, setColumns, startBulk, tableOf, bulkOf } from '../../modules/signatures/bulk/bulk.js'
import { cancelRequest } from '../../modules/signatures/services/requests/cancel.js'
import { correctSigner } from '../../modules/signatures/services/requests/correct.js'
import { createRequest } from '../../modules/signatures/services/requests/create-request.js'
import { sendRequest } from '../../modules/signatures/services/requests/send-request.js'
import { readRequest } from '../../modules/signatures/services/request-rows.js'
import { createTextTemplate } from '../../modules/signatures/templates/create-template.js'
import { newLink } from '../../modules/signatures/services/requests/links.js'
import type { SignRequest } from '../../modules/signatures/models/request.js'
import { submitSigner } from '../../modules/signatures/services/signing/submit.js'
import { consent, documentOf } from '../../modules/signatures/services/signing/test/signing-house.js'
import { fields, people, SignerHouse } from '../../modules/signatures/signing-page/test/signer-house.js'
import { WebClient } from '../helpers/web-client.js'

const data = (value: unknown): { data: string } => ({ data: JSON.stringify(value) })
const json = { headers: { accept: 'application/json' } }

describe('attacks on signature requests', function () {
  this.timeout(180_000)
  let house: SignerHouse
  const log: string[] = []
  before(async () => {
    const logger = createLogger({ logLevel: 'debug' }, { write: (line: string) => void log.push(line) })
    house = await SignerHouse.open({ logger })
  })
  after(() => house.close())

  const fill = async (client: WebClient, path: string): Promise<void> => {
    const made = await client.post(`${path}/capture`, data({ purpose: 'signature', kind: 'typed', text: 'سلمى', font: 'hand' }))
    const { capture } = JSON.parse(made.text) as { capture: string } // our own answer
    await client.post(`${path}/values`, data({ iban: 'SA0380000000608010167519', 'first-day': '2026-12-01', sign: { capture } }))
  }

  /** What the log says of a signer, and whether his signature stands in the document. */
  const outcome = async (request: SignRequest): Promise<{ ends: string[]; signatures: number; state: string }> => {
    const now = await house.signing.read(request.id)
    const events = await house.events(request)
    const pdf = house.signing.write('head.pdf', await house.signing.file(now.headSha256))
    // pdfsig answers 2 for a document without signatures.
    const found = execFileSync('sh', ['-c', `pdfsig -nocert "${pdf}" 2>&1 || true`]).toString()
    return {
      ends: events.filter((type) => ['signed', 'declined', 'cancelled', 'delegated', 'corrected'].includes(type)),
      signatures: found.split('Signature is Valid').length - 1,
      state: now.state,
    }
  }

  it('signing races with declining, cancelling, passing on and correcting: one of the two happens, never both by one person', async () => {
    const { host, signing } = house
    const races: Record<string, (request: SignRequest, client: WebClient, path: string, signerId: string) => Promise<unknown>> = {
      declined: (_request, client, path) => client.post(`${path}/decline`, { reason: 'الراتب غير صحيح' }),
      delegated: (_request, client, path) =>
        client.post(`${path}/delegate`, { name: 'نورة', email: 'noura@example.test', reason: 'هي المخولة' }),
      cancelled: (request) => signing.company((transaction) => cancelRequest(host, transaction, signing.context, request.id, 'خطأ')),
      corrected: (request, _client, _path, id) =>
        signing.company((transaction) => correctSigner(host, transaction, signing.context, request.id, id, { email: 'new@example.test' })),
    }
    for (const [name, race] of Object.entries(races)) {
      const request = await house.sent()
      const path = await house.link(request, 'employee')
      const client = await house.ready(path)
      await fill(client, path)
      const { id } = await house.signer(request, 'employee')
      // The same moment, from both sides, twice each.
      await Promise.allSettled([
        client.post(`${path}/finish`, {}, json),
        race(request, client, path, id),
        client.post(`${path}/finish`, {}, json),
        race(request, client, path, id),
      ])
      await host.jobs.drain()
      const { ends, signatures, state } = await outcome(request)
      const isSigned = ends.includes('signed')
      assert.equal(signatures, isSigned ? 1 : 0, name)
      // Cancelled after he signed is right: others had not. Nobody declines, passes on or is corrected once he signed.
      if (name === 'cancelled') assert.ok(ends.includes('cancelled') && state === 'cancelled', ends.join())
      else assert.deepEqual(ends, isSigned ? ['signed'] : [name], name)
    }
  })

  it('what the person before said does not count for the one who came after, however late it arrives', async () => {
    const { host, signing } = house
    const request = await house.sent()
    const before = await house.signer(request, 'employee')
    await signing.company((transaction) =>
      correctSigner(host, transaction, signing.context, request.id, before.id, { name: 'نورة', email: 'noura@example.test' }),
    )
    await signing.verify(request.id)
    const late = { requestId: request.id, signerId: before.id, version: before.version, values: {}, origin: {}, consent }
    await assert.rejects(submitSigner(host, signing.context, late), /SIGNATURES-LINK-ENDED/)
    assert.equal((await house.signer(request, 'employee')).state, 'verified')
  })

  it('a code of the address before is no answer after it was corrected, in the same browser', async () => {
    const { host, signing } = house
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const client = await house.opened(path)
    const code = await house.code('salma@example.test')
    const { id } = await house.signer(request, 'employee')
    await signing.company((transaction) =>
      correctSigner(host, transaction, signing.context, request.id, id, { email: 'salma.new@example.test' }),
    )
    const fresh = await house.link(request, 'employee')
    await client.get(fresh)
    house.later(1)
    await client.post(`${fresh}/begin`, {})
    assert.notEqual((await client.post(`${fresh}/prove`, { code })).status, 303)
    assert.equal((await house.signer(request, 'employee')).state, 'viewed')
  })

  it("a sender's PIN enrols no device for somebody's address: the address itself is proven first", async () => {
    const { signing } = house
    const request = await house.sent({ employee: { authentication: ['pin', 'totp'], pin: '480612', email: 'victim@example.test' } })
    const path = await house.link(request, 'employee')
    const sender = await house.opened(path)
    for (let step = 0; step < 3; step += 1) await sender.post(`${path}/prove`, { code: '480612' })
    const page = await sender.post(`${path}/begin`, {})
    assert.doesNotMatch(page.text, /class="s-secret"/)
    const devices = await signing.company((transaction) =>
      transaction.knex('signatures_authenticator').where({ company_id: transaction.companyId, identity: 'mail:victim@example.test' }),
    )
    assert.deepEqual(devices, [])
    assert.match((await house.events(request)).join(), /code_sent/)
  })

  it('values of others, of the sender, hidden ones and strange words are refused by name', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const client = await house.ready(path)
    for (const id of ['sign-2', 'stamp', 'constructor', 'toString'])
      assert.equal((await client.post(`${path}/values`, data({ [id]: 'x' }), json)).status, 404, id)
    await client.post(`${path}/values`, { data: '{"__proto__":{"iban":"x"},"iban":null}' }, json)
    await fill(client, path)
    // A field that its condition hides is not handed in, whatever was kept for it.
    await client.post(`${path}/values`, data({ fund: 'hidden words' }))
    const done = await client.post(`${path}/finish`, {}, json)
    assert.equal(done.status, 200, done.text)
    assert.equal('fund' in (await house.signer(request, 'employee')).values, false)
  })

  it('a form without the token of this browser changes nothing', async () => {
    const request = await house.sent()
    const path = await house.link(request, 'employee')
    const client = await house.ready(path)
    for (const step of ['begin', 'prove', 'consent', 'withdraw', 'decline', 'delegate', 'values', 'capture', 'finish', 'in-person'])
      assert.equal((await client.post(`${path}/${step}`, { reason: 'x' }, { token: null })).status, 403, step)
    assert.equal((await house.signer(request, 'employee')).state, 'verified')
  })

  it('names, messages and file names are words on every page and in every mail, never markup or header', async () => {
    const { host, signing } = house
    const bad = '<img src=x onerror=alert(1)>"\'{{7*7}}'
    const request = await house.sent(
      { employee: { name: bad, authentication: ['email-code'], locale: 'en' }, employer: { name: bad, locale: 'en' } },
      { name: bad, message: { subject: bad, body: `${bad}\n<script>alert(2)</script>` } },
    )
    const path = await house.link(request, 'employee')
    const client = await house.opened(path)
    const pages = [await client.get(path)]
    await client.post(`${path}/prove`, { code: await house.code('salma@example.test') })
    pages.push(await client.get(path))
    const sha256 = /name="sha256" value="([0-9a-f]{64})"/.exec(pages[1]?.text ?? '')?.[1] ?? ''
    await client.post(`${path}/consent`, { agree: 'yes', sha256 })
    for (const rest of ['', '/decline', '/delegate']) pages.push(await client.get(path + rest))
    pages.push(await client.post(`${path}/delegate`, { name: bad, email: bad, reason: bad }))
    const { access } = signing.running
    await access.createUser({ login: 'desk', name: 'Desk', password: 'a long password of a test', locale: 'en' }, [
      { companyId: signing.context.companyId, groups: ['core.admin'] },
    ])
    const desk = new WebClient(house.url)
    await desk.login('desk', 'a long password of a test')
    for (const place of ['', '/request', `/request/${request.id}`, '/template', `/template/${house.templateId}`])
      pages.push(await desk.get(`/app/signatures${place}`))
    for (const page of pages) {
      assert.doesNotMatch(page.text, /<img src=x|<script>alert|onerror=alert\(1\)>"/, page.text.slice(0, 300))
      assert.equal(page.headers.get('referrer-policy'), 'same-origin')
    }
    await host.jobs.drain()
    const mails = (await signing.sandbox.mailbox()).filter(({ subject }) => subject.includes('onerror'))
    assert.ok(mails.length > 0)
    for (const mail of mails) assert.doesNotMatch(mail.html, /<img src=x|<script>alert/)
    await house.sent({}, { message: { subject: 'one\r\nBcc: all@example.test', body: '' } }).catch((error: unknown) => {
      assert.match(String(error), /SIGNATURES-INPUT/)
    })
    await host.jobs.drain()
    assert.equal((await signing.sandbox.mailbox()).filter(({ to }) => to.includes('all@example.test')).length, 0)
  })

  it('an address to go on to is one of the web', async () => {
    for (const completedRedirectUrl of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '//example.test'])
      await assert.rejects(house.sent({}, { completedRedirectUrl }), /SIGNATURES-INPUT/, completedRedirectUrl)
    assert.equal((await house.sent({}, { completedRedirectUrl: 'https://example.test/done' })).state, 'sent')
  })

  it('keys, templates, versions and contacts of another company are not there for a request', async () => {
    const { host, signing } = house
    const other = await signing.running.company({ code: 'stranger', sandbox: true })
    await host.modules.enable(other, 'signatures')
    const template = await signing.read((await house.sent()).id)
    const steal = (input: object): Promise<string> =>
      host.db.company(other.companyId, (transaction) =>
        createRequest(host, transaction, other, { templateId: template.templateId, signers: [...people], ...input }),
      )
    await assert.rejects(steal({}), /SIGNATURES-TEMPLATE-UNKNOWN/)
    await assert.rejects(steal({ templateVersionId: template.templateVersionId }), /UNKNOWN/)
    // With a template of its own: a contact and a key of the first company say nothing and open nothing.
    const { contact } = await signing.company((transaction) =>
      saveContact(
        host,
        signing.context,
        transaction,
        undefined,
        contactInput.parse({ name: 'Secret Person', email: 'secret@example.test' }),
      ),
    )
    const own = await host.db.company(other.companyId, (transaction) =>
      createTextTemplate(host, transaction, other, {
        name: 'Own',
        locale: 'en',
        roles: [{ id: 'first', name: 'First' }],
        content: {
          kind: 'text',
          languages: ['en'],
          title: { en: 'Own' },
          clauses: [{ body: { en: '[[signature:first:sign]]' } }],
          mergeFields: [],
        },
      }),
    )
    const signer = { role: 'first', name: 'First', contactId: contact.id, keyId: signing.sealKeyId }
    const id = await steal({ templateId: own, signers: [signer] })
    const draft = await host.db.company(other.companyId, (transaction) => readRequest(transaction, id))
    assert.equal(draft.signers[0]?.email, null)
    await assert.rejects(sendRequest(host, other, id), /SIGNATURES-/)
  })

  it('a network is counted as one, however many addresses it has', () => {
    assert.equal(networkOf('203.0.113.9'), '203.0.113.9')
    assert.equal(networkOf('::ffff:203.0.113.9'), '203.0.113.9')
    assert.equal(networkOf('2001:db8:1:2::1'), networkOf('2001:0db8:0001:0002:ffff:1:2:3'))
    assert.notEqual(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'))
    assert.equal(networkOf('::1'), '0:0:0:0::/64')
  })

  it('a table with PINs: the PIN opens the link of its row, and stands in no row, file or result', async () => {
    const { host, signing } = house
    const pin = '73914682'
    const templateId = await signing.template(await documentOf(1), 1, fields.slice(5, 6), [
      { id: 'employee', name: 'Person', authentication: ['pin'] },
    ])
    const csv = Buffer.from(`Person name,Person email,Person pin\nسلمى,salma@example.test,${pin}\nBroken,no-address,${pin}\n`)
    const id = await createBulk(host, signing.context, { name: 'people.csv', bytes: csv }, templateId)
    await signing.company(async (transaction) => {
      const bulk = await bulkOf(transaction, id)
      assert.equal((await tableOf(host, transaction, bulk)).rows.length, 2)
      await setColumns(transaction, id, bulk.mapping, {})
      await startBulk(host, transaction, signing.context, id, () => [])
    })
    const before = await dump()
    assert.equal(before.includes(pin), false, 'before it ran')
    await host.jobs.drain()
    const rows = await signing.company((transaction) => rowsOf(transaction, id))
    assert.deepEqual([rows[0]?.state, rows[1]?.state], ['sent', 'refused'])
    assert.equal((await dump()).includes(pin), false, 'after it ran')
    const request = await signing.read(rows[0]?.requestId ?? '')
    const signer = signing.signer(request, 'employee')
    const path = `/sign/${await signing.company((transaction) => newLink(host, transaction, signer))}`
    const client = await house.opened(path)
    assert.equal((await client.post(`${path}/prove`, { code: pin })).status, 303)
    assert.match((await client.get(path)).text, /name="agree"/)
  })

  it('links, codes and PINs are in no log, even of what fails, and in no table once they are used', async () => {
    const { host, signing } = house
    const pin = '59173846'
    const request = await house.sent({ employee: { authentication: ['email-code', 'sms-code', 'pin'], pin } })
    const path = await house.link(request, 'employee')
    const client = await house.opened(path)
    const secrets = new Map([
      ['link', path.slice('/sign/'.length)],
      ['PIN', pin],
    ])
    await host.jobs.drain()
    const mail = (await signing.sandbox.mailbox()).findLast(({ text }) => text.includes('/sign/'))
    secrets.set('link of a mail', /\/sign\/([\w-]{43})/.exec(mail?.text ?? '')?.[1] ?? '')
    secrets.set('code of a mail', await house.code('salma@example.test'))
    await client.post(`${path}/prove`, { code: secrets.get('code of a mail') ?? '' })
    await client.post(`${path}/begin`, {})
    secrets.set('code of a message', await house.code('+966501234567'))
    await client.post(`${path}/prove`, { code: secrets.get('code of a message') ?? '' })
    assert.equal((await client.post(`${path}/prove`, { code: pin })).status, 303)
    secrets.set('cookie', client.cookies.get('khatm-sign') ?? '')
    // Pages and statements that fail are logged with all that is known of them.
    await signing.company(({ knex, companyId }) =>
      knex('signatures_progress').insert({
        company_id: companyId,
        signer_id: request.signers[0]?.id,
        version: 1,
        consent: '{}',
        updated_at: new Date(),
      }),
    )
    await signing.company(({ knex, companyId }) =>
      knex('signatures_request').where({ company_id: companyId, id: request.id }).update({ fields: '{"no":"list"}' }),
    )
    const lines = log.length
    assert.equal((await client.get(path)).status, 500)
    const failed: unknown = await signing
      .company(({ knex, companyId }) => knex('signatures_link').insert({ company_id: companyId, token_hash: path.slice(6) }))
      .catch((error: unknown) => error)
    assert.ok(failed instanceof Error && 'detail' in failed)
    createLogger({ logLevel: 'debug' }, { write: (line: string) => void log.push(line) }).error({ err: failed }, 'statement failed')
    assert.ok(log.length > lines + 1 && log.some((line) => line.includes('/sign/…')))
    const [kept, said] = [await dump(), log.join('')]
    for (const [name, secret] of secrets) {
      assert.ok(secret.length >= 6, name)
      assert.equal(said.includes(secret), false, `${name} in the log: ${log.find((line) => line.includes(secret)) ?? ''}`)
      // Six digits are found by chance in what is large; as a word of their own they are not.
      assert.equal(new RegExp(`(?<![\\w.-])${secret}(?![\\w.-])`).test(kept.toString('latin1')), false, `${name} in a table`)
    }
  })

  /** Every row of every table, as the owner reads it; bytes as text too. */
  async function dump(): Promise<Buffer> {
    const { ownerKnex } = house.signing.running.database
    const { rows } = await ownerKnex.raw<{ rows: { name: string }[] }>(
      `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    )
    const parts: Buffer[] = []
    for (const { name } of rows) {
      const found = await ownerKnex.raw<{ rows: Record<string, unknown>[] }>(`select * from ${name}`)
      for (const row of found.rows)
        for (const value of Object.values(row))
          parts.push(Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
    }
    return Buffer.concat(parts)
  }
})
