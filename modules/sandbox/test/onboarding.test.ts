import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pemOf } from '../ca/certificate.js'
import { startSandbox, type Sandbox } from '../index.js'
import { FatooraClient, invoice, onboard, openssl, scratch, TestUnit, type UnitOptions } from './support/unit.js'

describe('sandbox onboarding of a unit', () => {
  const folder = scratch()
  let sandbox: Sandbox
  let client: FatooraClient

  before(async () => {
    sandbox = await startSandbox({ dataDir: join(folder.path, 'state') })
  })
  beforeEach(() => {
    client = new FatooraClient(sandbox.fatooraUrl)
  })
  after(async () => {
    await sandbox.close()
    folder.remove()
  })

  const encoded = (csr: string): string => Buffer.from(csr).toString('base64')

  it('gives a compliance CSID, then a production CSID once six documents passed', async () => {
    const unit = new TestUnit(folder.path)
    const issued = await client.call('compliance', { csr: encoded(unit.csr) }, { OTP: '123345' })
    assert.equal(issued.status, 200)
    assert.equal(issued.body.dispositionMessage, 'ISSUED')
    client.use(issued.body.binarySecurityToken ?? '', issued.body.secret ?? '')
    unit.adopt(issued.body.binarySecurityToken ?? '')
    const certificate = new X509Certificate(unit.certificate)
    assert.match(certificate.issuer, /DC=local\nDC=gov\nDC=extgazt\nCN=.*SandboxCA/)
    assert.equal(certificate.publicKey.export({ type: 'spki', format: 'der' }).equals(unit.spki), true)
    assert.match(certificate.subjectAltName ?? '', /399999999900003/)
    writeFileSync(join(folder.path, 'unit.pem'), pemOf(unit.certificate))
    writeFileSync(join(folder.path, 'root.pem'), sandbox.trustAnchorsPem)
    writeFileSync(join(folder.path, 'saudi.pem'), Buffer.from(await (await fetch(`${sandbox.url}/ca/saudi.pem`)).arrayBuffer()))
    assert.match(openssl(folder.path, 'verify', '-x509_strict', '-CAfile', 'root.pem', '-untrusted', 'saudi.pem', 'unit.pem'), /OK/)

    const ask = async (): Promise<{ status: number; code: string | undefined; message: string | undefined }> => {
      const answer = await client.call('production/csids', { compliance_request_id: String(issued.body.requestID) })
      return { status: answer.status, code: answer.body.code, message: answer.body.message }
    }
    for (const [simplified, type] of [
      [false, '388'],
      [false, '383'],
      [false, '381'],
      [true, '388'],
      [true, '383'],
      [true, '381'],
    ] as const) {
      const early = await ask()
      assert.equal(early.status, 400)
      assert.equal(early.code, 'Missing-ComplianceSteps')
      assert.ok(early.message?.includes(`${simplified ? 'simplified' : 'standard'}-${type}`))
      const answer = await client.call('compliance/invoices', invoice(unit, { simplified, type, chained: false, counter: 1 }).body)
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      assert.equal(simplified ? answer.body.reportingStatus : answer.body.clearanceStatus, simplified ? 'REPORTED' : 'CLEARED')
    }
    assert.equal((await ask()).status, 200)
  })

  it('asks only for the document types of the request', async () => {
    await onboard(client, new TestUnit(folder.path, { invoiceTypes: '0100' }), ['simplified'])
    await onboard(new FatooraClient(sandbox.fatooraUrl), new TestUnit(folder.path, { invoiceTypes: '1000' }), ['standard'])
  })

  it('a failing compliance document does not count', async () => {
    const unit = new TestUnit(folder.path, { invoiceTypes: '0100' })
    const issued = await client.call('compliance', { csr: encoded(unit.csr) }, { OTP: '123345' })
    client.use(issued.body.binarySecurityToken ?? '', issued.body.secret ?? '')
    unit.adopt(issued.body.binarySecurityToken ?? '')
    const bad = invoice(unit, { chained: false, counter: 1, tamper: (xml) => xml.replace('115.00', '116.00') })
    assert.equal((await client.call('compliance/invoices', bad.body)).status, 400)
    assert.equal((await client.call('production/csids', { compliance_request_id: String(issued.body.requestID) })).status, 400)
    // and the credentials of compliance do not open the production calls
    assert.equal((await client.report(invoice(unit))).status, 401)
  })

  const wrong: readonly [string, UnitOptions][] = [
    ['a curve other than secp256k1', { curve: 'prime256v1' }],
    ['a VAT number that is none', { vatNumber: '123456789012345' }],
    ['the template of production', { template: 'ZATCA-Code-Signing' }],
    ['no document type', { invoiceTypes: '0000' }],
    ['a malformed unit serial number', { serialNumber: 'one|two' }],
    ['a VAT group without the TIN of its member', { vatNumber: '310122393510003' }],
  ]
  for (const [what, options] of wrong)
    it(`refuses a request with ${what}`, async () => {
      const unit = new TestUnit(folder.path, options)
      const answer = await client.call('compliance', { csr: encoded(unit.csr) }, { OTP: '123345' })
      assert.equal(answer.status, 400)
      assert.equal(answer.body.code, 'Invalid-CSR')
    })

  it('accepts a VAT group with the TIN', async () => {
    const unit = new TestUnit(folder.path, { vatNumber: '310122393510003', organisationUnit: '3101223935' })
    assert.equal((await client.call('compliance', { csr: encoded(unit.csr) }, { OTP: '123345' })).status, 200)
  })

  it('refuses a forged request, a missing or lapsed OTP, and DER instead of PEM', async () => {
    const unit = new TestUnit(folder.path)
    const der = Buffer.from(unit.csr.replace(/-----[^-]+-----|\s/g, ''), 'base64')
    const last = der.length - 1
    der.writeUInt8(der.readUInt8(last) ^ 1, last)
    const code = async (csr: string, otp?: string): Promise<string | undefined> =>
      (await client.call('compliance', { csr }, otp === undefined ? {} : { OTP: otp })).body.code
    assert.equal(await code(encoded(pemOf(der, 'CERTIFICATE REQUEST')), '123345'), 'Invalid-CSR')
    assert.equal(await code(der.toString('base64'), '123345'), 'Invalid-CSR')
    assert.equal(await code('', '123345'), 'Missing-CSR')
    assert.equal(await code(encoded(unit.csr)), 'Missing-OTP')
    assert.equal(await code(encoded(unit.csr), '12'), 'Invalid-OTP')
    assert.equal(await code(encoded(unit.csr), '000000'), 'Invalid-OTP')
  })

  it('renews: same key at once, a new key after the compliance checks (428); the chain goes on', async () => {
    const unit = new TestUnit(folder.path)
    await onboard(client, unit)
    const first = invoice(unit)
    assert.equal((await client.report(first)).status, 200)
    const same = await client.call('production/csids', { csr: encoded(unit.csr) }, { OTP: '123345' }, 'PATCH')
    assert.equal(same.status, 200)
    client.use(same.body.binarySecurityToken ?? '', same.body.secret ?? '')

    const successor = new TestUnit(folder.path)
    const asked = await client.call('production/csids', { csr: encoded(successor.csr) }, { OTP: '123345' }, 'PATCH')
    assert.equal(asked.status, 428)
    assert.equal(asked.body.dispositionMessage, 'NOT_COMPLIANT')
    const renewed = new FatooraClient(sandbox.fatooraUrl)
    renewed.use(asked.body.binarySecurityToken ?? '', asked.body.secret ?? '')
    successor.adopt(asked.body.binarySecurityToken ?? '')
    for (const simplified of [true, false])
      for (const type of ['388', '383', '381'] as const)
        assert.equal(
          (await renewed.call('compliance/invoices', invoice(successor, { simplified, type, chained: false, counter: 1 }).body)).status,
          200,
        )
    const production = await renewed.call('production/csids', { compliance_request_id: String(asked.body.requestID) })
    assert.equal(production.status, 200)
    renewed.use(production.body.binarySecurityToken ?? '', production.body.secret ?? '')
    successor.adopt(production.body.binarySecurityToken ?? '')
    successor.counter = unit.counter
    successor.previousHash = unit.previousHash
    assert.equal((await renewed.report(invoice(successor))).status, 200)
    // a compliance CSID cannot renew
    const compliance = new FatooraClient(sandbox.fatooraUrl)
    compliance.use(asked.body.binarySecurityToken ?? '', asked.body.secret ?? '')
    assert.equal((await compliance.call('production/csids', { csr: encoded(unit.csr) }, { OTP: '123345' }, 'PATCH')).status, 401)
  })
})
