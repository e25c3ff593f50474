import { defineMigration } from '../../core/db/migration.js'

/** A mail that carries a secret (a private link, a code) is a row without text once it was sent. */
export default defineMigration(async (schema) => {
  await schema.knex.schema.alterTable('core_mail', (table) => {
    table.boolean('confidential').notNullable().defaultTo(false)
  })
})
