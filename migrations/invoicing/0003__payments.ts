import { defineMigration } from '../../core/db/migration.js'

/** Payments, and what each of them (or a credit note) settles. Undoing a payment keeps its row and drops its allocations. */
export default defineMigration(async (schema) => {
  await schema.companyTable('invoicing_payment', (table) => {
    table.text('number').notNullable()
    table.text('state').notNullable().defaultTo('posted').checkIn(['posted', 'undone'])
    table.uuid('contact_id')
    table.text('customer_name')
    table.date('date').notNullable()
    table.specificType('amount', 'numeric').notNullable().checkPositive()
    // Part of the amount that settles no document: the customer's credit.
    table.specificType('unallocated', 'numeric').notNullable().defaultTo('0')
    table.text('currency').notNullable()
    table.text('method').notNullable().checkIn(['cash', 'transfer', 'card', 'credit'])
    table.text('direction').notNullable().checkIn(['in', 'out'])
    table.text('memo')
    table.text('created_by')
    table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(schema.knex.fn.now())
    table.timestamp('undone_at', { useTz: true })
    table.unique(['company_id', 'number'])
  })

  await schema.companyTable('invoicing_allocation', (table) => {
    table.uuid('invoice_id').notNullable()
    table.uuid('payment_id')
    table.uuid('credit_note_id')
    table.specificType('amount', 'numeric').notNullable().checkPositive()
    table.timestamp('created_at', { useTz: true }).notNullable().defaultTo(schema.knex.fn.now())
  })
  await schema.reference('invoicing_allocation', 'invoice_id', 'invoicing_invoice', 'restrict')
  await schema.reference('invoicing_allocation', 'payment_id', 'invoicing_payment', 'restrict')
  await schema.reference('invoicing_allocation', 'credit_note_id', 'invoicing_invoice', 'restrict')
  await schema.knex.raw(`alter table invoicing_allocation
    add constraint invoicing_allocation_one_source check ((payment_id is null) <> (credit_note_id is null))`)
})
