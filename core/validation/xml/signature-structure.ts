import { childElements, type TreeElement } from '../../xml/tree.js'
import { exclusiveNamespace, signatureNamespace } from './names.js'
import { malformed, refuse } from './refusal.js'

/** A canonicalisation or transform as it is written. */
export interface WrittenTransform {
  readonly algorithm: string
  /** PrefixList of exclusive canonicalisation, `#default` as the empty prefix. */
  readonly prefixes: readonly string[]
}

/** A ds:Reference as it was written (XML Signature 1.1, clause 4.4.3). */
export interface WrittenReference {
  readonly element: TreeElement
  readonly id: string | undefined
  readonly uri: string | undefined
  readonly type: string | undefined
  readonly transforms: readonly WrittenTransform[]
  readonly digestMethod: string
  readonly digest: Buffer
}

/** ds:Signature (XML Signature Syntax 1.1 section 4), read strictly: each part once, in its order, nothing else beside it. */
export interface WrittenSignature {
  readonly element: TreeElement
  readonly id: string | undefined
  readonly signedInfo: TreeElement
  readonly canonicalization: WrittenTransform
  readonly signatureMethod: string
  readonly references: readonly WrittenReference[]
  readonly valueElement: TreeElement
  readonly value: Buffer
  readonly keyInfo: TreeElement | undefined
  /** DER, as they stand in KeyInfo. */
  readonly certificates: readonly Buffer[]
  readonly objects: readonly TreeElement[]
}

const maximumReferences = 64
const maximumCertificates = 32

/** Whether it is the element of this local name in the namespace of XML Signature. */
export function isSignatureElement(element: TreeElement, local: string): boolean {
  return element.local === local && element.namespace === signatureNamespace
}

/** Attribute without a namespace. */
export function attributeOf(element: TreeElement, local: string): string | undefined {
  return element.attributes.find((attribute) => attribute.namespace === '' && attribute.local === local)?.value
}

/**
 * Text of an element that holds nothing else. A comment or an element inside would let two readers see two values
 * (CVE-2025-29775), so the text must be one piece.
 */
export function onlyText(element: TreeElement): string {
  const [first, second] = element.children
  if (first === undefined) return ''
  if (first.kind !== 'text' || second !== undefined) throw malformed(`text of ${element.local}`)
  return first.text
}

/** Base64 with white space between, as XML Schema allows; padding must be there, its spare bits must be zero. */
export function base64Of(element: TreeElement): Buffer {
  const text = onlyText(element).replace(/[ \t\r\n]+/gu, '')
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 0 || bytes.toString('base64') !== text) throw malformed(`base64 of ${element.local}`)
  return bytes
}

/** Element children; text that is no white space among them is refused. */
export function partsOf(element: TreeElement): TreeElement[] {
  if (element.children.some((child) => child.kind === 'text' && /[^ \t\r\n]/u.test(child.text))) throw malformed(`text in ${element.local}`)
  return childElements(element)
}

function expect(element: TreeElement | undefined, local: string): TreeElement {
  if (element === undefined || !isSignatureElement(element, local)) throw malformed(local)
  return element
}

function algorithmOf(element: TreeElement): string {
  const algorithm = attributeOf(element, 'Algorithm')
  if (algorithm === undefined || algorithm === '') throw malformed(`Algorithm of ${element.local}`)
  return algorithm
}

/** A method without parameters, or exclusive canonicalisation with its InclusiveNamespaces. */
export function readTransform(element: TreeElement): WrittenTransform {
  const algorithm = algorithmOf(element)
  const parts = partsOf(element)
  const [inclusive, second] = parts
  if (inclusive === undefined) return { algorithm, prefixes: [] }
  const listed = inclusive.local === 'InclusiveNamespaces' && inclusive.namespace === exclusiveNamespace
  if (!listed || second !== undefined || !algorithm.startsWith(exclusiveNamespace))
    throw refuse('FORMAT_FAILURE', 'VERIFY-XML-TRANSFORM', { algorithm })
  const list = (attributeOf(inclusive, 'PrefixList') ?? '').split(/[ \t\r\n]+/u).filter((prefix) => prefix !== '')
  return { algorithm, prefixes: list.map((prefix) => (prefix === '#default' ? '' : prefix)) }
}

function readReference(element: TreeElement): WrittenReference {
  const parts = partsOf(element)
  const hasTransforms = parts[0] !== undefined && isSignatureElement(parts[0], 'Transforms')
  const [method, value, more] = hasTransforms ? parts.slice(1) : parts
  if (more !== undefined) throw malformed('Reference')
  const digestMethod = expect(method, 'DigestMethod')
  if (partsOf(digestMethod).length > 0) throw malformed('DigestMethod')
  const transforms = hasTransforms && parts[0] !== undefined ? partsOf(parts[0]) : []
  return {
    element,
    id: attributeOf(element, 'Id'),
    uri: attributeOf(element, 'URI'),
    type: attributeOf(element, 'Type'),
    transforms: transforms.map((transform) => readTransform(expect(transform, 'Transform'))),
    digestMethod: algorithmOf(digestMethod),
    digest: base64Of(expect(value, 'DigestValue')),
  }
}

/** KeyInfo serves to find a certificate and for nothing else: bare keys are not taken, and nothing is fetched. */
function readCertificates(keyInfo: TreeElement | undefined): Buffer[] {
  const found: Buffer[] = []
  for (const part of keyInfo === undefined ? [] : partsOf(keyInfo)) {
    if (isSignatureElement(part, 'RetrievalMethod') || part.local === 'KeyInfoReference')
      throw refuse('FORMAT_FAILURE', 'VERIFY-XML-KEY-INFO', { what: part.local })
    if (!isSignatureElement(part, 'X509Data')) continue
    for (const one of partsOf(part)) {
      if (!isSignatureElement(one, 'X509Certificate')) continue
      if (found.length >= maximumCertificates) throw malformed('X509Data')
      found.push(base64Of(one))
    }
  }
  return found
}

/** @throws Refusal FORMAT_FAILURE */
export function readSignature(element: TreeElement): WrittenSignature {
  const parts = partsOf(element)
  const signedInfo = expect(parts[0], 'SignedInfo')
  const valueElement = expect(parts[1], 'SignatureValue')
  const keyInfo = parts[2] !== undefined && isSignatureElement(parts[2], 'KeyInfo') ? parts[2] : undefined
  const objects = parts.slice(keyInfo === undefined ? 2 : 3).map((part) => expect(part, 'Object'))
  const [canonicalization, signatureMethod, ...references] = partsOf(signedInfo)
  if (references.length === 0 || references.length > maximumReferences) throw malformed('SignedInfo')
  const method = expect(signatureMethod, 'SignatureMethod')
  // Parameters (HMACOutputLength, RSAPSSParams) belong to methods that are not taken.
  if (partsOf(method).length > 0) throw refuse('CRYPTO_CONSTRAINTS_FAILURE', 'VERIFY-ALGORITHM', { oid: algorithmOf(method) })
  return {
    element,
    id: attributeOf(element, 'Id'),
    signedInfo,
    canonicalization: readTransform(expect(canonicalization, 'CanonicalizationMethod')),
    signatureMethod: algorithmOf(method),
    references: references.map((reference) => readReference(expect(reference, 'Reference'))),
    valueElement,
    value: base64Of(valueElement),
    keyInfo,
    certificates: readCertificates(keyInfo),
    objects,
  }
}
