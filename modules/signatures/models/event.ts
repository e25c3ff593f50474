/** What is told in the event log of a request; texts are `signatures.event.<type>`. */
export const requestEventTypes = [
  'created',
  'sent',
  'mail_queued',
  'link_opened',
  'code_sent',
  'identity_proven',
  'identity_failed',
  'consent_given',
  'consent_withdrawn',
  'document_viewed',
  'started',
  'attachment_added',
  'submitted',
  'signed',
  'approved',
  'declined',
  'delegated',
  'corrected',
  'reminded',
  'expired',
  'expiry_changed',
  'cancelled',
  'all_signed',
  'seal_failed',
  'sealed',
  'archived',
  'completed',
  'delivered',
  'downloaded',
  'signature_failed',
  'in_person_started',
  'hold_set',
  'hold_released',
  'files_deleted',
] as const
export type RequestEventType = (typeof requestEventTypes)[number]

/** Where an event came from, as far as it is known. The place is there with the signer's consent alone. */
export interface EventOrigin {
  readonly ip?: string
  readonly userAgent?: string
  /** IANA zone of the signer's device. */
  readonly timeZone?: string
  readonly locale?: string
  readonly place?: { readonly latitude: number; readonly longitude: number; readonly accuracyMetres: number }
}

export interface RequestEvent {
  readonly requestId: string
  /** From 1, without gaps. */
  readonly sequence: number
  /** UTC. */
  readonly at: Date
  readonly type: RequestEventType
  readonly signerId: string | null
  /** Who did it: name and, if it is a user, id. */
  readonly actor: { readonly kind: string; readonly id: string | null; readonly name: string }
  readonly origin: EventOrigin
  /** JSON facts; no secrets. */
  readonly facts: Readonly<Record<string, unknown>>
  /** SHA-256 (hash of the event before || canonical JSON of this one); 32 zero bytes stand before the first. */
  readonly hash: Buffer
}
