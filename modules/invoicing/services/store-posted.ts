import type { CompanyTransaction } from '../../../core/db/database.js'
import type { InvoiceDocument } from '../document.js'
import type { InvoiceInput } from '../input.js'

/** A document with what its row needs beside it. */
export interface PostedRow {
  readonly document: InvoiceDocument
  readonly input: InvoiceInput
  readonly originalId: string | null
}

const insertAll = `
with posted as materialized (
  select * from jsonb_to_recordset(cast(:rows as jsonb)) as r(id uuid, type text, number text, simplified boolean, currency text, issue_date date,
    due_date date, contact_id uuid, customer_name text, customer_name_ar text, customer_tax_number text, untaxed numeric, tax numeric,
    total numeric, payable numeric, refers_to_id uuid, refers_to_number text, document jsonb)
), invoices as (
  insert into invoicing_invoice (company_id, id, type, state, number, simplified, currency, issue_date, due_date, contact_id, customer_name,
    customer_name_ar, customer_tax_number, untaxed, tax, total, payable, time_zone, refers_to_id, refers_to_number, document, created_by, posted_by,
    posted_at, updated_at)
  select cast(:companyId as uuid), id, type, 'posted', number, simplified, currency, issue_date, due_date, contact_id, customer_name,
    customer_name_ar, customer_tax_number, untaxed, tax, total, payable, :timeZone, refers_to_id, refers_to_number, document, :actor, :actor,
    cast(:now as timestamptz), cast(:now as timestamptz)
  from posted
  on conflict (company_id, id) do update set state = 'posted', type = excluded.type, number = excluded.number, simplified = excluded.simplified,
    currency = excluded.currency, issue_date = excluded.issue_date, due_date = excluded.due_date, contact_id = excluded.contact_id,
    customer_name = excluded.customer_name, customer_name_ar = excluded.customer_name_ar, customer_tax_number = excluded.customer_tax_number,
    untaxed = excluded.untaxed, tax = excluded.tax, total = excluded.total, payable = excluded.payable, time_zone = excluded.time_zone,
    refers_to_id = excluded.refers_to_id, refers_to_number = excluded.refers_to_number, document = excluded.document, input = null,
    posted_by = excluded.posted_by, posted_at = excluded.posted_at, updated_at = excluded.updated_at
), lines as (
  insert into invoicing_line (company_id, invoice_id, position, description, item_code, quantity, unit, unit_price, discount, net, tax_code, tax_amount)
  select cast(:companyId as uuid), p.id, l.position, l.description, l."itemCode", l.quantity, l.unit, l."unitPrice", l.discount, l.net, l.tax ->> 'code', l."taxAmount"
  from posted p cross join lateral jsonb_to_recordset(p.document -> 'lines') as l(position integer, description text, "itemCode" text,
    quantity numeric, unit text, "unitPrice" numeric, discount numeric, net numeric, tax jsonb, "taxAmount" numeric)
)
insert into invoicing_invoice_tax (company_id, invoice_id, position, tax_code, category, rate, taxable, amount)
select cast(:companyId as uuid), p.id, t.position, t.item -> 'tax' ->> 'code', t.item -> 'tax' ->> 'category', cast(t.item -> 'tax' ->> 'rate' as numeric),
  cast(t.item ->> 'taxable' as numeric), cast(t.item ->> 'amount' as numeric)
from posted p cross join lateral jsonb_array_elements(p.document -> 'taxes') with ordinality as t(item, position)`

/** Writes posted documents with lines and taxes in one statement, whatever their number; a draft's row becomes the posted one. */
export async function storePosted(
  transaction: CompanyTransaction,
  posted: readonly PostedRow[],
  by: { readonly actor: string; readonly timeZone: string; readonly now: Date },
): Promise<void> {
  const rows = posted.map(({ document, input, originalId }) => ({
    id: document.id,
    type: document.type,
    number: document.number,
    simplified: document.simplified,
    currency: document.currency,
    issue_date: document.issueDate,
    due_date: document.dueDate,
    contact_id: input.contactId ?? null,
    customer_name: document.customer?.name ?? null,
    customer_name_ar: document.customer?.nameAr ?? null,
    customer_tax_number: taxNumberOf(document.customer?.identifiers ?? []),
    untaxed: document.totals.taxExclusive,
    tax: document.totals.tax,
    total: document.totals.taxInclusive,
    payable: document.totals.payable,
    refers_to_id: originalId,
    refers_to_number: document.refersTo?.number ?? null,
    document,
  }))
  await transaction.knex.raw(insertAll, {
    companyId: transaction.companyId,
    rows: JSON.stringify(rows),
    timeZone: by.timeZone,
    actor: by.actor,
    now: by.now.toISOString(),
  })
}

/** The number people look a customer up by: the VAT number first, else the first identifier. */
export function taxNumberOf(identifiers: readonly { readonly scheme: string; readonly value: string }[]): string | null {
  return (identifiers.find(({ scheme }) => scheme === 'VAT') ?? identifiers[0])?.value ?? null
}
