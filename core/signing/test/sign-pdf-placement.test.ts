import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PdfDocument } from '../../validation/pdf/document.js'
import type { PdfValue } from '../../validation/pdf/objects.js'
import { addSignatureFields } from '../formats/pades/add-signature-fields.js'
import { IncrementalUpdate } from '../formats/pades/incremental-update.js'
import { signPdf } from '../formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from './test-authority.js'
import { stampSource, typstPdf } from './typst-pdf.js'

const signedAt = new Date('2026-11-22T10:30:00Z')
const emptyPage = '#set page(width: 400pt, height: 300pt)\n#set document(title: "Page", date: datetime(year: 2026, month: 11, day: 22))\n'

interface Ink {
  /** Points from the lower left corner of the page as it is shown. */
  readonly box: readonly [left: number, bottom: number, right: number, top: number]
  /** Share of the ink in the upper half of that box: the stamp has its words there. */
  readonly upper: number
}

/** At one pixel a point. Poppler shows every unit of a page as a point, MuPDF as long as the page says. */
const renderers = {
  poppler: ['pdftoppm', '-r', '72', '-cropbox'],
  mupdf: ['mutool', 'draw', '-q', '-r', '72', '-F', 'ppm', '-o', '-'],
} as const

/** Where a rendered page is not white. */
function inkOf(folder: string, pdf: Buffer, renderer: keyof typeof renderers): Ink {
  writeFileSync(join(folder, 'page.pdf'), pdf)
  const [command, ...options] = renderers[renderer]
  const ppm = execFileSync(command, [...options, join(folder, 'page.pdf')], { maxBuffer: 64e6, stdio: ['ignore', 'pipe', 'ignore'] })
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.toString('latin1', 0, 40))
  assert.ok(header !== null)
  const [width, height] = [Number(header[1]), Number(header[2])]
  const dark: [number, number][] = []
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if ((ppm[header[0].length + (y * width + x) * 3] ?? 255) < 200) dark.push([x, height - y])
  const xs = dark.map(([x]) => x)
  const ys = dark.map(([, y]) => y)
  const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] as const
  const middle = (box[1] + box[3]) / 2
  return { box, upper: ys.filter((y) => y > middle).length / ys.length }
}

describe('a visible signature stands upright where the reader of the page expects it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'placement-'))
  const signer = signerOf(issueCertificate({ commonName: 'Signer' }))
  let stamp: Buffer
  let page: Buffer
  before(() => {
    stamp = typstPdf(stampSource, '1.7')
    page = typstPdf(emptyPage)
  })
  after(() => {
    rmSync(folder, { recursive: true })
  })
  /** The page as scanners and other programs leave it. */
  const shownAs = (entries: Record<string, PdfValue>): Buffer => {
    const document = PdfDocument.open(page)
    const [first] = document.pages()
    assert.ok(first !== undefined)
    const update = new IncrementalUpdate(document)
    update.put(first.reference, new Map([...first.page, ...Object.entries(entries)]))
    return Buffer.concat([page, update.finish('page')])
  }
  type Rectangle = readonly [number, number, number, number]
  const stands = (pdf: Buffer, [x, y, width, height]: Rectangle, by: (keyof typeof renderers)[] = ['poppler', 'mupdf']): void => {
    for (const renderer of by) {
      const { box, upper } = inkOf(folder, pdf, renderer)
      const expected = [x, y, x + width, y + height]
      for (const [index, value] of box.entries())
        assert.ok(Math.abs(value - (expected[index] ?? 0)) <= 4, `${renderer}: ${box.join()} is not ${expected.join()}`)
      assert.ok(upper > 0.52, `${renderer}: the words stand at the top: ${upper}`)
    }
  }
  const cases: [string, Record<string, PdfValue>][] = [
    ['on a page as it is', {}],
    ['on a page turned by 90 degrees', { Rotate: 90 }],
    ['on a page turned by 180 degrees', { Rotate: 180 }],
    ['on a page turned by 270 degrees', { Rotate: 270 }],
    ['on a page turned by -90 degrees', { Rotate: -90 }],
    ['on a cropped page', { CropBox: [50, 60, 350, 290] }],
    ['on a cropped and turned page with a unit of its own', { CropBox: [50, 60, 350, 290], Rotate: 90, UserUnit: 2 }],
  ]
  for (const [title, entries] of cases) {
    it(title, async () => {
      const rect = [30, 20, 140, 60] as const
      const made = await signPdf(shownAs(entries), { signer, signedAt, appearance: { page: 1, rect, pdf: stamp } })
      const by: (keyof typeof renderers)[] = 'UserUnit' in entries ? ['mupdf'] : ['poppler', 'mupdf']
      stands(made.pdf, rect, by)
      const ready = addSignatureFields(shownAs(entries), [{ name: 'here', page: 1, rect }])
      stands((await signPdf(ready, { signer, signedAt, fieldName: 'here', appearance: { pdf: stamp } })).pdf, rect, by)
    })
  }
  it('keeps its shape in a rectangle of another shape, in the middle of it', async () => {
    const { pdf } = await signPdf(page, { signer, signedAt, appearance: { page: 1, rect: [30, 20, 140, 160], pdf: stamp } })
    stands(pdf, [30, 70, 140, 60])
  })
})
