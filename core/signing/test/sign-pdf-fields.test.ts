import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../i18n/fault.js'
import { createVerifiers } from '../../validation/create-verifiers.js'
import { PdfDocument } from '../../validation/pdf/document.js'
import { PdfReference, PdfString, type PdfDictionary, type PdfValue } from '../../validation/pdf/objects.js'
import { formFields } from '../../validation/pdf/signature-fields.js'
import { textOf } from '../../validation/pdf/text-string.js'
import { addSignatureFields } from '../formats/pades/add-signature-fields.js'
import { IncrementalUpdate } from '../formats/pades/incremental-update.js'
import { dictionaryOf, name, textString } from '../formats/pades/object-writer.js'
import { signPdf } from '../formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from './test-authority.js'
import { pageSource, stampSource, typstPdf } from './typst-pdf.js'

const signedAt = new Date('2026-11-22T10:30:00Z')

function refused(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault)
    assert.equal(error.code, code)
    return true
  }
}

/** The form as `name -> dictionary`. */
function fieldsOf(pdf: Buffer): Map<string, PdfDictionary> {
  return new Map(formFields(PdfDocument.open(pdf)).map((field) => [field.name, field.dictionary]))
}

/** Gives a field further entries, as a foreign form designer would. */
function withEntries(pdf: Buffer, fieldName: string, entries: Record<string, PdfValue>): Buffer {
  const document = PdfDocument.open(pdf)
  const field = formFields(document).find((one) => one.name === fieldName)
  assert.ok(field?.reference instanceof PdfReference)
  const update = new IncrementalUpdate(document)
  update.put(field.reference, new Map([...field.dictionary, ...Object.entries(entries)]))
  return Buffer.concat([pdf, update.finish('entries')])
}

describe('signature fields that stand ready', () => {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const signer = signerOf(issueCertificate({ commonName: 'Signer', issuer: root }), [root])
  const folder = mkdtempSync(join(tmpdir(), 'fields-'))
  let page: Buffer
  let stamp: Buffer
  before(() => {
    page = typstPdf(pageSource)
    stamp = typstPdf(stampSource, '1.7')
  })
  after(() => {
    rmSync(folder, { recursive: true })
  })
  const judge = async (pdf: Buffer): Promise<string> => (await createVerifiers().verify('f.pdf', pdf, { trust: [root.der] })).verdict
  const pdfsig = (pdf: Buffer): string => {
    const file = join(folder, 'file.pdf')
    writeFileSync(file, pdf)
    execFileSync('qpdf', ['--check', file])
    return execFileSync('pdfsig', ['-nocert', file], { encoding: 'utf8' })
  }
  const two = (): Buffer =>
    addSignatureFields(page, [
      { name: 'buyer', page: 1, rect: [20, 30, 100, 43], tooltip: 'توقيع المشتري' },
      { name: 'seller', page: 1, rect: [140, 30, 100, 43], tooltip: 'Signature of the seller' },
    ])

  it('are made before the first signature, with tooltip and an empty picture (PDF/A)', () => {
    const made = two()
    assert.equal(made.subarray(0, page.length).equals(page), true)
    const fields = fieldsOf(made)
    assert.deepEqual([...fields.keys()], ['buyer', 'seller'])
    const tooltip = fields.get('buyer')?.get('TU')
    assert.ok(tooltip instanceof PdfString)
    assert.equal(textOf(tooltip), 'توقيع المشتري')
    assert.equal(fields.get('buyer')?.has('AP'), true)
    assert.equal(pdfsig(made).match(/The signature form field is not signed/g)?.length ?? 0, 2, pdfsig(made))
  })

  it('are signed in any order, each by its name', async () => {
    const seller = await signPdf(two(), { signer, signedAt, fieldName: 'seller', appearance: { pdf: stamp } })
    const both = await signPdf(seller.pdf, { signer, signedAt, fieldName: 'buyer', appearance: { pdf: stamp } })
    assert.equal([...pdfsig(both.pdf).matchAll(/Signature is Valid/g)].length, 2)
    assert.equal(await judge(both.pdf), 'passed')
    assert.deepEqual([...fieldsOf(both.pdf).keys()], ['buyer', 'seller'])
    await assert.rejects(signPdf(both.pdf, { signer, signedAt, fieldName: 'buyer' }), refused('SIGN-PDF-FIELD-SIGNED'))
  })

  it('are taken one after the other when the caller asks for the next', async () => {
    const first = await signPdf(two(), { signer, signedAt, nextEmptyField: true })
    const second = await signPdf(first.pdf, { signer, signedAt, nextEmptyField: true })
    assert.deepEqual([first.fieldName, second.fieldName], ['buyer', 'seller'])
    await assert.rejects(signPdf(second.pdf, { signer, signedAt, nextEmptyField: true }), refused('SIGN-PDF-FIELD-MISSING'))
  })

  it('lie below other fields by their full name', async () => {
    const made = addSignatureFields(page, [
      { name: 'contract.buyer.signature', page: 1, rect: [20, 30, 100, 43] },
      { name: 'contract.seller.signature', page: 1, rect: [140, 30, 100, 43] },
    ])
    const more = addSignatureFields(made, [{ name: 'contract.witness', page: 1, rect: [260, 30, 100, 43] }])
    assert.deepEqual(
      [...fieldsOf(more).keys()],
      ['contract', 'contract.buyer', 'contract.buyer.signature', 'contract.seller', 'contract.seller.signature', 'contract.witness'],
    )
    const signed = await signPdf(more, { signer, signedAt, fieldName: 'contract.seller.signature', appearance: { pdf: stamp } })
    const twice = await signPdf(signed.pdf, { signer, signedAt, fieldName: 'contract.witness' })
    assert.equal([...pdfsig(twice.pdf).matchAll(/Signature is Valid/g)].length, 2)
    assert.equal(await judge(twice.pdf), 'passed')
    await assert.rejects(signPdf(more, { signer, signedAt, fieldName: 'contract' }), refused('SIGN-PDF-FIELD-EXISTS'))
    await assert.rejects(signPdf(more, { signer, signedAt, fieldName: 'another.one' }), refused('SIGN-PDF-FIELD-NAME'))
  })

  it('may have their widget as a kid of its own, as some form designers write it', async () => {
    const document = PdfDocument.open(two())
    const field = formFields(document).find((one) => one.name === 'buyer')
    assert.ok(field?.reference instanceof PdfReference)
    const update = new IncrementalUpdate(document)
    const parent = update.reserve()
    const isOfField = (key: string): boolean => key === 'FT' || key === 'T' || key === 'TU'
    const entries = [...field.dictionary]
    update.put(field.reference, new Map<string, PdfValue>([...entries.filter(([key]) => !isOfField(key)), ['Parent', parent]]))
    update.put(parent, new Map<string, PdfValue>([...entries.filter(([key]) => isOfField(key)), ['Kids', [field.reference]]]))
    const form = document.dictionary(document.catalog.get('AcroForm'))
    const others = (document.array(form?.get('Fields')) ?? []).slice(1)
    const changed = new Map<string, PdfValue>([...(form ?? []), ['Fields', [parent, ...others]]])
    update.put(document.catalogReference, new Map<string, PdfValue>([...document.catalog, ['AcroForm', changed]]))
    const split = Buffer.concat([document.bytes, update.finish('split')])
    const signed = await signPdf(split, { signer, signedAt, fieldName: 'buyer', appearance: { pdf: stamp } })
    // pdfsig 22.12 and mutool 1.21 look for the value in the widget only, where ISO 32000-2 12.7.4.1 does not put it.
    pdfsig(signed.pdf)
    assert.equal(await judge(signed.pdf), 'passed')
    const next = await signPdf(signed.pdf, { signer, signedAt, nextEmptyField: true })
    assert.equal(next.fieldName, 'seller')
    assert.equal(await judge(next.pdf), 'passed')
  })

  it('cannot be added to a signed document, twice, without name or on a page that is not there', async () => {
    const { pdf } = await signPdf(page, { signer, signedAt })
    const field = { name: 'late', page: 1, rect: [0, 0, 10, 10] } as const
    assert.throws(() => addSignatureFields(pdf, [field]), refused('SIGN-PDF-FIELDS-AFTER-SIGNATURE'))
    assert.throws(() => addSignatureFields(page, [field, field]), refused('SIGN-PDF-FIELD-EXISTS'))
    assert.throws(() => addSignatureFields(page, [{ ...field, name: 'a..b' }]), refused('SIGN-PDF-FIELD-NAME'))
    assert.throws(() => addSignatureFields(page, [{ ...field, page: 7 }]), refused('SIGN-PDF-PAGE-MISSING'))
  })

  describe('say what they want of their signature (seed values)', () => {
    const demands = (flags: number, entries: Record<string, PdfValue>): Buffer =>
      withEntries(two(), 'buyer', { SV: dictionaryOf({ Type: name('SV'), Ff: flags, ...entries }) })
    const sign = (pdf: Buffer, more: object = {}) => signPdf(pdf, { signer, signedAt, fieldName: 'buyer', ...more })
    const cases: [string, number, Record<string, PdfValue>][] = [
      ['another sub-filter', 2, { SubFilter: [name('adbe.pkcs7.detached')] }],
      ['another filter', 1, { Filter: name('Entrust.PPKEF') }],
      ['another digest', 64, { DigestMethod: [name('SHA512')] }],
      ['one of its reasons', 8, { Reasons: [textString('I approve')] }],
      ['revocation data inside', 32, { AddRevInfo: true }],
      ['a time stamp', 0, { TimeStamp: dictionaryOf({ URL: textString('http://tsa.example'), Ff: 1 }) }],
      ['a legal attestation', 16, { LegalAttestation: [textString('as shown')] }],
    ]
    for (const [title, flags, entries] of cases) {
      it(`${title}: demanded and not to be had is refused`, async () => {
        await assert.rejects(sign(demands(flags, entries)), refused('SIGN-PDF-SEED-VALUE'))
      })
    }
    it('wishes that are no demands stop nothing', async () => {
      assert.equal(
        await judge((await sign(demands(0, { SubFilter: [name('adbe.pkcs7.detached')], DigestMethod: [name('SHA512')] }))).pdf),
        'passed',
      )
    })
    it('demands that are met let the signature through', async () => {
      const met = demands(2 | 64 | 8, {
        SubFilter: [name('ETSI.CAdES.detached')],
        DigestMethod: [name('SHA256'), name('SHA512')],
        Reasons: [textString('I approve')],
      })
      assert.equal(await judge((await sign(met, { reason: 'I approve' })).pdf), 'passed')
    })
    it('a list of reasons with a full stop forbids any reason', async () => {
      const silent = demands(8, { Reasons: [textString('.')] })
      await assert.rejects(sign(silent, { reason: 'because' }), refused('SIGN-PDF-SEED-VALUE'))
      assert.equal(await judge((await sign(silent)).pdf), 'passed')
    })
    it('MDP 1 to 3 makes the signature a certification, 0 forbids one', async () => {
      const certified = await sign(demands(0, { MDP: dictionaryOf({ P: 2 }) }))
      assert.equal(PdfDocument.open(certified.pdf).catalog.has('Perms'), true)
      await assert.rejects(sign(demands(0, { MDP: dictionaryOf({ P: 2 }) }), { certify: 1 }), refused('SIGN-PDF-SEED-VALUE'))
      await assert.rejects(sign(demands(0, { MDP: dictionaryOf({ P: 0 }) }), { certify: 2 }), refused('SIGN-PDF-SEED-VALUE'))
    })
    it('only certain certificates', async () => {
      const other = issueCertificate({ commonName: 'Other', ca: true })
      const wants = (flags: number, entries: Record<string, PdfValue>): Buffer =>
        demands(0, { Cert: dictionaryOf({ Type: name('SVCert'), Ff: flags, ...entries }) })
      const der = (bytes: Buffer): PdfValue => new PdfString(bytes, true)
      await assert.rejects(sign(wants(2, { Issuer: [der(other.der)] })), refused('SIGN-PDF-SEED-VALUE'))
      assert.equal(await judge((await sign(wants(2, { Issuer: [der(other.der), der(root.der)] }))).pdf), 'passed')
    })
  })

  describe('lock other fields when they are signed', () => {
    const locked = (lock: Parameters<typeof addSignatureFields>[1][number]['lock']): Buffer =>
      addSignatureFields(page, [
        { name: 'first', page: 1, rect: [20, 30, 100, 43], ...(lock === undefined ? {} : { lock }) },
        { name: 'second', page: 1, rect: [140, 30, 100, 43] },
      ])
    it('a locked field cannot be signed any more, another one can', async () => {
      const { pdf } = await signPdf(locked({ action: 'Include', fields: ['second'] }), { signer, signedAt, fieldName: 'first' })
      await assert.rejects(signPdf(pdf, { signer, signedAt, fieldName: 'second' }), refused('SIGN-PDF-FIELD-LOCKED'))
      const third = await signPdf(pdf, { signer, signedAt })
      assert.equal(await judge(third.pdf), 'passed')
    })
    it('a lock of everything but some fields leaves those open', async () => {
      const { pdf } = await signPdf(locked({ action: 'Exclude', fields: ['second'] }), { signer, signedAt, fieldName: 'first' })
      assert.equal(await judge((await signPdf(pdf, { signer, signedAt, fieldName: 'second' })).pdf), 'passed')
      await assert.rejects(signPdf(pdf, { signer, signedAt }), refused('SIGN-PDF-FIELD-LOCKED'))
    })
    it('a lock with permission 1 ends the document', async () => {
      const { pdf } = await signPdf(locked({ action: 'All', fields: [], permission: 1 }), { signer, signedAt, fieldName: 'first' })
      await assert.rejects(signPdf(pdf, { signer, signedAt, fieldName: 'second' }), refused('SIGN-PDF-NO-CHANGES-ALLOWED'))
      assert.equal([...pdfsig(pdf).matchAll(/Signature is Valid/g)].length, 1)
    })
  })

  it('a certification must be the first signature, and at level 1 the last', async () => {
    const signed = await signPdf(page, { signer, signedAt })
    await assert.rejects(signPdf(signed.pdf, { signer, signedAt, certify: 2 }), refused('SIGN-PDF-CERTIFY-NOT-FIRST'))
    const certified = await signPdf(page, { signer, signedAt, certify: 1 })
    await assert.rejects(signPdf(certified.pdf, { signer, signedAt }), refused('SIGN-PDF-NO-CHANGES-ALLOWED'))
  })
})
