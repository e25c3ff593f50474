import type { Company, CompanyContext } from '../../core/access/context.js'
import type { CompanyTransaction } from '../../core/db/database.js'
import type { Fault, FaultDetail } from '../../core/i18n/fault.js'
import type { BadgeColor } from '../../core/views/view.js'
import type { LocalizedText } from '../../core/i18n/locale.js'
import type { InvoiceDocument, PrintFact } from '../invoicing/index.js'

/**
 * Life of an e-document:
 * prepared (payload and hash exist, chain link taken) -> signed -> submitted -> accepted | accepted_with_warnings | rejected.
 * `withdrawn`: cancelled before anybody signed it. `not_required`: the law asks for no filing.
 */
export type EDocumentState =
  'prepared' | 'signed' | 'submitted' | 'accepted' | 'accepted_with_warnings' | 'rejected' | 'withdrawn' | 'not_required'

export interface PreparedDocument {
  readonly invoiceId: string
  /** `standard`, `simplified`, … in the regime's terms. */
  readonly kind: string
  readonly uuid: string
  /** Chain the document stands in (one per unit or device), and its place; null where the regime has no chain. */
  readonly chain: { readonly name: string; readonly counter: number; readonly previousHash: string } | null
  /** The bytes that will be signed, as written; never rebuilt. */
  readonly payload: Buffer
  readonly payloadMediaType: string
  /** In the authority's own form (base64 or hex). */
  readonly hash: string
  /** When the authority must have it, where that counts from what the document says; otherwise by `deadlineHours` from now. */
  readonly deadline?: Date
}

export interface SignedLegalDocument {
  /** Final legal file, to be stored, attached and sent as it is. */
  readonly bytes: Buffer
  readonly mediaType: string
  readonly extension: 'xml' | 'json'
  /** Text for the QR code on the print, if the regime has one. */
  readonly qr: string | null
}

/** Why one document of several was not signed. */
export interface NotSigned {
  readonly fault: FaultDetail
  /** The signer said no: asked again only when a person wants it. Otherwise it is tried again by itself. */
  readonly held: boolean
}

/** What the authority said. */
export interface AuthorityAnswer {
  readonly state: 'accepted' | 'accepted_with_warnings' | 'rejected' | 'pending'
  /** When to ask again for an answer that is `pending`; default: after growing waits. */
  readonly retryAt?: Date
  /** HTTP status and raw body, stored for evidence. */
  readonly status: number
  readonly body: string
  readonly faults: readonly FaultDetail[]
  /** The authority's own stamped file (clearance): becomes the legal copy. */
  readonly legalCopy?: Buffer
  readonly legalCopyQr?: string
  /** Authority's name for the document. */
  readonly reference?: string
}

/** Thrown by `submit` when nobody knows whether the authority has it (time-out, 5xx, reset): the same bytes go again, after `inquire`. */
export class SubmissionUncertain extends Error {
  constructor(
    readonly reason: string,
    readonly retryAt?: Date,
  ) {
    super(reason)
    this.name = 'SubmissionUncertain'
  }
}

export interface SubmissionRequest {
  readonly company: Company
  readonly invoiceId: string
  readonly kind: string
  readonly uuid: string
  readonly hash: string
  readonly bytes: Buffer
  /** 1 at the first sending; later ones must be harmless duplicates for the authority. */
  readonly attempt: number
  /**
   * No call that carries it is begun after this, in milliseconds of `performance.now()`: it is given to another sender then. A clock that
   * is set meanwhile neither lengthens nor shortens it.
   */
  readonly until: number
}

/** What became of one document of a batch: the answer, or why there is none. */
export type BatchOutcome = AuthorityAnswer | SubmissionUncertain | Fault

/** One thing a company must have before it may issue: shown in the guide and by `khatm doctor`. */
export interface ReadinessItem {
  readonly code: string
  readonly ready: boolean
  /** Ready today, and ends within weeks: nothing stops yet, and the remedy says how it is renewed. */
  readonly soon?: boolean
  readonly text: LocalizedText
  readonly remedy: LocalizedText
  readonly href?: string
}

/** What a country brings. One regime per country module, answered to `compliance.regimes`. */
export interface Regime {
  /** `saudi-zatca`. */
  readonly name: string
  readonly country: string
  readonly title: LocalizedText
  /**
   * When the print is final, by kind of e-document: once it is signed, or only when the authority has accepted it (a customer's
   * copy that must carry the authority's stamp). Default `signed`.
   */
  finalPrint?(kind: string): 'signed' | 'accepted'
  /** Hours after issue within which this kind must be with the authority; null or absent: no such limit. */
  deadlineHours?(kind: string): number | null
  /** Documents sent at the same time. Default 4. */
  readonly parallelSubmissions?: number
  readiness(transaction: CompanyTransaction, context: CompanyContext, company: Company): Promise<readonly ReadinessItem[]>
  /** Rules on the invoice; part of `invoice.validate`. */
  validate(invoice: InvoiceDocument, company: Company): readonly FaultDetail[]
  /** Inside the posting transaction, for all invoices of it at once, in order. Null: no e-document for this invoice. */
  prepare(
    transaction: CompanyTransaction,
    context: CompanyContext,
    invoices: readonly InvoiceDocument[],
  ): Promise<readonly (PreparedDocument | null)[]>
  /**
   * After commit. Null: the signer cannot be reached now (a token on a desk); the document stays `prepared`, is shown as
   * awaiting signature and asked again. `NotSigned`: this one cannot be signed, others may. @throws Fault when none can be signed at all
   */
  sign(
    context: CompanyContext,
    company: Company,
    documents: readonly (PreparedDocument & { readonly invoice: InvoiceDocument })[],
  ): Promise<readonly (SignedLegalDocument | NotSigned | null)[]>
  /** In a job. @throws SubmissionUncertain, Fault */
  submit(context: CompanyContext, request: SubmissionRequest): Promise<AuthorityAnswer>
  /** Asks the authority for the state before a second sending, where it can be asked; null: it cannot (send the same bytes). */
  inquire?(context: CompanyContext, request: SubmissionRequest): Promise<AuthorityAnswer | null>
  /**
   * Where the authority takes several documents in one call: instead of `submit`, for all that go now; outcomes in the order of the
   * requests, each for itself. Batches and their limits are the regime's matter.
   */
  submitMany?(context: CompanyContext, requests: readonly SubmissionRequest[]): Promise<readonly BatchOutcome[]>
  /** As `inquire`, for several at once; used where `submitMany` is. */
  inquireMany?(context: CompanyContext, requests: readonly SubmissionRequest[]): Promise<readonly (BatchOutcome | null)[]>
  /** What became of a filed document at the authority since its answer (cancelled there, rejected by the buyer), in the reader's words. */
  laterState?(
    transaction: CompanyTransaction,
    context: CompanyContext,
    invoiceId: string,
  ): Promise<{ readonly text: string; readonly color: BadgeColor } | null>
  /** True when a filed document was undone at the authority itself, so that the invoice may be cancelled here too. */
  undone?(transaction: CompanyTransaction, invoiceId: string): Promise<boolean>
  /** Title, legal notes and QR of the print. @param legal the document's legal file, once there is one: what it says is printed from it */
  print(
    invoice: InvoiceDocument,
    legal?: { readonly kind: string; readonly bytes: Buffer },
  ): { readonly title: LocalizedText; readonly legalNotes: readonly LocalizedText[]; readonly facts?: readonly PrintFact[] }
}
