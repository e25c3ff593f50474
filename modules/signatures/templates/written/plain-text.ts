import type { Company } from '../../../../core/access/context.js'
import { directionOf, type Locale } from '../../../../core/i18n/locale.js'
import type { TemplateRole } from '../../models/role.js'
import type { TextContent } from '../../models/template.js'
import { contractData } from './contract-data.js'
import { mergeValues } from './merge-values.js'

export interface PlainText {
  readonly locale: Locale
  readonly direction: 'rtl' | 'ltr'
  readonly text: string
}

/**
 * The words of a written document as they stand on its paper, one text for each language: for who listens to it instead of looking at it.
 * (What a program reads out of the PDF depends on the program: pdf.js takes the bodies and dots of Arabic letters apart.)
 * @param now when the paper was made
 */
export function plainTexts(
  source: { readonly content: TextContent; readonly roles: readonly TemplateRole[] },
  company: Company,
  variables: Readonly<Record<string, string>>,
  now: Date,
): PlainText[] {
  const { content, roles } = source
  const values = mergeValues(content, { company, digits: company.digits, now, variables, draft: true })
  const { data } = contractData(content, roles, company, company.digits, values)
  return data.languages.map((locale, column) => {
    const rows = [...data.preamble, ...data.rows].flatMap((row) => {
      const heading = row.headings === null ? '' : wordsOf(row.headings[column] ?? [])
      const number = row.number === null ? '' : `${String(row.number)}. `
      return [...(heading === '' ? [] : [`${number}${heading}`]), wordsOf(row.cells[column] ?? [])]
    })
    const lines = [wordsOf(data.title[column] ?? []), ...rows].filter((line) => line !== '')
    return { locale, direction: directionOf(locale), text: lines.join('\n') }
  })
}

/** Everything that is said in a piece of the tree: texts and values in their order, a line for each block. */
function wordsOf(node: unknown): string {
  if (typeof node === 'string') return node
  if (Array.isArray(node)) {
    const blocks = node.some((one: unknown) => isBlock(one))
    return node
      .map((one: unknown) => wordsOf(one))
      .filter((one) => one !== '')
      .join(blocks ? '\n' : '')
  }
  if (typeof node !== 'object' || node === null) return ''
  const { t, v, c, items, head, rows } = node as Readonly<Record<string, unknown>>
  if (typeof v === 'string') return v
  if (t === 'break') return '\n'
  if (t === 'table') return [head].concat(rows).map(cellsOf).join('\n')
  return wordsOf(c ?? items ?? [])
}

/** The cells of a row of a table. */
function cellsOf(row: unknown): string {
  return Array.isArray(row) ? row.map((cell: unknown) => wordsOf(cell)).join(' | ') : ''
}

const blocks = new Set(['paragraph', 'heading', 'list', 'quote', 'table', 'rule', 'page-break'])

function isBlock(node: unknown): boolean {
  return (
    Array.isArray(node) || (typeof node === 'object' && node !== null && 't' in node && typeof node.t === 'string' && blocks.has(node.t))
  )
}
