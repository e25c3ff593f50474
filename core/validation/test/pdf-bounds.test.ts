import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { signPdf } from '../../signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../signing/test/test-authority.js'
import { createVerifiers } from '../create-verifiers.js'
import { PdfDocument } from '../pdf/document.js'
import type { DocumentVerdict } from '../verdict.js'
import { append, dictionaryWith, fileOfSize, signByHand, streamBody } from './pdf-forgery.js'

const signedAt = new Date('2026-11-22T10:30:00Z')
const root = issueCertificate({ commonName: 'Root', ca: true })
const signer = signerOf(issueCertificate({ commonName: 'Signer', issuer: root }))
const verifiers = createVerifiers()
const megabyte = 1024 * 1024

/** `spent` is time of the processor, in milliseconds, so that a busy machine does not count. */
async function judged(pdf: Buffer): Promise<{ verdict: DocumentVerdict; spent: number; grown: number }> {
  const before = process.memoryUsage().rss
  const started = process.cpuUsage()
  const verdict = await verifiers.verify('file.pdf', pdf, { trust: [root.der] })
  const { user, system } = process.cpuUsage(started)
  return { verdict, spent: (user + system) / 1000, grown: process.memoryUsage().rss - before }
}

describe('time and memory of the PDF verifier', function () {
  this.timeout(180_000)
  for (const [title, objects, limit] of [
    ['twenty pictures', 20, 60],
    ['five thousand objects', 5000, 250],
  ] as const) {
    it(`1 MB with three signatures and ${title}`, async () => {
      let pdf = fileOfSize(megabyte, objects)
      for (let count = 0; count < 3; count++) pdf = (await signPdf(pdf, { signer, signedAt })).pdf
      const times: number[] = []
      for (let round = 0; round < 5; round++) {
        const { verdict, spent } = await judged(pdf)
        assert.equal(verdict.verdict, 'passed')
        times.push(spent)
      }
      if (process.env.KHATM_FULL === '1') console.log(`      ${times.map((time) => time.toFixed(1)).join(' ')} ms`)
      assert.ok(Math.min(...times) < limit, `${Math.min(...times)} ms`)
    })
  }

  const hostile: Readonly<Record<string, () => Buffer | Promise<Buffer>>> = {
    'streams that grow to gigabytes': () => {
      const bomb = deflateSync(Buffer.alloc(90 * megabyte), { level: 9 }).toString('latin1')
      const contents = streamBody(bomb, '/Filter /FlateDecode ')
      const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [index + 10, contents]))
      return signByHand(signer, {
        objects: {
          ...many,
          1: `<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [5 0 R] /SigFlags 3>> /DSS <</CRLs [${Object.keys(many)
            .map((number) => `${number} 0 R`)
            .join(' ')}]>>>>`,
        },
      })
    },
    'an object stream that grows to gigabytes': async () => {
      const pdf = await signByHand(signer)
      const bomb = deflateSync(Buffer.alloc(200 * megabyte, 0x20), { level: 9 }).toString('latin1')
      const held = `900 0 obj\n${streamBody(bomb, '/Type /ObjStm /N 100 /First 1000 /Filter /FlateDecode ')}\nendobj\n`
      const at = pdf.length + held.length
      const rows = Buffer.alloc(18)
      for (const [index, [kind, place]] of [
        [2, 900],
        [1, pdf.length],
        [1, at],
      ].entries()) {
        rows.writeUInt8(kind ?? 0, index * 6)
        rows.writeUInt32BE(place ?? 0, index * 6 + 1)
      }
      const previous = PdfDocument.open(pdf).sections[0]?.offset ?? 0
      const section = streamBody(
        rows.toString('latin1'),
        `/Type /XRef /W [1 4 1] /Index [3 1 900 2] /Size 902 /Root 1 0 R /Prev ${previous} `,
      )
      return Buffer.concat([pdf, Buffer.from(`${held}901 0 obj\n${section}\nendobj\nstartxref\n${at}\n%%EOF\n`, 'latin1')])
    },
    'arrays a hundred thousand deep': () =>
      signByHand(signer, {
        objects: { 7: `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 4: '<</Length 0 /X 7 0 R>>\nstream\n\nendstream' },
      }),
    'a million numbers in one array': () =>
      signByHand(signer, { objects: { 7: `[${'1 '.repeat(1_000_000)}]`, 4: '<</Length 0 /X 7 0 R>>\nstream\n\nendstream' } }),
    'a cross-reference table of a billion entries': async () => append(await signByHand(signer), { rows: '50 999999999\n' }),
    'a cross-reference stream of a million free entries': async () => {
      const data = deflateSync(Buffer.alloc(3_000_000)).toString('latin1')
      const pdf = await signByHand(signer)
      const previous = PdfDocument.open(pdf).sections[0]?.offset ?? 0
      const tail = `900 0 obj\n${streamBody(data, `/Type /XRef /W [1 1 1] /Size 1000000 /Root 1 0 R /Prev ${previous} /Filter /FlateDecode `)}\nendobj\nstartxref\n${pdf.length}\n%%EOF\n`
      return Buffer.concat([pdf, Buffer.from(tail, 'latin1')])
    },
    'sections that lead to each other': async () => {
      const pdf = await signByHand(signer)
      return append(pdf, { objects: { 20: '1' }, trailer: { Prev: String(pdf.length + 17) } })
    },
    'pages that are their own children': () =>
      signByHand(signer, { objects: { 2: `<</Type /Pages /Count 9 /Kids [${'2 0 R '.repeat(5000)}3 0 R]>>` } }),
    'fields that are their own children': () =>
      signByHand(signer, {
        objects: {
          1: `<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [7 0 R 5 0 R]>>>>`,
          7: `<</T (a) /Kids [${'8 0 R '.repeat(5000)}]>>`,
          8: `<</T (b) /Kids [${'7 0 R '.repeat(5000)}]>>`,
        },
      }),
    'forms that draw each other': async () => {
      const pdf = await signByHand(signer, {
        objects: {
          3: '<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R /Resources <</XObject <</A 7 0 R>>>> /Annots [5 0 R]>>',
          4: streamBody('/A Do '.repeat(50)),
          7: streamBody('/A Do '.repeat(50), '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources <</XObject <</A 7 0 R>>>> '),
        },
      })
      return (await signPdf(pdf, { signer, signedAt })).pdf
    },
    'a hundred signatures and five hundred saves': async () => {
      const base = await signByHand(signer)
      const fields = Array.from({ length: 99 }, (_, index) => ({ field: 100 + index, value: 300 + index }))
      const document = PdfDocument.open(base)
      const form = `<</Fields [5 0 R ${fields.map(({ field }) => `${field} 0 R`).join(' ')}]>>`
      const signature = base.toString('latin1', document.extent(6)?.start ?? 0, document.extent(6)?.end ?? 0).replace(/^6 0 obj/, '')
      let pdf = append(base, {
        objects: {
          1: dictionaryWith(document.catalog, { AcroForm: form }),
          ...Object.fromEntries(
            fields.flatMap(({ field, value }) => [
              [field, `<</FT /Sig /T (f${field}) /V ${value} 0 R>>`],
              [value, signature.replace(/endobj\s*$/, '')],
            ]),
          ),
        },
      })
      const parts = [pdf]
      let previous = PdfDocument.open(pdf).sections[0]?.offset ?? 0
      let length = pdf.length
      for (let save = 0; save < 490; save++) {
        const body = `900 0 obj\n(${save})\nendobj\n`
        const chunk = `${body}xref\n900 1\n${String(length).padStart(10, '0')} 00000 n \ntrailer\n<</Size 901 /Root 1 0 R /Prev ${previous}>>\nstartxref\n${length + body.length}\n%%EOF\n`
        previous = length + body.length
        length += chunk.length
        parts.push(Buffer.from(chunk))
      }
      pdf = Buffer.concat(parts)
      return pdf
    },
  }
  for (const [title, make] of Object.entries(hostile)) {
    it(`${title}: an answer within two seconds and 512 MB`, async () => {
      const pdf = await make()
      const { verdict, spent, grown } = await judged(pdf)
      if (process.env.KHATM_FULL === '1')
        console.log(`      ${verdict.verdict} ${Math.round(spent)} ms, ${Math.round(grown / megabyte)} MB`)
      assert.ok(spent < 2000, `${Math.round(spent)} ms`)
      assert.ok(grown < 512 * megabyte, `${Math.round(grown / megabyte)} MB`)
    })
  }

  if (process.env.KHATM_FULL === '1') {
    it('100 MB: within 1 GB', async () => {
      const { pdf } = await signPdf(fileOfSize(100 * megabyte, 200), { signer, signedAt })
      const { verdict, spent, grown } = await judged(pdf)
      assert.equal(verdict.verdict, 'passed')
      console.log(`      ${Math.round(spent)} ms, ${Math.round(grown / megabyte)} MB`)
      assert.ok(grown < 1024 * megabyte)
    })
  }
})
