import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { formText } from '../../../core/http/form-text.js'
import type { PageAnswer, PageCall } from '../../../core/http/routes.js'
import { readInput } from '../services/requests/read-input.js'
import { deliver, deliveryJob, listDeliveries, mostTries, pruneDeliveries, queueDeliveries, queueTest, resend } from './deliveries.js'
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  readWebhook,
  renewSecret,
  updateWebhook,
  webhookInput,
  type WebhookInput,
} from './endpoints.js'
import { webhookEvents } from './event.js'
import { signatureHeader, toleranceSeconds } from './signature.js'

const manager = ['signatures.manager']
const list = '/app/signatures/webhooks'

/** Receivers of events: their pages, the job that tells them, the daily forgetting of what was told. */
export function addWebhooks(setup: ModuleSetup): void {
  const { host, routes } = setup
  setup.hooks.on('request.happened', (happened, { context }) => queueDeliveries(host, context, happened))
  setup.jobs.define<{ deliveryId: string }>(deliveryJob, ({ deliveryId }, call) => deliver(host, deliveryId, call))
  setup.jobs.define('signatures.prune-webhooks', (_payload, call) => pruneDeliveries(host, call.context))
  setup.jobs.schedule('signatures.prune-webhooks', '40 3 * * *')
  setup.views.menu({
    app: 'signatures',
    label: 'signatures.webhook.title',
    icon: 'plug',
    href: list,
    order: 90,
    group: 'signatures.manager',
    parent: true,
  })

  routes.page('get', '/webhooks', manager, async (call) => {
    const webhooks = await inCompany(host, call, listWebhooks)
    const data = {
      webhooks: webhooks.map((webhook) => ({
        ...webhook,
        href: `${list}/${webhook.id}`,
        all: webhook.events.length === 0,
        stateLabel: stateLabel(webhook),
      })),
    }
    return { kind: 'page', template: 'signatures/webhooks', title: text(host, call, 'signatures.webhook.title'), data }
  })

  routes.page('get', '/webhooks/new', manager, (call) =>
    Promise.resolve({
      kind: 'page',
      template: 'signatures/webhook-new',
      title: text(host, call, 'signatures.webhook.new'),
      breadcrumb: crumbs(host, call, text(host, call, 'signatures.webhook.new')),
      data: { events: eventChoices([]), name: '', url: '' },
    }),
  )

  routes.page('post', '/webhooks', manager, async (call) => {
    const input = formInput(call.body)
    const { id, secret } = await inCompany(host, call, (transaction) => createWebhook(host, transaction, call.context, input))
    return secretPage(host, call, { id, name: input.name, secret })
  })

  routes.page('get', '/webhooks/:id', manager, async (call) => {
    const id = call.params['id'] ?? ''
    const { webhook, deliveries } = await inCompany(host, call, async (transaction) => ({
      webhook: await readWebhook(transaction, id),
      deliveries: await listDeliveries(transaction, id),
    }))
    const data = {
      ...webhook,
      stateLabel: stateLabel(webhook),
      events: eventChoices(webhook.events),
      header: signatureHeader,
      tolerance: toleranceSeconds,
      waiting: deliveries.some(({ state }) => state === 'pending'),
      deliveries: deliveries.map((delivery) => ({
        ...delivery,
        stateLabel: `signatures.webhook.delivery.${delivery.state}`,
        colour: { pending: 'orange', delivered: 'green', dead: 'red' }[delivery.state],
        most: mostTries,
        canResend: webhook.active,
        faultText: delivery.lastFault === null ? null : host.i18n.faultOnPage(call.context.locale, delivery.lastFault),
      })),
    }
    if (call.partial) return { kind: 'fragment', template: 'signatures/webhook-deliveries', data }
    return { kind: 'page', template: 'signatures/webhook', title: webhook.name, breadcrumb: crumbs(host, call, webhook.name), data }
  })

  routes.page('post', '/webhooks/:id', manager, async (call) => {
    const id = call.params['id'] ?? ''
    const action = formText(call.body, 'action')
    const { context } = call
    if (action === 'secret') {
      const { name, secret } = await inCompany(host, call, async (transaction) => ({
        name: (await readWebhook(transaction, id)).name,
        secret: await renewSecret(host, transaction, context, id),
      }))
      return secretPage(host, call, { id, name, secret })
    }
    await inCompany(host, call, async (transaction) => {
      await readWebhook(transaction, id)
      if (action === 'test') await queueTest(host, transaction, id)
      else if (action === 'on' || action === 'off') await updateWebhook(host, transaction, context, id, { active: action === 'on' })
      else if (action === 'delete') await deleteWebhook(host, transaction, context, id)
      else if (action === 'save') await updateWebhook(host, transaction, context, id, formInput(call.body))
      else if (action === 'resend') await resend(host, transaction, context, formText(call.body, 'delivery'))
    })
    const known = ['test', 'on', 'off', 'delete', 'save', 'resend'].includes(action)
    return {
      kind: 'redirect',
      to: action === 'delete' ? list : `${list}/${id}`,
      ...(known ? { notice: { key: `signatures.webhook.notice.${action}`, level: 'success' as const } } : {}),
    }
  })
}

/** A new secret is shown on the answer of the form alone: it stands in no address and on no second page. */
function secretPage(host: Host, call: PageCall, shown: { id: string; name: string; secret: string }): PageAnswer {
  return {
    kind: 'page',
    template: 'signatures/webhook-secret',
    title: shown.name,
    breadcrumb: crumbs(host, call, shown.name),
    here: `${list}/${shown.id}`,
    data: { ...shown, href: `${list}/${shown.id}`, header: signatureHeader, tolerance: toleranceSeconds },
  }
}

function formInput(body: PageCall['body']): WebhookInput {
  const events = body['events']
  return readInput(webhookInput, {
    name: formText(body, 'name'),
    url: formText(body, 'url'),
    events: Array.isArray(events) ? events : events === undefined ? [] : [events],
  })
}

function eventChoices(chosen: readonly string[]): object[] {
  return webhookEvents.map((name) => ({ name, label: `signatures.webhook.event.${name}`, checked: chosen.includes(name) }))
}

function stateLabel(webhook: { active: boolean; inactiveReason: string | null }): string {
  return webhook.active ? 'signatures.webhook.state.on' : `signatures.webhook.state.${webhook.inactiveReason ?? 'off'}`
}

function inCompany<Result>(host: Host, call: PageCall, work: (transaction: CompanyTransaction) => Promise<Result>): Promise<Result> {
  return host.db.company(call.context.companyId, work)
}

function text(host: Host, call: PageCall, key: string): string {
  return host.i18n.text(call.context.locale, key)
}

function crumbs(host: Host, call: PageCall, last: string): { label: string; href?: string }[] {
  return [{ label: text(host, call, 'signatures.webhook.title'), href: list }, { label: last }]
}
