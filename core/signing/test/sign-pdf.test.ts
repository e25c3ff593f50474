import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signPdf } from '../formats/pades/sign-pdf.js'
import type { KeyAlgorithm } from '../key.js'
import { issueCertificate, signerOf } from './test-authority.js'
import { pageSource, stampSource, typstPdf } from './typst-pdf.js'

const signedAt = new Date('2026-11-22T10:30:00Z')

describe('PAdES by incremental update', function () {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  let folder: string
  let page: Buffer
  let stamp: Buffer
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'pades-'))
    page = typstPdf(pageSource)
    stamp = typstPdf(stampSource, '1.7')
  })
  after(() => {
    rmSync(folder, { recursive: true })
  })
  const save = (pdf: Buffer): string => {
    const file = join(folder, 'file.pdf')
    writeFileSync(file, pdf)
    return file
  }
  const judge = (pdf: Buffer, count: number): void => {
    const file = save(pdf)
    const report = execFileSync('pdfsig', ['-nocert', file], { encoding: 'utf8' })
    assert.equal([...report.matchAll(/Signature is Valid/g)].length, count, report)
    const checked = spawnSync('qpdf', ['--check', file], { encoding: 'utf8' })
    assert.equal(checked.status, 0, checked.stdout + checked.stderr)
    const mutool = spawnSync('mutool', ['sign', '-v', file], { encoding: 'utf8' })
    assert.equal(
      [...`${mutool.stdout}${mutool.stderr}`.matchAll(/digest check: +(?:PASS|OK)|signature is valid|document is unchanged|edits since/gi)]
        .length >= count,
      true,
      mutool.stdout + mutool.stderr,
    )
  }

  for (const algorithm of ['rsa-2048', 'ec-p256', 'ec-p384'] as const satisfies KeyAlgorithm[]) {
    it(`is accepted by pdfsig, mutool and qpdf with ${algorithm}`, async () => {
      const signer = signerOf(issueCertificate({ commonName: 'Company seal', algorithm, issuer: root }), [root])
      const signed = await signPdf(page, {
        signer,
        signedAt,
        appearance: { page: 1, rect: [220, 30, 140, 60], pdf: stamp },
        reason: 'ختم الشركة',
        certify: 2,
      })
      assert.equal(signed.level, 'PAdES-BASELINE-B')
      assert.equal(signed.pdf.subarray(0, page.length).equals(page), true)
      judge(signed.pdf, 1)
    })
  }

  it('takes RSA-PSS, which pdfsig 22.12 does not know: openssl judges its CMS', async () => {
    const signer = signerOf(issueCertificate({ commonName: 'PSS', algorithm: 'rsa-2048', issuer: root }), [root], 'rsa-pss')
    const { pdf } = await signPdf(page, { signer, signedAt })
    const [, gapStart, gapEnd] = /ByteRange \[0 (\d+) (\d+)/.exec(pdf.toString('latin1'))?.map(Number) ?? []
    assert.ok(gapStart !== undefined && gapEnd !== undefined)
    writeFileSync(join(folder, 'signed'), Buffer.concat([pdf.subarray(0, gapStart), pdf.subarray(gapEnd)]))
    writeFileSync(join(folder, 'cms'), Buffer.from(pdf.toString('latin1', gapStart + 1, gapEnd - 1), 'hex'))
    writeFileSync(join(folder, 'root.pem'), root.pem)
    const args = [
      'cms',
      '-verify',
      '-cades',
      '-binary',
      '-inform',
      'DER',
      '-in',
      join(folder, 'cms'),
      '-content',
      join(folder, 'signed'),
      '-CAfile',
      join(folder, 'root.pem'),
      '-purpose',
      'any',
      '-out',
      '/dev/null',
    ]
    const run = spawnSync('openssl', args, { encoding: 'utf8' })
    assert.equal(run.status, 0, run.stderr)
  })

  it('signs three times in sequence, each keeping the bytes before it', async () => {
    let pdf = page
    for (const [index, algorithm] of (['rsa-2048', 'ec-p256', 'rsa-3072'] as const).entries()) {
      const signer = signerOf(issueCertificate({ commonName: `Signer ${index}`, algorithm, issuer: root }), [root])
      const signed = await signPdf(pdf, { signer, signedAt, appearance: { page: 1, rect: [20 + index * 120, 30, 100, 43], pdf: stamp } })
      assert.equal(signed.pdf.subarray(0, pdf.length).equals(pdf), true)
      pdf = signed.pdf
    }
    judge(pdf, 3)
  })

  for (const [title, make] of [
    ['with object streams', (file: string, out: string) => ['--object-streams=generate', file, out]],
    ['linearized', (file: string, out: string) => ['--linearize', file, out]],
  ] as const) {
    it(`signs a foreign file ${title}, twice`, async () => {
      const out = join(folder, 'foreign.pdf')
      execFileSync('qpdf', make(save(page), out))
      const { readFileSync } = await import('node:fs')
      const signer = signerOf(issueCertificate({ commonName: 'Foreign', algorithm: 'rsa-2048', issuer: root }), [root])
      const once = await signPdf(readFileSync(out), { signer, signedAt })
      const twice = await signPdf(once.pdf, { signer, signedAt, appearance: { page: 1, rect: [20, 30, 100, 43], pdf: stamp } })
      judge(twice.pdf, 2)
    })
  }
})
