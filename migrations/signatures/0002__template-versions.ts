import { defineMigration } from '../../core/db/migration.js'

/** Who made a version, for the list of versions. */
export default defineMigration(async (schema) => {
  await schema.knex.schema.alterTable('signatures_template_version', (table) => {
    table.text('created_by_name').notNullable().defaultTo('')
  })
})
