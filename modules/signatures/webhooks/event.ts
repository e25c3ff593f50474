import { createHash } from 'node:crypto'
import type { RequestHappened } from '../hooks.js'
import type { SignRequest } from '../models/request.js'
import { requestAnswer, type RequestAnswer } from '../api/request-answer.js'

/** Names of events as receivers know them; `signatures.webhook.event.<name>` are their texts. */
export const webhookEvents = [
  'sign_request.created',
  'sign_request.sent',
  'sign_request.viewed',
  'sign_request.started',
  'sign_request.signer.completed',
  'sign_request.completed',
  'sign_request.declined',
  'sign_request.delegated',
  'sign_request.reminded',
  'sign_request.expired',
  'sign_request.cancelled',
  'sign_request.signature.failed',
] as const
export type WebhookEvent = (typeof webhookEvents)[number]

export const apiVersion = '1'

/** What a receiver gets. Written once for each receiver and sent as these very bytes at every try. */
export interface WebhookMessage {
  readonly id: string
  readonly event_type: string
  /** When it happened, UTC. */
  readonly timestamp: string
  readonly api_version: typeof apiVersion
  readonly company_id: string
  readonly data: { readonly request: RequestAnswer; readonly signer_id: string | null } | { readonly test: true }
}

/** The same for the same happening, however often a listener is run. */
export function eventId(companyId: string, happened: RequestHappened): string {
  const digest = createHash('sha256')
    .update([companyId, happened.requestId, happened.event, happened.signerId ?? '', happened.at].join('|'))
    .digest('hex')
  return `evt_${digest.slice(0, 32)}`
}

/** Of a request that only some may read (a contract tells somebody's pay) the steps are told, not what stands in it. */
export function withoutValues(request: SignRequest): SignRequest {
  return { ...request, variables: {}, values: {}, signers: request.signers.map((signer) => ({ ...signer, values: {} })) }
}

export function messageOf(companyId: string, happened: RequestHappened, request: SignRequest): WebhookMessage {
  return {
    id: eventId(companyId, happened),
    event_type: happened.event,
    timestamp: happened.at,
    api_version: apiVersion,
    company_id: companyId,
    data: { request: requestAnswer(request), signer_id: happened.signerId },
  }
}
