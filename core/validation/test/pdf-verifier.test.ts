import assert from 'node:assert/strict'
import { createVerifiers } from '../create-verifiers.js'
import { PdfDocument } from '../pdf/document.js'
import { PdfReference, type PdfValue } from '../pdf/objects.js'
import type { DocumentVerdict } from '../verdict.js'
import { IncrementalUpdate } from '../../signing/formats/pades/incremental-update.js'
import { dictionaryOf, name, textString } from '../../signing/formats/pades/object-writer.js'
import { signPdf } from '../../signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../signing/test/test-authority.js'
import { pageSource, stampSource, typstPdf } from '../../signing/test/typst-pdf.js'
import { timeSpent } from '../../../test/helpers/time-spent.js'

const signedAt = new Date('2026-11-22T10:30:00Z')

/** Appends one save made by `change`. */
function edited(pdf: Buffer, change: (document: PdfDocument, update: IncrementalUpdate) => void): Buffer {
  const document = PdfDocument.open(pdf)
  const update = new IncrementalUpdate(document)
  change(document, update)
  return Buffer.concat([pdf, update.finish('edit')])
}

function changedPage(pdf: Buffer, changes: (document: PdfDocument, update: IncrementalUpdate) => Record<string, PdfValue>): Buffer {
  return edited(pdf, (document, update) => {
    const [first] = document.pages()
    assert.ok(first)
    update.put(first.reference, new Map([...first.page, ...Object.entries(changes(document, update))]))
  })
}

const withText = (document: PdfDocument, update: IncrementalUpdate): Record<string, PdfValue> => {
  const content = update.reserve()
  update.putStream(content, new Map(), Buffer.from('BT /F0 20 Tf 50 150 Td (TOTAL 9,999,999.00) Tj ET'))
  const before = document.pages()[0]?.page.get('Contents') ?? null
  return { Contents: Array.isArray(before) ? [...before, content] : [before, content] }
}
const withAnnotation = (document: PdfDocument, update: IncrementalUpdate): Record<string, PdfValue> => {
  const note = update.reserve()
  update.put(
    note,
    dictionaryOf({
      Type: name('Annot'),
      Subtype: name('FreeText'),
      Rect: [20, 20, 200, 80],
      Contents: textString('PAID'),
      DA: textString('/Helv 12 Tf'),
    }),
  )
  const [first] = document.pages()
  return { Annots: [...(document.array(first?.page.get('Annots')) ?? []), note] }
}

describe('PDF verifier', function () {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const seal = signerOf(issueCertificate({ commonName: 'Seal', algorithm: 'ec-p256', issuer: root }))
  const other = signerOf(issueCertificate({ commonName: 'Second signer', algorithm: 'rsa-2048', issuer: root }))
  const verifiers = createVerifiers()
  const verify = (pdf: Buffer): Promise<DocumentVerdict> => verifiers.verify('file.pdf', pdf, { trust: [root.der] })
  let page: Buffer
  let sealed: Buffer
  let approved: Buffer
  let stamp: Buffer
  before(async () => {
    page = typstPdf(pageSource)
    stamp = typstPdf(stampSource, '1.7')
    sealed = (await signPdf(page, { signer: seal, signedAt, certify: 2, appearance: { page: 1, rect: [220, 30, 140, 60], pdf: stamp } }))
      .pdf
    approved = (await signPdf(page, { signer: seal, signedAt })).pdf
  })

  it('passes a seal with a trusted chain and says what it is', async () => {
    const verdict = await verify(sealed)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    assert.equal(verdict.integrity, 'intact')
    const [signature] = verdict.signatures
    assert.equal(signature?.level, 'PAdES-BASELINE-B')
    assert.equal(signature.covers, 'entire-file')
    assert.equal(signature.signer?.name, 'Seal')
    assert.equal(signature.signedAt, '2026-11-22T10:30:00.000Z')
  })

  it('is indeterminate, intact, without the trust anchor', async () => {
    const verdict = await verifiers.verify('file.pdf', sealed, { trust: [] })
    assert.deepEqual([verdict.verdict, verdict.integrity], ['indeterminate', 'intact'])
    assert.equal(verdict.signatures[0]?.subIndication, 'NO_CERTIFICATE_CHAIN_FOUND')
  })

  it('lists later signatures as allowed changes', async () => {
    const twice = await signPdf(sealed, { signer: other, signedAt, appearance: { page: 1, rect: [20, 30, 140, 60], pdf: stamp } })
    const thrice = await signPdf(twice.pdf, { signer: seal, signedAt })
    const verdict = await verify(thrice.pdf)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict))
    assert.deepEqual(verdict.signatures[0]?.changes, [
      { revision: 1, kind: 'signature', allowed: true, subject: 'Signature2' },
      { revision: 2, kind: 'signature', allowed: true, subject: 'Signature3' },
    ])
  })

  for (const [title, change] of [
    ['page text added', withText],
    ['an annotation drawn over', withAnnotation],
    ['the page turned', () => ({ Rotate: 180 })],
    ['the page replaced by another size', () => ({ MediaBox: [0, 0, 100, 100] })],
  ] as const) {
    for (const kind of ['seal', 'approval'] as const) {
      it(`fails after ${kind} signature: ${title}`, async () => {
        const verdict = await verify(changedPage(kind === 'seal' ? sealed : approved, change))
        assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'])
        assert.equal(
          verdict.signatures[0]?.changes.some((one) => !one.allowed),
          true,
        )
      })
    }
  }

  it('allows annotations under DocMDP 3 and not page text', async () => {
    const open = (await signPdf(page, { signer: seal, signedAt, certify: 3 })).pdf
    assert.equal((await verify(changedPage(open, withAnnotation))).verdict, 'passed')
    assert.equal((await verify(changedPage(open, withText))).verdict, 'failed')
  })

  it('shows an edit that a later save took back', async () => {
    const changed = changedPage(sealed, withText)
    const original = PdfDocument.open(sealed).pages()[0]
    assert.ok(original)
    const back = edited(changed, (_, update) => {
      update.put(original.reference, original.page)
    })
    assert.equal((await verify(back)).verdict, 'failed')
  })

  it('fails when an object of the signed page is replaced, a font or content stream', async () => {
    const document = PdfDocument.open(sealed)
    const content = document.pages()[0]?.page.get('Contents')
    const reference = Array.isArray(content) ? content[0] : content
    assert.ok(reference instanceof PdfReference)
    const changed = edited(sealed, (_, update) => {
      update.putStream(reference, new Map(), Buffer.from('0 0 100 100 re f'))
    })
    assert.equal((await verify(changed)).verdict, 'failed')
  })

  it('fails when the catalog gets an action, or the signature field is taken out', async () => {
    const action = edited(sealed, (document, update) => {
      update.put(
        document.catalogReference,
        new Map([...document.catalog, ['OpenAction', dictionaryOf({ S: name('JavaScript'), JS: textString('1') })]] as [
          string,
          PdfValue,
        ][]),
      )
    })
    assert.equal((await verify(action)).verdict, 'failed')
    const removed = edited(sealed, (document, update) => {
      update.put(document.catalogReference, new Map([...document.catalog].filter(([key]) => key !== 'AcroForm')))
    })
    assert.equal((await verify(removed)).verdict, 'failed')
  })

  it('fails when the signed range is moved: bytes appended, wrapped or cut', async () => {
    assert.equal((await verify(Buffer.concat([sealed, Buffer.from('% appended data')]))).verdict, 'failed')
    assert.equal((await verify(sealed.subarray(0, sealed.length - 20))).verdict, 'failed')
    const shifted = Buffer.concat([Buffer.from('%PDF-1.7\n'), sealed])
    assert.equal((await verify(shifted)).verdict, 'failed')
  })

  it('never passes a file with a changed byte, and never takes long', async function () {
    this.timeout(180_000)
    const twice = (await signPdf(sealed, { signer: other, signedAt })).pdf
    let random = 12345
    const next = (below: number): number => {
      random = (random * 1103515245 + 12345) % 2147483648
      return random % below
    }
    for (let round = 0; round < 1500; round++) {
      const mutant = Buffer.from(round % 2 === 0 ? sealed : twice)
      const at = next(mutant.length)
      mutant[at] = (mutant[at] ?? 0) ^ (1 << next(8))
      // The other case of a hexadecimal digit is the same byte of the signature.
      if (
        mutant.toString('latin1', at, at + 1).toLowerCase() ===
        (round % 2 === 0 ? sealed : twice).toString('latin1', at, at + 1).toLowerCase()
      )
        continue
      const spent = timeSpent()
      const verdict = await verify(mutant)
      assert.ok(spent() < 2000)
      assert.notEqual(
        verdict.verdict,
        'passed',
        `byte ${at} of ${mutant.length}: ${JSON.stringify(mutant.subarray(at - 20, at + 20).toString('latin1'))}`,
      )
    }
  })
})
