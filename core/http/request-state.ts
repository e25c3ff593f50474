import type { Request } from 'express'
import type { Company, CompanyContext } from '../access/context.js'
import type { Session } from '../access/sessions.js'
import type { User } from '../access/users.js'
import type { Locale } from '../i18n/locale.js'
import type { FaultParameters } from '../i18n/fault.js'

/** Who is logged in, and where. */
export interface SignedIn {
  readonly session: Session
  readonly secret: string
  readonly user: User
  readonly companies: readonly Company[]
  readonly company: Company
  readonly context: CompanyContext
  readonly enabled: ReadonlySet<string>
}

/** One sentence to be shown on the next page; `key` is its text in the locale files. */
export interface Notice {
  readonly key: string
  readonly params?: FaultParameters
  readonly level: 'success' | 'warning' | 'danger'
}

/** What the server knows of one request, built up by its middleware. */
export interface RequestState {
  readonly id: string
  readonly nonce: string
  locale: Locale
  /** Form token of this session, or of the visitor before a login. */
  token: string
  signedIn: SignedIn | undefined
  notice: Notice | undefined
}

const states = new WeakMap<Request, RequestState>()

/** Keeps the state of a request; once, by the first handler. */
export function setState(request: Request, state: RequestState): void {
  states.set(request, state)
}

/** @throws Error when the first middleware did not run: a programming mistake */
export function stateOf(request: Request): RequestState {
  const state = states.get(request)
  if (state === undefined) throw new Error('request without state')
  return state
}

/** The logged-in part; pages behind the session guard may rely on it. */
export function signedInOf(request: Request): SignedIn {
  const { signedIn } = stateOf(request)
  if (signedIn === undefined) throw new Error('page without session guard')
  return signedIn
}
