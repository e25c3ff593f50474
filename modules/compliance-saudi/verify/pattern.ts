import type { XmlNode } from '../../../core/xml/read-xml.js'

/** What an element must look like: prefixes and white space between elements aside, nothing more and nothing less. */
export interface Pattern {
  readonly namespace: string
  readonly local: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly children?: readonly Pattern[]
  /** Exact text (white space around it aside). */
  readonly text?: string
  /** Any text, kept under this name. */
  readonly capture?: string
}

/** White space of XML 1.0; `trim()` would also take characters that are text there. */
export function trimXml(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isSpace(text.charCodeAt(from))) from += 1
  while (to > from && isSpace(text.charCodeAt(to - 1))) to -= 1
  return text.slice(from, to)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

/**
 * Compares an element with a pattern.
 * @returns the path of the first thing that differs, or undefined; captured texts go into `captured`
 */
export function mismatch(node: XmlNode, pattern: Pattern, captured: Map<string, string>, path = ''): string | undefined {
  const here = `${path}/${pattern.local}`
  if (node.namespace !== pattern.namespace || node.local !== pattern.local) return here
  const expected = Object.entries(pattern.attributes ?? {})
  if (node.attributes.length !== expected.length) return `${here}/@`
  for (const [name, value] of expected) {
    const attribute = node.attributes.find((one) => one.name === name && one.namespace === '')
    if (attribute?.value !== value) return `${here}/@${name}`
  }
  const children = pattern.children ?? []
  const text = trimXml(node.text)
  if (pattern.capture !== undefined) captured.set(pattern.capture, text)
  else if (text !== (pattern.text ?? '')) return here
  if (node.children.length !== children.length) return here
  for (const [index, child] of children.entries()) {
    const found = node.children[index]
    const difference = found === undefined ? here : mismatch(found, child, captured, here)
    if (difference !== undefined) return difference
  }
  return undefined
}
