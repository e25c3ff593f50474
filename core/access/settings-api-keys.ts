import { Fault } from '../i18n/fault.js'
import type { ModuleSetup } from '../host/module.js'
import { plainText } from '../views/field-control.js'
import type { FormView, ListView, Model } from '../views/view.js'
import type { AccessService } from './create-access.js'
import { administrator, type GroupRegistry } from './groups.js'

/** API keys of the company. A new key's secret is shown once, in the notice after saving; the row never holds it. */
export function addApiKeyViews(setup: ModuleSetup, access: AccessService): void {
  const model = keyModel(setup, access)
  setup.views.model(model)
  setup.views.menu({
    app: 'settings',
    label: 'access.keys',
    icon: 'key',
    href: '/app/settings/key',
    order: 40,
    group: administrator,
    parent: true,
  })
  setup.views.add(keyList)
  setup.views.add(keyForm(access.groups))
  addNewKeyPage(setup, access, model)
}

function keyModel(setup: ModuleSetup, access: AccessService): Model {
  return {
    name: 'settings.key',
    table: 'core_api_key',
    from: (query) => query.whereRaw(`core_api_key.company_id = current_setting('app.company_id')::uuid`),
    searchColumns: ['name'],
    label: (record) => plainText(record['name']),
    groups: { read: administrator, write: administrator },
    auditType: 'api-key',
    load: async ({ knex, companyId }, _context, id) => {
      const row = await knex<{
        id: string
        name: string
        hint: string
        groups: string[]
        created_at: Date
        last_used_at: Date | null
        revoked_at: Date | null
        company_id: string
      }>('core_api_key')
        .where({ id, company_id: companyId })
        .first('id', 'name', 'hint', 'groups', 'created_at', 'last_used_at', 'revoked_at')
      return row === undefined ? undefined : { ...row, state: row.revoked_at === null ? 'active' : 'revoked' }
    },
    defaults: () => Promise.resolve({ groups: [] }),
    action: async (context, action, ids, input) => {
      if (action === 'create') {
        const name = typeof input['name'] === 'string' ? input['name'].trim() : ''
        if (name === '') throw new Fault('ACCESS-NAME-EMPTY', { path: 'name' })
        const groups = Array.isArray(input['groups']) ? input['groups'].map(String) : []
        const { id, secret } = await access.createApiKey(context, name, groups)
        await setup.host.db.company(context.companyId, (transaction) => {
          setup.host.audit.record(transaction, context, {
            action: 'api-key.created',
            subject: { type: 'api-key', id, label: name },
            facts: { groups: groups.join(', ') },
          })
          return Promise.resolve()
        })
        return { redirect: `/app/settings/key/${id}`, notice: { key: 'access.key.secret', params: { secret }, level: 'warning' } }
      }
      if (action !== 'revoke') throw new Fault('VIEW-ACTION-UNKNOWN', { status: 404, params: { action } })
      await access.apiKeys.revoke(context.companyId, ids)
      await setup.host.db.company(context.companyId, (transaction) => {
        for (const id of ids) setup.host.audit.record(transaction, context, { action: 'api-key.revoked', subject: { type: 'api-key', id } })
        return Promise.resolve()
      })
      return { notice: { key: 'access.key.revoked', level: 'success' } }
    },
  }
}

const keyList: ListView = {
  id: 'settings.key.list',
  kind: 'list',
  model: 'settings.key',
  title: 'access.keys',
  columns: [
    { name: 'name', label: 'access.field.name', type: 'text' },
    { name: 'hint', label: 'access.field.key', type: 'code' },
    { name: 'created_at', label: 'access.field.created', type: 'datetime' },
    { name: 'last_used_at', label: 'access.field.last-used', type: 'datetime' },
    { name: 'revoked_at', label: 'access.field.revoked', type: 'datetime' },
  ],
  filters: [{ name: 'active', label: 'access.filter.active', where: { revoked_at: null } }],
  headerActions: [{ name: 'create', label: 'access.key.new', icon: 'plus', href: () => '/app/settings/new-key' }],
  defaultSort: { column: 'created_at', direction: 'desc' },
  empty: { text: 'access.keys.empty' },
  noCreate: true,
}

function keyForm(groups: GroupRegistry): FormView {
  return {
    id: 'settings.key.form',
    kind: 'form',
    model: 'settings.key',
    title: 'access.key',
    heading: 'name',
    status: {
      field: 'state',
      steps: [
        { value: 'active', label: 'access.key.state.active' },
        { value: 'revoked', label: 'access.key.state.revoked' },
      ],
    },
    actions: [
      {
        name: 'revoke',
        label: 'access.key.revoke',
        confirm: 'access.key.revoke.confirm',
        visible: (record) => record['state'] === 'active',
      },
    ],
    groups: [
      {
        fields: [
          { name: 'name', label: 'access.field.name', type: 'text', readonly: true },
          { name: 'hint', label: 'access.field.key', type: 'code', readonly: true },
          {
            name: 'groups',
            label: 'access.field.groups',
            type: 'tags',
            readonly: true,
            get options() {
              return groups.list().map((group) => ({ value: group.name, label: group.name, text: group.title }))
            },
          },
        ],
      },
      {
        fields: [
          { name: 'created_at', label: 'access.field.created', type: 'datetime', readonly: true },
          { name: 'last_used_at', label: 'access.field.last-used', type: 'datetime', readonly: true },
          { name: 'revoked_at', label: 'access.field.revoked', type: 'datetime', readonly: true },
        ],
      },
    ],
    messageLog: true,
  }
}

/** The page that asks for the name and the groups of a new key. */
function addNewKeyPage(setup: ModuleSetup, access: AccessService, model: Model): void {
  setup.routes.page('get', '/new-key', [administrator], ({ context }) =>
    Promise.resolve({
      kind: 'page',
      template: 'core/new-key',
      title: setup.host.i18n.text(context.locale, 'access.key.new'),
      data: { groups: access.groups.list().map((group) => ({ value: group.name, label: group.title[context.locale] })) },
      breadcrumb: [
        { label: setup.host.i18n.text(context.locale, 'access.keys'), href: '/app/settings/key' },
        { label: setup.host.i18n.text(context.locale, 'access.key.new') },
      ],
    }),
  )
  setup.routes.page('post', '/new-key', [administrator], async ({ context, body }) => {
    const groups = body['groups']
    const outcome = await model.action?.(context, 'create', [], {
      name: body['name'],
      groups: Array.isArray(groups) ? groups : groups === undefined ? [] : [groups],
    })
    return {
      kind: 'redirect',
      to: outcome?.redirect ?? '/app/settings/key',
      ...(outcome?.notice === undefined ? {} : { notice: outcome.notice }),
    }
  })
}
