import { createHash, X509Certificate } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import { canonicalJson } from '../../../core/audit/canonical-json.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { writeAsic, type AsicFile } from '../../../core/signing/formats/asic/write-asic.js'
import { readCertificate } from '../../../core/validation/certificate/certificate.js'
import { defaultDesign, sealLevel, sealSettings } from '../../seal/index.js'
import type { SignerAttachment } from '../models/capture.js'
import type { RequestEvent } from '../models/event.js'
import type { SignRequest } from '../models/request.js'
import { hostAuthorityRoot } from '../services/signing/host-authority.js'
import { eventLines } from './event-lines.js'
import { packPaths, type PackFacts } from './pack-facts.js'
import { packReadme } from './pack-readme.js'
import { capturesOf, consentsOf, trustedHere } from './sources.js'

export interface EvidenceSources {
  readonly request: SignRequest
  /** The finished document. */
  readonly sealed: Buffer
  readonly certificate: Buffer
  readonly eventLog: Buffer
  /** All events of the log, and what came after it was sealed. */
  readonly events: readonly RequestEvent[]
  readonly attachments: readonly SignerAttachment[]
}

/**
 * One file that proves a request without this host: an ASiC-E container (ETSI EN 319 162-1) with the finished document, the certificate of
 * completion, the event log, the original, what signers attached and drew, the words they consented to and the certificates, under the
 * company's seal key at the level of its seals (LT where those are LTA; the container's own time stamp holds all of it). Points and
 * pressure of drawn signatures stay encrypted with the company; the hash of what is kept goes along.
 * @throws Fault SEAL-DESIGN-MISSING, SEAL-KEY-MISSING, and what signing service, signature and time stamp throw
 */
export async function makeEvidencePack(host: Host, context: CompanyContext, sources: EvidenceSources): Promise<Buffer> {
  const { companyId } = context
  const { design, settings } = await host.db.company(companyId, async (transaction) => ({
    design: await defaultDesign(transaction),
    settings: sealSettings.parse(await host.settings.get(transaction, 'seal')),
  }))
  if (design === undefined) throw new Fault('SEAL-DESIGN-MISSING')
  if (design.keyId === null) throw new Fault('SEAL-KEY-MISSING', { params: { seal: design.name } })
  const { request } = sources
  const signer = await host.signing.open(context, design.keyId, {
    purpose: 'seal-document',
    subject: { type: 'signatures.request', id: request.id, label: request.number },
  })
  const files = await packFiles(host, context, sources, signer.certificates)
  const { level = 'B', ...authorities } = sealLevel(host, settings.level)
  const written = await writeAsic({
    files,
    signer,
    signedAt: host.now(),
    level: level === 'LTA' ? 'LT' : level,
    ...(authorities.timeStamp === undefined ? {} : { timeStamp: authorities.timeStamp }),
    ...(authorities.evidence === undefined ? {} : { evidence: authorities.evidence }),
  })
  return written.container
}

async function packFiles(
  host: Host,
  context: CompanyContext,
  sources: EvidenceSources,
  sealChain: readonly Buffer[],
): Promise<readonly AsicFile[]> {
  const { request, sealed, certificate, eventLog, events } = sources
  const { companyId } = context
  const company = await host.access.company(companyId)
  const { originalSha256 } = request
  const stored = await host.db.company(companyId, async (transaction) => ({
    original: originalSha256 === null ? undefined : (await host.files.get(transaction, originalSha256)).bytes,
    consents: await consentsOf(transaction, request, events),
    attachments: await Promise.all(
      sources.attachments.map(async (attachment) => ({ attachment, bytes: (await host.files.get(transaction, attachment.sha256)).bytes })),
    ),
  }))
  const captures = await capturesOf(host, context, request)
  const pictures = captures.map(({ signer, capture }, index) => {
    const name = `signatures/${number(index)}-${capture.purpose}`
    const { picture } = capture
    const facts = {
      signerId: signer.id,
      kind: capture.kind,
      purpose: capture.purpose,
      text: capture.text,
      at: capture.createdAt.toISOString(),
      facts: capture.facts,
      // What is kept encrypted: who opens it later shows by this that it is what was kept on that day.
      strokesSha256: capture.strokes === null ? null : sha256(capture.strokes),
    }
    return { name, picture, facts }
  })
  const own = await hostAuthorityRoot(host, companyId)
  const certificates = unique([...sealChain, ...(own === undefined ? [] : [own]), ...trustedRoots(host, [...sealChain])])
  const files: AsicFile[] = [
    { name: packPaths.readme, mediaType: 'text/plain', bytes: Buffer.from(packReadme(host, request), 'utf8') },
    pdf(packPaths.document, sealed),
    pdf(packPaths.certificate, certificate),
    pdf(packPaths.eventLog, eventLog),
    { name: packPaths.events, mediaType: 'application/x-ndjson', bytes: eventLines(events) },
    ...(stored.original === undefined ? [] : [pdf(packPaths.original, stored.original)]),
    ...stored.attachments.map(({ attachment, bytes }, index) => ({
      name: `attachments/${number(index)}-${portable(attachment.name)}`,
      mediaType: attachment.mediaType,
      bytes,
    })),
    ...pictures.flatMap(({ name, picture }) =>
      picture === null
        ? []
        : [{ name: `${name}.${picture.mediaType === 'image/png' ? 'png' : 'svg'}`, mediaType: picture.mediaType, bytes: picture.bytes }],
    ),
    ...[...stored.consents].map(([signerId, consent]) => ({
      name: `consents/${signerId}.txt`,
      mediaType: 'text/plain',
      bytes: Buffer.from(consent.text, 'utf8'),
    })),
    ...certificates.map((der, index) => ({
      name: `certificates/${number(index)}-${portable(readCertificate(der).holder)}.pem`,
      mediaType: 'application/x-pem-file',
      bytes: Buffer.from(new X509Certificate(der).toString(), 'utf8'),
    })),
    // The certificates again as they stand in the signature, byte for byte: nothing beside them can hide there.
    { name: packPaths.chain, mediaType: 'application/octet-stream', bytes: Buffer.concat([...sealChain]) },
  ]
  const facts: PackFacts = {
    format: 'khatm-evidence',
    version: 1,
    request: { id: request.id, number: request.number, name: request.name },
    company: { name: company.name, country: company.country },
    document: { sha256: sha256(sealed), originalSha256, frozenSha256: request.frozenSha256 },
    events: { count: events.length, last: events.at(-1)?.hash.toString('hex') ?? null },
    attachments: stored.attachments.map(({ attachment }) => ({
      signerId: attachment.signerId,
      fieldId: attachment.fieldId,
      name: attachment.name,
      sha256: attachment.sha256,
    })),
    signatures: pictures.map(({ facts }) => facts),
    consents: [...stored.consents].map(([signerId, { text: _text, ...consent }]) => ({ signerId, ...consent })),
  }
  return [{ name: packPaths.facts, mediaType: 'application/json', bytes: Buffer.from(canonicalJson(facts), 'utf8') }, ...files]
}

/** Roots of this host that stand above the seal's chain, as files to look at: who checks decides by himself whom to trust. */
function trustedRoots(host: Host, chain: readonly Buffer[]): Buffer[] {
  const last = chain.at(-1)
  if (last === undefined) return []
  const { issuerDer } = readCertificate(last)
  return trustedHere(host).filter((root) => readCertificate(root).subjectDer.equals(issuerDer))
}

function pdf(name: string, bytes: Buffer): AsicFile {
  return { name, mediaType: 'application/pdf', bytes }
}

function number(index: number): string {
  return String(index + 1).padStart(2, '0')
}

/** ASCII letters and digits of a name, so that every program reads it alike; the name itself stands in the facts. */
function portable(name: string): string {
  const parts = name.normalize('NFKD').split(/[^\w.]/)
  const plain = parts
    .flatMap((part) =>
      part
        .split('.')
        .filter((piece) => piece !== '')
        .join('.'),
    )
    .filter((part) => part !== '')
    .join('-')
    .slice(0, 80)
  return plain === '' ? 'file' : plain
}

function unique(certificates: readonly Buffer[]): Buffer[] {
  return certificates.filter((one, index) => certificates.findIndex((other) => other.equals(one)) === index)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
