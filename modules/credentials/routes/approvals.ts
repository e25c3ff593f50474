import { z } from 'zod'
import type { RouteRegistration } from '../../../core/http/routes.js'
import type { Host } from '../../../core/host/module.js'
import type { KeyApproval } from '../../../core/signing/approvals.js'
import { attempt, messages, text, to, type Page } from './answers.js'

const decision = z.object({ approved: z.boolean(), reason: z.string().max(500).optional() })
const approval = z.object({
  id: z.string(),
  keyId: z.string(),
  purpose: z.string(),
  subject: z.object({ type: z.string(), id: z.string(), label: z.string() }),
  documentHash: z.string().nullable(),
  amount: z.object({ value: z.string(), currency: z.string() }).nullable(),
  state: z.string(),
  askedBy: z.string(),
  askedAt: z.string(),
  expiresAt: z.string(),
  decidedBy: z.string().nullable(),
  reason: z.string().nullable(),
})

/** Requests to use keys that want four eyes: a page and the same as API. Who may decide, the signing service says. */
export function addApprovalPages(routes: RouteRegistration, host: Host): void {
  const readers = ['credentials.approver', 'credentials.user']
  routes.page('get', '/approvals', readers, (call) => inbox(host, call, []))
  for (const verb of ['approve', 'refuse'] as const) {
    routes.page('post', `/approvals/:id/${verb}`, readers, (call) =>
      attempt(call, inbox, host, async () => {
        const { context, params, body } = call
        const reason = text(body['reason'])
        await host.db.company(context.companyId, (transaction) =>
          host.signing.decideApproval(transaction, context, params['id'] ?? '', {
            approved: verb === 'approve',
            ...(reason === '' ? {} : { reason }),
          }),
        )
        return to('approvals', `credentials.notice.${verb}d`)
      }),
    )
  }
  routes.api({
    method: 'get',
    path: '/key-approvals',
    summary: 'Requests to use a key that need the approval of another person, newest first',
    tag: 'Keys',
    groups: readers,
    response: z.array(approval),
    handle: async ({ context }) =>
      (await host.db.company(context.companyId, (transaction) => host.signing.approvals(transaction))).map(described),
  })
  routes.api({
    method: 'post',
    path: '/key-approvals/:id/decision',
    summary: 'Approve or refuse a request; a person other than the one who asked, from the group of the key',
    tag: 'Keys',
    groups: readers,
    body: decision,
    response: approval,
    handle: async ({ context, params, body }) => {
      const { approved, reason } = body
      const decided = await host.db.company(context.companyId, (transaction) =>
        host.signing.decideApproval(transaction, context, params['id'] ?? '', { approved, ...(reason === undefined ? {} : { reason }) }),
      )
      return described(decided)
    },
  })
}

function described(one: KeyApproval): z.infer<typeof approval> {
  const { id, keyId, purpose, subject, documentHash, amount, state, reason } = one
  return {
    id,
    keyId,
    purpose,
    subject,
    documentHash,
    amount,
    state,
    askedBy: one.askedBy.name,
    askedAt: one.askedAt.toISOString(),
    expiresAt: one.expiresAt.toISOString(),
    decidedBy: one.decidedBy?.name ?? null,
    reason,
  }
}

const colours = { pending: 'orange', approved: 'green', refused: 'red', expired: 'grey', consumed: 'blue' } as const

const inbox: Page = async (host, call, faults) => {
  const { context } = call
  const { all, keys } = await host.db.company(context.companyId, async (transaction) => ({
    all: await host.signing.approvals(transaction),
    keys: new Map((await host.signing.keys(transaction)).map((key) => [key.id, key])),
  }))
  const shown = all.map((one) => {
    const key = keys.get(one.keyId)
    const group = key?.access?.approval?.group
    return {
      ...one,
      key: key?.name ?? '',
      purposeLabel: `credentials.purpose.${one.purpose}`,
      stateLabel: `credentials.approval.${one.state}`,
      colour: colours[one.state],
      hash: one.documentHash?.slice(0, 16) ?? '',
      // A button that would be refused is not shown.
      decidable: one.state === 'pending' && group !== undefined && context.groups.has(group) && one.askedBy.id !== context.actor.id,
      own: one.state === 'pending' && one.askedBy.id === context.actor.id,
    }
  })
  return {
    kind: 'page',
    template: 'credentials/approvals',
    title: host.i18n.text(context.locale, 'credentials.approvals'),
    breadcrumb: [
      { label: host.i18n.text(context.locale, 'credentials.title'), href: '/app/credentials/keys' },
      { label: host.i18n.text(context.locale, 'credentials.approvals') },
    ],
    data: {
      pending: shown.filter((one) => one.state === 'pending'),
      decided: shown.filter((one) => one.state !== 'pending').slice(0, 50),
      faults: messages(host, call, faults),
    },
  }
}
