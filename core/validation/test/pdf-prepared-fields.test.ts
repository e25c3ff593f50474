import assert from 'node:assert/strict'
import { signPdf, writeSignature } from '../../signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../signing/test/test-authority.js'
import { stampSource, typstPdf } from '../../signing/test/typst-pdf.js'
import { createVerifiers } from '../create-verifiers.js'
import { PdfDocument } from '../pdf/document.js'
import type { DocumentVerdict } from '../verdict.js'
import { append, build, dictionaryWith, streamBody } from './pdf-forgery.js'

const signedAt = new Date('2026-11-22T10:30:00Z')
const font = '<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>'
const form = (text: string, size = '400 300', more = ''): string =>
  streamBody(
    `${more} BT /F 12 Tf 10 10 Td (${text}) Tj ET`,
    `/Type /XObject /Subtype /Form /BBox [0 0 ${size}] /Resources <</Font <</F 5 0 R>>>> `,
  )
const white = 'q 1 1 1 rg 0 0 400 300 re f Q'
const widget = (rect: string, rest: string): string => `<</Type /Annot /Subtype /Widget /F 4 /P 3 0 R /Rect [${rect}] ${rest}>>`
const wholePage = '0 0 400 300'
const aside = '250 20 380 60'

/** A contract of one page whose author laid a field over it before it was signed. */
function prepared(field: string, more: Readonly<Record<number, string>> = {}, root = ''): Buffer {
  return build({
    1: `<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [6 0 R] /DA (/F 12 Tf 0 g) /DR <</Font <</F 5 0 R>>>>>> ${root}>>`,
    2: '<</Type /Pages /Count 1 /Kids [3 0 R]>>',
    3: '<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R /Resources <</Font <</F 5 0 R>>>> /Annots [6 0 R]>>',
    4: streamBody('BT /F 20 Tf 50 250 Td (Contract: total 100) Tj ET'),
    5: font,
    6: field,
    ...more,
  })
}

describe('fields and notes prepared before signing', function () {
  this.timeout(180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const signer = signerOf(issueCertificate({ commonName: 'Signer', issuer: root }))
  const verifiers = createVerifiers()
  const verify = (pdf: Buffer): Promise<DocumentVerdict> => verifiers.verify('file.pdf', pdf, { trust: [root.der] })
  /** The author's signature; a field that stood ready comes before it in the form. */
  const first = ({ signatures }: DocumentVerdict): DocumentVerdict['signatures'][number] | undefined =>
    signatures.find(({ name }) => name === 'Signature1')
  const told = (verdict: DocumentVerdict): string[] =>
    (first(verdict)?.changes ?? []).map(({ kind, allowed, subject }) => `${allowed ? '' : 'NOT '}${kind} ${subject ?? ''}`.trim())
  const codes = (verdict: DocumentVerdict): string[] => first(verdict)?.findings.map(({ code }) => code) ?? []
  const sign = async (pdf: Buffer, certify?: 1 | 2 | 3): Promise<Buffer> => {
    const signed = (await signPdf(pdf, { signer, signedAt, ...(certify === undefined ? {} : { certify }) })).pdf
    assert.equal((await verify(signed)).verdict, 'passed')
    return signed
  }
  /** Object 6, the prepared one, saved with other entries. */
  const changed = (pdf: Buffer, entries: Readonly<Record<string, string>>, more: Readonly<Record<number, string>> = {}): Buffer => {
    const document = PdfDocument.open(pdf)
    return append(pdf, { objects: { 6: dictionaryWith(document.dictionary(document.object(6)) ?? new Map(), entries), ...more } })
  }

  it('a field of text whose pictures wait as states: another state shows another text for the same value', async () => {
    const states = '/AP <</N <</A 7 0 R /B 8 0 R>>>> /AS /A'
    const pdf = await sign(prepared(widget(aside, `/FT /Tx /T (total) /V (100) ${states}`), { 7: form('100'), 8: form('999') }), 2)
    const verdict = await verify(changed(pdf, { AS: '/B' }))
    assert.deepEqual([verdict.verdict, told(verdict)], ['failed', ['NOT field-appearance total']])
  })

  it('a box shown as ticked whose value says that it is not', async () => {
    const states = '/AP <</N <</Yes 7 0 R /Off 8 0 R>>>>'
    const pdf = await sign(prepared(widget(aside, `/FT /Btn /T (paid) /V /Off /AS /Off ${states}`), { 7: form('x'), 8: form('') }))
    const alone = await verify(changed(pdf, { AS: '/Yes' }))
    assert.deepEqual([alone.verdict, told(alone)], ['failed', ['NOT field-appearance paid']])
    const both = await verify(changed(pdf, { AS: '/Yes', V: '/Yes' }))
    assert.deepEqual([both.verdict, told(both)], ['passed', ['form-fill paid']])
  })

  it('a box as large as the page that shows another page when it is ticked', async () => {
    const states = '/AP <</N <</Yes 7 0 R /Off 8 0 R>>>>'
    const pdf = await sign(
      prepared(widget(wholePage, `/FT /Btn /T (paid) /V /Off /AS /Off ${states}`), {
        7: form('Contract: total 999', '400 300', white),
        8: streamBody('', '/Type /XObject /Subtype /Form /BBox [0 0 400 300] '),
      }),
    )
    const verdict = await verify(changed(pdf, { AS: '/Yes', V: '/Yes' }))
    assert.equal(verdict.verdict, 'failed')
    assert.ok(told(verdict).includes('NOT field-appearance paid') && codes(verdict).includes('VERIFY-COVERS-CONTENT'), told(verdict).join())
  })

  it('a field of text as large as the page, filled with another page', async () => {
    const pdf = await sign(prepared(widget(wholePage, '/FT /Tx /T (remarks)')), 2)
    const verdict = await verify(
      changed(pdf, { V: '(Contract: total 999)', AP: '<</N 60 0 R>>' }, { 60: form('Contract: total 999', '400 300', white) }),
    )
    assert.deepEqual([verdict.verdict, told(verdict).includes('NOT field-appearance remarks')], ['failed', true], told(verdict).join())
  })

  it('a small field over text is filled and that is told; one beside it passes in silence', async () => {
    for (const [place, covers] of [
      ['50 245 200 270', true],
      [aside, false],
    ] as const) {
      const pdf = await sign(prepared(widget(place, '/FT /Tx /T (name)')))
      const verdict = await verify(changed(pdf, { V: '(Omar)', AP: '<</N 60 0 R>>' }, { 60: form('Omar', '150 25') }))
      assert.deepEqual([verdict.verdict, codes(verdict).includes('VERIFY-COVERS-CONTENT')], ['passed', covers])
    }
  })

  it('a value filled in under a picture that goes on showing the old one is told', async () => {
    const pdf = await sign(prepared(widget(aside, '/FT /Tx /T (total) /V (100) /AP <</N 7 0 R>>'), { 7: form('100') }))
    const verdict = await verify(changed(pdf, { V: '(999)' }))
    assert.ok(codes(verdict).includes('VERIFY-FIELD-SHOWS-OTHER'), told(verdict).join())
  })

  it('rich text put under a value that stays', async () => {
    const pdf = await sign(prepared(widget(aside, '/FT /Tx /T (total) /V (100) /Ff 33554432')))
    const verdict = await verify(changed(pdf, { RV: '(<body>999</body>)' }))
    assert.deepEqual([verdict.verdict, told(verdict)], ['failed', ['NOT field-appearance total']])
  })

  it('a field for a signature as large as the page is signed with a picture of another page', async () => {
    const pdf = await sign(prepared(widget(wholePage, '/FT /Sig /T (buyer)')))
    const picture = typstPdf(stampSource, '1.7')
    const verdict = await verify((await writeSignature(pdf, { signer, signedAt, fieldName: 'buyer', appearance: { pdf: picture } })).pdf)
    assert.deepEqual([verdict.verdict, told(verdict).includes('NOT signature buyer')], ['failed', true], told(verdict).join())
  })

  it('a field for a signature over the text of a certified contract', async () => {
    const pdf = await sign(prepared(widget('40 240 220 280', '/FT /Sig /T (buyer)')), 2)
    const picture = typstPdf(stampSource, '1.7')
    const verdict = await verify((await signPdf(pdf, { signer, signedAt, fieldName: 'buyer', appearance: { pdf: picture } })).pdf)
    assert.deepEqual([verdict.verdict, codes(verdict).includes('VERIFY-COVERS-CONTENT')], ['passed', true], told(verdict).join())
  })

  it('a time stamp, which anyone can have, put into a visible field with a picture', async () => {
    const pdf = await sign(prepared(widget(aside, '/FT /Sig /T (director)')), 1)
    const stamp = '<</Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 /ByteRange [0 1 2 3] /Contents <00>>>'
    const verdict = await verify(changed(pdf, { V: '60 0 R', AP: '<</N 61 0 R>>' }, { 60: stamp, 61: form('Approved by the director') }))
    assert.ok(told(verdict).includes('NOT time-stamp'), told(verdict).join())
  })

  it('a field that is also the configuration of layers', async () => {
    const pdf = await sign(
      prepared(
        widget(aside, '/FT /Tx /T (name) /V (x) /ON [7 0 R] /AS []'),
        { 7: '<</Type /OCG /Name (Layer) /Usage <</Print <</PrintState /OFF>>>>>>' },
        '/OCProperties <</OCGs [7 0 R] /D 6 0 R>>',
      ),
    )
    const verdict = await verify(changed(pdf, { V: '(y)', AS: '[<</Event /Print /Category [/Print] /OCGs [7 0 R]>>]' }))
    assert.equal(verdict.verdict, 'failed', told(verdict).join())
  })

  it('a note that is also an attached file, where notes may be changed', async () => {
    const note = '<</Type /Annot /Subtype /Text /Rect [0 0 10 10] /Contents (n) /F (a.xml) /EF <</F 7 0 R>>>>'
    const file = (text: string): string => streamBody(text, '/Type /EmbeddedFile ')
    const source = prepared(note, { 7: file('100') }, '/AF [6 0 R]')
      .toString('latin1')
      .replace('/Fields [6 0 R]', '/Fields [     ]')
    const pdf = await sign(Buffer.from(source, 'latin1'), 3)
    const verdict = await verify(changed(pdf, { EF: '<</F 60 0 R>>' }, { 60: file('999') }))
    assert.equal(verdict.verdict, 'failed', told(verdict).join())
  })

  it('DocMDP 3: a highlight with a picture of its own may hide the text, and that is told', async () => {
    const pdf = await sign(prepared(widget(aside, '/FT /Tx /T (name)')), 3)
    const document = PdfDocument.open(pdf)
    const [page] = document.pages()
    const verdict = await verify(
      append(pdf, {
        objects: {
          3: dictionaryWith(page?.page ?? new Map(), { Annots: '[6 0 R 70 0 R]' }),
          70: '<</Type /Annot /Subtype /Highlight /Rect [40 240 300 280] /AP <</N 71 0 R>>>>',
          71: form('Contract: total 999', '260 40', white),
        },
      }),
    )
    assert.ok(codes(verdict).includes('VERIFY-COVERS-CONTENT'), JSON.stringify(verdict, null, 1))
  })

  it('a page whose content is a file of its own is not signed by this one', async () => {
    const pdf = prepared(widget(aside, '/FT /Tx /T (name)'), { 4: streamBody('', '/F (page.txt) ') })
    const verdict = await verify((await signPdf(pdf, { signer, signedAt })).pdf)
    assert.equal(verdict.verdict, 'failed', JSON.stringify(verdict))
  })

  describe('the file as such', () => {
    const packet = (text: string): string =>
      streamBody(`<x:xmpmeta><rdf:Description rdf:about="">${text}</rdf:Description></x:xmpmeta>`, '/Type /Metadata /Subtype /XML ')
    const described = async (before: string, now: string): Promise<string[]> => {
      const pdf = await sign(prepared(widget(aside, '/FT /Tx /T (name)'), { 7: packet(before) }, '/Metadata 7 0 R'), 2)
      return told(await verify(append(pdf, { objects: { 7: packet(now) } })))
    }
    it('a program states itself in the metadata; a title that looks like that is a title', async () => {
      assert.deepEqual(await described('<pdf:Producer>x</pdf:Producer>', '<pdf:Producer>y</pdf:Producer>'), ['metadata'])
      assert.deepEqual(await described('<x pdf:Producer="x"/>', '<x pdf:Producer="y"/>'), ['metadata'])
      const title = (text: string): string => `<dc:title>A pdf:Producer="${text}" B</dc:title>`
      assert.deepEqual(await described(title('x'), title('y')), ['NOT metadata'])
    })
    it('metadata where none was brings no title', async () => {
      const pdf = await sign(prepared(widget(aside, '/FT /Tx /T (name)')))
      const document = PdfDocument.open(pdf)
      const add = async (text: string): Promise<string[]> =>
        told(await verify(append(pdf, { objects: { 1: dictionaryWith(document.catalog, { Metadata: '70 0 R' }), 70: packet(text) } })))
      assert.deepEqual(await add('<xmp:ModifyDate>2026-11-22</xmp:ModifyDate>'), ['metadata'])
      assert.deepEqual(await add('<dc:title>Receipt</dc:title>'), ['NOT metadata'])
    })
    it('a page whose content is named under a generation that is not its own: readers differ', async () => {
      const source = prepared(widget(aside, '/FT /Tx /T (name)')).toString('latin1').replace('/Contents 4 0 R', '/Contents 4 3 R')
      const verdict = await verify((await signPdf(Buffer.from(source, 'latin1'), { signer, signedAt })).pdf)
      assert.deepEqual([verdict.verdict, verdict.findings[0]?.code], ['failed', 'VERIFY-PDF-UNREADABLE'])
    })
    it('a script that runs on opening is told', async () => {
      const root = '/OpenAction <</S /JavaScript /JS (app.alert\\(1\\))>>'
      const pdf = await sign(prepared(widget(aside, '/FT /Tx /T (name)'), {}, root))
      assert.deepEqual(
        (await verify(pdf)).findings.map(({ code }) => code),
        ['VERIFY-PDF-SCRIPT'],
      )
    })
  })
})
