import { defineMigration } from '../../core/db/migration.js'

/** What a scanner reads off a product, where that is not the product's code. */
export default defineMigration(async (schema) => {
  await schema.knex.raw('alter table invoicing_product add column barcode text')
  await schema.knex.raw('create index invoicing_product_barcode on invoicing_product (company_id, barcode) where barcode is not null')
})
