import { defineMigration } from '../../core/db/migration.js'

/** An uploaded table and the PINs in it are kept under the company's data key, and only as long as they are needed. */
export default defineMigration(async (schema) => {
  await schema.knex.schema.alterTable('signatures_bulk', (table) => {
    table.binary('sheet')
  })
  await schema.knex.schema.alterTable('signatures_bulk_row', (table) => {
    table.binary('pins')
  })
})
