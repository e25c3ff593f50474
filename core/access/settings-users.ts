import type { Knex } from 'knex'
import { z } from 'zod'
import { Fault } from '../i18n/fault.js'
import { isLocale } from '../i18n/locale.js'
import type { ModuleSetup } from '../host/module.js'
import { plainText } from '../views/field-control.js'
import type { FieldDefinition, Model } from '../views/view.js'
import type { CompanyContext } from './context.js'
import type { AccessService } from './create-access.js'
import { administrator } from './groups.js'
import { hashPassword } from './passwords.js'

interface UserRow {
  id: string
  login: string
  name: string
  locale: string
  active: boolean
  groups: string[]
  last_login_at: Date | null
}

const values = z.object({
  name: z.string().trim().min(1).max(200),
  login: z.string().trim().min(1).max(200),
  locale: z.enum(['ar', 'en', 'bg']),
  groups: z.array(z.string()).default([]),
  active: z.boolean().default(true),
  password: z.string().nullish(),
})

/** Users of the present company: a user of another company alone is not shown, and answers 404. */
export function addUserViews(setup: ModuleSetup, access: AccessService): void {
  const model: Model = {
    name: 'settings.user',
    table: 'core_user',
    from: (query) =>
      query
        .join('core_membership', (join) => {
          join.on('core_membership.user_id', 'core_user.id')
        })
        .whereRaw(`core_membership.company_id = current_setting('app.company_id')::uuid`),
    select: { groups: 'core_membership.groups' },
    searchColumns: ['name', 'login'],
    label: (record) => plainText(record['name']),
    groups: { read: administrator, write: administrator },
    auditType: 'user',
    load: async ({ knex, companyId }, _context, id) => {
      const [row] = await knex('core_user')
        .join('core_membership', 'core_membership.user_id', 'core_user.id')
        .where({ 'core_user.id': id, 'core_membership.company_id': companyId })
        .limit(1)
        .select<UserRow[]>('core_user.id', 'login', 'name', 'locale', 'active', 'last_login_at', 'core_membership.groups')
      return row === undefined ? undefined : { ...row, lastLoginAt: row.last_login_at }
    },
    defaults: (_transaction, context) => Promise.resolve({ locale: context.locale, active: true, groups: [] }),
    save: async (transaction, context, id, given) => {
      const { knex, companyId } = transaction
      const parsed = values.safeParse(given)
      if (!parsed.success) {
        const details = parsed.error.issues.map((issue) => ({ code: 'ACCESS-FIELD', path: issue.path.map(String).join('.') }))
        throw new Fault('ACCESS-FIELD', { details })
      }
      const user = parsed.data
      const unknown = user.groups.find((group) => !access.groups.has(group))
      if (unknown !== undefined) throw new Fault('ACCESS-GROUP-UNKNOWN', { path: 'groups', params: { group: unknown } })
      const password = user.password ?? ''
      if (id === undefined) {
        // The same transaction cannot be handed to `createUser`, which hashes first; a login taken meanwhile is caught by the index.
        const taken = await knex<UserRow>('core_user').whereRaw('lower(login) = lower(?)', [user.login]).limit(1)
        if (taken.length > 0) throw new Fault('ACCESS-LOGIN-TAKEN', { path: 'login', params: { login: user.login } })
        const created = await knex('core_user')
          .insert({
            id: knex.raw('gen_random_uuid()'),
            login: user.login,
            name: user.name,
            password_hash: await hashPassword(password),
            locale: user.locale,
            active: user.active,
          })
          .returning<{ id: string }[]>('id')
        const newId = created[0]?.id ?? ''
        await knex('core_membership').insert({ user_id: newId, company_id: companyId, groups: JSON.stringify(user.groups) })
        setup.host.audit.record(transaction, context, {
          action: 'user.created',
          subject: { type: 'user', id: newId, label: user.name },
          facts: { login: user.login },
        })
        return { id: newId }
      }
      const self = context.actor.id === id
      if (self && (!user.active || !user.groups.includes(administrator)))
        throw new Fault('ACCESS-SELF-LOCKOUT', { path: user.active ? 'groups' : 'active' })
      await refuseForeign(knex, companyId, context, id, user, password)
      const changes = { login: user.login, name: user.name, locale: isLocale(user.locale) ? user.locale : 'en', active: user.active }
      await knex('core_user')
        .where({ id })
        .update(password === '' ? changes : { ...changes, password_hash: await hashPassword(password) })
      await knex('core_membership')
        .where({ user_id: id, company_id: companyId })
        .update({ groups: JSON.stringify(user.groups) })
      if (!user.active || password !== '') await knex('core_session').where({ user_id: id }).delete()
      setup.host.audit.record(transaction, context, {
        action: 'user.changed',
        subject: { type: 'user', id, label: user.name },
        facts: { login: user.login, groups: user.groups.join(', '), password: password === '' ? 'kept' : 'changed' },
      })
      return { id }
    },
  }
  setup.views.model(model)
  setup.views.menu({
    app: 'settings',
    label: 'access.users',
    icon: 'users',
    href: '/app/settings/user',
    order: 20,
    group: administrator,
    parent: true,
  })
  setup.views.add({
    id: 'settings.user.list',
    kind: 'list',
    model: model.name,
    title: 'access.users',
    columns: [
      { name: 'name', label: 'access.field.name', type: 'text' },
      { name: 'login', label: 'access.field.login', type: 'code' },
      { name: 'active', label: 'access.field.active', type: 'checkbox' },
      { name: 'last_login_at', label: 'access.field.last-login', type: 'datetime' },
    ],
    filters: [
      { name: 'active', label: 'access.filter.active', where: { active: true } },
      { name: 'inactive', label: 'access.filter.inactive', where: { active: false } },
    ],
    defaultSort: { column: 'name', direction: 'asc' },
    empty: { text: 'access.users.empty' },
  })
  const groupField: FieldDefinition = {
    name: 'groups',
    label: 'access.field.groups',
    type: 'tags',
    width: 'full',
    get options() {
      return access.groups.list().map((group) => ({ value: group.name, label: group.name, text: group.title }))
    },
  }
  setup.views.add({
    id: 'settings.user.form',
    kind: 'form',
    model: model.name,
    title: 'access.user',
    heading: 'name',
    groups: [
      {
        fields: [
          { name: 'name', label: 'access.field.name', type: 'text', required: true },
          { name: 'login', label: 'access.field.login', type: 'code', required: true },
          { name: 'password', label: 'access.field.password', help: 'access.field.password.help', type: 'password' },
        ],
      },
      {
        fields: [
          { name: 'locale', label: 'access.field.language', type: 'select', required: true, options: languageOptions },
          { name: 'active', label: 'access.field.active', type: 'checkbox' },
        ],
      },
      { label: 'access.field.groups', fields: [groupField] },
    ],
    messageLog: true,
  })
}

/**
 * A person may belong to companies that the author of a change does not administer: their account (login, password, on or off) opens
 * those too, so it is not changed from here. Their groups in this company are.
 * @throws Fault ACCESS-USER-SHARED
 */
async function refuseForeign(
  knex: Knex.Transaction,
  companyId: string,
  context: CompanyContext,
  id: string,
  user: { readonly login: string; readonly active: boolean },
  password: string,
): Promise<void> {
  if (context.actor.id === id || context.groups.has('*')) return
  const before = await knex<UserRow>('core_user').where({ id }).first('login', 'active')
  const path = password !== '' ? 'password' : before?.login !== user.login ? 'login' : before.active !== user.active ? 'active' : undefined
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

/** The languages of the interface, as choices of a field. */
export const languageOptions = [
  { value: 'ar', label: 'access.language.ar' },
  { value: 'en', label: 'access.language.en' },
  { value: 'bg', label: 'access.language.bg' },
] as const
