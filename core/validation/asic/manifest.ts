import { createHash } from 'node:crypto'
import { toNode, withXml, type XmlNode } from '../../xml/read-xml.js'
import type { ZipEntry } from './zip-reader.js'

/** A DataObjectReference (ETSI EN 319 162-1, annex A.4). */
export interface ManifestReference {
  readonly name: string
  /** Undefined: an algorithm that is too weak or not known. */
  readonly algorithm: string | undefined
  readonly digest: Buffer
}

/** An ASiCManifest (ETSI EN 319 162-1, annex A.4). */
export interface AsicManifest {
  /** Path of the signature or token over it. */
  readonly signature: string
  readonly references: readonly ManifestReference[]
}

/** TS 102 918 (the older standard) and EN 319 162-1. */
const manifestNamespaces: ReadonlySet<string> = new Set([
  'http://uri.etsi.org/02918/v1.2.1#',
  'http://uri.etsi.org/2918/v1.2.1#',
  'http://uri.etsi.org/2918/v1.1.1#',
])
const digestNamespace = 'http://www.w3.org/2000/09/xmldsig#'
const algorithms: Readonly<Record<string, string>> = {
  'http://www.w3.org/2001/04/xmlenc#sha256': 'sha256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'sha384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512',
}

/**
 * Reads ASiCManifest and ASiCArchiveManifest (ETSI EN 319 162-1 annex A.4); undefined where it is none, or names a thing in a way that two
 * readers might take differently.
 */
export function readManifest(bytes: Buffer): AsicManifest | undefined {
  let root: XmlNode
  try {
    root = withXml(bytes, (document) => toNode(document.root))
  } catch {
    return undefined
  }
  if (root.local !== 'ASiCManifest' || !manifestNamespaces.has(root.namespace)) return undefined
  const signatures = root.children.filter((child) => child.local === 'SigReference' && child.namespace === root.namespace)
  const signature = pathOf(signatures[0])
  if (signatures.length !== 1 || signature === undefined) return undefined
  const references: ManifestReference[] = []
  for (const child of root.children) {
    if (child.local !== 'DataObjectReference' || child.namespace !== root.namespace) continue
    const reference = referenceOf(child)
    if (reference === undefined || references.some((one) => one.name === reference.name)) return undefined
    references.push(reference)
  }
  return references.length === 0 ? undefined : { signature, references }
}

function referenceOf(element: XmlNode): ManifestReference | undefined {
  const one = (local: string): XmlNode | undefined => {
    const found = element.children.filter((child) => child.local === local && child.namespace === digestNamespace)
    return found.length === 1 ? found[0] : undefined
  }
  const name = pathOf(element)
  const value = one('DigestValue')?.text.replace(/\s/g, '')
  const algorithm = one('DigestMethod')?.attributes.find((attribute) => attribute.name === 'Algorithm')?.value
  if (name === undefined || value === undefined || algorithm === undefined) return undefined
  const digest = Buffer.from(value, 'base64')
  if (digest.toString('base64') !== value) return undefined
  return { name, algorithm: algorithms[algorithm], digest }
}

/** Paths are relative to the root of the container and may be percent-encoded (EN 319 162-1 A.4). */
function pathOf(element: XmlNode | undefined): string | undefined {
  const uri = element?.attributes.find((attribute) => attribute.name === 'URI')?.value
  if (uri === undefined || uri === '' || uri.includes('#') || uri.includes('?')) return undefined
  try {
    return decodeURIComponent(uri).replace(/^\.?\//, '')
  } catch {
    return undefined
  }
}

/** Whether the file is the one the reference tells: its digest is the same. False for an unknown algorithm. */
export function fits(reference: ManifestReference, entry: ZipEntry): boolean {
  return reference.algorithm !== undefined && createHash(reference.algorithm).update(entry.bytes).digest().equals(reference.digest)
}
