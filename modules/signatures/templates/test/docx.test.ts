import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../../../core/i18n/fault.js'
import { temporaryFolder } from '../../../../test/helpers/temporary-folder.js'
import { readArchive, unpack } from '../docx/archive.js'
import { checkDocx } from '../docx/check-docx.js'
import { convertDocx, findConverter } from '../docx/convert-docx.js'
import { arabicParagraph, docx, relationship } from './docx-sample.js'

describe('uploaded Word documents', function () {
  this.timeout(180_000)

  function refusal(bytes: Buffer): string | undefined {
    try {
      checkDocx(bytes)
      return undefined
    } catch (error) {
      return error instanceof Fault ? error.code : String(error)
    }
  }

  it('are taken when nothing in them runs or is fetched', () => {
    const clean = docx({ relationships: relationship('r2', 'hyperlink', 'https://example.com/', true) })
    assert.equal(refusal(clean), undefined)
    assert.deepEqual(
      readArchive(checkDocx(clean)).map((entry) => [entry.name, unpack(entry).toString()]),
      readArchive(clean).map((entry) => [entry.name, unpack(entry).toString()]),
    )
  })

  it('lose the link to the Word template of their author, and nothing else', () => {
    const more = {
      'word/settings.xml': '<?xml version="1.0"?><w:settings xmlns:w="x"/>',
      'word/_rels/settings.xml.rels': `<Relationships>${relationship('r1', 'attachedTemplate', 'file:///C:/Templates/Normal.dotm', true)}</Relationships>`,
    }
    const cleaned = readArchive(checkDocx(docx({ more })))
    const settings = cleaned.find(({ name }) => name === 'word/_rels/settings.xml.rels')
    assert.ok(settings)
    assert.equal(unpack(settings).toString(), '<Relationships></Relationships>')
    assert.equal(cleaned.length, readArchive(docx({ more })).length)
  })

  const macros = 'application/vnd.ms-word.document.macroEnabled.main+xml'
  const field = (instruction: string): string => `<w:p><w:r><w:instrText>${instruction}</w:instrText></w:r></w:p>`
  const refused: readonly (readonly [what: string, bytes: () => Buffer, code: string])[] = [
    ['macros', () => docx({ mainType: macros }), 'SIGNATURES-DOCX-MACROS'],
    ['macros under the name of a plain document', () => docx({ more: { 'word/vbaProject.bin': 'x' } }), 'SIGNATURES-DOCX-MACROS'],
    [
      'a picture from elsewhere',
      () => docx({ relationships: relationship('r2', 'image', 'http://127.0.0.1/p.png', true) }),
      'SIGNATURES-DOCX-LINKED',
    ],
    [
      'an object from elsewhere',
      () => docx({ relationships: relationship('r2', 'oleObject', 'file:///etc/passwd', true) }),
      'SIGNATURES-DOCX-LINKED',
    ],
    [
      'a foreign piece in another format',
      () => docx({ relationships: relationship('r2', 'aFChunk', 'chunk.html', false) }),
      'SIGNATURES-DOCX-LINKED',
    ],
    ['a field that fetches a picture', () => docx({ body: field(' INCLUDEPICTURE "http://127.0.0.1/p.png"') }), 'SIGNATURES-DOCX-LINKED'],
    ['such a field cut into runs', () => docx({ body: field('INCLUDE') + field('TEXT "file:///etc/passwd"') }), 'SIGNATURES-DOCX-LINKED'],
    [
      'a field that starts a program',
      () => docx({ body: '<w:p><w:fldSimple w:instr="DDEAUTO c:\\\\x y"/></w:p>' }),
      'SIGNATURES-DOCX-LINKED',
    ],
    ['such a field behind references', () => docx({ body: field('&#73;NCLUDETEXT "file:///etc/passwd"') }), 'SIGNATURES-DOCX-LINKED'],
    [
      'such a field under another prefix',
      () =>
        docx({
          body: field('INCLUDETEXT "file:///etc/passwd"')
            .replaceAll('w:instrText', 'x:instrText')
            .replace('<x:instrText', '<x:instrText xmlns:x="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'),
        }),
      'SIGNATURES-DOCX-LINKED',
    ],
    [
      'such a field behind a bracket in another attribute',
      () => docx({ body: '<w:p><w:fldSimple w:dirty=">" w:instr="INCLUDETEXT a"/></w:p>' }),
      'SIGNATURES-DOCX-LINKED',
    ],
    [
      'its text in a part of another name',
      () => docx({ more: { 'a/b.dat': `<w:document xmlns:w="x">${field('INCLUDETEXT "file:///etc/passwd"')}</w:document>` } }),
      'SIGNATURES-DOCX-LINKED',
    ],
    [
      'a link whose mode is written by references',
      () => docx({ relationships: relationship('r2', 'image', 'http://127.0.0.1/p.png', true).replace('External', 'E&#120;ternal') }),
      'SIGNATURES-DOCX-LINKED',
    ],
    [
      'macros under another name',
      () => docx({ relationships: relationship('r2', 'vbaProject', 'data.bin', false), more: { 'word/data.bin': 'x' } }),
      'SIGNATURES-DOCX-MACROS',
    ],
    [
      'a drawing that fetches its style',
      () => docx({ more: { 'word/media/a.svg': '<svg><style>@import "http://127.0.0.1/a.css"</style></svg>' } }),
      'SIGNATURES-DOCX-LINKED',
    ],
    ['two hundred thousand tags that never end', () => docx({ body: '<w:fldSimple '.repeat(200_000) }), 'SIGNATURES-DOCX-DAMAGED'],
    ['tags within tags without end', () => docx({ body: '<w:p>'.repeat(200_000) }), 'SIGNATURES-DOCX-DAMAGED'],
    ['very many elements', () => docx({ body: '<w:p/>'.repeat(1_100_000) }), 'SIGNATURES-DOCX-DAMAGED'],
    ['entities', () => docx({ body: '<!ENTITY a "b">' }), 'SIGNATURES-DOCX-DAMAGED'],
    ['the old format', () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]), 'SIGNATURES-DOCX-OLD'],
    [
      'encryption',
      () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(500), Buffer.from('EncryptedPackage', 'utf16le')]),
      'SIGNATURES-DOCX-ENCRYPTED',
    ],
    ['a cut file', () => docx().subarray(0, 400), 'SIGNATURES-DOCX-DAMAGED'],
    [
      'a spreadsheet',
      () => docx({ mainType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml' }),
      'SIGNATURES-UPLOAD-TYPE',
    ],
  ]
  for (const [what, bytes, code] of refused) it(`are refused with ${what}`, () => assert.equal(refusal(bytes()), code))

  it('are never read beyond what they say, whatever byte is changed', () => {
    const whole = docx()
    for (let at = 0; at < whole.length; at += 7) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] ?? 0) ^ 0x55
      const answer = refusal(changed)
      assert.ok(answer === undefined || answer.startsWith('SIGNATURES-'), `byte ${String(at)}: ${String(answer)}`)
    }
  })

  it('need LibreOffice, and a machine without it says so', async () => {
    await assert.rejects(
      convertDocx(docx(), { path: '/nonexistent' }),
      (error) => error instanceof Fault && error.code === 'SIGNATURES-DOCX-NO-CONVERTER',
    )
  })

  it('cost a fault when the converter hangs, fails or makes nothing', async () => {
    const folder = await temporaryFolder()
    const stub = async (script: string): Promise<void> => {
      await writeFile(join(folder.path, 'soffice'), `#!/bin/sh\n${script}\n`)
      await chmod(join(folder.path, 'soffice'), 0o755)
    }
    const path = `${folder.path}:/usr/bin:/bin`
    const fault = async (milliseconds = 20_000): Promise<string> => {
      try {
        await convertDocx(docx(), { path, milliseconds })
        return 'converted'
      } catch (error) {
        return error instanceof Fault ? error.code : String(error)
      }
    }
    try {
      await stub('sleep 30')
      const start = performance.now()
      assert.equal(await fault(300), 'SIGNATURES-DOCX-TIMEOUT')
      assert.ok(performance.now() - start < 5000)
      await stub('exit 3')
      assert.equal(await fault(), 'SIGNATURES-DOCX-FAILED')
      await stub('exit 0')
      assert.equal(await fault(), 'SIGNATURES-DOCX-FAILED')
    } finally {
      await folder.remove()
    }
  })

  it('become PDF with Arabic in logical order and numbers unbroken', async function () {
    if ((await findConverter()) === undefined) this.skip()
    const body = [
      arabicParagraph('عقد عمل رقم INV/2026/00012 بمبلغ 3,500.00 ريال سعودي'),
      arabicParagraph('الهاتف: +966501234567'),
      '<w:p><w:r><w:t>Employment contract</w:t></w:r></w:p>',
    ].join('')
    const pdf = await convertDocx(docx({ body }))
    const text = execFileSync('pdftotext', ['-', '-'], { input: pdf }).toString().normalize('NFKC')
    for (const words of ['عقد عمل', 'ريال سعودي', 'INV/2026/00012', '3,500.00', '966501234567', 'Employment contract']) {
      assert.ok(text.includes(words), `${words} in ${text}`)
    }
  })
})
