import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import type { InvoiceData } from '../../../templates/invoicing/invoice-data.js'
import { Fault } from '../../i18n/fault.js'
import { createDocuments } from '../create-documents.js'
import type { DocumentRequest, Documents, RenderedDocument } from '../documents.js'
import { qrSvg } from '../qr.js'
import { difference, drawPage, readGrayPng, withFile } from './gray-picture.js'
import { invoiceSample } from './invoice-sample.js'

const qrText = 'AQ7Yqdix2YPYqSDYrtiq2YUCDzMxMDEyMjM5MzUwMDAwMwMUMjAyNi0xMS0yMlQxMDozMDowMFoEBzgwMDAuMDAFBzEwODAuMDA='
const xml = Buffer.from('<?xml version="1.0" encoding="UTF-8"?><Invoice>فاتورة</Invoice>')

function request(data: InvoiceData, changes: Partial<DocumentRequest> = {}): DocumentRequest {
  return {
    template: 'invoicing/invoice',
    data,
    locale: 'ar',
    digits: data.digits,
    images: { 'qr.svg': { bytes: Buffer.from(qrSvg(qrText)), mediaType: 'image/svg+xml' } },
    standard: 'a-3b',
    createdAt: new Date('2026-11-22T07:30:00Z'),
    title: 'فاتورة ضريبية INV/2026/00012',
    ...changes,
  }
}

function run(program: string, pdf: Buffer, ...options: string[]): string {
  return withFile(pdf, (file) =>
    execFileSync(
      program,
      options.map((option) => (option === '@' ? file : option)),
      { encoding: 'utf8', stdio: 'pipe' },
    ),
  )
}

/** Text as poppler gives it, without its direction marks. */
function textOf(pdf: Buffer): string {
  return run('pdftotext', pdf, '-layout', '@', '-').replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
}

describe('documents', () => {
  let documents: Documents

  before(() => {
    documents = createDocuments({ documents: { workers: 2, recycleAfter: 1000 } })
  })
  after(() => documents.close())

  const render = (data: InvoiceData, changes?: Partial<DocumentRequest>): Promise<RenderedDocument> =>
    documents.render(request(data, changes))

  it('keeps an amount, a phone number and a code in Arabic free text in one piece', async () => {
    const { pdf } = await render(invoiceSample({ notes: 'قيمة الضمان 12,000.00 ريال، الهاتف +966 11 465 0000، المرجع PO-7/2026.' }))
    // Boxes of words tell where digits stand: a torn amount is two words, the second at the left of the first.
    const words = Array.from(run('pdftotext', pdf, '-bbox', '@', '-').matchAll(/xMin="([\d.]+)"[^>]*>([^<]+)</g), ([, x, word]) => ({
      x: Number(x),
      word: (word ?? '').replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ''),
    }))
    const at = (wanted: string): number => words.findLast(({ word }) => word === wanted)?.x ?? Number.NaN
    assert.ok(at('12,000.00') > 0, JSON.stringify(words.map(({ word }) => word)))
    assert.ok(at('+966') < at('11') && at('11') < at('465') && at('465') < at('0000'))
    assert.ok(words.some(({ word }) => /^\.?PO-7\/2026\.?$/.test(word)))
  })

  it('gives the same bytes for the same input, in any worker', async () => {
    const pdfs = await Promise.all(Array.from({ length: 6 }, () => render(invoiceSample())))
    for (const { pdf } of pdfs) assert.ok(pdf.equals(pdfs[0]?.pdf ?? Buffer.alloc(0)))
    const other = await render(invoiceSample({ number: 'INV/2026/00013' }))
    assert.ok(!other.pdf.equals(pdfs[0]?.pdf ?? Buffer.alloc(0)))
  })

  it('tells where the seal goes, at the same place whatever the length', async () => {
    const short = await render(invoiceSample({ lineCount: 1 }))
    const long = await render(invoiceSample({ lineCount: 130 }))
    const millimetre = 72 / 25.4
    assert.equal(short.pages, 1)
    assert.ok(long.pages >= 3)
    assert.equal(long.boxes[0]?.page, long.pages)
    for (const { boxes } of [short, long]) {
      assert.equal(boxes.length, 1)
      const [box] = boxes
      assert.equal(box?.label, 'seal')
      assert.ok(box)
      for (const size of [box.width, box.height]) assert.ok(Math.abs(size - 38 * millimetre) < 0.01)
      assert.deepEqual([box.x, box.y], [short.boxes[0]?.x, short.boxes[0]?.y])
    }
    // Any number of lines: the seal is on the page and never on a page of its own without totals.
    for (const lineCount of [14, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26]) {
      const { pdf, pages } = await render(invoiceSample({ lineCount }))
      const last = run('pdftotext', pdf, '-f', String(pages), '-l', String(pages), '@', '-')
      assert.match(last, /8,000\.00/, `${lineCount} lines: totals on the last page`)
    }
  })

  it('repeats the head of the table and counts pages', async () => {
    const { pdf, pages } = await render(invoiceSample({ lineCount: 60 }))
    for (let page = 1; page <= pages; page += 1) {
      const text = run('pdftotext', pdf, '-f', String(page), '-l', String(page), '@', '-')
      assert.match(text, new RegExp(`Page ${page} of ${pages}`))
      if (/2,760\.00/.test(text)) assert.match(text, /Unit price/)
    }
  })

  for (const standard of ['a-3b', 'a-3a'] as const) {
    it(`makes PDF/${standard.toUpperCase()} with the legal file inside`, async () => {
      const { pdf } = await render(invoiceSample(), {
        standard,
        attachments: [
          { name: 'invoice.xml', bytes: xml, mediaType: 'application/xml', relationship: 'alternative', description: 'UBL invoice' },
        ],
      })
      run('qpdf', pdf, '--check', '@')
      run('mutool', pdf, 'info', '@')
      const raw = run('qpdf', pdf, '--qdf', '--object-streams=disable', '@', '-')
      assert.match(raw, /<pdfaid:part>3</)
      assert.match(raw, new RegExp(`<pdfaid:conformance>${standard.endsWith('a') ? 'A' : 'B'}<`))
      assert.match(raw, /\/OutputIntents /)
      assert.match(raw, /\/S \/GTS_PDFA1/)
      assert.match(raw, /\/AF /)
      assert.match(raw, /\/AFRelationship \/Alternative/)
      assert.match(raw, /\/Subtype \/application#2fxml/i)
      assert.match(raw, /\/ModDate \(D:20261122073000Z\)/)
      assert.match(raw, /\/ID \[/)
      assert.doesNotMatch(raw, /\/Encrypt/)
      const fonts = run('pdffonts', pdf, '@')
        .split('\n')
        .slice(2)
        .filter((line) => line !== '')
      assert.ok(fonts.length >= 3)
      for (const line of fonts) assert.match(line, /yes yes yes/, line)
      const attached = withFile(pdf, (file) => {
        // The plain name, without a folder: people save it under this name.
        assert.match(execFileSync('pdfdetach', ['-list', file], { encoding: 'utf8' }), /^1: [^/]+\.xml$/m)
        execFileSync('pdfdetach', ['-save', '1', '-o', `${file}.xml`, file], { stdio: 'pipe' })
        return readFileSync(`${file}.xml`)
      })
      assert.ok(attached.equals(xml))
    })
  }

  it('refuses attachments that PDF/A would not take', async () => {
    const attachment = { name: 'a.xml', bytes: xml, mediaType: 'application/xml', relationship: 'data' as const, description: 'x' }
    const code = (expected: string) => (error: unknown) => error instanceof Fault && error.code === expected
    await assert.rejects(
      render(invoiceSample(), { attachments: [{ ...attachment, description: ' ' }] }),
      code('DOC-ATTACHMENT-DESCRIPTION'),
    )
    await assert.rejects(render(invoiceSample(), { attachments: [{ ...attachment, name: '../../a' }] }), code('DOC-ATTACHMENT-NAME'))
    await assert.rejects(render(invoiceSample(), { attachments: [attachment, attachment] }), code('DOC-ATTACHMENT-NAME'))
    await assert.rejects(render(invoiceSample(), { template: '../etc/passwd' }), code('DOC-TEMPLATE-UNKNOWN'))
    await assert.rejects(render(invoiceSample(), { template: 'invoicing/missing' }), code('DOC-TEMPLATE-UNKNOWN'))
    // Boundary: data of another shape, as a programming mistake would send it.
    await assert.rejects(documents.render({ ...request(invoiceSample()), data: {} }), code('DOC-RENDER-FAILED'))
  })

  it('gives its text back in logical order', async () => {
    const { pdf } = await render(
      invoiceSample({
        digits: 'arabic-indic',
        title: ['فاتورة ضريبية رقم ١٢٣', 'فاتورة ضريبية رقم ١٢٣'],
        notes: 'يُرجى ذكر رقم الفاتورة (INV/2026/00012) عند التحويل إلى +966 11 234 5678 (هاتف المبيعات)',
      }),
    )
    const text = textOf(pdf)
    assert.match(text, /فاتورة ضريبية رقم ١٢٣/)
    assert.match(text, /ذكر رقم الفاتورة \(\s?INV\/2026\/00012\s?\)|ذكر رقم الفاتورة \(\s*\)?INV\/2026\/00012/)
    assert.match(text, /\+966 11 234 5678/)
    assert.match(text, /هاتف المبيعات/)
    assert.match(text, /شركة ختم للحلول الرقمية المحدودة/)
    assert.match(text, /الرقم الضريبي/)
    assert.match(text, /تاريخ الاستحقاق/)
    assert.match(text, /لا غير/)
  })

  it('gives vowelled words back in logical order', async () => {
    const sentence = 'ذَكَرَ مُحَمَّدٌ رَقْمَ الفَاتُورَةِ إلكترونيًّا وَاللَّهُ المُوَفِّقُ لِلْجَمِيعِ لَا إِلٰهَ شَيْءٌ فَلَاحٌ سَأَلَهُ لأَنَّ الآنَ لُؤْلُؤٌ بِئْرٌ سِتَّةُ آلافِ رِيالٍ'
    const { pdf } = await render(invoiceSample({ notes: sentence }))
    const words = new Set(textOf(pdf).normalize('NFC').split(/\s+/))
    for (const word of sentence.split(' ')) assert.ok(words.has(word.normalize('NFC')), word)
    run('qpdf', pdf, '--check', '@')
  })

  it('keeps Latin words and the digits beside them in their order inside Arabic', async () => {
    const { pdf } = await render(invoiceSample({ notes: 'قلم حبر Pilot G2 من Super Grip أزرق' }))
    const boxes = run('pdftotext', pdf, '-bbox', '@', '-')
    const start = (word: string): number => Number(new RegExp(`xMin="([\\d.]+)"[^>]*>${word}<`).exec(boxes)?.[1] ?? assert.fail(word))
    assert.ok(start('Pilot') < start('G2'))
    assert.ok(start('Super') < start('Grip'))
    assert.ok(start('Super') < start('Pilot'), 'the sentence runs from right to left')
  })

  it('prints data as data', async () => {
    const odd = '#evil[x] $a$ *b* _c_ @d <e> \\ "q" // /* ~ 北 \u202Eabc \u0007'
    const { pdf } = await render(invoiceSample({ notes: odd }))
    assert.match(textOf(pdf), /#evil\[x\] \$a\$ \*b\* _c_ @d <e> \\ "q" \/\/ \/\* ~ \ufffd abc/)
  })

  it('looks as its golden picture, which knows unshaped and reversed letters apart', async function () {
    const golden = fileURLToPath(new URL('golden/invoice-ar.png', import.meta.url))
    const drawn = drawPage((await render(invoiceSample())).pdf)
    if (!existsSync(golden) || process.env['KHATM_WRITE_GOLDEN'] !== undefined) writeFileSync(golden, drawn)
    const expected = readGrayPng(readFileSync(golden))
    const same = difference(readGrayPng(drawn), expected)
    assert.ok(same < 0.001, `${same} of the pixels differ`)

    const sample = invoiceSample()
    const change = async (alter: (text: string) => string): Promise<number> => {
      const data = { ...sample, seller: { ...sample.seller, names: sample.seller.names.map(alter) }, title: sample.title.map(alter) }
      return difference(readGrayPng(drawPage((await render(data)).pdf)), expected)
    }
    const arabicOnly = (alter: (text: string) => string) => (text: string) => (/[\u0600-\u06ff]/.test(text) ? alter(text) : text)
    const unshaped = await change(arabicOnly((text) => Array.from(text).join('\u200c')))
    const reversed = await change(arabicOnly((text) => Array.from(text).reverse().join('')))
    assert.ok(unshaped > 0.003, `unshaped letters: ${unshaped}`)
    assert.ok(reversed > 0.003, `reversed letters: ${reversed}`)
  })

  it('prints a QR code that a reader reads', async () => {
    const { pdf } = await render(invoiceSample())
    const read = withFile(pdf, (file) => {
      execFileSync('pdftoppm', ['-r', '200', '-png', '-singlefile', file, `${file}.page`])
      return execFileSync('zbarimg', ['-q', '--raw', `${file}.page.png`], { encoding: 'utf8' })
    })
    assert.equal(read.trim(), qrText)
    assert.throws(() => qrSvg('x'.repeat(5000)), Fault)
  })

  it('prints receipts, English and Bulgarian invoices', async () => {
    const receipt = await render(invoiceSample({ title: ['فاتورة ضريبية مبسطة', 'Simplified Tax Invoice'] }), {
      template: 'invoicing/receipt',
    })
    assert.equal(receipt.pages, 1)
    assert.match(run('pdfinfo', receipt.pdf, '@'), /Page size:\s+226\.77/)
    const bulgarian = await render(invoiceSample({ languages: ['bg', 'en'], title: ['Фактура', 'Invoice'], words: ['осем хиляди евро'] }), {
      locale: 'bg',
    })
    assert.match(textOf(bulgarian.pdf), /Данъчна основа/)
    const english = await render(
      invoiceSample({ languages: ['en'], title: ['Invoice'], words: ['Eight thousand euros only'], legalNotes: [], taxes: [] }),
      { locale: 'en' },
    )
    assert.match(textOf(english.pdf), /Amount due/)
    assert.doesNotMatch(textOf(english.pdf), /المبلغ المستحق/)
  })

  it('leaves the event loop free while a hundred documents are made', async function () {
    this.timeout(180_000)
    await render(invoiceSample())
    const before = performance.eventLoopUtilization()
    const [thread, all] = [timeOfThisThread(), process.cpuUsage()]
    const rendering: Promise<RenderedDocument>[] = []
    for (let index = 0; index < 100; index += 1) {
      rendering.push(render(invoiceSample({ number: `INV/2026/${index}` })))
      // Requests come one by one; making a hundred of them in one turn would measure this loop.
      await new Promise(setImmediate)
    }
    await Promise.all(rendering)
    // Documents made in this thread would keep it busy from the first to the last.
    const { utilization } = performance.eventLoopUtilization(before)
    const { user, system } = process.cpuUsage(all)
    // On a busy machine the loop also counts as busy while it waits for a processor; its part of the work stays the same.
    const part = (timeOfThisThread() - thread) / ((user + system) / 1000)
    const busy = Number.isNaN(part) ? utilization : Math.min(utilization, part)
    assert.ok(busy < 0.5, `the event loop was busy for ${Math.round(busy * 100)} % of the time`)
  })
})

/** Processor time of the thread that runs the event loop, in milliseconds: utime and stime of proc(5), in ticks of ten. Linux only. */
function timeOfThisThread(): number {
  if (process.platform !== 'linux') return NaN
  const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
