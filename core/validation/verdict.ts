import type { FaultDetail } from '../i18n/fault.js'
import type { RevocationStatus } from './revocation/evidence.js'
import type { Qualification } from './trust/qualification.js'

/** ETSI EN 319 102-1 clause 5.1.3. */
export type Indication = 'TOTAL-PASSED' | 'INDETERMINATE' | 'TOTAL-FAILED'

/** ETSI EN 319 102-1 table 5 and 6; the ones this product answers with. */
export type SubIndication =
  | 'FORMAT_FAILURE'
  | 'HASH_FAILURE'
  | 'SIG_CRYPTO_FAILURE'
  | 'REVOKED'
  | 'SIG_CONSTRAINTS_FAILURE'
  | 'CHAIN_CONSTRAINTS_FAILURE'
  | 'CERTIFICATE_CHAIN_GENERAL_FAILURE'
  | 'CRYPTO_CONSTRAINTS_FAILURE'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'NO_SIGNING_CERTIFICATE_FOUND'
  | 'REVOKED_CA_NO_POE'
  | 'OUT_OF_BOUNDS_NOT_REVOKED'
  | 'REVOCATION_OUT_OF_BOUNDS_NO_POE'
  | 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE'
  | 'NO_POE'
  | 'POLICY_PROCESSING_ERROR'
  | 'SIGNATURE_POLICY_NOT_AVAILABLE'
  | 'NO_CERTIFICATE_CHAIN_FOUND'
  | 'REVOKED_NO_POE'
  | 'OUT_OF_BOUNDS_NO_POE'
  | 'TIMESTAMP_ORDER_FAILURE'
  | 'TRY_LATER'
  | 'SIGNED_DATA_NOT_FOUND'

/** The verdict on one signature: the JSON of `khatm verify`. */
export interface SignatureVerdict {
  readonly indication: Indication
  readonly subIndication: SubIndication | null
  /** `PAdES-BASELINE-B`, `PAdES-BASELINE-T`, `ZATCA-STAMP`, `CAdES-BASELINE-B`, … */
  readonly level: string
  readonly signer: {
    readonly name: string
    readonly issuer: string
    readonly serial: string
    readonly notBefore: string
    readonly notAfter: string
  } | null
  /** ISO time, proven by a time stamp if there is one, else claimed, else null. */
  readonly signedAt: string | null
  readonly timeSource: 'time-stamp' | 'claimed' | 'none'
  readonly covers: 'entire-file' | 'entire-revision' | 'partial' | 'unclear'
  /** What later revisions changed, each judged against what this signature allows. */
  readonly changes: readonly {
    readonly revision: number
    readonly kind: string
    readonly allowed: boolean
    /** Field of a form, or number of a page, that the change is about. */
    readonly subject?: string
  }[]
  /** What the signer states, ISO. */
  readonly claimedAt?: string | null
  /** Best signature time: proven by a trusted time stamp, ISO. */
  readonly provenAt?: string | null
  /** `sha256 with rsa-pkcs1, 2048 bit` as parts. */
  readonly algorithms?: { readonly digest: string; readonly scheme: string; readonly key: string } | null
  /** The path, leaf first. */
  readonly certificates?: readonly CertificateFacts[]
  readonly timeStamps?: readonly TimeStampFacts[]
  readonly revocation?: readonly RevocationStatus[]
  /** By trusted lists (ETSI TS 119 615); absent where none are at hand. */
  readonly qualification?: Qualification | null
  /** Field of a PDF, id of an XML signature. */
  readonly name?: string | null
  /** Everything found wrong or worth knowing with this signature. */
  readonly findings: readonly FaultDetail[]
}

/** A certificate of a path; times are ISO 8601 in UTC. */
export interface CertificateFacts {
  readonly name: string
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly notBefore: string
  readonly notAfter: string
  /** SHA-256, lower-case hex. */
  readonly sha256: string
  readonly trustAnchor: boolean
}

/** A time stamp over a signature; `at` is ISO 8601 in UTC. */
export interface TimeStampFacts {
  readonly kind: 'signature' | 'content' | 'archive' | 'document'
  readonly at: string | null
  readonly authority: string | null
  readonly intact: boolean
  readonly trusted: boolean
}

/** The verdict on one file: the JSON of `khatm verify`. */
export interface DocumentVerdict {
  readonly file: string
  /** `passed` needs a trusted chain; intact but untrusted is `indeterminate`; a disallowed later change is `failed`. */
  readonly verdict: 'passed' | 'indeterminate' | 'failed'
  readonly integrity: 'intact' | 'broken' | 'none'
  readonly signatures: readonly SignatureVerdict[]
  readonly findings: readonly FaultDetail[]
}
