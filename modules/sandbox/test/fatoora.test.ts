import assert from 'node:assert/strict'
import { randomUUID, verify, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { Findings } from '../fatoora/answers.js'
import { checkDocument } from '../fatoora/document-check.js'
import { startSandbox, type Sandbox } from '../index.js'
import { errorsOf, FatooraClient, invoice, onboard, scratch, TestUnit } from './support/unit.js'

describe('sandbox Fatoora server', () => {
  const folder = scratch()
  let sandbox: Sandbox
  let unit: TestUnit
  let client: FatooraClient
  let serial = 0

  before(async () => {
    sandbox = await startSandbox({ dataDir: join(folder.path, 'state') })
  })
  beforeEach(async () => {
    sandbox.faults.clear()
    unit = new TestUnit(folder.path, { serialNumber: `1-TST|2-TST|3-${serial++}` })
    client = new FatooraClient(sandbox.fatooraUrl)
    await onboard(client, unit)
  })
  after(async () => {
    await sandbox.close()
    folder.remove()
  })

  it('200 REPORTED, then 409 for the same document', async () => {
    const one = invoice(unit)
    const first = await client.report(one)
    assert.equal(first.status, 200)
    assert.equal(first.body.reportingStatus, 'REPORTED')
    assert.equal(first.body.validationResults?.status, 'PASS')
    const again = await client.report(one)
    assert.equal(again.status, 409)
    assert.equal(again.body.validationResults?.errorMessages[0]?.category, 'Duplicate-Invoice')
    assert.equal(sandbox.units().find((one) => one.unit.endsWith(`1-TST|2-TST|3-${serial - 1}`))?.accepted, 1)
  })

  it("200 CLEARED with the authority's own stamp, then 208 with the same copy", async () => {
    const one = invoice(unit, { simplified: false })
    const first = await client.clear(one)
    assert.equal(first.status, 200)
    const cleared = Buffer.from(first.body.clearedInvoice ?? '', 'base64')
    const findings = new Findings()
    const checked = checkDocument(cleared, new Date(), findings)
    assert.deepEqual(findings.results().errorMessages, [])
    assert.deepEqual(findings.results().warningMessages, [])
    assert.equal(checked?.hash, one.hash, 'the cleared copy keeps the hash')
    const authority = new X509Certificate(sandbox.clearanceCertificate)
    const signature = /<ds:SignatureValue>([^<]+)</.exec(cleared.toString('utf8'))?.[1] ?? ''
    assert.equal(verify('sha256', Buffer.from(one.hash, 'base64'), authority.publicKey, Buffer.from(signature, 'base64')), true)
    const again = await client.clear(one)
    assert.equal(again.status, 208)
    assert.equal(again.body.clearedInvoice, first.body.clearedInvoice)
    assert.equal(again.body.validationResults?.warningMessages[0]?.category, 'Duplicate-Invoice')
  })

  it('clears a standard document that carries no stamp of its own (202: no QR code yet)', async () => {
    const answer = await client.clear(invoice(unit, { simplified: false, stamped: false }))
    assert.equal(answer.status, 202)
    assert.deepEqual(
      answer.body.validationResults?.warningMessages.map((one) => one.code),
      ['BR-KSA-27'],
    )
    assert.notEqual(answer.body.clearedInvoice, null)
  })

  it('202 with warnings is an acceptance', async () => {
    const one = invoice(unit, { change: (xml) => xml.replace('<cbc:BuildingNumber>2322', '<cbc:BuildingNumber>23') })
    const answer = await client.report(one)
    assert.equal(answer.status, 202)
    assert.equal(answer.body.reportingStatus, 'REPORTED')
    assert.deepEqual(
      answer.body.validationResults?.warningMessages.map((message) => message.code),
      ['BR-KSA-37'],
    )
    assert.equal((await client.report(one)).status, 409)
  })

  const tampered: readonly [string, (xml: string) => string, string][] = [
    ['an amount', (xml) => xml.replaceAll('115.00', '115.01'), 'invalid-invoice-hash'],
    [
      'the signature',
      (xml) => xml.replace(/(?<=<ds:SignatureValue>.{30})./, (letter) => (letter === 'A' ? 'B' : 'A')),
      'invalid-digital-signature',
    ],
    ['the signing time', (xml) => xml.replace(/(<xades:SigningTime>\d{4}-)\d{2}/, '$101'), 'signed-properties-hashing'],
    [
      'the QR code',
      (xml) => xml.replace(/(?<=mimeCode="text\/plain">AS.{20})./, (letter) => (letter === 'A' ? 'B' : 'A')),
      'sellerName_QRCODE_INVALID',
    ],
    [
      'the order',
      (xml) => xml.replace(/(<cbc:IssueDate>.*?<\/cbc:IssueDate>)(<cbc:IssueTime>.*?<\/cbc:IssueTime>)/, '$2$1'),
      'SAXParseException',
    ],
  ]
  for (const [what, tamper, code] of tampered)
    it(`400 after tampering with ${what}`, async () => {
      const answer = await client.report(invoice(unit, { tamper }))
      assert.equal(answer.status, 400)
      assert.equal(answer.body.reportingStatus, 'NOT_REPORTED')
      assert.ok(errorsOf(answer.body).includes(code), JSON.stringify(errorsOf(answer.body)))
    })

  const broken: readonly [string, (xml: string) => string][] = [
    ['BR-KSA-06', (xml) => xml.replace('name="0200000"', 'name="02000"')],
    ['BR-KSA-31', (xml) => xml.replace('name="0200000"', 'name="0200001"')],
    ['BR-KSA-40', (xml) => xml.replace(/<cbc:CompanyID>\d+/, '<cbc:CompanyID>12345')],
    ['BR-KSA-70', (xml) => xml.replace(/<cbc:IssueTime>\d\d:\d\d:\d\d/, '<cbc:IssueTime>9:00')],
    ['BR-KSA-04', (xml) => xml.replace(/<cbc:IssueDate>\d{4}/, '<cbc:IssueDate>2999')],
    ['BR-KSA-EN16931-02', (xml) => xml.replace('<cbc:TaxCurrencyCode>SAR', '<cbc:TaxCurrencyCode>USD')],
    ['BR-CO-15', (xml) => xml.replace(/(TaxInclusiveAmount currencyID="SAR">)115/, '$1116')],
    ['BR-CO-14', (xml) => xml.replace(/(<\/cac:TaxTotal><cac:TaxTotal><cbc:TaxAmount currencyID="SAR">)15/, '$114')],
    ['BR-KSA-84', (xml) => xml.replaceAll('<cbc:Percent>15.00', '<cbc:Percent>14.00')],
    ['BR-KSA-18', (xml) => xml.replaceAll('<cbc:ID>S</cbc:ID>', '<cbc:ID>X</cbc:ID>')],
    ['BR-KSA-F-04', (xml) => xml.replace('>2.000000<', '>-2.000000<')],
    ['BR-KSA-34', (xml) => xml.replace(/(<cbc:ID>ICV<\/cbc:ID><cbc:UUID>)\d+/, '$1one')],
    ['BR-KSA-CL-02', (xml) => xml.replace('PriceAmount currencyID="SAR"', 'PriceAmount currencyID="USD"')],
  ]
  for (const [code, change] of broken)
    it(`400 ${code}, honestly stamped`, async () => {
      const answer = await client.report(invoice(unit, { change }))
      assert.equal(answer.status, 400)
      assert.ok(errorsOf(answer.body).includes(code), JSON.stringify(errorsOf(answer.body)))
      assert.ok(!errorsOf(answer.body).includes('invalid-invoice-hash'))
    })

  it('400 BR-KSA-17 for a note without reason', async () => {
    const note = invoice(unit, { type: '381', change: (xml) => xml.replace(/<cbc:InstructionNote>.*?<\/cbc:InstructionNote>/, '') })
    assert.ok(errorsOf((await client.report(note)).body).includes('BR-KSA-17'))
  })

  it('400 when hash or UUID of the call are not those of the document, or the body is no base64', async () => {
    const one = invoice(unit)
    const call = (change: object): ReturnType<FatooraClient['call']> => client.call('invoices/reporting/single', { ...one.body, ...change })
    assert.ok(errorsOf((await call({ invoiceHash: Buffer.alloc(32).toString('base64') })).body).includes('invalid-invoice-hash'))
    assert.ok(errorsOf((await call({ uuid: randomUUID() })).body).includes('uuid'))
    assert.equal((await call({ invoice: '%%%' })).body.code, 'Invalid-Request')
    assert.equal((await call({ invoice: undefined })).body.code, 'Invalid-Request')
    assert.equal((await client.report(one)).status, 200, 'the honest one is still welcome')
  })

  it("400 certificate-permissions for another's VAT number or certificate", async () => {
    const other = new TestUnit(folder.path, { vatNumber: '399999999800003', serialNumber: `1-O|2-O|3-${serial}` })
    const otherClient = new FatooraClient(sandbox.fatooraUrl)
    await onboard(otherClient, other, ['standard', 'simplified']).catch(() => undefined)
    const foreign = invoice(other, { counter: 1, change: (xml) => xml.replaceAll('399999999800003', unit.vatNumber) })
    assert.ok(errorsOf((await client.report(foreign)).body).includes('certificate-permissions'))
  })

  describe('chain', () => {
    it('a used counter, a wrong previous hash and a wrong first link are errors', async () => {
      assert.ok(
        errorsOf((await client.report(invoice(unit, { chained: false, previousHash: Buffer.alloc(32).toString('base64') }))).body).includes(
          'KSA-13',
        ),
      )
      const fresh = new TestUnit(folder.path, { serialNumber: `1-F|2-F|3-${serial}` })
      const freshClient = new FatooraClient(sandbox.fatooraUrl)
      await onboard(freshClient, fresh)
      assert.equal((await freshClient.report(invoice(fresh))).status, 200)
      assert.ok(
        errorsOf(
          (await freshClient.report(invoice(fresh, { chained: false, counter: 1, previousHash: fresh.previousHash }))).body,
        ).includes('KSA-16'),
      )
      assert.ok(
        errorsOf(
          (await freshClient.report(invoice(fresh, { chained: false, previousHash: Buffer.alloc(32, 1).toString('base64') }))).body,
        ).includes('KSA-13'),
      )
    })

    it('documents may arrive out of order; a rejected one keeps its place', async () => {
      const [one, two, three] = [invoice(unit), invoice(unit), invoice(unit)]
      assert.equal((await client.report(three)).status, 200)
      assert.equal((await client.report(one)).status, 200)
      assert.equal((await client.report(two)).status, 200)
      const rejected = invoice(unit, { change: (xml) => xml.replaceAll('<cbc:Percent>15.00', '<cbc:Percent>14.00') })
      assert.equal((await client.report(rejected)).status, 400)
      assert.equal((await client.report(invoice(unit))).status, 200)
      const summary = sandbox.units().find((one) => one.unit.endsWith(`1-TST|2-TST|3-${serial - 1}`))
      assert.deepEqual(
        { ...summary, unit: '' },
        { unit: '', documents: 5, accepted: 4, rejected: 1, firstCounter: '1', lastCounter: '5', gaps: 0, breaks: 0 },
      )
    })

    it('a late document that does not fit its successor is an error', async () => {
      invoice(unit)
      const two = invoice(unit)
      assert.equal((await client.report(two)).status, 200)
      const forged = invoice(unit, {
        chained: false,
        counter: 1,
        previousHash: 'NWZlY2ViNjZmZmM4NmYzOGQ5NTI3ODZjNmQ2OTZjNzljMmRiYzIzOWRkNGU5MWI0NjcyOWQ3M2EyN2ZiNTdlOQ==',
      })
      assert.ok(errorsOf((await client.report(forged)).body).includes('KSA-13'))
    })
  })

  it('wrong route for the document type: 400', async () => {
    assert.ok(errorsOf((await client.report(invoice(unit, { simplified: false }))).body).includes('invoice-type'))
    assert.ok(errorsOf((await client.clear(invoice(unit))).body).includes('invoice-type'))
  })

  it('303 when clearance is off; the same document is then reported', async () => {
    sandbox.faults.inject({ kind: 'clearance-off', path: 'clearance' })
    const one = invoice(unit, { simplified: false })
    assert.equal((await client.clear(one)).status, 303)
    const reported = await client.report(one)
    assert.equal(reported.status, 200)
    assert.equal(reported.body.reportingStatus, 'REPORTED')
    sandbox.setClearance(false)
    assert.equal((await client.clear(invoice(unit, { simplified: false, chained: false }))).status, 303)
    sandbox.setClearance(true)
  })

  it('401 without, with wrong and with revoked credentials', async () => {
    const one = invoice(unit)
    const stranger = new FatooraClient(sandbox.fatooraUrl)
    assert.equal((await stranger.report(one)).status, 401)
    stranger.use('token', 'secret')
    assert.equal((await stranger.report(one)).status, 401)
    const [token = ''] = Buffer.from(client.credentials, 'base64').toString().split(':')
    stranger.use(token, 'wrong')
    assert.equal((await stranger.report(one)).status, 401)
    sandbox.revoke(unit.certificate, 'keyCompromise')
    assert.equal((await client.report(one)).status, 401)
  })

  it('406, 413, 415, 404 and 400 for requests that are not as they must be', async () => {
    const path = 'invoices/reporting/single'
    assert.equal((await client.call(path, {}, { 'Accept-Version': 'V1' })).status, 406)
    assert.equal((await client.call(path, {}, { Accept: 'text/html' })).status, 406)
    assert.equal((await client.call(path, {}, { 'Accept-Language': 'fr' })).status, 406)
    assert.equal((await client.call(path, { invoice: 'x'.repeat(6 * 1024 * 1024) })).status, 413)
    assert.equal((await client.call(path, 'x', { 'Content-Type': 'text/plain' })).status, 415)
    assert.equal((await client.call(path, '{"half":')).status, 400)
    assert.equal(
      (await client.call('invoices/clearance/single', invoice(unit, { chained: false }).body)).body.code,
      'Invalid-ClearanceStatus',
    )
    assert.equal(
      (await new FatooraClient(sandbox.fatooraUrl.replace('developer-portal', 'elsewhere'), client.credentials).call(path, {})).status,
      404,
    )
    assert.equal((await client.call('no/such/call', {})).status, 404)
  })

  describe('faults', () => {
    it('429, 500, 503 and 401 store nothing', async () => {
      const one = invoice(unit)
      for (const [kind, status] of [
        ['rate-limited', 429],
        ['error-500', 500],
        ['error-503', 503],
        ['unauthorized', 401],
      ] as const) {
        sandbox.faults.inject({ kind, path: 'reporting' })
        const answer = await client.report(one)
        assert.equal(answer.status, status)
        if (kind === 'rate-limited') assert.equal(answer.response.headers.get('Retry-After'), '1')
      }
      assert.equal((await client.report(one)).status, 200)
    })

    it('time-outs and resets: before the commit the document is new, after it a duplicate', async () => {
      for (const [kind, status] of [
        ['timeout-before-commit', 200],
        ['reset-before-commit', 200],
        ['timeout-after-commit', 409],
        ['reset-mid-body', 409],
        ['error-after-commit', 409],
      ] as const) {
        const one = invoice(unit)
        sandbox.faults.inject({ kind, path: 'reporting', milliseconds: 50 })
        if (kind === 'error-after-commit') assert.equal((await client.report(one)).status, 502)
        else await assert.rejects(client.report(one), kind)
        assert.equal((await client.report(one)).status, status, kind)
      }
    })

    it('malformed JSON, huge body, slow drip, duplicate answer, answer about another document', async () => {
      sandbox.faults.inject({ kind: 'malformed-json', path: 'reporting' })
      await assert.rejects(client.report(invoice(unit)), SyntaxError)
      sandbox.faults.inject({ kind: 'huge-body', path: 'reporting' })
      assert.ok(JSON.stringify((await client.report(invoice(unit))).body).length > 10 * 1024 * 1024)
      sandbox.faults.inject({ kind: 'slow-drip', path: 'reporting', milliseconds: 300 })
      const began = performance.now()
      assert.equal((await client.report(invoice(unit))).status, 200)
      assert.ok(performance.now() - began > 200)
      sandbox.faults.inject({ kind: 'duplicate-answer', path: 'reporting' })
      assert.equal((await client.report(invoice(unit))).status, 409)
      sandbox.faults.inject({ kind: 'other-uuid', path: 'clearance' })
      const one = invoice(unit, { simplified: false })
      const copy = Buffer.from((await client.clear(one)).body.clearedInvoice ?? '', 'base64').toString('utf8')
      assert.ok(copy.includes('<cbc:UUID>') && !copy.includes(one.uuid))
    })

    it('are set over HTTP, with skip and times', async () => {
      const post = (body: object): Promise<Response> =>
        fetch(`${sandbox.url}/control/faults`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        })
      assert.equal((await post({ kind: 'nonsense' })).status, 400)
      assert.equal((await post({ kind: 'error-503', path: 'reporting', skip: 1, times: 2 })).status, 201)
      const statuses = []
      for (let index = 0; index < 4; index++)
        statuses.push((await client.report(invoice(unit, { chained: index !== 1 && index !== 2 }))).status)
      assert.deepEqual(statuses, [200, 503, 503, 200])
    })
  })
})
