import { z } from 'zod'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host, ModuleSetup } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { locales } from '../../../core/i18n/locale.js'
import type { FieldDefinition, RecordValues } from '../../../core/views/view.js'
import { freeId } from '../templates/free-id.js'
import { companyRole } from '../models/field.js'
import { roleActions, signatureLevels, type TemplateRole, type TemplateRoleInput } from '../models/role.js'
import type { Template } from '../models/template.js'
import { readTemplate } from '../services/template-rows.js'
import {
  deleteTemplates,
  duplicateTemplate,
  listVersions,
  renameTemplate,
  saveRoles,
  setTemplateActive,
} from '../templates/manage-templates.js'
import { signersOf } from '../templates/written/contract-data.js'

const column = (name: string, type: FieldDefinition['type'], more: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name,
  label: `signatures.template.${name}`,
  type,
  ...more,
})
const options = (group: string, values: readonly string[]): NonNullable<FieldDefinition['options']> =>
  values.map((value) => ({ value, label: `signatures.template.${group}.${value}` }))

const kinds = options('kind', ['pdf', 'docx', 'text'])
/** Ways to prove one's identity, and pairs of two channels as the advanced level asks for. Others are chosen in the editor of fields. */
const methods = options('method', [
  'email-code',
  'sms-code',
  'totp',
  'passkey',
  'pin',
  'account',
  'email-code+sms-code',
  'email-code+pin',
  'email-code+totp',
])

/** Newest version of the row's template. */
const newest = (expression: string): string =>
  `(select ${expression} from signatures_template_version v where v.company_id = signatures_template.company_id and v.template_id = signatures_template.id order by v.number desc limit 1)`

const path = (record: RecordValues, rest = ''): string => `/app/signatures/template/${String(record['id'])}${rest}`
const isText = (record: RecordValues): boolean => record['kind'] === 'text'
const isActive = (record: RecordValues): boolean => record['active'] === true

/** List and form of templates. */
export function addTemplateViews({ host, views }: ModuleSetup): void {
  views.model({
    name: 'signatures.template',
    table: 'signatures_template',
    // Those of one request are found from it alone.
    from: (query) => query.where('signatures_template.single', false),
    select: {
      kind: newest(`v.content->>'kind'`),
      version: newest('v.number'),
      role_names: newest(`(select string_agg(r->>'name', ' · ' order by n) from jsonb_array_elements(v.roles) with ordinality as t(r, n))`),
      requests: `(select count(*) from signatures_request q where q.company_id = signatures_template.company_id and q.template_id = signatures_template.id)`,
    },
    searchColumns: ['name', 'external_id'],
    label: (record) => (typeof record['name'] === 'string' ? record['name'] : ''),
    load: async (transaction, _context, id) => {
      const used = (await listVersions(transaction, id)).some((version) => version.used)
      return { ...recordOf(await readTemplate(transaction, id)), used }
    },
    save: async (transaction, context, id, values) => {
      if (id === undefined) throw new Fault('SIGNATURES-TEMPLATE-UNKNOWN', { status: 404 })
      await saveForm(host, transaction, context, id, values)
      return { id }
    },
    remove: (transaction, context, ids) => deleteTemplates(host, transaction, context, ids),
    removable: (record) => record['used'] === false,
    archive: (transaction, context, ids, archived) => setTemplateActive(host, transaction, context, ids, !archived),
    action: async (context, action, ids) => {
      host.access.require(context, 'signatures.user')
      const [id = ''] = ids
      switch (action) {
        case 'copy': {
          const copy = await host.db.company(context.companyId, async (transaction) => {
            const { name } = await readTemplate(transaction, id)
            return duplicateTemplate(
              host,
              transaction,
              context,
              id,
              host.i18n.text(context.locale, 'signatures.template.copy-name', { name }),
            )
          })
          return {
            redirect: `/app/signatures/template/${copy}`,
            notice: { key: 'signatures.template.notice.copied', level: 'success' },
          }
        }
        case 'archive-many':
        case 'restore-many':
          await host.db.company(context.companyId, (transaction) =>
            setTemplateActive(host, transaction, context, ids, action === 'restore-many'),
          )
          return { notice: { key: `signatures.template.notice.${action}`, params: { count: ids.length }, level: 'success' } }
        default:
          throw new Fault('VIEW-ACTION-UNKNOWN', { status: 404, params: { action } })
      }
    },
    groups: { read: 'signatures.user', write: 'signatures.user' },
    auditType: 'signatures.template',
  })

  views.add({
    id: 'signatures.template.list',
    kind: 'list',
    model: 'signatures.template',
    title: 'signatures.template.list',
    columns: [
      { ...column('name', 'text'), sortable: true },
      { ...column('kind', 'badge', { options: kinds }) },
      { ...column('role_names', 'text') },
      { ...column('requests', 'number') },
      { ...column('version', 'number'), optional: 'hide' },
      { ...column('updated_at', 'datetime'), sortable: true, optional: 'show' },
      { ...column('external_id', 'code'), optional: 'hide' },
    ],
    filters: [
      { name: 'active', label: 'signatures.template.filter.active', where: { active: true } },
      { name: 'archived', label: 'signatures.template.filter.archived', where: { active: false } },
      {
        name: 'brought',
        label: 'signatures.template.filter.brought',
        where: (query) => void query.whereNotNull('signatures_template.origin'),
      },
    ],
    defaultFilters: ['active'],
    defaultSort: { column: 'name', direction: 'asc' },
    bulkActions: [
      { name: 'archive-many', label: 'signatures.template.action.archive', icon: 'archive' },
      { name: 'restore-many', label: 'signatures.template.action.restore', icon: 'archive-off' },
    ],
    empty: { text: 'signatures.template.empty', action: 'signatures.template.empty-action' },
  })

  views.add({
    id: 'signatures.template.form',
    kind: 'form',
    model: 'signatures.template',
    title: 'signatures.template.form',
    heading: 'name',
    actions: [
      {
        name: 'use',
        label: 'signatures.template.action.use',
        icon: 'send',
        visible: isActive,
        primary: () => true,
        href: (record) => `/app/signatures/new?template=${String(record['id'])}`,
      },
      { name: 'text', label: 'signatures.template.action.text', icon: 'edit', visible: isText, href: (record) => path(record, '/text') },
      { name: 'fields', label: 'signatures.template.action.fields', icon: 'edit', href: (record) => path(record, '/editor') },
      {
        name: 'replace',
        label: 'signatures.template.action.replace',
        icon: 'upload',
        visible: (record) => !isText(record),
        href: (record) => path(record, '/replace'),
      },
      {
        name: 'links',
        label: 'signatures.template.action.links',
        icon: 'globe',
        visible: isActive,
        href: (record) => path(record, '/links'),
      },
      { name: 'copy', label: 'signatures.template.action.copy', icon: 'copy' },
    ],
    smartButtons: [
      {
        name: 'requests',
        label: 'signatures.template.smart.requests',
        icon: 'file',
        count: async (record, transaction) => {
          const rows: { count: string | number }[] = await transaction
            .knex('signatures_request')
            .where({ company_id: transaction.companyId, template_id: String(record['id']) })
            .count({ count: '*' })
          return Number(rows[0]?.count ?? 0)
        },
        href: (record) => `/app/signatures/request?template_id=${String(record['id'])}`,
      },
    ],
    groups: [
      { fields: [column('name', 'text', { required: true })] },
      {
        fields: [
          column('kind', 'badge', { readonly: true, options: kinds }),
          column('locale', 'select', { required: true, options: options('locale', locales), help: 'signatures.template.locale-help' }),
        ],
      },
    ],
    tabs: [
      {
        name: 'roles',
        label: 'signatures.template.tab.roles',
        groups: [
          {
            fields: [
              column('roles', 'lines', {
                help: 'signatures.template.roles-help',
                columns: [
                  column('name', 'text', { label: 'signatures.template.role', required: true }),
                  column('group', 'number', { required: true }),
                  column('action', 'select', { required: true, options: options('does', roleActions) }),
                  column('level', 'select', { required: true, options: options('level', signatureLevels) }),
                  column('authentication', 'select', { required: true, options: methods }),
                  column('canDelegate', 'checkbox'),
                  column('inPerson', 'checkbox'),
                ],
              }),
            ],
          },
        ],
      },
      {
        name: 'pages',
        label: 'signatures.template.tab.pages',
        panel: {
          template: 'signatures/template-preview',
          load: (record) => Promise.resolve({ url: path(record, '/pdf'), trouble: troubleOf(record) }),
        },
      },
      {
        name: 'versions',
        label: 'signatures.template.tab.versions',
        panel: {
          template: 'signatures/template-versions',
          load: async (record, transaction) => ({
            versions: (await listVersions(transaction, String(record['id']))).map((version, index) => ({
              ...version,
              ordinal: version.number,
              current: index === 0,
              url: path(record, `/pdf?version=${version.id}`),
              file: version.content.kind === 'text' ? null : version.content.fileName,
            })),
          }),
        },
      },
    ],
    messageLog: true,
  })
}

function recordOf(template: Template): RecordValues {
  const { current } = template
  return {
    id: template.id,
    name: template.name,
    locale: template.locale,
    active: template.active,
    kind: current.content.kind,
    version: current.number,
    // A form that was opened before somebody else saved is refused.
    revision: current.revision,
    fields: current.fields.length,
    roles: current.roles.map((role) => ({ ...role, authentication: role.authentication.join('+') })),
    signing: signersOf(current.roles).length,
  }
}

/** What keeps a request made of it from being sent, in one sentence; the editor tells the details. */
function troubleOf(record: RecordValues): string | null {
  if (record['signing'] === 0) return 'signatures.template.trouble.no-signer'
  return !isText(record) && record['fields'] === 0 ? 'signatures.template.trouble.no-fields' : null
}

const postedRole = z.looseObject({
  id: z.string().optional(),
  name: z.string().nullish(),
  group: z.union([z.string(), z.number()]).nullish(),
  action: z.string().nullish(),
  level: z.string().nullish(),
  authentication: z.string().nullish(),
  canDelegate: z.boolean().nullish(),
  inPerson: z.boolean().nullish(),
})

async function saveForm(
  host: Host,
  transaction: CompanyTransaction,
  context: CompanyContext,
  id: string,
  values: RecordValues,
): Promise<void> {
  const template = await readTemplate(transaction, id)
  const name = typeof values['name'] === 'string' ? values['name'] : ''
  if (name !== template.name) await renameTemplate(transaction, id, name)
  const locale = z.enum(locales).safeParse(values['locale'])
  if (locale.success && locale.data !== template.locale)
    await transaction
      .knex('signatures_template')
      .where({ company_id: transaction.companyId, id })
      .update({ locale: locale.data, updated_at: host.now() })
  if (!Array.isArray(values['roles'])) return
  const roles = rolesOf(z.array(postedRole).parse(values['roles']), template.current.roles)
  if (JSON.stringify(roles) !== JSON.stringify(template.current.roles)) await saveRoles(host, transaction, context, id, undefined, roles)
}

/** Rows of the form as roles; a new one gets an id made of its name. */
function rolesOf(rows: readonly z.infer<typeof postedRole>[], known: readonly TemplateRole[]): TemplateRoleInput[] {
  const taken = new Set([companyRole, ...rows.flatMap(({ id }) => (known.some((role) => role.id === id) ? [id ?? ''] : []))])
  return rows.map((row): TemplateRoleInput => {
    const before = known.find((role) => role.id === row.id)
    // The model's schema says what is wrong with a word that is none of its own.
    return {
      id: before?.id ?? freeId(row.name ?? '', 24, 'role', taken),
      name: row.name ?? '',
      action: (row.action ?? 'sign') as TemplateRole['action'],
      group: Number(row.group ?? 1),
      level: (row.level ?? 'simple') as TemplateRole['level'],
      authentication: (row.authentication ?? 'email-code').split('+').filter((method) => method !== ''),
      canDelegate: row.canDelegate ?? false,
      inPerson: row.inPerson ?? false,
    }
  })
}
