import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import type { Company } from '../../../../core/access/context.js'
import { createDocuments } from '../../../../core/documents/create-documents.js'
import type { Documents } from '../../../../core/documents/documents.js'
import type { Host } from '../../../../core/host/module.js'
import { Fault } from '../../../../core/i18n/fault.js'
import type { Locale } from '../../../../core/i18n/locale.js'
import { exampleCompany } from '../../../../test/helpers/test-host.js'
import type { TextContentInput } from '../../models/template.js'
import { readPlacement } from '../read-placement.js'
import { parseMarkdown } from '../written/parse-markdown.js'
import { readTextContent } from '../written/read-content.js'
import { renderContract, type ContractOptions, type RenderedContract } from '../written/render-contract.js'
import { contractSample } from './contract-sample.js'

const company: Company = { ...exampleCompany('contract'), id: 'c', sandbox: false }

describe('texts written here', function () {
  this.timeout(180_000)
  let documents: Documents
  let host: Host

  before(() => {
    documents = createDocuments({ documents: { workers: 1, recycleAfter: 1000 } })
    // Rendering needs documents and the clock of the host, nothing else.
    host = { documents, now: () => new Date('2026-11-22T10:00:00Z') } as unknown as Host
  })
  after(() => documents.close())

  function render(
    sample: ReturnType<typeof contractSample>,
    options: ContractOptions = {},
    of: Company = company,
  ): Promise<RenderedContract> {
    const { roles } = readPlacement({ roles: sample.roles, fields: [] }, [])
    return renderContract(host, of, { content: readTextContent(sample.content, roles), roles }, sample.variables, options)
  }

  /** Text of a PDF in reading order, as another program extracts it. */
  function textOf(pdf: Buffer): string {
    return execFileSync('pdftotext', ['-', '-'], { input: pdf })
      .toString()
      .normalize('NFKC')
      .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
  }

  /** Words of the first page with the place of each, in points from the left and in lines. */
  function wordsOf(pdf: Buffer): { text: string; x: number; line: number }[] {
    const html = execFileSync('pdftotext', ['-bbox', '-l', '1', '-', '-'], { input: pdf }).toString()
    return [...html.matchAll(/<word xMin="([\d.]+)" yMin="([\d.]+)"[^>]*>([^<]*)</g)].map(([, x, y, text = '']) => ({
      text: text.normalize('NFKC').replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ''),
      x: Number(x),
      line: Math.round(Number(y) / 8),
    }))
  }

  function faultsOf(content: TextContentInput): string[] {
    try {
      const { roles } = readPlacement({ roles: contractSample(['ar']).roles, fields: [] }, [])
      readTextContent(content, roles)
      return []
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return error.details.map(({ code, path }) => `${code} ${path ?? ''}`)
    }
  }

  for (const languages of [['ar', 'en'], ['ar', 'bg'], ['en'], ['ar']] as const)
    it(`renders 30 clauses in ${languages.join(' and ')}, numbers unbroken and Arabic in logical order`, async () => {
      const { pdf } = await render(contractSample(languages))
      const text = textOf(pdf).replace(/\s+/g, ' ')
      for (const whole of ['INV/2026/00012', '+966 50 123 4567']) assert.ok(text.includes(whole), `${whole} is torn: ${text.slice(0, 900)}`)
      if ((languages as readonly Locale[]).includes('ar')) {
        assert.match(text, /12,000\.00/)
        assert.match(text, /3,500\.00/)
        for (const words of ['أحمد العتيبي', 'سرية المعلومات', 'شركة المثال التجارية'])
          assert.ok(text.includes(words), `${words} is not in logical order`)
      }
    })

  it('a long value in the other script stays one piece: its first number is where its reader begins', async () => {
    const sample = contractSample(['en'])
    const address = '17 شارع محمد محمود باب اللوق القاهرة 11511 جمهورية مصر العربية'
    const { pdf } = await render({ ...sample, variables: { ...sample.variables, 'employee.name': address } })
    const words = wordsOf(pdf)
    const at = (text: string) => words.find((word) => word.text === text) ?? assert.fail(`${text} is not on the paper`)
    // A word that reads the same from both ends: other programs may give Arabic words in the order they are drawn.
    const [house, later] = [at('17'), at('باب')]
    assert.equal(house.line, later.line, 'the value begins on one line')
    assert.ok(house.x > later.x, 'the number of the house stands right of what follows it')
  })

  it('tells where the fields of the text and of the signature blocks stand', async () => {
    const { fields, pages } = await render(contractSample(['ar', 'en']))
    const named = new Map(fields.map((field) => [field.id, field]))
    assert.deepEqual(
      [...named.keys()],
      [
        'iban',
        'remote',
        'employee-name',
        'employee-signature',
        'employee-date',
        'director-name',
        'director-signature',
        'director-date',
        'seal',
      ],
    )
    const iban = named.get('iban')
    assert.ok(iban !== undefined)
    assert.equal(iban.areas.length, 2, 'one place in each column')
    assert.equal(iban.label, 'IBAN')
    const [one, other] = iban.areas
    assert.ok(one !== undefined && other !== undefined)
    assert.equal(one.y, other.y, 'both columns stand level')
    assert.ok(one.x > 0.5 && other.x < 0.5, 'Arabic stands on the right')
    assert.equal(named.get('remote')?.required, false)
    assert.equal(named.get('seal')?.role, 'company')
    const signing = fields.filter(({ id }) => /-(?:name|signature|date)$|^seal$/.test(id))
    assert.deepEqual(
      new Set(signing.flatMap(({ areas }) => areas.map(({ page }) => page))),
      new Set([pages.length]),
      'blocks stay together',
    )
    for (const { areas } of fields)
      for (const { x, y, width, height } of areas) assert.ok(x >= 0 && y >= 0 && x + width <= 1 && y + height <= 1)
  })

  it('keeps what was said about a field, not its old place', async () => {
    const { fields } = await render(contractSample(['en']))
    const iban = fields.find(({ id }) => id === 'iban')
    assert.ok(iban)
    const own = { ...iban, help: 'As on your bank card', areas: [{ page: 9, x: 0, y: 0, width: 0.1, height: 0.1 }] }
    const again = (await render(contractSample(['en']), { fields: [own] })).fields.find(({ id }) => id === 'iban')
    assert.equal(again?.help, 'As on your bank card')
    assert.deepEqual(again.areas, iban.areas)
  })

  it('writes amounts, dates and numbers as each language does, with the digits of the company', async () => {
    const [english, arabic, bulgarian] = await Promise.all(
      (['en', 'ar', 'bg'] as const).map(async (language) => textOf((await render(contractSample([language]))).pdf)),
    )
    const indic = textOf((await render(contractSample(['ar']), {}, { ...company, digits: 'arabic-indic' })).pdf)
    const has = (text: string | undefined, ...wanted: RegExp[]): void => {
      for (const pattern of wanted) assert.ok(pattern.test(text ?? ''), `${String(pattern)} in ${(text ?? '').slice(0, 700)}`)
    }
    has(english, /SAR\s12,000\.00/, /1 December 2026/)
    // Extraction puts the blank of a number in a right-to-left line on its other side.
    has(arabic, /12,000\.00\s?ريال سعودي/, /1\s?ديسمبر/)
    has(bulgarian, /12\s000,00\sSAR/, /1 декември 2026/)
    has(indic, /١٢٬٠٠٠٫٠٠/, /٢٠٢٦/)
  })

  it('asks for values that are missing or of the wrong kind, with their paths', async () => {
    const sample = contractSample(['ar', 'en'])
    await assert.rejects(
      render({ ...sample, variables: { 'employee.name': 'A', 'contract.start': '2026-02-30', 'employee.salary': '1.000,5' } }),
      (error) =>
        error instanceof Fault &&
        error.details.map(({ code, path }) => `${code} ${path ?? ''}`).join() ===
          'SIGNATURES-VARIABLE-INVALID variables.contract.start,SIGNATURES-VARIABLE-INVALID variables.employee.salary',
    )
    await assert.rejects(
      render({ ...sample, variables: {} }),
      (error) => error instanceof Fault && error.code === 'SIGNATURES-VARIABLE-MISSING',
    )
    const draft = await render({ ...sample, variables: {} }, { draft: true })
    assert.ok(textOf(draft.pdf).includes('Name of the employee'), 'a draft shows the names of values')
  })

  it('refuses texts that cannot become a contract, and says where', () => {
    const { content } = contractSample(['ar', 'en'])
    assert.deepEqual(faultsOf(content), [])
    assert.deepEqual(faultsOf({ ...content, languages: ['ar', 'ar'] }), ['SIGNATURES-TEXT-LANGUAGES content.languages'])
    assert.deepEqual(faultsOf({ ...content, prevailing: 'bg' }), ['SIGNATURES-TEXT-PREVAILING content.prevailing'])
    assert.deepEqual(faultsOf({ ...content, title: { ar: 'عقد' } }), ['SIGNATURES-TEXT-MISSING content.title.en'])
    assert.deepEqual(faultsOf({ ...content, clauses: [{ body: { ar: '{{nobody.knows}}', en: '[[text:stranger:a]]' } }] }), [
      'SIGNATURES-MERGE-UNKNOWN content.clauses[0].body.ar',
      'SIGNATURES-TAG-ROLE content.clauses[0].body.en',
    ])
    assert.deepEqual(faultsOf({ ...content, clauses: [{ body: { ar: '[[text:employee:a]]', en: '[[date:employee:a]]' } }] }), [
      'SIGNATURES-TAG-DIFFERS content.clauses[0].body.en',
    ])
    assert.deepEqual(faultsOf({ ...content, clauses: [{ body: { ar: 'س'.repeat(60_000), en: 'x' } }] }), [
      'SIGNATURES-TEXT-INVALID content.clauses[0].body.ar',
    ])
  })

  it('reads Markdown as a tree in which HTML, links and pictures are words', () => {
    const [paragraph] = parseMarkdown('<b>x</b> [a](http://evil.example) ![p](file:///etc/passwd) `code` &amp;').blocks
    assert.equal(paragraph?.t, 'paragraph')
    assert.equal(
      paragraph.c.map((inline) => (inline.t === 'text' ? inline.v : `<${inline.t}>`)).join(''),
      '<b>x</b> [a](http://evil.example) ![p](file:///etc/passwd) `code` &amp;',
    )
    assert.deepEqual(
      parseMarkdown('one\n\n[[page]]\n\n---\n\ntwo').blocks.map(({ t }) => t),
      ['paragraph', 'page-break', 'rule', 'paragraph'],
    )
  })

  it('begins a page where it is told to, in both columns at once', async () => {
    const sample = contractSample(['ar', 'en'])
    const body = { ar: 'قبل\n\n[[page]]\n\nبعد', en: 'before\n\n[[page]]\n\nafter' }
    const { pages } = await render({ ...sample, content: { ...sample.content, clauses: [{ body }] } })
    assert.equal(pages.length, 2)
  })

  it('a row of a table goes to the next page whole, with the head of the table above it', async () => {
    const sample = contractSample(['en'])
    const words = 'words that take some lines in a narrow column '.repeat(6)
    const rows = Array.from({ length: 40 }, (_, index) => `| begin${String(index)} ${words} end${String(index)} | 1 |`)
    const body = { en: ['| Clause | Amount |', '|---|---:|', ...rows].join('\n') }
    const { pdf, pages } = await render({ ...sample, content: { ...sample.content, clauses: [{ body }] } })
    assert.ok(pages.length > 2)
    const texts = textOf(pdf).split('\f')
    const pageOf = (word: string): number => texts.findIndex((text) => new RegExp(`\\b${word}\\b`).test(text))
    for (const index of rows.keys()) assert.equal(pageOf(`begin${String(index)}`), pageOf(`end${String(index)}`), `row ${String(index)}`)
    for (const text of texts.filter((text) => /\bbegin\d+\b/.test(text))) assert.match(text, /Clause/)
  })
})
