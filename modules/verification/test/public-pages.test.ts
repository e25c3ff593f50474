import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CompanyContext } from '../../../core/access/context.js'
import { signPdf } from '../../../core/signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../../core/signing/test/test-authority.js'
import { typstPdf } from '../../../core/signing/test/typst-pdf.js'
import { Fault } from '../../../core/i18n/fault.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { WebClient } from '../../../test/helpers/web-client.js'
import { documentCode, findByCode, normalise, recordIssuedFile } from '../services/codes.js'

describe('public verification pages', () => {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const signer = issueCertificate({ commonName: 'Salma', issuer: root })
  let running: TestHost
  let context: CompanyContext
  let url: string
  let signed: Buffer
  const visitor = async (path: string): Promise<WebClient> => {
    const client = new WebClient(url)
    const page = await client.get(path, { 'accept-language': 'en' })
    assert.equal(page.status, 200)
    return client
  }

  before(async () => {
    running = await startTestHost({ role: { web: true, worker: false }, config: { publicUrl: 'https://khatm.example' } })
    context = await running.company()
    const { port } = await running.listen()
    url = `http://127.0.0.1:${String(port)}`
    mkdirSync(join(running.dataDir, 'trust'), { recursive: true })
    writeFileSync(join(running.dataDir, 'trust', 'root.pem'), root.pem)
    signed = (await signPdf(typstPdf('= Contract'), { signer: signerOf(signer, [root]), signedAt: new Date() })).pdf
  })
  after(() => running.stop())

  it('a dropped file is judged without an account, in one sentence first', async () => {
    const client = await visitor('/verify')
    const answer = await client.upload('/verify', { file: { name: 'عقد.pdf', bytes: signed } })
    assert.equal(answer.status, 200)
    assert.match(answer.text, /k-verdict-good/)
    assert.match(answer.text, /Signed by \u2068Salma\u2069 on .*, unchanged since\./)
    assert.match(answer.text, /عقد\.pdf/)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
  })

  it('the report comes as PDF and as JSON, and under no other name', async () => {
    const client = await visitor('/verify')
    const { text } = await client.upload('/verify', { file: { name: 'contract.pdf', bytes: signed } })
    const link = /href="(\/verify\/report\/[0-9a-f]{32})"/.exec(text)?.[1]
    assert.ok(link)
    const pdf = await client.get(link)
    assert.equal(pdf.headers.get('content-type'), 'application/pdf')
    assert.match(pdf.text, /^%PDF-/)
    const json = JSON.parse((await client.get(`${link}?format=json`)).text) as { verdict: string; sha256: string } // our own answer
    assert.equal(json.verdict, 'passed')
    assert.equal(json.sha256, createHash('sha256').update(signed).digest('hex'))
    assert.equal((await client.get(`/verify/report/${'0'.repeat(32)}`)).status, 404)
  })

  it('the verdict can be read once more, in another language, and a page that is gone says what to do', async () => {
    const client = await visitor('/verify')
    const { text } = await client.upload('/verify', { file: { name: 'contract.pdf', bytes: signed } })
    const again = /value="(\/verify\/result\/[0-9a-f]{32})"/.exec(text)?.[1]
    assert.ok(again, 'a change of language leads back to the verdict')
    assert.match((await client.get(again, { 'accept-language': 'ar' })).text, /وقّعه \u2068Salma\u2069/)
    const gone = await client.get(`/verify/result/${'0'.repeat(32)}`, { 'accept-language': 'en' })
    assert.equal(gone.status, 404)
    assert.match(gone.text, /no longer kept/)
    assert.match(gone.text, /data-drop/)
  })

  it('a code that nobody knows is said beside its field, a file that is too large leads back to the page', async () => {
    const client = await visitor('/verify')
    const unknown = await client.get('/verify/ZZZZ-ZZZZ-ZZZZ-ZZZZ', { 'accept-language': 'en' })
    assert.equal(unknown.status, 404)
    assert.match(unknown.text, /No document has this code/)
    assert.match(unknown.text, /value="ZZZZ-ZZZZ-ZZZZ-ZZZZ"/)
    const large = await client.upload('/verify', { file: { name: 'large.pdf', bytes: Buffer.alloc(26 * 1024 * 1024) } })
    assert.equal(large.status, 413)
    assert.match(large.text, /<a class="btn btn-primary" href="\/verify">/)
  })

  it('a changed file is told from a good one', async () => {
    const client = await visitor('/verify')
    const changed = Buffer.from(signed)
    const at = changed.indexOf('stream') + 12
    changed[at] = (changed[at] ?? 0) ^ 1
    const answer = await client.upload('/verify', { file: { name: 'contract.pdf', bytes: changed } })
    assert.match(answer.text, /k-verdict-bad/)
  })

  it('nothing of a dropped file is stored', async () => {
    const count = async (): Promise<unknown> =>
      running.host.db.company(
        context.companyId,
        async (transaction) => (await transaction.knex.raw<{ rows: unknown[] }>('select count(*) from core_blob')).rows,
      )
    const before = await count()
    const client = await visitor('/verify')
    await client.upload('/verify', { file: { name: 'contract.pdf', bytes: signed } })
    assert.deepEqual(await count(), before)
  })

  it('a form of another site is refused, and so is the twenty-first file of a minute', async () => {
    const client = await visitor('/verify')
    assert.equal((await client.upload('/verify', { file: { name: 'x.pdf', bytes: signed } }, { token: 'guessed' })).status, 403)
    let last = 200
    for (let index = 0; index < 25 && last !== 429; index++)
      last = (await client.upload('/verify', { file: { name: 'x', bytes: Buffer.from('x') } })).status
    assert.equal(last, 429)
  })
})

describe('verification codes', () => {
  let running: TestHost
  let context: CompanyContext
  const subject = { type: 'invoicing.invoice', id: 'a3c6dc1a-7a24-4c3c-8a67-0c1c8f1b0d11', label: 'INV/2026/0001' }
  const facts = { kind: 'invoice', issuedOn: '2026-11-22', total: { value: '115.00', currency: 'SAR' } }
  before(async () => {
    running = await startTestHost({ role: { web: true, worker: false }, config: { publicUrl: 'https://khatm.example/' } })
    context = await running.company()
  })
  after(() => running.stop())
  const issue = () => running.host.db.company(context.companyId, (transaction) => documentCode(running.host, transaction, subject, facts))

  it('a document has one code, whoever asks and however often', async () => {
    const [first, ...others] = await Promise.all([issue(), issue(), issue()])
    assert.match(first.code, /^(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
    assert.equal(first.url, `https://khatm.example/verify/${first.code}`)
    for (const other of others) assert.deepEqual(other, first)
  })

  it('is found as people type it, and no other is', async () => {
    const { code } = await issue()
    for (const typed of [
      code,
      code.toLowerCase(),
      code.replaceAll('-', ''),
      code.replaceAll('-', ' '),
      code.replaceAll('0', 'O').replaceAll('1', 'l'),
    ]) {
      const found = await findByCode(running.host, typed)
      assert.equal(found.companyId, context.companyId)
      assert.equal(found.document.subject.label, subject.label)
    }
    await assert.rejects(findByCode(running.host, '0000-0000-0000-0000'), (error) => error instanceof Fault && error.status === 404)
    assert.equal(normalise("'; drop table"), undefined)
  })

  it('its page shows what the paper says, the verdict on the stored file, and compares a copy bit by bit', async () => {
    const root = issueCertificate({ commonName: 'Root', ca: true })
    const pdf = typstPdf('= Invoice')
    const { pdf: signed } = await signPdf(pdf, {
      signer: signerOf(issueCertificate({ commonName: 'Seal', issuer: root }), [root]),
      signedAt: new Date(),
    })
    const { code } = await issue()
    await running.host.db.company(context.companyId, async (transaction) => {
      const { sha256 } = await running.host.files.put(transaction, signed, 'application/pdf')
      await recordIssuedFile(transaction, subject, sha256)
    })
    const { port } = await running.listen()
    const client = new WebClient(`http://127.0.0.1:${String(port)}`)
    assert.equal((await client.get(`/verify?code=${code.toLowerCase()}`)).location, `/verify/${code}`)
    const page = await client.get(`/verify/${code}`, { 'accept-language': 'en' })
    assert.match(page.text, /INV\/2026\/0001/)
    assert.match(page.text, /115\.00/)
    assert.match(page.text, /We cannot tell who signed/)
    const same = await client.upload(`/verify/${code}`, { file: { name: 'copy.pdf', bytes: signed } })
    assert.match(same.text, /the very file that was issued/)
    const other = await client.upload(`/verify/${code}`, { file: { name: 'copy.pdf', bytes: pdf } })
    assert.match(other.text, /NOT the file that was issued/)
    assert.equal((await client.get('/verify/ZZZZ-ZZZZ-ZZZZ-ZZZZ')).status, 404)
  })
})
