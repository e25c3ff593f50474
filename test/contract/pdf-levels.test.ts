import assert from 'node:assert/strict'
import { addDocumentTimeStamp } from '../../core/signing/formats/pades/document-time-stamp.js'
import { renewArchive } from '../../core/signing/formats/pades/renew-archive.js'
import { signPdf, type SignPdfOptions } from '../../core/signing/formats/pades/sign-pdf.js'
import { addValidationData } from '../../core/signing/formats/pades/validation-data.js'
import type { Signer } from '../../core/signing/signing-service.js'
import { pageSource, typstPdf } from '../../core/signing/test/typst-pdf.js'
import { createVerifiers } from '../../core/validation/create-verifiers.js'
import { PdfDocument } from '../../core/validation/pdf/document.js'
import { append, dictionaryWith } from '../../core/validation/test/pdf-forgery.js'
import type { DocumentVerdict } from '../../core/validation/verdict.js'
import { openPadesHouse, type PadesHouse } from './pades-house.js'

describe('levels of signed PDFs', function () {
  this.timeout(180_000)
  const verifiers = createVerifiers()
  const page = typstPdf(pageSource)
  let house: PadesHouse
  let seal: Signer
  let signedAt: Date
  before(async () => {
    house = await openPadesHouse()
    seal = await house.signer('Seal')
    // Not when the file is read: in a long run that is before the certificate's first minute.
    signedAt = new Date()
  })
  after(() => house.close())
  const verify = (pdf: Buffer, trust = [house.root], at?: Date): Promise<DocumentVerdict> =>
    verifiers.verify('file.pdf', pdf, { trust, ...(at === undefined ? {} : { at }) })
  const sign = async (pdf: Buffer, more: Partial<SignPdfOptions>): Promise<Buffer> =>
    (await signPdf(pdf, { signer: seal, signedAt, timeStamp: house.timeStamp, evidence: house.evidence, ...more })).pdf
  const levels = (verdict: DocumentVerdict): string[] => verdict.signatures.map((signature) => signature.level)
  const codes = (verdict: DocumentVerdict, index = 0): string[] => verdict.signatures[index]?.findings.map(({ code }) => code) ?? []
  const trustedStamp = (verdict: DocumentVerdict): unknown => verdict.signatures.map(({ timeSource }) => timeSource)

  for (const level of ['B', 'T', 'LT', 'LTA'] as const) {
    it(`says PAdES-BASELINE-${level} and why not more`, async () => {
      const verdict = await verify(await sign(page, { level, certify: 1 }))
      assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
      assert.equal(levels(verdict)[0], `PAdES-BASELINE-${level}`)
      const next = { B: 'VERIFY-LEVEL-NOT-T', T: 'VERIFY-LEVEL-NOT-LT', LT: 'VERIFY-LEVEL-NOT-LTA', LTA: undefined }[level]
      assert.deepEqual(
        codes(verdict).filter((code) => code.startsWith('VERIFY-LEVEL')),
        next === undefined ? [] : [next],
      )
      assert.equal(
        verdict.signatures.every(({ changes }) => changes.every(({ allowed }) => allowed)),
        true,
      )
    })
  }

  it('LTA renewed twice: every later save is listed as allowed, also under DocMDP 1', async () => {
    const archived = await sign(page, { level: 'LTA', certify: 1 })
    const renew = async (pdf: Buffer): Promise<Buffer> =>
      (await renewArchive(pdf, { timeStamp: house.timeStamp, evidence: house.evidence, at: new Date() })).pdf
    const verdict = await verify(await renew(await renew(archived)))
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
    const [signature, ...stamps] = verdict.signatures
    assert.equal(signature?.level, 'PAdES-BASELINE-LTA')
    assert.deepEqual(new Set(signature.changes.map(({ kind }) => kind)), new Set(['validation-data', 'time-stamp']))
    assert.ok(signature.changes.every(({ allowed }) => allowed))
    assert.deepEqual(
      stamps.map(({ level, indication }) => [level, indication]),
      [1, 2, 3].map(() => ['DOCUMENT-TIME-STAMP', 'TOTAL-PASSED']),
    )
  })

  it('three signers and an archive stamp over all: each at its level, each later save allowed', async () => {
    let pdf = await sign(page, { level: 'LT', certify: 2 })
    for (const name of ['Second', 'Third']) pdf = await sign(pdf, { level: 'LT', signer: await house.signer(name) })
    pdf = (await addDocumentTimeStamp(pdf, { timeStamp: house.timeStamp })).pdf
    const verdict = await verify(pdf)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
    assert.deepEqual(levels(verdict), [...Array<string>(3).fill('PAdES-BASELINE-LTA'), 'DOCUMENT-TIME-STAMP'])
    assert.deepEqual(
      verdict.signatures[0]?.changes.map(({ kind, subject }) => (subject === undefined ? kind : `${kind} ${subject}`)),
      ['validation-data', 'signature Signature2', 'validation-data', 'signature Signature3', 'validation-data', 'time-stamp'],
    )
  })

  it('a document time stamp over a plain signature makes it level T and proves its time', async () => {
    const stamped = (await addDocumentTimeStamp(await sign(page, { level: 'B' }), { timeStamp: house.timeStamp })).pdf
    const verdict = await verify(stamped)
    assert.deepEqual(levels(verdict), ['PAdES-BASELINE-T', 'DOCUMENT-TIME-STAMP'])
    assert.deepEqual(trustedStamp(verdict), ['time-stamp', 'time-stamp'])
    assert.equal(verdict.signatures[0]?.provenAt, verdict.signatures[1]?.provenAt)
  })

  it('evidence behind the last time stamp is level LT: what covers it is missing', async () => {
    const stamped = (await addDocumentTimeStamp(await sign(page, { level: 'T' }), { timeStamp: house.timeStamp })).pdf
    const { pdf } = await addValidationData(stamped, { evidence: house.evidence, at: new Date() })
    const verdict = await verify(pdf)
    assert.deepEqual(levels(verdict), ['PAdES-BASELINE-LT', 'DOCUMENT-TIME-STAMP'], JSON.stringify(verdict, null, 1))
    assert.ok(codes(verdict).includes('VERIFY-LEVEL-NOT-LTA'))
  })

  it('a document time stamp that nobody trusts, or whose imprint is another, lends no time', async () => {
    const stamped = (await addDocumentTimeStamp(await sign(page, { level: 'B' }), { timeStamp: house.timeStamp })).pdf
    const untrusted = await verify(stamped, [])
    assert.deepEqual(trustedStamp(untrusted), ['claimed', 'claimed'])
    assert.equal(untrusted.signatures[0]?.provenAt, null)
    const altered = Buffer.from(stamped)
    // One byte of the name of the stamp's own field: outside of what the signature signs.
    const at = altered.lastIndexOf('/DocTimeStamp')
    altered.write('/DocTimeStomp', at, 'latin1')
    const verdict = await verify(altered)
    assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'])
    assert.equal(verdict.signatures[0]?.provenAt ?? null, null)
  })

  it('rubbish in the validation data is left out and said, and costs no signature its verdict', async () => {
    const pdf = await sign(page, { level: 'LT', certify: 1 })
    const document = PdfDocument.open(pdf)
    const { size, catalog } = document
    const lists = Array.from({ length: 2000 }, (_, index) => `${size + (index % 3)} 0 R`).join(' ')
    const store = dictionaryWith(document.dictionary(catalog.get('DSS')) ?? new Map(), { CRLs: `[${lists}]` })
    const rubbish = append(pdf, {
      objects: {
        [document.catalogReference.number]: dictionaryWith(catalog, { DSS: `${size + 3} 0 R` }),
        [size]: '<</Length 4>>\nstream\nabcd\nendstream',
        [size + 1]: '(no stream)',
        [size + 2]: '<</Length 2>>\nstream\n0\x80\nendstream',
        [size + 3]: store,
      },
    })
    const verdict = await verify(rubbish)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
    assert.deepEqual(
      verdict.findings.map(({ code, params }) => [code, params?.count]),
      [['VERIFY-DSS-UNREADABLE', 3]],
    )
  })
})
