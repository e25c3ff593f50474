import type { ModuleSetup } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { plainText } from '../../../core/views/field-control.js'
import type { FieldDefinition } from '../../../core/views/view.js'
import { documentKinds } from '../models/contract-type.js'
import { standingColors, standingSql } from '../services/document-list.js'
import { undoApplied } from '../services/completed.js'
import { countryOptions } from './employee-views.js'

const field = (name: string, type: FieldDefinition['type'], label: string, more: Partial<FieldDefinition> = {}): FieldDefinition => ({
  name,
  type,
  label: `employment.field.${label}`,
  readonly: true,
  ...more,
})
const kindOptions = documentKinds.map((value) => ({ value, label: `employment.kind.${value}` }))
const standingOptions = (['to-send', 'waiting', 'signed', 'ended'] as const).map((value) => ({
  value,
  label: `employment.standing.${value}`,
  color: standingColors[value] as 'grey',
}))

/** Documents that were made for employees; each leads to its request in signatures. */
export function addDocumentViews(setup: ModuleSetup): void {
  const { host, views } = setup
  const select = {
    employee_name: 'person.name',
    employee_name_ar: 'person.name_ar',
    number: 'r.number',
    standing: standingSql('cast(null as timestamptz)'),
    sent_at: 'r.sent_at',
    completed_at: 'r.completed_at',
  }
  views.model({
    name: 'employment.document',
    table: 'employment_document',
    from: (query) =>
      query.joinRaw(
        `join signatures_request as r on r.company_id = employment_document.company_id and r.id = employment_document.request_id
         join employment_employee as e on e.company_id = employment_document.company_id and e.id = employment_document.employee_id
         join contacts_contact as person on person.company_id = e.company_id and person.id = e.contact_id`,
      ),
    select,
    searchColumns: ['employee_name', 'employee_name_ar', 'number'],
    label: (record) => plainText(record['number']),
    load: async (transaction, _context, id) => {
      const { rows } = await transaction.knex.raw<{ rows: Record<string, unknown>[] }>(
        `select d.id, d.kind, d.country, d.request_id, d.effective_from, d.effective_to, d.applied_at, d.undone_at, d.created_by_name,
           person.name as employee_name, person.name_ar as employee_name_ar, r.number, r.sent_at, r.completed_at,
           ${standingSql('cast(null as timestamptz)')} as standing
         from employment_document d
         join signatures_request r on r.company_id = d.company_id and r.id = d.request_id
         join employment_employee e on e.company_id = d.company_id and e.id = d.employee_id
         join contacts_contact person on person.company_id = e.company_id and person.id = e.contact_id
         where d.company_id = ? and d.id::text = ?`,
        [transaction.companyId, id],
      )
      return rows[0]
    },
    action: async (context, action, ids) => {
      host.access.require(context, 'employment.manager')
      if (action !== 'undo') throw new Fault('EMPLOYMENT-DOCUMENT-UNKNOWN', { status: 404 })
      const left: string[] = []
      await host.db.company(context.companyId, async (transaction) => {
        for (const id of ids) left.push(...(await undoApplied(host, transaction, context, id)))
      })
      return {
        notice:
          left.length === 0
            ? { key: 'employment.notice.undone', level: 'success' }
            : { key: 'employment.notice.undone-partly', params: { fields: left.join(', ') }, level: 'warning' },
      }
    },
    groups: { read: 'employment.user', write: 'employment.user' },
  })
  views.add({
    id: 'employment.document.list',
    kind: 'list',
    model: 'employment.document',
    title: 'employment.list.documents',
    columns: [
      { ...field('number', 'code', 'request'), sortable: true },
      { ...field('employee_name', 'text', 'name', { arabic: 'employee_name_ar' }), sortable: true },
      field('kind', 'select', 'kind', { options: kindOptions }),
      { ...field('country', 'select', 'country', { options: countryOptions }), optional: 'hide' },
      { ...field('sent_at', 'datetime', 'sent-at'), sortable: true, optional: 'show' },
      { ...field('effective_from', 'date', 'effective-from'), sortable: true, optional: 'show' },
      field('standing', 'badge', 'standing', { options: standingOptions }),
    ],
    filters: (['to-send', 'waiting', 'signed', 'ended'] as const).map((name) => ({
      name,
      label: `employment.standing.${name}`,
      where: { standing: name },
    })),
    groupBy: [
      { column: 'kind', label: 'employment.field.kind' },
      { column: 'standing', label: 'employment.field.standing' },
    ],
    defaultSort: { column: 'created_at', direction: 'desc' },
    empty: { text: 'employment.empty.documents' },
    noCreate: true,
  })
  views.add({
    id: 'employment.document.form',
    kind: 'form',
    model: 'employment.document',
    title: 'employment.form.document',
    heading: 'number',
    actions: [
      {
        name: 'open',
        label: 'employment.action.open-request',
        icon: 'external-link',
        primary: () => true,
        href: (record) => `/app/signatures/request/${String(record['request_id'])}`,
      },
      {
        name: 'undo',
        label: 'employment.action.undo',
        icon: 'arrow-back-up',
        confirm: 'employment.confirm.undo',
        groups: ['employment.manager'],
        visible: (record) => record['applied_at'] !== null && record['undone_at'] === null,
      },
    ],
    groups: [
      {
        fields: [
          field('employee_name', 'text', 'name', { arabic: 'employee_name_ar' }),
          field('kind', 'select', 'kind', { options: kindOptions }),
          field('country', 'select', 'country', { options: countryOptions }),
          field('standing', 'badge', 'standing', { options: standingOptions }),
        ],
      },
      {
        fields: [
          field('effective_from', 'date', 'effective-from'),
          field('effective_to', 'date', 'effective-to'),
          field('sent_at', 'datetime', 'sent-at'),
          field('completed_at', 'datetime', 'completed-at'),
          field('applied_at', 'datetime', 'applied-at'),
          field('created_by_name', 'text', 'created-by'),
        ],
      },
    ],
  })
}
