import type { Knex } from 'knex'
import type { ModuleSetup } from '../../../core/host/module.js'
import type { FieldDefinition, RecordValues } from '../../../core/views/view.js'
import { identityDocuments } from '../data/identity-documents.js'
import { employmentCountries } from '../models/employee.js'
import { documentsPanel } from '../services/document-list.js'
import { lawPanel } from '../services/law-panel.js'
import { addDays } from '../services/law-checks.js'
import { employeeModel } from './employee-model.js'

const field = (name: string, type: FieldDefinition['type'], more: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name,
  label: `employment.field.${name.replace(/_/g, '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  type,
  ...more,
})
const options = (group: string, colors: Readonly<Record<string, 'grey' | 'blue' | 'green' | 'orange' | 'red'>>) =>
  Object.entries(colors).map(([value, color]) => ({ value, label: `employment.${group}.${value}`, color }))

export const statusOptions = options('status', { active: 'green', leaving: 'orange', left: 'grey' })
const kindOptions = options('contract-kind', { indefinite: 'blue', fixed: 'grey' })
export const countryOptions = employmentCountries.map((value) => ({ value, label: `employment.country.${value}` }))
const identityOptions = identityDocuments.map(({ type, title }) => ({ value: type, label: 'employment.field.identity-type', text: title }))
const genderOptions = ['female', 'male'].map((value) => ({ value, label: `employment.gender.${value}` }))
const localeOptions = ['ar', 'en', 'bg'].map((value) => ({ value, label: `employment.locale.${value}` }))
const stored = (record: RecordValues): boolean => typeof record['id'] === 'string' && record['id'] !== ''
const paid = (record: RecordValues): boolean => record['seesPay'] === true

/** A day column that lies within the next days, seen from the database's now. */
const within = (column: string, days: number) => (query: Knex.QueryBuilder, _context: unknown, now: Date) => {
  const first = now.toISOString().slice(0, 10)
  void query.whereBetween(`employment_employee.${column}`, [first, addDays(first, days)])
}

/** Employees: list and form. */
export function addEmployeeViews(setup: ModuleSetup): void {
  const { host, views } = setup
  views.model(employeeModel(host))
  views.add({
    id: 'employment.employee.list',
    kind: 'list',
    model: 'employment.employee',
    title: 'employment.list.employees',
    columns: [
      { ...field('number', 'code'), sortable: true },
      { ...field('name', 'text', { arabic: 'name_ar' }), sortable: true },
      { ...field('job_title', 'text', { arabic: 'job_title_ar' }), sortable: true },
      { ...field('department', 'text'), sortable: true },
      { ...field('manager_name', 'text', { label: 'employment.field.manager-id' }), optional: 'hide' },
      { ...field('country', 'select', { options: countryOptions }), sortable: true, optional: 'show' },
      { ...field('start_date', 'date'), sortable: true, optional: 'show' },
      { ...field('probation_end', 'date'), sortable: true, optional: 'hide' },
      { ...field('contract_end', 'date'), sortable: true, optional: 'show' },
      { ...field('email', 'email'), optional: 'hide' },
      { ...field('mobile', 'phone'), optional: 'hide' },
      field('status', 'badge', { options: statusOptions }),
    ],
    filters: [
      { name: 'active', label: 'employment.filter.active', where: { active: true } },
      { name: 'probation', label: 'employment.filter.probation', where: within('probation_end', 30) },
      { name: 'ending', label: 'employment.filter.ending', where: within('contract_end', 60) },
      {
        name: 'unsigned',
        label: 'employment.filter.unsigned',
        where: (query) =>
          void query.whereRaw(
            `not exists (select 1 from employment_document d join signatures_request r on r.company_id = d.company_id and r.id = d.request_id
               where d.company_id = employment_employee.company_id and d.employee_id = employment_employee.id and d.kind = 'contract' and r.state = 'sealed')`,
          ),
      },
      { name: 'identity', label: 'employment.filter.identity', where: within('identity_expiry', 60) },
      { name: 'left', label: 'employment.filter.left', where: { status: 'left' } },
      { name: 'archived', label: 'employment.filter.archived', where: { active: false } },
    ],
    defaultFilters: ['active'],
    groupBy: [
      { column: 'department', label: 'employment.field.department' },
      { column: 'country', label: 'employment.field.country' },
      { column: 'status', label: 'employment.field.status' },
    ],
    defaultSort: { column: 'name', direction: 'asc' },
    bulkActions: [{ name: 'send-many', label: 'employment.action.send-many', icon: 'send', groups: ['employment.user'] }],
    headerActions: [
      {
        name: 'import',
        label: 'employment.action.import',
        icon: 'upload',
        href: () => '/app/employment/import',
        groups: ['employment.manager'],
      },
      {
        name: 'bulk-file',
        label: 'employment.action.send-file',
        icon: 'send',
        href: () => '/app/employment/bulk/new',
        groups: ['employment.user'],
      },
    ],
    empty: { text: 'employment.empty.employees', action: 'employment.action.new' },
  })
  views.add({
    id: 'employment.employee.form',
    kind: 'form',
    model: 'employment.employee',
    title: 'employment.form.employee',
    heading: 'name',
    actions: [
      {
        name: 'send-contract',
        label: 'employment.action.send-contract',
        icon: 'send',
        visible: (record) => stored(record) && record['active'] === true,
        primary: () => true,
        href: (record) => `/app/employment/employee/${String(record['id'])}/send`,
      },
    ],
    status: {
      field: 'status',
      steps: [
        { value: 'active', label: 'employment.status.active' },
        { value: 'leaving', label: 'employment.status.leaving' },
        { value: 'left', label: 'employment.status.left' },
      ],
    },
    smartButtons: [
      {
        name: 'documents',
        label: 'employment.smart.documents',
        icon: 'file',
        count: async (record, transaction) => {
          const rows: { count: string | number }[] = await transaction
            .knex('employment_document')
            .where({ company_id: transaction.companyId, employee_id: String(record['id']) })
            .count({ count: '*' })
          return Number(rows[0]?.count ?? 0)
        },
        href: (record) => `/app/employment/document?employee_id=${String(record['id'])}`,
      },
    ],
    groups: [
      {
        fields: [
          field('contactId', 'relation', {
            relation: { model: 'contacts.contact', domain: () => ({ kind: 'person' }) },
            readonly: stored,
            help: 'employment.help.contact',
            recompute: true,
          }),
          field('name', 'text', { required: true }),
          field('nameAr', 'text'),
          field('email', 'email'),
          field('mobile', 'phone'),
          field('locale', 'select', { options: localeOptions }),
        ],
      },
      {
        fields: [
          field('number', 'code', { help: 'employment.help.number' }),
          field('department', 'text'),
          field('departmentEn', 'text', { help: 'employment.help.in-english' }),
          field('managerId', 'relation', { relation: { model: 'employment.employee' } }),
          field('country', 'select', { options: countryOptions, required: true, help: 'employment.help.country' }),
          field('status', 'select', { options: statusOptions.map(({ value, label }) => ({ value, label })) }),
        ],
      },
    ],
    tabs: [
      {
        name: 'job',
        label: 'employment.tab.job',
        groups: [
          {
            fields: [
              field('jobTitleAr', 'text'),
              field('jobTitleEn', 'text'),
              field('jobTitleBg', 'text'),
              field('site', 'text'),
              field('siteEn', 'text', { help: 'employment.help.in-english' }),
            ],
          },
          {
            fields: [
              field('startDate', 'date'),
              field('probationEnd', 'date'),
              field('contractKind', 'select', { options: kindOptions.map(({ value, label }) => ({ value, label })) }),
              field('contractEnd', 'date'),
              field('hoursWeek', 'decimal'),
              field('leaveDays', 'number'),
              field('noticeDays', 'number'),
            ],
          },
        ],
        panel: { template: 'employment/laws', load: (record, _transaction, context) => lawPanel(host, record, context) },
      },
      {
        name: 'pay',
        label: 'employment.tab.pay',
        visible: paid,
        groups: [
          {
            fields: [
              field('basic', 'money', { currencyField: 'currency' }),
              field('housing', 'money', { currencyField: 'currency' }),
              field('transport', 'money', { currencyField: 'currency' }),
              field('other', 'money', { currencyField: 'currency' }),
            ],
          },
          { fields: [field('currency', 'code'), field('iban', 'code')] },
        ],
      },
      {
        name: 'identity',
        label: 'employment.tab.identity',
        groups: [
          {
            fields: [
              field('nationality', 'country'),
              field('identityType', 'select', { options: identityOptions }),
              field('identityNumber', 'code'),
              field('identityExpiry', 'date'),
            ],
          },
          {
            fields: [
              field('birthDate', 'date'),
              field('gender', 'select', { options: genderOptions }),
              field('street', 'text', { label: 'employment.field.address' }),
              field('city', 'text'),
              field('addressCountry', 'country'),
            ],
          },
        ],
      },
      {
        name: 'documents',
        label: 'employment.tab.documents',
        visible: stored,
        panel: {
          template: 'employment/documents',
          load: (record, transaction, context) => documentsPanel(host, transaction, context, String(record['id'])),
        },
      },
      { name: 'notes', label: 'employment.tab.notes', groups: [{ fields: [field('notes', 'multiline', { width: 'full' })] }] },
    ],
    messageLog: true,
  })
}
