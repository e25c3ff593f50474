import { Fault } from '../../../i18n/fault.js'
import { escapeAttribute } from '../../../xml/canonical-writer.js'
import { readSignedTree } from '../../../xml/read-xml.js'
import { childElements, treeElements, type TreeElement } from '../../../xml/tree.js'
import { indexDocument, type SignedDocument } from '../../../validation/xml/signed-document.js'
import type { SignatureParts } from './signature-text.js'

/** Where a signature stands, and what it signs. */
export type XadesPlacement =
  /** Last in the root of the document, which it signs as a whole. */
  | { readonly kind: 'enveloped' }
  /** The same, in the place OASIS gives it in a UBL 2.1 document (UBL 2.1 section 5.4). */
  | { readonly kind: 'ubl' }
  /** Last in the root, beside the element with this id, which it signs. */
  | { readonly kind: 'sibling'; readonly id: string }
  /** A new document: the signature around the content; what is no XML goes in as base64. */
  | { readonly kind: 'enveloping'; readonly as?: 'xml' | 'base64' }
  /** A new document: the signature alone, over content that lies elsewhere under this relative URI. */
  | { readonly kind: 'detached'; readonly uri: string }

/** Where the signature stands in its file. */
export interface PlacedSignature {
  /** Text of the file before and after the signature: not one character of it changes. */
  readonly before: string
  readonly after: string
  readonly data: SignatureParts['data']
  readonly object: string
  readonly mimeType: string
  /** The document as it was, unless the signature makes a new one. */
  readonly document: SignedDocument | undefined
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** @throws Fault SIGN-XML-ELEMENT-MISSING, SIGN-XML-NOT-UBL, SIGN-XML-URI and those of the XML reader */
export function place(content: Uint8Array, placement: XadesPlacement, id: string): PlacedSignature {
  if (placement.kind === 'detached') {
    if (!isRelativeUri(placement.uri)) throw new Fault('SIGN-XML-URI', { params: { uri: placement.uri } })
    const data = { uri: placement.uri, enveloped: false, external: true }
    return { before: declaration, after: '\n', data, object: '', mimeType: 'application/octet-stream', document: undefined }
  }
  if (placement.kind === 'enveloping') return enveloping(content, placement.as ?? 'xml', id)
  const document = indexDocument(readSignedTree(content))
  const { source, root } = document.tree
  const shared = { mimeType: 'text/xml', object: '', document }
  if (placement.kind === 'ubl') return { ...shared, ...inUbl(document), data: whole }
  const data = placement.kind === 'enveloped' ? whole : { uri: `#${placement.id}`, enveloped: false, external: false }
  if (placement.kind === 'sibling') {
    const element = document.ids.get(placement.id)
    if (element === undefined || element === root) throw new Fault('SIGN-XML-ELEMENT-MISSING', { params: { id: placement.id } })
  }
  return { ...shared, ...lastIn(source, root), data }
}

const whole = { uri: '', enveloped: true, external: false }

/** A path below the place of the signature, without a scheme: nothing that a reader would have to fetch from somewhere. */
function isRelativeUri(uri: string): boolean {
  return uri !== '' && !/^(?:[#/\\]|[A-Za-z][A-Za-z0-9+.-]*:)|[\s<>"{}|\\^`]/u.test(uri)
}

function lastIn(source: string, element: TreeElement): { before: string; after: string } {
  if (element.contentStart < element.end) return { before: source.slice(0, element.contentEnd), after: source.slice(element.contentEnd) }
  // An empty-element tag opens, which is the same element.
  const name = element.prefix === '' ? element.local : `${element.prefix}:${element.local}`
  return { before: `${source.slice(0, element.end - 2)}>`, after: `</${name}>${source.slice(element.end)}` }
}

function enveloping(content: Uint8Array, as: 'xml' | 'base64', id: string): PlacedSignature {
  const uri = `${id}-content`
  const data = { uri: `#${uri}`, enveloped: false, external: false }
  const shared = { before: declaration, after: '\n', data, document: undefined }
  if (as === 'base64') {
    const object = `<ds:Object Encoding="http://www.w3.org/2000/09/xmldsig#base64" Id="${uri}">${Buffer.from(content).toString('base64')}</ds:Object>`
    return { ...shared, object, mimeType: 'application/octet-stream' }
  }
  const { source, root } = readSignedTree(content)
  return { ...shared, object: `<ds:Object Id="${uri}">${source.slice(root.start, root.end)}</ds:Object>`, mimeType: 'text/xml' }
}

const ubl = {
  extensions: 'urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2',
  basic: 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2',
  aggregate: 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2',
  signatures: 'urn:oasis:names:specification:ubl:schema:xsd:CommonSignatureComponents-2',
  signatureAggregate: 'urn:oasis:names:specification:ubl:schema:xsd:SignatureAggregateComponents-2',
  signatureBasic: 'urn:oasis:names:specification:ubl:schema:xsd:SignatureBasicComponents-2',
  method: 'urn:oasis:names:specification:ubl:dsig:enveloped:xades',
} as const

/** The extension around the signature. Everything of it but the signature itself is signed with the document. */
function inUbl(document: SignedDocument): { before: string; after: string } {
  const { source, root } = document.tree
  if (!/^urn:oasis:names:specification:ubl:schema:xsd:[A-Za-z]+-2$/u.test(root.namespace) || root.contentStart === root.end)
    throw new Fault('SIGN-XML-NOT-UBL', { params: { root: root.local } })
  const named = childElements(root)
    .filter((child) => child.local === 'Signature' && child.namespace === ubl.aggregate)
    .flatMap((child) => childElements(child).filter((part) => part.local === 'ID' && part.namespace === ubl.basic))[0]
  const count = treeElements(root).filter((one) => one.local === 'SignatureInformation' && one.namespace === ubl.signatureAggregate).length
  const open =
    `<ext:UBLExtension xmlns:ext="${ubl.extensions}"><ext:ExtensionURI>${ubl.method}</ext:ExtensionURI><ext:ExtensionContent>` +
    `<sig:UBLDocumentSignatures xmlns:sig="${ubl.signatures}"><sac:SignatureInformation xmlns:sac="${ubl.signatureAggregate}">` +
    `<cbc:ID xmlns:cbc="${ubl.basic}">urn:oasis:names:specification:ubl:signature:${count + 1}</cbc:ID>` +
    (named === undefined
      ? ''
      : `<sbc:ReferencedSignatureID xmlns:sbc="${ubl.signatureBasic}">${source.slice(named.contentStart, named.contentEnd)}</sbc:ReferencedSignatureID>`)
  const close = '</sac:SignatureInformation></sig:UBLDocumentSignatures></ext:ExtensionContent></ext:UBLExtension>'
  const list = childElements(root).find((child) => child.local === 'UBLExtensions' && child.namespace === ubl.extensions)
  if (list === undefined) {
    const before = `${source.slice(0, root.contentStart)}<ext:UBLExtensions xmlns:ext="${escapeAttribute(ubl.extensions)}">${open}`
    return { before, after: `${close}</ext:UBLExtensions>${source.slice(root.contentStart)}` }
  }
  const { before, after } = lastIn(source, list)
  return { before: before + open, after: close + after }
}
