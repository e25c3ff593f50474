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

export type TokenRequest =
  | { readonly operation: 'tokens' }
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
  /** Most sessions opened on one token. */
  readonly sessions: number
}
