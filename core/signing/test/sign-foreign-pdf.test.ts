import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../i18n/fault.js'
import { createVerifiers } from '../../validation/create-verifiers.js'
import { PdfDocument } from '../../validation/pdf/document.js'
import { formFields } from '../../validation/pdf/signature-fields.js'
import { addSignatureFields } from '../formats/pades/add-signature-fields.js'
import { signPdf } from '../formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from './test-authority.js'
import { pageSource, stampSource, typstPdf } from './typst-pdf.js'

const signedAt = new Date('2026-11-22T10:30:00Z')
const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path))

function refused(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault, String(error))
    assert.equal(error.code, code)
    return true
  }
}

describe('PDFs that other programs wrote', function () {
  this.timeout(180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const signer = signerOf(issueCertificate({ commonName: 'Signer', issuer: root }), [root])
  const folder = mkdtempSync(join(tmpdir(), 'foreign-'))
  const file = join(folder, 'in.pdf')
  let page: Buffer
  let stamp: Buffer
  before(() => {
    page = typstPdf(pageSource)
    stamp = typstPdf(stampSource, '1.7')
    writeFileSync(file, page)
  })
  after(() => {
    rmSync(folder, { recursive: true })
  })
  const qpdf = (...options: string[]): Buffer => {
    const out = join(folder, 'out.pdf')
    execFileSync('qpdf', [...options, file, out])
    return readFileSync(out)
  }
  /** Fields, one signed, then another signature: all accepted, the first bytes kept. */
  const signTwice = async (pdf: Buffer): Promise<Buffer> => {
    const ready = addSignatureFields(pdf, [{ name: 'ready', page: 1, rect: [10, 10, 100, 43] }])
    const once = await signPdf(ready, { signer, signedAt, fieldName: 'ready', appearance: { pdf: stamp } })
    const twice = await signPdf(once.pdf, { signer, signedAt, appearance: { page: 1, rect: [120, 10, 100, 43], pdf: stamp } })
    assert.equal(twice.pdf.subarray(0, pdf.length).equals(pdf), true)
    const out = join(folder, 'signed.pdf')
    writeFileSync(out, twice.pdf)
    const check = spawnSync('qpdf', ['--check', out], { encoding: 'utf8' })
    assert.equal(check.status, 0, check.stdout + check.stderr)
    const report = execFileSync('pdfsig', ['-nocert', out], { encoding: 'utf8' })
    assert.equal([...report.matchAll(/Signature is Valid/g)].length, 2, report)
    const verdict = await createVerifiers().verify('x.pdf', twice.pdf, { trust: [root.der] })
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    return twice.pdf
  }

  for (const [title, options] of [
    ['classic cross-reference table', ['--object-streams=disable']],
    ['cross-reference and object streams', ['--object-streams=generate']],
    ['linearized', ['--linearize']],
    ['linearized with object streams', ['--linearize', '--object-streams=generate']],
    ['decrypted before', ['--decrypt', '--static-id']],
  ] as const)
    it(title, async () => {
      await signTwice(qpdf(...options))
    })

  it('hybrid: a table, and a stream for readers that know it (ISO 32000-2 7.5.8.4)', async () => {
    await signTwice(hybrid())
  })

  it('nine pages printed by Chromium', async function () {
    if (chromium === undefined) this.skip()
    const html = join(folder, 'nine.html')
    const pages = Array.from({ length: 9 }, (_, index) => `<h1 style="page-break-after:always">صفحة ${index + 1} · Страница · Page</h1>`)
    writeFileSync(html, `<meta charset="utf-8"><body>${pages.join('')}</body>`)
    const out = join(folder, 'nine.pdf')
    const options = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'chromium')}`, `--print-to-pdf=${out}`]
    spawnSync(chromium, [...options, html], { timeout: 25_000 })
    const pdf = readFileSync(out)
    assert.ok(PdfDocument.open(pdf).pages().length >= 9)
    const last = await signPdf(pdf, { signer, signedAt, appearance: { page: 9, rect: [20, 20, 140, 60], pdf: stamp } })
    await signTwice(last.pdf.subarray(0, pdf.length))
    assert.equal((await createVerifiers().verify('x.pdf', last.pdf, { trust: [root.der] })).verdict, 'passed')
  })

  it('a file that mutool signed keeps that signature', async () => {
    const own = issueCertificate({ commonName: 'Signer of another program', algorithm: 'rsa-2048' })
    const key = own.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    writeFileSync(join(folder, 'own.pem'), key + own.pem)
    const store = join(folder, 'own.pfx')
    execFileSync('openssl', ['pkcs12', '-export', '-in', join(folder, 'own.pem'), '-out', store, '-passout', 'pass:secret'])
    const ready = addSignatureFields(page, [{ name: 'theirs', page: 1, rect: [10, 10, 100, 43] }])
    writeFileSync(file, ready)
    const field = formFields(PdfDocument.open(ready))[0]?.reference?.number
    const signedByOther = join(folder, 'other.pdf')
    execFileSync('mutool', ['sign', '-s', store, '-P', 'secret', '-o', signedByOther, file, String(field)], { stdio: 'ignore' })
    writeFileSync(file, page)
    const theirs = readFileSync(signedByOther)
    const { pdf } = await signPdf(theirs, { signer, signedAt, appearance: { page: 1, rect: [120, 10, 100, 43], pdf: stamp } })
    assert.equal(pdf.subarray(0, theirs.length).equals(theirs), true)
    writeFileSync(join(folder, 'signed.pdf'), pdf)
    const report = execFileSync('pdfsig', ['-nocert', join(folder, 'signed.pdf')], { encoding: 'utf8' })
    assert.equal([...report.matchAll(/Signature is Valid/g)].length, 2, report)
  })

  it('PDF/A-3 stays PDF/A: no font that is not embedded, description and metadata as they were', async () => {
    const signed = await signTwice(page)
    const fonts = execFileSync('pdffonts', [join(folder, 'signed.pdf')], { encoding: 'utf8' })
    for (const line of fonts.trim().split('\n').slice(2)) assert.match(line, /\byes\s+(?:yes|no)\s+(?:yes|no)\s+\d+\s+\d+\s*$/)
    const [before, after] = [PdfDocument.open(page), PdfDocument.open(signed)]
    const metadata = (document: PdfDocument): string => {
      const hash = createHash('sha256')
      const stream = document.resolve(document.catalog.get('Metadata'))
      if (stream !== null && typeof stream === 'object' && 'raw' in stream) hash.update(stream.raw)
      return hash.digest('hex')
    }
    assert.equal(metadata(before), metadata(after))
    assert.deepEqual(after.trailer.get('Info'), before.trailer.get('Info'))
    assert.deepEqual(after.dictionary(after.trailer.get('Info')), before.dictionary(before.trailer.get('Info')))
    // The first identifier of a file stays, the second names this save of it.
    assert.deepEqual(after.array(after.trailer.get('ID'))?.[0], before.array(before.trailer.get('ID'))?.[0])
    assert.equal(after.catalog.has('OutputIntents'), true)
  })

  it('encrypted, damaged or no PDF at all: refused by name', async () => {
    const encrypted = qpdf('--encrypt', '', 'owner', '256', '--')
    await assert.rejects(signPdf(encrypted, { signer, signedAt }), refused('SIGN-PDF-ENCRYPTED'))
    const text = page.toString('latin1')
    const damaged = [
      Buffer.from(text.replace(/startxref\n\d+/, 'startxref\n99'), 'latin1'),
      page.subarray(0, page.length - 200),
      Buffer.from(
        text.replace('/Type/Catalog', '/Type/Catalog'.replace('Catalog', 'Catalig')).replace(/\/Root \d+/, '/Root 9999'),
        'latin1',
      ),
      Buffer.from('%PDF-1.7\nnothing'),
      Buffer.from('no PDF'),
      Buffer.alloc(0),
    ]
    for (const pdf of damaged) {
      await assert.rejects(signPdf(pdf, { signer, signedAt }), refused('SIGN-PDF-UNREADABLE'))
      assert.throws(() => addSignatureFields(pdf, [{ name: 'x', page: 1, rect: [0, 0, 1, 1] }]), refused('SIGN-PDF-UNREADABLE'))
    }
  })
})

/** A hybrid file: object 5 (the page's content) lies in an object stream that only the cross-reference stream names. */
function hybrid(): Buffer {
  const parts: string[] = ['%PDF-1.5\n']
  const at = new Map<number, number>()
  const length = (): number => parts.join('').length
  const object = (number: number, body: string): void => {
    at.set(number, length())
    parts.push(`${number} 0 obj\n${body}\nendobj\n`)
  }
  object(1, '<</Type/Catalog/Pages 2 0 R>>')
  object(2, '<</Type/Pages/Kids[3 0 R]/Count 1>>')
  object(3, '<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Resources 5 0 R/Contents 4 0 R>>')
  const content = '0.2 0.4 0.6 rg 100 200 80 40 re f'
  object(4, `<</Length ${content.length}>>\nstream\n${content}\nendstream`)
  const inner = '5 0 <</ProcSet[/PDF]>>'
  object(6, `<</Type/ObjStm/N 1/First 4/Length ${inner.length}>>\nstream\n${inner}\nendstream`)
  const place = length()
  const row = (kind: number, second: number, third: number): string => String.fromCharCode(kind, (second >> 8) & 255, second & 255, third)
  const rows = row(2, 6, 0) + row(1, at.get(6) ?? 0, 0) + row(1, place, 0)
  parts.push(`7 0 obj\n<</Type/XRef/Size 8/W[1 2 1]/Index[5 3]/Root 1 0 R/Length ${rows.length}>>\nstream\n${rows}\nendstream\nendobj\n`)
  const table = length()
  const entry = (number: number): string => `${String(at.get(number) ?? 0).padStart(10, '0')} 00000 n \n`
  parts.push(`xref\n0 5\n0000000000 65535 f \n${[1, 2, 3, 4].map(entry).join('')}`)
  parts.push(`trailer\n<</Size 8/Root 1 0 R/XRefStm ${place}>>\nstartxref\n${table}\n%%EOF\n`)
  return Buffer.from(parts.join(''), 'latin1')
}
