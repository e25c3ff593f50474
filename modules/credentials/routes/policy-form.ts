import { Decimal } from 'decimal.js'
import type { PageCall } from '../../../core/http/routes.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Key, KeyAccess, KeyLimits, KeyPurpose } from '../../../core/signing/key.js'
import { purposeChoices, purposesOf, text, texts } from './answers.js'

/** What the policy form shows of a key, with the people and groups to choose from. */
export async function policyFacts(host: Host, call: PageCall, key: Key) {
  const { locale, companyId } = call.context
  const company = await host.access.company(companyId)
  const members = await host.access.members(companyId)
  const groups = host.access.groupTitles().map(({ name, title }) => ({ value: name, label: title[locale] }))
  const { access, limits } = key
  const until = limits?.until
  return {
    purposes: purposeChoices(key.purposes),
    until: until === undefined ? '' : until.toISOString().slice(0, 10),
    amount: plain(limits?.amount?.value),
    amountCurrency: limits?.amount?.currency ?? company.currency,
    holders: members.map(({ id, name }) => ({ value: id, label: name, chosen: access?.holder?.id === id })),
    users: members.map(({ id, name }) => ({ value: id, label: name, chosen: access?.users.includes(id) === true })),
    groups: groups.map((group) => ({ ...group, chosen: access?.groups.includes(group.value) === true })),
    approvers: groups.map((group) => ({ ...group, chosen: access?.approval?.group === group.value })),
    above: plain(access?.approval?.above?.value),
    aboveCurrency: access?.approval?.above?.currency ?? company.currency,
  }
}

/**
 * The policy as the form gives it.
 * @throws Fault SIGN-POLICY-DATE
 */
export async function policyOf(
  host: Host,
  call: PageCall,
): Promise<{ purposes: readonly KeyPurpose[]; limits: KeyLimits; access: KeyAccess }> {
  const { body, context } = call
  const members = await host.access.members(context.companyId)
  const known = new Set(host.access.groupTitles().map(({ name }) => name))
  const holder = members.find(({ id }) => id === text(body['holder']))
  const users = texts(body['users']).filter((id) => members.some((member) => member.id === id))
  const groups = texts(body['groups']).filter((group) => known.has(group))
  const approver = text(body['approver'])
  const until = text(body['until'])
  // The last day counts whole.
  const end = until === '' ? undefined : new Date(`${until}T23:59:59.999Z`)
  if (end !== undefined && Number.isNaN(end.getTime())) throw new Fault('SIGN-POLICY-DATE', { path: 'until', params: { date: until } })
  const amount = amountOf(body['amount'], body['amountCurrency'])
  const above = amountOf(body['above'], body['aboveCurrency'])
  return {
    purposes: purposesOf(body['purposes']),
    limits: { ...(end === undefined ? {} : { until: end }), ...(amount === undefined ? {} : { amount }) },
    access: {
      users,
      groups,
      ...(holder === undefined ? {} : { holder }),
      ...(known.has(approver) ? { approval: { group: approver, ...(above === undefined ? {} : { above }) } } : {}),
    },
  }
}

function amountOf(value: unknown, currency: unknown): { value: string; currency: string } | undefined {
  const amount = text(value)
  return amount === '' ? undefined : { value: amount, currency: text(currency).toUpperCase() }
}

/** Without the zeros the column pads with. */
function plain(value: string | undefined): string {
  return value === undefined ? '' : new Decimal(value).toFixed()
}
