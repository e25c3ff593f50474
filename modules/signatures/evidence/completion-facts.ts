import type { SignatureVerdict } from '../../../core/validation/verdict.js'
import { maskedPhone } from '../authentication/mask.js'
import type { ConsentFacts } from '../models/consent.js'
import type { EventOrigin, RequestEvent } from '../models/event.js'
import type { RequestSigner, SignRequest } from '../models/request.js'
import { signatureFieldName } from '../services/requests/pdf-fields.js'

/** How somebody's identity was proven, by one method. */
export interface ProofFact {
  readonly method: string
  /** UTC, ISO. */
  readonly at: string
}

export interface CertificateFact {
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly notBefore: string
  readonly notAfter: string
  /** Issued by the company's own authority, not by an outside one. */
  readonly own: boolean
  readonly level: string
  readonly stampedAt: string | null
  readonly stampAuthority: string | null
}

/** One person on the certificate of completion. */
export interface PersonFact {
  readonly id: string
  readonly name: string
  readonly email: string | null
  /** Its last digits. */
  readonly phone: string | null
  readonly role: string
  readonly action: RequestSigner['action']
  readonly level: RequestSigner['level']
  readonly state: RequestSigner['state']
  readonly inPerson: boolean
  readonly authentication: readonly string[]
  readonly proofs: readonly ProofFact[]
  readonly consent: Pick<ConsentFacts, 'law' | 'version' | 'locale' | 'sha256' | 'at' | 'accessProven'> | null
  readonly origin: EventOrigin
  readonly sentAt: string | null
  readonly viewedAt: string | null
  readonly verifiedAt: string | null
  readonly completedAt: string | null
  readonly declineReason: string | null
  /** Before this person the place was somebody else's. */
  readonly delegatedFrom: string | null
  readonly certificate: CertificateFact | null
}

/** What the certificate of completion states, as JSON inside it: what programs compare. */
export interface CompletionFacts {
  readonly format: 'khatm-completion'
  readonly version: 1
  readonly request: { readonly id: string; readonly number: string; readonly name: string; readonly sender: string }
  readonly company: { readonly name: string; readonly nameAr: string | null; readonly country: string }
  readonly document: {
    readonly originalSha256: string | null
    readonly frozenSha256: string | null
    readonly finishedSha256: string
    readonly pages: number
  }
  readonly sentAt: string | null
  readonly finishedAt: string
  readonly events: { readonly count: number; readonly first: string | null; readonly last: string | null }
  readonly people: readonly PersonFact[]
}

export interface CompletionSources {
  readonly request: SignRequest
  readonly events: readonly RequestEvent[]
  readonly company: CompletionFacts['company']
  readonly finishedSha256: string
  readonly finishedAt: Date
  /** Of the finished document. */
  readonly signatures: readonly SignatureVerdict[]
  /** Subject of the company's own authority; undefined where it has none. */
  readonly ownAuthority: string | undefined
  readonly consents: ReadonlyMap<string, ConsentFacts>
}

export function completionFacts(sources: CompletionSources): CompletionFacts {
  const { request, events } = sources
  return {
    format: 'khatm-completion',
    version: 1,
    request: { id: request.id, number: request.number, name: request.name, sender: request.createdBy.name },
    company: sources.company,
    document: {
      originalSha256: request.originalSha256,
      frozenSha256: request.frozenSha256,
      finishedSha256: sources.finishedSha256,
      pages: request.pages.length,
    },
    sentAt: iso(request.sentAt),
    finishedAt: sources.finishedAt.toISOString(),
    events: { count: events.length, first: events[0]?.hash.toString('hex') ?? null, last: events.at(-1)?.hash.toString('hex') ?? null },
    people: request.signers.map((signer) => personFact(signer, sources)),
  }
}

function personFact(signer: RequestSigner, sources: CompletionSources): PersonFact {
  const { request } = sources
  const own = sources.events.filter((event) => event.signerId === signer.id)
  const since = own.findLastIndex((event) => event.type === 'delegated' || event.type === 'corrected')
  // Proofs of the person before count for that person alone.
  const current = own.slice(since + 1)
  const delegated = own.findLast((event) => event.type === 'delegated')
  const consent = sources.consents.get(signer.id)
  return {
    id: signer.id,
    name: signer.name,
    email: signer.email,
    phone: signer.phone === null ? null : maskedPhone(signer.phone),
    role: request.roles.find((role) => role.id === signer.role)?.name ?? signer.role,
    action: signer.action,
    level: signer.level,
    state: signer.state,
    inPerson: signer.inPerson,
    authentication: signer.authentication,
    proofs: current
      .filter((event) => event.type === 'identity_proven')
      .map((event) => ({ method: text(event.facts.method) ?? '', at: event.at.toISOString() })),
    consent: consent === undefined ? null : consentOf(consent),
    origin:
      current.findLast((event) => ['signed', 'approved', 'declined', 'submitted'].includes(event.type) && event.origin.ip !== undefined)
        ?.origin ??
      current.findLast((event) => event.origin.ip !== undefined)?.origin ??
      {},
    sentAt: iso(signer.sentAt),
    viewedAt: iso(signer.viewedAt),
    verifiedAt: iso(signer.verifiedAt),
    completedAt: iso(signer.completedAt),
    declineReason: signer.declineReason,
    delegatedFrom: delegated === undefined ? null : delegated.actor.name,
    certificate: signer.action === 'sign' ? certificateOf(signer, sources) : null,
  }
}

function certificateOf(signer: RequestSigner, sources: CompletionSources): CertificateFact | null {
  const signature = sources.signatures.find((one) => one.name === signatureFieldName(signer.role, sources.request.formPrefix))
  if (signature?.signer === null || signature === undefined) return null
  const { signer: holder } = signature
  const stamp = signature.timeStamps?.find((one) => one.kind === 'signature' && one.intact)
  const leaf = signature.certificates?.[0]
  return {
    subject: leaf?.subject ?? holder.name,
    issuer: leaf?.issuer ?? holder.issuer,
    serial: holder.serial,
    notBefore: holder.notBefore,
    notAfter: holder.notAfter,
    own: sources.ownAuthority !== undefined && (leaf?.issuer ?? holder.issuer) === sources.ownAuthority,
    level: signature.level,
    stampedAt: stamp?.at ?? null,
    stampAuthority: stamp?.authority ?? null,
  }
}

function consentOf({ law, version, locale, sha256, at, accessProven }: ConsentFacts): NonNullable<PersonFact['consent']> {
  return { law, version, locale, sha256, at, accessProven }
}

function iso(at: Date | null): string | null {
  return at?.toISOString() ?? null
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
