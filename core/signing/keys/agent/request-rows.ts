import type { KeyUse } from '../../key.js'
import type { Offer } from './protocol.js'

/** How a request to the desks stands; all but `pending` are final. */
export type RequestState = 'pending' | 'answered' | 'refused' | 'superseded' | 'expired'

/** A row of `core_agent_request`. */
export interface RequestRow {
  id: string
  company_id: string
  key_id: string
  public_key: Buffer
  token_serial: string | null
  scheme: Offer['scheme']
  digest_algorithm: Offer['digestAlgorithm']
  digest: Buffer
  message: Buffer | null
  uses: KeyUse[]
  document: Buffer | null
  document_type: string | null
  asked_by: string | null
  state: RequestState
  created_at: Date
  expires_at: Date
  settled_at: Date | null
  told_at: Date | null
  agent_id: string | null
  signature: Buffer | null
  reason: string | null
}

/** A request as pages show it. */
export interface AgentRequest {
  readonly id: string
  readonly keyId: string
  readonly state: RequestState
  readonly uses: readonly KeyUse[]
  readonly digest: string
  readonly askedBy: string | null
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly settledAt: Date | null
  readonly agentId: string | null
  readonly reason: string | null
}

/** How a request stands, for the caller that waits for it. */
export type Standing =
  | { readonly state: 'pending' | 'superseded' | 'expired' }
  | { readonly state: 'answered'; readonly signature: Buffer }
  | { readonly state: 'refused'; readonly reason: string; readonly desk: string }

/** What the columns of an offer are. */
export const offerColumns = [
  'id',
  'key_id',
  'public_key',
  'token_serial',
  'scheme',
  'digest_algorithm',
  'digest',
  'message',
  'uses',
  'document',
  'document_type',
  'asked_by',
  'created_at',
  'expires_at',
] as const

/** The request as it goes to desks: bytes in base64, the digest in hex. */
export function offerOf(row: Pick<RequestRow, (typeof offerColumns)[number]>): Offer {
  return {
    id: row.id,
    keyId: row.key_id,
    publicKey: row.public_key.toString('base64'),
    tokenSerial: row.token_serial,
    scheme: row.scheme,
    digestAlgorithm: row.digest_algorithm,
    digest: row.digest.toString('hex'),
    message: row.message?.toString('base64') ?? null,
    uses: row.uses,
    ...(row.document === null || row.document_type === null
      ? {}
      : { document: { mediaType: row.document_type, bytes: row.document.toString('base64') } }),
    askedBy: row.asked_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }
}

/** The request as pages and the API show it: without the document's bytes. */
export function requestOf(row: RequestRow): AgentRequest {
  return {
    id: row.id,
    keyId: row.key_id,
    state: row.state,
    uses: row.uses,
    digest: row.digest.toString('hex'),
    askedBy: row.asked_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    settledAt: row.settled_at,
    agentId: row.agent_id,
    reason: row.reason,
  }
}

/** Labels as long as a desk takes them: a longer one is cut where everyone sees it. */
export function shownUses(uses: readonly KeyUse[]): KeyUse[] {
  return uses.map(({ document: _travelsApart, ...use }) => ({
    ...use,
    subject: { ...use.subject, label: clipped(use.subject.label, 500) },
  }))
}

/** The document of a request for one document; none for several, and none that is longer than a frame carries. */
export function shownDocument(uses: readonly KeyUse[], longest: number): KeyUse['document'] {
  const document = uses.length === 1 ? uses[0]?.document : undefined
  return document === undefined || document.bytes.length > longest ? undefined : document
}

/** The text, cut to at most `most` UTF-16 units, with an ellipsis where it was. */
export function clipped(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}
