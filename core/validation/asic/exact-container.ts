import { createHash } from 'node:crypto'
import { asicMediaType, asicPaths } from '../../signing/formats/asic/asic-paths.js'
import { writeZip } from '../../files/zip-writer.js'
import type { FaultDetail } from '../../i18n/fault.js'
import { DerElement, MalformedDer } from '../der-reader.js'
import type { SignatureVerdict } from '../verdict.js'
import { readManifest } from './manifest.js'
import type { ZipArchive, ZipEntry } from './zip-reader.js'

/**
 * Whether a container is, byte for byte, one that `writeAsic` writes from the files in it, so that no byte of it is free: the archive is
 * written again and compared, files stand in the order of the signed list, and of the outermost signature or time stamp — which nothing
 * else covers — every part that its own signature leaves out is one that could not be different.
 */
export function exactFindings(archive: ZipArchive, bytes: Buffer, outer: readonly SignatureVerdict[]): FaultDetail[] {
  const findings: FaultDetail[] = []
  const { entries } = archive
  const different = (what: string): void => {
    findings.push({ code: 'VERIFY-ASIC-NOT-AS-WRITTEN', params: { what } })
  }
  if (!rewritten(entries).equals(bytes)) different('archive')
  const named = (name: string): ZipEntry | undefined => entries.find((entry) => entry.name === name)
  if (entries[0]?.bytes.equals(Buffer.from(asicMediaType)) !== true) different('mimetype')
  const [manifest, signature] = [named(asicPaths.manifest), named(asicPaths.signature)]
  const listed = manifest === undefined ? undefined : readManifest(manifest.bytes)
  if (manifest === undefined || signature === undefined || listed?.signature !== signature.name) {
    different('META-INF')
    return findings
  }
  const [archiveManifest, token] = [named(asicPaths.archiveManifest), named(asicPaths.timeStamp)]
  const archived = archiveManifest === undefined ? undefined : readManifest(archiveManifest.bytes)
  const files = listed.references.map((reference) => reference.name)
  const inner = [...files, manifest.name, signature.name]
  const order = ['mimetype', ...inner, ...(archiveManifest === undefined ? [] : [asicPaths.archiveManifest, asicPaths.timeStamp])]
  if (order.join('\n') !== entries.map((entry) => entry.name).join('\n')) different('order')
  if (archiveManifest !== undefined) {
    const complete =
      archived?.signature === token?.name && archived?.references.map((reference) => reference.name).join('\n') === inner.join('\n')
    if (!complete) different(asicPaths.archiveManifest)
  }
  const last = token ?? signature
  const others = entries.filter((entry) => entry !== last)
  // The archive time stamp holds the signature with all that lies in it.
  const loose = looseParts(
    last.bytes,
    others,
    outer.find((one) => one.name === last.name),
  )
  findings.push(...loose.map((what): FaultDetail => ({ code: 'VERIFY-ASIC-NOT-AS-WRITTEN', params: { what: `${last.name}: ${what}` } })))
  return findings
}

function rewritten(entries: readonly ZipEntry[]): Buffer {
  try {
    return writeZip(entries)
  } catch {
    return Buffer.alloc(0)
  }
}

/** Parts of a SignedData that no signature covers and that are not the only ones possible. */
function looseParts(bytes: Buffer, others: readonly ZipEntry[], verdict: SignatureVerdict | undefined): string[] {
  try {
    const signed = DerElement.read(bytes, 0, { whole: true }).child(1).child(0)
    const infos = signed.children.at(-1)?.expect(0x31).children ?? []
    const [info] = infos
    if (info === undefined || infos.length !== 1) return ['signers']
    const loose: string[] = []
    const isData = signed.child(2).child(0).oid() === '1.2.840.113549.1.7.1'
    const version = isData && !info.child(1).is(0x80) ? 1 : 3
    if (signed.child(0).smallInteger() !== version) loose.push('version')
    const algorithms = signed.child(1).expect(0x31).children
    if (algorithms.length !== 1 || algorithms[0]?.bytes.equals(info.child(2).bytes) !== true) loose.push('digest algorithms')
    const between = signed.children.slice(3, -1)
    if (between.some((part) => !part.is(0xa0))) loose.push('lists')
    for (const certificate of between.flatMap((part) => part.children))
      if (!isHeld(certificate.bytes, others, verdict)) loose.push('certificates')
    if (info.children.some((part) => part.is(0xa1))) loose.push('unsigned attributes')
    if (!plainAlgorithm(info)) loose.push('signature algorithm')
    return loose
  } catch (error) {
    if (error instanceof MalformedDer) return ['structure']
    throw error
  }
}

/** A certificate that a covered file holds too, or that the path was built with: its own signature was checked. */
function isHeld(certificate: Buffer, others: readonly ZipEntry[], verdict: SignatureVerdict | undefined): boolean {
  if (others.some((entry) => entry.bytes.includes(certificate))) return true
  const sha256 = createHash('sha256').update(certificate).digest('hex')
  return verdict?.indication === 'TOTAL-PASSED' && verdict.certificates?.some((one) => one.sha256 === sha256) === true
}

/** Parameters of a signature algorithm are none, NULL, or those of RSASSA-PSS, which the signature itself rests on. */
function plainAlgorithm(info: DerElement): boolean {
  const at = info.children.findIndex((part, index) => index > 2 && part.is(0x30))
  const [identifier, parameters, more] = info.child(at).children
  if (identifier === undefined || more !== undefined) return false
  return (
    parameters === undefined || (parameters.is(0x05) && parameters.content.length === 0) || identifier.oid() === '1.2.840.113549.1.1.10'
  )
}
