import type { FaultDetail } from '../../i18n/fault.js'
import type { Certificate } from '../certificate/certificate.js'
import type { PathAnswer } from '../certificate/path.js'
import type { RevocationEvidence, RevocationMode, RevocationSource } from '../revocation/evidence.js'
import type { Indication, SignatureVerdict, SubIndication } from '../verdict.js'

/** A time stamp token that a signature carries, with what it was made over. */
export interface CarriedTimeStamp {
  /** DER ContentInfo. */
  readonly token: Buffer
  readonly kind: 'signature' | 'content' | 'archive' | 'document'
  /** Imprint the token must have, by digest name (`sha256`). */
  readonly stamped: (algorithm: string) => Buffer
}

/** A signature of any format after its own checks: format, digest of what it signs, mathematics, reference to its certificate. */
export interface CheckedSignature {
  /** Null when all that held. */
  readonly failure: { readonly subIndication: SubIndication; readonly finding: FaultDetail } | null
  readonly certificate: Certificate | undefined
  /** Certificates that came with it; any order, strangers allowed. */
  readonly certificates: readonly Certificate[]
  /** Names for the algorithm policy: digest `sha256`; scheme `rsa-pkcs1`, `rsa-pss`, `ecdsa`. */
  readonly digestAlgorithm: string | undefined
  readonly scheme: string | undefined
  /** Time the signer states. */
  readonly claimedAt: Date | undefined
  readonly timeStamps: readonly CarriedTimeStamp[]
  /** Revocation data embedded in the file. */
  readonly evidence: RevocationEvidence
}

export interface JudgeOptions {
  readonly anchors: readonly Certificate[]
  /** Validation time. */
  readonly at: Date
  readonly revocation: RevocationMode
  /** Asked for what the file does not carry; absent: offline. */
  readonly source?: RevocationSource
  /** Earliest time at which the whole signature with its evidence is proven to exist by an outer time stamp (PAdES document time stamp). */
  readonly existedAt?: Date
}

export interface Judgement {
  readonly indication: Indication
  readonly subIndication: SubIndication | null
  readonly findings: readonly FaultDetail[]
  /** Best signature time (EN 319 102-1 5.5.4): the earliest proven one, undefined when only claimed. */
  readonly provenAt: Date | undefined
  /** An intact time stamp over the signature is there, trusted or not. */
  readonly stamped: boolean
  /** Every certificate of the path (and of its time stamps) has evidence in the file itself: the signature is level LT. */
  readonly selfContained: boolean
  readonly path: PathAnswer | undefined
  /** What the report shows: fields of SignatureVerdict of the same names. */
  readonly timeStamps: NonNullable<SignatureVerdict['timeStamps']>
  readonly certificates: NonNullable<SignatureVerdict['certificates']>
  readonly revocation: NonNullable<SignatureVerdict['revocation']>
}
