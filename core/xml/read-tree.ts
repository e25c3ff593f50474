import { Fault } from '../i18n/fault.js'
import { NamespaceScope, emptyScope, xmlNamespace, type TreeAttribute, type TreeElement, type TreeNode, type Tree } from './tree.js'

/** How large a tree may be. */
export interface TreeLimits {
  readonly maxDepth: number
  readonly maxNodes: number
}

/** Far above every real document, far below what fills the memory. */
const defaultTreeLimits: TreeLimits = { maxDepth: 128, maxNodes: 600_000 }

/** Names of XML 1.0 (fifth edition), productions 4 and 4a, without the colon, which namespaces take for themselves. */
const start =
  'A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}'
const part = `[${start}][${start}0-9.\\-\\u00B7\\u0300-\\u036F\\u203F\\u2040]*`
// The ranges are those of the standard, joiners and combining marks among them.
// eslint-disable-next-line no-misleading-character-class, regexp/prefer-w
const qualifiedName = new RegExp(`(${part})(?::(${part}))?`, 'uy')
const forbidden = /[\u0000-\u0008\v\f\u000e-\u001f\ufffe\uffff]/u
const namedReferences: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])

/**
 * Reads XML 1.0 with namespaces into plain data that keeps the place of every element, so that signatures can be checked and
 * spliced without rewriting a byte. A document type declaration is refused, so only the five named references exist. Anything
 * not well-formed is refused; nothing is repaired.
 * @param source decoded text; a byte order mark may stand first
 * @throws Fault XML-DOCTYPE, XML-TOO-DEEP, XML-TOO-LARGE, XML-MALFORMED
 */
export function readTree(source: string, limits: TreeLimits = defaultTreeLimits): Tree {
  return new TreeReader(source, limits).read()
}

class TreeReader {
  private at = 0
  private nodes = 0

  constructor(
    private readonly source: string,
    private readonly limits: TreeLimits,
  ) {}

  private malformed(reason: string): Fault {
    return new Fault('XML-MALFORMED', { params: { at: this.at, reason }, status: 400 })
  }

  read(): Tree {
    const { source } = this
    const bad = forbidden.exec(source)
    if (bad !== null) {
      this.at = bad.index
      throw this.malformed('character')
    }
    if (source.charCodeAt(0) === 0xfeff) this.at = 1
    this.declaration()
    const before = this.outside()
    if (source[this.at] !== '<') throw this.malformed('no root')
    const root = this.elements()
    const after = this.outside()
    if (this.at !== source.length) throw this.malformed('after the root')
    return { source, root, before, after }
  }

  private declaration(): void {
    const found = /^<\?xml[ \t\r\n](?<rest>[^?]*)\?>/u.exec(this.source.slice(this.at, this.at + 300))
    if (found === null) return
    // XML 1.1 has other line ends and other characters: the same bytes would be another document.
    if (!/^\s*version\s*=\s*(?:"1\.0"|'1\.0')/u.test(found.groups?.['rest'] ?? '')) throw this.malformed('version')
    this.at += found[0].length
  }

  private count(): void {
    if (++this.nodes > this.limits.maxNodes)
      throw new Fault('XML-TOO-LARGE', { params: { size: this.nodes, limit: this.limits.maxNodes }, status: 413 })
  }

  /** Comments, instructions and white space where no element is open. */
  private outside(): TreeNode[] {
    const found: TreeNode[] = []
    for (;;) {
      while (isSpace(this.source.charCodeAt(this.at))) this.at++
      const node = this.miscellaneous()
      if (node === undefined) return found
      found.push(node)
    }
  }

  private until(mark: string, from: number): string {
    const end = this.source.indexOf(mark, from)
    if (end === -1) throw this.malformed(`no ${mark}`)
    this.at = end + mark.length
    return this.source.slice(from, end)
  }

  private miscellaneous(): TreeNode | undefined {
    const { source, at } = this
    if (source.startsWith('<!--', at)) {
      this.count()
      const text = this.until('--', at + 4)
      if (source[this.at] !== '>') throw this.malformed('-- in a comment')
      this.at++
      return { kind: 'comment', text: normalLines(text) }
    }
    if (source.startsWith('<?', at)) {
      this.count()
      this.at = at + 2
      const [prefix, target] = this.name()
      if (prefix !== '' || target.toLowerCase() === 'xml') throw this.malformed('instruction')
      const rest = this.until('?>', this.at)
      if (rest !== '' && !isSpace(rest.charCodeAt(0))) throw this.malformed('instruction')
      return { kind: 'instruction', target, data: normalLines(rest.replace(/^[ \t\r\n]+/u, '')) }
    }
    if (source.startsWith('<!DOCTYPE', at)) throw new Fault('XML-DOCTYPE', { params: { at }, status: 400 })
    return undefined
  }

  /** A qualified name: prefix (empty without a colon) and local part. */
  private name(): readonly [prefix: string, local: string] {
    const { source, at } = this
    // Nearly all names are ASCII, and looking at them one by one is several times faster than the pattern.
    let colon = -1
    let end = at
    let code = source.charCodeAt(end)
    if (isLetter(code)) {
      while (isLetter(code) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || (code === 0x3a && colon === -1)) {
        if (code === 0x3a) {
          colon = end
          if (!isLetter(source.charCodeAt(end + 1))) break
        }
        code = source.charCodeAt(++end)
      }
      if (code !== 0x3a && !(code >= 0x80)) {
        this.at = end
        return colon === -1 ? ['', source.slice(at, end)] : [source.slice(at, colon), source.slice(colon + 1, end)]
      }
    }
    qualifiedName.lastIndex = at
    const [whole, first = '', second] = qualifiedName.exec(source) ?? []
    if (whole === undefined) throw this.malformed('name')
    this.at += whole.length
    return second === undefined ? ['', first] : [first, second]
  }

  private elements(): TreeElement {
    const { source } = this
    const root = this.startTag(undefined)
    let open: TreeElement | undefined = root.empty ? undefined : root.element
    let depth = 1
    while (open !== undefined) {
      const next = source.indexOf('<', this.at)
      if (next === -1) throw this.malformed('element not closed')
      if (next > this.at) {
        this.count()
        const text = source.slice(this.at, next)
        if (text.includes(']]>')) throw this.malformed(']]>')
        open.children.push({ kind: 'text', text: this.resolve(normalLines(text)) })
        this.at = next
      }
      const second = source[next + 1]
      if (second === '/') {
        this.at = next + 2
        const [prefix, name] = this.name()
        if (prefix !== open.prefix || name !== open.local) throw this.malformed('end tag')
        while (isSpace(source.charCodeAt(this.at))) this.at++
        if (source[this.at] !== '>') throw this.malformed('end tag')
        this.at++
        open.contentEnd = next
        open.end = this.at
        open = open.parent
        depth--
      } else if (source.startsWith('<![CDATA[', next)) {
        this.count()
        open.children.push({ kind: 'text', text: normalLines(this.until(']]>', next + 9)) })
      } else {
        const other = this.miscellaneous()
        if (other !== undefined) open.children.push(other)
        else {
          if (depth >= this.limits.maxDepth) throw new Fault('XML-TOO-DEEP', { params: { limit: this.limits.maxDepth }, status: 400 })
          const child = this.startTag(open)
          open.children.push(child.element)
          if (!child.empty) {
            open = child.element
            depth++
          }
        }
      }
    }
    return root.element
  }

  private startTag(parent: TreeElement | undefined): { element: TreeElement; empty: boolean } {
    this.count()
    const { source } = this
    const begin = this.at
    this.at++
    const [prefix, local] = this.name()
    const written: { prefix: string; local: string; value: string }[] = []
    let declared: Map<string, string> | undefined
    for (;;) {
      const spaceFrom = this.at
      while (isSpace(source.charCodeAt(this.at))) this.at++
      const sign = source[this.at]
      if (sign === '>' || sign === '/') break
      if (this.at === spaceFrom) throw this.malformed('space between attributes')
      const [before, attribute] = this.name()
      const value = this.attributeValue()
      if (before === 'xmlns' || (before === '' && attribute === 'xmlns')) {
        const name = before === 'xmlns' ? attribute : ''
        this.checkDeclaration(name, value)
        declared ??= new Map<string, string>()
        if (declared.has(name)) throw this.malformed('namespace declared twice')
        declared.set(name, value)
      } else written.push({ prefix: before, local: attribute, value })
      this.count()
    }
    const empty = source[this.at] === '/'
    if (empty && source[this.at + 1] !== '>') throw this.malformed('start tag')
    this.at += empty ? 2 : 1
    const inherited = parent?.scope ?? emptyScope
    const scope = declared === undefined ? inherited : new NamespaceScope(inherited, declared)
    const element: TreeElement = {
      kind: 'element',
      prefix,
      local,
      namespace: this.namespaceOf(prefix, scope, true),
      attributes: this.attributesOf(written, scope),
      scope,
      children: [],
      parent,
      start: begin,
      contentStart: this.at,
      contentEnd: this.at,
      end: this.at,
    }
    return { element, empty }
  }

  private attributesOf(written: readonly { prefix: string; local: string; value: string }[], scope: NamespaceScope) {
    if (written.length === 0) return noAttributes
    const seen = new Set<string>()
    return written.map((attribute) => {
      const namespace = this.namespaceOf(attribute.prefix, scope, false)
      const name = `${namespace} ${attribute.local}`
      if (seen.has(name)) throw this.malformed('attribute twice')
      seen.add(name)
      return { ...attribute, namespace }
    })
  }

  /** Namespaces in XML 1.0, section 3: xml and xmlns are bound for good, and no prefix is undeclared. */
  private checkDeclaration(prefix: string, uri: string): void {
    const wrong =
      prefix === 'xmlns' ||
      uri === 'http://www.w3.org/2000/xmlns/' ||
      (prefix === 'xml') !== (uri === xmlNamespace) ||
      (prefix !== '' && uri === '')
    if (wrong) throw this.malformed('namespace declaration')
  }

  private namespaceOf(prefix: string, scope: NamespaceScope, element: boolean): string {
    if (prefix === '') return element ? (scope.get('') ?? '') : ''
    if (prefix === 'xml') return xmlNamespace
    const uri = scope.get(prefix)
    if (uri === undefined) throw this.malformed(`prefix ${prefix}`)
    return uri
  }

  private attributeValue(): string {
    const { source } = this
    while (isSpace(source.charCodeAt(this.at))) this.at++
    if (source[this.at] !== '=') throw this.malformed('attribute')
    this.at++
    while (isSpace(source.charCodeAt(this.at))) this.at++
    const quote = source[this.at]
    if (quote !== '"' && quote !== "'") throw this.malformed('attribute')
    const value = this.until(quote, this.at + 1)
    if (value.includes('<')) throw this.malformed('< in an attribute')
    // Line ends first, then each white space is a space; a character reference stays what it names.
    return this.resolve(/[\t\n\r]/.test(value) ? normalLines(value).replaceAll('\n', ' ').replaceAll('\t', ' ') : value)
  }

  /** Puts characters in the place of references. */
  private resolve(text: string): string {
    let at = text.indexOf('&')
    if (at === -1) return text
    const pieces: string[] = []
    let from = 0
    for (; at !== -1; at = text.indexOf('&', from)) {
      const end = text.indexOf(';', at)
      if (end === -1 || end > at + 12) throw this.malformed('reference')
      pieces.push(text.slice(from, at), this.character(text.slice(at + 1, end)))
      from = end + 1
    }
    pieces.push(text.slice(from))
    return pieces.join('')
  }

  private character(body: string): string {
    const named = namedReferences.get(body)
    if (named !== undefined) return named
    const number = /^#(?:x(?<hex>[0-9A-Fa-f]{1,8})|(?<decimal>\d{1,9}))$/.exec(body)
    if (number === null) throw this.malformed(`reference ${body}`)
    const { hex, decimal } = number.groups ?? {}
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    if (!isCharacter(point)) throw this.malformed('character reference')
    return String.fromCodePoint(point)
  }
}

const noAttributes: readonly TreeAttribute[] = []

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** Production Char of XML 1.0. */
function isCharacter(point: number): boolean {
  return (
    point === 0x9 ||
    point === 0xa ||
    point === 0xd ||
    (point >= 0x20 && point <= 0xd7ff) ||
    (point >= 0xe000 && point <= 0xfffd) ||
    (point >= 0x1_0000 && point <= 0x10_ffff)
  )
}

/** Line ends as XML 1.0 section 2.11 has them. Splitting is half the cost of replacing where a file is made of nothing else. */
function normalLines(text: string): string {
  return text.includes('\r') ? text.split('\r\n').join('\n').split('\r').join('\n') : text
}
