import type { Locale } from '../i18n/locale.js'

/** Who does something: a person, a program with an API key, the host itself, or a signer without an account. */
export interface Actor {
  readonly kind: 'user' | 'api-key' | 'system' | 'signer'
  readonly id: string | null
  readonly name: string
}

/** In whose name, for which company and in which language something is done. Handed down through every call. */
export interface CompanyContext {
  readonly companyId: string
  readonly actor: Actor
  readonly locale: Locale
  readonly source: 'web' | 'api' | 'cli' | 'job'
  /** Technical names of the actor's groups in this company: `invoicing.manager`. The system actor has `*`. */
  readonly groups: ReadonlySet<string>
}

/** A company as everything else sees it. Seller data on documents is copied from here at posting. */
export interface Company {
  readonly id: string
  /** Short stable code, used by the command and in files: `demo-sa`. */
  readonly code: string
  readonly name: string
  readonly nameAr: string | null
  readonly country: string
  readonly currency: string
  /** IANA zone: `Asia/Riyadh`. */
  readonly timeZone: string
  readonly locale: Locale
  readonly digits: 'latin' | 'arabic-indic'
  /** Talks to the sandbox authorities: pages carry the sandbox ribbon. */
  readonly sandbox: boolean
  /** Typed identifiers: `VAT`, `CRN`, … */
  readonly identifiers: readonly { readonly scheme: string; readonly value: string }[]
  readonly address: PostalAddress
  readonly phone: string | null
  readonly email: string | null
  readonly website: string | null
}

/** An address in parts, as e-invoicing wants it; what a country demands of it is its module's to say. */
export interface PostalAddress {
  readonly street?: string
  /** Second street line. */
  readonly additionalStreet?: string
  readonly building?: string
  readonly additionalNumber?: string
  readonly district?: string
  readonly city?: string
  readonly region?: string
  readonly postalCode?: string
  /** ISO 3166-1 alpha-2. */
  readonly country: string
}
