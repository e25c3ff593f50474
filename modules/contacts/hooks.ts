import type { Collect, Veto } from '../../core/hooks/hook-map.js'
import type { FaultDetail } from '../../core/i18n/fault.js'
import type { LocalizedText } from '../../core/i18n/locale.js'

/** A kind of number a contact may carry. Countries bring theirs by hook. */
export interface IdentifierScheme {
  /** `VAT`, `CRN`, `TIN`, `EIK`, … */
  readonly scheme: string
  readonly country: string | null
  readonly title: LocalizedText
  readonly appliesTo: 'person' | 'company' | 'both'
  /** Faults of a value (format, check digit); empty when it is right. */
  validate(value: string): readonly FaultDetail[]
}

export interface ContactValues {
  readonly name: string
  readonly nameAr: string | null
  readonly kind: 'person' | 'company'
  readonly country: string | null
  readonly identifiers: readonly { readonly scheme: string; readonly value: string }[]
}

declare module '../../core/hooks/hook-map.js' {
  interface HookMap {
    'contact.identifiers': Collect<undefined, IdentifierScheme>
    'contact.validate': Veto<ContactValues>
  }
}

export const contactsHooks = [
  ['contact.identifiers', 'collect'],
  ['contact.validate', 'veto'],
] as const
