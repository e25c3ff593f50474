import type { CompanyContext } from '../access/context.js'
import type { CompanyTransaction } from '../db/database.js'
import type { ApprovalState, KeyApproval } from './approvals.js'
import type { OneUseKey, OneUseSubject } from './certificates/one-use-key.js'
import type {
  DigestAlgorithm,
  Key,
  KeyAccess,
  KeyAlgorithm,
  KeyLimits,
  KeyProvider,
  KeyProviderKind,
  KeyPurpose,
  KeyUse,
  SignatureScheme,
} from './key.js'

export type { KeyUse } from './key.js'

/** What signature formats (CAdES, XAdES, PAdES, the Saudi stamp) get: one key, already allowed for one use. */
export interface Signer {
  readonly algorithm: KeyAlgorithm
  readonly scheme: SignatureScheme
  readonly digestAlgorithm: DigestAlgorithm
  /** DER, signer first. */
  readonly certificates: readonly Buffer[]
  /** Signs a digest made with `digestAlgorithm`; the answer was verified with the public key before it is returned. */
  signDigest(digest: Uint8Array): Promise<Buffer>
  /** Hashes with `digestAlgorithm` and signs, in one native step where the provider can: preferred by formats that hold the bytes. */
  signMessage?(message: Uint8Array): Promise<Buffer>
  /**
   * The same opening for one alone of the uses it was opened for: who decides elsewhere (a desk) is shown that document with its
   * signature and not the whole batch with each.
   * @param index of the use, as `open` was given them; RangeError for another
   */
  forUse?(index: number): Signer
}

/** How an opened key signs. */
export interface OpenOptions {
  /** RSA keys sign PKCS#1 v1.5 unless told. */
  readonly scheme?: SignatureScheme
  /** SHA-256 (SHA-384 for P-384) unless told. */
  readonly digestAlgorithm?: DigestAlgorithm
  /** Lets a key without certificate through, for formats that carry none. A certificate that is there must still be valid. */
  readonly withoutCertificate?: boolean
  /**
   * Where a person decides elsewhere (agent): false asks him and does not wait, so that a signature is there only if he gave it
   * before; SIGN-AGENT-WAITING otherwise. Whoever asks so listens to `AgentKeyProvider.onSettled`. Default true.
   */
  readonly waits?: boolean
}

/** A key to be made on this host. */
export interface NewSoftwareKey {
  readonly name: string
  readonly algorithm: KeyAlgorithm
  readonly purposes: readonly KeyPurpose[]
}

/** A key as its provider described it. */
export interface FoundKey {
  readonly name: string
  readonly purposes: readonly KeyPurpose[]
  readonly provider: KeyProviderKind
  readonly algorithm: KeyAlgorithm
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer
  /** DER, the signer's own first. */
  readonly certificates: readonly Buffer[]
  /** Facts shown to people. */
  readonly attributes: Key['attributes']
  /** Where the provider finds it again; no secret. */
  readonly stored: Readonly<Record<string, string>>
}

/** What a certificate request (PKCS #10, RFC 2986) asks for. */
export interface CertificateRequestSubject {
  /** RDNs in order; `oid` dotted or short name (C, O, OU, CN, SERIALNUMBER, ORGANIZATIONIDENTIFIER). */
  readonly name: readonly { readonly type: string; readonly value: string; readonly encoding?: 'utf8' | 'printable' }[]
  /** DER values of requested extensions by OID. */
  readonly extensions: readonly { readonly oid: string; readonly critical?: boolean; readonly value: Uint8Array }[]
}

/** THE signing service: the only way to a private key. */
export interface SigningService {
  generateKey(transaction: CompanyTransaction, context: CompanyContext, key: NewSoftwareKey): Promise<Key>
  /** PKCS#8 PEM/DER or PKCS#12 with its password. */
  importKey(
    transaction: CompanyTransaction,
    context: CompanyContext,
    key: { name: string; purposes: readonly KeyPurpose[]; bytes: Uint8Array; password?: string },
  ): Promise<Key>
  /** A key that lives on a token or HSM: found by token serial (or label) and CKA_ID (or label). The PIN comes from the signer's configuration, never from here. */
  adoptTokenKey(
    transaction: CompanyTransaction,
    context: CompanyContext,
    key: {
      name: string
      purposes: readonly KeyPurpose[]
      module: string
      tokenSerial?: string
      tokenLabel?: string
      keyLabel?: string
      keyId?: string
    },
  ): Promise<Key>
  /**
   * Registers a key that another provider holds (agent, CSC): the provider's own code has found it and read its facts.
   * A key belongs to one company of the host, whatever its certificate says: signatures of two could not be told apart.
   * @throws Fault SIGN-KEY-NAME-MISSING, SIGN-PURPOSE-MISSING, SIGN-CERT-MISMATCH, SIGN-KEY-WAS-STOPPED, SIGN-KEY-ELSEWHERE (409)
   */
  adoptKey(transaction: CompanyTransaction, context: CompanyContext, key: FoundKey): Promise<Key>
  /** The provider of that kind, for its own verbs (tokens of a module, credentials of a CSC service, pairing of agents). */
  provider(kind: KeyProviderKind): KeyProvider
  /** Checks that the first certificate carries the key's public key. @throws Fault SIGN-CERT-MISMATCH */
  installCertificates(
    transaction: CompanyTransaction,
    context: CompanyContext,
    keyId: string,
    certificates: readonly Uint8Array[],
  ): Promise<Key>
  /** PKCS#10, PEM. */
  certificateRequest(
    transaction: CompanyTransaction,
    context: CompanyContext,
    keyId: string,
    subject: CertificateRequestSubject,
  ): Promise<string>
  keys(transaction: CompanyTransaction): Promise<Key[]>
  key(transaction: CompanyTransaction, keyId: string): Promise<Key>
  /**
   * Purposes, limits and people of a key, each replaced as given. Signers that are open end, in every process within a second.
   * @throws Fault SIGN-KEY-STOPPED, SIGN-PURPOSE-MISSING, SIGN-POLICY-AMOUNT
   */
  setPolicy(
    transaction: CompanyTransaction,
    context: CompanyContext,
    keyId: string,
    policy: { purposes?: readonly KeyPurpose[]; limits?: KeyLimits; access?: KeyAccess },
  ): Promise<Key>
  /**
   * "Report lost or stolen": no use from this moment; signers open in other processes end within a second. A stopped key
   * is never started again, under no other name either.
   */
  stopKey(transaction: CompanyTransaction, context: CompanyContext, keyId: string, reason: string): Promise<void>
  /**
   * Opens a key for one use: policy (state, purpose, certificate validity, limits) is checked now and the use is logged
   * in the event chain. Must not be called inside a database transaction of the caller: signing may take seconds.
   * Where the policy wants four eyes, an approval of exactly this use must be there; without one it is asked for, once, and
   * `open` throws until another person has allowed it (call again then). The first signature that is given uses it up (of a batch:
   * all of them), and such a signer gives one signature for each use; a token that fails costs no approval.
   * @throws Fault SIGN-KEY-STOPPED, SIGN-KEY-NOT-YOURS, SIGN-USE-INVALID, SIGN-PURPOSE-NOT-ALLOWED, SIGN-AMOUNT-LIMIT, SIGN-CERT-EXPIRED, SIGN-CERT-MISSING,
   * SIGN-APPROVAL-NEEDED (409, param `id`), SIGN-APPROVAL-REFUSED (403); the signer throws SIGN-APPROVAL-USED (409) where another was quicker
   */
  open(context: CompanyContext, keyId: string, use: KeyUse | readonly KeyUse[], options?: OpenOptions): Promise<Signer>
  /**
   * A key for one signature, made in memory, with a certificate of the company's own authority: `authorityKeyId` is used for
   * `issue-certificate`, which goes through its policy and into the use log, as does what the key is for. It gives one signature and is gone.
   * @throws as `open`; the signer throws SIGN-ONE-USE-SPENT at a second signature
   */
  openOneUse(context: CompanyContext, authorityKeyId: string, subject: OneUseSubject, use: KeyUse): Promise<OneUseKey>
  /**
   * Makes the certificate of an authority for a key of the company, signed by that key itself, and installs it. A certificate that
   * is there already stays.
   * @throws as `open`
   */
  certifyAuthority(context: CompanyContext, keyId: string, subject: CertificateRequestSubject['name'], years: number): Promise<Key>
  /** AES-256-GCM under the company's key, which the master key wraps; bound to company and purpose. Not inside a transaction of the caller. */
  protect(context: Pick<CompanyContext, 'companyId'>, bytes: Uint8Array, purpose: string): Promise<Buffer>
  /** @throws Fault SIGN-PROTECTED-UNREADABLE */
  reveal(context: Pick<CompanyContext, 'companyId'>, bytes: Uint8Array, purpose: string): Promise<Buffer>
  /** Requests for approval, newest first. */
  approvals(
    transaction: CompanyTransaction,
    filter?: { readonly keyId?: string; readonly states?: readonly ApprovalState[] },
  ): Promise<KeyApproval[]>
  /**
   * Allows or refuses a use: a member of the key's approval group who did not ask for it.
   * @throws Fault SIGN-APPROVAL-UNKNOWN (404), SIGN-APPROVAL-CLOSED (409), SIGN-APPROVAL-NOT-YOURS (403), SIGN-APPROVAL-OWN (403)
   */
  decideApproval(
    transaction: CompanyTransaction,
    context: CompanyContext,
    approvalId: string,
    decision: { readonly approved: boolean; readonly reason?: string },
  ): Promise<KeyApproval>
  close(): Promise<void>
}
