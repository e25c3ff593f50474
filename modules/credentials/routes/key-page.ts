import type { PageCall } from '../../../core/http/routes.js'
import type { Host } from '../../../core/host/module.js'
import type { RecordedEvent } from '../../../core/audit/audit.js'
import { keyFacts } from '../key-facts.js'
import { labelled, mayManage, messages, type Page } from './answers.js'
import { policyFacts } from './policy-form.js'

/** One key: its certificate and chain, its policy, what was done with it, and what may be done now. */
export const keyPage: Page = async (host, call, faults) => {
  const { context, params } = call
  const { key, events } = await host.db.company(context.companyId, async (transaction) => {
    const found = await host.signing.key(transaction, params['id'] ?? '')
    return { key: found, events: await host.audit.of(transaction, { type: 'key', id: found.id }, 50) }
  })
  const company = await host.access.company(context.companyId)
  const sections = await host.hooks.collect('credentials.key-sections', { key }, { context })
  const facts = labelled(keyFacts(key, host.now()))
  return {
    kind: 'page',
    template: 'credentials/key',
    title: key.name,
    breadcrumb: [{ label: host.i18n.text(context.locale, 'credentials.title'), href: '/app/credentials/keys' }, { label: key.name }],
    data: {
      key: facts,
      attributes: attributesOf(host, call, facts.attributes),
      stopped: key.stopped,
      subject: Object.entries({ C: company.country, O: company.name, OU: '', CN: key.name }).map(([type, value]) => ({
        type,
        value,
        label: `credentials.subject.${type}`,
      })),
      usable: facts.state !== 'stopped',
      policy: await policyFacts(host, call, key),
      sections,
      history: events.map((event) => historyLine(host, call, event)),
      faults: messages(host, call, faults),
      manager: mayManage(call),
    },
  }
}

/** Facts of a provider in the reader's language; a name without a text is shown as it is. */
function attributesOf(host: Host, call: PageCall, attributes: readonly { name: string; value: string }[]) {
  const { locale } = call.context
  const own = (key: string, otherwise: string): string => {
    const found = host.i18n.text(locale, key)
    return found === key ? otherwise : found
  }
  return attributes
    .filter(({ value }) => value !== '')
    .map(({ name, value }) => ({
      label: own(`credentials.attribute.${name}`, name),
      value: value === 'true' || value === 'false' ? host.i18n.text(locale, `credentials.${value}`) : value,
    }))
}

function historyLine(host: Host, call: PageCall, event: RecordedEvent) {
  const { locale } = call.context
  const facts = event.facts ?? {}
  const document = facts['document']
  const label = typeof document === 'object' && document !== null && 'label' in document ? document.label : undefined
  const purpose = facts['purpose']
  return {
    at: event.at,
    who: event.actor.name,
    text: host.i18n.text(locale, `event.${event.action}`),
    document: typeof label === 'string' ? label : '',
    purpose: typeof purpose === 'string' ? host.i18n.text(locale, `credentials.purpose.${purpose}`) : '',
    reason: typeof facts['reason'] === 'string' ? facts['reason'] : '',
  }
}
