import { Decimal } from 'decimal.js'
import type { PageCall } from '../../../core/http/routes.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { Key, KeyAccess, KeyLimits, KeyPurpose } from '../../../core/signing/key.js'
import { purposeChoices, purposesOf, text, texts } from './answers.js'

/** What the policy form shows of a key, with the people and groups to choose from; what was typed and refused stays typed. */
export async function policyFacts(host: Host, call: PageCall, key: Key) {
  const { locale, companyId } = call.context
  const company = await host.access.company(companyId)
  const members = await host.access.members(companyId)
  const people = members.map(({ id, name }) => ({ value: id, label: name }))
  const groups = host.access.groupTitles().map(({ name, title }) => ({ value: name, label: title[locale] }))
  const { access, limits } = key
  const { body } = call
  // The other forms of the page have none of these fields.
  const typed = body['amountCurrency'] !== undefined
  const shown = <Value>(name: string, kept: Value, read: (value: unknown) => Value): Value => (typed ? read(body[name]) : kept)
  return {
    purposes: purposeChoices(shown('purposes', key.purposes, purposesOf)),
    until: shown('until', limits?.until?.toISOString().slice(0, 10) ?? '', text),
    amount: shown('amount', plain(limits?.amount?.value), text),
    amountCurrency: shown('amountCurrency', limits?.amount?.currency ?? company.currency, text),
    holders: choices(people, shown('holder', access?.holder === undefined ? [] : [access.holder.id], texts), access?.holder?.name),
    users: choices(people, shown('users', access?.users ?? [], texts)),
    groups: choices(groups, shown('groups', access?.groups ?? [], texts)),
    approvers: choices(groups, shown('approver', access?.approval === undefined ? [] : [access.approval.group], texts)),
    above: shown('above', plain(access?.approval?.above?.value), text),
    aboveCurrency: shown('aboveCurrency', access?.approval?.above?.currency ?? company.currency, text),
  }
}

interface Choice {
  readonly value: string
  readonly label: string
}

/** All there are, and those chosen once that are gone since: saving the form must not open a key by leaving them out. */
function choices(all: readonly Choice[], chosen: readonly string[], name?: string): (Choice & { readonly chosen: boolean })[] {
  const gone = chosen.filter((value) => !all.some((one) => one.value === value)).map((value) => ({ value, label: name ?? value }))
  return [...all, ...gone].map((one) => ({ ...one, chosen: chosen.includes(one.value) }))
}

/**
 * The policy as the form gives it. Somebody the company does not have is refused, unless the key's policy names them already:
 * a person left out silently would make a key everybody's.
 * @throws Fault SIGN-POLICY-DATE, SIGN-POLICY-UNKNOWN, SIGN-POLICY-APPROVER, SIGN-KEY-UNKNOWN
 */
export async function policyOf(
  host: Host,
  call: PageCall,
): Promise<{ purposes: readonly KeyPurpose[]; limits: KeyLimits; access: KeyAccess }> {
  const { body, context, params } = call
  const { access } = await host.db.company(context.companyId, (transaction) => host.signing.key(transaction, params['id'] ?? ''))
  const people = new Map((await host.access.members(context.companyId)).map(({ id, name }) => [id, name]))
  const titles = new Set(host.access.groupTitles().map(({ name }) => name))
  const require = (value: string, known: boolean): string => {
    if (!known) throw new Fault('SIGN-POLICY-UNKNOWN', { params: { value } })
    return value
  }
  const holderId = text(body['holder'])
  const holder = holderId === access?.holder?.id ? access.holder : { id: holderId, name: people.get(holderId) ?? '' }
  if (holderId !== '') require(holderId, holder === access?.holder || people.has(holderId))
  const users = texts(body['users']).map((id) => require(id, people.has(id) || access?.users.includes(id) === true))
  const groups = texts(body['groups']).map((name) => require(name, titles.has(name) || access?.groups.includes(name) === true))
  const approver = text(body['approver'])
  if (approver !== '') require(approver, titles.has(approver) || approver === access?.approval?.group)
  const until = text(body['until'])
  // The last day counts whole.
  const end = until === '' ? undefined : new Date(`${until}T23:59:59.999Z`)
  if (end !== undefined && Number.isNaN(end.getTime())) throw new Fault('SIGN-POLICY-DATE', { path: 'until', params: { date: until } })
  const amount = amountOf(body['amount'], body['amountCurrency'])
  const above = amountOf(body['above'], body['aboveCurrency'])
  if (above !== undefined && approver === '') throw new Fault('SIGN-POLICY-APPROVER', { path: 'approver' })
  return {
    purposes: purposesOf(body['purposes']),
    limits: { ...(end === undefined ? {} : { until: end }), ...(amount === undefined ? {} : { amount }) },
    access: {
      users,
      groups,
      ...(holderId === '' ? {} : { holder }),
      ...(approver === '' ? {} : { approval: { group: approver, ...(above === undefined ? {} : { above }) } }),
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
