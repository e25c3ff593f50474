import assert from 'node:assert/strict'
import { createPublicKey, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { demonstrationCompany } from '../../compliance/index.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import type { Company, CompanyContext } from '../../../core/access/context.js'
import { pairWithHost } from '../../../core/agent/pairings.js'
import { SigningDesk } from '../../../core/agent/signing-desk.js'
import { until } from '../../../test/helpers/until.js'
import { Tokens } from '../../../core/agent/tokens.js'
import { softHsmIsHere, softHsmLibrary, SoftToken } from '../../../core/signing/test/soft-token.js'
import { certify, issueCertificate } from '../../../core/signing/test/test-authority.js'
import { Fault } from '../../../core/i18n/fault.js'
import { remindOfExpiry, reminderStep } from '../reminders.js'

const password = 'a long password of a test'

describe('pages of keys', function () {
  this.timeout(180_000)
  let running: TestHost
  let company: Company
  let system: CompanyContext
  let token: SoftToken | undefined
  let clock: Date | undefined
  const people = new Map<string, WebClient>()
  const ids = new Map<string, string>()

  before(async () => {
    if (softHsmIsHere) {
      token = new SoftToken('desk')
      token.generate('EC:prime256v1', '01', 'director')
    }
    const pkcs11 = token === undefined ? [] : [{ ...token.configuration(), pinFile: token.pinFile }]
    running = await startTestHost({
      role: { web: true },
      sandbox: true,
      now: () => clock ?? new Date(),
      config: {
        signing: { pkcs11: [...pkcs11, { name: 'gone', library: '/nonexistent/library.so', pinFile: null, pinEnvironment: null }] },
      },
    })
    const made = await demonstrationCompany(running.host, 'demo-sa')
    assert.ok(made)
    company = made
    system = await running.access.systemContext(company.id, 'cli')
    const { port } = await running.listen()
    for (const [login, groups] of [
      ['amal', ['credentials.manager']],
      ['badr', ['credentials.approver', 'credentials.user']],
      ['nour', []],
    ] as const) {
      const membership = [{ companyId: company.id, groups: [...groups] }]
      ids.set(login, await running.access.createUser({ login: `${login}@demo.example`, password, name: login, locale: 'en' }, membership))
      const client = new WebClient(`http://127.0.0.1:${String(port)}`)
      await client.login(`${login}@demo.example`, password)
      people.set(login, client)
    }
  })
  after(async () => {
    await running.stop()
    token?.remove()
  })

  const as = (login: string): WebClient => people.get(login) ?? assert.fail(login)
  const contextOf = async (login: string): Promise<CompanyContext> => ({
    ...system,
    actor: { kind: 'user', id: ids.get(login) ?? '', name: login },
    groups: new Set(['credentials.manager', 'credentials.user']),
  })

  it('makes a key, takes its policy, asks for approval and lets another person give it', async () => {
    const amal = as('amal')
    assert.equal((await amal.get('/app/credentials/new')).status, 200)
    const answer = await amal.post('/app/credentials/keys/generate', { name: 'Directors', algorithm: 'ec-p256', purposes: 'sign-contract' })
    assert.equal(answer.status, 303, answer.text)
    const page = answer.location ?? ''
    const id = page.split('/').pop() ?? ''
    const shown = await amal.get(page)
    assert.match(shown.text, /This key has no certificate yet/)
    const policy = [
      ['purposes', 'sign-contract'],
      ['approver', 'credentials.approver'],
      ['above', '1000'],
      ['aboveCurrency', 'sar'],
      ['amount', '50000'],
      ['amountCurrency', 'SAR'],
      ['until', '2027-12-31'],
      ['users', ids.get('amal') ?? ''],
    ] as const
    assert.equal((await amal.post(`${page}/policy`, policy)).status, 303)
    const wrong = await amal.post(`${page}/policy`, [
      ['purposes', 'sign-contract'],
      ['amount', 'a lot'],
      ['amountCurrency', 'SAR'],
    ])
    assert.equal(wrong.status, 200)
    assert.match(wrong.text, /SIGN-POLICY-AMOUNT/)
    assert.match(wrong.text, /name="amount"[^>]*value="a lot"/, 'what was typed stays typed')
    for (const [name, value, code] of [
      ['holder', randomUUID(), 'SIGN-POLICY-UNKNOWN'],
      ['users', randomUUID(), 'SIGN-POLICY-UNKNOWN'],
      ['groups', 'gone.group', 'SIGN-POLICY-UNKNOWN'],
      ['approver', 'gone.group', 'SIGN-POLICY-UNKNOWN'],
      ['above', '7', 'SIGN-POLICY-APPROVER'],
    ] as const) {
      const unknown = await amal.post(`${page}/policy`, [
        ['purposes', 'sign-contract'],
        ['aboveCurrency', 'SAR'],
        [name, value],
      ])
      assert.ok(unknown.text.includes(code), name)
    }
    const key = await running.host.db.company(company.id, (transaction) => running.host.signing.key(transaction, id))
    assert.deepEqual(key.access?.approval, { group: 'credentials.approver', above: { value: '1000.0000', currency: 'SAR' } })
    assert.deepEqual(key.access.users, [ids.get('amal')])

    const subject = { type: 'contract', id: '1', label: 'عقد إيجار ٧' }
    const use = { purpose: 'sign-contract', subject, amount: { value: '2500.00', currency: 'SAR' } } as const
    const open = async () => running.host.signing.open(await contextOf('amal'), id, use, { withoutCertificate: true })
    await assert.rejects(open(), (error) => error instanceof Fault && error.code === 'SIGN-APPROVAL-NEEDED')
    const own = await amal.get('/app/credentials/approvals')
    assert.equal(own.status, 200)
    assert.doesNotMatch(own.text, /\/approve"/)
    const inbox = await as('badr').get('/app/credentials/approvals')
    assert.match(inbox.text, /عقد إيجار ٧/)
    const approve = /\/app\/credentials\/approvals\/[0-9a-f-]+\/approve/.exec(inbox.text)?.[0] ?? assert.fail('no button')
    assert.equal((await as('badr').post(approve, {})).status, 303)
    const again = await as('badr').post(approve, {})
    assert.match(again.text, /SIGN-APPROVAL-CLOSED/)
    await (await open()).signDigest(Buffer.alloc(32, 1))
    const history = await amal.get(page)
    for (const text of ['Key generated', 'Key policy changed', 'Approval of a use asked for', 'Use of the key approved', 'Key used']) {
      assert.ok(history.text.includes(text), text)
    }
  })

  it("keeps a holder who has left: saving the form does not make the key everybody's", async () => {
    const left = { id: randomUUID(), name: 'Salma, who left' }
    const key = await running.host.db.company(company.id, async (transaction) => {
      const made = await running.host.signing.generateKey(transaction, system, {
        name: 'Own',
        algorithm: 'ec-p256',
        purposes: ['sign-contract'],
      })
      return running.host.signing.setPolicy(transaction, system, made.id, { access: { holder: left, users: [], groups: [] } })
    })
    const page = `/app/credentials/keys/${key.id}`
    assert.match((await as('amal').get(page)).text, new RegExp(`value="${left.id}" selected>Salma, who left`))
    const form = [
      ['purposes', 'sign-contract'],
      ['until', '2027-12-31'],
      ['holder', left.id],
    ] as const
    assert.equal((await as('amal').post(`${page}/policy`, form)).status, 303)
    const kept = await running.host.db.company(company.id, (transaction) => running.host.signing.key(transaction, key.id))
    assert.deepEqual(kept.access?.holder, left)
  })

  it('says no to people without the group', async () => {
    for (const path of ['keys', 'new', 'sources', 'approvals'])
      assert.equal((await as('nour').get(`/app/credentials/${path}`)).status, 403, path)
    assert.equal((await as('badr').get('/app/credentials/new')).status, 403)
  })

  it('lists tokens live, shows their keys when asked, and registers one; a library that is missing is a fault in its place', async function () {
    if (token === undefined) return this.skip()
    const amal = as('amal')
    const all = await amal.get('/app/credentials/sources')
    assert.equal(all.status, 200)
    assert.match(all.text, /PIN fine/)
    assert.match(all.text, /SIGN-MODULE-UNREADABLE/)
    assert.doesNotMatch(all.text, /director/)
    const serial = /serial=([0-9a-f]+)/.exec(all.text)?.[1] ?? assert.fail('no serial')
    const keys = await amal.get(`/app/credentials/sources?module=soft&serial=${serial}`)
    assert.match(keys.text, /director/)
    const fields = { module: 'soft', serial, keyId: '01', label: 'director', name: 'Director', purposes: 'sign-contract' }
    const adopted = await amal.post('/app/credentials/sources/adopt', fields)
    assert.equal(adopted.status, 303, adopted.text)
    assert.match((await amal.get(adopted.location ?? '')).text, /Never could be taken out/)
    const made = await amal.post('/app/credentials/sources/generate', {
      module: 'soft',
      serial,
      name: 'New',
      algorithm: 'ec-p256',
      purposes: 'seal-document',
    })
    assert.equal(made.status, 303, made.text)
  })

  it("reminds of the end once for each step, by mail and in the key's history", async () => {
    const root = issueCertificate({ commonName: 'Root', ca: true })
    const { signing, db } = running.host
    const key = await db.company(company.id, async (transaction) => {
      const bare = await signing.generateKey(transaction, system, { name: 'Ending', algorithm: 'ec-p256', purposes: ['seal-document'] })
      const publicKey = createPublicKey({ key: bare.publicKey, format: 'der', type: 'spki' })
      const notAfter = new Date(Date.now() + 40 * 24 * 3_600_000)
      const certificate = certify({ commonName: 'Ending', issuer: root, notAfter }, 'ec-p256', publicKey, root.privateKey)
      return signing.installCertificates(transaction, system, bare.id, [certificate.der])
    })
    const reminders = async (): Promise<unknown[]> =>
      (await db.company(company.id, (transaction) => running.host.audit.of(transaction, { type: 'key', id: key.id }, 50)))
        .filter((event) => event.action === 'key.expiry-reminded')
        .map((event) => event.facts?.['step'])
    const call = { context: system, attempt: 1, maxAttempts: 1, signal: new AbortController().signal }
    try {
      for (const day of [0, 0, 12, 27, 34, 34, 50]) {
        clock = new Date(Date.now() + day * 24 * 3_600_000)
        await remindOfExpiry(running.host, call)
      }
    } finally {
      clock = undefined
    }
    assert.deepEqual(await reminders(), [7, 14, 30, 60])
    assert.deepEqual([61, 60, 31, 30, 8, 7, 0, -1].map(reminderStep), [undefined, 60, 60, 30, 14, 7, 7, undefined])
  })

  it('pairs a desk with the code of the page, takes its key into use, ends what waits when the key is lost, and unpairs', async function () {
    if (token === undefined) {
      this.skip()
    }
    const amal = as('amal')
    assert.match((await amal.get('/app/credentials/desks')).text, /No desks yet/)
    const coded = (await amal.post('/app/credentials/desks/code', {})).text
    const [, address = '', code = ''] = /khatm agent pair (http:\/\/127\.0\.0\.1:[1-9]\d*) ([2-9A-Z]{5}-[2-9A-Z]{5})/.exec(coded) ?? []
    assert.doesNotMatch((await amal.get('/app/credentials/desks')).text, new RegExp(code), 'the code is shown once')
    const pairing = await pairWithHost(address, code, { name: 'Front <b>desk</b>' })
    const folder = mkdtempSync(path.join(tmpdir(), 'khatm-desk-'))
    const library = { name: 'soft', title: 'SoftHSM', file: softHsmLibrary }
    const tokens = new Tokens({ libraries: [library], pinFile: null, warn: () => undefined })
    const desk = new SigningDesk({ folder, pairings: [pairing], tokens, software: 'test' })
    try {
      await desk.start()
      const page = await until('the page shows the key', async () => {
        const { text } = await amal.get('/app/credentials/desks')
        return text.includes('name="keyId"') && text
      })
      assert.match(page, /Front &lt;b&gt;desk/)
      // An earlier test left another key on the token; which of them comes first is the token's matter.
      const own = page.split('<form').find((one) => /name="keyId"[^>]*value="01"/.test(one)) ?? ''
      const field = (name: string): string => new RegExp(`name="${name}"[^>]*value="([^"]*)"`).exec(own)?.[1] ?? ''
      const form = { tokenSerial: field('tokenSerial'), keyId: field('keyId'), publicKey: field('publicKey').replace(/&#x3D;/g, '=') }
      const wanted = { ...form, name: 'Desk key', purposes: 'sign-contract' }
      const adopt = `/app/credentials/desks/${pairing.agentId}/adopt`
      assert.match((await amal.post(adopt, { ...wanted, keyId: 'ff' })).text, /SIGN-AGENT-KEY-MISSING/)
      assert.equal((await as('badr').post(adopt, wanted)).status, 403)
      const adopted = await amal.post(adopt, wanted)
      assert.equal(adopted.status, 303, adopted.text)
      const id = (adopted.location ?? '').split('/').pop() ?? ''
      // The authority renews: the token has another certificate for the same key, and a person takes it with one button.
      const spki = createPublicKey({ key: Buffer.from(form.publicKey, 'base64'), format: 'der', type: 'spki' })
      const root = issueCertificate({ commonName: 'Authority', ca: true })
      const renewed = certify({ commonName: 'Renewed', issuer: root }, 'ec-p256', spki, root.privateKey)
      assert.doesNotMatch((await amal.get('/app/credentials/desks')).text, /\/renew"/)
      token.installCertificate(renewed.der, '01', 'director')
      await until('the page offers it', async () => (await amal.get('/app/credentials/desks')).text.includes('/renew"'))
      const renew = `/app/credentials/desks/${pairing.agentId}/renew`
      assert.equal((await as('badr').post(renew, form)).status, 403)
      // The desk looks at its token at any moment; one that is being written to is not there for it.
      const taken = await until('taken', async () => (await amal.post(renew, form)).location ?? undefined)
      assert.equal(taken, `/app/credentials/keys/${id}`)
      const key = await running.host.db.company(system.companyId, (transaction) => running.host.signing.key(transaction, id))
      assert.ok(key.certificates[0]?.equals(renewed.der))
      assert.doesNotMatch((await amal.get('/app/credentials/desks')).text, /\/renew"/, 'nothing is left to take')
      const use = { purpose: 'sign-contract', subject: { type: 'contract', id: 'c1', label: 'Contract 1' } } as const
      const signer = await running.host.signing.open(system, id, use, { withoutCertificate: true })
      const ended = assert.rejects(
        signer.signDigest(Buffer.alloc(32, 1)),
        (error) => error instanceof Fault && error.code.startsWith('SIGN-'),
      )
      await until('shown at the desk', () => desk.pending.length === 1)
      assert.match((await amal.get('/app/credentials/desks')).text, /Contract 1[\s\S]*Awaiting signature/)
      assert.equal((await amal.post(`/app/credentials/keys/${id}/stop`, { reason: 'lost' })).status, 303)
      await ended
      await until('gone from the desk', () => desk.pending.length === 0)
      assert.equal((await as('badr').post(`/app/credentials/desks/${pairing.agentId}/unpair`, {})).status, 403)
      assert.equal((await amal.post(`/app/credentials/desks/${pairing.agentId}/unpair`, {})).status, 303)
      await until('refused', () => desk.hosts[0]?.state === 'refused')
      const after = (await amal.get('/app/credentials/desks')).text
      assert.doesNotMatch(after, /Front &lt;b&gt;desk/)
      assert.match(after, /desks\?stopped=1/)
      assert.match((await amal.get('/app/credentials/desks?stopped=1')).text, /Front &lt;b&gt;desk/)
    } finally {
      await desk.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('stops a lost key with its reason, for good', async () => {
    const amal = as('amal')
    await amal.get('/app/credentials/new')
    const made = await amal.post('/app/credentials/keys/generate', { name: 'Lost', algorithm: 'ec-p256', purposes: 'seal-document' })
    const page = made.location ?? ''
    assert.equal((await amal.post(`${page}/stop`, { reason: 'left in a taxi' })).status, 303)
    const shown = await amal.get(page)
    assert.match(shown.text, /left in a taxi/)
    assert.doesNotMatch(shown.text, /key-request/)
    assert.match((await amal.post(`${page}/policy`, { purposes: 'seal-document' })).text, /SIGN-KEY-STOPPED/)
  })
})
