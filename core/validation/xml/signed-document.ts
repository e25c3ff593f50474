import { Fault } from '../../i18n/fault.js'
import { canonicalDocument, canonicalElement, type CanonicalOptions } from '../../xml/canonical.js'
import { readSignedTree } from '../../xml/read-xml.js'
import { treeElements, isWithin, type Tree, type TreeElement } from '../../xml/tree.js'
import { canonicalMethods, envelopedSignature } from './names.js'
import { refuse } from './refusal.js'
import { isSignatureElement, type WrittenReference, type WrittenTransform } from './signature-structure.js'

/** Where the bytes behind a reference lie. */
export type Referenced =
  /** The whole document, of which its root is what a reader processes. */
  | { readonly kind: 'document'; readonly withoutSignature: boolean }
  | { readonly kind: 'element'; readonly element: TreeElement; readonly withoutSignature: boolean }
  | { readonly kind: 'external'; readonly uri: string }

/** What a reference leads to, and the bytes that are digested. */
export interface Dereferenced {
  readonly what: Referenced
  readonly bytes: Buffer
}

/** Content of detached signatures: the bytes themselves (for the one reference outside), or a way to find them by their URI. */
export type DetachedContent = Uint8Array | ((uri: string) => Uint8Array | undefined)

/** An XML document whose ids are known, with every signature in it. */
export interface SignedDocument {
  readonly tree: Tree
  readonly ids: ReadonlyMap<string, TreeElement>
  readonly signatures: readonly TreeElement[]
}

/**
 * Reads the document once for all its signatures. Any attribute that any reader would take for an id counts as one; a value that
 * stands twice would let two readers find two elements, so such a document is refused.
 * @throws Fault XML-DUPLICATE-ID and those of `readSignedTree`
 */
export function readSignedDocument(bytes: Uint8Array): SignedDocument {
  return indexDocument(readSignedTree(bytes))
}

/**
 * The document with its ids and signatures. Any attribute named Id counts, of whatever case. @throws Fault XML-DUPLICATE-ID (400):
 * which element is signed must not be a guess
 */
export function indexDocument(tree: Tree): SignedDocument {
  const ids = new Map<string, TreeElement>()
  const signatures: TreeElement[] = []
  for (const element of treeElements(tree.root)) {
    if (isSignatureElement(element, 'Signature')) signatures.push(element)
    for (const attribute of element.attributes) {
      if (!/^id$/iu.test(attribute.local)) continue
      if (ids.has(attribute.value)) throw new Fault('XML-DUPLICATE-ID', { params: { id: attribute.value.slice(0, 200) }, status: 400 })
      ids.set(attribute.value, element)
    }
  }
  return { tree, ids, signatures }
}

interface Selection {
  readonly what: Referenced
  /** Undefined: bytes from outside. */
  readonly apex: TreeElement | 'document' | undefined
  readonly comments: boolean
}

/** XML Signature 4.4.3.3: what a URI selects. Same-document references leave comments out unless written as xpointer. */
function select(document: SignedDocument, uri: string): Selection {
  if (uri === '' || uri === '#xpointer(/)')
    return { what: { kind: 'document', withoutSignature: false }, apex: 'document', comments: uri !== '' }
  if (!uri.startsWith('#')) return { what: { kind: 'external', uri }, apex: undefined, comments: false }
  const pointer = /^#xpointer\(id\((?:'(?<single>[^']*)'|"(?<double>[^"]*)")\)\)$/u.exec(uri)
  const id = pointer === null ? uri.slice(1) : (pointer.groups?.['single'] ?? pointer.groups?.['double'] ?? '')
  const element = document.ids.get(id)
  if (element === undefined) throw refuse('SIGNED_DATA_NOT_FOUND', 'VERIFY-XML-REFERENCE', { uri: uri.slice(0, 200) })
  return { what: { kind: 'element', element, withoutSignature: false }, apex: element, comments: pointer !== null }
}

function canonicalOptions(transform: WrittenTransform, comments: boolean, without: TreeElement | undefined): CanonicalOptions {
  const method = canonicalMethods.get(transform.algorithm)
  if (method === undefined) throw refuse('FORMAT_FAILURE', 'VERIFY-XML-TRANSFORM', { algorithm: transform.algorithm.slice(0, 200) })
  return {
    method: method.method,
    comments: method.comments && comments,
    prefixes: transform.prefixes,
    ...(without === undefined ? {} : { without }),
  }
}

/** Canonical form of SignedInfo, SignatureValue: of an element under a written method. */
export function canonicalBytes(element: TreeElement, transform: WrittenTransform): Buffer {
  return Buffer.from(canonicalElement(element, canonicalOptions(transform, true, undefined)), 'utf8')
}

/**
 * The bytes a reference digests (XML Signature 4.4.3.2): only enveloped-signature and one canonicalisation are processed, in
 * that order. XPath, XSLT and base64 would make the signed thing another than the thing that is read.
 * @throws Refusal
 */
export function dereference(
  document: SignedDocument,
  signature: TreeElement,
  reference: Pick<WrittenReference, 'uri' | 'transforms'>,
  content?: DetachedContent,
): Dereferenced {
  if (reference.uri === undefined) throw refuse('SIGNED_DATA_NOT_FOUND', 'VERIFY-XML-REFERENCE', { uri: '' })
  const { apex, comments, what } = select(document, reference.uri)
  let without: TreeElement | undefined
  let canonical: WrittenTransform | undefined
  for (const transform of reference.transforms) {
    const refused = (): Error => refuse('FORMAT_FAILURE', 'VERIFY-XML-TRANSFORM', { algorithm: transform.algorithm.slice(0, 200) })
    // After a canonicalisation there are bytes: no transform of ours follows them.
    if (canonical !== undefined) throw refused()
    if (transform.algorithm === envelopedSignature) {
      if (apex === undefined || without !== undefined) throw refused()
      if (apex !== 'document' && (apex === signature || !isWithin(signature, apex))) throw refused()
      without = signature
    } else if (canonicalMethods.has(transform.algorithm)) canonical = transform
    else throw refused()
  }
  if (apex === undefined) {
    const bytes = external(what.kind === 'external' ? what.uri : '', content)
    return { what, bytes: canonical === undefined ? bytes : canonicalExternal(bytes, canonical) }
  }
  // Without a canonicalisation named, Canonical XML 1.0 turns nodes into bytes (XML Signature 4.4.3.2).
  const options = canonicalOptions(canonical ?? implied, comments, without)
  const text = apex === 'document' ? canonicalDocument(document.tree, options) : canonicalElement(apex, options)
  const found = what.kind === 'external' ? what : { ...what, withoutSignature: without !== undefined }
  return { what: found, bytes: Buffer.from(text, 'utf8') }
}

const implied: WrittenTransform = { algorithm: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315', prefixes: [] }

function external(uri: string, content: DetachedContent | undefined): Buffer {
  const bytes = typeof content === 'function' ? content(uri) : content
  if (bytes === undefined) throw refuse('SIGNED_DATA_NOT_FOUND', 'VERIFY-DETACHED-CONTENT')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Octets parsed again become a node set with comments (XML Signature 4.4.3.2). */
function canonicalExternal(bytes: Buffer, transform: WrittenTransform): Buffer {
  return Buffer.from(canonicalDocument(readSignedTree(bytes), canonicalOptions(transform, true, undefined)), 'utf8')
}
