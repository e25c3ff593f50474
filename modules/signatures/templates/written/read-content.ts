import { Fault, type FaultDetail } from '../../../../core/i18n/fault.js'
import type { TemplateRole } from '../../models/role.js'
import { textContent, type TextContent, type TextContentInput } from '../../models/template.js'
import { shapeFault } from '../read-placement.js'
import { builtInMerges } from './built-in-merges.js'
import { roleKnown, type FieldTag } from './field-tags.js'
import { parseLine, parseMarkdown } from './parse-markdown.js'

/** Of all texts together: a contract of 200 pages. */
const longestText = 600_000

/**
 * A written text as it is stored: every language has its title and its bodies, every merge field is declared, every tag names a role.
 * @throws Fault SIGNATURES-TEXT-INVALID and others with paths `content.clauses[2].body.ar`
 */
export function readTextContent(input: TextContentInput, roles: readonly TemplateRole[]): TextContent {
  const parsed = textContent.safeParse(input)
  if (!parsed.success) throw inContent(shapeFault(parsed.error, 'SIGNATURES-TEXT-INVALID'))
  const content = parsed.data
  Fault.throwIfAny(contentFaults(content, roles))
  return content
}

function inContent(fault: Fault): Fault {
  const details = fault.details.map((detail) => ({ ...detail, path: `content.${detail.path ?? ''}` }))
  return new Fault(fault.code, { path: details[0]?.path, params: fault.params, details })
}

interface Piece {
  readonly path: string
  readonly text: string
  readonly line: boolean
}

/** All texts of a template with their places. */
export function piecesOf(content: TextContent): Piece[] {
  const pieces: Piece[] = []
  for (const language of content.languages) {
    const add = (path: string, text: string | undefined, line: boolean): void => {
      if (text !== undefined && text !== '') pieces.push({ path: `content.${path}.${language}`, text, line })
    }
    add('title', content.title[language], true)
    add('preamble', content.preamble[language], false)
    content.clauses.forEach((clause, index) => {
      add(`clauses[${String(index)}].heading`, clause.heading[language], true)
      add(`clauses[${String(index)}].body`, clause.body[language], false)
    })
  }
  return pieces
}

function contentFaults(content: TextContent, roles: readonly TemplateRole[]): FaultDetail[] {
  const faults: FaultDetail[] = []
  const { languages } = content
  if (new Set(languages).size !== languages.length) faults.push({ code: 'SIGNATURES-TEXT-LANGUAGES', path: 'content.languages' })
  if (content.prevailing !== undefined && !languages.includes(content.prevailing))
    faults.push({ code: 'SIGNATURES-TEXT-PREVAILING', path: 'content.prevailing' })
  for (const language of languages) {
    if ((content.title[language] ?? '').trim() === '')
      faults.push({ code: 'SIGNATURES-TEXT-MISSING', path: `content.title.${language}`, params: { language } })
    content.clauses.forEach((clause, index) => {
      // A clause that is only one language's would leave the other column empty: the texts would differ.
      if ((clause.body[language] ?? '').trim() === '')
        faults.push({ code: 'SIGNATURES-TEXT-MISSING', path: `content.clauses[${String(index)}].body.${language}`, params: { language } })
    })
  }
  const names = content.mergeFields.map(({ name }) => name)
  names.forEach((name, index) => {
    if (names.indexOf(name) !== index)
      faults.push({ code: 'SIGNATURES-MERGE-TWICE', path: `content.mergeFields[${String(index)}].name`, params: { name } })
  })
  const pieces = piecesOf(content)
  if (pieces.reduce((sum, { text }) => sum + text.length, 0) > longestText)
    return [{ code: 'SIGNATURES-TEXT-TOO-LONG', path: 'content', params: { limit: longestText } }]
  const known = new Set([...names, ...builtInMerges])
  const seen = new Map<string, FieldTag>()
  for (const { path, text, line } of pieces) {
    const { merges, tags } = line ? parseLine(text) : parseMarkdown(text)
    for (const name of merges) if (!known.has(name)) faults.push({ code: 'SIGNATURES-MERGE-UNKNOWN', path, params: { name } })
    for (const tag of tags) {
      const before = seen.get(tag.id)
      if (line || !roleKnown(tag, roles)) faults.push({ code: 'SIGNATURES-TAG-ROLE', path, params: { role: tag.role, field: tag.id } })
      else if (before !== undefined && (before.type !== tag.type || before.role !== tag.role))
        faults.push({ code: 'SIGNATURES-TAG-DIFFERS', path, params: { field: tag.id } })
      if (before === undefined) seen.set(tag.id, tag)
    }
  }
  return faults
}
