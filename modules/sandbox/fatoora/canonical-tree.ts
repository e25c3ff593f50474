import type { Buffer } from 'node:buffer'
import { ParseOption, XmlC14NMode, XmlDocument } from 'libxml2-wasm'

/** An element of a canonicalised document: prefixes resolved, text joined. */
export interface Element {
  readonly namespace: string
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly Element[]
  /** Character data directly inside, comments and CDATA marks gone. */
  readonly text: string
}

export interface ReadDocument {
  readonly root: Element
  /** C14N 1.1 of the document without extensions, stamp and QR: what the invoice hash is over. */
  readonly hashed: string
  /** Exclusive C14N of each xades:SignedProperties. */
  readonly signedProperties: readonly string[]
}

export class NotXml extends Error {}

const removed =
  "/*/*[local-name()='UBLExtensions' or local-name()='Signature'" +
  " or (local-name()='AdditionalDocumentReference' and normalize-space(*[local-name()='ID'])='QR')]"

/**
 * Parses a foreign document safely: UTF-8 only, no document type, no entities but the five of XML, nothing fetched.
 * @throws NotXml
 */
export function readDocument(bytes: Buffer): ReadDocument {
  if (bytes.includes('<!DOCTYPE') || bytes.includes('<!ENTITY')) throw new NotXml('a document type is not allowed')
  const head = bytes.subarray(0, 200).toString('latin1')
  const encoding = /^(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*encoding=["']([^"']+)["']/.exec(head)?.[1]
  if (encoding !== undefined && encoding.toUpperCase() !== 'UTF-8') throw new NotXml('the encoding must be UTF-8')
  let document: XmlDocument
  try {
    document = XmlDocument.fromBuffer(bytes, { option: ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_XXE })
  } catch (error) {
    throw new NotXml(error instanceof Error ? error.message : 'not well-formed')
  }
  try {
    if (document.dtd !== null) throw new NotXml('a document type is not allowed')
    const root = treeOf(document.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_1_1 }))
    const signedProperties = document
      .find('//xades:SignedProperties', { xades: 'http://uri.etsi.org/01903/v1.3.2#' })
      .map((node) => node.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 }))
    for (const node of document.find(removed)) node.remove()
    return { root, signedProperties, hashed: document.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_1_1 }) }
  } finally {
    document.dispose()
  }
}

interface Open {
  readonly element: Element & { readonly children: Element[] }
  readonly texts: string[]
  readonly scope: ReadonlyMap<string, string>
}

/**
 * Tree of a canonical document. Canonical form leaves only start tags with double-quoted attributes, end tags, processing
 * instructions and character data, so this short reader is complete for it.
 */
function treeOf(canonical: string): Element {
  const stack: Open[] = []
  let root: Element | undefined
  let position = 0
  while (position < canonical.length) {
    const start = canonical.indexOf('<', position)
    const top = stack.at(-1)
    if (start !== position) top?.texts.push(unescape(canonical.slice(position, start === -1 ? canonical.length : start)))
    if (start === -1) break
    if (canonical[start + 1] === '?') {
      position = canonical.indexOf('?>', start) + 2
      continue
    }
    if (canonical[start + 1] === '/') {
      position = canonical.indexOf('>', start) + 1
      const closed = stack.pop()
      if (closed === undefined) break
      const element: Element = { ...closed.element, text: closed.texts.join('') }
      const parent = stack.at(-1)
      if (parent === undefined) root = element
      else parent.element.children.push(element)
      continue
    }
    const end = endOfTag(canonical, start)
    stack.push(openOf(canonical.slice(start + 1, end), top?.scope ?? new Map()))
    position = end + 1
  }
  if (root === undefined) throw new NotXml('no root element')
  return root
}

/** In canonical form ">" may stand inside an attribute value. */
function endOfTag(canonical: string, start: number): number {
  let quoted = false
  for (let index = start; index < canonical.length; index++) {
    const character = canonical[index]
    if (character === '"') quoted = !quoted
    else if (character === '>' && !quoted) return index
  }
  throw new NotXml('a tag has no end')
}

function openOf(tag: string, outer: ReadonlyMap<string, string>): Open {
  const space = tag.indexOf(' ')
  const qualified = space === -1 ? tag : tag.slice(0, space)
  const attributes = new Map<string, string>()
  let scope = outer
  if (space !== -1) {
    const declared = new Map(outer)
    for (const [, name = '', value = ''] of tag.slice(space).matchAll(/ ([^ =]+)="([^"]*)"/g)) {
      if (name === 'xmlns') declared.set('', unescape(value))
      else if (name.startsWith('xmlns:')) declared.set(name.slice(6), unescape(value))
      else attributes.set(name, unescape(value))
    }
    scope = declared
  }
  const colon = qualified.indexOf(':')
  const namespace = scope.get(colon === -1 ? '' : qualified.slice(0, colon)) ?? ''
  return { element: { namespace, name: qualified.slice(colon + 1), attributes, children: [], text: '' }, texts: [], scope }
}

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#xD;': '\r',
  '&#xA;': '\n',
  '&#x9;': '\t',
}

function unescape(text: string): string {
  return text.includes('&') ? text.replace(/&(?:amp|lt|gt|quot|#xD|#xA|#x9);/g, (entity) => entities[entity] ?? entity) : text
}

/** Direct children of one local name. */
export function all(element: Element | undefined, name: string): Element[] {
  return element?.children.filter((child) => child.name === name) ?? []
}

/** First element along a path of local names: `find(root, 'LegalMonetaryTotal/PayableAmount')`. */
export function find(element: Element | undefined, path: string): Element | undefined {
  let current = element
  for (const name of path.split('/')) current = current?.children.find((child) => child.name === name)
  return current
}

/** Trimmed text along a path; undefined when the element is missing or empty. */
export function textAt(element: Element | undefined, path: string): string | undefined {
  const text = find(element, path)?.text.trim()
  return text === '' ? undefined : text
}

/** Every element below with one local name, in document order. */
export function descendants(element: Element, name: string): Element[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...descendants(child, name)])
}
