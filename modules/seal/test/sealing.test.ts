import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CompanyContext } from '../../../core/access/context.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { invoiceSample } from '../../../core/documents/test/invoice-sample.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { temporaryFolder } from '../../../test/helpers/temporary-folder.js'
import { startSandbox } from '../../sandbox/index.js'
import { applySeal, defaultDesign, drawDesign, readDesignInput, requestSeal, retrySeal, saveDesign, sealNow, sealOf } from '../index.js'

/** Self-signed certificate of a company key, made by openssl from the company's own request. */
async function installCertificate(host: TestHost, context: CompanyContext, keyId: string, folder: string): Promise<void> {
  const request = await host.host.db.company(context.companyId, (transaction) =>
    host.host.signing.certificateRequest(transaction, context, keyId, {
      name: [
        { type: 'C', value: 'SA', encoding: 'printable' },
        { type: 'O', value: 'Example Trading Company' },
        { type: 'CN', value: 'Example Seal' },
      ],
      extensions: [],
    }),
  )
  const file = (name: string): string => join(folder, name)
  await writeFile(file('r.pem'), request)
  await writeFile(file('x.cnf'), 'keyUsage=critical,digitalSignature,nonRepudiation\nbasicConstraints=critical,CA:FALSE\n')
  execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file('ca.key')])
  execFileSync('openssl', ['req', '-x509', '-new', '-key', file('ca.key'), '-subj', '/CN=Test CA', '-days', '30', '-out', file('ca.pem')], {
    stdio: 'pipe',
  })
  execFileSync(
    'openssl',
    [
      'x509',
      '-req',
      '-in',
      file('r.pem'),
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-set_serial',
      '7',
      '-days',
      '20',
      '-extfile',
      file('x.cnf'),
      '-outform',
      'DER',
      '-out',
      file('c.der'),
    ],
    { stdio: 'pipe' },
  )
  execFileSync('openssl', ['x509', '-in', file('ca.pem'), '-outform', 'DER', '-out', file('ca.der')])
  const { readFile } = await import('node:fs/promises')
  const certificates = [await readFile(file('c.der')), await readFile(file('ca.der'))]
  await host.host.db.company(context.companyId, (transaction) =>
    host.host.signing.installCertificates(transaction, context, keyId, certificates),
  )
}

describe('sealing', () => {
  let host: TestHost
  let context: CompanyContext
  let folder: { path: string; remove(): Promise<void> }
  let keyId: string

  before(async () => {
    folder = await temporaryFolder()
    host = await startTestHost()
    const failed = host.report.modules.find((module) => module.name === 'seal')
    assert.equal(failed?.state, 'installed', JSON.stringify(failed?.fault))
    context = await host.company()
    await host.host.modules.enable(context, 'seal')
    const key = await host.host.db.company(context.companyId, (transaction) =>
      host.host.signing.generateKey(transaction, context, { name: 'Seal key', algorithm: 'ec-p256', purposes: ['seal-document'] }),
    )
    keyId = key.id
    await installCertificate(host, context, keyId, folder.path)
  })

  after(async () => {
    await host.stop()
    await folder.remove()
  })

  async function renderInvoice(): Promise<{ pdf: Buffer; box: { page: number; x: number; y: number; width: number; height: number } }> {
    const { qr, ...data } = invoiceSample()
    const rendered = await host.host.documents.render({
      template: 'invoicing/invoice',
      data: { ...data, qr: false },
      locale: 'ar',
      digits: 'latin',
      standard: 'a-3b',
      createdAt: new Date('2026-11-22T10:00:00Z'),
      title: 'INV/2026/00012',
    })
    assert.ok(qr)
    const [box] = rendered.boxes
    assert.ok(box)
    return { pdf: rendered.pdf, box }
  }

  const subject = { type: 'invoice', id: '8c0d4b2e-0000-4000-8000-000000000001', label: 'INV/2026/00012' }

  it('has no seal to put until one is designed', async () => {
    const { pdf, box } = await renderInvoice()
    await assert.rejects(
      applySeal(host.host, context, { pdf, box, subject }),
      (error) => error instanceof Fault && error.code === 'SEAL-DESIGN-MISSING',
    )
  })

  it('keeps a failure as a state, and seals when the cause is mended', async () => {
    const { pdf, box } = await renderInvoice()
    const input = readDesignInput({
      name: 'ختم الشركة',
      nameAr: 'شركة المثال التجارية',
      nameLatin: 'Example Trading Company',
      caption: 'س.ت',
      number: '1010010000',
    })
    const svg = await drawDesign(host.host, input)
    const design = await host.host.db.company(context.companyId, (transaction) =>
      saveDesign(host.host, context, transaction, null, input, svg),
    )
    assert.equal(design.isDefault, true)

    const id = await host.host.db.company(context.companyId, async (transaction) => {
      const stored = await host.host.files.put(transaction, pdf, 'application/pdf')
      return requestSeal(host.host, transaction, { sha256: stored.sha256, box, subject, amount: { value: '8000.00', currency: 'SAR' } })
    })
    const failed = await sealNow(host.host, context, id)
    assert.equal(failed.state, 'failed')
    assert.equal(failed.error?.code, 'SEAL-KEY-MISSING')

    await host.host.db.company(context.companyId, (transaction) =>
      saveDesign(host.host, context, transaction, design.id, { ...input, keyId }, svg),
    )
    await host.host.db.company(context.companyId, (transaction) => retrySeal(host.host, transaction, id))
    await host.host.jobs.drain()
    const sealed = await host.host.db.company(context.companyId, (transaction) => sealOf(transaction, subject))
    assert.equal(sealed?.state, 'sealed', JSON.stringify(sealed?.error))
    assert.equal(sealed.level, 'PAdES-BASELINE-B')
    assert.ok(sealed.sha256Out)
    const sha256Out = sealed.sha256Out
    const { bytes } = await host.host.db.company(context.companyId, (transaction) => host.host.files.get(transaction, sha256Out))
    assert.ok(bytes.subarray(0, pdf.length).equals(pdf), 'the unsealed file is an exact prefix')

    const file = join(folder.path, 'sealed.pdf')
    await writeFile(file, bytes)
    if (process.env['KHATM_KEEP_PICTURES'] !== undefined) await writeFile(join(process.env['KHATM_KEEP_PICTURES'], 'sealed.pdf'), bytes)
    assert.match(execFileSync('pdfsig', ['-nocert', file]).toString(), /Signature is Valid/)
    assert.match(execFileSync('pdfsig', ['-nocert', file]).toString(), /Total document signed/)
    execFileSync('qpdf', ['--check', file])

    const again = await sealNow(host.host, context, id)
    assert.equal(again.sha256Out, sha256Out, 'a sealed document is not sealed twice')
  })

  it('reaches level T with a time-stamp authority, and never falls below it when that is away', async () => {
    const sandbox = await startSandbox({ dataDir: join(folder.path, 'sandbox'), port: 0, smtpPort: 0 })
    const { pdf, box } = await renderInvoice()
    const withTime: Host = Object.assign(Object.create(host.host) as Host, {
      config: {
        ...host.host.config,
        signing: { ...host.host.config.signing, timeStampUrl: sandbox.timeStampUrl },
        allowedPrivateOrigins: [new URL(sandbox.timeStampUrl).origin],
      },
    })
    try {
      const sealed = await applySeal(withTime, context, { pdf, box, subject })
      assert.equal(sealed.level, 'PAdES-BASELINE-T')
      assert.ok(sealed.stampedAt)
    } finally {
      await sandbox.close()
    }
    await assert.rejects(
      applySeal(withTime, context, { pdf, box, subject }),
      (error) => error instanceof Fault && error.code === 'SIGN-TSA-UNREACHABLE',
    )
  })

  it('never seals with a stopped key', async () => {
    const { pdf, box } = await renderInvoice()
    await host.host.db.company(context.companyId, (transaction) => host.host.signing.stopKey(transaction, context, keyId, 'lost'))
    await assert.rejects(
      applySeal(host.host, context, { pdf, box, subject }),
      (error) => error instanceof Fault && error.code === 'SIGN-KEY-STOPPED',
    )
  })

  it('refuses a key of nobody and a seal without a name', async () => {
    assert.throws(
      () => readDesignInput({ name: 'x' }),
      (error) => error instanceof Fault && error.code === 'SEAL-NAME-MISSING',
    )
    assert.throws(
      () => readDesignInput({ name: 'x', nameAr: 'ا', colour: 'pink' }),
      (error) => error instanceof Fault && error.code === 'SEAL-FIELD',
    )
    const design = await host.host.db.company(context.companyId, defaultDesign)
    assert.ok(design)
    const other = await host.company()
    assert.equal(await host.host.db.company(other.companyId, defaultDesign), undefined)
  })
})
