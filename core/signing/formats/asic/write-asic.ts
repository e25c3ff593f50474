import { createHash } from 'node:crypto'
import type { EvidenceFor } from '../../revocation/collect-evidence.js'
import type { Signer } from '../../signing-service.js'
import type { TimeStampClient } from '../../tsp/time-stamp.js'
import { signCades, type CadesLevel } from '../cades/sign-cades.js'
import { asicManifest, type ListedFile } from './asic-manifest.js'
import { asicMediaType, asicPaths } from './asic-paths.js'
import { boundToken } from './bound-token.js'
import { writeZip } from '../../../files/zip-writer.js'

/** A file to be signed in the container. */
export interface AsicFile {
  /** Path in the container: letters, digits, `.`, `-`, `_` and `/`. */
  readonly name: string
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** What is signed, by whom, to which level. A level that cannot be reached is a fault, never a lower level. */
export interface WriteAsicOptions {
  readonly files: readonly AsicFile[]
  readonly signer: Signer
  readonly signedAt: Date
  readonly level: CadesLevel
  /** Needed from level T; then the whole container is stamped once more, over signature and evidence too. */
  readonly timeStamp?: TimeStampClient
  /** Needed for level LT. */
  readonly evidence?: EvidenceFor
}

/** The container; `stampedAt` is the time proven from level T. */
export interface WrittenAsic {
  readonly container: Buffer
  readonly level: `CAdES-BASELINE-${CadesLevel}`
  readonly stampedAt: Date | null
}

const safeName = /^(?!META-INF\/)[A-Za-z0-9](?:[\w.-]|\/(?=[A-Za-z0-9]))*$/

/**
 * An ASiC-E container with CAdES (ETSI EN 319 162-1 clause 4.4): `mimetype` first, the files, a manifest with the digest of each, a
 * CAdES signature over the manifest. With time stamps an archive manifest lists files, manifest and signature, and a token stands over it
 * (annex A.7): what is not signed within the signature — certificates, status answers, its own time stamp — is held by that.
 * @throws RangeError for a name that is not portable or comes twice; what `signCades` and the time stamp client throw
 */
export async function writeAsic(options: WriteAsicOptions): Promise<WrittenAsic> {
  const { files, timeStamp } = options
  const names = new Set(files.map((file) => file.name.toLowerCase()))
  if (files.length === 0 || names.size !== files.length || !files.every((file) => safeName.test(file.name) && file.name !== 'mimetype'))
    throw new RangeError('names in a container are portable and unique')
  const manifest = asicManifest({ name: asicPaths.signature, mediaType: 'application/pkcs7-signature' }, files)
  const signed = await signCades(manifest, {
    signer: options.signer,
    signedAt: options.signedAt,
    detached: true,
    level: options.level,
    ...(timeStamp === undefined || options.level === 'B' ? {} : { timeStamp }),
    ...(options.evidence === undefined || options.level !== 'LT' ? {} : { evidence: options.evidence }),
  })
  const signature: ListedFile[] = [
    { name: asicPaths.manifest, mediaType: 'text/xml', bytes: manifest },
    { name: asicPaths.signature, mediaType: 'application/pkcs7-signature', bytes: signed.cms },
  ]
  const archive = timeStamp === undefined ? [] : await archiveFiles([...files, ...signature], timeStamp)
  const container = writeZip([{ name: 'mimetype', bytes: Buffer.from(asicMediaType) }, ...files, ...signature, ...archive])
  return { container, level: signed.level, stampedAt: signed.stampedAt ?? null }
}

async function archiveFiles(covered: readonly ListedFile[], timeStamp: TimeStampClient): Promise<{ name: string; bytes: Buffer }[]> {
  const manifest = asicManifest({ name: asicPaths.timeStamp, mediaType: 'application/vnd.etsi.timestamp-token' }, covered)
  const stamp = await timeStamp.stamp('sha256', createHash('sha256').update(manifest).digest())
  return [
    { name: asicPaths.archiveManifest, bytes: manifest },
    { name: asicPaths.timeStamp, bytes: boundToken(stamp.token) },
  ]
}
