import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { webhookEvents, type WebhookEvent } from './event.js'

export const webhookInput = z
  .object({
    name: z.string().trim().min(1).max(100),
    url: z.url({ protocol: /^https?$/ }).max(2000),
    /** Empty: every event. */
    events: z.array(z.enum(webhookEvents)).max(webhookEvents.length).default([]),
  })
  .strict()
export type WebhookInput = z.infer<typeof webhookInput>

/** Who is told. */
export interface Webhook {
  readonly id: string
  readonly name: string
  readonly url: string
  readonly events: readonly WebhookEvent[]
  readonly active: boolean
  /** Why the host switched it off: `gone`, `failing`; null when a person did or it is on. */
  readonly inactiveReason: string | null
  readonly failingSince: Date | null
  readonly createdAt: Date
}

export interface WebhookRow {
  company_id: string
  id: string
  name: string
  url: string
  secret: Buffer
  events: WebhookEvent[]
  active: boolean
  inactive_reason: string | null
  failing_since: Date | null
  created_at: Date
  updated_at: Date
}

/** What the secret is bound to under the master key. */
export const secretPurpose = 'signatures.webhook'
const subject = (id: string, name: string) => ({ type: 'signatures.webhook', id, label: name })

export function webhookOf(row: WebhookRow): Webhook {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    events: row.events,
    active: row.active,
    inactiveReason: row.inactive_reason,
    failingSince: row.failing_since,
    createdAt: row.created_at,
  }
}

/** `whsec_` and 24 random bytes, as receivers' libraries expect them. */
function newSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`
}

/** Adds a receiver. The secret is told this once. */
export async function createWebhook(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  input: WebhookInput,
): Promise<{ id: string; secret: string }> {
  const id = randomUUID()
  const secret = newSecret()
  await transaction.knex('signatures_webhook').insert({
    company_id: transaction.companyId,
    id,
    name: input.name,
    url: input.url,
    events: JSON.stringify(input.events),
    secret: await host.signing.protect(context, Buffer.from(secret), secretPurpose),
    created_at: host.now(),
    updated_at: host.now(),
  })
  host.audit.record(transaction, context, {
    action: 'signatures.webhook-added',
    subject: subject(id, input.name),
    facts: { origin: new URL(input.url).origin, events: input.events },
  })
  return { id, secret }
}

/** Changes name, address and events, or switches it on and off. Switched on again it starts without a past. */
export async function updateWebhook(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  id: string,
  changes: Partial<WebhookInput> & { active?: boolean },
): Promise<Webhook> {
  const row = await readRow(transaction, id)
  await transaction
    .knex('signatures_webhook')
    .where({ company_id: transaction.companyId, id })
    .update({
      name: changes.name ?? row.name,
      url: changes.url ?? row.url,
      ...(changes.events === undefined ? {} : { events: JSON.stringify(changes.events) }),
      ...(changes.active === undefined ? {} : { active: changes.active, inactive_reason: null, failing_since: null }),
      updated_at: host.now(),
    })
  host.audit.record(transaction, context, {
    action: 'signatures.webhook-changed',
    subject: subject(id, changes.name ?? row.name),
    facts: {
      ...(changes.url === undefined ? {} : { origin: new URL(changes.url).origin }),
      ...(changes.events === undefined ? {} : { events: changes.events }),
      ...(changes.active === undefined ? {} : { active: changes.active }),
    },
  })
  return webhookOf(await readRow(transaction, id))
}

/** A new secret; the old one signs nothing from here on. Told this once. */
export async function renewSecret(host: Host, transaction: CompanyTransaction, context: CompanyContext, id: string): Promise<string> {
  const row = await readRow(transaction, id)
  const secret = newSecret()
  await transaction
    .knex<WebhookRow>('signatures_webhook')
    .where({ company_id: transaction.companyId, id })
    .update({ secret: await host.signing.protect(context, Buffer.from(secret), secretPurpose), updated_at: host.now() })
  host.audit.record(transaction, context, { action: 'signatures.webhook-secret-renewed', subject: subject(id, row.name) })
  return secret
}

/** Removes it with what was told to it. */
export async function deleteWebhook(host: Host, transaction: CompanyTransaction, context: CompanyContext, id: string): Promise<void> {
  const row = await readRow(transaction, id)
  await transaction.knex('signatures_webhook').where({ company_id: transaction.companyId, id }).delete()
  host.audit.record(transaction, context, { action: 'signatures.webhook-removed', subject: subject(id, row.name) })
}

export async function listWebhooks(transaction: CompanyTransaction): Promise<Webhook[]> {
  const rows = await transaction.knex<WebhookRow>('signatures_webhook').where({ company_id: transaction.companyId }).orderBy('created_at')
  return rows.map(webhookOf)
}

/** @throws Fault SIGNATURES-WEBHOOK-UNKNOWN (404) */
export async function readWebhook(transaction: CompanyTransaction, id: string): Promise<Webhook> {
  return webhookOf(await readRow(transaction, id))
}

/** With the protected secret. @throws Fault SIGNATURES-WEBHOOK-UNKNOWN (404) */
export async function readRow(transaction: CompanyTransaction, id: string): Promise<WebhookRow> {
  const row = await transaction.knex<WebhookRow>('signatures_webhook').where({ company_id: transaction.companyId, id }).first()
  if (row === undefined) throw new Fault('SIGNATURES-WEBHOOK-UNKNOWN', { status: 404 })
  return row
}
