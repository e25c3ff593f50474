import type { DigestAlgorithm, KeyAlgorithm, SignatureScheme } from '../../key.js'

/** How the child process finds a token and a key on it. */
export interface TokenKeyQuery {
  readonly tokenSerial?: string
  readonly tokenLabel?: string
  readonly keyLabel?: string
  /** CKA_ID, hexadecimal. */
  readonly keyId?: string
}

export interface TokenKeyFound {
  readonly algorithm: KeyAlgorithm
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  readonly certificates: readonly Uint8Array[]
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly tokenSerial: string
  readonly tokenLabel: string
  readonly keyId: string
  readonly keyLabel: string
}

export interface TokenDescription {
  readonly label: string
  readonly serial: string
  readonly manufacturer: string
  readonly model: string
  readonly loginRequired: boolean
  readonly pinCountLow: boolean
  readonly pinFinalTry: boolean
  readonly pinLocked: boolean
}

/** A key of a token as far as its public objects tell, without login. */
export interface ListedKey {
  /** CKA_ID, hexadecimal. */
  readonly keyId: string
  readonly label: string
  readonly algorithm: KeyAlgorithm
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  /** DER, the key's own first, then issuers found on the token; empty for a key without certificate. */
  readonly certificates: readonly Uint8Array[]
}

export interface ListedToken {
  readonly token: TokenDescription
  /** Logged in: signs without a PIN until the process ends. */
  readonly unlocked: boolean
  readonly keys: readonly ListedKey[]
}

export type TokenRequest =
  | { readonly operation: 'tokens' }
  /** Tokens with their public objects; no login. */
  | { readonly operation: 'list' }
  /** One login with a PIN a person just gave; kept no longer than the call. `finalTry`: the person knows that it is the last one. */
  | { readonly operation: 'unlock'; readonly tokenSerial: string; readonly pin: Uint8Array; readonly finalTry: boolean }
  | { readonly operation: 'find'; readonly query: TokenKeyQuery }
  | {
      readonly operation: 'sign'
      readonly query: TokenKeyQuery
      readonly scheme: SignatureScheme
      readonly digestAlgorithm: DigestAlgorithm
      readonly digest: Uint8Array
    }

export type RequestMessage = TokenRequest & { readonly id: number }

export type AnswerMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly fault: { readonly code: string; readonly params: Record<string, string | number> } }

/** What the child is started with, as its only argument: no secret is in it. */
export interface TokenProcessSettings {
  readonly module: string
  readonly library: string
  readonly pinFile: string | null
  readonly pinEnvironment: string | null
  /** PINs come from a person by `unlock`, never from a file or the environment. */
  readonly pinOnDemand?: boolean
  /** Most sessions opened on one token. */
  readonly sessions: number
}
