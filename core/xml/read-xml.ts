import { ParseOption, XmlC14NMode, XmlCData, XmlDocument, XmlElement, XmlError, XmlLibError, XmlText } from 'libxml2-wasm'
import { Fault } from '../i18n/fault.js'
import { defaultScanLimits, scanElements, type ScanLimits } from './scan.js'
import { readTree } from './read-tree.js'
import type { Tree } from './tree.js'

/** An element of foreign XML as plain data: nothing of the parser's memory is held. */
export interface XmlNode {
  readonly namespace: string
  readonly local: string
  readonly attributes: readonly { readonly namespace: string; readonly name: string; readonly value: string }[]
  readonly children: readonly XmlNode[]
  /** Own text (all text and CDATA children, joined), not that of children. */
  readonly text: string
}

export { XmlElement } from 'libxml2-wasm'

/**
 * Parses XML from outside and hands the document to `work`; the parser's memory is given back whatever happens. UTF-8 only, no
 * DOCTYPE, no entities beyond the five, nothing fetched, size, depth and number of elements capped, no id twice.
 * @throws Fault XML-TOO-LARGE, XML-TOO-DEEP, XML-DOCTYPE, XML-ENCODING, XML-MALFORMED, XML-DUPLICATE-ID
 */
export function withXml<Result>(
  bytes: Uint8Array,
  work: (document: XmlDocument) => Result,
  limits: ScanLimits = defaultScanLimits,
): Result {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  decodeXml(buffer)
  scanElements(buffer, limits)
  const document = parse(buffer)
  try {
    refuseDuplicateIds(document.root)
    return work(document)
  } catch (error) {
    // What parses may still have no canonical form: a relative namespace, say.
    if (error instanceof XmlError) throw new Fault('XML-MALFORMED', { params: { at: 0, reason: error.message }, status: 400, cause: error })
    throw error
  } finally {
    document.dispose()
  }
}

function parse(buffer: Buffer): XmlDocument {
  try {
    return XmlDocument.fromBuffer(buffer, {
      option: ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_SYS_CATALOG,
    })
  } catch (error) {
    // An abort inside WebAssembly is a RuntimeError: the input is refused, the process lives.
    if (!(error instanceof XmlLibError || error instanceof WebAssembly.RuntimeError)) throw error
    const detail = error instanceof XmlLibError ? error.details[0] : undefined
    throw new Fault('XML-MALFORMED', {
      params: { at: detail?.line ?? 0, reason: detail?.message.trim() ?? 'parse' },
      status: 400,
      cause: error,
    })
  }
}

/** Bytes of the largest XML file whose signatures are looked at: a trusted list has several megabytes. */
const maximumSignedXml = 16 * 1024 * 1024

/**
 * Reads XML from outside into a tree of our own, after libxml2 has found it well-formed: what one of the two readers refuses is
 * refused, so that nothing is judged here which another program would read differently.
 * @throws Fault XML-TOO-LARGE, XML-TOO-DEEP, XML-DOCTYPE, XML-ENCODING, XML-MALFORMED
 */
export function readSignedTree(bytes: Uint8Array): Tree {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length > maximumSignedXml)
    throw new Fault('XML-TOO-LARGE', { params: { size: buffer.length, limit: maximumSignedXml }, status: 413 })
  // Our reader goes first: it knows no entities, so libxml2 never sees a document type declaration.
  const tree = readTree(decodeXml(buffer))
  parse(buffer).dispose()
  return tree
}

/**
 * The text of an XML file: UTF-8 only, a byte order mark is kept as its first character.
 * @throws Fault XML-ENCODING
 */
export function decodeXml(bytes: Buffer): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new Fault('XML-ENCODING', { status: 400, cause: error })
  }
  const declared = /^(?:\ufeff|\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*["']([^"']*)["']/.exec(bytes.toString('latin1', 0, 200))?.[1]
  if (declared !== undefined && !/^(?:utf-8|us-ascii)$/i.test(declared))
    throw new Fault('XML-ENCODING', { params: { encoding: declared }, status: 400 })
  return text
}

/** Every element below and including this one, in document order. */
export function* elementsOf(element: XmlElement): Generator<XmlElement> {
  yield element
  for (let child = element.firstChild; child !== null; child = child.next) if (child instanceof XmlElement) yield* elementsOf(child)
}

/** Signature wrapping lives on ids that stand twice: refused before anybody resolves one. */
function refuseDuplicateIds(root: XmlElement): void {
  const seen = new Set<string>()
  for (const element of elementsOf(root)) {
    for (const attribute of element.attrs) {
      if (!/^id$/i.test(attribute.name)) continue
      if (seen.has(attribute.value)) throw new Fault('XML-DUPLICATE-ID', { params: { id: attribute.value }, status: 400 })
      seen.add(attribute.value)
    }
  }
}

/** The element as plain data. */
export function toNode(element: XmlElement): XmlNode {
  const children: XmlNode[] = []
  let text = ''
  for (let child = element.firstChild; child !== null; child = child.next) {
    if (child instanceof XmlElement) children.push(toNode(child))
    else if (child instanceof XmlText || child instanceof XmlCData) text += child.content
  }
  return {
    namespace: element.namespaceUri,
    local: element.name,
    attributes: element.attrs.map((attribute) => ({ namespace: attribute.namespaceUri, name: attribute.name, value: attribute.value })),
    children,
    text,
  }
}

/** Canonical XML 1.1 without comments, of the document as it stands now. */
export function canonical11(document: XmlDocument): Buffer {
  return Buffer.from(document.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_1_1, withComments: false }), 'utf8')
}

/** Exclusive Canonical XML 1.0 without comments, of one element. */
export function exclusiveCanonical(element: XmlElement): string {
  return element.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0, withComments: false })
}
