import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CompanyContext } from '../../../core/access/context.js'
import { Fault } from '../../../core/i18n/fault.js'
import { TrustFolder } from '../../../core/validation/trust/trust-folder.js'
import { startTestHost, type TestHost } from '../../../test/helpers/test-host.js'
import { examinationDossier } from '../index.js'
import type { DossierReport } from '../law/examination-dossier.js'
import { egyptianCompany, post } from './running-company.js'

describe('Examination dossier of a signature (Art. 7)', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'khatm-dossier-'))
  let running: TestHost
  let context: CompanyContext
  let invoiceId: string

  before(async () => {
    running = await startTestHost({ sandbox: true })
    context = await egyptianCompany(running)
    const { company: _company, ...input } = JSON.parse(
      readFileSync(join(import.meta.dirname, '../examples/in/1-invoice.json'), 'utf8'),
    ) as Record<string, unknown> // an object, as the examples are
    const [posted] = await post(running.host, context, input)
    invoiceId = posted?.invoiceId ?? ''
  })
  after(async () => {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const unpack = async (): Promise<DossierReport> => {
    writeFileSync(join(folder, 'dossier.zip'), await examinationDossier(running.host, { ...context, locale: 'ar' }, invoiceId))
    execFileSync('python3', ['-m', 'zipfile', '-e', 'dossier.zip', '.'], { cwd: folder })
    return JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as DossierReport // written by the dossier itself
  }

  it('its own commands check it: sums and openssl agree; the report says what holds and what is not shown', async () => {
    const report = await unpack()
    const [sums = '', verify = ''] = readFileSync(join(folder, 'check.txt'), 'utf8').split('\n')
    for (const line of [sums, verify]) execFileSync('/bin/sh', ['-c', line], { cwd: folder, stdio: 'pipe' })
    assert.deepEqual(
      report.points.map(({ point, holds }) => [point, holds]),
      [
        ['a', false],
        ['b', true],
        ['c', true],
      ],
    )
    assert.equal(report.basis.basis, 'none')
    assert.ok(report.basis.reasons.includes('EG-BASIS-OUTSIDE-ARTICLE-10'))
    assert.deepEqual(report.independentTimes, [])
    assert.equal(report.revocationMissing, null, JSON.stringify(report.revocationMissing))
    assert.equal(readFileSync(join(folder, 'report.pdf')).subarray(0, 5).toString(), '%PDF-')
  })

  it('a root pinned for Egypt makes point (a); an unsigned document has no dossier', async () => {
    const anchor = Buffer.from(running.host.config.sandbox.trustAnchors[0] ?? '', 'base64')
    new TrustFolder(running.dataDir).add(anchor, 'EG', 'root.pem')
    assert.deepEqual(
      (await unpack()).points.map(({ holds }) => holds),
      [true, true, true],
    )
    await assert.rejects(examinationDossier(running.host, context, '00000000-0000-4000-8000-000000000000'), (error: unknown) => {
      return error instanceof Fault && error.code === 'EG-DOSSIER-NOT-SIGNED'
    })
  })
})
