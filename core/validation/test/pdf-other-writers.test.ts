import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { signPdf } from '../../signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../signing/test/test-authority.js'
import { createVerifiers } from '../create-verifiers.js'
import { DerElement } from '../der-reader.js'
import { PdfDocument } from '../pdf/document.js'
import type { DocumentVerdict } from '../verdict.js'
import { append, build, dictionaryWith, signByHand, streamBody } from './pdf-forgery.js'

const signedAt = new Date('2026-11-22T10:30:00Z')

/** SignedData with its three outermost elements of indefinite length (X.690 8.1.3.6), as streaming programs write it. */
function indefinite(der: Buffer): Buffer {
  const outer = DerElement.read(der)
  const open = (tag: number, ...parts: Buffer[]): Buffer => Buffer.concat([Buffer.from([tag, 0x80]), ...parts, Buffer.alloc(2)])
  const signed = outer.child(1).child(0)
  return open(0x30, outer.child(0).bytes, open(0xa0, open(0x30, signed.content)))
}

describe('PDF signatures of other programs', function () {
  this.timeout(180_000)
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const certificate = issueCertificate({ commonName: 'Signer', algorithm: 'rsa-2048', issuer: root })
  const signer = signerOf(certificate)
  const verifiers = createVerifiers()
  const verify = (pdf: Buffer): Promise<DocumentVerdict> => verifiers.verify('file.pdf', pdf, { trust: [root.der] })
  const told = ({ signatures }: DocumentVerdict): string[] =>
    (signatures.find(({ covers }) => covers === 'entire-revision')?.changes ?? []).map(({ kind, allowed, subject }) =>
      `${allowed ? '' : 'NOT '}${kind} ${subject ?? ''}`.trim(),
    )

  describe('CMS that openssl made', () => {
    let folder: string
    before(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'khatm-cms-'))
      writeFileSync(path.join(folder, 'key.pem'), certificate.privateKey.export({ type: 'pkcs8', format: 'pem' }))
      writeFileSync(path.join(folder, 'certificate.pem'), certificate.pem)
    })
    after(() => {
      rmSync(folder, { recursive: true })
    })
    const openssl =
      (...more: string[]) =>
      (input: Buffer): Buffer =>
        execFileSync(
          'openssl',
          ['cms', '-sign', '-binary', '-outform', 'DER', '-signer', 'certificate.pem', '-inkey', 'key.pem', '-md', 'sha256', ...more],
          { cwd: folder, input, stdio: ['pipe', 'pipe', 'ignore'] },
        )
    const entries = '/Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /M (D:20261122103000Z)'

    for (const [title, encode] of [
      ['DER', (der: Buffer) => der],
      ['BER of indefinite lengths, as Firefox, LibreOffice and Poppler write it', indefinite],
    ] as const) {
      it(`${title} passes, and fails with a changed byte`, async () => {
        const pdf = await signByHand(signer, { entries, contents: (input) => encode(openssl()(input)) })
        const verdict = await verify(pdf)
        assert.deepEqual([verdict.verdict, verdict.signatures[0]?.level], ['passed', 'PDF-PKCS7'], JSON.stringify(verdict))
        const changed = Buffer.from(pdf)
        changed.write('9', pdf.indexOf('10 10 re'), 'latin1')
        assert.deepEqual([(await verify(changed)).integrity], ['broken'])
      })
    }
    it('a second structure behind one of indefinite length is no padding', async () => {
      const contents = (input: Buffer): Buffer => Buffer.concat([indefinite(openssl()(input)), Buffer.from([0, 0, 0x30, 0])])
      assert.equal((await verify(await signByHand(signer, { entries, contents }))).signatures[0]?.indication, 'TOTAL-FAILED')
    })
    it('content within the signature is no detached signature of the file', async () => {
      const { signatures } = await verify(await signByHand(signer, { entries, contents: openssl('-nodetach') }))
      assert.equal(signatures[0]?.indication, 'TOTAL-FAILED')
    })
  })

  describe('how they write a later signature', () => {
    const form = (body: string): string =>
      streamBody(body, '/Type /XObject /Subtype /Form /BBox [0 0 100 40] /Resources <</ProcSet [/PDF]>> ')
    const contract = (picture = form('')): Buffer =>
      build({
        1: '<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [6 0 R 7 0 R] /DR <</XObject <</FRM 8 0 R>> /ProcSet [/PDF]>>>>>>',
        2: '<</Type /Pages /Count 1 /Kids [3 0 R]>>',
        3: '<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R /Resources <<>> /Annots [6 0 R 7 0 R]>>',
        4: streamBody('0 0 10 10 re f'),
        6: '<</Type /Annot /Subtype /Widget /F 4 /P 3 0 R /Rect [20 20 120 60] /FT /Sig /T (buyer)>>',
        7: '<</Type /Annot /Subtype /Widget /F 4 /P 3 0 R /Rect [150 20 250 60] /FT /Tx /T (name) /AP <</N 8 0 R>>>>',
        8: picture,
      })
    const signature = '<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [0 1 2 3] /Contents <00>>>'
    const later = async (
      base: Buffer,
      make: (document: PdfDocument, next: number) => Readonly<Record<number, string>>,
    ): Promise<string[]> => {
      const { pdf } = await signPdf(base, { signer, signedAt, fieldName: 'seller' })
      const document = PdfDocument.open(pdf)
      return told(await verify(append(pdf, { objects: make(document, document.size) })))
    }
    const withForm = (document: PdfDocument, changes: Readonly<Record<string, string>>): string =>
      dictionaryWith(document.catalog, {
        AcroForm: dictionaryWith(document.dictionary(document.catalog.get('AcroForm')) ?? new Map(), changes),
      })

    it('Poppler states the state of a picture that has one alone', async () => {
      const changes = await later(contract(), (document, next) => {
        const page = document.pages()[0]?.page ?? new Map()
        const seller = document.dictionary(document.catalog.get('AcroForm'))?.get('Fields')
        const all = (document.array(seller) ?? []).map((one) => (one instanceof Object && 'number' in one ? `${one.number} 0 R` : ''))
        const fields = `[${all.join(' ')} ${next} 0 R]`
        return {
          1: withForm(document, { Fields: fields }),
          3: dictionaryWith(page, { Annots: fields }),
          [next]: `<</Type /Annot /Subtype /Widget /FT /Sig /T (sigB) /Rect [0 0 0 0] /F 148 /P 3 0 R /AP <</N ${next + 1} 0 R>> /AS /N /V ${next + 2} 0 R>>`,
          [next + 1]: form(''),
          [next + 2]: signature,
        }
      })
      assert.deepEqual(changes, ['signature sigB'])
    })
    it('PDFBox keeps the template of the last picture among the default resources', async () => {
      const put = (document: PdfDocument, next: number): Readonly<Record<number, string>> => ({
        1: withForm(document, { DR: `<</XObject <</FRM ${next} 0 R>> /ProcSet [/PDF /Text]>>` }),
        [next]: form('0 0 9 9 re f'),
      })
      assert.deepEqual(await later(contract(), put), [])
      // A picture without resources of its own might be drawn with these.
      const poor = streamBody('/FRM Do', '/Type /XObject /Subtype /Form /BBox [0 0 100 40] ')
      assert.deepEqual(await later(contract(poor), put), ['NOT form'])
    })
    it('PDFBox takes the room from a field that it signs without a picture', async () => {
      const field = (rect: string) => (document: PdfDocument, next: number) => ({
        6: dictionaryWith(document.dictionary(document.object(6)) ?? new Map(), { Rect: rect, F: '132', V: `${next} 0 R` }),
        [next]: signature,
      })
      assert.deepEqual(await later(contract(), field('[0.0 0.0 0.0 0.0]')), ['signature buyer'])
      assert.deepEqual(await later(contract(), field('[0 0 400 300]')), ['NOT annotation-changed'])
    })
  })
})
