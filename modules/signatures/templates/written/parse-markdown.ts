import MarkdownIt from 'markdown-it'
import type { Token } from 'markdown-it'
import { boxLabel, boxOf, readTag, tagPattern, type FieldTag } from './field-tags.js'

/** Text inside a paragraph. It goes to the paper as data: nothing in it is ever read as markup again. */
export type Inline =
  | { readonly t: 'text'; readonly v: string }
  | { readonly t: 'strong' | 'em'; readonly c: readonly Inline[] }
  | { readonly t: 'break' }
  | { readonly t: 'merge'; readonly name: string }
  | { readonly t: 'box'; readonly label: string; readonly width: number; readonly height: number; readonly kind: string }

export type Block =
  | { readonly t: 'paragraph'; readonly c: readonly Inline[] }
  | { readonly t: 'heading'; readonly level: number; readonly c: readonly Inline[] }
  | { readonly t: 'list'; readonly ordered: boolean; readonly start: number; readonly items: readonly (readonly Block[])[] }
  | { readonly t: 'quote'; readonly c: readonly Block[] }
  | {
      readonly t: 'table'
      readonly align: readonly string[]
      readonly head: readonly (readonly Inline[])[]
      readonly rows: readonly (readonly (readonly Inline[])[])[]
    }
  | { readonly t: 'rule' }
  | { readonly t: 'page-break' }

export interface ParsedText {
  readonly blocks: readonly Block[]
  readonly merges: ReadonlySet<string>
  readonly tags: readonly FieldTag[]
}

export const mergePattern = /^\{\{\s*([a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*){0,3})\s*\}\}/

/** Deeper lists are no longer readable, and cost the layout dear. */
const deepest = 6

/**
 * Headings, lists, tables, quotes, bold and italic; `---` draws a line, `[[page]]` in a paragraph of its own begins a page. There are no
 * links, pictures, HTML or code: a contract says all it says on paper.
 */
const reader = new MarkdownIt('zero', { html: false, linkify: false, typographer: false })
  .enable(['table', 'blockquote', 'hr', 'list', 'heading', 'newline', 'escape', 'emphasis'])
  .enable(['balance_pairs', 'fragments_join', 'text_join'])
// Four blanks are no code here: people indent.
reader.inline.ruler.before('newline', 'merge', (state, silent) => {
  if (state.src.charCodeAt(state.pos) !== 0x7b) return false
  const match = mergePattern.exec(state.src.slice(state.pos, state.pos + 200))
  if (match === null) return false
  if (!silent) state.push('merge', '', 0).content = match[1] ?? ''
  state.pos += match[0].length
  return true
})
reader.inline.ruler.before('newline', 'field', (state, silent) => {
  if (state.src.charCodeAt(state.pos) !== 0x5b) return false
  const rest = state.src.slice(state.pos, state.pos + 2600)
  const match = tagPattern.exec(rest)
  const tag = match === null ? undefined : readTag(match)
  if (match === null || tag === undefined) return false
  if (!silent) state.push('field', '', 0).meta = tag
  state.pos += match[0].length
  return true
})

/** The safe tree of a Markdown text. Any text has one: what is no markup stands there as it was typed. */
export function parseMarkdown(source: string): ParsedText {
  const walker = new Walker(reader.parse(source, {}))
  return { blocks: walker.blocks(undefined, 0), merges: walker.merges, tags: walker.tags }
}

/** One line with merge fields (a title): no blocks. */
export function parseLine(source: string): {
  readonly inlines: readonly Inline[]
  readonly merges: ReadonlySet<string>
  readonly tags: readonly FieldTag[]
} {
  const walker = new Walker([])
  const inlines = walker.inlines(reader.parseInline(source.replace(/\s+/g, ' ').trim(), {})[0]?.children ?? [])
  return { inlines, merges: walker.merges, tags: walker.tags }
}

class Walker {
  readonly merges = new Set<string>()
  readonly tags: FieldTag[] = []
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  blocks(until: string | undefined, depth: number): Block[] {
    const found: Block[] = []
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at]
      this.#at += 1
      if (token === undefined || token.type === until) break
      const block = this.#block(token, depth)
      if (block !== undefined) found.push(block)
    }
    return found
  }

  #block(token: Token, depth: number): Block | undefined {
    switch (token.type) {
      case 'paragraph_open':
        return this.#paragraph()
      case 'heading_open':
        return { t: 'heading', level: Number(token.tag.slice(1)), c: this.#inlineUntil('heading_close') }
      case 'bullet_list_open':
      case 'ordered_list_open':
        return this.#list(token, depth)
      case 'blockquote_open': {
        const inner = this.blocks('blockquote_close', depth + 1)
        return depth >= deepest ? undefined : { t: 'quote', c: inner }
      }
      case 'table_open':
        return this.#table()
      case 'hr':
        return { t: 'rule' }
      case 'inline':
        return { t: 'paragraph', c: this.inlines(token.children ?? []) }
      default:
        return undefined
    }
  }

  #paragraph(): Block {
    const inlines = this.#inlineUntil('paragraph_close')
    const [only] = inlines
    if (inlines.length === 1 && only?.t === 'text' && only.v.trim() === '[[page]]') return { t: 'page-break' }
    return { t: 'paragraph', c: inlines }
  }

  #list(open: Token, depth: number): Block {
    const ordered = open.type === 'ordered_list_open'
    const items: Block[][] = []
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at]
      this.#at += 1
      if (token === undefined || token.type === (ordered ? 'ordered_list_close' : 'bullet_list_close')) break
      if (token.type === 'list_item_open') items.push(this.blocks('list_item_close', depth + 1))
    }
    return { t: 'list', ordered, start: Math.min(Number(open.attrGet('start') ?? 1), 9999), items }
  }

  #table(): Block {
    const align: string[] = []
    const head: Inline[][] = []
    const rows: Inline[][][] = []
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at]
      this.#at += 1
      if (token === undefined || token.type === 'table_close') break
      if (token.type === 'th_open') {
        align.push(/text-align:(\w+)/.exec(token.attrGet('style') ?? '')?.[1] ?? 'start')
        head.push(this.#inlineUntil('th_close'))
      } else if (token.type === 'tr_open') rows.push([])
      else if (token.type === 'td_open') rows.at(-1)?.push(this.#inlineUntil('td_close'))
    }
    // The row of the head has no cells of the body.
    return { t: 'table', align, head, rows: rows.slice(1) }
  }

  #inlineUntil(close: string): Inline[] {
    const found: Inline[] = []
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at]
      this.#at += 1
      if (token === undefined || token.type === close) break
      if (token.type === 'inline') found.push(...this.inlines(token.children ?? []))
    }
    return found
  }

  inlines(tokens: readonly Token[]): Inline[] {
    const stack: Inline[][] = [[]]
    const add = (inline: Inline): void => {
      stack.at(-1)?.push(inline)
    }
    for (const token of tokens) {
      switch (token.type) {
        case 'strong_open':
        case 'em_open':
          stack.push([])
          break
        case 'strong_close':
        case 'em_close': {
          const inner = stack.pop() ?? []
          add({ t: token.type === 'strong_close' ? 'strong' : 'em', c: inner })
          break
        }
        case 'softbreak':
          add({ t: 'text', v: ' ' })
          break
        case 'hardbreak':
          add({ t: 'break' })
          break
        case 'merge':
          this.merges.add(token.content)
          add({ t: 'merge', name: token.content })
          break
        case 'field': {
          // Boundary: `meta` is what the rule above put there.
          const tag = token.meta as FieldTag
          this.tags.push(tag)
          add({ t: 'box', label: boxLabel(tag), kind: tag.type, ...boxOf(tag.type) })
          break
        }
        default:
          if (token.content !== '') add({ t: 'text', v: token.content })
      }
    }
    return stack[0] ?? []
  }
}
