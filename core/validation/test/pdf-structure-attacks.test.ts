import assert from 'node:assert/strict'
import { signPdf, writeSignature } from '../../signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../signing/test/test-authority.js'
import { pageSource, stampSource, typstPdf } from '../../signing/test/typst-pdf.js'
import { createVerifiers } from '../create-verifiers.js'
import { PdfDocument } from '../pdf/document.js'
import { signatureFields } from '../pdf/signature-fields.js'
import type { DocumentVerdict } from '../verdict.js'
import { append, dictionaryWith, signByHand, streamBody, type Section } from './pdf-forgery.js'
import { timeSpent } from '../../../test/helpers/time-spent.js'

const signedAt = new Date('2026-11-22T10:30:00Z')
const root = issueCertificate({ commonName: 'Root', ca: true })
const signer = signerOf(issueCertificate({ commonName: 'Signer', issuer: root }))
const verifiers = createVerifiers()
const verify = (pdf: Buffer): Promise<DocumentVerdict> => verifiers.verify('file.pdf', pdf, { trust: [root.der] })
const told = ({ signatures }: DocumentVerdict): string[] =>
  (signatures[0]?.changes ?? []).map(({ kind, allowed }) => `${allowed ? '' : 'NOT '}${kind}`)
const codes = ({ signatures }: DocumentVerdict): string[] => signatures[0]?.findings.map(({ code }) => code) ?? []
const assertBroken = async (pdf: Buffer): Promise<DocumentVerdict> => {
  const verdict = await verify(pdf)
  assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'], JSON.stringify(verdict))
  return verdict
}

/** Universal signature forgery: the signature object is written anew so that a reader may skip its check. */
const forgeries: Readonly<Record<string, (number: number, contents: string, range: readonly number[]) => string>> = {
  'no ByteRange': (_, contents) => `/Contents <${contents}>`,
  'ByteRange null': (_, contents) => `/ByteRange null /Contents <${contents}>`,
  'ByteRange empty': (_, contents) => `/ByteRange [] /Contents <${contents}>`,
  'ByteRange of zeros': (_, contents) => `/ByteRange [0 0 0 0] /Contents <${contents}>`,
  'ByteRange with a negative number': (_, contents, [, b, c, d]) => `/ByteRange [0 ${b ?? 0} ${c ?? 0} -${d ?? 0}] /Contents <${contents}>`,
  'ByteRange that overlaps': (_, contents, [, b, , d]) => `/ByteRange [0 ${b ?? 0} ${(b ?? 0) - 10} ${d ?? 0}] /Contents <${contents}>`,
  'ByteRange of five numbers': (_, contents, range) => `/ByteRange [${range.join(' ')} 0] /Contents <${contents}>`,
  'ByteRange of reals': (_, contents, range) => `/ByteRange [${range.map((value) => `${value}.0`).join(' ')}] /Contents <${contents}>`,
  'ByteRange by reference': (number, contents) => `/ByteRange ${number + 1000} 0 R /Contents <${contents}>`,
  'ByteRange as before': (_, contents, range) => `/ByteRange [${range.join(' ')}] /Contents <${contents}>`,
  'ByteRange twice': (_, contents, range) => `/ByteRange [${range.join(' ')}] /ByteRange [0 0 0 0] /Contents <${contents}>`,
  'no Contents': (_, __, range) => `/ByteRange [${range.join(' ')}]`,
  'Contents null': (_, __, range) => `/ByteRange [${range.join(' ')}] /Contents null`,
  'Contents empty': (_, __, range) => `/ByteRange [${range.join(' ')}] /Contents <>`,
  'Contents zero': (_, __, range) => `/ByteRange [${range.join(' ')}] /Contents <00>`,
  'Contents as text': (_, __, range) => `/ByteRange [${range.join(' ')}] /Contents (0)`,
}

describe('attacks on the structure of a signed PDF', function () {
  this.timeout(180_000)
  let plain: Buffer
  let sealed: Buffer
  let stamp: Buffer
  before(async () => {
    const page = typstPdf(pageSource)
    stamp = typstPdf(stampSource, '1.7')
    plain = (await signPdf(page, { signer, signedAt })).pdf
    sealed = (await signPdf(page, { signer, signedAt, certify: 2 })).pdf
  })

  describe('the signature object written anew', () => {
    for (const [title, entries] of Object.entries(forgeries)) {
      it(`${title}: broken`, async () => {
        const [field] = signatureFields(PdfDocument.open(plain))
        assert.ok(field?.signatureNumber !== undefined)
        const range = (field.signature.get('ByteRange') as number[]).map(Number)
        const contents = plain.toString('latin1', (range[1] ?? 0) + 1, (range[2] ?? 0) - 1)
        const body = `<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached ${entries(field.signatureNumber, contents, range)}>>`
        await assertBroken(append(plain, { objects: { [field.signatureNumber]: body } }))
      })
    }
  })

  describe('the signature dictionary signed as it stands', () => {
    it('passes in its plain form, also without Type', async () => {
      for (const entries of [undefined, '/Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M (D:20261122103000Z)']) {
        const verdict = await verify(await signByHand(signer, entries === undefined ? {} : { entries }))
        assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
        assert.equal(verdict.signatures[0]?.name, 's')
      }
    })
    for (const [title, byteRange] of [
      ['a comment between the numbers', (numbers: string) => `[${numbers.replace(' ', ' %x\n ')}]`],
      ['a sign before a number', (numbers: string) => `[+${numbers}]`],
      ['a second list in a comment before', (numbers: string) => `%[0 1 2 3]\n[${numbers}]`],
    ] as const) {
      it(`${title}: broken, since not all readers read it alike`, async () => {
        await assertBroken(await signByHand(signer, { byteRange }))
      })
    }
    it('a Type of another kind is no signature', async () => {
      await assertBroken(await signByHand(signer, { entries: '/Type /Annot /SubFilter /ETSI.CAdES.detached /M (D:20261122103000Z)' }))
    })
    it('a key twice in the signed dictionary of the page is two documents', async () => {
      const page = '<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R /Contents 7 0 R /Resources <<>> /Annots [5 0 R]>>'
      await assertBroken(await signByHand(signer, { objects: { 3: page, 7: streamBody('0 0 99 99 re f') } }))
    })
  })

  describe('bytes around and between', () => {
    it('bytes before the header are told', async () => {
      const verdict = await verify(await signByHand(signer, { lead: 'mailed by a program\n' }))
      assert.deepEqual(
        [verdict.verdict, verdict.findings.map(({ code }) => code)],
        ['passed', ['VERIFY-PDF-BYTES-BEFORE']],
        JSON.stringify(verdict),
      )
    })
    it('two documents by two ways of counting offsets are refused', async () => {
      const trailer = { Note: '(xref)' }
      const plainly = await signByHand(signer, { trailer })
      // So many bytes before the header that who counts from there finds the other table.
      const distance = plainly.lastIndexOf('(xref)') + 1 - (PdfDocument.open(plainly).sections[0]?.offset ?? 0)
      assert.equal((await verify(plainly)).verdict, 'passed')
      await assertBroken(await signByHand(signer, { trailer, lead: '\n'.repeat(distance) }))
    })
    it('objects after the end that no section names', async () => {
      for (const tail of [
        '4 0 obj\n<</Length 0>>\nstream\n\nendstream\nendobj\n',
        '4 0 obj\n<</Length 0>>\nstream\n\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n',
        `startxref\n${PdfDocument.open(plain).sections[0]?.offset ?? 0}\n%%EOF\n`,
        '%%EOF\n',
        '%PDF-1.7\n',
      ]) {
        await assertBroken(Buffer.concat([plain, Buffer.from(tail)]))
      }
    })
    it('objects within a save that its section does not name', async () => {
      const verdict = await assertBroken(
        append(sealed, { lead: '4 0 obj\n<</Length 3>>\nstream\n0 g\nendstream\nendobj\n', objects: { 900: '<<>>' } }),
      )
      assert.deepEqual(told(verdict), ['NOT unreferenced-data'])
    })
    it('an object within another one', async () => {
      const inner = append(sealed, { objects: { 900: streamBody('901 0 obj\n(x)\nendobj') } })
      const at = inner.lastIndexOf('901 0 obj')
      const outer = append(sealed, {
        objects: { 900: streamBody('901 0 obj\n(x)\nendobj') },
        rows: `901 1\n${String(at).padStart(10, '0')} 00000 n \n`,
        trailer: { Size: '902' },
      })
      assert.deepEqual(told(await assertBroken(outer)), ['NOT unreferenced-data'])
    })
    it('a number beyond Size, which strict readers do not find', async () => {
      const { size } = PdfDocument.open(sealed)
      const verdict = await assertBroken(append(sealed, { objects: { [size + 5]: '<<>>' }, trailer: { Size: String(size) } }))
      assert.deepEqual(told(verdict), ['NOT cross-reference'])
    })
    it('an object of the signed save that lies in bytes added later', async () => {
      const page = '<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents [4 0 R 7 0 R] /Resources <<>> /Annots [5 0 R]>>'
      const place = 20_000
      const edit = (bytes: Buffer): void => {
        // The entry of object 7 points behind the end of the file that is signed.
        const entry = PdfDocument.open(bytes).entries.get(7)
        assert.ok(entry?.kind === 'offset')
        bytes.write(String(place).padStart(10, '0'), bytes.indexOf(String(entry.offset).padStart(10, '0')), 'latin1')
      }
      const signed = await signByHand(signer, { objects: { 3: page, 7: streamBody('0 g') }, edit })
      await assertBroken(signed)
      const supplied = `7 0 obj\n${streamBody('0 0 400 300 re f')}\nendobj`
      const withPadding = (padding: number): Buffer => append(signed, { objects: { 900: streamBody(`${' '.repeat(padding)}${supplied}`) } })
      const padding = place - withPadding(10_000).lastIndexOf(supplied) + 10_000
      const pdf = withPadding(padding)
      assert.equal(pdf.lastIndexOf(supplied), place)
      await assertBroken(pdf)
    })
    it('hundreds of saves and signatures are refused in bounded time', async () => {
      const parts = [plain]
      let previous = PdfDocument.open(plain).sections[0]?.offset ?? 0
      let length = plain.length
      const { size, catalogReference } = PdfDocument.open(plain)
      for (let save = 0; save < 480; save++) {
        const body = `${size} 0 obj\n(${save})\nendobj\n`
        const at = length + body.length
        const chunk = `${body}xref\n${size} 1\n${String(length).padStart(10, '0')} 00000 n \ntrailer\n<</Size ${size + 1} /Root ${catalogReference.number} 0 R /Prev ${previous}>>\nstartxref\n${at}\n%%EOF\n`
        previous = at
        length += chunk.length
        parts.push(Buffer.from(chunk))
      }
      const spent = timeSpent()
      await assertBroken(Buffer.concat(parts))
      assert.ok(spent() < 2000)
    })
  })

  describe('signatures taken out', () => {
    it('the last of two, by a form that leads to nothing in its place', async () => {
      const twice = (await signPdf(plain, { signer, signedAt })).pdf
      const last = signatureFields(PdfDocument.open(twice)).find(({ name }) => name === 'Signature2')
      const place = twice.lastIndexOf(`/V ${last?.signatureNumber ?? 0} 0 R`)
      assert.ok(place > plain.length)
      const cleared = Buffer.from(twice)
      cleared.write('/W', place, 'latin1')
      const verdict = await assertBroken(cleared)
      assert.ok(
        verdict.findings.some(({ code }) => code === 'VERIFY-SIGNATURE-REMOVED') ||
          !verdict.signatures[0]?.changes.every(({ allowed }) => allowed),
      )
      const emptied = Buffer.from(twice)
      emptied.write(
        'null '.padEnd(`${last?.signatureNumber ?? 0} 0 R`.length, ' ').slice(0, `${last?.signatureNumber ?? 0} 0 R`.length),
        place + 3,
        'latin1',
      )
      assert.deepEqual(
        (await assertBroken(emptied)).findings.map(({ code }) => code),
        ['VERIFY-SIGNATURE-REMOVED'],
      )
    })
    it('a signature of usage rights alone is none that was taken out', async () => {
      const rights = await signByHand(signer, { objects: { 1: '<</Type /Catalog /Pages 2 0 R /Perms <</UR3 6 0 R>>>>' } })
      assert.deepEqual(
        (await verify(rights)).findings.map(({ code }) => code),
        ['VERIFY-NO-SIGNATURE'],
      )
    })
  })

  describe('what is laid over the page', () => {
    const over = [30, 230, 340, 60] as const
    const beside = [220, 30, 140, 60] as const
    const field = (rect: readonly [number, number, number, number]): Promise<{ pdf: Buffer }> =>
      writeSignature(sealed, { signer, signedAt, appearance: { page: 1, rect, pdf: stamp } })
    it('the picture of a second signature beside the text of a certified document passes', async () => {
      const verdict = await verify((await field(beside)).pdf)
      assert.deepEqual([verdict.verdict, told(verdict), codes(verdict).includes('VERIFY-COVERS-CONTENT')], ['passed', ['signature'], false])
    })
    it('over the text it fails: the sneaky signature attack', async () => {
      const verdict = await verify((await field(over)).pdf)
      assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'])
      assert.ok(codes(verdict).includes('VERIFY-COVERS-CONTENT'))
    })
    it('over the text of a document that is signed and not certified it passes and is told', async () => {
      const verdict = await verify((await signPdf(plain, { signer, signedAt, appearance: { page: 1, rect: over, pdf: stamp } })).pdf)
      assert.deepEqual([verdict.verdict, codes(verdict).includes('VERIFY-COVERS-CONTENT')], ['passed', true], JSON.stringify(verdict))
    })
    it('over more than a quarter of the page it fails everywhere', async () => {
      const verdict = await verify(
        (await writeSignature(plain, { signer, signedAt, appearance: { page: 1, rect: [0, 0, 400, 300], pdf: stamp } })).pdf,
      )
      assert.equal(verdict.verdict, 'failed')
    })
    for (const [subtype, rect, finding] of [
      ['FreeText', '[30 230 370 290]', true],
      ['Stamp', '[30 230 370 290]', true],
      ['Redact', '[30 230 370 290]', true],
      ['FreeText', '[220 30 300 60]', false],
      ['Highlight', '[30 230 370 290]', false],
    ] as const) {
      it(`DocMDP 3 allows ${subtype} ${finding ? 'over the text and tells of it: the evil annotation attack' : rect}`, async () => {
        const { pdf } = await signPdf(typstPdf(pageSource), { signer, signedAt, certify: 3 })
        const document = PdfDocument.open(pdf)
        const [first] = document.pages()
        assert.ok(first)
        const { size } = document
        const verdict = await verify(
          append(pdf, {
            objects: {
              [first.reference.number]: dictionaryWith(first.page, { Annots: `[${String(signatureNumber(document))} 0 R ${size} 0 R]` }),
              [size]: `<</Type /Annot /Subtype /${subtype} /Rect ${rect} /Contents (PAID)>>`,
            },
          }),
        )
        assert.deepEqual(
          [verdict.verdict, told(verdict), codes(verdict).includes('VERIFY-COVERS-CONTENT')],
          ['passed', ['annotation-added'], finding],
        )
      })
    }
  })

  describe('names what was changed', () => {
    const cases: Readonly<Record<string, (document: PdfDocument) => Section>> = {
      outline: (d) => catalogWith(d, { Outlines: '<</Count 0>>' }),
      script: (d) => catalogWith(d, { OpenAction: '<</S /JavaScript /JS (1)>>' }),
      layers: (d) => catalogWith(d, { OCProperties: '<</OCGs [] /D <</BaseState /OFF>>>>' }),
      structure: (d) => catalogWith(d, { StructTreeRoot: '<</Type /StructTreeRoot>>' }),
      permissions: (d) => catalogWith(d, { Perms: '<<>>' }),
      'embedded-file': (d) => catalogWith(d, { Names: '<</EmbeddedFiles <</Names []>>>>' }),
      names: (d) => catalogWith(d, { Dests: '<</a [0 /Fit]>>' }),
      'page-added': (d) => {
        const pages = d.catalog.get('Pages')
        const node = d.dictionary(pages) ?? new Map()
        assert.ok(pages !== null && typeof pages === 'object' && 'number' in pages)
        const kids = d.pages().map(({ reference }) => `${reference.number} 0 R`)
        return {
          objects: {
            [pages.number]: dictionaryWith(node, { Kids: `[${kids.join(' ')} ${d.size} 0 R]`, Count: '2' }),
            [d.size]: `<</Type /Page /Parent ${pages.number} 0 R /MediaBox [0 0 9 9]>>`,
          },
        }
      },
      font: (d) => {
        const number = [...d.entries.keys()].find((one) => {
          const value = d.object(one)
          return value instanceof Map && value.has('BaseFont')
        })
        assert.ok(number !== undefined)
        return { objects: { [number]: '<</Type /Font /Subtype /Type1 /BaseFont /Symbol>>' } }
      },
    }
    for (const [kind, make] of Object.entries(cases)) {
      it(`${kind}: broken and named so`, async () => {
        const verdict = await assertBroken(append(plain, make(PdfDocument.open(plain))))
        assert.ok(told(verdict).includes(`NOT ${kind}`), told(verdict).join())
      })
    }
  })

  describe('encrypted files', () => {
    const trailer = {
      Encrypt: `<</Filter /Standard /V 4 /R 4 /Length 128 /P -4 /O <${'11'.repeat(32)}> /U <${'22'.repeat(32)}>>>`,
      ID: `[<${'33'.repeat(16)}> <${'33'.repeat(16)}>]`,
    }
    it('the signature over the whole file is judged, and that it is encrypted is told', async () => {
      const verdict = await verify(await signByHand(signer, { trailer }))
      assert.deepEqual([verdict.verdict, verdict.integrity], ['passed', 'intact'], JSON.stringify(verdict))
      assert.deepEqual(
        verdict.findings.map(({ code }) => code),
        ['VERIFY-PDF-ENCRYPTED'],
      )
    })
    it('a changed byte is found', async () => {
      const pdf = await signByHand(signer, { trailer })
      pdf.write('0 0 11', pdf.indexOf('0 0 10 10 re'), 'latin1')
      await assertBroken(pdf)
    })
    it('what a later save changed cannot be known: indeterminate', async () => {
      const pdf = await signByHand(signer, { trailer })
      const verdict = await verify(append(pdf, { objects: { 900: '<<>>' }, trailer }))
      assert.deepEqual([verdict.verdict, verdict.integrity], ['indeterminate', 'none'], JSON.stringify(verdict))
      assert.ok(codes(verdict).includes('VERIFY-PDF-ENCRYPTED-CHANGES'))
    })
  })
})

function catalogWith(document: PdfDocument, changes: Readonly<Record<string, string>>): Section {
  return { objects: { [document.catalogReference.number]: dictionaryWith(document.catalog, changes) } }
}

function signatureNumber(document: PdfDocument): number {
  return signatureFields(document)[0]?.reference?.number ?? 0
}
