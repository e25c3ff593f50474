/** An attribute that is no namespace declaration. */
export interface TreeAttribute {
  readonly prefix: string
  readonly local: string
  readonly namespace: string
  /** Normalised as XML 1.0 section 3.3.3 says for CDATA attributes. */
  readonly value: string
}

/**
 * Prefixes and their namespaces at one place; the empty prefix is the default namespace. A chain and not a copy for each
 * element: a file of many declarations must not cost their product.
 */
export class NamespaceScope {
  constructor(
    readonly parent: NamespaceScope | undefined,
    /** Declared here. */
    readonly own: ReadonlyMap<string, string>,
  ) {}

  /** The namespace that the prefix means here; '' is the default one. Undefined: not declared. */
  get(prefix: string): string | undefined {
    const uri = this.own.get(prefix)
    return uri ?? this.parent?.get(prefix)
  }

  /** All that is in scope, each prefix as declared nearest. */
  all(): Map<string, string> {
    return new Map([...(this.parent?.all() ?? []), ...this.own])
  }
}

/** Nothing declared: the scope outside the root. */
export const emptyScope = new NamespaceScope(undefined, new Map())

/** An element, with its place in the text. */
export interface TreeElement {
  readonly kind: 'element'
  readonly prefix: string
  readonly local: string
  readonly namespace: string
  readonly attributes: readonly TreeAttribute[]
  /** The very object of the parent where nothing was declared. */
  readonly scope: NamespaceScope
  readonly children: TreeNode[]
  readonly parent: TreeElement | undefined
  /** Place in the decoded text (UTF-16 units): `<` of the start tag, after its `>`, `<` of the end tag, after the last `>`. */
  readonly start: number
  contentStart: number
  contentEnd: number
  end: number
}

/** What can stand inside an element. */
export type TreeNode =
  | TreeElement
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'instruction'; readonly target: string; readonly data: string }

/** A document in memory. */
export interface Tree {
  /** The whole document as text; offsets of elements point into it. */
  readonly source: string
  readonly root: TreeElement
  /** Comments and instructions outside the root, in order. */
  readonly before: readonly TreeNode[]
  readonly after: readonly TreeNode[]
}

/** What the prefix `xml` means without declaration (Namespaces in XML 1.0, clause 3). */
export const xmlNamespace = 'http://www.w3.org/XML/1998/namespace'

/** Every element below and including this one, in document order. */
export function treeElements(element: TreeElement): TreeElement[] {
  const found: TreeElement[] = []
  const waiting = [element]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    found.push(next)
    for (let index = next.children.length - 1; index >= 0; index--) {
      const child = next.children[index]
      if (child?.kind === 'element') waiting.push(child)
    }
  }
  return found
}

/** Children that are elements. */
export function childElements(element: TreeElement): TreeElement[] {
  return element.children.filter((child) => child.kind === 'element')
}

/** Is `element` this ancestor or anywhere inside it? */
export function isWithin(element: TreeElement, ancestor: TreeElement): boolean {
  for (let at: TreeElement | undefined = element; at !== undefined; at = at.parent) if (at === ancestor) return true
  return false
}
