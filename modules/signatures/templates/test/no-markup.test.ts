import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import type { Company } from '../../../../core/access/context.js'
import { createDocuments } from '../../../../core/documents/create-documents.js'
import type { Documents } from '../../../../core/documents/documents.js'
import type { Host } from '../../../../core/host/module.js'
import { exampleCompany } from '../../../../test/helpers/test-host.js'
import { parseMarkdown } from '../written/parse-markdown.js'
import { readTextContent } from '../written/read-content.js'
import { renderContract } from '../written/render-contract.js'
import { timeSpent } from '../../../../test/helpers/time-spent.js'

const company: Company = { ...exampleCompany('markup'), id: 'm', sandbox: false }
const signs = [
  '#',
  '$',
  '*',
  '@',
  '<',
  '>',
  '\\',
  ']',
  '[',
  '_',
  '`',
  '~',
  '/',
  '"',
  '{',
  '}',
  '=',
  '-',
  '+',
  '(',
  ')',
  '%',
  '&',
  ';',
  ':',
  'a',
  'Z',
  '7',
  'eval',
  '#panic()',
  '//',
  '/*',
  '{{today}}',
]

describe('values of a written text', function () {
  this.timeout(180_000)
  let documents: Documents
  before(() => (documents = createDocuments({ documents: { workers: 1, recycleAfter: 1000 } })))
  after(() => documents.close())

  /** What stands on paper for a merge value and for a sentence of the text, without blanks. */
  async function onPaper(value: string, sentence: string): Promise<string> {
    // Rendering needs documents and the clock of the host, nothing else.
    const host = { documents, now: () => new Date('2026-11-22T10:00:00Z') } as unknown as Host
    const content = readTextContent(
      {
        kind: 'text',
        languages: ['en'],
        title: { en: 'T' },
        clauses: [{ body: { en: `BEGIN {{value}} MIDDLE ${sentence} END` } }],
        mergeFields: [{ name: 'value', label: {} }],
      },
      [],
    )
    const { pdf } = await renderContract(host, company, { content, roles: [] }, { value })
    const text = execFileSync('pdftotext', ['-raw', '-', '-'], { input: pdf }).toString()
    return (/BEGIN([\s\S]*)END/.exec(text)?.[1] ?? '').replace(/\s/g, '')
  }

  it('come out as themselves, whatever Typst or Markdown would make of them', async () => {
    const piece = fc.array(fc.constantFrom(...signs), { minLength: 1, maxLength: 14 }).map((parts) => parts.join(' '))
    await fc.assert(
      fc.asyncProperty(piece, async (value) => {
        assert.equal(await onPaper(`x${value}x`, '#let x = $y$ @z <w>'), `x${value}xMIDDLE#letx=$y$@z<w>`.replace(/\s/g, ''))
      }),
      { numRuns: process.env['KHATM_FULL'] === '1' ? 500 : 15 },
    )
  })

  it('cannot turn the text beside them round', async () => {
    assert.equal(await onPaper('a\u202eb\u2066c', 'x'), 'abcMIDDLEx')
  })

  it('have a tree for every text, in time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...signs, '\n', '\n\n', '> ', '- ', '1. ', '|', '|---|', '**', '[[text:a:b]]', '{{x.y}}')),
        (parts) => {
          assert.ok(Array.isArray(parseMarkdown(parts.join('')).blocks))
        },
      ),
    )
    const spent = timeSpent()
    for (const heavy of ['*'.repeat(20_000), '> '.repeat(5000), '['.repeat(20_000), '|'.repeat(20_000), '- '.repeat(5000)])
      parseMarkdown(heavy)
    assert.ok(spent() < 4000)
  })
})
