import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { FaultDetail } from '../../../core/i18n/fault.js'
import type { LocalizedText } from '../../../core/i18n/locale.js'
import type { RequestSigner, SignRequest } from '../models/request.js'

export interface AuthenticationCase {
  readonly context: CompanyContext
  readonly request: SignRequest
  readonly signer: RequestSigner
  /** The signer's browser session with this link: challenges are bound to it. Empty when it is only asked whether a method can be used. */
  readonly sessionId: string
  /** Keyed hash (HMAC-SHA256, hex) whose key only this browser holds: what is stored of a code cannot be guessed from the database. */
  readonly keyed?: (text: string) => string
  /** Methods that this session passed already: a device is enrolled only after another proof. */
  readonly proven?: readonly string[]
  /** Who is logged in on this browser, in the company of the request. */
  readonly user?: CompanyContext
}

/** What the signer's page shows for a step. */
export interface AuthenticationStep {
  /** `code`: a box for digits; `passkey`: asks the browser; `redirect`: leads elsewhere and comes back; `done`: nothing to ask. */
  readonly kind: 'code' | 'passkey' | 'redirect' | 'done'
  /** `signatures.auth.<name>.<…>` texts get these: masked address, minutes. */
  readonly params?: Readonly<Record<string, string | number>>
  /** Of `passkey`: options for the browser. Of `redirect`: the address. Of an app's first `code`: `{ secret, qr }`. */
  readonly data?: unknown
}

/** One way to prove who opens a link. It fails closed: what cannot be asked is never passed. */
export interface AuthenticationMethod {
  readonly name: string
  readonly title: LocalizedText
  /** Channel of the proof: two methods of one channel are not independent (advanced level asks for two channels). */
  readonly channel: 'mail' | 'phone' | 'knowledge' | 'device' | 'identity'
  /** Why this signer cannot use it: no phone number, no provider configured. Asked before sending and at signing. */
  unavailable(transaction: CompanyTransaction, signing: AuthenticationCase): Promise<FaultDetail | undefined>
  /** Begins or repeats a step: sends the code, makes the challenge. @throws Fault with limits (SIGNATURES-CODE-TOO-OFTEN, 429) */
  begin(signing: AuthenticationCase): Promise<AuthenticationStep>
  /**
   * @param answer what the form gave
   * @returns facts for the event log (masked address, credential id), never the secret
   * @throws Fault SIGNATURES-CODE-WRONG, SIGNATURES-CODE-EXPIRED, SIGNATURES-CODE-LOCKED
   */
  check(signing: AuthenticationCase, answer: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>
}
