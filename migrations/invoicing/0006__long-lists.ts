import { defineMigration } from '../../core/db/migration.js'

/** The first page of the list and what is still owed are found without reading years of invoices. */
export default defineMigration(async (schema) => {
  // As the list is ordered, in both directions.
  await schema.knex.raw('create index invoicing_invoice_recent on invoicing_invoice (company_id, issue_date, number, id)')
  await schema.knex.raw(
    `create index invoicing_invoice_open on invoicing_invoice (company_id, due_date) where state = 'posted' and settled < payable`,
  )
  await schema.knex.raw('create index invoicing_payment_recent on invoicing_payment (company_id, date)')
})
