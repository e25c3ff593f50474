import { currencies } from '../../../core/money/currencies.js'
import type { FieldDefinition, FormView, RecordValues } from '../../../core/views/view.js'
import { settlementsOf } from '../services/payments.js'
import { invoicePath } from './invoice-model.js'
import { paymentOptions, typeOptions } from './invoice-list.js'

const draft = (record: RecordValues): boolean => record['state'] === undefined || record['state'] === 'draft'
const stored = (record: RecordValues): boolean => record['id'] !== undefined && record['id'] !== null && record['id'] !== ''
const posted = (record: RecordValues): boolean => record['state'] === 'posted'
const fixed = (record: RecordValues): boolean => !draft(record)
const isNote = (record: RecordValues): boolean => record['type'] === 'credit_note' || record['type'] === 'debit_note'
const unpaid = (record: RecordValues): boolean => posted(record) && record['paymentState'] !== 'paid'
const printed = (record: RecordValues): boolean => posted(record) && record['printState'] === 'ready'
const id = (record: RecordValues): string => String(record['id'])

const methods = ['transfer', 'cash', 'card', 'credit'].map((value) => ({
  value,
  label: `invoicing.method.${value}`,
}))

/** Units most invoices are in; another one that is there already stays. */
export const units = ['PCE', 'C62', 'HUR', 'DAY', 'MON', 'KGM', 'LTR', 'MTR', 'MTK'].map((value) => ({
  value,
  label: `invoicing.unit.${value}`,
}))

const lines: FieldDefinition = {
  name: 'lines',
  label: 'invoicing.field.lines',
  type: 'lines',
  readonly: fixed,
  recompute: true,
  width: 'full',
  columns: [
    { name: 'product', label: 'invoicing.field.product', type: 'relation', relation: { model: 'invoicing.product' }, recompute: true },
    { name: 'description', label: 'invoicing.field.description', type: 'text', required: true },
    { name: 'quantity', label: 'invoicing.field.quantity', type: 'decimal', recompute: true },
    { name: 'unit', label: 'invoicing.field.unit', type: 'select', options: units },
    { name: 'unitPrice', label: 'invoicing.field.unit-price', type: 'money', required: true, recompute: true },
    { name: 'discount', label: 'invoicing.field.discount', type: 'decimal', recompute: true },
    {
      name: 'tax',
      label: 'invoicing.field.tax',
      type: 'relation',
      relation: { model: 'invoicing.tax', domain: () => ({ active: true, main: true }) },
      recompute: true,
    },
    { name: 'net', label: 'invoicing.field.net', type: 'money', readonly: true },
  ],
}

/** The form of an invoice or note. */
export const invoiceForm: FormView = {
  id: 'invoicing.invoice.form',
  kind: 'form',
  model: 'invoicing.invoice',
  title: 'invoicing.form.invoice',
  heading: 'number',
  actions: [
    {
      name: 'confirm',
      label: 'invoicing.action.confirm',
      icon: 'check',
      visible: (record) => draft(record) && stored(record),
      primary: () => true,
      groups: ['invoicing.user'],
    },
    {
      name: 'send',
      label: 'invoicing.action.send',
      icon: 'mail',
      visible: printed,
      primary: (record) => record['paymentState'] !== 'overdue',
      groups: ['invoicing.user'],
      dialog: [
        { name: 'to', label: 'invoicing.field.mail-to', type: 'text', help: 'invoicing.help.mail-to', isolate: true },
        { name: 'subject', label: 'invoicing.field.mail-subject', type: 'text', width: 'full' },
        { name: 'body', label: 'invoicing.field.mail-body', type: 'multiline', width: 'full' },
      ],
    },
    {
      name: 'pay',
      label: 'invoicing.action.pay',
      icon: 'cash',
      visible: unpaid,
      primary: (record) => !printed(record) || record['paymentState'] === 'overdue',
      groups: ['invoicing.user'],
      dialog: [
        { name: 'amount', label: 'invoicing.field.amount', type: 'decimal', help: 'invoicing.help.amount' },
        { name: 'date', label: 'invoicing.field.payment-date', type: 'date' },
        { name: 'method', label: 'invoicing.field.method', type: 'select', options: methods, required: true },
        { name: 'memo', label: 'invoicing.field.memo', type: 'text' },
      ],
    },
    {
      name: 'preview',
      label: 'invoicing.action.preview',
      icon: 'eye',
      visible: stored,
      href: (record) => `${invoicePath(id(record))}/preview`,
    },
    {
      name: 'receipt',
      label: 'invoicing.action.receipt',
      icon: 'receipt',
      visible: (record) => printed(record) && record['simplified'] === true,
      href: (record) => `${invoicePath(id(record))}/receipt`,
    },
    {
      name: 'take-back',
      label: 'invoicing.action.take-back',
      icon: 'receipt-refund',
      visible: (record) => posted(record) && record['simplified'] === true && record['type'] === 'invoice',
      groups: ['invoicing.user'],
      href: (record) => `/app/invoicing/sell/return/${id(record)}`,
    },
    {
      name: 'print-again',
      label: 'invoicing.action.print-again',
      icon: 'refresh',
      visible: (record) => posted(record) && record['printState'] !== 'ready',
      groups: ['invoicing.user'],
    },
    {
      name: 'credit',
      label: 'invoicing.action.credit',
      icon: 'receipt-refund',
      visible: (record) => posted(record) && record['type'] !== 'credit_note',
      groups: ['invoicing.user'],
      dialog: [{ name: 'reason', label: 'invoicing.field.reason', type: 'text', width: 'full' }],
    },
    {
      name: 'debit',
      label: 'invoicing.action.debit',
      visible: (record) => posted(record) && record['type'] === 'invoice',
      groups: ['invoicing.user'],
      dialog: [{ name: 'reason', label: 'invoicing.field.reason', type: 'text', width: 'full' }],
    },
    {
      name: 'duplicate',
      label: 'invoicing.action.duplicate',
      icon: 'copy',
      visible: (record) => stored(record) && record['type'] === 'invoice' && record['simplified'] !== true,
      groups: ['invoicing.user'],
    },
    {
      name: 'delete',
      label: 'invoicing.action.delete-draft',
      icon: 'trash',
      visible: (record) => draft(record) && stored(record),
      confirm: 'invoicing.confirm.delete',
      groups: ['invoicing.user'],
    },
    {
      name: 'cancel',
      label: 'invoicing.action.cancel',
      visible: posted,
      groups: ['invoicing.manager'],
      dialog: [{ name: 'reason', label: 'invoicing.field.cancel-reason', type: 'text', required: true, width: 'full' }],
    },
  ],
  status: {
    field: 'state',
    steps: [
      { value: 'draft', label: 'invoicing.state.draft' },
      { value: 'posted', label: 'invoicing.state.posted' },
      { value: 'cancelled', label: 'invoicing.state.cancelled' },
    ],
  },
  smartButtons: [
    {
      name: 'payments',
      label: 'invoicing.smart.payments',
      icon: 'cash',
      count: async (record, transaction) => {
        const rows: { count: string | number }[] = await transaction
          .knex('invoicing_allocation')
          .where({ company_id: transaction.companyId, invoice_id: id(record) })
          .whereNotNull('payment_id')
          .count({ count: '*' })
        return Number(rows[0]?.count ?? 0)
      },
      href: (record) => `/app/invoicing/payment?invoice_id=${id(record)}`,
    },
    {
      name: 'notes',
      label: 'invoicing.smart.notes',
      icon: 'receipt-refund',
      count: async (record, transaction) => {
        const rows: { count: string | number }[] = await transaction
          .knex('invoicing_invoice')
          .where({ company_id: transaction.companyId, refers_to_id: id(record) })
          .count({ count: '*' })
        return Number(rows[0]?.count ?? 0)
      },
      href: (record) => `/app/invoicing/invoice?refers_to_id=${id(record)}`,
    },
  ],
  groups: [
    {
      fields: [
        {
          name: 'type',
          label: 'invoicing.field.type',
          type: 'select',
          options: [...typeOptions],
          required: true,
          readonly: fixed,
          recompute: true,
        },
        {
          name: 'contactId',
          label: 'invoicing.field.customer',
          type: 'relation',
          relation: {
            model: 'contacts.contact',
            domain: () => ({ active: true }),
            create: { href: '/app/contacts/quick', group: 'contacts.user' },
          },
          readonly: fixed,
          visible: (record) => draft(record) || Boolean(record['contactId']),
          recompute: true,
        },
        {
          name: 'customerName',
          label: 'invoicing.field.customer-as-stated',
          type: 'text',
          readonly: true,
          visible: (record) => !draft(record) && !record['contactId'] && Boolean(record['customerName']),
        },
        {
          name: 'customerFacts',
          label: 'invoicing.field.customer-facts',
          type: 'text',
          readonly: true,
          visible: (record) => Boolean(record['customerFacts']),
        },
        { name: 'simplified', label: 'invoicing.field.simplified', type: 'checkbox', help: 'invoicing.help.simplified', readonly: fixed },
        { name: 'refersTo', label: 'invoicing.field.refers-to', type: 'code', visible: isNote, readonly: fixed },
        { name: 'reason', label: 'invoicing.field.reason', type: 'text', visible: isNote, readonly: fixed },
      ],
    },
    {
      fields: [
        { name: 'issueDate', label: 'invoicing.field.issue-date', type: 'date', readonly: fixed, recompute: true },
        { name: 'dueDate', label: 'invoicing.field.due-date', type: 'date', readonly: fixed, help: 'invoicing.help.due-date' },
        { name: 'supplyDate', label: 'invoicing.field.supply-date', type: 'date', readonly: fixed },
        {
          name: 'currency',
          label: 'invoicing.field.currency',
          type: 'select',
          options: currencies().map(({ code }) => ({ value: code, label: code })),
          required: true,
          readonly: fixed,
          recompute: true,
        },
        {
          name: 'paymentState',
          label: 'invoicing.field.payment-state',
          type: 'badge',
          options: [...paymentOptions],
          readonly: true,
          visible: posted,
        },
      ],
    },
  ],
  tabs: [
    { name: 'lines', label: 'invoicing.tab.lines', groups: [{ fields: [lines] }] },
    {
      name: 'other',
      label: 'invoicing.tab.other',
      groups: [
        {
          fields: [
            { name: 'paymentMeans', label: 'invoicing.field.payment-means', type: 'select', options: methods, readonly: fixed },
            { name: 'prepaid', label: 'invoicing.field.prepaid', type: 'decimal', readonly: fixed, recompute: true },
            {
              name: 'exchangeRate',
              label: 'invoicing.field.exchange-rate',
              type: 'decimal',
              readonly: fixed,
              recompute: true,
              help: 'invoicing.help.exchange-rate',
            },
            { name: 'supplyEndDate', label: 'invoicing.field.supply-end-date', type: 'date', readonly: fixed },
          ],
        },
        {
          fields: [
            { name: 'purchaseOrder', label: 'invoicing.field.purchase-order', type: 'text', readonly: fixed, isolate: true },
            { name: 'contract', label: 'invoicing.field.contract', type: 'text', readonly: fixed, isolate: true },
            {
              name: 'printState',
              label: 'invoicing.field.print-state',
              type: 'badge',
              readonly: true,
              visible: (record) => !draft(record),
              options: [
                { value: 'pending', label: 'invoicing.print.pending', color: 'grey' },
                { value: 'held', label: 'invoicing.print.held', color: 'orange' },
                { value: 'ready', label: 'invoicing.print.ready', color: 'green' },
                { value: 'sealing_failed', label: 'invoicing.print.sealing_failed', color: 'red' },
                { value: 'failed', label: 'invoicing.print.failed', color: 'red' },
              ],
            },
            {
              name: 'sealLevel',
              label: 'invoicing.field.seal-level',
              type: 'code',
              readonly: true,
              visible: (record) => Boolean(record['sealLevel']),
            },
            {
              name: 'cancelReason',
              label: 'invoicing.field.cancel-reason',
              type: 'text',
              readonly: true,
              visible: (record) => record['state'] === 'cancelled',
            },
          ],
        },
        { fields: [{ name: 'notes', label: 'invoicing.field.notes', type: 'multiline', readonly: fixed, width: 'full' }] },
      ],
    },
    {
      name: 'settlements',
      label: 'invoicing.tab.settlements',
      visible: posted,
      panel: {
        template: 'invoicing/settlements',
        load: async (record, transaction) => ({
          settlements: (await settlementsOf(transaction, id(record))).map((settlement) => ({
            ...settlement,
            currency: record['currency'],
            methodLabel:
              settlement.kind === 'payment' ? `invoicing.method.${settlement.method ?? 'transfer'}` : 'invoicing.type.credit_note',
          })),
        }),
      },
    },
  ],
  totals: [
    { field: 'untaxed', label: 'invoicing.field.untaxed' },
    { field: 'tax', label: 'invoicing.field.tax-total' },
    { field: 'total', label: 'invoicing.field.total', strong: true },
    { field: 'settled', label: 'invoicing.field.settled', visible: posted },
    { field: 'open', label: 'invoicing.field.open', strong: true, visible: posted },
  ],
  messageLog: true,
  waiting: (record) =>
    posted(record) && ['pending', 'held'].includes(String(record['printState'])) ? `print-${String(record['printState'])}` : undefined,
}
