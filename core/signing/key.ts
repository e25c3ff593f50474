import type { CompanyTransaction } from '../db/database.js'
/** Kinds of keys that sign here. */
export const keyAlgorithms = ['rsa-2048', 'rsa-3072', 'rsa-4096', 'ec-p256', 'ec-p384', 'ec-secp256k1'] as const
/** One of `keyAlgorithms`. */
export type KeyAlgorithm = (typeof keyAlgorithms)[number]

/** How a digest is turned into a signature. ECDSA answers DER Ecdsa-Sig-Value; formats that want r||s convert. */
export type SignatureScheme = 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa'
/** The SHA-2 digests of FIPS 180-4 that signatures here rest on. */
export type DigestAlgorithm = 'sha256' | 'sha384' | 'sha512'

/** What a key may be used for; the policy of a key lists its purposes. */
export type KeyPurpose = 'seal-document' | 'sign-contract' | 'stamp-e-invoice' | 'authenticate' | 'issue-certificate' | 'time-stamp'

/** Where a key lives: here, in a token of this host, on a desk's token, with a service. */
export type KeyProviderKind = 'software' | 'pkcs11' | 'agent' | 'csc'

/** Why a key is used: goes through the policy and into the use log; an agent shows it to the person before the PIN. */
export interface KeyUse {
  readonly purpose: KeyPurpose
  readonly subject: { readonly type: string; readonly id: string; readonly label: string }
  /** Total of the document, for amount limits: decimal string and ISO currency. */
  readonly amount?: { readonly value: string; readonly currency: string }
  /** SHA-256 of the document as its reader has it, lower-case hex. */
  readonly documentHash?: string
  /** The document itself, for a desk that shows it and makes the hash of it there; it goes nowhere else. */
  readonly document?: { readonly mediaType: string; readonly bytes: Uint8Array }
}

/** A configured key of a company. The private part is known to its provider alone. */
export interface Key {
  readonly id: string
  readonly companyId: string
  readonly name: string
  readonly provider: KeyProviderKind
  readonly algorithm: KeyAlgorithm
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer
  /** DER, the signer's own first, then its issuers. Empty until a certificate is installed. */
  readonly certificates: readonly Buffer[]
  readonly purposes: readonly KeyPurpose[]
  readonly state: 'active' | 'stopped'
  /** Provider's facts shown to people: token serial, module, sensitive, never-extractable. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  /** Limits beyond the purposes. */
  readonly limits?: KeyLimits
  /** Who may use it and with whose approval; absent: whoever the calling module lets. */
  readonly access?: KeyAccess
  /** Rises with every change of state, policy or certificates; an open signer of an older version ends. */
  readonly version?: number
  readonly createdAt?: Date
  /** When, why and by whom it was reported lost or stolen. */
  readonly stopped?: { readonly at: Date; readonly reason: string; readonly by: string | null }
}

/**
 * People of a key. A person's own signature has a holder and serves nobody else, the host's own jobs included; a seal is
 * shared by users and groups. Jobs of the host (the system actor) carry on what an allowed person began, so `users` and
 * `groups` do not stop them.
 */
export interface KeyAccess {
  readonly holder?: { readonly id: string; readonly name: string }
  /** Ids of users; with `groups` empty too, everybody. */
  readonly users: readonly string[]
  /** Technical names of groups. */
  readonly groups: readonly string[]
  readonly approval?: KeyApprovalRule
}

/** Four eyes: a member of the group who is not the one asking must allow a use first. */
export interface KeyApprovalRule {
  readonly group: string
  /** Only above this total; a use without amount or in another currency needs approval too. Absent: every use. */
  readonly above?: { readonly value: string; readonly currency: string }
}

/** Bounds of a key beside its purposes. */
export interface KeyLimits {
  /** No use after this moment, whatever the certificate says. */
  readonly until?: Date
  /** Highest total of one document, as a decimal string; a use without an amount is refused, as is another currency. */
  readonly amount?: { readonly value: string; readonly currency: string }
}

/**
 * One source of keys (the replaceable decision of the signing service). A provider signs digests and nothing else.
 * It never returns a private key or a PIN.
 */
export interface KeyProvider {
  readonly kind: KeyProviderKind
  /**
   * @param reference what the provider stored about the key (wrapped key, token serial and CKA_ID); opaque to the service
   * @returns DER Ecdsa-Sig-Value for ECDSA, the raw block for RSA
   * @throws Fault SIGN-KEY-UNREACHABLE, SIGN-PIN-WRONG, SIGN-TOKEN-MISSING, SIGN-PROVIDER-TIMEOUT
   */
  signDigest(reference: KeyReference, request: SignDigestRequest): Promise<Buffer>
  /** The library of a configured module, as it is loaded now. @throws Fault SIGN-MODULE-UNKNOWN, SIGN-MODULE-UNREADABLE, SIGN-PROVIDER-… */
  driver?(module: string): Promise<DriverFacts>
  /** The key is being stopped: what the provider keeps in the database for it (requests to people) ends in the same transaction. */
  stopping?(transaction: CompanyTransaction, keyId: string): Promise<void>
  /** The key was stopped: what this process still holds of it (unwrapped bytes, grants) is dropped. */
  forget?(keyId: string): void
  /** Ends sessions and child processes. */
  close?(): Promise<void>
}

/** A library between this house and a token: evidence of what signed. What it does not tell is null. */
export interface DriverFacts {
  /** Name of its file. */
  readonly library: string
  /** By its own word. */
  readonly version: string | null
  readonly description: string | null
  /** Of its file, lower-case hex. */
  readonly sha256: string | null
}

/** What a provider is to sign. */
export interface SignDigestRequest {
  readonly scheme: SignatureScheme
  readonly digestAlgorithm: DigestAlgorithm
  readonly digest: Uint8Array
  /** The bytes the digest was made of, where the caller has them: lets a provider hash and sign in one native step. */
  readonly message?: Uint8Array
  /** What the signature is for, for providers where a person (agent) or another service (CSC) decides on it. */
  readonly uses?: readonly KeyUse[]
  /** Who asked for it, by name, where a person decides elsewhere. */
  readonly askedBy?: string
  /** Where a person decides elsewhere: whether to wait for him. Default true. */
  readonly waits?: boolean
}

/** A key as its provider finds it. */
export interface KeyReference {
  readonly keyId: string
  readonly companyId: string
  readonly algorithm: KeyAlgorithm
  readonly stored: Readonly<Record<string, string>>
}
