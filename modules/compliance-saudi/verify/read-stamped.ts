import { createHash } from 'node:crypto'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { canonical11, elementsOf, exclusiveCanonical, toNode, withXml, XmlElement, type XmlNode } from '../../../core/xml/read-xml.js'
import { hexDigest } from '../stamp/certificate.js'
import { ubl } from '../ubl/names.js'
import { mismatch, trimXml } from './pattern.js'
import { extensionsPattern, qrReferencePattern, signatureReferencePattern } from './signature-pattern.js'

/** What a stamped file says about itself, and what its bytes really hash to. */
export interface StampedFile {
  /** Raw SHA-256 over C14N 1.1 of the file without the three blocks. */
  readonly computedHash: Buffer
  /** Digest of the signed properties as they stand in the file; null when there are none. */
  readonly computedPropertiesDigest: string | null
  /** Texts of the signature block by name; empty when there is no block. */
  readonly claimed: ReadonlyMap<string, string>
  /** Whether any block of a stamp is there. */
  readonly stamped: boolean
  /** The invoice without the three blocks, as plain data. */
  readonly invoice: XmlNode
  /** Where the three blocks differ from what every Saudi stamp looks like. */
  readonly problems: readonly FaultDetail[]
}

/**
 * Reads XML from anywhere with full XML meaning: parse, take out UBLExtensions, cac:Signature and the QR reference, C14N 1.1.
 * @throws Fault of the safe reader (XML-…), SA-NOT-AN-INVOICE
 */
export function readStamped(bytes: Uint8Array): StampedFile {
  return withXml(bytes, (document) => {
    const { root } = document
    const problems: FaultDetail[] = []
    const claimed = new Map<string, string>()
    if (root.name !== 'Invoice' || root.namespaceUri !== ubl.invoice) {
      problems.push({ code: 'SA-NOT-AN-INVOICE', params: { name: root.name } })
    }
    const blocks = findBlocks(root)
    const properties = blocks.extensions[0] === undefined ? undefined : findProperties(blocks.extensions[0])
    const computedPropertiesDigest = properties === undefined ? null : propertiesDigest(properties)
    const compare = (elements: readonly XmlElement[], pattern: Parameters<typeof mismatch>[1]): void => {
      const only = elements[0]
      if (only === undefined || elements.length > 1) {
        problems.push({ code: 'SA-STAMP-BLOCK', params: { block: pattern.local, count: elements.length } })
        return
      }
      const path = mismatch(toNode(only), pattern, claimed)
      if (path !== undefined) problems.push({ code: 'SA-STAMP-STRUCTURE', path, params: { at: path } })
    }
    // Any of the three marks a file as stamped: one damaged name must not turn a stamped file into one that never was.
    const stamped = blocks.extensions.length + blocks.signatures.length + blocks.qrs.length > 0
    if (stamped) {
      compare(blocks.extensions, extensionsPattern)
      compare(blocks.signatures, signatureReferencePattern)
      compare(blocks.qrs, qrReferencePattern)
    }
    for (const element of [...blocks.extensions, ...blocks.signatures, ...blocks.qrs]) element.remove()
    return {
      computedHash: createHash('sha256').update(canonical11(document)).digest(),
      computedPropertiesDigest,
      claimed,
      stamped,
      invoice: toNode(root),
      problems,
    }
  })
}

function findBlocks(root: XmlElement): { extensions: XmlElement[]; signatures: XmlElement[]; qrs: XmlElement[] } {
  const extensions: XmlElement[] = []
  const signatures: XmlElement[] = []
  const qrs: XmlElement[] = []
  for (let child = root.firstChild; child !== null; child = child.next) {
    if (!(child instanceof XmlElement)) continue
    if (child.namespaceUri === ubl.ext && child.name === 'UBLExtensions') extensions.push(child)
    else if (child.namespaceUri === ubl.cac && child.name === 'Signature') signatures.push(child)
    else if (child.namespaceUri === ubl.cac && child.name === 'AdditionalDocumentReference' && idOf(child) === 'QR') qrs.push(child)
  }
  return { extensions, signatures, qrs }
}

function idOf(reference: XmlElement): string | undefined {
  for (let child = reference.firstChild; child !== null; child = child.next) {
    if (child instanceof XmlElement && child.namespaceUri === ubl.cbc && child.name === 'ID') return trimXml(child.content)
  }
  return undefined
}

function findProperties(extensions: XmlElement): XmlElement | undefined {
  for (const element of elementsOf(extensions)) {
    if (element.namespaceUri === ubl.xades && element.name === 'SignedProperties') return element
  }
  return undefined
}

/** The authority hashes the element with its own indentation, namespaces on each element, and DigestMethod self-closed. */
function propertiesDigest(properties: XmlElement): string {
  return hexDigest(exclusiveCanonical(properties).replaceAll('></ds:DigestMethod>', '/>'))
}
