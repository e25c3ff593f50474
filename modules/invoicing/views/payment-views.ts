import { isUuid } from '../../../core/access/companies.js'
import type { ModuleSetup } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { plainText } from '../../../core/views/field-control.js'
import type { FieldDefinition } from '../../../core/views/view.js'
import { undoPayment } from '../services/payments.js'

const methodOptions = ['transfer', 'cash', 'card', 'credit'].map((value) => ({ value, label: `invoicing.method.${value}` }))
const directionOptions = ['in', 'out'].map((value) => ({ value, label: `invoicing.direction.${value}` }))
const stateOptions: FieldDefinition['options'] = [
  { value: 'posted', label: 'invoicing.payment-row.posted', color: 'green' },
  { value: 'undone', label: 'invoicing.payment-row.undone', color: 'grey' },
]

/** Payments: registered from an invoice, listed and undone here. */
export function paymentViews(setup: ModuleSetup): void {
  const { host, views } = setup
  views.model({
    name: 'invoicing.payment',
    table: 'invoicing_payment',
    from: (query) =>
      query.joinRaw(
        `left join lateral (select a.invoice_id, i.number as invoice_number, i.customer_name_ar from invoicing_allocation a
           join invoicing_invoice i on i.company_id = a.company_id and i.id = a.invoice_id
          where a.company_id = invoicing_payment.company_id and a.payment_id = invoicing_payment.id limit 1) as allocation on true`,
      ),
    select: {
      invoice_id: 'allocation.invoice_id',
      invoice_number: 'allocation.invoice_number',
      customer_name_ar: 'allocation.customer_name_ar',
    },
    searchColumns: ['number', 'customer_name', 'customer_name_ar', 'memo'],
    label: (record) => plainText(record['number']),
    load: async (transaction, _context, id) => {
      const { rows } = await transaction.knex.raw<{ rows: Record<string, unknown>[] }>(
        `select p.*, i.number as invoice_number from invoicing_payment p
           left join invoicing_allocation a on a.company_id = p.company_id and a.payment_id = p.id
           left join invoicing_invoice i on i.company_id = a.company_id and i.id = a.invoice_id
          where p.company_id = ? and p.id = any(?::uuid[]) limit 1`,
        [transaction.companyId, [id].filter(isUuid)],
      )
      return rows[0]
    },
    action: async (context, action, ids) => {
      host.access.require(context, 'invoicing.user')
      if (action !== 'undo') throw new Fault('INVOICE-PAYMENT-UNKNOWN', { status: 404 })
      await host.db.company(context.companyId, async (transaction) => {
        for (const id of ids) await undoPayment(host, context, transaction, id)
      })
      return { notice: { key: 'invoicing.notice.undone', params: { count: ids.length }, level: 'success' } }
    },
    groups: { read: 'invoicing.reader', write: 'invoicing.user' },
    auditType: 'invoicing.payment',
  })
  const field = (name: string, type: FieldDefinition['type'], label: string, more: Partial<FieldDefinition> = {}): FieldDefinition => ({
    name,
    type,
    label: `invoicing.field.${label}`,
    readonly: true,
    ...more,
  })
  const amount = field('amount', 'money', 'amount')
  const undo = {
    name: 'undo',
    label: 'invoicing.action.undo',
    icon: 'arrow-back-up',
    confirm: 'invoicing.confirm.undo',
    groups: ['invoicing.user'],
  }
  views.add({
    id: 'invoicing.payment.list',
    kind: 'list',
    model: 'invoicing.payment',
    title: 'invoicing.list.payments',
    columns: [
      { ...field('number', 'code', 'number'), sortable: true },
      { ...field('date', 'date', 'payment-date'), sortable: true },
      { ...field('customer_name', 'text', 'customer', { arabic: 'customer_name_ar' }), sortable: true },
      field('invoice_number', 'code', 'settles'),
      field('method', 'select', 'method', { options: methodOptions }),
      // An undone payment is listed and brought nothing.
      { ...amount, sum: true, sumOf: `invoicing_payment.state = 'posted'` },
      { ...field('unallocated', 'money', 'unallocated'), optional: 'hide' },
      field('state', 'badge', 'state', { options: stateOptions }),
    ],
    filters: [
      { name: 'posted', label: 'invoicing.payment-row.posted', where: { state: 'posted' } },
      { name: 'credit', label: 'invoicing.filter.credit', where: (query) => void query.where('invoicing_payment.unallocated', '>', 0) },
    ],
    groupBy: [
      { column: 'customer_name', label: 'invoicing.field.customer' },
      { column: 'method', label: 'invoicing.field.method' },
    ],
    defaultSort: { column: 'date', direction: 'desc' },
    bulkActions: [undo],
    empty: { text: 'invoicing.empty.payments' },
    noCreate: true,
  })
  views.add({
    id: 'invoicing.payment.form',
    kind: 'form',
    model: 'invoicing.payment',
    title: 'invoicing.form.payment',
    heading: 'number',
    actions: [{ ...undo, visible: (record) => record['state'] === 'posted' }],
    status: {
      field: 'state',
      steps: [
        { value: 'posted', label: 'invoicing.payment-row.posted' },
        { value: 'undone', label: 'invoicing.payment-row.undone' },
      ],
    },
    groups: [
      {
        fields: [
          field('customer_name', 'text', 'customer'),
          field('invoice_number', 'code', 'settles'),
          field('direction', 'select', 'direction', { options: directionOptions }),
        ],
      },
      {
        fields: [
          field('date', 'date', 'payment-date'),
          amount,
          field('method', 'select', 'method', { options: methodOptions }),
          field('memo', 'text', 'memo'),
        ],
      },
    ],
  })
}
