import type { CompanyTransaction } from '../../../core/db/database.js'
import { Fault } from '../../../core/i18n/fault.js'
import type { InvoiceDocument, InvoiceState, PaymentState } from '../document.js'

/** Frozen documents of posted invoices, by id. */
export async function documentsOf(transaction: CompanyTransaction, ids: readonly string[]): Promise<Map<string, InvoiceDocument>> {
  if (ids.length === 0) return new Map()
  const { rows } = await transaction.knex.raw<{ rows: { id: string; document: InvoiceDocument }[] }>(
    'select id, document from invoicing_invoice where company_id = ? and id = any(?) and document is not null',
    [transaction.companyId, [...ids]],
  )
  return new Map(rows.map((row) => [row.id, row.document]))
}

/** @throws Fault INVOICE-UNKNOWN (404) */
export async function documentOf(transaction: CompanyTransaction, id: string): Promise<InvoiceDocument> {
  const document = (await documentsOf(transaction, [id])).get(id)
  if (document === undefined) throw new Fault('INVOICE-UNKNOWN', { status: 404, params: { id } })
  return document
}

/** What an invoice's row says beside its document. */
export interface InvoiceSummary {
  readonly id: string
  readonly type: InvoiceDocument['type']
  readonly state: InvoiceState
  readonly number: string | null
  readonly simplified: boolean
  readonly currency: string
  readonly issueDate: string
  readonly dueDate: string | null
  readonly contactId: string | null
  readonly customerName: string | null
  readonly untaxed: string
  readonly tax: string
  readonly total: string
  readonly payable: string
  readonly settled: string
  readonly open: string
  readonly paymentState: PaymentState | null
  readonly refersToNumber: string | null
}

export const summaryColumns = `id, type, state, number, simplified, currency, issue_date::text as "issueDate", due_date::text as "dueDate",
  contact_id as "contactId", customer_name as "customerName", untaxed::text as untaxed, tax::text as tax, total::text as total,
  payable::text as payable, settled::text as settled, (payable - settled)::text as open,
  invoicing_payment_state(state, payable, settled, due_date, cast(now() at time zone time_zone as date)) as "paymentState",
  refers_to_number as "refersToNumber"`

/** @throws Fault INVOICE-UNKNOWN (404) */
export async function summaryOf(transaction: CompanyTransaction, id: string): Promise<InvoiceSummary> {
  const { rows } = await transaction.knex.raw<{ rows: InvoiceSummary[] }>(
    `select ${summaryColumns} from invoicing_invoice where company_id = ? and id = ?`,
    [transaction.companyId, id],
  )
  const [row] = rows
  if (row === undefined) throw new Fault('INVOICE-UNKNOWN', { status: 404, params: { id } })
  return row
}

export interface InvoiceSearch {
  readonly search?: string | undefined
  readonly state?: InvoiceState | undefined
  readonly type?: InvoiceDocument['type'] | undefined
  readonly contactId?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly offset: number
  readonly limit: number
}

/** Invoices that match, newest first, and how many there are. */
export async function listSummaries(
  transaction: CompanyTransaction,
  wanted: InvoiceSearch,
): Promise<{ total: number; invoices: InvoiceSummary[] }> {
  const query = transaction.knex('invoicing_invoice').where('company_id', transaction.companyId)
  if (wanted.state !== undefined) query.where('state', wanted.state)
  if (wanted.type !== undefined) query.where('type', wanted.type)
  if (wanted.contactId !== undefined) query.where('contact_id', wanted.contactId)
  if (wanted.from !== undefined) query.where('issue_date', '>=', wanted.from)
  if (wanted.to !== undefined) query.where('issue_date', '<=', wanted.to)
  if (wanted.search !== undefined && wanted.search.trim() !== '') {
    const pattern = `%${wanted.search.trim().replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
    query.where((any) => {
      for (const column of ['number', 'customer_name', 'customer_name_ar', 'customer_tax_number']) any.orWhere(column, 'ilike', pattern)
    })
  }
  const counted: { count: string | number }[] = await query.clone().count({ count: '*' })
  const invoices = (await query
    .select(transaction.knex.raw(summaryColumns))
    .orderBy([
      { column: 'issue_date', order: 'desc' },
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'asc' },
    ])
    .offset(wanted.offset)
    .limit(wanted.limit)) as InvoiceSummary[]
  return { total: Number(counted[0]?.count ?? 0), invoices }
}
