import assert from 'node:assert/strict'
import { signPdf } from '../../signing/formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from '../../signing/test/test-authority.js'
import { createVerifiers } from '../create-verifiers.js'
import { PdfDocument } from '../pdf/document.js'
import type { DocumentVerdict } from '../verdict.js'
import { append, dictionaryWith, streamBody, type Section } from './pdf-forgery.js'
import { compressedForm, contractForm, filledByPdfLib } from './pdf-form.js'

const signedAt = new Date('2026-11-22T10:30:00Z')

describe('forms filled between signatures', function () {
  const root = issueCertificate({ commonName: 'Root', ca: true })
  const signer = signerOf(issueCertificate({ commonName: 'Signer', issuer: root }))
  const verifiers = createVerifiers()
  const verify = (pdf: Buffer): Promise<DocumentVerdict> => verifiers.verify('file.pdf', pdf, { trust: [root.der] })
  const told = ({ signatures }: DocumentVerdict, index = 0): string[] =>
    (signatures[index]?.changes ?? []).map(({ kind, allowed, subject }) => `${allowed ? '' : 'NOT '}${kind} ${subject ?? ''}`.trim())
  const sign = async (pdf: Buffer, fieldName: string, certify?: 1 | 2 | 3): Promise<Buffer> =>
    (await signPdf(pdf, { signer, signedAt, fieldName, ...(certify === undefined ? {} : { certify }) })).pdf
  let sealed: Buffer
  before(async () => {
    const blank = await filledByPdfLib(contractForm(), (form) => {
      form.getTextField('name').setText('')
      form.getTextField('price').setText('100')
    })
    sealed = await sign(blank, 'seller', 2)
  })

  it('three signers in fields that stood ready, filled by pdf-lib between: all valid, each save told', async () => {
    let pdf = await filledByPdfLib(sealed, (form) => {
      form.getTextField('name').setText('Aisha')
    })
    pdf = await filledByPdfLib(pdf, (form) => {
      form.getTextField('price').setText('250')
      form.getCheckBox('agreed').check()
    })
    pdf = await sign(pdf, 'buyer')
    pdf = await filledByPdfLib(pdf, (form) => {
      form.getTextField('name').setText('Aisha Omar')
    })
    pdf = await sign(pdf, 'witness')
    const verdict = await verify(pdf)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
    assert.deepEqual(
      verdict.signatures.map(({ name }) => name),
      ['seller', 'buyer', 'witness'],
    )
    assert.deepEqual(told(verdict), [
      'form-fill name',
      'form-fill price',
      'form-fill agreed',
      'signature buyer',
      'form-fill name',
      'signature witness',
    ])
    assert.deepEqual(told(verdict, 1), ['form-fill name', 'signature witness'])
  })

  it('the same in a file of object streams, saved with object streams', async () => {
    const fill =
      (value: string) =>
      (pdf: Buffer): Promise<Buffer> =>
        filledByPdfLib(
          pdf,
          (form) => {
            form.getTextField('name').setText(value)
          },
          true,
        )
    const pdf = await fill('Omar')(await sign(await fill('Aisha')(await sign(await compressedForm(), 'seller', 2)), 'buyer'))
    assert.ok(pdf.includes('/ObjStm'))
    const verdict = await verify(pdf)
    assert.equal(verdict.verdict, 'passed', JSON.stringify(verdict, null, 1))
    assert.ok(told(verdict).includes('form-fill name') && told(verdict).includes('signature buyer'))
  })

  it('a field that the buyer’s signature locked fails when it is filled, another passes', async () => {
    const signed = await sign(sealed, 'buyer')
    const locked = await verify(
      await filledByPdfLib(signed, (form) => {
        form.getTextField('price').setText('999')
      }),
    )
    assert.deepEqual([locked.verdict, locked.integrity], ['failed', 'broken'])
    assert.deepEqual(told(locked, 1), ['NOT form-fill price'])
    const open = await verify(
      await filledByPdfLib(signed, (form) => {
        form.getTextField('name').setText('Omar')
      }),
    )
    assert.equal(open.verdict, 'passed')
  })

  for (const [title, lock, fill, allowed] of [
    ['all', { action: 'All', fields: [] }, 'name', false],
    ['all but the name, the name', { action: 'Exclude', fields: ['name'] }, 'name', true],
    ['all but the name, the price', { action: 'Exclude', fields: ['name'] }, 'price', false],
    ['the name, the price', { action: 'Include', fields: ['name'] }, 'price', true],
    ['one thing, but the whole document is closed', { action: 'Include', fields: ['agreed'], permission: 1 }, 'name', false],
  ] as const) {
    it(`a lock made with the signature: ${title}: ${allowed ? 'may' : 'may not'} be filled`, async () => {
      const { pdf } = await signPdf(sealed, { signer, signedAt, fieldName: 'notary', lock })
      const verdict = await verify(
        await filledByPdfLib(pdf, (form) => {
          form.getTextField(fill).setText('7')
        }),
      )
      assert.equal(verdict.verdict, allowed ? 'passed' : 'failed', JSON.stringify(verdict, null, 1))
    })
  }

  it('nothing may be filled after a certification against any change', async () => {
    const pdf = await sign(contractForm(), 'seller', 1)
    const verdict = await verify(
      await filledByPdfLib(pdf, (form) => {
        form.getTextField('name').setText('x')
      }),
    )
    assert.deepEqual([verdict.verdict, told(verdict)[0]], ['failed', 'NOT form-fill name'])
  })

  describe('fields used to show another thing', () => {
    const attack = async (make: (document: PdfDocument, next: number) => Section): Promise<DocumentVerdict> => {
      const document = PdfDocument.open(sealed)
      return verify(append(sealed, make(document, document.size)))
    }
    const field = (document: PdfDocument, number: number, changes: Readonly<Record<string, string>>): string =>
      dictionaryWith(document.dictionary(document.object(number)) ?? new Map(), changes)
    const picture = (text: string): string =>
      streamBody(
        `BT /F 12 Tf 2 4 Td (${text}) Tj ET`,
        '/Type /XObject /Subtype /Form /BBox [0 0 150 20] /Resources <</Font <</F 5 0 R>>>> ',
      )

    it('another picture with the same value fails', async () => {
      const verdict = await attack((document, next) => ({
        objects: { 7: field(document, 7, { AP: `<</N ${next} 0 R>>` }), [next]: picture('900') },
      }))
      assert.deepEqual([verdict.verdict, told(verdict)], ['failed', ['NOT field-appearance price']])
    })
    it('a value with a picture of another value is told', async () => {
      const make = (shown: string) => (document: PdfDocument, next: number) => ({
        objects: { 7: field(document, 7, { V: '(900)', AP: `<</N ${next} 0 R>>` }), [next]: picture(shown) },
      })
      const [other, same] = [await attack(make('100')), await attack(make('900'))]
      assert.deepEqual(
        other.signatures[0]?.findings.filter(({ code }) => code === 'VERIFY-FIELD-SHOWS-OTHER').map(({ params }) => params),
        [{ field: 'price', shown: '100' }],
      )
      assert.equal(
        same.signatures[0]?.findings.some(({ code }) => code === 'VERIFY-FIELD-SHOWS-OTHER'),
        false,
      )
      assert.equal(same.verdict, 'passed')
    })
    it('another picture for a box that was ticked fails', async () => {
      const verdict = await attack((document, next) => ({
        objects: { 8: field(document, 8, { V: '/Yes', AS: '/Yes', AP: `<</N <</Yes ${next} 0 R>>>>` }), [next]: picture('x') },
      }))
      assert.deepEqual([verdict.verdict, told(verdict)], ['failed', ['NOT field-appearance agreed']])
    })
    it('a script on a field, another place, another type fail', async () => {
      const all: readonly Readonly<Record<string, string>>[] = [
        { AA: '<</K <</S /JavaScript /JS (1)>>>>', V: '(1)' },
        { Rect: '[0 0 400 300]', V: '(1)' },
        { FT: '/Ch', V: '(1)' },
      ]
      for (const changes of all) {
        const verdict = await attack((document) => ({ objects: { 6: field(document, 6, changes) } }))
        assert.deepEqual([verdict.verdict, verdict.integrity], ['failed', 'broken'], JSON.stringify(changes))
      }
    })
    it('readers told to draw all fields anew fails', async () => {
      const verdict = await attack((document) => {
        const form = document.dictionary(document.catalog.get('AcroForm')) ?? new Map()
        return { objects: { 1: dictionaryWith(document.catalog, { AcroForm: dictionaryWith(form, { NeedAppearances: 'true' }) }) } }
      })
      assert.deepEqual([verdict.verdict, told(verdict)], ['failed', ['NOT form']])
    })
  })
})
