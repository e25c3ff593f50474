import { createHash } from 'node:crypto'
import { attributes, CanonicalWriter } from '../../../xml/canonical-writer.js'

/** A file named in a manifest with its digest. */
export interface ListedFile {
  readonly name: string
  readonly mediaType: string
  readonly bytes: Uint8Array
  /** Of an archive manifest: the newest archive manifest before it. */
  readonly root?: boolean
}

/** Namespaces of EN 319 162-1 annex A and of XMLDSig, in canonical order. */
const namespaces = attributes(['xmlns', 'http://uri.etsi.org/02918/v1.2.1#'], ['xmlns:ds', 'http://www.w3.org/2000/09/xmldsig#'])

/**
 * ASiCManifest (ETSI EN 319 162-1 annex A.4): what a signature or time stamp in the container covers, file by file with its SHA-256.
 * @param signature path of the signature or token over this manifest
 */
export function asicManifest(signature: { readonly name: string; readonly mediaType: string }, files: readonly ListedFile[]): Buffer {
  const writer = new CanonicalWriter()
  writer.root('ASiCManifest', namespaces)
  writer.leaf('SigReference', '', attributes(['MimeType', signature.mediaType], ['URI', signature.name]))
  for (const file of files) {
    const about = [
      ['MimeType', file.mediaType],
      ...(file.root === true ? [['Rootfile', 'true'] as const] : []),
      ['URI', file.name],
    ] as readonly (readonly [string, string])[]
    writer.open('DataObjectReference', attributes(...about))
    writer.leaf('ds:DigestMethod', '', attributes(['Algorithm', 'http://www.w3.org/2001/04/xmlenc#sha256']))
    writer.leaf('ds:DigestValue', createHash('sha256').update(file.bytes).digest('base64'))
    writer.close()
  }
  writer.close()
  return Buffer.from(writer.finish(), 'utf8')
}
