import type { RevocationEvidence, RevocationMode, RevocationSource } from './revocation/evidence.js'
import type { Qualifier } from './trust/qualification.js'
import type { DocumentVerdict } from './verdict.js'

/** What files are judged by. */
export interface VerifyOptions {
  /** Trust anchors, DER. */
  readonly trust: readonly Buffer[]
  /** Validation time; now unless told. */
  readonly at?: Date
  /** Of a detached signature. */
  readonly content?: Uint8Array
  /** `known` unless told: evidence is used where it is, its absence is a warning. */
  readonly revocation?: RevocationMode
  /** Revocation data at hand beside what the file carries. */
  readonly evidence?: RevocationEvidence
  /** Asked for evidence the file does not carry; absent: offline. */
  readonly source?: RevocationSource
  /** What trusted lists say of a path. */
  readonly qualifier?: Qualifier
}

/** Knows one kind of signed file. Modules add theirs (`host.verifiers.add`); the first that recognises the bytes judges them. */
export interface Verifier {
  readonly name: string
  recognises(bytes: Uint8Array): boolean
  verify(bytes: Uint8Array, options: VerifyOptions): Promise<Omit<DocumentVerdict, 'file'>>
}

/** Judges any signed file by the verifier that recognises it. */
export interface Verifiers {
  add(verifier: Verifier): void
  /** Never throws for bad input: an unreadable file is a verdict of `failed`, integrity `none`, with a fault. */
  verify(file: string, bytes: Uint8Array, options: VerifyOptions): Promise<DocumentVerdict>
}
