import type { DriverFacts, DigestAlgorithm, KeyAlgorithm, SignatureScheme } from '../../key.js'

/** How the child process finds a token and a key on it. */
export interface TokenKeyQuery {
  readonly tokenSerial?: string
  readonly tokenLabel?: string
  readonly keyLabel?: string
  /** CKA_ID, hexadecimal. */
  readonly keyId?: string
}

/** A key of a token, and what is known of it. */
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

/** A token and the state of its PIN (CK_TOKEN_INFO, PKCS #11 v3.1, clause 3.2). */
export interface TokenDescription {
  readonly label: string
  readonly serial: string
  readonly manufacturer: string
  readonly model: string
  readonly loginRequired: boolean
  readonly pinCountLow: boolean
  readonly pinFinalTry: boolean
  readonly pinLocked: boolean
  /** The token has a user PIN; a new one may not. */
  readonly pinInitialized: boolean
  /** The PIN is typed on the reader's own keys and never seen by a computer. */
  readonly protectedPath: boolean
  readonly firmware: string
  readonly slot: string
  /** The library that shows it; in a list of tokens alone. */
  readonly driver?: DriverFacts
}

/** A key pair to be made on a token. */
export interface TokenKeyWish {
  readonly algorithm: KeyAlgorithm
  readonly label: string
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
  /** What the token says of the private key; only a token that is logged in tells. */
  readonly protection?: KeyProtection
}

/** CKA_SENSITIVE, … of a private key (PKCS#11 3.1 section 4.9), in the names of `Key.attributes`. */
export type KeyProtection = Readonly<
  Record<'sensitive' | 'alwaysSensitive' | 'extractable' | 'neverExtractable' | 'madeOnToken' | 'pinEachTime' | 'onToken', boolean>
>

/** A token that is present. */
export interface ListedToken {
  readonly token: TokenDescription
  /** Logged in: signs without a PIN until the process ends. */
  readonly unlocked: boolean
  readonly keys: readonly ListedKey[]
}

/** What the token's process is asked. */
export type TokenRequest =
  | { readonly operation: 'tokens' }
  /** The library itself: version and digest, as it is loaded. */
  | { readonly operation: 'driver' }
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
      /** The bytes the digest was made of, for tokens that want to hash by themselves. */
      readonly message?: Uint8Array
      /** PIN a person gave for this one signature, for keys that want it each time. */
      readonly pin?: Uint8Array
    }
  | { readonly operation: 'keys'; readonly query: TokenKeyQuery }
  | { readonly operation: 'generate'; readonly query: TokenKeyQuery; readonly wish: TokenKeyWish }
  | { readonly operation: 'write-certificate'; readonly query: TokenKeyQuery; readonly certificate: Uint8Array }

/** A question to the token's process. */
export type RequestMessage = TokenRequest & { readonly id: number }

/** Its answer to the question of the same `id`. */
export type AnswerMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly fault: { readonly code: string; readonly params: Record<string, string | number> } }

/** What crosses at once, in either direction: everything of one turn of the event loop, since each crossing has its price. */
export type Batch<Message> = readonly Message[]

/**
 * Where the child reads the PIN. The host never does: a file is read by the child; a variable of the host's first
 * environment is read by the child from the system; only a variable set later crosses, through the child's input.
 */
export type PinSource =
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'host-environment'; readonly name: string }
  | { readonly from: 'input' }
  /** A person gives it by `unlock`. */
  | { readonly from: 'person' }
  | { readonly from: 'nowhere' }

/** What the child is started with, as its only argument: no secret is in it. */
export interface TokenProcessSettings {
  readonly module: string
  readonly library: string
  readonly pin: PinSource
  /** Where tries of PINs are noted for other processes and later ones. */
  readonly triesFolder?: string
  /** Serials of tokens that refused this PIN already, in an earlier process. */
  readonly refused: readonly string[]
  /** Most sessions opened on one token. */
  readonly sessions: number
}
