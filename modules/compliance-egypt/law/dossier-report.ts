import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { Basis } from './basis.js'
import type { DeviceCertificate } from './device-certificates.js'
import type { Examination } from './examinations.js'
import type { LintItem } from './lint-certificate.js'
import type { AnswerAbout } from './revocation-answers.js'
import type { Dependence } from './time-authorities.js'
import type { KeyEvidence } from '../signing/signature-rows.js'
import type { LocalizedText } from '../../../core/i18n/locale.js'

/**
 * What the dossier can say of a demand: it is shown by what lies in it; nothing here shows it, nor speaks against it; something here
 * contradicts it; or the demand does not arise. Only `shown` is a pass.
 */
export type DemandState = 'shown' | 'not-shown' | 'contradicted' | 'not-asked'

export interface DemandAnswer {
  readonly state: DemandState
  /** Why, as codes of texts. */
  readonly findings: readonly FaultDetail[]
  /** Files of the dossier in which the proof lies. */
  readonly proof: readonly string[]
}

/** One point of Art. 7: (a) certificate and key, (b) content, (c) signer. */
export interface PointAnswer extends DemandAnswer {
  readonly point: 'a' | 'b' | 'c'
}

export interface ArticleAnswer extends DemandAnswer {
  readonly article: string
  readonly demands: LocalizedText
  readonly status: 'confirmed' | 'unconfirmed'
}

export interface TimeInDossier {
  readonly authority: string
  readonly at: string
  readonly file: string
  readonly dependence: Dependence
  readonly trusted: boolean
  /** The token is over the value of this signature, or over these bytes. */
  readonly over: boolean
}

/** A certificate of the signer's path, as it says of itself. */
export interface CertificateInReport {
  readonly subject: string
  /** Parts of its subject, in its order. */
  readonly names: readonly { readonly type: string; readonly value: string }[]
  readonly sha256: string
  readonly key: string
  readonly notBefore: string
  readonly notAfter: string
  readonly selfSigned: boolean
}

export interface DossierReport {
  readonly number: string
  readonly madeAt: string
  /** What was examined: the filed document, or a copy that somebody presented. */
  readonly examined: 'filed' | 'presented'
  readonly documentSha256: string
  /** Of the document as it was filed. */
  readonly filedSha256: string
  readonly textSha256: string | null
  readonly points: readonly PointAnswer[]
  readonly articles: readonly ArticleAnswer[]
  /** As it can be judged today, of the time of signing. */
  readonly basis: Basis
  /** As it was judged when the document was signed; null for signatures from before it was kept. */
  readonly basisWhenSigned: Basis | null
  readonly signedAt: string | null
  readonly signer: string
  readonly issuer: string
  /** From the signer to the last known issuer. */
  readonly path: readonly CertificateInReport[]
  readonly lint: readonly LintItem[]
  readonly times: readonly TimeInDossier[]
  readonly awaitedTimes: readonly { readonly url: string; readonly problem: FaultDetail; readonly attempts: number }[]
  readonly revocation: readonly {
    readonly file: string
    readonly kind: 'crl' | 'ocsp'
    /** About the signer's own certificate; the others are about its issuers and responders. */
    readonly ofSigner: boolean
    readonly about: readonly AnswerAbout[]
    /** Of its bytes: what the stamps are over. */
    readonly sha256: string
    readonly madeAt: string
    readonly until: string | null
    /** When this host got it. */
    readonly gotAt: string
    /** Kept before; else got for this dossier. */
    readonly kept: boolean
    readonly stamps: readonly TimeInDossier[]
  }[]
  /** Why revocation answers are not in it, or what they say against the certificate; null when they are in it and good. */
  readonly revocationMissing: FaultDetail | null
  readonly examination: Examination | null
  readonly evidence: KeyEvidence | null
  /** Certificate of the key's device as the company states it (Art. 3(c)). */
  readonly device: DeviceCertificate | null
  readonly log: {
    readonly events: number
    readonly head: { readonly sequence: number; readonly hash: string }
    readonly anchor: { readonly sequence: number; readonly hash: string } | null
    /**
     * Computed again for this dossier: the whole chain of the company, or only the pieces in which these events lie, between heads written
     * down outside the database; or it does not hold.
     */
    readonly state: 'whole' | 'pieces' | 'broken'
    /** Heads at or after the signing that archives of time have stamped. */
    readonly stamps: readonly {
      readonly sequence: number
      readonly authority: string
      readonly at: string
      readonly file: string
      readonly dependence: Dependence
      readonly trusted: boolean
      /** The token is over this head, and the chain between these events and the head was computed again and leads to it. */
      readonly holds: boolean
    }[]
    /** How many events were computed again. */
    readonly computed: number
  }
}
