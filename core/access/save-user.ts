import type { Knex } from 'knex'
import { z } from 'zod'
import type { Audit } from '../audit/audit.js'
import type { CompanyTransaction } from '../db/database.js'
import { Fault } from '../i18n/fault.js'
import type { RecordValues } from '../views/view.js'
import type { CompanyContext } from './context.js'
import { administrator, type GroupRegistry } from './groups.js'
import { hashPassword } from './passwords.js'

const values = z.object({
  name: z.string().trim().min(1).max(200),
  login: z.string().trim().min(1).max(200),
  locale: z.enum(['ar', 'en', 'bg']),
  groups: z.array(z.string()).default([]),
  active: z.boolean().default(true),
  password: z.string().nullish(),
})

/** A user as the form gives it; `password` in clear text, empty to keep the one there is. */
type GivenUser = Omit<z.infer<typeof values>, 'password'> & { readonly password: string }

/** What saving a user rests on. */
export interface UserSaving {
  readonly groups: Pick<GroupRegistry, 'has'>
  readonly audit: Pick<Audit, 'record'>
}

/**
 * Makes a user of the company (`id` undefined) or changes one, with their groups there; a new password or a switched-off account ends
 * their sessions.
 * @throws Fault ACCESS-FIELD, ACCESS-GROUP-UNKNOWN, ACCESS-LOGIN-TAKEN, ACCESS-PASSWORD-SHORT, ACCESS-SELF-LOCKOUT, ACCESS-USER-SHARED
 */
export async function saveUser(
  { groups, audit }: UserSaving,
  transaction: CompanyTransaction,
  context: CompanyContext,
  id: string | undefined,
  given: RecordValues,
): Promise<{ readonly id: string }> {
  const user = userOf(given)
  const unknown = user.groups.find((group) => !groups.has(group))
  if (unknown !== undefined) throw new Fault('ACCESS-GROUP-UNKNOWN', { path: 'groups', params: { group: unknown } })
  if (id === undefined) {
    const newId = await insertUser(transaction, user)
    const subject = { type: 'user', id: newId, label: user.name }
    audit.record(transaction, context, { action: 'user.created', subject, facts: { login: user.login } })
    return { id: newId }
  }
  const self = context.actor.id === id
  if (self && (!user.active || !user.groups.includes(administrator)))
    throw new Fault('ACCESS-SELF-LOCKOUT', { path: user.active ? 'groups' : 'active' })
  await refuseForeign(transaction, context, id, user)
  await updateUser(transaction, id, user)
  audit.record(transaction, context, {
    action: 'user.changed',
    subject: { type: 'user', id, label: user.name },
    facts: { login: user.login, groups: user.groups.join(', '), password: user.password === '' ? 'kept' : 'changed' },
  })
  return { id }
}

function userOf(given: RecordValues): GivenUser {
  const parsed = values.safeParse(given)
  if (!parsed.success) {
    const details = parsed.error.issues.map((issue) => ({ code: 'ACCESS-FIELD', path: issue.path.map(String).join('.') }))
    throw new Fault('ACCESS-FIELD', { details })
  }
  return { ...parsed.data, password: parsed.data.password ?? '' }
}

async function insertUser({ knex, companyId }: CompanyTransaction, user: GivenUser): Promise<string> {
  await refuseTakenLogin(knex, user.login)
  const [made] = await knex('core_user')
    .insert({
      id: knex.raw('gen_random_uuid()'),
      login: user.login,
      name: user.name,
      password_hash: await hashPassword(user.password),
      locale: user.locale,
      active: user.active,
    })
    .returning<{ id: string }[]>('id')
  const id = made?.id ?? ''
  await knex('core_membership').insert({ user_id: id, company_id: companyId, groups: JSON.stringify(user.groups) })
  return id
}

async function updateUser({ knex, companyId }: CompanyTransaction, id: string, user: GivenUser): Promise<void> {
  await refuseTakenLogin(knex, user.login, id)
  const { login, name, locale, active, password } = user
  const changes = { login, name, locale, active }
  await knex('core_user')
    .where({ id })
    .update(password === '' ? changes : { ...changes, password_hash: await hashPassword(password) })
  await knex('core_membership')
    .where({ user_id: id, company_id: companyId })
    .update({ groups: JSON.stringify(user.groups) })
  if (!active || password !== '') await knex('core_session').where({ user_id: id }).delete()
}

/** Logins are one whatever their case. One taken in the same moment by another transaction is caught by the index. */
async function refuseTakenLogin(knex: Knex.Transaction, login: string, ownId?: string): Promise<void> {
  const [taken] = await knex('core_user').whereRaw('lower(login) = lower(?)', [login]).limit(1).pluck<string[]>('id')
  if (taken !== undefined && taken !== ownId) throw new Fault('ACCESS-LOGIN-TAKEN', { path: 'login', params: { login } })
}

/**
 * A person may belong to companies that the author of a change does not administer: their account (login, password, on or off) opens
 * those too, so it is not changed from here. Their groups in this company are.
 * @throws Fault ACCESS-USER-SHARED
 */
async function refuseForeign(
  { knex, companyId }: CompanyTransaction,
  context: CompanyContext,
  id: string,
  { login, active, password }: GivenUser,
): Promise<void> {
  if (context.actor.id === id || context.groups.has('*')) return
  const before = await knex('core_user').where({ id }).first<{ login: string; active: boolean } | undefined>('login', 'active')
  const path = password !== '' ? 'password' : before?.login !== login ? 'login' : before.active !== active ? 'active' : undefined
  if (path === undefined) return
  const administered = knex('core_membership')
    .where({ user_id: context.actor.id })
    .whereRaw('groups @> ?::jsonb', [JSON.stringify([administrator])])
    .select('company_id')
  const foreign: unknown[] = await knex('core_membership')
    .where({ user_id: id })
    .whereNot({ company_id: companyId })
    .whereNotIn('company_id', administered)
    .limit(1)
    .pluck('company_id')
  if (foreign.length > 0) throw new Fault('ACCESS-USER-SHARED', { path })
}
