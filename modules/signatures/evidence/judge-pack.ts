import { createHash } from 'node:crypto'
import { canonicalJson } from '../../../core/audit/canonical-json.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import { isArchive, judgeContainer } from '../../../core/validation/asic/asic-verifier.js'
import { exactFindings } from '../../../core/validation/asic/exact-container.js'
import type { ZipArchive } from '../../../core/validation/asic/zip-reader.js'
import { embeddedFiles } from '../../../core/validation/pdf/embedded-files.js'
import { MalformedPdf } from '../../../core/validation/pdf/objects.js'
import type { Verifier, VerifyOptions } from '../../../core/validation/report.js'
import type { DocumentVerdict, SignatureVerdict } from '../../../core/validation/verdict.js'
import { brokenEvent } from '../services/events.js'
import { readEventLines } from './event-lines.js'
import { packPaths } from './pack-facts.js'

const marker = Buffer.from(packPaths.facts)
const judgedInside: ReadonlySet<string> = new Set([packPaths.document, packPaths.certificate, packPaths.eventLog])

/**
 * Evidence packs, beyond what every container is judged for: not one byte is other than it was written, the event log holds and is the one
 * that was sealed, the finished document begins with the original, and all that is stated in the pack fits what lies in it. What
 * signers attached is covered, not judged: a foreign signature in it is no statement about this request.
 */
export class EvidencePackVerifier implements Verifier {
  readonly name = 'evidence-pack'

  recognises(bytes: Uint8Array): boolean {
    if (!isArchive(bytes)) return false
    // The facts stand first behind the type; in the directory they are named again.
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(0, 400).includes(marker)
  }

  verify(bytes: Uint8Array, options: VerifyOptions): Promise<Omit<DocumentVerdict, 'file'>> {
    return judgeContainer(bytes, {
      ...options,
      judged: (name) => judgedInside.has(name),
      further: (archive, whole, outer) => packFindings(archive, whole, outer),
    })
  }
}

function packFindings(archive: ZipArchive, bytes: Buffer, outer: readonly SignatureVerdict[]): FaultDetail[] {
  return [...exactFindings(archive, bytes, outer), ...statedFindings(archive)]
}

/** Whether what the pack states about its files fits them. */
function statedFindings(archive: ZipArchive): FaultDetail[] {
  const findings: FaultDetail[] = []
  const differs = (what: string): void => {
    findings.push({ code: 'SIGNATURES-PACK-STATEMENT', params: { what } })
  }
  const file = (name: string): Buffer | undefined => archive.entries.find((entry) => entry.name === name)?.bytes
  const [document, certificate, log, lines] = [packPaths.document, packPaths.certificate, packPaths.eventLog, packPaths.events].map(file)
  const facts = objectOf(file(packPaths.facts))
  if (facts === undefined || document === undefined || certificate === undefined || log === undefined || lines === undefined) {
    return [{ code: 'SIGNATURES-PACK-INCOMPLETE' }]
  }
  findings.push(...logFindings(lines, attachmentOf(log, 'events.ndjson')))
  const original = file(packPaths.original)
  if (original !== undefined && !document.subarray(0, original.length).equals(original)) differs(packPaths.original)
  const completion = objectOf(attachmentOf(certificate, 'completion.json'))
  const stated = partOf(facts, 'document')
  const completed = partOf(completion, 'document')
  if (stated?.sha256 !== sha256(document) || completed?.finishedSha256 !== stated.sha256) differs(packPaths.document)
  if (original !== undefined && (stated?.originalSha256 !== sha256(original) || completed?.originalSha256 !== stated.originalSha256))
    differs(packPaths.original)
  if (!frozenFits(document, stated?.frozenSha256, completed?.frozenSha256)) differs('frozenSha256')
  const events = readEventLines(lines) ?? []
  const last = events.at(-1)?.hash.toString('hex')
  const told = partOf(completion, 'events')
  if (
    partOf(facts, 'events')?.last !== last ||
    typeof told?.count !== 'number' ||
    events[told.count - 1]?.hash.toString('hex') !== told.last
  )
    differs(packPaths.events)
  if (partOf(facts, 'request')?.id !== events[0]?.requestId || partOf(completion, 'request')?.id !== events[0]?.requestId)
    differs('request')
  findings.push(...attachmentFindings(archive, facts), ...consentFindings(archive, facts))
  return findings
}

/** Every attachment that is stated lies there with its digest, and none beside; the same for texts of consent. */
function attachmentFindings(archive: ZipArchive, facts: Readonly<Record<string, unknown>>): FaultDetail[] {
  const stated = listOf(facts.attachments).map((one) => String(one.sha256))
  const there = archive.entries.filter(({ name }) => name.startsWith('attachments/')).map(({ bytes }) => sha256(bytes))
  return stated.join() === there.join() ? [] : [{ code: 'SIGNATURES-PACK-STATEMENT', params: { what: 'attachments' } }]
}

function consentFindings(archive: ZipArchive, facts: Readonly<Record<string, unknown>>): FaultDetail[] {
  const stated = listOf(facts.consents).map((one) => `consents/${String(one.signerId)}.txt`)
  const there = archive.entries.filter(({ name }) => name.startsWith('consents/')).map(({ name }) => name)
  return stated.join() === there.join() ? [] : [{ code: 'SIGNATURES-PACK-STATEMENT', params: { what: 'consents' } }]
}

/** The chain is computed again; the sealed log must be its beginning, line for line. */
function logFindings(lines: Buffer, sealed: Buffer | undefined): FaultDetail[] {
  const events = readEventLines(lines)
  if (events === undefined || events.length === 0) return [{ code: 'SIGNATURES-PACK-LOG', params: { at: 1 } }]
  const broken = brokenEvent(events)
  if (broken !== undefined || events.some((event) => event.requestId !== events[0]?.requestId))
    return [{ code: 'SIGNATURES-PACK-LOG', params: { at: broken ?? 1 } }]
  if (sealed === undefined || sealed.length === 0 || !lines.subarray(0, sealed.length).equals(sealed))
    return [{ code: 'SIGNATURES-PACK-LOG-SEALED' }]
  return []
}

/** What signers saw first is the beginning of the finished file: some place where it ends has that digest. */
function frozenFits(document: Buffer, stated: unknown, completed: unknown): boolean {
  if (stated !== completed) return false
  if (stated === null) return true
  const end = Buffer.from('%%EOF')
  for (let at = document.indexOf(end); at >= 0; at = document.indexOf(end, at + 1)) {
    for (const length of [at + 5, at + 6, at + 7]) if (sha256(document.subarray(0, length)) === stated) return true
  }
  return false
}

function attachmentOf(pdf: Buffer, name: string): Buffer | undefined {
  try {
    return embeddedFiles(pdf).get(name)
  } catch (error) {
    if (error instanceof MalformedPdf) return undefined
    throw error
  }
}

type Facts = Readonly<Record<string, unknown>>

/** A JSON object in exactly the form it is written in. */
function objectOf(bytes: Buffer | undefined): Facts | undefined {
  if (bytes === undefined) return undefined
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isObject(value) && canonicalJson(value) === bytes.toString('utf8') ? value : undefined
  } catch {
    return undefined
  }
}

function partOf(facts: Facts | undefined, name: string): Facts | undefined {
  const part = facts?.[name]
  return isObject(part) ? part : undefined
}

function listOf(value: unknown): Facts[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function isObject(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
