import type { FieldDefinition, Filter, ListView } from '../../../core/views/view.js'
import { isOfThisMonthSql, isOpenSql, isOverdueSql } from '../services/payment-state.js'

export const typeOptions = [
  { value: 'invoice', label: 'invoicing.type.invoice' },
  { value: 'credit_note', label: 'invoicing.type.credit_note' },
  { value: 'debit_note', label: 'invoicing.type.debit_note' },
] as const

export const stateOptions = [
  { value: 'draft', label: 'invoicing.state.draft', color: 'grey' },
  { value: 'posted', label: 'invoicing.state.posted', color: 'green' },
  { value: 'cancelled', label: 'invoicing.state.cancelled', color: 'red' },
] as const satisfies FieldDefinition['options']

export const paymentOptions = [
  { value: 'not_paid', label: 'invoicing.payment.not_paid', color: 'grey' },
  { value: 'partial', label: 'invoicing.payment.partial', color: 'orange' },
  { value: 'paid', label: 'invoicing.payment.paid', color: 'green' },
  { value: 'overdue', label: 'invoicing.payment.overdue', color: 'red' },
] as const satisfies FieldDefinition['options']

const filters: readonly Filter[] = [
  { name: 'draft', label: 'invoicing.filter.draft', where: { state: 'draft' } },
  { name: 'posted', label: 'invoicing.filter.posted', where: { state: 'posted' } },
  { name: 'overdue', label: 'invoicing.filter.overdue', where: (query) => void query.whereRaw(isOverdueSql) },
  { name: 'unpaid', label: 'invoicing.filter.unpaid', where: (query) => void query.whereRaw(isOpenSql) },
  {
    name: 'mine',
    label: 'invoicing.filter.mine',
    where: (query, context) =>
      void query.whereRaw('(invoicing_invoice.created_by = ? or invoicing_invoice.posted_by = ?)', [
        context.actor.name,
        context.actor.name,
      ]),
  },
  { name: 'this-month', label: 'invoicing.filter.this-month', where: (query) => void query.whereRaw(isOfThisMonthSql) },
  { name: 'invoices', label: 'invoicing.filter.invoices', where: { type: 'invoice' } },
  { name: 'credit-notes', label: 'invoicing.filter.credit-notes', where: { type: 'credit_note' } },
  { name: 'debit-notes', label: 'invoicing.filter.debit-notes', where: { type: 'debit_note' } },
  { name: 'simplified', label: 'invoicing.filter.simplified', where: { simplified: true } },
]

/** What was cancelled is listed and not counted: nobody owes it. */
const total = { sum: true, sumOf: `invoicing_invoice.state <> 'cancelled'` } as const

/** All invoices and notes of the company. */
export const invoiceList: ListView = {
  id: 'invoicing.invoice.list',
  kind: 'list',
  model: 'invoicing.invoice',
  title: 'invoicing.list.invoices',
  columns: [
    { name: 'number', label: 'invoicing.field.number', type: 'code', sortable: true },
    { name: 'type', label: 'invoicing.field.type', type: 'badge', options: [...typeOptions], optional: 'hide' },
    { name: 'customer_name', label: 'invoicing.field.customer', type: 'text', sortable: true, arabic: 'customer_name_ar' },
    { name: 'customer_name_ar', label: 'invoicing.field.customer-ar', type: 'text', optional: 'hide' },
    { name: 'customer_tax_number', label: 'invoicing.field.customer-tax-number', type: 'code', optional: 'hide' },
    { name: 'issue_date', label: 'invoicing.field.issue-date', type: 'date', sortable: true },
    { name: 'due_date', label: 'invoicing.field.due-date', type: 'date', sortable: true, optional: 'show' },
    {
      name: 'signed_untaxed',
      label: 'invoicing.field.untaxed',
      type: 'money',
      currencyField: 'currency',
      ...total,
      sortable: true,
      optional: 'hide',
    },
    { name: 'signed_total', label: 'invoicing.field.total', type: 'money', currencyField: 'currency', ...total, sortable: true },
    { name: 'open', label: 'invoicing.field.open', type: 'money', currencyField: 'currency', ...total, optional: 'hide' },
    { name: 'currency', label: 'invoicing.field.currency', type: 'code', optional: 'hide' },
    { name: 'payment_state', label: 'invoicing.field.payment-state', type: 'badge', options: [...paymentOptions] },
    { name: 'state', label: 'invoicing.field.state', type: 'badge', options: [...stateOptions], sortable: true },
  ],
  filters,
  groupBy: [
    { column: 'customer_name', label: 'invoicing.field.customer' },
    { column: 'month', label: 'invoicing.group.month' },
    { column: 'state', label: 'invoicing.field.state' },
    { column: 'payment_state', label: 'invoicing.field.payment-state' },
    { column: 'currency', label: 'invoicing.field.currency' },
  ],
  defaultSort: { column: 'recent', direction: 'desc' },
  bulkActions: [
    {
      name: 'confirm',
      label: 'invoicing.action.confirm',
      icon: 'check',
      confirm: 'invoicing.confirm.post-many',
      groups: ['invoicing.user'],
    },
    { name: 'download', label: 'invoicing.action.download', icon: 'printer' },
    { name: 'send', label: 'invoicing.action.send', icon: 'mail', confirm: 'invoicing.confirm.send-many', groups: ['invoicing.user'] },
    { name: 'delete', label: 'invoicing.action.delete', icon: 'trash', confirm: 'invoicing.confirm.delete', groups: ['invoicing.user'] },
  ],
  empty: { text: 'invoicing.empty.invoices', action: 'invoicing.action.new' },
}
