import { randomUUID } from 'node:crypto'
import type { CompanyContext } from '../../../core/access/context.js'
import type { CompanyTransaction } from '../../../core/db/database.js'
import type { Host } from '../../../core/host/module.js'
import { Fault } from '../../../core/i18n/fault.js'
import { minorUnits } from '../../../core/money/currencies.js'
import { compare, hasDecimals, round, subtract } from '../../../core/money/decimal-text.js'
import { invoicingSettings } from '../models/settings.js'
import { localTime } from '../../../core/i18n/local-time.js'
import { seriesOf } from './numbering.js'
import { summaryOf, type InvoiceSummary } from './read-invoices.js'

export interface PaymentRequest {
  /** Decimal text in the invoice's currency; the open amount when left out. */
  readonly amount?: string
  readonly date?: string
  readonly method: 'cash' | 'transfer' | 'card' | 'credit'
  readonly memo?: string
}

export interface Payment {
  readonly id: string
  readonly number: string
  readonly state: 'posted' | 'undone'
  readonly date: string
  readonly amount: string
  /** What the payment settles of the invoice asked for. */
  readonly allocated: string
  /** The customer's credit: what it settles of no document. */
  readonly unallocated: string
  readonly currency: string
  readonly method: PaymentRequest['method']
  readonly direction: 'in' | 'out'
  readonly memo: string | null
}

/**
 * Registers a payment of a posted invoice: partial, whole, or above the open amount when the company keeps credits. A payment of a
 * credit note goes out.
 * @throws Fault INVOICE-UNKNOWN, INVOICE-NOT-POSTED, INVOICE-PAYMENT-AMOUNT, INVOICE-PAYMENT-DECIMALS, INVOICE-PAYMENT-DATE, INVOICE-PAYMENT-NOTHING,
 *   INVOICE-PAYMENT-ABOVE
 */
export async function registerPayment(
  host: Host,
  context: CompanyContext,
  transaction: CompanyTransaction,
  invoiceId: string,
  request: PaymentRequest,
): Promise<Payment> {
  const invoice = await lockInvoice(transaction, invoiceId)
  if (invoice.state !== 'posted') throw new Fault('INVOICE-NOT-POSTED', { status: 409 })
  const company = await host.access.company(context.companyId)
  const today = localTime(host.now(), company.timeZone).date
  const date = request.date ?? today
  if (date > today) throw new Fault('INVOICE-PAYMENT-DATE', { path: 'date', params: { date } })
  if (compare(invoice.open, '0') <= 0)
    throw new Fault('INVOICE-PAYMENT-NOTHING', { path: 'amount', params: { number: invoice.number ?? '' } })
  const digits = minorUnits(invoice.currency)
  if (request.amount !== undefined && !hasDecimals(request.amount, digits)) {
    throw new Fault('INVOICE-PAYMENT-DECIMALS', { path: 'amount', params: { currency: invoice.currency, digits } })
  }
  const amount = round(request.amount ?? invoice.open, digits)
  if (compare(amount, '0') <= 0) throw new Fault('INVOICE-PAYMENT-AMOUNT', { path: 'amount' })
  const settings = invoicingSettings.parse(await host.settings.get(transaction, 'invoicing'))
  const above = compare(amount, invoice.open) > 0
  if (above && settings.overpayment === 'refuse') {
    throw new Fault('INVOICE-PAYMENT-ABOVE', { path: 'amount', params: { open: invoice.open, amount, currency: invoice.currency } })
  }
  const allocated = above ? invoice.open : amount
  const series = seriesOf(settings.paymentNumber, date)
  const payment: Payment = {
    id: randomUUID(),
    number: series.write(await transaction.takeNumbers(series.counter)),
    state: 'posted',
    date,
    amount,
    allocated,
    unallocated: subtract(amount, allocated),
    currency: invoice.currency,
    method: request.method,
    direction: invoice.type === 'credit_note' ? 'out' : 'in',
    memo: request.memo ?? null,
  }
  const { allocated: _settles, ...row } = payment
  await transaction.knex('invoicing_payment').insert({
    ...row,
    company_id: transaction.companyId,
    contact_id: invoice.contactId,
    customer_name: invoice.customerName,
    created_by: context.actor.name,
  })
  await transaction.knex('invoicing_allocation').insert({
    company_id: transaction.companyId,
    invoice_id: invoiceId,
    payment_id: payment.id,
    amount: allocated,
  })
  await moveSettled(transaction, invoiceId, allocated, 1)
  host.audit.record(transaction, context, {
    action: 'payment.registered',
    subject: { type: 'invoicing.invoice', id: invoiceId, label: invoice.number ?? '' },
    facts: { payment: payment.number, amount, currency: payment.currency, method: payment.method },
  })
  return payment
}

/** Takes a payment back: what it settled is open again. The row stays, marked undone. @throws Fault INVOICE-PAYMENT-UNKNOWN */
export async function undoPayment(host: Host, context: CompanyContext, transaction: CompanyTransaction, paymentId: string): Promise<void> {
  const { rows } = await transaction.knex.raw<{ rows: { number: string }[] }>(
    `update invoicing_payment set state = 'undone', undone_at = ?, unallocated = 0 where company_id = ? and id = ? and state = 'posted' returning number`,
    [host.now(), transaction.companyId, paymentId],
  )
  const [payment] = rows
  if (payment === undefined) throw new Fault('INVOICE-PAYMENT-UNKNOWN', { status: 404 })
  const allocations: { invoice_id: string; amount: string }[] = await transaction
    .knex('invoicing_allocation')
    .where({ company_id: transaction.companyId, payment_id: paymentId })
    .delete()
    .returning(['invoice_id', 'amount'])
  for (const { invoice_id: invoiceId, amount } of allocations) {
    await moveSettled(transaction, invoiceId, amount, -1)
    host.audit.record(transaction, context, {
      action: 'payment.undone',
      subject: { type: 'invoicing.invoice', id: invoiceId },
      facts: { payment: payment.number, amount },
    })
  }
}

/** Payments and credit notes that settle an invoice, oldest first. */
export async function settlementsOf(transaction: CompanyTransaction, invoiceId: string): Promise<Settlement[]> {
  const { rows } = await transaction.knex.raw<{ rows: Settlement[] }>(
    `select coalesce(p.id, n.id) as id, case when p.id is null then 'credit_note' else 'payment' end as kind,
        coalesce(p.number, n.number) as number, coalesce(p.date, n.issue_date)::text as date, a.amount::text as amount, p.method, p.memo
       from invoicing_allocation a
       left join invoicing_payment p on p.company_id = a.company_id and p.id = a.payment_id
       left join invoicing_invoice n on n.company_id = a.company_id and n.id = a.credit_note_id
      where a.company_id = ? and a.invoice_id = ? order by a.created_at, a.id`,
    [transaction.companyId, invoiceId],
  )
  return rows
}

export interface Settlement {
  readonly id: string
  readonly kind: 'payment' | 'credit_note'
  readonly number: string
  readonly date: string
  readonly amount: string
  readonly method: PaymentRequest['method'] | null
  readonly memo: string | null
}

async function lockInvoice(transaction: CompanyTransaction, id: string): Promise<InvoiceSummary> {
  await transaction.knex('invoicing_invoice').where({ company_id: transaction.companyId, id }).forUpdate().first('id')
  return summaryOf(transaction, id)
}

/** Changes by how much a document is settled; `sign` -1 opens it again. */
export async function moveSettled(transaction: CompanyTransaction, invoiceId: string, amount: string, sign: 1 | -1): Promise<void> {
  await transaction.knex.raw(
    `update invoicing_invoice set settled = settled + cast(? as numeric) * ?, updated_at = now() where company_id = ? and id = ?`,
    [amount, sign, transaction.companyId, invoiceId],
  )
}
