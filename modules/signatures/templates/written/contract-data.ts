import type { Company } from '../../../../core/access/context.js'
import type { Digits, Locale } from '../../../../core/i18n/locale.js'
import { companyRole } from '../../models/field.js'
import type { TemplateRole } from '../../models/role.js'
import type { TextContent } from '../../models/template.js'
import { registrationOf } from './built-in-merges.js'
import type { FieldTag } from './field-tags.js'
import type { MergedValue, MergedValues } from './merge-values.js'
import { parseLine, parseMarkdown, type Block, type Inline } from './parse-markdown.js'

/** What a document says about itself in its footer. */
export interface DocumentMarks {
  readonly number?: string
  readonly verification?: { readonly code: string; readonly url: string | null }
  /** Written across the pages: a draft. In each language. */
  readonly mark?: Partial<Record<Locale, string>>
}

/** A value in the text, beside what Markdown has. */
type PaperInline =
  | Exclude<Inline, { t: 'merge' } | { t: 'strong' | 'em' }>
  | MergedInline
  | { readonly t: 'strong' | 'em'; readonly c: readonly PaperInline[] }
interface MergedInline extends MergedValue {
  readonly t: 'value'
}

/** Pieces that stand level in all columns; `page` begins a page before it. */
export interface ContractRow {
  readonly page: boolean
  /** Number of the clause whose first piece this is. */
  readonly number: number | null
  /** The clause it belongs to, for the numbers of its lists. */
  readonly clause: number
  readonly headings: readonly (readonly object[])[] | null
  readonly cells: readonly (readonly object[])[]
  /** Short enough to be kept on one page. */
  readonly keep: boolean
}

/** What `templates/signatures/contract.typ` prints. Nothing in here is markup. */
export interface ContractData {
  readonly languages: readonly Locale[]
  readonly digits: Digits
  readonly title: readonly (readonly object[])[]
  readonly company: { readonly names: readonly string[]; readonly registration: string | null }
  readonly number: string | null
  readonly verification: { readonly code: string; readonly url: string | null } | null
  readonly mark: readonly string[] | null
  readonly preamble: readonly ContractRow[]
  readonly rows: readonly ContractRow[]
  /** Language whose text prevails; null when nothing is said. */
  readonly prevailing: Locale | null
  readonly signers: readonly { readonly role: string; readonly name: string }[]
  readonly seal: boolean
}

export interface ParsedContract {
  readonly data: ContractData
  /** Tags of the text, each id once, in order. */
  readonly tags: readonly FieldTag[]
}

/** Longest piece that is kept on one page, in characters of one column. */
const keptTogether = 700

/** The text with its values, laid out in rows. */
export function contractData(
  content: TextContent,
  roles: readonly TemplateRole[],
  company: Company,
  digits: Digits,
  values: Partial<Record<Locale, MergedValues>>,
  marks: DocumentMarks = {},
): ParsedContract {
  const { languages } = content
  const tags = new Map<string, FieldTag>()
  const note = (found: readonly FieldTag[]): void => {
    for (const tag of found) tags.set(tag.option === undefined ? tag.id : `${tag.id}=${tag.option}`, tag)
  }
  const line = (texts: Partial<Record<Locale, string>>): (readonly object[])[] =>
    languages.map((language) => fillInlines(parseLine(texts[language] ?? '').inlines, values[language] ?? {}))
  const bodies = (texts: Partial<Record<Locale, string>>): Block[][] =>
    languages.map((language) => {
      const parsed = parseMarkdown(texts[language] ?? '')
      note(parsed.tags)
      return fillBlocks(parsed.blocks, values[language] ?? {})
    })

  const preamble = rowsOf(bodies(content.preamble), null, 0, null)
  const rows = content.clauses.flatMap((clause, index) => {
    const headings = languages.some((language) => (clause.heading[language] ?? '').trim() !== '') ? line(clause.heading) : null
    return rowsOf(bodies(clause.body), index + 1, index + 1, headings)
  })
  const placed = [...tags.values()]
  return {
    tags: placed,
    data: {
      languages,
      digits,
      title: line(content.title),
      company: {
        names: languages.map((language) => (language === 'ar' ? (company.nameAr ?? company.name) : company.name)),
        registration: registrationOf(company) ?? null,
      },
      number: marks.number ?? null,
      verification: marks.verification ?? null,
      mark: marks.mark === undefined ? null : languages.map((language) => marks.mark?.[language] ?? ''),
      preamble,
      rows,
      prevailing: languages.length === 2 ? (content.prevailing ?? null) : null,
      signers: signersOf(roles)
        .filter((role) => !placed.some((tag) => tag.type === 'signature' && tag.role === role.id))
        .map(({ id, name }) => ({ role: id, name })),
      seal: !placed.some((tag) => tag.type === 'stamp' && tag.role === companyRole),
    },
  }
}

/** Roles that sign, in the order in which they act. */
export function signersOf(roles: readonly TemplateRole[]): TemplateRole[] {
  return roles
    .map((role, index) => ({ role, index }))
    .filter(({ role }) => role.action === 'sign')
    .sort((one, other) => one.role.group - other.role.group || one.index - other.index)
    .map(({ role }) => role)
}

/** Paragraph stands beside paragraph where both languages have the same shape; otherwise clause beside clause. */
function rowsOf(bodies: readonly Block[][], number: number | null, clause: number, headings: ContractRow['headings']): ContractRow[] {
  const [first = []] = bodies
  const shape = (blocks: readonly Block[]): string => blocks.map(({ t }) => t).join()
  const level = bodies.every((blocks) => shape(blocks) === shape(first))
  const pieces: Block[][][] =
    level && first.length > 0 ? first.map((_, index) => bodies.map((blocks) => blocks.slice(index, index + 1))) : [[...bodies]]
  const rows: ContractRow[] = []
  let page = false
  for (const cells of pieces) {
    if (level && cells[0]?.[0]?.t === 'page-break') {
      page = true
      continue
    }
    // A break inside one column alone cannot be kept: pages hold both.
    const kept = cells.map((blocks) => blocks.filter(({ t }) => t !== 'page-break'))
    const length = Math.max(...kept.map((blocks) => JSON.stringify(blocks).length))
    const begins = rows.length === 0
    rows.push({
      page,
      number: begins ? number : null,
      clause,
      headings: begins ? headings : null,
      cells: kept,
      keep: length < keptTogether * 2,
    })
    page = false
  }
  if (rows.length === 0 && headings !== null) rows.push({ page: false, number, clause, headings, cells: bodies.map(() => []), keep: true })
  return rows
}

function fillBlocks(blocks: readonly Block[], values: MergedValues): Block[] {
  // Boundary: the filled tree has the same shape with values in it, and goes out as JSON alone.
  return blocks.map((block) => fillBlock(block, values) as Block)
}

function fillBlock(block: Block, values: MergedValues): object {
  switch (block.t) {
    case 'paragraph':
    case 'heading':
      return { ...block, c: fillInlines(block.c, values) }
    case 'list':
      return { ...block, items: block.items.map((item) => item.map((inner) => fillBlock(inner, values))) }
    case 'quote':
      return { ...block, c: block.c.map((inner) => fillBlock(inner, values)) }
    case 'table':
      return {
        ...block,
        head: block.head.map((cell) => fillInlines(cell, values)),
        rows: block.rows.map((row) => row.map((cell) => fillInlines(cell, values))),
      }
    default:
      return block
  }
}

function fillInlines(inlines: readonly Inline[], values: MergedValues): PaperInline[] {
  return inlines.map((inline, index): PaperInline => {
    if (inline.t === 'merge') return { t: 'value', ...(values[inline.name] ?? { v: inline.name, kind: 'missing' }) }
    // A Bulgarian date ends with the full stop of „г.“; it is the one of the sentence too.
    const before = inlines[index - 1]
    if (inline.t === 'text' && inline.v.startsWith('.') && before?.t === 'merge' && values[before.name]?.v.endsWith('.') === true)
      return { ...inline, v: inline.v.slice(1) }
    if ('c' in inline) return { t: inline.t, c: fillInlines(inline.c, values) }
    return inline
  })
}
