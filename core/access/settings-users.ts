import type { ModuleSetup } from '../host/module.js'
import { plainText } from '../views/field-control.js'
import type { FormView, ListView, Model } from '../views/view.js'
import type { AccessService } from './create-access.js'
import { administrator, type GroupRegistry } from './groups.js'
import { saveUser } from './save-user.js'

interface UserRow {
  id: string
  login: string
  name: string
  locale: string
  active: boolean
  groups: string[]
  last_login_at: Date | null
}

/** The languages of the interface, as choices of a field. */
export const languageOptions = [
  { value: 'ar', label: 'access.language.ar' },
  { value: 'en', label: 'access.language.en' },
  { value: 'bg', label: 'access.language.bg' },
] as const

/** Users of the present company: a user of another company alone is not shown, and answers 404. */
export function addUserViews(setup: ModuleSetup, access: AccessService): void {
  setup.views.model(userModel(setup, access))
  setup.views.menu({
    app: 'settings',
    label: 'access.users',
    icon: 'users',
    href: '/app/settings/user',
    order: 20,
    group: administrator,
    parent: true,
  })
  setup.views.add(userList)
  setup.views.add(userForm(access.groups))
}

function userModel(setup: ModuleSetup, access: AccessService): Model {
  return {
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
    save: (transaction, context, id, given) =>
      saveUser({ groups: access.groups, audit: setup.host.audit }, transaction, context, id, given),
  }
}

const userList: ListView = {
  id: 'settings.user.list',
  kind: 'list',
  model: 'settings.user',
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
}

function userForm(groups: GroupRegistry): FormView {
  return {
    id: 'settings.user.form',
    kind: 'form',
    model: 'settings.user',
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
      {
        label: 'access.field.groups',
        fields: [
          {
            name: 'groups',
            label: 'access.field.groups',
            type: 'tags',
            width: 'full',
            get options() {
              return groups.list().map((group) => ({ value: group.name, label: group.name, text: group.title }))
            },
          },
        ],
      },
    ],
    messageLog: true,
  }
}
