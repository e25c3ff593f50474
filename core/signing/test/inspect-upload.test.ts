import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../../i18n/fault.js'
import { build, streamBody } from '../../validation/test/pdf-forgery.js'
import { addFormFields } from '../formats/pades/forms/add-form-fields.js'
import { inspectUpload } from '../formats/pades/forms/inspect-upload.js'
import { signPdf } from '../formats/pades/sign-pdf.js'
import { issueCertificate, signerOf } from './test-authority.js'
import { pageSource, typstPdf } from './typst-pdf.js'

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof Fault, String(error))
    return error.code
  }
  return 'taken'
}

/** A file of one page, with entries of an attacker's choice. */
function file(parts: { catalog?: string; page?: string; box?: string; objects?: Record<number, string> }): Buffer {
  return build({
    1: `<</Type /Catalog /Pages 2 0 R ${parts.catalog ?? ''}>>`,
    2: '<</Type /Pages /Count 1 /Kids [3 0 R]>>',
    3: `<</Type /Page /Parent 2 0 R /MediaBox [${parts.box ?? '0 0 400 300'}] /Contents 4 0 R /Resources <<>> ${parts.page ?? ''}>>`,
    4: streamBody('0 0 m'),
    ...parts.objects,
  })
}

const widget = '/Type /Annot /Subtype /Widget /Rect [10 10 90 30] /P 3 0 R'

describe('a PDF that is uploaded to be signed', function () {
  this.timeout(180_000)
  const folder = mkdtempSync(join(tmpdir(), 'upload-'))
  after(() => {
    rmSync(folder, { recursive: true })
  })

  it('is taken with the sizes of its pages as they are seen', async () => {
    const upload = await inspectUpload(typstPdf('#set page(width: 400pt, height: 300pt)\nA\n#set page(width: 100pt, height: 200pt)\nB'))
    assert.deepEqual(upload, {
      pages: [
        { width: 400, height: 300 },
        { width: 100, height: 200 },
      ],
      signed: false,
      formFields: [],
      warnings: [],
    })
    const turned = await inspectUpload(file({ page: '/Rotate 90 /CropBox [50 50 250 150] /UserUnit 2' }))
    assert.deepEqual(turned.pages, [{ width: 200, height: 400 }])
  })

  const refused: [string, string, () => Buffer][] = [
    ['a Word file by the name of a PDF', 'SIGN-UPLOAD-NOT-PDF', () => Buffer.from('504b0304140006000800', 'hex')],
    ['a picture', 'SIGN-UPLOAD-NOT-PDF', () => Buffer.from('ffd8ffe000104a464946', 'hex')],
    ['an empty file', 'SIGN-UPLOAD-NOT-PDF', () => Buffer.alloc(0)],
    ['one cut off in the middle', 'SIGN-UPLOAD-DAMAGED', () => typstPdf(pageSource).subarray(0, 3000)],
    [
      'one without pages',
      'SIGN-UPLOAD-NO-PAGES',
      () => build({ 1: '<</Type /Catalog /Pages 2 0 R>>', 2: '<</Type /Pages /Count 0 /Kids []>>' }),
    ],
    ['one with a page of no height', 'SIGN-UPLOAD-PAGE-SIZE', () => file({ box: '0 0 400 0' })],
    ['one with a page of five kilometres', 'SIGN-UPLOAD-PAGE-SIZE', () => file({ box: '0 0 14400000 400' })],
    ['one without the size of a page', 'SIGN-UPLOAD-PAGE-SIZE', () => file({ box: '' })],
    [
      'an XFA form',
      'SIGN-UPLOAD-XFA',
      () => file({ catalog: '/AcroForm <</Fields [] /XFA 5 0 R>>', objects: { 5: streamBody('<xdp/>') } }),
    ],
    ['a script at the opening', 'SIGN-UPLOAD-SCRIPT', () => file({ catalog: '/OpenAction <</S /JavaScript /JS (app.alert\\(1\\))>>' })],
    [
      'a script by name',
      'SIGN-UPLOAD-SCRIPT',
      () => file({ catalog: '/Names <</JavaScript <</Names [(a) 5 0 R]>>>>', objects: { 5: '<</S /JavaScript /JS (1)>>' } }),
    ],
    ['a script at a page', 'SIGN-UPLOAD-SCRIPT', () => file({ page: '/AA <</O <</S /JavaScript /JS (1)>>>>' })],
    [
      'a script at a field',
      'SIGN-UPLOAD-SCRIPT',
      () =>
        file({
          catalog: '/AcroForm <</Fields [5 0 R]>>',
          page: '/Annots [5 0 R]',
          objects: { 5: `<<${widget} /FT /Tx /T (a) /AA <</K 6 0 R>>>>`, 6: '<</S /JavaScript /JS (1)>>' },
        }),
    ],
    [
      'a script at a bookmark',
      'SIGN-UPLOAD-SCRIPT',
      () =>
        file({
          catalog: '/Outlines 5 0 R',
          objects: {
            5: '<</First 6 0 R /Last 6 0 R>>',
            6: '<</Title (a) /Parent 5 0 R /A <</S /GoTo /D [3 0 R /Fit] /Next <</S /JavaScript /JS (1)>>>>>>',
          },
        }),
    ],
    [
      'a program started by a link',
      'SIGN-UPLOAD-ACTION',
      () => file({ page: '/Annots [<</Type /Annot /Subtype /Link /Rect [0 0 9 9] /A <</S /Launch /F (cmd.exe)>>>>]' }),
    ],
    [
      'a button that sends the form away',
      'SIGN-UPLOAD-ACTION',
      () => file({ page: '/Annots [<</Type /Annot /Subtype /Link /Rect [0 0 9 9] /A <</S /SubmitForm /F (http://x)>>>>]' }),
    ],
    ['data taken in', 'SIGN-UPLOAD-ACTION', () => file({ catalog: '/OpenAction <</S /ImportData /F (x.fdf)>>' })],
    ['a way into another file', 'SIGN-UPLOAD-ACTION', () => file({ catalog: '/OpenAction <</S /GoToR /F (x.pdf) /D [0 /Fit]>>' })],
    [
      'an attached file',
      'SIGN-UPLOAD-EMBEDDED-FILE',
      () =>
        file({
          catalog: '/Names <</EmbeddedFiles <</Names [(a) <</Type /Filespec /F (a) /EF <</F 5 0 R>>>>]>>>>',
          objects: { 5: streamBody('x', '/Type /EmbeddedFile ') },
        }),
    ],
    ['a film', 'SIGN-UPLOAD-MEDIA', () => file({ page: '/Annots [<</Type /Annot /Subtype /RichMedia /Rect [0 0 9 9]>>]' })],
    ['a page that lies in another file', 'SIGN-UPLOAD-DAMAGED', () => file({ objects: { 4: streamBody('0 0 m', '/F (other.pdf) ') } })],
  ]
  for (const [title, code, make] of refused)
    it(`${title} is refused: ${code}`, async () => {
      assert.equal(await codeOf(inspectUpload(make())), code)
    })

  it('an encrypted one is refused, with a password or with an empty one', async () => {
    const [plain, locked] = [join(folder, 'plain.pdf'), join(folder, 'locked.pdf')]
    writeFileSync(plain, typstPdf(pageSource, '1.7'))
    for (const user of ['secret', '']) {
      execFileSync('qpdf', ['--encrypt', user, 'owner', '256', '--', plain, locked])
      assert.equal(await codeOf(inspectUpload(readFileSync(locked))), 'SIGN-UPLOAD-ENCRYPTED')
    }
  })

  it('too many pages and too many bytes are refused with the limit', async () => {
    const pdf = typstPdf('A\n#pagebreak()\nB\n#pagebreak()\nC')
    await assert.rejects(inspectUpload(pdf, { maximumPages: 2 }), (error) => {
      assert.ok(error instanceof Fault)
      assert.deepEqual([error.code, error.params], ['SIGN-UPLOAD-TOO-MANY-PAGES', { pages: 3, limit: 2 }])
      return true
    })
    await assert.rejects(inspectUpload(Buffer.alloc(26 * 1024 * 1024), {}), (error) => error instanceof Fault && error.status === 413)
  })

  it('one that grows without end when unpacked costs its own answer only', async () => {
    const bomb = file({ catalog: '/AcroForm 5 0 R', objects: { 5: '<</Fields [6 0 R]>>', 6: '<</Kids [6 0 R 6 0 R] /T (a)>>' } })
    assert.equal(await codeOf(inspectUpload(bomb)), 'taken')
    const nested = file({ catalog: `/Names ${'['.repeat(60_000)}` })
    assert.equal(await codeOf(inspectUpload(nested)), 'SIGN-UPLOAD-DAMAGED')
    assert.equal(await codeOf(inspectUpload(typstPdf(pageSource))), 'taken')
  })

  it('a signed one is refused, unless asked for; one closed by its signature always', async () => {
    const signer = signerOf(issueCertificate({ commonName: 'Signer' }))
    const signedAt = new Date('2026-11-22T10:30:00Z')
    const { pdf } = await signPdf(typstPdf(pageSource), { signer, signedAt })
    assert.equal(await codeOf(inspectUpload(pdf)), 'SIGN-UPLOAD-SIGNED')
    const taken = await inspectUpload(pdf, { allowSigned: true })
    assert.deepEqual([taken.signed, taken.warnings.map(({ code }) => code)], [true, ['SIGN-UPLOAD-SIGNED']])
    const closed = await signPdf(typstPdf(pageSource), { signer, signedAt, certify: 1 })
    assert.equal(await codeOf(inspectUpload(closed.pdf, { allowSigned: true })), 'SIGN-UPLOAD-CLOSED')
  })

  it('fields of its own form are told with kind and place', async () => {
    const pdf = addFormFields(typstPdf(pageSource), [
      { name: 'person.name', kind: 'text', tooltip: 'الاسم', required: true, areas: [{ page: 1, rect: [40, 150, 200, 30] }] },
      {
        name: 'person.size',
        kind: 'radio',
        options: ['S', 'L'],
        areas: [
          { page: 1, rect: [40, 60, 12, 12], option: 'S' },
          { page: 1, rect: [80, 60, 12, 12], option: 'L' },
        ],
      },
      { name: 'person.signature', kind: 'signature', areas: [{ page: 1, rect: [200, 30, 100, 60] }] },
    ])
    const { formFields } = await inspectUpload(pdf)
    assert.deepEqual(
      formFields.map(({ name, kind, required, tooltip, options }) => ({ name, kind, required, tooltip, options })),
      [
        { name: 'person.name', kind: 'text', required: true, tooltip: 'الاسم', options: undefined },
        { name: 'person.size', kind: 'radio', required: false, tooltip: undefined, options: ['S', 'L'] },
        { name: 'person.signature', kind: 'signature', required: false, tooltip: undefined, options: undefined },
      ],
    )
    assert.deepEqual(formFields[0]?.areas, [{ page: 1, x: 0.1, y: 0.4, width: 0.5, height: 0.1 }])
    assert.deepEqual(
      formFields[1]?.areas.map(({ option }) => option),
      ['S', 'L'],
    )
  })
})
