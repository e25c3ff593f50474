import { defineMigration } from '../../core/db/migration.js'

/**
 * Invoices. A draft keeps what was typed in `input`; posting writes `document` once and the rows of lines and taxes, which the
 * application role may insert and read, never change. The trigger holds the same for the posted row itself.
 */
export default defineMigration(async (schema) => {
  await schema.companyTable('invoicing_invoice', (table) => {
    table.text('type').notNullable().checkIn(['invoice', 'credit_note', 'debit_note'])
    table.text('state').notNullable().defaultTo('draft').checkIn(['draft', 'posted', 'cancelled'])
    table.text('number')
    table.boolean('simplified').notNullable().defaultTo(false)
    table.text('currency').notNullable()
    table.date('issue_date').notNullable()
    table.date('due_date')
    table.uuid('contact_id')
    table.text('customer_name')
    table.text('customer_name_ar')
    table.text('customer_tax_number')
    table.specificType('untaxed', 'numeric').notNullable().defaultTo('0')
    table.specificType('tax', 'numeric').notNullable().defaultTo('0')
    table.specificType('total', 'numeric').notNullable().defaultTo('0')
    table.specificType('payable', 'numeric').notNullable().defaultTo('0')
    // Sum of the allocations standing against it; the only amount that moves after posting.
    table.specificType('settled', 'numeric').notNullable().defaultTo('0')
    // Zone of the company at posting: overdue is judged by its local date.
    table.text('time_zone').notNullable()
    table.uuid('refers_to_id')
    table.text('refers_to_number')
    table.jsonb('input')
    table.jsonb('document')
    table.text('created_by')
    table.text('posted_by')
    table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(schema.knex.fn.now())
    table.timestamp('updated_at', { useTz: true }).notNullable().defaultTo(schema.knex.fn.now())
    table.timestamp('posted_at', { useTz: true })
    table.timestamp('cancelled_at', { useTz: true })
    table.text('cancel_reason')
    table.unique(['company_id', 'number'])
    table.index(['company_id', 'state', 'issue_date'])
    table.index(['company_id', 'refers_to_id'])
  })
  await schema.reference('invoicing_invoice', 'contact_id', 'contacts_contact', 'restrict')
  await schema.knex.raw(`alter table invoicing_invoice
    add constraint invoicing_invoice_posted_complete check (state = 'draft' or (number is not null and document is not null and posted_at is not null)),
    add constraint invoicing_invoice_settled_within check (settled >= 0 and (settled = 0 or settled <= payable))`)

  // Without a foreign key: lines and taxes are written by the statement that writes their invoice, and neither can be deleted;
  // the check would cost more than the rows.
  const posted = { id: false, primary: ['invoice_id', 'position'], grants: ['select', 'insert'] } as const
  await schema.companyTable(
    'invoicing_line',
    (table) => {
      table.uuid('invoice_id').notNullable()
      table.integer('position').notNullable()
      table.text('description').notNullable()
      table.text('item_code')
      table.specificType('quantity', 'numeric').notNullable()
      table.text('unit').notNullable()
      table.specificType('unit_price', 'numeric').notNullable()
      table.specificType('discount', 'numeric').notNullable()
      table.specificType('net', 'numeric').notNullable()
      table.text('tax_code').notNullable()
      table.specificType('tax_amount', 'numeric').notNullable()
    },
    posted,
  )

  await schema.companyTable(
    'invoicing_invoice_tax',
    (table) => {
      table.uuid('invoice_id').notNullable()
      table.integer('position').notNullable()
      table.text('tax_code').notNullable()
      table.text('category').notNullable()
      table.specificType('rate', 'numeric').notNullable()
      table.specificType('taxable', 'numeric').notNullable()
      table.specificType('amount', 'numeric').notNullable()
    },
    posted,
  )

  await schema.companyTable(
    'invoicing_request',
    (table) => {
      table.text('key').notNullable()
      table.text('body_hash').notNullable()
      table.uuid('invoice_id').notNullable()
      table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(schema.knex.fn.now())
    },
    { id: false, primary: ['key'], grants: ['select', 'insert', 'delete'] },
  )

  await schema.companyTable(
    'invoicing_print',
    (table) => {
      table.uuid('invoice_id').notNullable()
      table.text('state').notNullable().checkIn(['pending', 'held', 'ready', 'sealing_failed', 'failed'])
      table.text('sha256')
      table.text('level')
      table.integer('pages')
      table.jsonb('fault')
      table.timestamp('updated_at', { useTz: true }).notNullable().defaultTo(schema.knex.fn.now())
    },
    { id: false, primary: ['invoice_id'] },
  )
  await schema.reference('invoicing_print', 'invoice_id', 'invoicing_invoice', 'restrict')

  // Law 6 of the house: what was posted stays. Only the payment state, the cancellation and the time of the last change move.
  await schema.knex.raw(`create function invoicing_keep_posted() returns trigger language plpgsql as $$
    begin
      if old.state = 'draft' then
        if tg_op = 'DELETE' then return old; end if;
        return new;
      end if;
      if tg_op = 'DELETE' then
        raise exception 'INVOICE-IMMUTABLE posted invoice % cannot be deleted', old.number using errcode = 'KH001';
      end if;
      if new.state = 'draft' or (old.state = 'cancelled' and new.state <> 'cancelled')
        or (to_jsonb(new) - array['state', 'settled', 'updated_at', 'cancelled_at', 'cancel_reason'])
           is distinct from (to_jsonb(old) - array['state', 'settled', 'updated_at', 'cancelled_at', 'cancel_reason']) then
        raise exception 'INVOICE-IMMUTABLE posted invoice % cannot be changed', old.number using errcode = 'KH001';
      end if;
      return new;
    end $$`)
  await schema.knex.raw(`create trigger invoicing_keep_posted before update or delete on invoicing_invoice
    for each row execute function invoicing_keep_posted()`)

  await schema.knex
    .raw(`create function invoicing_payment_state(state text, payable numeric, settled numeric, due_date date, today date) returns text
    language sql immutable as $$
      select case
        when state <> 'posted' then null
        when settled >= payable then 'paid'
        when due_date < today then 'overdue'
        when settled > 0 then 'partial'
        else 'not_paid' end $$`)
})
