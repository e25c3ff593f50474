import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfiguration } from '../../../config/load.js'
import { createDocuments } from '../../documents/create-documents.js'
import type { Documents } from '../../documents/documents.js'
import { drawSignature, type SignaturePicture } from '../formats/pades/draw-signature.js'
import { signPdf } from '../formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from './test-authority.js'
import { pageSource, typstPdf } from './typst-pdf.js'

const signedAt = new Date('2026-11-22T10:30:00Z')

describe('the picture of a signature', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'picture-'))
  let documents: Documents
  before(() => {
    documents = createDocuments(loadConfiguration({ environment: {}, overrides: { dataDir: folder, documents: { workers: 1 } } }))
  })
  after(async () => {
    await documents.close()
    rmSync(folder, { recursive: true })
  })
  const size = { width: 200, height: 80 }
  const draw = async (
    picture: Omit<SignaturePicture, 'width' | 'height' | 'signedAt'>,
  ): Promise<{ pdf: Buffer; words: string; file: string }> => {
    const pdf = await drawSignature(documents, { ...size, signedAt, ...picture })
    const file = join(folder, 'picture.pdf')
    writeFileSync(file, pdf)
    return { pdf, file, words: execFileSync('pdftotext', ['-raw', file, '-'], { encoding: 'utf8' }) }
  }
  const cases: [string, Omit<SignaturePicture, 'width' | 'height' | 'signedAt'>, RegExp[]][] = [
    [
      'Arabic, time of Riyadh',
      { name: 'أحمد بن محمد العتيبي', reason: 'أوافق على العقد', locale: 'ar', digits: 'latin', timeZone: 'Asia/Riyadh' },
      [/محمد/, /على/, /13:30 UTC\+03:00/],
    ],
    [
      'English, universal time',
      { name: 'Ahmed Al-Otaibi', location: 'London', locale: 'en', digits: 'latin', timeZone: 'UTC' },
      [/Signed electronically by/, /Ahmed Al-Otaibi/, /Place: London/, /22\/11\/2026 10:30 UTC/],
    ],
    [
      'Bulgarian, winter time of Sofia',
      { name: 'Мария Иванова', reason: 'Съгласна съм', locale: 'bg', digits: 'latin', timeZone: 'Europe/Sofia' },
      [/Подписано електронно от/, /Мария Иванова/, /12:30 UTC\+02:00/],
    ],
  ]
  for (const [title, picture, expected] of cases)
    it(`says who, why and when: ${title}`, async () => {
      const { words, pdf, file } = await draw(picture)
      for (const pattern of expected) assert.match(words, pattern)
      assert.match(execFileSync('pdfinfo', [file], { encoding: 'utf8' }), /Page size: +200 x 80 pts/)
      assert.equal(pdf.equals((await draw(picture)).pdf), true)
    })

  it('carries a code that leads to the proof, readable from the signed page', async () => {
    const proofUrl = 'https://khatm.example/v/8f3a2b1c'
    const { pdf } = await draw({ name: 'Ahmed', locale: 'en', digits: 'latin', timeZone: 'UTC', proofUrl })
    const signer = signerOf(issueCertificate({ commonName: 'Ahmed' }))
    const signed = await signPdf(typstPdf(pageSource), { signer, signedAt, appearance: { page: 1, rect: [100, 30, 200, 80], pdf } })
    writeFileSync(join(folder, 'signed.pdf'), signed.pdf)
    execFileSync('pdftoppm', ['-r', '150', '-png', '-singlefile', join(folder, 'signed.pdf'), join(folder, 'signed')])
    assert.match(
      execFileSync('zbarimg', ['-q', join(folder, 'signed.png')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      /8f3a2b1c/,
    )
  })

  it('makes a long text smaller rather than cutting it', async () => {
    const name = 'A company with a name that is far too long for the field it was given on the page, Limited Liability Company'
    const reason = 'A reason that goes on, so that nothing fits at the usual size and every word must still be there: the last one is zebra'
    const { words } = await draw({ name, reason, locale: 'en', digits: 'latin', timeZone: 'UTC' })
    assert.match(words, /zebra/)
    assert.match(words, /Company/)
  })
})
