import { isUuid } from '../../../core/access/companies.js'
import type { ModuleSetup } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { FieldDefinition, RecordValues } from '../../../core/views/view.js'
import { contactFields, type ContactInput } from '../models/contact.js'
import { parseContact } from '../models/parse-contact.js'
import { deleteContacts, saveContact, setActive } from '../services/save-contact.js'
import type { IdentifierScheme } from '../hooks.js'
import { generalSchemes } from '../services/identifiers.js'
import { findContact } from '../services/find-contacts.js'

const field = (name: string, type: FieldDefinition['type'], more: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name,
  label: `contacts.field.${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  type,
  ...more,
})
const options = (group: string, ...values: string[]): { value: string; label: string }[] =>
  values.map((value) => ({ value, label: `contacts.${group}.${value}` }))

/** Kinds of identifiers as the form offers them; a country's module puts its own in front. */
export function schemeOptions(schemes: readonly IdentifierScheme[]): NonNullable<FieldDefinition['options']> {
  return schemes.map(({ scheme, title }) => ({ value: scheme, label: 'contacts.field.scheme', text: title }))
}

const kinds = options('kind', 'company', 'person')
const roles = options('role', 'contact', 'billing', 'delivery', 'other')
const locales = options('locale', 'ar', 'en', 'bg')
const stored = (record: RecordValues): boolean => typeof record['id'] === 'string' && record['id'] !== ''

/** How a contact is named where it is chosen: in Arabic, then as it is written otherwise. */
export function contactLabel(record: { readonly [field: string]: unknown }): string {
  return (
    [record['nameAr'] ?? record['name_ar'], record['name']]
      .filter((name) => typeof name === 'string' && name !== '')
      // Isolated (U+2068, U+2069), so that the full stop of “Co.” stays at its end inside Arabic.
      .map((name) => `\u2068${String(name)}\u2069`)
      .join(' · ')
  )
}

/** List and form of contacts. */
export function contactViews(setup: ModuleSetup): void {
  const { host, views } = setup
  views.model({
    name: 'contacts.contact',
    table: 'contacts_contact',
    from: (query) =>
      query.joinRaw(
        'left join contacts_contact as parent on parent.company_id = contacts_contact.company_id and parent.id = contacts_contact.parent_id',
      ),
    select: {
      parent_name: 'parent.name',
      tax_number: `(select value from contacts_identifier i where i.company_id = contacts_contact.company_id and i.contact_id = contacts_contact.id
        order by i.scheme = 'VAT' desc, i.scheme limit 1)`,
    },
    searchColumns: ['name', 'name_ar', 'search_text'],
    label: contactLabel,
    load: async (transaction, _context, id) => {
      if (!isUuid(id)) return undefined
      const contact = await findContact(transaction, id)
      if (contact === undefined) return undefined
      const parent = contact.parentId === null ? undefined : await findContact(transaction, contact.parentId)
      return { ...contact, parentId: parent === undefined ? null : { id: parent.id, label: parent.name } }
    },
    defaults: async (_transaction, context, query) => {
      const company = await host.access.company(context.companyId)
      return {
        kind: query['parent'] === undefined ? 'company' : 'person',
        role: 'contact',
        active: true,
        country: company.country,
        identifiers: [],
        ...(query['parent'] === undefined ? {} : { parentId: query['parent'] }),
      }
    },
    save: async (transaction, context, id, values) => {
      const saved = await saveContact(host, context, transaction, id, await inputOf(transaction, id, values))
      return { id: saved.contact.id, faults: saved.warnings }
    },
    remove: (transaction, context, ids) => deleteContacts(host, context, transaction, ids),
    action: async (context, action, ids) => {
      host.access.require(context, 'contacts.user')
      if (action === 'export-csv' || action === 'export-xlsx') {
        return { redirect: `/app/contacts/export?format=${action === 'export-csv' ? 'csv' : 'xlsx'}&ids=${ids.join(',')}` }
      }
      if (action !== 'archive' && action !== 'restore') throw new Fault('CONTACT-UNKNOWN', { status: 404, params: { id: action } })
      await host.db.company(context.companyId, (transaction) => setActive(host, context, transaction, ids, action === 'restore'))
      return { notice: { key: `contacts.notice.${action}`, params: { count: ids.length }, level: 'success' } }
    },
    groups: { read: 'contacts.user', write: 'contacts.user' },
    auditType: 'contacts.contact',
  })

  views.add({
    id: 'contacts.contact.list',
    kind: 'list',
    model: 'contacts.contact',
    title: 'contacts.list.contacts',
    columns: [
      { ...field('name', 'text', { arabic: 'name_ar' }), sortable: true },
      { ...field('name_ar', 'text', { label: 'contacts.field.name-ar' }), sortable: true, optional: 'hide' },
      { ...field('kind', 'badge', { options: [...kinds] }), optional: 'hide' },
      { ...field('tax_number', 'code', { label: 'contacts.field.identifier' }) },
      { ...field('phone', 'phone') },
      { ...field('email', 'email') },
      { ...field('city', 'text'), sortable: true, optional: 'show' },
      { ...field('country', 'country'), optional: 'hide' },
      { ...field('parent_name', 'text', { label: 'contacts.field.parent-id' }), optional: 'hide' },
      { ...field('reference', 'code'), optional: 'hide' },
    ],
    filters: [
      { name: 'active', label: 'contacts.filter.active', where: { active: true } },
      { name: 'archived', label: 'contacts.filter.archived', where: { active: false } },
      { name: 'companies', label: 'contacts.filter.companies', where: { kind: 'company' } },
      { name: 'people', label: 'contacts.filter.people', where: { kind: 'person' } },
      { name: 'top', label: 'contacts.filter.top', where: { parent_id: null } },
    ],
    defaultFilters: ['active'],
    groupBy: [
      { column: 'country', label: 'contacts.field.country' },
      { column: 'city', label: 'contacts.field.city' },
      { column: 'parent_name', label: 'contacts.field.parent-id' },
    ],
    defaultSort: { column: 'name', direction: 'asc' },
    bulkActions: [
      { name: 'archive', label: 'contacts.action.archive', icon: 'archive', confirm: 'contacts.confirm.archive' },
      { name: 'restore', label: 'contacts.action.restore', icon: 'archive-off' },
      { name: 'export-csv', label: 'contacts.action.export-csv', icon: 'download' },
      { name: 'export-xlsx', label: 'contacts.action.export-xlsx', icon: 'download' },
    ],
    headerActions: [
      { name: 'import', label: 'contacts.action.import', icon: 'upload', href: () => '/app/contacts/import', groups: ['contacts.manager'] },
      { name: 'export', label: 'contacts.action.export-all', icon: 'download', href: () => '/app/contacts/export?format=xlsx' },
    ],
    empty: { text: 'contacts.empty', action: 'contacts.action.new' },
  })

  views.add({
    id: 'contacts.contact.form',
    kind: 'form',
    model: 'contacts.contact',
    title: 'contacts.form.contact',
    heading: 'name',
    actions: [
      {
        name: 'archive',
        label: 'contacts.action.archive',
        icon: 'archive',
        visible: (record) => stored(record) && record['active'] === true,
        confirm: 'contacts.confirm.archive',
      },
      {
        name: 'restore',
        label: 'contacts.action.restore',
        icon: 'archive-off',
        visible: (record) => stored(record) && record['active'] === false,
        primary: () => true,
      },
    ],
    smartButtons: [
      {
        name: 'children',
        label: 'contacts.smart.children',
        icon: 'users',
        count: async (record, transaction) => {
          const rows: { count: string | number }[] = await transaction
            .knex('contacts_contact')
            .where({ company_id: transaction.companyId, parent_id: String(record['id']) })
            .count({ count: '*' })
          return Number(rows[0]?.count ?? 0)
        },
        href: (record) => `/app/contacts/contact?parent_id=${String(record['id'])}`,
      },
    ],
    groups: [
      {
        fields: [
          field('kind', 'select', { options: [...kinds], required: true }),
          field('name', 'text', { required: true, help: 'contacts.help.name', arabic: 'nameAr' }),
          field('nameAr', 'text'),
          field('parentId', 'relation', { relation: { model: 'contacts.contact', domain: () => ({ kind: 'company', active: true }) } }),
          field('role', 'select', { options: [...roles], visible: (record) => Boolean(record['parentId']) }),
          field('phone', 'phone', { help: 'contacts.help.phone' }),
          field('mobile', 'phone'),
          field('email', 'email'),
          field('website', 'url'),
        ],
      },
      {
        label: 'contacts.group.address',
        fields: [
          field('street', 'text'),
          field('additionalStreet', 'text'),
          field('building', 'code'),
          field('additionalNumber', 'code'),
          field('district', 'text'),
          field('city', 'text'),
          field('region', 'text'),
          field('postalCode', 'code'),
          field('country', 'country'),
        ],
      },
    ],
    tabs: [
      {
        name: 'identifiers',
        label: 'contacts.tab.identifiers',
        groups: [
          {
            fields: [
              field('identifiers', 'lines', {
                help: 'contacts.help.identifiers',
                columns: [
                  field('scheme', 'select', { required: true, options: schemeOptions(generalSchemes) }),
                  field('value', 'code', { required: true }),
                ],
              }),
            ],
          },
        ],
      },
      {
        name: 'other',
        label: 'contacts.tab.other',
        groups: [
          { fields: [field('locale', 'select', { options: [...locales] }), field('reference', 'code')] },
          { fields: [field('notes', 'multiline', { width: 'full' })] },
        ],
      },
    ],
    messageLog: true,
  })
}

/** Form values over what is stored: a field that was not in the form stays. @throws Fault with the form's names as paths */
async function inputOf(
  transaction: Parameters<typeof findContact>[0],
  id: string | undefined,
  values: RecordValues,
): Promise<ContactInput> {
  const before = id === undefined ? undefined : await findContact(transaction, id)
  const given: Record<string, unknown> = {}
  for (const name of [...contactFields, 'identifiers'] as const) {
    const value = name in values ? values[name] : before?.[name]
    given[name] = typeof value === 'object' && value !== null && 'id' in value ? value.id : value
  }
  return parseContact(given)
}
