import { Fault } from '../i18n/fault.js'
import { emptyScope, NamespaceScope, xmlNamespace, type Tree, type TreeAttribute, type TreeElement, type TreeNode } from './tree.js'

/** Canonical XML 1.0 and 1.1 (inclusive), Exclusive XML Canonicalization 1.0. */
export type CanonicalMethod = 'c14n10' | 'c14n11' | 'exclusive'

/** Which canonical form, of which part. */
export interface CanonicalOptions {
  readonly method: CanonicalMethod
  /** Without comments unless told. */
  readonly comments?: boolean
  /** InclusiveNamespaces PrefixList of the exclusive method; the empty prefix is `#default`. */
  readonly prefixes?: readonly string[]
  /** Left out with everything inside: what the enveloped-signature transform does. */
  readonly without?: TreeElement
}

/**
 * Characters of one canonical form. Exclusive canonicalisation writes a namespace again and again: a small file could ask for
 * gigabytes.
 */
const maximumLength = 64 * 1024 * 1024

/**
 * Canonical form of one element with its content, as W3C xml-c14n, xml-c14n11 and xml-exc-c14n say of a document subset that is
 * a whole subtree. Canonical XML 1.1 joins xml:base of ancestors; such a subset is refused rather than approximated.
 * @throws Fault XML-NAMESPACE-RELATIVE (xml-c14n 4.8), XML-CANONICAL-BASE
 */
export function canonicalElement(element: TreeElement, options: CanonicalOptions): string {
  const form = new CanonicalForm(options)
  form.apex(element)
  return form.finish()
}

/** Canonical form of the whole document: comments and instructions outside the root stand on lines of their own. */
export function canonicalDocument(tree: Tree, options: CanonicalOptions): string {
  const form = new CanonicalForm(options)
  for (const node of tree.before) form.outside(node, 'before')
  form.apex(tree.root)
  for (const node of tree.after) form.outside(node, 'after')
  return form.finish()
}

class CanonicalForm {
  private readonly exclusive: boolean
  private readonly listed: ReadonlySet<string>
  private length = 0
  private readonly written: string[] = []

  constructor(private readonly options: CanonicalOptions) {
    this.exclusive = options.method === 'exclusive'
    this.listed = new Set(this.exclusive ? options.prefixes : [])
  }

  finish(): string {
    return this.written.join('')
  }

  apex(element: TreeElement): void {
    if (element !== this.options.without) this.element(element, emptyScope, true)
  }

  /** A comment or instruction beside the root, on a line of its own. */
  outside(node: TreeNode, place: 'before' | 'after'): void {
    if (node.kind === 'element' || node.kind === 'text' || (node.kind === 'comment' && this.options.comments !== true)) return
    if (place === 'after') this.write('\n')
    this.node(node, emptyScope)
    if (place === 'before') this.write('\n')
  }

  private node(node: TreeNode, rendered: NamespaceScope): void {
    switch (node.kind) {
      case 'text':
        this.write(canonicalText(node.text))
        break
      case 'comment':
        if (this.options.comments === true) this.write(`<!--${node.text}-->`)
        break
      case 'instruction':
        this.write(node.data === '' ? `<?${node.target}?>` : `<?${node.target} ${node.data}?>`)
        break
      case 'element':
        if (node !== this.options.without) this.element(node, rendered, false)
    }
  }

  private write(text: string): void {
    this.length += text.length
    if (this.length > maximumLength) throw new Fault('XML-TOO-LARGE', { params: { size: this.length, limit: maximumLength }, status: 413 })
    this.written.push(text)
  }

  private element(element: TreeElement, above: NamespaceScope, apex: boolean): void {
    const name = element.prefix === '' ? element.local : `${element.prefix}:${element.local}`
    const inherited = apex && !this.exclusive ? this.inheritedAttributes(element) : []
    const attributes = inherited.length === 0 ? element.attributes : [...inherited, ...element.attributes]
    const fresh = this.exclusive ? this.visiblyUsed(element, above, apex) : inScope(element, above, apex)
    let tag = `<${name}`
    for (const [prefix, uri] of fresh.size > 1 ? [...fresh].sort(([left], [right]) => byCodePoint(left, right)) : fresh) {
      refuseRelative(uri)
      tag += prefix === '' ? ` xmlns="${canonicalAttribute(uri)}"` : ` xmlns:${prefix}="${canonicalAttribute(uri)}"`
    }
    for (const attribute of attributes.length > 1 ? [...attributes].sort(byName) : attributes) {
      const written = attribute.prefix === '' ? attribute.local : `${attribute.prefix}:${attribute.local}`
      tag += ` ${written}="${canonicalAttribute(attribute.value)}"`
    }
    this.write(`${tag}>`)
    const rendered = fresh.size === 0 ? above : new NamespaceScope(above, fresh)
    for (const child of element.children) this.node(child, rendered)
    this.write(`</${name}>`)
  }

  /** Exclusive (xml-exc-c14n section 3): prefixes that element and attributes use themselves, and the listed ones in scope. */
  private visiblyUsed(element: TreeElement, above: NamespaceScope, apex: boolean): ReadonlyMap<string, string> {
    let fresh: Map<string, string> | undefined
    const consider = (prefix: string): void => {
      const uri = element.scope.get(prefix) ?? ''
      if ((uri !== '' || prefix === '') && isFresh(prefix, uri, above)) (fresh ??= new Map<string, string>()).set(prefix, uri)
    }
    consider(element.prefix)
    for (const attribute of element.attributes) if (attribute.prefix !== '') consider(attribute.prefix)
    // Below the apex only what is declared anew can differ from what the parent wrote; a long list costs nothing there.
    if (apex) for (const prefix of this.listed) if (element.scope.get(prefix) !== undefined) consider(prefix)
    if (!apex && this.listed.size > 0 && element.scope !== element.parent?.scope)
      for (const [prefix] of element.scope.own) if (this.listed.has(prefix)) consider(prefix)
    return fresh ?? nothing
  }

  /** xml: attributes of ancestors outside the subset, nearest first (xml-c14n 2.4; xml-c14n11 2.4 inherits lang and space alone). */
  private inheritedAttributes(element: TreeElement): TreeAttribute[] {
    const inherited: TreeAttribute[] = []
    const own = element.attributes.filter((attribute) => attribute.namespace === xmlNamespace)
    const seen = new Set(own.map((attribute) => attribute.local))
    for (let at = element.parent; at !== undefined; at = at.parent) {
      for (const attribute of at.attributes) {
        if (attribute.namespace !== xmlNamespace) continue
        if (this.options.method === 'c14n11') {
          if (attribute.local === 'base') throw new Fault('XML-CANONICAL-BASE', { status: 400 })
          if (attribute.local !== 'lang' && attribute.local !== 'space') continue
        }
        if (!seen.has(attribute.local)) inherited.push(attribute)
        seen.add(attribute.local)
      }
    }
    return inherited
  }
}

const nothing: ReadonlyMap<string, string> = new Map()

/** Inclusive: what is in scope and the nearest ancestor in the output does not have so. Below the apex only what is declared anew. */
function inScope(element: TreeElement, above: NamespaceScope, apex: boolean): ReadonlyMap<string, string> {
  if (!apex && element.scope === element.parent?.scope) return nothing
  const fresh = new Map<string, string>()
  for (const [prefix, uri] of apex ? element.scope.all() : element.scope.own) if (isFresh(prefix, uri, above)) fresh.set(prefix, uri)
  return fresh
}

function isFresh(prefix: string, uri: string, above: NamespaceScope): boolean {
  if (prefix === 'xml') return false
  const known = above.get(prefix)
  return prefix === '' && uri === '' ? known !== undefined && known !== '' : known !== uri
}

/** xml-c14n 4.8: a document with relative namespace names has no canonical form. */
function refuseRelative(uri: string): void {
  if (uri !== '' && !/^[A-Za-z][A-Za-z0-9+.-]*:/u.test(uri))
    throw new Fault('XML-NAMESPACE-RELATIVE', { params: { uri: uri.slice(0, 200) }, status: 400 })
}

function byName(left: TreeAttribute, right: TreeAttribute): number {
  return byCodePoint(left.namespace, right.namespace) || byCodePoint(left.local, right.local)
}

/** Order of UCS code points, which is not that of UTF-16 units above the basic plane. */
function byCodePoint(left: string, right: string): number {
  if (left === right) return 0
  if (/[\ud800-\uffff]/u.test(left + right)) return Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'))
  return left < right ? -1 : 1
}

/** Unlike the writer of our own documents, this keeps a carriage return that a character reference named. */
function canonicalText(text: string): string {
  if (!/[&<>\r]/.test(text)) return text
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;')
}

function canonicalAttribute(value: string): string {
  if (!/[&<"\t\n\r]/.test(value)) return value
  const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
  return escaped.replaceAll('\t', '&#x9;').replaceAll('\n', '&#xA;').replaceAll('\r', '&#xD;')
}
