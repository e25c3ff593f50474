import { defineMigration } from '../../core/db/migration.js'

/** A document whose signer said no waits for a person: nothing asks the signer again by itself. */
export default defineMigration(async (schema) => {
  await schema.knex.schema.alterTable('compliance_document', (table) => {
    table.boolean('held').notNullable().defaultTo(false)
  })
})
