import assert from 'node:assert/strict'
import { createVerifiers } from '../create-verifiers.js'
import { PdfDocument } from '../pdf/document.js'
import type { PdfDictionary } from '../pdf/objects.js'
import { signatureFields } from '../pdf/signature-fields.js'
import type { DocumentVerdict } from '../verdict.js'
import { writeValue } from '../../signing/formats/pades/object-writer.js'
import { signPdf } from '../../signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../signing/test/test-authority.js'
import { pageSource, stampSource, typstPdf } from '../../signing/test/typst-pdf.js'
import { append, build, dictionaryWith, numberAt, streamBody, type Section } from './pdf-forgery.js'

const signedAt = new Date('2026-11-22T10:30:00Z')
const overlay = streamBody('q 1 1 1 rg 0 0 400 300 re f Q', '/Type /XObject /Subtype /Form /BBox [0 0 400 300] ')

/** What an attacker needs to know of a file. */
class Target {
  readonly document: PdfDocument
  readonly root: number
  readonly page: number
  readonly next: number

  constructor(readonly pdf: Buffer) {
    this.document = PdfDocument.open(pdf)
    this.root = this.document.catalogReference.number
    this.page = this.document.pages()[0]?.reference.number ?? 0
    this.next = this.document.size
  }

  pageWith(changes: Readonly<Record<string, string>>): string {
    return dictionaryWith(this.document.pages()[0]?.page ?? new Map(), changes)
  }
  rootWith(changes: Readonly<Record<string, string>>): string {
    return dictionaryWith(this.document.catalog, changes)
  }
  formWith(changes: Readonly<Record<string, string>>): string {
    return dictionaryWith(this.document.dictionary(this.document.catalog.get('AcroForm')) ?? new Map(), changes)
  }
  get pageDictionary(): PdfDictionary {
    return this.document.pages()[0]?.page ?? new Map()
  }
  get widget(): { number: number; body: (changes: Readonly<Record<string, string>>) => string } {
    const [field] = signatureFields(this.document)
    assert.ok(field?.reference)
    return { number: field.reference.number, body: (changes) => dictionaryWith(field.dictionary, changes) }
  }
  list(key: string): string {
    return (this.document.array(this.pageDictionary.get(key)) ?? []).map(writeValue).join(' ')
  }
  get fields(): string {
    return (this.document.array(this.document.dictionary(this.document.catalog.get('AcroForm'))?.get('Fields')) ?? [])
      .map(writeValue)
      .join(' ')
  }
  /** A save with a new field of the form, shown on the first page. */
  withField(body: string, more: Readonly<Record<number, string>> = {}): Section {
    const { next } = this
    return {
      objects: {
        [this.root]: this.rootWith({ AcroForm: this.formWith({ Fields: `[${this.fields} ${next} 0 R]` }) }),
        [this.page]: this.pageWith({ Annots: `[${this.list('Annots')} ${next} 0 R]` }),
        [next]: body,
        ...more,
      },
    }
  }
}

const attacks: Readonly<Record<string, (t: Target) => Section>> = {
  'an annotation laid over': (t) => ({
    objects: {
      [t.page]: t.pageWith({ Annots: `[${t.list('Annots')} ${t.next} 0 R]` }),
      [t.next]: `<</Type /Annot /Subtype /Stamp /Rect [0 0 400 300] /AP <</N ${t.next + 1} 0 R>>>>`,
      [t.next + 1]: overlay,
    },
  }),
  'Contents of the page changed': (t) => ({
    objects: { [t.page]: t.pageWith({ Contents: `${t.next} 0 R` }), [t.next]: streamBody('0 0 9 9 re f') },
  }),
  'Resources of the page changed': (t) => ({ objects: { [t.page]: t.pageWith({ Resources: '<<>>' }) } }),
  'a page object in a cross-reference stream': (t) => ({ objects: { [t.page]: t.pageWith({ Rotate: '90' }) }, xref: 'stream' }),
  'default resources of the form changed': (t) => ({
    objects: { [t.root]: t.rootWith({ AcroForm: t.formWith({ NeedAppearances: 'true' }) }) },
  }),
  'an action on opening': (t) => ({ objects: { [t.root]: t.rootWith({ OpenAction: '<</S /JavaScript /JS (app.alert(1))>>' }) } }),
  'a script by name': (t) => ({
    objects: { [t.root]: t.rootWith({ Names: '<</JavaScript <</Names [(a) <</S /JavaScript /JS (1)>>]>>>>' }) },
  }),
  'an attached file': (t) => ({
    objects: {
      [t.root]: t.rootWith({ Names: `<</EmbeddedFiles <</Names [(x) <</Type /Filespec /F (x) /EF <</F ${t.next} 0 R>>>>]>>>>` }),
      [t.next]: streamBody('x', '/Type /EmbeddedFile '),
    },
  }),
  'another picture of the signature': (t) => ({
    objects: { [t.widget.number]: t.widget.body({ AP: `<</N ${t.next} 0 R>>` }), [t.next]: overlay },
  }),
  'the picture of the signature written over': (t) => {
    const [field] = signatureFields(t.document)
    return { objects: { [numberAt(t.document.dictionary(field?.dictionary.get('AP')), 'N')]: overlay } }
  },
  'the signature moved on its page': (t) => ({ objects: { [t.widget.number]: t.widget.body({ Rect: '[0 0 1 1]' }) } }),
  'another tree of pages': (t) => ({
    objects: {
      [t.root]: t.rootWith({ Pages: `${t.next} 0 R` }),
      [t.next]: `<</Type /Pages /Count 1 /Kids [${t.next + 1} 0 R]>>`,
      [t.next + 1]: `<</Type /Page /Parent ${t.next} 0 R /MediaBox [0 0 100 100]>>`,
    },
  }),
  'another catalog': (t) => ({ objects: { [t.next]: t.rootWith({ PageLayout: '/OneColumn' }) }, trailer: { Root: `${t.next} 0 R` } }),
  'the page taken out as free': (t) => ({ free: [t.page] }),
  'the contents of the page taken out as free': (t) => ({ free: [numberAt(t.pageDictionary, 'Contents')] }),
  'fields of the form taken out': (t) => ({ objects: { [t.root]: t.rootWith({ AcroForm: t.formWith({ Fields: '[]' }) }) } }),
  'an unsigned field with a picture': (t) =>
    t.withField(`<</Type /Annot /Subtype /Widget /FT /Sig /T (x) /F 4 /Rect [0 0 400 300] /AP <</N ${t.next + 1} 0 R>>>>`, {
      [t.next + 1]: overlay,
    }),
  'a text field with a picture': (t) =>
    t.withField(`<</Type /Annot /Subtype /Widget /FT /Tx /T (x) /V (1) /F 4 /Rect [0 0 400 300] /AP <</N ${t.next + 1} 0 R>>>>`, {
      [t.next + 1]: overlay,
    }),
  'a field with an action': (t) =>
    t.withField(`<</Type /Annot /Subtype /Widget /FT /Sig /T (x) /F 2 /Rect [0 0 0 0] /AA <</E <</S /JavaScript /JS (1)>>>>>>`),
  'a second signature that is none': (t) =>
    t.withField(`<</Type /Annot /Subtype /Widget /FT /Sig /T (x) /F 4 /Rect [0 0 0 0] /V ${t.next + 1} 0 R>>`, {
      [t.next + 1]: '<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] /Contents <00>>>',
    }),
  'an older state by Prev': (t) => {
    const first = t.document.sections[t.document.sections.length - 1]
    return { objects: { [t.next]: '<<>>' }, trailer: { Prev: String(first?.offset ?? 0) } }
  },
  'an update without Prev': (t) => ({ objects: { [t.root]: t.rootWith({}) }, trailer: { Prev: '' } }),
  'a Prev by reference': (t) => ({
    objects: { [t.next]: String(t.document.sections[0]?.offset ?? 0) },
    trailer: { Prev: `${t.next} 0 R` },
  }),
  'a Size that cuts objects off': (t) => ({ objects: { [t.next]: '<<>>' }, trailer: { Size: '3' } }),
  'the contents of the page under another generation': (t) => {
    const number = numberAt(t.pageDictionary, 'Contents')
    const entry = t.document.entries.get(number)
    assert.ok(entry?.kind === 'offset')
    return { rows: `${number} 1\n${String(entry.offset).padStart(10, '0')} 00007 n \n` }
  },
  'an object twice in one save': (t) => ({
    objects: { [t.next]: '<<>>' },
    rows: `${t.next} 1\n${String(t.document.sections[0]?.offset ?? 0).padStart(10, '0')} 00000 n \n`,
  }),
  'a free entry that is no keyword': (t) => ({ objects: { [t.next]: '<<>>' }, rows: `${t.page} 1\n0000000000 00000 x \n` }),
  'an entry of resources put in the place of the document information': (t) => {
    const number = t.next
    return { objects: { [number]: '<</Producer (x) /Title (Another)>>' }, trailer: { Info: `${number} 0 R` } }
  },
  'an encryption dictionary': (t) => ({ objects: { [t.next]: '<</Filter /Standard /V 5>>' }, trailer: { Encrypt: `${t.next} 0 R` } }),
  'validation data that is the page': (t) => ({
    objects: { [t.root]: t.rootWith({ DSS: `<</Certs [${t.page} 0 R]>>` }), [t.page]: t.pageWith({ Rotate: '90' }) },
  }),
  'another title in the metadata': (t) => {
    const metadata = t.document.resolve(t.document.catalog.get('Metadata'))
    assert.ok(metadata !== null && typeof metadata === 'object' && 'raw' in metadata)
    const text = t.document.decode(metadata).toString('latin1').replace('>Invoice<', '>Receipt<')
    assert.match(text, />Receipt</)
    return { objects: { [numberAt(t.document.catalog, 'Metadata')]: streamBody(text, '/Type /Metadata /Subtype /XML ') } }
  },
}

/** A whole file under the signer's nose, prepared so that one object plays two parts; then what is done with it after signing. */
const shadows: Readonly<
  Record<string, { prepared: Readonly<Record<number, string>>; trailer?: Readonly<Record<string, string>>; after: Section }>
> = (() => {
  const font = '<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>'
  const basic = (page: string, more: Readonly<Record<number, string>>, root = ''): Readonly<Record<number, string>> => ({
    1: `<</Type /Catalog /Pages 2 0 R ${root}>>`,
    2: '<</Type /Pages /Count 1 /Kids [3 0 R]>>',
    3: `<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R ${page}>>`,
    4: streamBody('BT /F1 20 Tf 50 150 Td (TOTAL 100) Tj ET'),
    5: font,
    ...more,
  })
  return {
    'resources become the document information': {
      prepared: basic('/Resources 6 0 R', { 6: '<</Font <</F1 5 0 R>>>>' }),
      after: { objects: { 6: '<</Producer (x)>>' }, trailer: { Info: '6 0 R' } },
    },
    'the document information is a table of fonts': {
      prepared: basic('/Resources <</Font 6 0 R>>', { 6: '<</Producer 5 0 R /F1 5 0 R>>', 7: font.replace('Helvetica', 'Symbol') }),
      trailer: { Info: '6 0 R' },
      after: { objects: { 6: '<</Producer 7 0 R /F1 5 0 R>>' } },
    },
    'validation data holds an attached file': {
      prepared: basic(
        '/Resources <</Font <</F1 5 0 R>>>>',
        { 6: streamBody('100', '/Type /EmbeddedFile '), 7: '<</Type /Filespec /F (a.xml) /EF <</F 6 0 R>>>>' },
        '/DSS <</Certs [6 0 R]>> /AF [7 0 R]',
      ),
      after: { objects: { 6: streamBody('999', '/Type /EmbeddedFile ') } },
    },
    'validation data holds the contents of the page': {
      prepared: basic('/Resources <</Font <</F1 5 0 R>>>>', {}, '/DSS <</Certs [4 0 R]>>'),
      after: { objects: { 4: streamBody('BT /F1 20 Tf 50 150 Td (TOTAL 999) Tj ET') } },
    },
    'metadata is the contents of the page': {
      prepared: basic('/Resources <</Font <</F1 5 0 R>>>>', {}, '/Metadata 4 0 R'),
      after: { objects: { 4: streamBody('BT /F1 20 Tf 50 150 Td (TOTAL 999) Tj ET') } },
    },
    'a field of the form is a table of fonts': {
      prepared: basic(
        '/Resources <</Font 6 0 R>>',
        {
          4: streamBody('BT /V 20 Tf 50 150 Td (TOTAL 100) Tj ET'),
          6: '<</FT /Tx /T (x) /V 5 0 R>>',
          7: font.replace('Helvetica', 'Symbol'),
        },
        '/AcroForm <</Fields [6 0 R]>>',
      ),
      after: { objects: { 6: '<</FT /Tx /T (x) /V 7 0 R>>' } },
    },
  }
})()

describe('attacks on a signed PDF', function () {
  this.timeout(180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const seal = signerOf(issueCertificate({ commonName: 'Seal', algorithm: 'ec-p256', issuer: root }))
  const verifiers = createVerifiers()
  const verify = (pdf: Buffer): Promise<DocumentVerdict> => verifiers.verify('file.pdf', pdf, { trust: [root.der] })
  const files: Record<string, Buffer> = {}
  before(async () => {
    const page = typstPdf(pageSource)
    const stamp = typstPdf(stampSource, '1.7')
    const appearance = { page: 1, rect: [220, 30, 140, 60] as const, pdf: stamp }
    files.seal = (await signPdf(page, { signer: seal, signedAt, certify: 2, appearance })).pdf
    files.approval = (await signPdf(page, { signer: seal, signedAt, appearance })).pdf
  })
  const assertBroken = async (pdf: Buffer): Promise<void> => {
    const verdict = await verify(pdf)
    assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'], JSON.stringify(verdict))
  }

  for (const [title, attack] of Object.entries(attacks)) {
    for (const kind of ['seal', 'approval'] as const) {
      it(`${title}: broken after ${kind}`, async () => {
        const pdf = files[kind] ?? Buffer.alloc(0)
        await assertBroken(append(pdf, attack(new Target(pdf))))
      })
    }
  }
  const hidden = (contents: string, resources: string): Readonly<Record<number, string>> => ({
    1: '<</Type /Catalog /Pages 2 0 R>>',
    2: '<</Type /Pages /Count 1 /Kids [3 0 R]>>',
    3: `<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents ${contents} /Resources ${resources}>>`,
    4: streamBody('q /Annots Do Q'),
  })
  it('prepared before signing: the page is its own table of forms', async () => {
    const { pdf } = await signPdf(build(hidden('4 0 R', '<</XObject 3 0 R>>')), { signer: seal, signedAt })
    const target = new Target(pdf)
    const section = { objects: { [target.page]: target.pageWith({ Annots: `${target.next} 0 R` }), [target.next]: overlay } }
    await assertBroken(append(pdf, section))
  })
  it('prepared before signing: a hybrid file shows what its table calls free', async () => {
    const { pdf } = await signPdf(build(hidden('[4 0 R 60 0 R]', '<<>>')), { signer: seal, signedAt })
    const target = new Target(pdf)
    const shown = append(pdf, { objects: { 60: streamBody('0 0 400 300 re f') }, xref: 'stream' })
    const behind = PdfDocument.open(shown).sections[0]?.offset ?? 0
    const cut = shown.subarray(0, shown.lastIndexOf('startxref'))
    const at = cut.length
    const table = `xref\n60 1\n0000000000 00001 f \ntrailer\n<</Size 70 /Root ${target.root} 0 R /Prev ${target.document.sections[0]?.offset ?? 0} /XRefStm ${behind}>>\nstartxref\n${at}\n%%EOF\n`
    await assertBroken(Buffer.concat([cut, Buffer.from(table)]))
  })

  for (const [title, shadow] of Object.entries(shadows)) {
    it(`prepared before signing: ${title}`, async () => {
      const { pdf } = await signPdf(build(shadow.prepared, shadow.trailer), { signer: seal, signedAt })
      assert.equal((await verify(pdf)).verdict, 'passed')
      await assertBroken(append(pdf, shadow.after))
    })
  }
})
