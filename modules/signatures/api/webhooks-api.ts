import { z } from 'zod'
import type { ModuleSetup } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { createWebhook, deleteWebhook, listWebhooks, updateWebhook, webhookInput, type Webhook } from '../webhooks/endpoints.js'

const manager = ['signatures.manager']
const tag = 'Webhooks'

const shape = z.object({
  id: z.uuid(),
  name: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  active: z.boolean(),
  inactive_reason: z.string().nullable(),
  created_at: z.iso.datetime(),
})

function answerOf(webhook: Webhook): z.infer<typeof shape> {
  return {
    id: webhook.id,
    name: webhook.name,
    url: webhook.url,
    events: [...webhook.events],
    active: webhook.active,
    inactive_reason: webhook.inactiveReason,
    created_at: webhook.createdAt.toISOString(),
  }
}

/** REST interface of the receivers of events. */
export function webhooksApi({ host, routes }: ModuleSetup): void {
  routes.api({
    method: 'get',
    path: '/webhooks',
    summary: 'Receivers of events',
    tag,
    groups: manager,
    response: z.object({ data: z.array(shape) }),
    handle: ({ context }) =>
      host.db.company(context.companyId, async (transaction) => ({ data: (await listWebhooks(transaction)).map(answerOf) })),
  })
  routes.api({
    method: 'post',
    path: '/webhooks',
    summary: 'Adds a receiver; the secret that signs its messages is answered this once',
    tag,
    groups: manager,
    body: webhookInput,
    response: z.object({ id: z.uuid(), secret: z.string() }),
    status: 201,
    handle: ({ context, body }) => host.db.company(context.companyId, (transaction) => createWebhook(host, transaction, context, body)),
  })
  routes.api({
    method: 'patch',
    path: '/webhooks/:id',
    summary: 'Changes a receiver, switches it on or off',
    tag,
    groups: manager,
    body: webhookInput.partial().extend({ active: z.boolean().optional() }),
    response: shape,
    handle: ({ context, params, body }) => {
      const { name, url, events, active } = body
      const changes = {
        ...(name === undefined ? {} : { name }),
        ...(url === undefined ? {} : { url }),
        ...(events === undefined ? {} : { events }),
        ...(active === undefined ? {} : { active }),
      }
      return host.db.company(context.companyId, async (transaction) =>
        answerOf(await updateWebhook(host, transaction, context, idOf(params), changes)),
      )
    },
  })
  routes.api({
    method: 'delete',
    path: '/webhooks/:id',
    summary: 'Removes a receiver',
    tag,
    groups: manager,
    response: z.object({ deleted: z.boolean() }),
    handle: ({ context, params }) =>
      host.db.company(context.companyId, async (transaction) => {
        await deleteWebhook(host, transaction, context, idOf(params))
        return { deleted: true }
      }),
  })
}

function idOf(params: Readonly<Record<string, string>>): string {
  const id = params['id'] ?? ''
  if (!z.uuid().safeParse(id).success) throw new Fault('SIGNATURES-WEBHOOK-UNKNOWN', { status: 404 })
  return id
}
