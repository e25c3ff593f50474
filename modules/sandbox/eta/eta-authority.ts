import { createHash } from 'node:crypto'
import type { CertificateAuthorities } from '../ca/authority.js'
import { errorBody, EtaRefusal, type ErrorDetail, type EtaAnswer } from './answers.js'
import { checkShape } from './document-shape.js'
import { etaDefaults, type EtaSettings } from './eta-settings.js'
import { judgeDocument } from './judge-document.js'
import type { EtaNotifier } from './notifier.js'
import { newName, type EtaDocument, type EtaRegister, type Taxpayer } from './register.js'
import { detailsOf, summaryOf } from './summaries.js'
import { itemsOf, memberOf, plainAt, readWritten, signedText, UnreadableJson, type Written } from './written-json.js'

/** More is refused; the authority's own limits are not published. */
const maximumDocuments = 500

/** What the sandbox's Egyptian authority does with each call. Knows no HTTP beyond the status it answers with. */
export class EtaAuthority {
  readonly settings: EtaSettings = { ...etaDefaults }

  constructor(
    readonly register: EtaRegister,
    private readonly authorities: CertificateAuthorities,
    readonly notifier: EtaNotifier,
    readonly portal: string,
    readonly now: () => Date,
  ) {}

  /** POST documentsubmissions. @param body text as it came: its numbers must not be read and written again */
  submit(taxpayer: Taxpayer, body: string, refuseLast = false): EtaAnswer {
    if (body.length > this.settings.maximumCharacters)
      throw new EtaRefusal(400, 'MaximumSizeExceeded', 'The request body is too large', 'documents')
    const documents = itemsOf(memberOf(readBody(body), 'documents'))
    if (documents.length === 0) throw new EtaRefusal(400, 'BadStructure', 'documents is missing or empty', 'documents')
    if (documents.length > maximumDocuments) throw new EtaRefusal(400, 'MaximumSizeExceeded', 'Too many documents', 'documents')
    const texts = documents.map((document) => sourceOf(document))
    for (const document of documents) {
      if (plainAt(document, 'issuer', 'id') !== taxpayer.rin && !hasProvider(document))
        throw new EtaRefusal(403, 'IncorrectSubmitter', 'The submitter is not the issuer of the documents', 'issuer.id')
    }
    const hashes = documents.map((document) => createHash('sha256').update(signedText(document)).digest('base64'))
    this.refuseDuplicates(
      taxpayer,
      documents.map((document, index) => ({ number: plainAt(document, 'internalID') ?? '', hash: hashes[index] ?? '' })),
    )
    const submission = newName()
    const accepted: object[] = []
    const rejected: object[] = []
    for (const [index, document] of documents.entries()) {
      const internalId = plainAt(document, 'internalID') ?? ''
      const problems = checkShape(document, this.now()).map(({ path, message }): ErrorDetail => ({
        code: 'CF301',
        message,
        target: path,
        propertyPath: path,
      }))
      if (refuseLast && index === documents.length - 1)
        problems.push({ code: 'CF301', message: 'Refused for a trial', target: 'internalID', propertyPath: 'internalID' })
      if (problems.length > 0) {
        const body = errorBody('BadStructure', 'Validation Error', internalId, problems)
        rejected.push({ internalId, ...body })
        continue
      }
      const taken = this.take(submission, document, texts[index] ?? '', hashes[index] ?? '')
      accepted.push({ uuid: taken.uuid, longId: taken.longId, internalId, hashKey: taken.hashKey })
    }
    const submissionId = accepted.length === 0 ? null : submission
    return { status: 202, body: { submissionId, acceptedDocuments: accepted, rejectedDocuments: rejected } }
  }

  /** The same documents of the same issuer within ten minutes: 422, and when to ask again. */
  private refuseDuplicates(taxpayer: Taxpayer, documents: readonly { readonly number: string; readonly hash: string }[]): void {
    const { duplicateMinutes } = this.settings
    const since = this.now().getTime() - duplicateMinutes * 60_000
    const seen = documents
      .flatMap(({ number, hash }) => this.register.documentsNumbered(taxpayer.rin, number).filter((one) => one.hashKey === hash))
      .find((one) => Date.parse(one.receivedAt) > since)
    if (seen === undefined) return
    const seconds = Math.ceil((Date.parse(seen.receivedAt) + duplicateMinutes * 60_000 - this.now().getTime()) / 1000)
    throw new EtaRefusal(422, 'DuplicateSubmission', 'The same payload was submitted a short while ago', 'documents', {
      'Retry-After': String(seconds),
    })
  }

  private take(submission: string, document: Written, text: string, hashKey: string): EtaDocument {
    const now = this.now()
    const errors = judgeDocument(this.register, this.authorities, document, hashKey, now)
    const plain = (...path: string[]): string => plainAt(document, ...path) ?? ''
    const taken: EtaDocument = {
      kind: 'document',
      uuid: newName(),
      longId: newName(40),
      submission,
      issuer: plain('issuer', 'id'),
      issuerName: plain('issuer', 'name'),
      receiver: plain('receiver', 'id'),
      receiverName: plain('receiver', 'name'),
      internalId: plain('internalID'),
      type: plain('documentType').toLowerCase(),
      version: plain('documentTypeVersion'),
      issuedAt: plain('dateTimeIssued'),
      total: plain('totalAmount'),
      net: plain('netAmount'),
      hashKey,
      text,
      verdict: errors.length === 0 ? 'Valid' : 'Invalid',
      errors,
      receivedAt: now.toISOString(),
      decidedAt: new Date(now.getTime() + this.settings.decisionMs).toISOString(),
    }
    this.register.addDocument(taken)
    this.notifier.later(taken, this.settings.decisionMs)
    return taken
  }

  /** GET documentsubmissions/{uuid}. */
  submission(taxpayer: Taxpayer, uuid: string, page: number, size: number): EtaAnswer {
    const documents = this.register
      .allDocuments()
      .filter((one) => one.submission === uuid)
      .reverse()
    if (documents.length === 0 || !documents.some((one) => sees(taxpayer, one)))
      throw new EtaRefusal(404, 'NotFound', 'No such submission', 'uuid')
    const states = documents.map((one) => this.register.statusOf(one, this.now()))
    const waiting = states.includes('Submitted')
    const bad = states.filter((state) => state === 'Invalid').length
    const overall = waiting ? 'in progress' : bad === 0 ? 'valid' : bad === states.length ? 'invalid' : 'partially valid'
    return {
      status: 200,
      body: {
        submissionUUID: uuid,
        documentCount: documents.length,
        dateTimeReceived: documents[0]?.receivedAt,
        overallStatus: overall,
        documentSummary: documents.slice((page - 1) * size, page * size).map((one) => summaryOf(this, one)),
        documentSummaryMetadata: { totalPages: Math.ceil(documents.length / size), totalCount: documents.length },
      },
    }
  }

  /** GET documents/search and documents/recent: newest first, a token leads on. */
  search(taxpayer: Taxpayer, query: Readonly<Record<string, string>>): EtaAnswer {
    const size = Math.min(Math.max(1, Number(query.pageSize ?? '10') || 10), 100)
    const [from, to] = [query.submissionDateFrom ?? query.issueDateFrom, query.submissionDateTo ?? query.issueDateTo].map((one) =>
      Date.parse(one ?? ''),
    )
    if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to))
      throw new EtaRefusal(400, 'BadArgument', 'A span of dates is needed', 'submissionDateFrom')
    if (to - from > 30 * 86_400_000 || to < from)
      throw new EtaRefusal(400, 'BadArgument', 'The span of dates exceeds 30 days', 'submissionDateTo')
    const { internalID } = query
    const among =
      internalID === undefined || query.direction?.toLowerCase() !== 'sent'
        ? this.register.allDocuments()
        : this.register.documentsNumbered(taxpayer.rin, internalID)
    const found = among.filter((one) => {
      const at = Date.parse(query.submissionDateFrom === undefined ? one.issuedAt : one.receivedAt)
      const sent = one.issuer === taxpayer.rin
      return (
        sees(taxpayer, one) &&
        this.now().getTime() >= Date.parse(one.receivedAt) + this.settings.searchDelayMs &&
        at >= from &&
        at <= to &&
        (query.direction === undefined || (query.direction.toLowerCase() === 'sent') === sent) &&
        (query.status === undefined || this.register.statusOf(one, this.now()).toLowerCase() === query.status.toLowerCase()) &&
        (internalID === undefined || one.internalId === internalID) &&
        (query.documentType === undefined || one.type === query.documentType.toLowerCase()) &&
        // What is not yet validated is not shown to the receiver.
        (sent || this.register.statusOf(one, this.now()) !== 'Submitted')
      )
    })
    const start = query.continuationToken === undefined ? 0 : Number(Buffer.from(query.continuationToken, 'base64url').toString())
    if (!Number.isInteger(start) || start < 0)
      throw new EtaRefusal(400, 'BadArgument', 'The continuation token is unknown', 'continuationToken')
    const next = start + size
    const token = next >= found.length ? 'EndofResultSet' : Buffer.from(String(next)).toString('base64url')
    return {
      status: 200,
      body: { result: found.slice(start, next).map((one) => summaryOf(this, one)), metadata: { continuationToken: token } },
    }
  }

  /** GET documents/{uuid}/raw. */
  raw(taxpayer: Taxpayer, uuid: string): EtaAnswer {
    const document = this.visible(taxpayer, uuid)
    const details = detailsOf(this, document)
    return { status: 200, body: { ...summaryOf(this, document), document: document.text, transformationStatus: 'original', ...details } }
  }

  /** GET documents/{uuid}/details. */
  details(taxpayer: Taxpayer, uuid: string): EtaAnswer {
    const document = this.visible(taxpayer, uuid)
    const sent: unknown = JSON.parse(document.text)
    return { status: 200, body: { ...(typeof sent === 'object' ? sent : {}), ...summaryOf(this, document), ...detailsOf(this, document) } }
  }

  visible(taxpayer: Taxpayer, uuid: string): EtaDocument {
    const document = this.register.document(uuid)
    if (document === undefined || !sees(taxpayer, document)) throw new EtaRefusal(404, 'NotFound', 'No such document', 'uuid')
    return document
  }
}

function readBody(body: string): Written {
  try {
    return readWritten(body)
  } catch (error) {
    if (error instanceof UnreadableJson) throw new EtaRefusal(400, 'BadStructure', error.message, 'documents')
    throw error
  }
}

/** Written again sign by sign: source texts are kept, only white space between them is left out. */
function sourceOf(value: Written): string {
  if (value.kind === 'object') return `{${value.members.map(([name, one]) => `"${name}":${sourceOf(one)}`).join(',')}}`
  if (value.kind === 'array') return `[${value.items.map(sourceOf).join(',')}]`
  return value.kind === 'text' ? `"${value.source}"` : value.source
}

function hasProvider(document: Written): boolean {
  return itemsOf(memberOf(document, 'signatures')).some((one) => plainAt(one, 'signatureType') === 'S')
}

function sees(taxpayer: Taxpayer, document: EtaDocument): boolean {
  return document.issuer === taxpayer.rin || document.receiver === taxpayer.rin
}
