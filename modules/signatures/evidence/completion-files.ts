import type { CompanyContext } from '../../../core/access/context.js'
import { canonicalJson } from '../../../core/audit/canonical-json.js'
import type { DocumentAttachment, DocumentRequest } from '../../../core/documents/documents.js'
import { qrSvg } from '../../../core/documents/qr.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { localDay } from '../../../core/i18n/local-time.js'
import { applySeal } from '../../seal/index.js'
import { documentCode, recordIssuedFile } from '../../verification/index.js'
import type { RequestEvent } from '../models/event.js'
import type { SignRequest } from '../models/request.js'
import { brokenEvent } from '../services/events.js'
import { completionData, type PersonPicture } from './completion-data.js'
import { completionFacts, type CompletionFacts } from './completion-facts.js'
import { eventLines } from './event-lines.js'
import { eventLogData, logFileName } from './event-log-data.js'
import { consentsOf, finishedDocument, ownAuthorityName, signatureCapture, signaturesOf } from './sources.js'
import { EvidenceWords } from './words.js'

/** Name of the attachment in the certificate of completion. */
export const factsFileName = 'completion.json'

export interface CompletionFiles {
  readonly certificate: Buffer
  readonly eventLog: Buffer
}

type Images = Readonly<Record<string, { readonly bytes: Uint8Array; readonly mediaType: 'image/svg+xml' | 'image/png' }>>

/**
 * The two files that tell, beside a finished document, who signed it and how: the certificate of completion and the event log, PDF/A-3 in
 * the language of the request, each with its facts as a file inside and under the company's seal. `request` is as it stands with its finished
 * document stored; `events` are all that the log is to tell. A log that does not hold is never sealed.
 * @throws Fault SIGNATURES-EVENT-LOG-BROKEN (409), SIGNATURES-EVIDENCE-UNFINISHED (409), and what rendering and `applySeal` throw
 */
export async function makeCompletionFiles(
  host: Host,
  context: CompanyContext,
  request: SignRequest,
  events: readonly RequestEvent[],
): Promise<CompletionFiles> {
  const at = brokenEvent(events)
  if (at !== undefined || events.length === 0)
    throw new Fault('SIGNATURES-EVENT-LOG-BROKEN', { status: 409, params: { number: request.number, at: at ?? 0 } })
  const company = await host.access.company(context.companyId)
  const words = new EvidenceWords(host, request.locale, company)
  const prepared = await prepare(host, context, request, events)
  const seal = async (kind: string, rendered: DocumentRequest): Promise<Buffer> => {
    const { pdf } = await host.documents.render(rendered)
    const subject = { type: 'signatures.request', id: request.id, label: `${request.number} · ${kind}` }
    return (await applySeal(host, context, { pdf, subject })).pdf
  }
  const common = { locale: request.locale, digits: words.digits, standard: 'a-3b', createdAt: prepared.facts.finishedAt } as const
  const certificate = await seal(words.say('completion.title'), {
    ...common,
    createdAt: new Date(prepared.facts.finishedAt),
    template: 'signatures/completion',
    data: completionData(prepared.facts, words, { pictures: prepared.pictures, verification: prepared.verification }),
    images: prepared.images,
    attachments: [
      attached(factsFileName, Buffer.from(canonicalJson(prepared.facts), 'utf8'), 'application/json', words.say('completion.title')),
    ],
    title: `${words.say('completion.title')} ${request.number}`,
  })
  const eventLog = await seal(words.say('log.title'), {
    ...common,
    createdAt: new Date(prepared.facts.finishedAt),
    template: 'signatures/event-log',
    data: eventLogData(request, events, words),
    attachments: [attached(logFileName, eventLines(events), 'application/x-ndjson', words.say('log.title'))],
    title: `${words.say('log.title')} ${request.number}`,
  })
  return { certificate, eventLog }
}

interface Prepared {
  readonly facts: CompletionFacts
  readonly pictures: ReadonlyMap<string, PersonPicture>
  readonly images: Images
  readonly verification: { readonly code: string; readonly url: string | null }
}

async function prepare(host: Host, context: CompanyContext, request: SignRequest, events: readonly RequestEvent[]): Promise<Prepared> {
  const { companyId } = context
  const company = await host.access.company(companyId)
  const finished = await finishedDocument(host, companyId, request)
  const signatures = await signaturesOf(host, companyId, finished.pdf)
  const ownAuthority = await ownAuthorityName(host, companyId)
  const finishedAt = request.completedAt ?? events.at(-1)?.at ?? host.now()
  return host.db.company(companyId, async (transaction) => {
    const consents = await consentsOf(transaction, request, events)
    const facts = completionFacts({
      request,
      events,
      company: { name: company.name, nameAr: company.nameAr, country: company.country },
      finishedSha256: finished.sha256,
      finishedAt,
      signatures,
      ownAuthority,
      consents,
    })
    const pictures = new Map<string, PersonPicture>()
    const images: Record<string, { bytes: Uint8Array; mediaType: 'image/svg+xml' | 'image/png' }> = {}
    for (const [index, signer] of request.signers.entries()) {
      const capture = await signatureCapture(host, transaction, request, signer)
      if (capture === undefined) continue
      const { picture } = capture
      const image = picture === null ? null : `signature-${index}.${picture.mediaType === 'image/png' ? 'png' : 'svg'}`
      if (picture !== null && image !== null) images[image] = { bytes: picture.bytes, mediaType: picture.mediaType }
      pictures.set(signer.id, { image, typed: capture.text === null ? null : { text: capture.text } })
    }
    const verification = await documentCode(
      host,
      transaction,
      { type: 'signatures.request', id: request.id, label: request.number },
      { kind: 'contract', issuedOn: localDay(finishedAt, company.timeZone) },
    )
    // A copy in a stranger's hands is compared with the finished document.
    await recordIssuedFile(transaction, { type: 'signatures.request', id: request.id }, finished.sha256)
    if (verification.url !== null) images['qr.svg'] = { bytes: Buffer.from(qrSvg(verification.url)), mediaType: 'image/svg+xml' }
    return { facts, pictures, images, verification }
  })
}

function attached(name: string, bytes: Buffer, mediaType: string, description: string): DocumentAttachment {
  return { name, bytes, mediaType, relationship: 'data', description }
}
