import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installationRoot } from '../../core/host/load-modules.js'
import { pageSource, typstPdf } from '../../core/signing/test/typst-pdf.js'
import { createVerifiers } from '../../core/validation/create-verifiers.js'
import { startSandbox, type Sandbox } from '../../modules/sandbox/index.js'
import { temporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.js'
import { startTestHost } from '../helpers/test-host.js'

const command = join(installationRoot, 'bin/khatm.mjs')

describe('khatm sign', function () {
  this.timeout(180_000)
  let data: TemporaryFolder
  let work: TemporaryFolder
  let sandbox: Sandbox
  let keyId: string
  before(async () => {
    data = await temporaryFolder()
    work = await temporaryFolder()
    sandbox = await startSandbox({ dataDir: join(work.path, 'sandbox') })
    const { origin } = new URL(sandbox.url)
    const settings = { signing: { timeStampUrl: sandbox.timeStampUrl }, allowedPrivateOrigins: [origin], logLevel: 'silent' }
    writeFileSync(join(data.path, 'khatm.json'), JSON.stringify(settings))
    const running = await startTestHost({ dataDir: data.path })
    try {
      const { host } = running
      const context = await running.company({ code: 'signing' })
      keyId = await host.db.company(context.companyId, async (transaction) => {
        const key = await host.signing.generateKey(transaction, context, {
          name: 'Seal',
          algorithm: 'rsa-2048',
          purposes: ['seal-document'],
        })
        const subject = { C: 'SA', O: 'شركة المثال التجارية', CN: 'شركة المثال التجارية' }
        const chain = await sandbox.issueCertificate({ spki: key.publicKey, subject, profile: 'seal' })
        await host.signing.installCertificates(transaction, context, key.id, chain)
        return key.id
      })
    } finally {
      await running.stop()
    }
    writeFileSync(join(work.path, 'paper.pdf'), typstPdf(pageSource))
    writeFileSync(join(work.path, 'data.xml'), '<?xml version="1.0" encoding="UTF-8"?>\n<order><total>115.00</total></order>\n')
    writeFileSync(join(work.path, 'data.json'), '{"total":"115.00"}')
  })
  after(async () => {
    await sandbox.close()
    await data.remove()
    await work.remove()
  })
  interface Outcome {
    readonly status: number
    readonly stdout: string
    readonly stderr: string
  }
  // Not a call that blocks: the authorities answer from this very process.
  const sign = (file: string, ...options: string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      const where = ['--data', data.path, '--company', 'signing', '--key', keyId, '--json']
      execFile(
        process.execPath,
        [command, 'sign', join(work.path, file), ...where, ...options],
        // Nothing of the environment but where programs are found: settings come from the data folder.
        { encoding: 'utf8', env: { PATH: process.env.PATH, LANG: 'C.UTF-8' } },
        (error, stdout, stderr) => {
          resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr })
        },
      )
    })
  const signed = async (file: string, ...options: string[]): Promise<{ file: string; level: string }> => {
    const { status, stdout, stderr } = await sign(file, ...options)
    assert.equal(status, 0, stdout + stderr)
    // The command prints just this.
    return JSON.parse(stdout) as { file: string; level: string }
  }
  const levelIn = async (file: string, content?: Buffer): Promise<string | undefined> => {
    const options = { trust: [sandbox.caCertificate], ...(content === undefined ? {} : { content }) }
    const verdict = await createVerifiers().verify(file, readFileSync(file), options)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    return verdict.signatures[0]?.level
  }

  it('PAdES LTA, certified, in a named field, seen on the page in Arabic', async () => {
    const options = ['--level', 'lta', '--certify', '2', '--field', 'Seal', '--visible', '1,220,30,160,70', '--reason', 'اعتماد العرض']
    const { file, level } = await signed('paper.pdf', ...options)
    assert.equal(level, 'PAdES-BASELINE-LTA')
    assert.equal(await levelIn(file), 'PAdES-BASELINE-LTA')
    const report = execFileSync('pdfsig', ['-nocert', file], { encoding: 'utf8' })
    assert.match(report, /Signature Field Name: Seal[\s\S]*Signature is Valid/)
  })

  it('XAdES LT inside an XML file', async () => {
    const { file, level } = await signed('data.xml', '--format', 'xades', '--level', 'lt')
    assert.equal(level, 'XAdES-BASELINE-LT')
    assert.equal(await levelIn(file), 'XAdES-BASELINE-LT')
  })

  it('CAdES LT beside a file', async () => {
    const { file, level } = await signed('data.json', '--format', 'cades', '--level', 'lt', '--detached')
    assert.ok(file.endsWith('.p7s'))
    assert.equal(level, 'CAdES-BASELINE-LT')
    assert.equal(await levelIn(file, readFileSync(join(work.path, 'data.json'))), 'CAdES-BASELINE-LT')
  })

  it('options that do not go together are refused before anything starts, and nothing is written', async () => {
    for (const options of [['--format', 'cades', '--level', 'lta'], ['--format', 'xades', '--visible', '1,0,0,10,10'], ['--detached']]) {
      const { status, stdout } = await sign('paper.pdf', '--out', join(work.path, 'never'), ...options)
      assert.equal(status, 1)
      assert.match(stdout, /SIGN-COMMAND-OPTION/)
    }
    assert.equal((await sign('paper.pdf', '--visible', '1,2,3')).status, 2)
    assert.throws(() => readFileSync(join(work.path, 'never')))
  })
})
