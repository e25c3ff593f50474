import type { Collect, Notify, Waterfall } from '../../core/hooks/hook-map.js'
import type { LocalizedText } from '../../core/i18n/locale.js'
import type { RequestSigner, SignRequest } from './models/request.js'
import type { SignatureLevel } from './models/role.js'
import type { AuthenticationMethod } from './authentication/method.js'

/** What signing asks for; a module (a country, a policy of the house) may ask for more, never for less. */
export interface SignaturePolicy {
  readonly level: SignatureLevel
  /** Names of methods that must be passed. */
  readonly authentication: readonly string[]
  /** Why, in words for the sender: law and article. */
  readonly reasons: readonly LocalizedText[]
}

export interface RequestNotice {
  readonly requestId: string
  readonly number: string
  readonly state: SignRequest['state']
  readonly source: { readonly type: string; readonly id: string; readonly label: string } | null
  readonly externalId: string | null
}

/** Something that happened to a request, for webhooks and other modules. Names as they are sent: `sign_request.completed`. */
export interface RequestHappened extends RequestNotice {
  readonly event: string
  readonly signerId: string | null
  readonly at: string
}

declare module '../../core/hooks/hook-map.js' {
  interface HookMap {
    /** Level and authentication of one signer, before a request is sent. */
    'signature.policy': Waterfall<SignaturePolicy, { readonly request: SignRequest; readonly signer: RequestSigner }>
    /** Ways to prove who opens a link, beside those of this module. */
    'signer.authentication': Collect<object, AuthenticationMethod>
    /** All have signed, the seal stands, the files are stored. */
    'request.completed': Notify<RequestNotice>
    /** Every step of a request's life. */
    'request.happened': Notify<RequestHappened>
  }
}

export const signaturesHooks = [
  ['signature.policy', 'waterfall'],
  ['signer.authentication', 'collect'],
  ['request.completed', 'notify'],
  ['request.happened', 'notify'],
] as const
