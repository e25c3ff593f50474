import type { FieldDefinition, ListView } from '../../../core/views/view.js'
import { requestStates } from '../models/request.js'
import { overdueSql, stateColours } from './request-model.js'

export const stateOptions: FieldDefinition['options'] = requestStates.map((value) => ({
  value,
  label: `signatures.state.${value}`,
  color: stateColours[value],
}))

/** All requests of the company. */
export const requestList: ListView = {
  id: 'signatures.request.list',
  kind: 'list',
  model: 'signatures.request',
  title: 'signatures.list.requests',
  noCreate: true,
  columns: [
    { name: 'number', label: 'signatures.field.number', type: 'code', sortable: true },
    { name: 'name', label: 'signatures.field.name', type: 'text', sortable: true },
    { name: 'people', label: 'signatures.field.people', type: 'text' },
    { name: 'progress', label: 'signatures.field.progress', type: 'code', isolate: true },
    { name: 'state', label: 'signatures.field.state', type: 'badge', options: stateOptions, sortable: true },
    { name: 'sent_at', label: 'signatures.field.sent-at', type: 'datetime', sortable: true, optional: 'show' },
    { name: 'expires_at', label: 'signatures.field.expires-at', type: 'datetime', sortable: true, optional: 'show' },
    { name: 'template_name', label: 'signatures.field.template', type: 'text', optional: 'hide' },
    { name: 'source_label', label: 'signatures.field.source', type: 'text', optional: 'hide' },
    { name: 'created_by_name', label: 'signatures.field.created-by', type: 'text', optional: 'hide' },
    { name: 'created_at', label: 'signatures.field.created-at', type: 'datetime', sortable: true, optional: 'hide' },
  ],
  filters: [
    {
      name: 'mine',
      label: 'signatures.filter.mine',
      where: (query, context) => void query.where('signatures_request.created_by', context.actor.id),
    },
    { name: 'draft', label: 'signatures.filter.draft', where: { state: 'draft' } },
    { name: 'waiting', label: 'signatures.filter.waiting', where: { state: 'sent' } },
    { name: 'overdue', label: 'signatures.filter.overdue', where: (query) => void query.whereRaw(overdueSql) },
    { name: 'failed', label: 'signatures.filter.failed', where: { state: 'sealing_failed' } },
    { name: 'signed', label: 'signatures.filter.signed', where: { state: ['signed', 'sealed'] } },
    { name: 'declined', label: 'signatures.filter.declined', where: { state: 'declined' } },
    {
      name: 'this-month',
      label: 'signatures.filter.this-month',
      where: (query, _context, now) =>
        void query.whereRaw(`date_trunc('month', signatures_request.completed_at) = date_trunc('month', ?::timestamptz)`, [now]),
    },
  ],
  groupBy: [
    { column: 'state', label: 'signatures.field.state' },
    { column: 'template_name', label: 'signatures.field.template' },
    { column: 'created_by_name', label: 'signatures.field.created-by' },
    { column: 'month', label: 'signatures.field.month' },
  ],
  defaultSort: { column: 'created_at', direction: 'desc' },
  headerActions: [{ name: 'new', label: 'signatures.action.new', icon: 'plus', href: () => '/app/signatures/new', primary: () => true }],
  bulkActions: [
    { name: 'remind', label: 'signatures.action.remind', icon: 'bell', confirm: 'signatures.confirm.remind-many' },
    { name: 'cancel', label: 'signatures.action.cancel', icon: 'ban', confirm: 'signatures.confirm.cancel-many' },
  ],
  empty: { text: 'signatures.empty.requests' },
}
