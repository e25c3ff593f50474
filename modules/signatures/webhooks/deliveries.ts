import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import { storableText } from '../../../core/audit/canonical-json.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { fetchGuarded } from '../../../core/http/outgoing.js'
import { Fault, type FaultDetail } from '../../../core/i18n/fault.js'
import { RunAgain, type JobCall } from '../../../core/jobs/jobs.js'
import type { RequestHappened } from '../hooks.js'
import { readRequest } from '../services/request-rows.js'
import { isOpenToAdministrators } from '../services/requests/readable.js'
import { readRow, secretPurpose, type WebhookRow } from './endpoints.js'
import { apiVersion, messageOf, withoutValues, type WebhookMessage } from './event.js'
import { signatureHeader, signMessage } from './signature.js'

export const deliveryJob = 'signatures.webhook'

/** Tries of one message, the first included. */
export const mostTries = 12
/** A receiver that answered nothing but failures for so long is switched off. */
export const failingDays = 5
/** What was told is kept so long. */
export const keptDays = 30

const firstPause = 60_000
const longestPause = 12 * 60 * 60_000
const answerKept = 500

export interface Delivery {
  readonly id: string
  readonly webhookId: string
  readonly eventId: string
  readonly eventType: string
  readonly requestId: string | null
  readonly state: 'pending' | 'delivered' | 'dead'
  readonly attempts: number
  readonly nextAt: Date | null
  readonly lastStatus: number | null
  readonly lastAnswer: string | null
  readonly lastFault: FaultDetail | null
  readonly lastMilliseconds: number | null
  readonly createdAt: Date
  readonly deliveredAt: Date | null
  readonly body: string
}

interface DeliveryRow {
  company_id: string
  id: string
  webhook_id: string
  event_id: string
  event_type: string
  request_id: string | null
  body: string
  state: Delivery['state']
  attempts: number
  next_at: Date | null
  last_status: number | null
  last_answer: string | null
  last_fault: FaultDetail | null
  last_milliseconds: number | null
  created_at: Date
  delivered_at: Date | null
}

/** Pause after the n-th failed try: a minute, then twice as long each time, at most twelve hours. */
export function pauseAfter(tries: number): number {
  return Math.min(longestPause, firstPause * 2 ** (tries - 1))
}

/**
 * Listener of `request.happened`: writes the message for every receiver that wants it and hands it to a job, all in one
 * transaction. Told twice of the same happening it writes nothing new.
 */
export async function queueDeliveries(host: Host, context: CompanyContext, happened: RequestHappened): Promise<void> {
  await host.db.company(context.companyId, async (transaction) => {
    const receivers = await transaction.knex<WebhookRow>('signatures_webhook').where({ company_id: transaction.companyId, active: true })
    const wanted = receivers.filter(({ events }) => events.length === 0 || events.some((name) => name === happened.event))
    if (wanted.length === 0) return
    const request = await readRequest(transaction, happened.requestId)
    const open = await isOpenToAdministrators(host, transaction, context, request.id)
    const message = messageOf(transaction.companyId, happened, open ? request : withoutValues(request))
    await insertDeliveries(
      host,
      transaction,
      wanted.map(({ id }) => id),
      message,
      happened.requestId,
    )
  })
}

/** A message that says it is a trial, to try a receiver. */
export async function queueTest(host: Host, transaction: CompanyTransaction, webhookId: string): Promise<void> {
  const row = await readRow(transaction, webhookId)
  const message: WebhookMessage = {
    id: `evt_${randomUUID().replaceAll('-', '')}`,
    event_type: 'test',
    timestamp: host.now().toISOString(),
    api_version: apiVersion,
    company_id: transaction.companyId,
    data: { test: true },
  }
  await insertDeliveries(host, transaction, [row.id], message, null)
}

async function insertDeliveries(
  host: Host,
  transaction: CompanyTransaction,
  webhookIds: readonly string[],
  message: WebhookMessage,
  requestId: string | null,
): Promise<void> {
  const body = JSON.stringify(message)
  const rows: { id: string }[] = await transaction
    .knex('signatures_webhook_delivery')
    .insert(
      webhookIds.map((webhook_id) => ({
        company_id: transaction.companyId,
        id: randomUUID(),
        webhook_id,
        event_id: message.id,
        event_type: message.event_type,
        request_id: requestId,
        body,
        next_at: host.now(),
        created_at: host.now(),
      })),
    )
    .onConflict(['company_id', 'webhook_id', 'event_id'])
    .ignore()
    .returning('id')
  for (const { id } of rows) await addJob(host, transaction, id)
}

function addJob(host: Host, transaction: CompanyTransaction, deliveryId: string): Promise<void> {
  return host.jobs.add(transaction, deliveryJob, { deliveryId }, { key: `webhook:${deliveryId}` })
}

/**
 * Job: one try. Sends outside any transaction; counts the try before it, so that a host killed in the middle has used it up.
 * After the last one the message is dead: visible, sent again by hand.
 */
export async function deliver(host: Host, deliveryId: string, call: JobCall): Promise<void> {
  const { context } = call
  const taken = await host.db.company(context.companyId, (transaction) => take(host, transaction, deliveryId))
  if (taken === undefined) return
  if (taken instanceof Date) throw new RunAgain(taken, 'not yet')
  const started = performance.now()
  const outcome = await send(host, context, taken)
  const milliseconds = Math.round(performance.now() - started)
  const again = await host.db.company(context.companyId, (transaction) => settle(host, transaction, context, taken, outcome, milliseconds))
  if (again !== undefined) throw new RunAgain(again, `webhook answered ${String(outcome.status ?? outcome.fault?.code)}`)
}

interface Taken {
  readonly delivery: DeliveryRow
  readonly webhook: WebhookRow
}

/** Undefined: nothing to do. A time: too early (somebody sent it again by hand meanwhile). */
async function take(host: Host, transaction: CompanyTransaction, id: string): Promise<Taken | Date | undefined> {
  const where = { company_id: transaction.companyId, id }
  const delivery = await transaction.knex<DeliveryRow>('signatures_webhook_delivery').where(where).forUpdate().first()
  if (delivery?.state !== 'pending') return undefined
  if (delivery.next_at !== null && delivery.next_at > host.now()) return delivery.next_at
  const webhook = await readRow(transaction, delivery.webhook_id)
  if (!webhook.active) {
    const fault = { code: 'SIGNATURES-WEBHOOK-OFF' }
    await change(transaction, id, { state: 'dead', next_at: null, last_fault: JSON.stringify(fault) })
    return undefined
  }
  await change(transaction, id, { attempts: delivery.attempts + 1 })
  return { delivery: { ...delivery, attempts: delivery.attempts + 1 }, webhook }
}

interface Outcome {
  readonly status?: number
  readonly answer?: string
  readonly fault?: FaultDetail
}

async function send(host: Host, context: CompanyContext, { delivery, webhook }: Taken): Promise<Outcome> {
  try {
    const secret = (await host.signing.reveal(context, webhook.secret, secretPurpose)).toString('utf8')
    const answer = await fetchGuarded(webhook.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [signatureHeader]: signMessage(secret, delivery.body, host.now()),
        'khatm-event-id': delivery.event_id,
        'khatm-event-type': delivery.event_type,
        'khatm-attempt': String(delivery.attempts),
      },
      body: delivery.body,
      timeoutMs: 10_000,
      maxBytes: 64 * 1024,
      allowPrivate: host.config.allowedPrivateOrigins,
    })
    return { status: answer.status, answer: storableText(answer.body.toString('utf8')).slice(0, answerKept) }
  } catch (error) {
    if (error instanceof Fault) return { fault: { code: error.code, params: error.params } }
    throw error
  }
}

/** Writes what became of the try. @returns when to try again; undefined when it is over */
async function settle(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  { delivery, webhook }: Taken,
  outcome: Outcome,
  milliseconds: number,
): Promise<Date | undefined> {
  const now = host.now()
  const answered = {
    last_status: outcome.status ?? null,
    last_answer: outcome.answer ?? null,
    last_fault: outcome.fault === undefined ? null : JSON.stringify(outcome.fault),
    last_milliseconds: milliseconds,
  }
  const { status } = outcome
  if (status !== undefined && status >= 200 && status < 300) {
    await change(transaction, delivery.id, { ...answered, state: 'delivered', delivered_at: now, next_at: null })
    if (webhook.failing_since !== null) await changeWebhook(transaction, webhook.id, { failing_since: null })
    return undefined
  }
  const since = webhook.failing_since ?? now
  const off = status === 410 ? 'gone' : now.getTime() - since.getTime() > failingDays * 86_400_000 ? 'failing' : undefined
  if (off !== undefined) {
    await changeWebhook(transaction, webhook.id, { active: false, inactive_reason: off, failing_since: since })
    host.audit.record(transaction, context, {
      action: 'signatures.webhook-switched-off',
      subject: { type: 'signatures.webhook', id: webhook.id, label: webhook.name },
      facts: { reason: off },
    })
  } else if (webhook.failing_since === null) await changeWebhook(transaction, webhook.id, { failing_since: now })
  if (off !== undefined || delivery.attempts >= mostTries) {
    await change(transaction, delivery.id, { ...answered, state: 'dead', next_at: null })
    return undefined
  }
  const next = new Date(now.getTime() + pauseAfter(delivery.attempts))
  await change(transaction, delivery.id, { ...answered, next_at: next })
  return next
}

/** Sends it again from the page: the same bytes under the same id, with a new count of tries. @throws Fault SIGNATURES-DELIVERY-UNKNOWN (404) */
export async function resend(host: Host, transaction: CompanyTransaction, context: CompanyContext, id: string): Promise<void> {
  const row = await transaction
    .knex<DeliveryRow>('signatures_webhook_delivery')
    .where({ company_id: transaction.companyId, id })
    .forUpdate()
    .first()
  if (row === undefined) throw new Fault('SIGNATURES-DELIVERY-UNKNOWN', { status: 404 })
  const webhook = await readRow(transaction, row.webhook_id)
  if (!webhook.active) throw new Fault('SIGNATURES-WEBHOOK-OFF', { status: 409 })
  await change(transaction, id, { state: 'pending', attempts: 0, next_at: host.now(), delivered_at: null })
  await addJob(host, transaction, id)
  host.audit.record(transaction, context, {
    action: 'signatures.webhook-resent',
    subject: { type: 'signatures.webhook', id: webhook.id, label: webhook.name },
    facts: { event: row.event_id, type: row.event_type },
  })
}

/** Newest first. */
export async function listDeliveries(transaction: CompanyTransaction, webhookId: string, limit = 100): Promise<Delivery[]> {
  const rows = await transaction
    .knex<DeliveryRow>('signatures_webhook_delivery')
    .where({ company_id: transaction.companyId, webhook_id: webhookId })
    .orderBy('created_at', 'desc')
    .limit(limit)
  return rows.map(deliveryOf)
}

/** Daily: what was told long ago is forgotten. */
export async function pruneDeliveries(host: Host, context: CompanyContext): Promise<void> {
  const before = new Date(host.now().getTime() - keptDays * 86_400_000)
  await host.db.company(context.companyId, (transaction) =>
    transaction
      .knex('signatures_webhook_delivery')
      .where('company_id', transaction.companyId)
      .where('created_at', '<', before)
      .whereNot('state', 'pending')
      .delete(),
  )
}

function deliveryOf(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    eventId: row.event_id,
    eventType: row.event_type,
    requestId: row.request_id,
    state: row.state,
    attempts: row.attempts,
    nextAt: row.next_at,
    lastStatus: row.last_status,
    lastAnswer: row.last_answer,
    lastFault: row.last_fault,
    lastMilliseconds: row.last_milliseconds,
    createdAt: row.created_at,
    deliveredAt: row.delivered_at,
    body: row.body,
  }
}

/** Columns as the database takes them: JSON as text. */
type Changes = Partial<Omit<DeliveryRow, 'last_fault'>> & { last_fault?: string | null }

async function change(transaction: CompanyTransaction, id: string, changes: Changes): Promise<void> {
  await transaction.knex('signatures_webhook_delivery').where({ company_id: transaction.companyId, id }).update(changes)
}

async function changeWebhook(transaction: CompanyTransaction, id: string, changes: Partial<WebhookRow>): Promise<void> {
  await transaction.knex<WebhookRow>('signatures_webhook').where({ company_id: transaction.companyId, id }).update(changes)
}
