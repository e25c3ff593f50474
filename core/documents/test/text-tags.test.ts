import assert from 'node:assert/strict'
import { Fault } from '../../i18n/fault.js'
import { typstPdf } from '../../signing/test/typst-pdf.js'
import { readTag } from '../text-tag-syntax.js'
import { findTextTags } from '../text-tags.js'

describe('tags of fields in the words of a PDF', function () {
  this.timeout(180_000)

  it('are read in both common writings', () => {
    const both = [
      ['Full Name;type=text;role=First;required=false', { type: 'text', name: 'Full Name', role: 'First', required: false }],
      ['signature;role=First', { type: 'signature', role: 'First' }],
      ['Size;type=select;options=S,M,"L, tall";role=Buyer', { type: 'select', name: 'Size', role: 'Buyer' }],
      [
        'signature, r1, required=true, label="Your name, please"',
        { type: 'signature', role: '1', required: true, label: 'Your name, please' },
      ],
      ['dropdown, r2, options=Red|Green', { type: 'select', role: '2', options: ['Red', 'Green'] }],
      ['الاسم;type=text;role=الموظف', { type: 'text', name: 'الاسم', role: 'الموظف' }],
      ['initials', { type: 'initials' }],
    ] as const
    for (const [text, expected] of both) {
      const { attributes, ...meaning } = readTag(text) ?? { attributes: {} }
      assert.ok(Object.keys(attributes).length >= 0)
      for (const [key, value] of Object.entries(expected))
        assert.deepEqual(new Map(Object.entries(meaning)).get(key), value, `${text}: ${key}`)
    }
  })

  it('merge fields and words in braces are none', () => {
    for (const text of ['employee.name', 'see below, and read', 'Name;type=hologram', 'x']) assert.equal(readTag(text), undefined, text)
  })

  it('are found where they stand, as fractions of the page from its upper left corner', async () => {
    const pdf = typstPdf(
      '#set page(width: 400pt, height: 500pt, margin: 0pt)\n#set text(size: 10pt)\n#place(dx: 100pt, dy: 200pt)[#"{{Name;type=text;role=First}}"]\n#pagebreak()\n#place(dx: 40pt, dy: 50pt)[#"Sign: {{signature, r1, required=true}} here"]',
    )
    const tags = await findTextTags(pdf)
    assert.deepEqual(
      tags.map(({ page, type, role, name }) => ({ page, type, role, name })),
      [
        { page: 1, type: 'text', role: 'First', name: 'Name' },
        { page: 2, type: 'signature', role: '1', name: undefined },
      ],
    )
    const [first] = tags
    assert.ok(first !== undefined)
    assert.ok(Math.abs(first.x * 400 - 100) <= 1, `${first.x * 400}`)
    assert.ok(Math.abs(first.y * 500 - 199) <= 3, `${first.y * 500}`)
    assert.ok(first.width * 400 > 100 && first.width * 400 < 200)
  })

  it('are found though cut into pieces by fonts and colours, and inside of Arabic lines', async () => {
    const pdf = typstPdf(
      '#set page(width: 400pt, height: 500pt)\n#"{{"#text(fill: red)[Name]#strong[;type=]#"text;role=First"#emph[#"}}"]\n\n#set text(dir: rtl, lang: "ar")\nالتوقيع: #box(text(dir: ltr, "{{signature;role=Employee}}")) والتاريخ {{date;role=Employee}} ثم الختم',
    )
    const tags = await findTextTags(pdf)
    assert.deepEqual(
      tags.map(({ type, role }) => `${type} ${role ?? ''}`).sort(),
      ['date Employee', 'signature Employee', 'text First'],
      JSON.stringify(tags),
    )
  })

  it('a file that cannot be read is said, and the next one is read', async () => {
    await assert.rejects(
      findTextTags(Buffer.from('%PDF-1.7 nothing')),
      (error) => error instanceof Fault && error.code === 'DOC-TAGS-UNREADABLE',
    )
    assert.deepEqual(await findTextTags(typstPdf('No tags')), [])
  })
})
