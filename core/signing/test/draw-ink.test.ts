import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { loadConfiguration } from '../../../config/load.js'
import { createDocuments } from '../../documents/create-documents.js'
import type { Documents } from '../../documents/documents.js'
import { Fault } from '../../i18n/fault.js'
import { coverTags } from '../formats/pades/forms/cover-tags.js'
import { drawInk, inkFonts } from '../formats/pades/forms/draw-ink.js'
import { inkOutline } from '../formats/pades/forms/ink-outline.js'
import { checkDrawing, checkPicture } from '../formats/pades/forms/picture-source.js'
import { typstPdf } from './typst-pdf.js'

const size = { width: 180, height: 60 }
const caption = {
  name: 'أحمد بن محمد العتيبي',
  signedAt: new Date('2026-11-22T10:30:00Z'),
  timeZone: 'Asia/Riyadh',
  locale: 'ar',
  digits: 'latin',
} as const

const refused =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Fault && error.code === code

/** A black square as a PNG. */
function png(side: number, broken = false): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(type), data])))
    return Buffer.concat([length, Buffer.from(type), data, sum])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(side, 0)
  head.writeUInt32BE(side, 4)
  head.set([8, 0, 0, 0, 0], 8)
  const rows = broken ? Buffer.from('nothing') : deflateSync(Buffer.alloc((side + 1) * Math.min(side, 200)))
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))])
}

describe('the ink of a signature', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'ink-'))
  let documents: Documents
  before(() => {
    documents = createDocuments(loadConfiguration({ environment: {}, overrides: { dataDir: folder, documents: { workers: 1 } } }))
  })
  after(async () => {
    await documents.close()
    rmSync(folder, { recursive: true })
  })
  /** Dark pixels at two a point, above and in the line under the ink. */
  const inkOf = (pdf: Buffer): { dark: number; words: string } => {
    const file = join(folder, 'ink.pdf')
    writeFileSync(file, pdf)
    const pgm = execFileSync('pdftoppm', ['-r', '144', '-gray', file])
    const header = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(pgm.toString('latin1', 0, 40))
    assert.ok(header !== null)
    const words = execFileSync('pdftotext', [file, '-'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return { dark: pgm.subarray(header[0].length).filter((value) => value < 100).length, words }
  }
  const stroke = (pressure: (at: number) => number): { x: number; y: number; pressure: number; time: number }[] =>
    Array.from({ length: 50 }, (_, at) => ({ x: 20 + at * 5, y: 80 + 50 * Math.sin(at / 6), pressure: pressure(at), time: at * 12 }))

  it('is a line as wide as the pen was pressed', async () => {
    const drawn = async (pressure: number): Promise<number> => {
      const strokes = [stroke((at) => pressure + (at % 3) * 0.01)]
      return inkOf(await drawInk(documents, { ...size, strokes: { width: 300, height: 160, strokes } })).dark
    }
    const [light, heavy] = [await drawn(0.1), await drawn(0.95)]
    assert.ok(light > 200 && heavy > light * 1.5, `${light} ${heavy}`)
  })

  it('says under it who and when, in his zone', async () => {
    const { words } = inkOf(
      await drawInk(documents, { ...size, strokes: { width: 300, height: 160, strokes: [stroke(() => 0.5)] }, caption }),
    )
    assert.match(words, /13:30 UTC\+03:00/)
    assert.match(words, /العتيبي/)
  })

  for (const font of inkFonts)
    it(`is typed in «${font}» in Arabic, Cyrillic and Latin, as lines and not as a text`, async () => {
      for (const text of ['أحمد العتيبي', 'Мария Иванова', 'John Smith']) {
        const { dark, words } = inkOf(await drawInk(documents, { ...size, typed: { text, font } }))
        assert.ok(dark > 300, `${text}: ${dark}`)
        assert.equal(words.trim(), '')
      }
    })

  it('is an uploaded picture whole and of a fair size', async () => {
    assert.ok(inkOf(await drawInk(documents, { ...size, png: png(100) })).dark > 5000)
    assert.throws(() => checkPicture(png(5000)), refused('SIGN-PICTURE-TOO-LARGE'))
    assert.throws(() => checkPicture(Buffer.from('GIF89a')), refused('SIGN-PICTURE-KIND'))
    await assert.rejects(drawInk(documents, { ...size, png: png(100, true) }), refused('SIGN-PICTURE-DAMAGED'))
  })

  it('of a photograph, place and camera are left behind', () => {
    const segment = (marker: number, data: Buffer): Buffer => Buffer.concat([Buffer.from([0xff, marker, 0, data.length + 2]), data])
    const tiff = Buffer.from('49492a0008000000010012010300010000000600000000000000', 'hex')
    const photograph = Buffer.concat([
      Buffer.from('ffd8', 'hex'),
      segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), tiff])),
      segment(0xfe, Buffer.from('GPS 24.7136 46.6753')),
      segment(0xc0, Buffer.from('0800640032011100', 'hex')),
      segment(0xda, Buffer.from('0000', 'hex')),
      Buffer.from('00ffd9', 'hex'),
      Buffer.from('trailing'),
    ])
    const taken = checkPicture(photograph)
    assert.deepEqual([taken.width, taken.height, taken.turns], [50, 100, 1])
    assert.doesNotMatch(taken.bytes.toString('latin1'), /Exif|GPS|trailing/)
  })

  it('of a drawing only lines are taken', () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 15" onload="x()"><script>x()</script><path d="M 1 1 L 2 2" stroke="black" onclick="x()"/><image href="file:///etc/passwd"/><circle r="1" cx="2" cy="3" fill="url(#a)"/></svg>'
    const text = checkDrawing(svg).bytes.toString()
    assert.equal(
      text,
      '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="15" viewBox="0 0 30 15"><path d="M 1 1 L 2 2" stroke="black"/><circle r="1" cx="2" cy="3"/></svg>',
    )
    assert.throws(() => checkDrawing('<svg viewBox="0 0 1 1"><text>no</text></svg>'), refused('SIGN-PICTURE-DAMAGED'))
  })

  it('nothing drawn and nothing typed are said', async () => {
    assert.equal(inkOutline({ width: 300, height: 100, strokes: [[]] }), undefined)
    await assert.rejects(drawInk(documents, { ...size, strokes: { width: 300, height: 100, strokes: [] } }), refused('SIGN-INK-EMPTY'))
    await assert.rejects(drawInk(documents, { ...size, typed: { text: ' ', font: 'hand' } }), refused('SIGN-INK-EMPTY'))
  })

  it('tags of an original can be covered, so that no braces are seen', () => {
    const pdf = typstPdf(
      '#set page(width: 200pt, height: 100pt, margin: 0pt)\n#place(dx: 20pt, dy: 30pt)[#"{{signature;role=First}}"]',
      '1.7',
    )
    assert.ok(inkOf(pdf).dark > 100)
    const covered = coverTags(pdf, [{ page: 1, x: 0.05, y: 0.2, width: 0.9, height: 0.4 }])
    assert.equal(covered.subarray(0, pdf.length).equals(pdf), true)
    assert.equal(inkOf(covered).dark, 0)
  })
})
